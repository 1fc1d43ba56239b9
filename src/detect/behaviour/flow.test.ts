import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEvent } from '../../core/event.ts';
import { FieldsView } from '../../core/fields-view.ts';
import { isOurs } from '../own-network.ts';
import { flowOf, handlingOf, lookupOf, placeOf, registeredOf } from './flow.ts';
import { bytesIn, Names } from './names.ts';

type Given = Pick<LogEvent, 'fields' | 'logSource'>;

function view({ fields, logSource }: Given): FieldsView {
  return new FieldsView().show({ record: 1, at: 0, atText: null, zoneAssumed: false, text: null, fields, logSource });
}

const ZEEK = { product: 'zeek', service: 'conn' };
const zeek = (to: string, more = {}): Given => ({
  logSource: ZEEK,
  fields: { 'id.orig_h': '10.1.1.7', 'id.resp_h': to, 'id.resp_p': '443', orig_bytes: '500', resp_bytes: 90, ...more },
});
const flows: readonly (readonly [what: string, given: Given, flow: object | null])[] = [
  [
    'Zeek’s connection, when it is over',
    zeek('203.0.113.9', { duration: '12.5' }),
    {
      from: '10.1.1.7',
      to: '203.0.113.9',
      place: '203.0.113.0/24',
      isOutward: true,
      port: '443',
      bytesOut: 500,
      bytesIn: 90,
      lastedMs: 12_500,
    },
  ],
  ['one to a machine of ours', zeek('192.168.1.1'), { isOutward: false }],
  ['one to many', zeek('239.255.255.250'), { isOutward: false }],
  ['one of IPv6', zeek('2001:db8::1', { 'id.orig_h': 'fd00::7' }), { from: 'fd00::7', isOutward: true }],
  ['one from outside', zeek('10.1.1.7', { 'id.orig_h': '203.0.113.9' }), null],
  ['one whose size is not known', zeek('203.0.113.9', { orig_bytes: '-' }), { bytesOut: 0 }],
  ['one whose size is nonsense', zeek('203.0.113.9', { orig_bytes: '-1e999' }), { bytesOut: 0 }],
  [
    'Suricata’s flow',
    {
      logSource: { product: 'suricata', service: 'flow' },
      fields: {
        src_ip: '10.1.1.7',
        dest_ip: '203.0.113.9',
        dest_port: 443,
        flow: { bytes_toserver: 700, bytes_toclient: 60 },
      },
    },
    { bytesOut: 700, bytesIn: 60, port: '443' },
  ],
  [
    'a firewall’s session that is over',
    {
      logSource: { product: 'fortinet', category: 'firewall' },
      fields: { src_ip: '10.1.1.7', dst_ip: '203.0.113.9', dst_port: '443', bytes_out: '700', blocked: 'false' },
    },
    { bytesOut: 700, isOutward: true },
  ],
  [
    'one that it blocked',
    {
      logSource: { category: 'firewall' },
      fields: { src_ip: '10.1.1.7', dst_ip: '203.0.113.9', bytes_out: '0', blocked: 'true' },
    },
    null,
  ],
  [
    'what a proxy was asked for',
    {
      logSource: { category: 'proxy' },
      fields: { 'c-ip': '10.1.1.7', 'cs-host': 'Up.Files.example', 'cs-bytes': '900', 'sc-bytes': '50' },
    },
    { from: '10.1.1.7', to: 'up.files.example', place: 'files.example', isOutward: true, bytesOut: 900, bytesIn: 50 },
  ],
  [
    'a machine of ours by name, through a proxy',
    { logSource: { category: 'proxy' }, fields: { 'c-ip': '10.1.1.7', 'cs-host': 'intranet', 'cs-bytes': '900' } },
    { isOutward: false },
  ],
  [
    'what a network monitor says of HTTP beside its flows',
    {
      logSource: { product: 'zeek', category: 'proxy', service: 'http' },
      fields: { 'id.orig_h': '10.1.1.7', src_ip: '10.1.1.7', 'cs-host': 'a.example' },
    },
    null,
  ],
  [
    'one that has begun',
    { logSource: { category: 'firewall' }, fields: { src_ip: '10.1.1.7', dst_ip: '203.0.113.9', blocked: 'false' } },
    null,
  ],
];
for (const [what, given, expected] of flows)
  test(`a flow: ${what}`, () => {
    const found = flowOf(view(given));
    if (expected === null) equal(found, null);
    else deepEqual({ ...found, ...expected }, found);
  });

const lookups: readonly (readonly [what: string, given: Given, lookup: object | null])[] = [
  [
    'Zeek’s',
    {
      logSource: { product: 'zeek', category: 'dns', service: 'dns' },
      fields: { 'id.orig_h': '10.1.1.7', query: 'A.Example.' },
    },
    { from: '10.1.1.7', name: 'a.example' },
  ],
  [
    'Suricata’s question',
    {
      logSource: { product: 'suricata', category: 'dns', service: 'dns' },
      fields: { src_ip: '10.1.1.7', query: 'a.example', dns: { type: 'query' } },
    },
    { from: '10.1.1.7', name: 'a.example' },
  ],
  [
    'Suricata’s answer',
    {
      logSource: { product: 'suricata', category: 'dns', service: 'dns' },
      fields: { src_ip: '10.1.1.7', query: 'a.example', dns: { type: 'answer' } },
    },
    null,
  ],
  [
    'Sysmon’s',
    {
      logSource: {},
      fields: { Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 22, Computer: 'WS1', QueryName: 'a.example' },
    },
    { from: 'ws1', name: 'a.example' },
  ],
];
for (const [what, given, lookup] of lookups)
  test(`a question for a name: ${what}`, () => deepEqual(lookupOf(view(given)), lookup));

const share = (more: object): Given => ({
  logSource: {},
  fields: {
    Channel: 'Security',
    EventID: '5145',
    SubjectUserName: 'Kim',
    SubjectDomainName: 'RX1',
    ShareName: '\\\\*\\Patients',
    ...more,
  },
});
const handlings: readonly (readonly [what: string, given: Given, handling: object | null])[] = [
  ['a file on a share', share({}), { kind: 'files-read', account: 'rx1\\kim' }],
  ['a pipe', share({ ShareName: '\\\\*\\IPC$' }), null],
  ['a machine’s own account', share({ SubjectUserName: 'WS1$' }), null],
  [
    'a file from the cloud',
    { logSource: { product: 'm365' }, fields: { Operation: 'FileDownloaded', UserId: 'Kim@trust.nhs.uk' } },
    { kind: 'files-read', account: 'kim@trust.nhs.uk' },
  ],
  [
    'a mail that was sent',
    { logSource: { product: 'm365' }, fields: { Operation: 'Send', UserId: 'kim@trust.nhs.uk' } },
    { kind: 'mail-sent', account: 'kim@trust.nhs.uk' },
  ],
  ['something else', { logSource: { product: 'm365' }, fields: { Operation: 'FileModified', UserId: 'kim' } }, null],
];
for (const [what, given, handling] of handlings)
  test(`what an account does with data: ${what}`, () => deepEqual(handlingOf(view(given)), handling));

for (const [address, answer] of [
  ['10.0.0.1', true],
  ['172.16.0.1', true],
  ['172.32.0.1', false],
  ['192.168.7.7', true],
  ['100.64.0.1', true],
  ['100.128.0.1', false],
  ['fd12:3456::1', true],
  ['fe80::1', true],
  ['2001:db8::1', false],
  ['203.0.113.9', false],
] as const)
  test(`${address} is ${answer ? 'ours' : 'outside'}`, () => equal(isOurs(address), answer));

for (const [name, registered] of [
  ['a.b.example.com', 'example.com'],
  ['a.b.example.co.uk', 'example.co.uk'],
  ['mail.trust.nhs.uk', 'trust.nhs.uk'],
  ['a.example.de', 'example.de'],
  ['localhost', 'localhost'],
] as const)
  test(`${name} is below ${registered}`, () => equal(registeredOf(name), registered));

test('a place is the network that one who has the address is likely to have', () => {
  equal(placeOf('203.0.113.9'), '203.0.113.0/24');
  equal(placeOf('2001:db8:7:1::9'), '2001:db8:7::/48');
});

test('names carry what their characters can say: nothing for www, half a byte for each of random hex', () => {
  equal(bytesIn('www'), 0);
  const hex = '0123456789abcdef'.repeat(3);
  equal(bytesIn(hex), hex.length / 2);
  equal(bytesIn(`${hex.slice(0, 20)}.${hex.slice(20)}`), bytesIn(hex));
});

test('a name counts once an hour, and names that are made up do not fill the memory', () => {
  const names = new Names();
  const HOUR = 3_600_000;
  equal(names.see('example.com', 'abcd.example.com', HOUR) > 0, true);
  equal(names.see('example.com', 'abcd.example.com', HOUR + 5), 0);
  equal(names.see('example.com', 'abcd.example.com', 2 * HOUR) > 0, true);
  equal(names.see('example.com', 'example.com', 2 * HOUR), 0);
  for (let i = 0; i < 12_000; i++) names.see(`made-up-${i}`, `a.made-up-${i}`, HOUR);
  equal(names.save().length <= 10_000, true);
});

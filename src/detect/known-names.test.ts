/** Names that stand for the same machine or person; and those that must not be taken for one. */
import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../core/event.ts';
import { FieldsView } from '../core/fields-view.ts';
import { subjectsOf } from './entities.ts';
import { KnownNames } from './known-names.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 2, 9);

function view(fields: Fields, logSource = {}): FieldsView {
  const event = { record: 1, at: START, atText: null, zoneAssumed: false, text: null, fields, logSource };
  return new FieldsView().show(event);
}

const windows = (EventID: number, fields: Fields) =>
  view({ Channel: 'Security', EventID, Computer: 'dc1.site.example', ...fields });
const ticket = (machine: string, IpAddress: string, Status = '0x0') =>
  windows(4768, { TargetUserName: `${machine}$`, IpAddress, Status });
const signIn = (TargetDomainName: string, TargetUserName: string, more: Fields = {}) =>
  windows(4624, { TargetDomainName, TargetUserName, ...more });
const connection = (Computer: string, SourceIp: string, Initiated: string) =>
  view({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 3, Computer, SourceIp, Initiated });

for (const [title, events, entities, expected] of [
  [
    'an address is the machine that asked for a ticket from it',
    [ticket('FILES1', '::ffff:10.20.0.8')],
    { host: '10.20.0.8', address: '10.20.0.8' },
    { host: 'FILES1', address: '10.20.0.8' },
  ],
  [
    'a short name is the full one, also when an address led to it',
    [connection('files1.site.example', '10.20.0.8', 'true')],
    { host: '10.20.0.8' },
    { host: 'files1.site.example' },
  ],
  [
    'a connection that somebody else opened says nothing of whose the address is',
    [connection('files1.site.example', '10.20.0.9', 'false')],
    { host: '10.20.0.9' },
    { host: '10.20.0.9' },
  ],
  [
    'a ticket that was refused says nothing',
    [ticket('FILES1', '10.20.0.8', '0x18')],
    { host: '10.20.0.8' },
    { host: '10.20.0.8' },
  ],
  [
    'a machine’s account that signed in by NTLM may be relayed, and says nothing',
    [signIn('SITE', 'FILES1$', { IpAddress: '10.20.0.66', AuthenticationPackageName: 'NTLM' })],
    { host: '10.20.0.66' },
    { host: '10.20.0.66' },
  ],
  [
    'an address that two machines had in a day is neither',
    [ticket('WS1', '10.20.1.5'), ticket('WS2', '10.20.1.5'), ticket('WS1', '10.20.1.5')],
    { host: '10.20.1.5' },
    { host: '10.20.1.5' },
  ],
  [
    'an address outside is nobody’s',
    [ticket('WS1', '203.0.113.9')],
    { address: '203.0.113.9' },
    { address: '203.0.113.9' },
  ],
  [
    'a name without a domain is the account of the only domain that has it',
    [signIn('SITE', 'physio')],
    { account: 'Physio', address: '203.0.113.9' },
    { account: 'SITE\\physio', address: '203.0.113.9' },
  ],
  [
    'the long and the short name of a domain are one',
    [signIn('SITE', 'physio'), signIn('SITE.EXAMPLE', 'physio')],
    { account: 'physio@SITE.EXAMPLE' },
    { account: 'SITE\\physio' },
  ],
  [
    'a name that two domains have is neither’s',
    [signIn('SITE', 'physio'), signIn('PARTNER', 'physio')],
    { account: 'physio' },
    { account: 'physio' },
  ],
  [
    'somebody of another domain is nobody of ours',
    [signIn('SITE', 'physio')],
    { account: 'physio@elsewhere.example' },
    { account: 'physio@elsewhere.example' },
  ],
  [
    'an account of one machine is not the domain’s',
    [signIn('DC1', 'physio')],
    { account: 'physio' },
    { account: 'physio' },
  ],
] as const) {
  test(title, () => {
    const names = new KnownNames();
    for (const event of events) names.learn(event, START);
    deepEqual(names.resolve(entities, START + HOUR), expected);
    deepEqual(new KnownNames(structuredClone(names.save())).resolve(entities, START + HOUR), expected);
  });
}

test('an address of yesterday is not believed, and one that changed hands is again after a day', () => {
  const names = new KnownNames();
  names.learn(ticket('WS1', '10.20.1.5'), START);
  deepEqual(names.resolve({ host: '10.20.1.5' }, START + 25 * HOUR), { host: '10.20.1.5' });
  names.learn(ticket('WS2', '10.20.1.5'), START + 30 * HOUR);
  deepEqual(names.resolve({ host: '10.20.1.5' }, START + 31 * HOUR), { host: 'WS2' });
});

const FIREWALL = { category: 'firewall' };
for (const [title, event, expected] of [
  [
    'what a firewall tells is about the machine of ours that opened the connection',
    view({ hostname: 'fw1', src_ip: '10.20.0.8', dst_ip: '198.51.100.2' }, FIREWALL),
    { host: '10.20.0.8', address: '10.20.0.8' },
  ],
  [
    'or about the one that was reached from outside',
    view({ hostname: 'fw1', src_ip: '198.51.100.2', dst_ip: '10.20.0.8' }, FIREWALL),
    { host: '10.20.0.8', address: '198.51.100.2' },
  ],
  [
    'what a firewall tells of itself is about the firewall',
    view({ hostname: 'fw1', user: 'admin', src_ip: '10.20.0.8' }, FIREWALL),
    { host: 'fw1', account: 'admin', address: '10.20.0.8' },
  ],
  [
    'a network monitor is in no finding',
    view({ host: 'sensor', src_ip: '10.1.1.1', dest_ip: '10.1.1.2' }, { product: 'suricata', service: 'alert' }),
    { host: '10.1.1.1', address: '10.1.1.1' },
  ],
  [
    'an address of ours is a machine',
    view({ SourceIp: '192.168.4.4' }, {}),
    { host: '192.168.4.4', address: '192.168.4.4' },
  ],
  [
    'a server that was asked from outside stays the server',
    view({ hostname: 'web1', 'c-ip': '203.0.113.5' }, { category: 'webserver' }),
    { host: 'web1', address: '203.0.113.5' },
  ],
] as const) {
  test(title, () => deepEqual(subjectsOf(event), expected));
}

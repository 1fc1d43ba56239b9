/** Names that stand for the same machine or person; and those that must not be taken for one. */
import { deepEqual, equal, ok } from 'node:assert/strict';
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

const DOMAIN = 'S-1-5-21-1004336348-1177238915-682003330';
const PHYSIO = `${DOMAIN}-1105`;
const PORTER = `${DOMAIN}-1106`;
const PARTNERS_PHYSIO = 'S-1-5-21-2000478354-484763869-854245398-1105';
const userTicket = (TargetUserName: string, TargetDomainName: string, TargetSid: string, Status = '0x0') =>
  windows(4768, { TargetUserName, TargetDomainName, TargetSid, Status });
const changed = (id: number, TargetDomainName: string, name: string, TargetSid: string, UserPrincipalName: string) =>
  windows(id, { TargetDomainName, TargetUserName: name, SamAccountName: name, TargetSid, UserPrincipalName });

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
    'the long and the short name of a domain are one once both stood beside its SID',
    [signIn('SITE', 'physio', { TargetUserSid: PHYSIO }), userTicket('porter', 'SITE.EXAMPLE', PORTER)],
    { account: 'SITE.EXAMPLE\\porter' },
    { account: 'SITE\\porter' },
  ],
  [
    'in any order',
    [userTicket('porter', 'SITE.EXAMPLE', PORTER), signIn('SITE', 'physio', { TargetUserSid: PHYSIO })],
    { account: 'site.example\\porter' },
    { account: 'SITE\\porter' },
  ],
  [
    'a sign-in that names the domain at length and one that names it shortly are of one account',
    [signIn('SITE.EXAMPLE', 'physio', { TargetUserSid: PHYSIO }), signIn('SITE', 'physio', { TargetUserSid: PHYSIO })],
    { account: 'physio' },
    { account: 'SITE\\physio' },
  ],
  [
    'a long name that only begins as the short one is another domain',
    [signIn('SITE', 'physio', { TargetUserSid: PHYSIO })],
    { account: 'site.other.example\\physio' },
    { account: 'site.other.example\\physio' },
  ],
  [
    'what stands behind an @ says nothing by itself, though it begins as the domain',
    [signIn('SITE', 'physio', { TargetUserSid: PHYSIO })],
    { account: 'physio@site.example' },
    { account: 'physio@site.example' },
  ],
  [
    'nor if it is the domain’s long name: somebody else may have been given that name',
    [signIn('SITE', 'physio', { TargetUserSid: PHYSIO }), userTicket('porter', 'SITE.EXAMPLE', PORTER)],
    { account: 'physio@site.example' },
    { account: 'physio@site.example' },
  ],
  [
    'a ticket for a name with @ proves whose it is, by the SID',
    [
      signIn('SITE', 'physio', { TargetUserSid: PHYSIO }),
      userTicket('Ann.Example@hospice.example', 'SITE.EXAMPLE', PHYSIO),
    ],
    { account: 'ann.example@hospice.example' },
    { account: 'SITE\\physio' },
  ],
  [
    'a ticket that was refused proves nothing',
    [
      signIn('SITE', 'physio', { TargetUserSid: PHYSIO }),
      userTicket('ann.example@hospice.example', 'SITE.EXAMPLE', PHYSIO, '0x18'),
    ],
    { account: 'ann.example@hospice.example' },
    { account: 'ann.example@hospice.example' },
  ],
  [
    'a domain controller that changes an account says both of its names',
    [changed(4738, 'SITE', 'physio', PHYSIO, 'ann@hospice.example')],
    { account: 'Ann@Hospice.example' },
    { account: 'SITE\\physio' },
  ],
  [
    'a change that does not touch the name says nothing of it',
    [changed(4720, 'SITE', 'physio', PHYSIO, '-')],
    { account: 'physio@hospice.example' },
    { account: 'physio@hospice.example' },
  ],
  [
    'the same name in two domains, one of them with an @: the other’s',
    [
      signIn('SITE', 'physio', { TargetUserSid: PHYSIO }),
      changed(4738, 'PARTNER', 'physio', PARTNERS_PHYSIO, 'physio@site.example'),
    ],
    { account: 'physio@site.example' },
    { account: 'PARTNER\\physio' },
  ],
  [
    'a name with @ that two accounts had in a month is neither’s',
    [
      changed(4738, 'SITE', 'physio', PHYSIO, 'desk@hospice.example'),
      changed(4738, 'SITE', 'porter', PORTER, 'desk@hospice.example'),
    ],
    { account: 'desk@hospice.example' },
    { account: 'desk@hospice.example' },
  ],
  [
    'a guest’s SID proves nothing: a guest may call itself anything',
    [
      signIn('SITE', 'physio', { TargetUserSid: `${DOMAIN}-501` }),
      userTicket('ann@hospice.example', 'SITE.EXAMPLE', `${DOMAIN}-501`),
    ],
    { account: 'ann@hospice.example' },
    { account: 'ann@hospice.example' },
  ],
  [
    'nor do an account of one machine, and what is no SID',
    [
      changed(4738, 'DC1', 'physio', PHYSIO, 'ann@hospice.example'),
      changed(4738, 'SITE', 'physio', 'SITE\\physio', 'ann@hospice.example'),
    ],
    { account: 'ann@hospice.example' },
    { account: 'ann@hospice.example' },
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

test('who asks for a service ticket is written with the domain behind, and is the account of that domain', () => {
  const names = new KnownNames();
  names.learn(signIn('SITE', 'physio', { TargetUserSid: PHYSIO }), START);
  names.learn(userTicket('physio', 'SITE.EXAMPLE', PHYSIO), START);
  const asked = (TargetUserName: string) =>
    subjectsOf(windows(4769, { TargetUserName, TargetDomainName: 'SITE.EXAMPLE' })).account ?? '';
  equal(names.resolve({ account: asked('physio@SITE.EXAMPLE') }, START).account, 'SITE\\physio');
  equal(names.resolve({ account: asked('physio@OTHER.EXAMPLE') }, START).account, 'physio@OTHER.EXAMPLE');
});

test('what the site declares joins names with @, unless it was proved that they are somebody else’s', () => {
  const names = new KnownNames(undefined, { 'hospice.example': 'SITE' });
  const account = (text: string) => names.resolve({ account: text }, START).account;
  equal(account('physio@Hospice.example'), 'SITE\\physio');
  equal(account('hospice.example\\physio'), 'SITE\\physio');
  equal(account('physio@hospice.example.other'), 'physio@hospice.example.other');
  names.learn(changed(4738, 'SITE', 'porter', PORTER, 'physio@hospice.example'), START);
  equal(account('physio@hospice.example'), 'SITE\\porter');
});

test('an account that was renamed, and a name that was given to another: after a month they are the new one’s', () => {
  const names = new KnownNames();
  const account = (text: string, day: number) => names.resolve({ account: text }, START + day * 24 * HOUR).account;
  names.learn(changed(4738, 'SITE', 'physio', PHYSIO, 'ann@hospice.example'), START);
  names.learn(changed(4738, 'SITE', 'physio2', PHYSIO, 'ann@hospice.example'), START + HOUR);
  equal(account('ann@hospice.example', 1), 'ann@hospice.example');
  equal(account('ann@hospice.example', 31), 'SITE\\physio2');
  names.learn(changed(4738, 'SITE', 'porter', PORTER, 'ann@hospice.example'), START + 40 * 24 * HOUR);
  equal(account('ann@hospice.example', 41), 'SITE\\porter', 'a month after the last sign of the one before');
  equal(account('ann@hospice.example', 300), 'ann@hospice.example', 'nothing is believed for ever');
});

test('a flood of names is bounded', () => {
  const names = new KnownNames();
  for (let number = 1000; number < 41_000; number++)
    names.learn(changed(4738, `D${number}`, 'physio', `S-1-5-21-1-2-${number}-1105`, `u${number}@x.example`), START);
  for (const kept of Object.values(names.save())) ok((kept?.length ?? 0) <= 32_000);
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

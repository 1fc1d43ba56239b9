import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../core/event.ts';
import type { Entities } from '../core/finding.ts';
import { FieldsView } from '../core/fields-view.ts';
import { MessageReader } from '../intake/message-reader.ts';
import { entitiesOf, subjectsOf } from './entities.ts';

const CASES: readonly (readonly [what: string, fields: Fields, account: string | undefined])[] = [
  ['who asks', { Channel: 'Security', EventID: 4720, SubjectUserName: 'admin', TargetUserName: 'new' }, 'admin'],
  ['who signs in', { Channel: 'Security', EventID: 4624, SubjectUserName: 'WS-1$', TargetUserName: 'nurse' }, 'nurse'],
  [
    'nobody, where a service is said to run as the system',
    { Channel: 'System', EventID: 7045, AccountName: 'LocalSystem' },
    undefined,
  ],
  [
    'who installed it, where the shipper says',
    { Channel: 'System', EventID: 7045, User: 'RX1\\admin', AccountName: 'LocalSystem' },
    'RX1\\admin',
  ],
  ['whom other events name like that', { Channel: 'Application', EventID: 1, AccountName: 'nurse' }, 'nurse'],
];

for (const [what, fields, account] of CASES)
  test(`the account of an event is ${what}`, () => {
    const view = new FieldsView().show({
      record: 1,
      at: null,
      atText: null,
      zoneAssumed: false,
      fields,
      text: null,
      logSource: {},
    });
    deepEqual(entitiesOf(view).account, account);
  });

function entitiesIn(object: object): readonly Entities[] {
  const { events } = new MessageReader('Europe/London').read({ kind: 'object', object }, 0);
  return events.map((event) => entitiesOf(new FieldsView().show(event)));
}

const [ADDED, BY] = ['Add service principal', { userPrincipalName: 'kim@nhs.example', ipAddress: '203.0.113.9' }];
const SHAPES: Readonly<Record<string, object>> = {
  'Log Analytics': {
    Category: 'ApplicationManagement',
    ActivityDisplayName: ADDED,
    InitiatedBy: JSON.stringify({ user: BY }),
  },
  Graph: { activityDisplayName: ADDED, initiatedBy: { user: BY }, targetResources: [] },
  'diagnostic settings': {
    category: 'AuditLogs',
    properties: { activityDisplayName: ADDED, initiatedBy: { user: BY } },
  },
};

for (const [shape, object] of Object.entries(SHAPES))
  test(`who changed something in Entra, and from where, is told in the shape of ${shape}`, () => {
    deepEqual(entitiesIn(object), [{ account: BY.userPrincipalName, address: BY.ipAddress }]);
  });

test('a program that changed something in Entra is told by its name', () => {
  const object = { activityDisplayName: ADDED, initiatedBy: { app: { displayName: 'HR sync' } }, targetResources: [] };
  deepEqual(entitiesIn(object), [{ account: 'HR sync' }]);
});

const AT = 'msg=audit(1762076940.123:45)';
const TEXTS: Readonly<Record<string, readonly [text: string, entities: object]>> = {
  'a sign-in that failed, from another machine': [
    `node=web1 type=USER_LOGIN ${AT}: pid=9 auid=4294967295 msg='op=login acct="kim" hostname=203.0.113.9 addr=203.0.113.9 res=failed'\u001dAUID="unset"`,
    { host: 'web1', account: 'kim', address: '203.0.113.9' },
  ],
  'what a person did as root': [
    `<13>Nov  2 09:49:00 web1 audispd: type=SYSCALL ${AT}: syscall=59 auid=1000 uid=0 exe="/bin/x"#035AUID="kim" UID="root"`,
    { host: 'web1', account: 'kim' },
  ],
  'a task of the machine itself': [
    `type=USER_ACCT ${AT}: auid=4294967295 msg='acct="root" hostname=? addr=? terminal=cron res=success'`,
    { account: 'root' },
  ],
};

for (const [what, [text, entities]] of Object.entries(TEXTS))
  test(`of the audit log of Linux: ${what}`, () => {
    const { events } = new MessageReader('Europe/London').read({ kind: 'text', text }, 1762076950000);
    deepEqual(
      events.map((event) => [event.logSource.service, entitiesOf(new FieldsView().show(event))]),
      [['auditd', entities]],
    );
  });

const OBJECTS: Readonly<Record<string, readonly [object: object, entities: object]>> = {
  'who changed another, in OCSF': [
    {
      class_uid: 3001,
      category_uid: 3,
      class_name: 'Account Change',
      activity_name: 'Create',
      time: 1762076940123,
      metadata: { version: '1.1.0', product: { name: 'Directory' } },
      actor: { user: { name: 'kim' } },
      user: { name: 'new' },
      src_endpoint: { ip: '203.0.113.9' },
      device: { hostname: 'dc1' },
    },
    { host: 'dc1', account: 'kim', address: '203.0.113.9' },
  ],
  'who called Google’s cloud': [
    {
      timestamp: '2026-11-02T09:49:00Z',
      protoPayload: {
        serviceName: 'storage.googleapis.com',
        methodName: 'storage.setIamPermissions',
        authenticationInfo: { principalEmail: 'kim@nhs.example' },
        requestMetadata: { callerIp: '203.0.113.9' },
      },
    },
    { account: 'kim@nhs.example', address: '203.0.113.9' },
  ],
  'in whose name PowerShell ran, as Winlogbeat says': [
    {
      '@timestamp': '2026-11-02T09:49:00Z',
      winlog: {
        channel: 'Microsoft-Windows-PowerShell/Operational',
        event_id: 4104,
        computer_name: 'pc1',
        user: { identifier: 'S-1-5-21-1-2-3-1104', name: 'kim', domain: 'RX1' },
        event_data: { ScriptBlockText: 'x' },
      },
    },
    { host: 'pc1', account: 'RX1\\kim' },
  ],
  'not in whose name Sysmon writes': [
    {
      '@timestamp': '2026-11-02T09:49:00Z',
      winlog: {
        channel: 'Microsoft-Windows-Sysmon/Operational',
        event_id: 11,
        computer_name: 'pc1',
        user: { identifier: 'S-1-5-18', name: 'SYSTEM', domain: 'NT AUTHORITY' },
        event_data: { TargetFilename: 'C:\\x' },
      },
    },
    { host: 'pc1' },
  ],
  'in whose name it ran, as NXLog says': [
    {
      EventTime: '2026-11-02 09:49:00',
      Hostname: 'pc1',
      EventID: 4104,
      Channel: 'Microsoft-Windows-PowerShell/Operational',
      AccountName: 'kim',
      Domain: 'RX1',
      ScriptBlockText: 'x',
    },
    { host: 'pc1', account: 'RX1\\kim' },
  ],
  'who changed something on GitHub': [
    { '@timestamp': 1762076940123, action: 'repo.create', actor: 'kim', actor_ip: '203.0.113.9', org: 'x' },
    { account: 'kim', address: '203.0.113.9' },
  ],
};

for (const [what, [object, entities]] of Object.entries(OBJECTS))
  test(`of clouds and products: ${what}`, () => {
    deepEqual(entitiesIn(object), [entities]);
  });

function shown(fields: Fields) {
  return new FieldsView().show({
    record: 1,
    at: null,
    atText: null,
    zoneAssumed: false,
    fields,
    text: null,
    logSource: {},
  });
}

const ADDRESSES: readonly (readonly [what: string, written: string, address: string])[] = [
  ['as it is', '10.0.40.12', '10.0.40.12'],
  ['as domain controllers write it (4768, 4769)', '::ffff:10.0.40.12', '10.0.40.12'],
  ['with a port, as Microsoft 365 does', '203.0.113.5:52344', '203.0.113.5'],
  ['of IPv6 with a port', '[2001:db8::1]:52344', '2001:db8::1'],
  ['of IPv6', '2001:db8::1', '2001:db8::1'],
  ['with a zone', 'fe80::1%12', 'fe80::1%12'],
];
for (const [what, written, address] of ADDRESSES)
  test(`an address ${what}: ${address}`, () => equal(entitiesOf(shown({ IpAddress: written })).address, address));

test('an address of ours that a domain controller wrote is a machine of ours', () => {
  equal(subjectsOf(shown({ IpAddress: '::ffff:10.0.40.12' })).host, '10.0.40.12');
});

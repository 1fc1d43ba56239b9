import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../core/event.ts';
import { FieldsView } from '../core/fields-view.ts';
import { MessageReader } from '../intake/message-reader.ts';
import { entitiesOf } from './entities.ts';

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
    const { events } = new MessageReader('Europe/London').read({ kind: 'object', object }, 0);
    deepEqual(
      events.map((event) => entitiesOf(new FieldsView().show(event))),
      [{ account: BY.userPrincipalName, address: BY.ipAddress }],
    );
  });

test('a program that changed something in Entra is told by its name', () => {
  const object = { activityDisplayName: ADDED, initiatedBy: { app: { displayName: 'HR sync' } }, targetResources: [] };
  const { events } = new MessageReader('Europe/London').read({ kind: 'object', object }, 0);
  deepEqual(
    events.map((event) => entitiesOf(new FieldsView().show(event))),
    [{ account: 'HR sync' }],
  );
});

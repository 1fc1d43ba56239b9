import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../core/event.ts';
import { FieldsView } from '../core/fields-view.ts';
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

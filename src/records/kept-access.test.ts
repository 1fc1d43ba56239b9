import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessEvent, keptAccessesOf, RequestJoin } from './kept-access.ts';
import { compareAccounts, isSameHost } from './same-name.ts';
import { type ScopeQuestion } from './scope-answer.ts';
import { scopeOf } from './scope.ts';
import { changesSince, changesText, parsePrevious } from './scope-changes.ts';

const AT = Date.UTC(2026, 10, 2, 9);

function event(fields: Record<string, unknown>, minute = 0, more: Partial<AccessEvent> = {}): AccessEvent {
  const at = AT + minute * 60_000;
  return { at, receivedAt: at, host: null, address: null, fields, ...more };
}

test('an event that names two patients is two accesses; one that names none is one without', () => {
  const two = keptAccessesOf(event({ user: 'kim', patient: ['pi_1', 'pi_2'], action: 'read' }));
  deepEqual(
    two.map(({ patient, user }) => [patient, user]),
    [
      ['pi_1', 'kim'],
      ['pi_2', 'kim'],
    ],
  );
  equal(keptAccessesOf(event({ user: 'kim' }))[0]?.patient, '');
});

test('a device that a reference names is the machine', () => {
  equal(keptAccessesOf(event({ patient: 'pi_1', device: 'Device/ws-12' }))[0]?.host, 'ws-12');
});

test('what an event brings is news once: the other half of a read is none, and a patient who is named later is', () => {
  const join = new RequestJoin();
  const news = (fields: Record<string, string>, seconds: number) =>
    join.news(event({ action: 'read', ...fields }, seconds)).map(({ user, patient }) => `${user} ${patient}`);
  deepEqual(news({ user: 'kim', patient: 'pi_1' }, 0), ['kim pi_1']);
  deepEqual(news({ user: 'kim', patient: 'pi_1', request_id: 'r1' }, 1), ['kim pi_1']);
  deepEqual(news({ patient: 'pi_1', request_id: 'r1' }, 2), []);
  deepEqual(news({ user: 'kim', request_id: 'r2' }, 3), ['kim ']);
  deepEqual(news({ patient: 'pi_2', request_id: 'r2' }, 4), ['kim pi_2']);
  deepEqual(news({ user: 'sam', patient: 'pi_2', request_id: 'r2' }, 5), ['sam pi_2'], 'two people are never one');
});

test('a read that client and server both recorded counts once, with what either says of it', () => {
  const join = new RequestJoin();
  join.add(event({ user: 'kim', patient: 'pi_1', action: 'read', request_id: 'r1', outcome: 'success' }));
  join.add(event({ patient: 'pi_1', action: 'read', request_id: 'r1', address: '10.1.1.1', outcome: 'serious' }, 1));
  join.add(event({ user: 'kim', patient: 'pi_1', action: 'read', request_id: 'r2' }, 2));
  join.add(event({ user: 'kim', patient: 'pi_1', action: 'read' }, 3));
  join.add(event({ user: 'kim', patient: 'pi_1', action: 'read' }, 4));
  deepEqual(join.accesses.map(({ user, address, outcome }) => `${user} ${address} ${outcome}`).sort(), [
    'kim  ',
    'kim  ',
    'kim  ',
    'kim 10.1.1.1 success',
  ]);
});

test('halves that midnight parts are two accesses: what is kept of a day does not depend on the next', () => {
  const join = new RequestJoin();
  const midnight = Date.UTC(2026, 10, 3);
  for (const receivedAt of [midnight - 1, midnight])
    join.add({ ...event({ user: 'kim', patient: 'pi_1', action: 'read', request_id: 'r1' }), receivedAt });
  equal(join.accesses.length, 2);
});

test('client and server tell one access together, in whichever order, though each leaves out what the other says', () => {
  const halves = [
    event({ user: 'kim', action: 'read', request_id: 'r1' }),
    event({ patient: ['pi_1', 'pi_2'], action: 'read', request_id: 'r1', outcome: 'serious' }, 1),
  ];
  for (const events of [halves, halves.toReversed()]) {
    const join = new RequestJoin();
    for (const each of events) join.add(each);
    deepEqual(join.accesses.map(({ user, patient, outcome }) => `${user} ${patient} ${outcome}`).sort(), [
      'kim pi_1 serious',
      'kim pi_2 serious',
    ]);
  }
});

test('a client that gives all its requests one id loses no access of another person or another hour', () => {
  const join = new RequestJoin();
  join.add(event({ user: 'kim', patient: 'pi_1', request_id: 'r1' }));
  join.add(event({ user: 'ash', patient: 'pi_1', request_id: 'r1' }, 1));
  join.add(event({ user: 'lee', request_id: 'r1' }, 2));
  join.add(event({ user: 'kim', patient: 'pi_1', request_id: 'r1' }, 60));
  deepEqual(
    join.accesses.map(({ user, patient }) => [user, patient]),
    [
      ['kim', 'pi_1'],
      ['ash', 'pi_1'],
      ['lee', ''],
      ['kim', 'pi_1'],
    ],
  );
});

const accounts: readonly (readonly [asked: string, found: string, likeness: string | null])[] = [
  ['kim', 'KIM', 'same'],
  ['kim', 'RX1\\kim', 'same'],
  ['kim', 'Practitioner/kim', 'same'],
  ['kim', 'kim@rx1.nhs.uk', 'same'],
  ['RX1\\kim', 'rx1\\Kim', 'same'],
  ['RX1\\kim', 'kim', 'perhaps'],
  ['RX1\\kim', 'RX2\\kim', 'perhaps'],
  ['kim@rx1.nhs.uk', 'kim@rx2.nhs.uk', 'perhaps'],
  ['kim', 'kimberley', null],
  ['', 'kim', null],
];
for (const [asked, found, likeness] of accounts)
  test(`${asked} asked for, ${found} found: ${likeness ?? 'another account'}`, () => {
    equal(compareAccounts(asked, found), likeness);
  });

const hosts: readonly (readonly [asked: string, found: string, same: boolean])[] = [
  ['ws-12', 'WS-12.rx1.local', true],
  ['ws-12.rx1.local', 'ws-12', true],
  ['ws-12.rx1.local', 'ws-12.rx2.local', false],
  ['ws-12', 'Device/WS-12', true],
  ['ws-1', 'ws-12', false],
  ['10.1.1.1', '10.2.2.2', false],
];
for (const [asked, found, same] of hosts)
  test(`${asked} asked for, ${found} found: ${same ? 'the same machine' : 'another'}`, () => {
    equal(isSameHost(asked, found), same);
  });

const QUESTION: ScopeQuestion = { accounts: ['kim'], hosts: [], addresses: [], from: AT, to: AT + 3_600_000 };

function scope(events: readonly AccessEvent[], question: Partial<ScopeQuestion> = {}) {
  const join = new RequestJoin();
  for (const each of events) join.add(each);
  const input = { accesses: join.accesses, folder: null, care: null };
  return scopeOf(input, { ...QUESTION, ...question }, { zone: 'Europe/London', pseudonymKey: (number) => number });
}

test('an account of another domain is possible, and then there is no exact number', () => {
  const { patients, total } = scope(
    [event({ user: 'RX1\\kim', patient: 'pi_1' }), event({ user: 'RX2\\kim', patient: 'pi_2' }, 1)],
    { accounts: ['RX1\\kim'] },
  );
  deepEqual(
    patients.map(({ patient, certainty, reasons }) => [patient, certainty, reasons[0]]),
    [
      ['pi_1', 'certain', 'by account RX1\\kim'],
      ['pi_2', 'possible', 'by account RX2\\kim, which may be RX1\\kim'],
    ],
  );
  deepEqual(total.patients, { exact: null, atLeast: 1, upTo: 2 });
});

test('a session’s accesses that do not say by whom make no account of nobody', () => {
  const { patients } = scope(
    [
      event({ user: 'kim', patient: 'pi_1', device: 'h1', session: 's1' }),
      event({ patient: 'pi_2', device: 'h1', session: 's1' }, 1),
      event({ patient: 'pi_3', device: 'h7', session: 's2' }, 2),
    ],
    { accounts: [], hosts: ['h1'] },
  );
  deepEqual(
    patients.map(({ patient, certainty }) => [patient, certainty]),
    [
      ['pi_1', 'certain'],
      ['pi_2', 'certain'],
    ],
  );
});

test('what does not say whose record, or by whom, is a gap with its number', () => {
  const { total } = scope([
    event({ user: 'kim', patient: 'pi_1' }),
    event({ user: 'kim' }, 1),
    event({ patient: 'pi_2' }, 2),
    event({ user: 'ash' }, 3),
  ]);
  deepEqual(total.gaps, [
    { kind: 'blank-cells', column: 'patient', count: 1 },
    { kind: 'blank-cells', column: 'user', count: 1 },
  ]);
  deepEqual(total.patients, { exact: null, atLeast: 1, upTo: 3 });
});

test('what has changed since an earlier answer is told by patient; a cut-off answer is refused', () => {
  const before = scope([event({ user: 'kim', patient: 'pi_1' }), event({ user: 'kim', patient: 'pi_2' }, 1)]);
  const now = scope([
    event({ user: 'kim', patient: 'pi_2' }, 1),
    event({ user: 'kim', patient: 'pi_2' }, 2),
    event({ user: 'kim', patient: 'pi_3' }, 3),
  ]);
  const lines = before.patients.map((each) => JSON.stringify(each)).join('\n');
  const previous = parsePrevious(`${lines}\n${JSON.stringify(before.total)}\n`);
  deepEqual(
    changesSince(previous ?? [], now).map(({ change, patient }) => [change, patient]),
    [
      ['removed', 'pi_1'],
      ['changed', 'pi_2'],
      ['added', 'pi_3'],
    ],
  );
  equal(changesText(changesSince(previous ?? [], before)), 'Nothing has changed since the earlier answer.\n');
  equal(parsePrevious(lines), null);
});

import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PARAMETERS } from '../core/observation.ts';
import { dueAt, loadClockKinds, stateOf, wallText } from './clocks.ts';
import { loadPlaybooks, suggestedPlaybook } from './playbooks.ts';

const HOUR = 3_600_000;
const kinds = loadClockKinds();

test('every clock says what starts it, when it need not run, how it is met, and where that is written', () => {
  for (const { title, hours, starts, unless, how, source } of Object.values(kinds)) {
    for (const text of [title, starts, unless, how, source]) ok(text.length > 10, title);
    ok(hours === null || hours > 0);
  }
});

test('72 hours are 72 hours that pass, whatever the hands on the wall do', () => {
  const ico = kinds['ico-72h'];
  ok(ico);
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) }), (startedAt) => {
      equal(dueAt(ico, startedAt) - startedAt, 72 * HOUR);
    }),
  );
  // The clocks go back on 25 October 2026: the hand shows an hour less.
  const started = Date.parse('2026-10-24T09:00:00+01:00');
  equal(wallText(dueAt(ico, started), 'Europe/London'), 'Tuesday, 27 October 2026 at 08:00');
  equal(wallText(dueAt(ico, Date.parse('2026-03-28T09:00:00Z')), 'Europe/London'), 'Tuesday, 31 March 2026 at 10:00');
});

const states: readonly (readonly [what: string, met: number | null, how: string | null, now: number, state: string])[] =
  [
    ['runs', null, null, 10, 'running'],
    ['has less than a day left', null, null, 50, 'soon'],
    ['is over', null, null, 72, 'overdue'],
    ['was met', 71, 'met', 100, 'met'],
    ['was met too late', 73, 'met', 100, 'late'],
    ['need not be met', null, 'not-needed', 100, 'not-needed'],
  ];
for (const [what, met, how, now, state] of states)
  test(`a clock that ${what}: ${state}`, () => {
    equal(stateOf({ due_at: 72 * HOUR, met_at: met === null ? null : met * HOUR, ended_how: how }, now * HOUR), state);
  });

const playbooks = loadPlaybooks();

test('every playbook can be worked through by somebody who has never done it', () => {
  deepEqual(Object.keys(playbooks).sort(), [
    'data-leaving',
    'lost-device',
    'ransomware',
    'record-misuse',
    'stolen-account',
    'supplier',
  ]);
  for (const { title, steps, clocks, suggestedBy } of Object.values(playbooks)) {
    ok(steps.length >= 5 && steps.length <= 8, title);
    equal(new Set(steps.map(({ id }) => id)).size, steps.length);
    for (const step of steps) {
      for (const text of [step.what, step.why, step.who, step.done]) ok(text.length > 5, step.id);
      const { todo, done } = step.inDrafts;
      match(todo, /^[A-Z][^.]{10,100}$/, step.id);
      match(done, /^[A-Z].{10,120}\.$/, step.id);
    }
    for (const clock of clocks) ok(Object.hasOwn(kinds, clock), clock);
    for (const parameter of suggestedBy.parameters) ok(PARAMETERS.includes(parameter));
    for (const technique of suggestedBy.techniques) ok(/^T\d{4}$/.test(technique));
  }
});

const suggestions: readonly (readonly [
  techniques: readonly string[],
  parameter: string,
  kind: string,
  name: string,
])[] = [
  [['T1490'], 'defences', 'rule', 'ransomware'],
  [['T1567.002'], 'data', 'rule', 'data-leaving'],
  [['T1110.003'], 'sign-in', 'rule', 'stolen-account'],
  [[], 'data', 'record', 'record-misuse'],
  [[], 'nothing', 'rule', 'stolen-account'],
];
for (const [techniques, parameter, kind, name] of suggestions)
  test(`${techniques.join() || kind} suggests ${name}`, () => {
    equal(suggestedPlaybook(playbooks, [{ techniques, parameter, kind }]), name);
  });

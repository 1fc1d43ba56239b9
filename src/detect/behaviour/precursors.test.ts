import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import {
  firstPrecursor,
  isSomebody,
  type Precursor,
  precursorOf,
  Precursors,
  type SavedPrecursors,
} from './precursors.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 2);
type Told = readonly [kind: Precursor, surprise: number, hour: number];

function last(told: readonly Told[], precursors = new Precursors()) {
  return told.map(([kind, surprise, hour]) => precursors.see('host srv1', kind, surprise, START + hour * HOUR)).at(-1);
}

const cases: readonly (readonly [what: string, told: readonly Told[], steps: readonly Precursor[] | null])[] = [
  ['one step', [['recovery', 4, 0]], null],
  ['the same step ten times', Array.from({ length: 10 }, (_, i): Told => ['recovery', 4, i]), null],
  [
    'recovery gone, services stopped',
    [
      ['recovery', 2, 0],
      ['services', 2, 3],
    ],
    ['recovery', 'services'],
  ],
  [
    'a step that is routine on this machine',
    [
      ['recovery', 0.2, 0],
      ['services', 3, 1],
    ],
    null,
  ],
  [
    'steps three days apart',
    [
      ['recovery', 3, 0],
      ['services', 3, 72],
    ],
    null,
  ],
  [
    'passwords taken and a program started from afar, but nothing that ransomware needs',
    [
      ['passwords', 3, 0],
      ['movement', 3, 1],
    ],
    null,
  ],
  [
    'protection off after those',
    [
      ['passwords', 3, 0],
      ['movement', 3, 1],
      ['protection', 3, 2],
    ],
    ['passwords', 'movement', 'protection'],
  ],
];
for (const [what, told, steps] of cases)
  test(`${what}: ${steps?.join(', ') ?? 'no checklist'}`, () => deepEqual(last(told)?.steps ?? null, steps));

test('several different steps are worth more than their sum, and less when they are days apart', () => {
  const at = (hour: number) =>
    last([
      ['recovery', 2, 0],
      ['services', 2, hour],
    ])?.surprise ?? 0;
  ok(at(1) > 4);
  ok(at(40) < at(1));
  const three =
    last([
      ['recovery', 2, 0],
      ['services', 2, 1],
      ['logs', 2, 2],
    ])?.surprise ?? 0;
  ok(three - at(1) > 2 + 1);
});

test('a checklist is told again only when it says much more', () => {
  const precursors = new Precursors();
  const told = Array.from({ length: 50 }, (_, i) =>
    precursors.see('host srv1', i % 2 === 0 ? 'recovery' : 'services', 3, START + i * 60_000),
  ).filter((each) => each?.isNews === true);
  equal(told.length, 1);
});

test('a restart in the middle changes nothing, and names that are made up do not fill the memory', () => {
  const before = new Precursors();
  last([['recovery', 3, 0]], before);
  const restored = Precursors.from(JSON.parse(JSON.stringify(before.save())) as SavedPrecursors);
  deepEqual(last([['logs', 2, 1]], restored), last([['logs', 2, 1]], before));
  for (let i = 0; i < 21_000; i++) before.see(`host made-up ${i}`, 'recovery', 3, START);
  ok(before.save().length <= 20_000);
});

const techniques: readonly (readonly [techniques: readonly string[], kind: Precursor | null])[] = [
  [['T1490'], 'recovery'],
  [['T1562.001'], 'protection'],
  [['T1562.002'], 'logs'],
  [['T1070.004'], null],
  [['T1059.001', 'T1490'], 'recovery'],
  [['T1047', 'T1490'], 'recovery'],
  [['T1003.001'], 'passwords'],
  [['T1059.001'], null],
  [[], null],
];
for (const [given, kind] of techniques)
  test(`${given.join(', ') || 'no technique'} is ${kind ?? 'no step'}`, () => equal(precursorOf(given), kind));

test('of two steps that one event is, what only ransomware does goes first', () => {
  equal(firstPrecursor('movement', 'recovery'), 'recovery');
  equal(firstPrecursor('recovery', 'movement'), 'recovery');
});

for (const [account, answer] of [
  ['RX1\\kim', true],
  ['NT AUTHORITY\\SYSTEM', false],
  ['WS1$', false],
  ['RX1\\WS1$', false],
  ['root', false],
  ['systemadmin', true],
] as const)
  test(`${account} is ${answer ? 'somebody' : 'nobody in particular'}`, () => equal(isSomebody(account), answer));

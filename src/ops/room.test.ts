import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { daysUntilFull } from './room.ts';

const GB = 1e9;

const rows: readonly [
  what: string,
  room: number,
  kinds: readonly { bytes: number; bytesADay: number; keepDays: number }[],
  days: number | null,
][] = [
  ['ten a day into a hundred', 100 * GB, [{ bytes: 0, bytesADay: 10 * GB, keepDays: 400 }], 10],
  ['as much goes as comes', 100 * GB, [{ bytes: 280 * GB, bytesADay: 10 * GB, keepDays: 28 }], null],
  ['it goes before it is too much', 100 * GB, [{ bytes: 0, bytesADay: 3 * GB, keepDays: 28 }], null],
  [
    'one kind stays level, the other grows',
    100 * GB,
    [
      { bytes: 28 * GB, bytesADay: GB, keepDays: 28 },
      { bytes: 0, bytesADay: 2 * GB, keepDays: 400 },
    ],
    50,
  ],
  ['nothing comes', 100 * GB, [{ bytes: 50 * GB, bytesADay: 0, keepDays: 28 }], null],
  ['it is full', 0, [{ bytes: 0, bytesADay: 0, keepDays: 28 }], 0],
  ['more lies there than its rate explains', 10 * GB, [{ bytes: 90 * GB, bytesADay: GB, keepDays: 28 }], null],
];

for (const [what, room, kinds, days] of rows)
  test(`until the disk is full: ${what}`, () => equal(daysUntilFull(room, kinds), days));

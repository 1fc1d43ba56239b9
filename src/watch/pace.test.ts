import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { paceMs } from './pace.ts';

const MIB = 1024 * 1024;

for (const [waiting, expected] of [
  [0, 0],
  [8 * MIB, 0],
  [9 * MIB, 2],
  [24 * MIB, 32],
  [512 * MIB, 100],
] as const)
  test(`while ${waiting / MIB} MiB wait to be judged, an answer waits ${expected} ms`, () => {
    equal(paceMs(waiting), expected);
  });

import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Beacons, likelihoodRatio, type SavedBeacons, shapeOf } from './beacons.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 2);

/** Numbers from 0 to 1 as chance would give them, the same each time (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Times of connections for a day, with the given intervals. */
function times(interval: (random: () => number) => number, seed: number, forMs = 24 * HOUR): number[] {
  const random = chance(seed);
  const all: number[] = [];
  for (let at = START; at < START + forMs; at += interval(random)) all.push(at);
  return all;
}

const jittered = (period: number, jitter: number) => (random: () => number) =>
  period * (1 + jitter * (2 * random() - 1));
const byChance = (mean: number) => (random: () => number) => -mean * Math.log(1 - random());
const bursts = (random: () => number) => (random() < 0.9 ? 20 * SECOND * random() : 2 * HOUR * random());

const cases: readonly (readonly [what: string, interval: (random: () => number) => number, isFound: boolean])[] = [
  ['every minute, to the second', jittered(60 * SECOND, 0), true],
  ['every five minutes, 10 % to and fro', jittered(300 * SECOND, 0.1), true],
  ['every ten minutes, 50 % to and fro', jittered(600 * SECOND, 0.5), true],
  ['every half an hour, 30 % to and fro', jittered(1800 * SECOND, 0.3), true],
  ['by chance, every minute', byChance(60 * SECOND), false],
  ['by chance, every ten minutes', byChance(600 * SECOND), false],
  ['in bursts, as people use a page', bursts, false],
];
for (const [what, interval, isFound] of cases) {
  test(`calls ${what} are ${isFound ? '' : 'not '}regular, whatever chance makes of them`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const beacons = new Beacons();
      const found = times(interval, seed).filter((at) => beacons.see('ws1 place', at, 500) !== null);
      equal(found.length, isFound ? 1 : 0, `seed ${seed}`);
    }
  });
}

test('regular calls are found when they have lasted four hours, and a night’s sleep does not hide them', () => {
  const beacons = new Beacons();
  const evening = times(jittered(900 * SECOND, 0.1), 3, 4 * HOUR);
  const morning = times(jittered(900 * SECOND, 0.1), 4, 6 * HOUR).map((at) => at + 16 * HOUR);
  const short = evening.filter((at) => at < START + 3.9 * HOUR);
  equal(
    short.some((at) => beacons.see('a', at, 500) !== null),
    false,
  );
  // Of the whole time, half has to be filled.
  const asleep = [...short, ...morning].filter((at) => beacons.see('b', at, 500) !== null);
  equal(asleep.length, 0);
  const late = times(jittered(900 * SECOND, 0.1), 5, 20 * HOUR).map((at) => at + 16 * HOUR);
  equal(
    [...short, ...late].some((at) => beacons.see('c', at, 500) !== null),
    true,
  );
});

test('calls whose size is never the same are no call home', () => {
  const random = chance(9);
  const beacons = new Beacons();
  const sizes = () => 10 ** (2 + 4 * random());
  equal(
    times(jittered(60 * SECOND, 0), 1).some((at) => beacons.see('a', at, sizes()) !== null),
    false,
  );
});

test('a restart in the middle changes nothing', () => {
  const all = times(jittered(300 * SECOND, 0.2), 1);
  const before = new Beacons();
  for (const at of all.slice(0, 30)) before.see('a', at, 500);
  const restored = Beacons.from(JSON.parse(JSON.stringify(before.save())) as SavedBeacons);
  for (const at of all.slice(30)) equal(restored.see('a', at, 500)?.everyMs, before.see('a', at, 500)?.everyMs);
});

test('pairs that somebody makes up do not fill the memory', () => {
  const beacons = new Beacons();
  for (let i = 0; i < 60_000; i++) beacons.see(`made-up ${i}`, START + i, 1);
  ok(beacons.save().length <= 50_000);
});

test('the shape is that of the distribution, and chance has no likelihood ratio to speak of', () => {
  for (const [intervals, least, most] of [
    [times(byChance(SECOND * 60), 2, 2000 * HOUR), 0.9, 1.1],
    [times(jittered(SECOND * 60, 0.5), 2, 2000 * HOUR), 10, 14],
  ] as const) {
    const gaps = intervals.slice(1).map((at, i) => at - (intervals[i] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const spread = Math.log(mean) - gaps.reduce((sum, gap) => sum + Math.log(gap), 0) / gaps.length;
    const shape = shapeOf(spread);
    ok(shape >= least && shape <= most, String(shape));
    if (most < 2) ok(likelihoodRatio(22, shape, spread) < 1);
  }
});

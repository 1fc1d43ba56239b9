import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { studentTail, Volume } from './volume.ts';

const HOUR = 3_600_000;
/** A Monday. */
const START = Date.UTC(2026, 10, 2);
const DAYS = 28;

/** What chance would give, and the same each time: 0 to 1. */
function drawn(seed: number): number {
  return ((Math.imul(seed + 1, 0x9e_37_79_b1) >>> 0) ^ (Math.imul(seed + 7, 0x85_eb_ca_6b) >>> 0)) / 2 ** 32 + 0.5;
}

type Told = readonly [subject: string, hour: number, amount: number];

/** Twenty machines send 0.5 to 3 MB an hour by day, and a backup sends 40 GB at two at night. Nobody works at weekends. */
function month(): Told[] {
  return Array.from({ length: DAYS * 24 }, (_, hour): Told[] => {
    const [day, time] = [Math.floor(hour / 24) % 7, hour % 24];
    const backup: Told[] = time === 2 ? [['backup', hour, 4e10 * (0.9 + 0.1 * drawn(hour))]] : [];
    if (day >= 5 || time < 8 || time >= 18) return backup;
    return [
      ...backup,
      ...Array.from({ length: 20 }, (_each, i): Told => [`ws${i}`, hour, 1e6 * (0.5 + drawn(hour * 31 + i))]),
    ];
  }).flat();
}

function learned(told: readonly Told[] = month()): Volume {
  const volume = new Volume(1e5);
  for (const [subject, hour, amount] of told) volume.see(subject, START + hour * HOUR, amount);
  return volume;
}

const MONDAY = DAYS * 24;
const cases: readonly (readonly [what: string, told: Told, least: number, most: number])[] = [
  ['what it sends every hour', ['ws3', MONDAY + 10, 1e6], 0, 0.5],
  ['the backup at its time', ['backup', MONDAY + 2, 4e10], 0, 0.5],
  ['twice as much as ever', ['ws3', MONDAY + 10, 4e6], 0.5, 2.5],
  ['a thousand times as much', ['ws3', MONDAY + 10, 2e9], 2.5, 12],
  ['as much as the backup, from another machine', ['ws3', MONDAY + 10, 4e10], 2.5, 12],
  ['the backup at noon', ['backup', MONDAY + 12, 4e10], 0.8, 12],
  ['its usual amount in the night of a Sunday', ['ws3', MONDAY - 22, 1.2e6], 0.8, 12],
  ['a newcomer that sends as the others', ['new', MONDAY + 10, 1e6], 0, 1.2],
  ['a newcomer that sends as much as the backup', ['new', MONDAY + 10, 1e11], 2, 12],
];
for (const [what, [subject, hour, amount], least, most] of cases) {
  test(`${what} has a surprise of ${least} to ${most}`, () => {
    const surprise = learned(month().filter(([, each]) => each < hour)).see(
      subject,
      START + hour * HOUR,
      amount,
    )?.surprise;
    ok(surprise !== undefined && surprise >= least && surprise <= most, String(surprise));
  });
}

test('an hour is judged by what it holds in all, and told again only when that is much less likely', () => {
  const volume = learned();
  const readings = Array.from({ length: 2000 }, (_, i) => volume.see('ws3', START + (MONDAY + 10) * HOUR + i, 1e6));
  const told = readings.filter((reading) => reading?.isNews === true);
  ok(told.length >= 2 && told.length <= 12, String(told.length));
  equal(Math.round((told.at(-1)?.usual ?? 0) / 1e6), 1);
});

test('a flood teaches one hour, and no more than three deviations of it', () => {
  const flooded = learned();
  for (let i = 0; i < 1000; i++) flooded.see('ws3', START + (MONDAY + 9) * HOUR + i, 1e9);
  const next = (volume: Volume) => volume.see('ws3', START + (MONDAY + 10) * HOUR, 2e9)?.surprise ?? 0;
  ok(next(learned()) - next(flooded) < 0.7, `${next(learned())} ${next(flooded)}`);
});

test('the logs of a day that come at once are no flood', () => {
  const volume = learned();
  const at = START + (MONDAY + 10) * HOUR;
  volume.see('ws3', at, 1.2e6);
  for (let hour = 1; hour <= 24; hour++) equal(volume.see('ws3', at - hour * HOUR, 1e9), null);
});

test('less than the floor is told of nobody', () => {
  equal(learned().see('ws3', START + (MONDAY + 10) * HOUR, 9e4), null);
});

test('what was saved goes on as if nothing had happened', () => {
  const whole = learned();
  const restored = Volume.from(JSON.parse(JSON.stringify(learned().save())) as ReturnType<Volume['save']>, 1e5);
  for (const [, [subject, hour, amount]] of cases.toSorted((a, b) => a[1][1] - b[1][1])) {
    const at = START + (hour + 48) * HOUR;
    deepEqual(restored.see(subject, at, amount), whole.see(subject, at, amount));
  }
});

test('names that somebody makes up do not fill the memory', () => {
  const volume = new Volume(1);
  for (let i = 0; i < 40_000; i++) volume.see(`made-up ${i}`, START + i, 1);
  ok(volume.save().courses.length <= 30_000);
});

// Of the tables of Student's t with four degrees of freedom.
for (const [t, p] of [
  [0, 0.5],
  [1.533, 0.1],
  [2.132, 0.05],
  [4.604, 0.005],
  [7.173, 0.001],
] as const) {
  test(`t = ${t} is exceeded with p = ${p}`, () => ok(Math.abs(studentTail(t) / p - 1) < 0.01));
}

import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Rhythm } from './rhythm.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 2);

/** Signals at hours since the start: `[signal, subject, hour, how many]`. */
type Told = readonly [signal: string, subject: string, hour: number, count: number];

function everyHour(signal: string, subject: string, hours: number, count: number): Told[] {
  return Array.from({ length: hours }, (_, hour): Told => [signal, subject, hour, count]);
}

function lastSurprise(told: readonly Told[], rhythm = new Rhythm()): number {
  let surprise = 0;
  for (const [signal, subject, hour, count] of told)
    for (let i = 0; i < count; i++) ({ surprise } = rhythm.see(signal, subject, START + hour * HOUR + i));
  return surprise;
}

const background = everyHour('beat', 'ws1', 100, 1);
const cases: readonly (readonly [what: string, told: readonly Told[], least: number, most: number])[] = [
  ['what comes every hour', everyHour('backup', 'srv1', 100, 3), 0, 0.1],
  ['what comes once a day', Array.from({ length: 10 }, (_, day): Told => ['job', 'srv1', day * 24, 1]), 1, 1.6],
  ['what never came anywhere', [...background, ['dump', 'ws1', 100, 1]], 3, 6],
  [
    'what is new here and common elsewhere',
    [...background, ...everyHour('scan', 'ws2', 100, 1), ['scan', 'ws1', 100, 1]],
    0.5,
    2.2,
  ],
  [
    'a hundred where there were three an hour',
    [...everyHour('fail', 'srv1', 100, 3), ['fail', 'srv1', 100, 100]],
    3,
    12,
  ],
  ['four where there were three an hour', [...everyHour('fail', 'srv1', 100, 3), ['fail', 'srv1', 100, 4]], 0, 1.2],
];
for (const [what, told, least, most] of cases) {
  test(`${what} has a surprise of ${least} to ${most}`, () => {
    const surprise = lastSurprise(told);
    ok(surprise >= least && surprise <= most, String(surprise));
  });
}

test('a flood teaches no more than one hour of it', () => {
  const once = new Rhythm();
  lastSurprise([...background, ['flood', 'ws1', 100, 1]], once);
  const flooded = new Rhythm();
  lastSurprise([...background, ['flood', 'ws1', 100, 5000]], flooded);
  const next = (rhythm: Rhythm) => rhythm.see('flood', 'ws1', START + 110 * HOUR).hoursWith;
  equal(next(once), next(flooded));
});

test('an hour is told again only when it has become three times less likely', () => {
  const rhythm = new Rhythm();
  for (const [signal, subject, hour] of background) rhythm.see(signal, subject, START + hour * HOUR);
  const told = Array.from({ length: 1000 }, (_, i) => rhythm.see('fail', 'ws1', START + 100 * HOUR + i)).filter(
    ({ isNews }) => isNews,
  );
  ok(told.length >= 2 && told.length <= 20, String(told.length));
  for (const [i, { surprise }] of told.entries()) ok(i === 0 || surprise >= (told[i - 1]?.surprise ?? 0) + 0.5);
});

test('an event that comes late counts for the hour that is being counted', () => {
  const rhythm = new Rhythm();
  rhythm.see('a', 'ws1', START);
  rhythm.see('a', 'ws1', START + 5 * HOUR);
  equal(rhythm.see('a', 'ws1', START + 2 * HOUR).amount, 2);
});

test('what was saved goes on as if nothing had happened', () => {
  const told = [...background, ...everyHour('fail', 'srv1', 100, 7)].sort((a, b) => a[2] - b[2]);
  const whole = new Rhythm();
  const torn = new Rhythm();
  lastSurprise(told, whole);
  lastSurprise(told, torn);
  // As it stands on disk.
  const restored = Rhythm.from(JSON.parse(JSON.stringify(torn.save())) as ReturnType<Rhythm['save']>);
  for (let i = 0; i < 50; i++) {
    const at = START + (100 + i / 7) * HOUR;
    deepEqual(
      restored.see('fail', i % 3 === 0 ? 'new' : 'srv1', at),
      whole.see('fail', i % 3 === 0 ? 'new' : 'srv1', at),
    );
  }
});

test('names that somebody makes up do not fill the memory', () => {
  const rhythm = new Rhythm();
  for (let i = 0; i < 30_000; i++) {
    rhythm.see(`made-up ${i}`, 'ws1', START + i);
    rhythm.see(`made-up ${i}`, 'ws1', START + HOUR + i);
  }
  ok(rhythm.save().signals.length <= 20_000);
});

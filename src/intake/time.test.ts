import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { bsdTime, parseTime } from './time.ts';

const LONDON = 'Europe/London';
const cases: readonly (readonly [what: string, value: unknown, iso: string | null, assumed: boolean])[] = [
  ['UTC', '2026-11-02T09:49:00Z', '2026-11-02T09:49:00.000Z', false],
  ['an offset', '2026-11-02T09:49:00+01:00', '2026-11-02T08:49:00.000Z', false],
  ['an offset without a colon', '2026-11-02 09:49:00.5 +0100', '2026-11-02T08:49:00.500Z', false],
  ['nine fraction digits', '2026-11-02T09:49:00.123456789Z', '2026-11-02T09:49:00.123Z', false],
  ['no zone in summer', '2026-07-02 09:49:00', '2026-07-02T08:49:00.000Z', true],
  ['no zone in winter', '2026-12-02 09:49:00', '2026-12-02T09:49:00.000Z', true],
  ['the hour that spring skips, by the clock not yet changed', '2026-03-29 01:30:00', '2026-03-29T01:30:00.000Z', true],
  ['the hour that autumn repeats, its first pass', '2026-10-25 01:30:00', '2026-10-25T00:30:00.000Z', true],
  ['seconds since 1970', 1_700_000_000, '2023-11-14T22:13:20.000Z', false],
  ['microseconds as text', '1700000000000000', '2023-11-14T22:13:20.000Z', false],
  ['a web server’s time', '10/Oct/2026:13:55:36 -0700', '2026-10-10T20:55:36.000Z', false],
  ['a Windows export', '11/2/2026 9:49:00 PM', '2026-11-02T21:49:00.000Z', true],
  ['a Windows export of a British machine', '02/11/2026 09:49:00', '2026-11-02T09:49:00.000Z', true],
  ['a day that can be no month', '11/22/2026 09:49', '2026-11-22T09:49:00.000Z', true],
  ['a time of C', 'Mon Nov  2 09:49:00 2026', '2026-11-02T09:49:00.000Z', true],
  ['a time of C with a fraction and a zone', 'Mon Nov 02 09:49:00.123456 UTC 2026', '2026-11-02T09:49:00.123Z', false],
  ['PowerShell’s time in JSON', '/Date(1793612940000)/', '2026-11-02T09:49:00.000Z', false],
  ['a mail’s time', 'Mon, 02 Nov 2026 09:49:00 +0100', '2026-11-02T08:49:00.000Z', false],
  ['a spelled month with PM', 'Nov 2, 2026 9:49:00 PM', '2026-11-02T21:49:00.000Z', true],
  ['a month that does not exist', 'Fox 2, 2026 9:49:00 PM', null, false],
  ['a day that does not exist', '2026-02-30 00:00:00', null, false],
  ['words', 'yesterday', null, false],
];
for (const [what, value, iso, assumed] of cases) {
  test(`reads ${what}`, () => {
    const time = parseTime(value, LONDON);
    deepEqual(time === null ? null : new Date(time.at).toISOString(), iso);
    equal(time?.zoneAssumed ?? false, assumed);
  });
}

test('a time without a year takes the one just before the reference, or within a day after it', () => {
  const reference = Date.parse('2026-01-02T00:00:00Z');
  const year = (month: string, day: string) =>
    new Date(bsdTime(month, day, '12:00:00', null, reference, 'UTC')?.at ?? 0).getUTCFullYear();
  equal(year('Dec', '31'), 2025);
  equal(year('Jan', '2'), 2026);
  equal(year('Jan', '5'), 2025);
  equal(year('Feb', '29'), 2024);
});

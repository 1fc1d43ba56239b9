import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, dayText, Zone } from './zone.ts';

const london = new Zone('Europe/London');
const at = (text: string) => Date.parse(text);

test('a day is the local date on both sides of both changes of the clocks', () => {
  const cases: [instant: string, day: string][] = [
    ['2026-03-28T23:59:59Z', '2026-03-28'],
    ['2026-03-29T00:30:00Z', '2026-03-29'],
    // Summer time: 23:30 UTC is half past midnight of the next day.
    ['2026-03-29T23:30:00Z', '2026-03-30'],
    ['2026-06-30T22:59:59Z', '2026-06-30'],
    ['2026-06-30T23:00:00Z', '2026-07-01'],
    ['2026-10-24T23:30:00Z', '2026-10-25'],
    ['2026-10-25T23:30:00Z', '2026-10-25'],
    ['2026-10-26T00:00:00Z', '2026-10-26'],
  ];
  for (const [instant, day] of cases) equal(dayText(london.dayOf(at(instant))), day, instant);
});

test('the days on which clocks change have 23 and 25 hours', () => {
  const hours = (text: string) => {
    const day = london.dayOf(at(`${text}T12:00:00Z`));
    return (london.startOf(day + 1) - london.startOf(day)) / 3_600_000;
  };
  equal(hours('2026-03-29'), 23);
  equal(hours('2026-10-25'), 25);
  equal(hours('2026-07-01'), 24);
});

test('every day of ten years begins where the day before ends', () => {
  for (let day = 20_000; day < 23_650; day++) {
    equal(london.dayOf(london.startOf(day)), day);
    equal(london.dayOf(london.startOf(day) - 1), day - 1);
  }
});

test('reads ISO 8601 with and without zone, seconds and fraction', () => {
  const cases: [text: string, instant: string][] = [
    ['2026-07-01T10:00:00Z', '2026-07-01T10:00:00Z'],
    ['2026-07-01T10:00:00.250Z', '2026-07-01T10:00:00.250Z'],
    ['2026-07-01T10:00:00+01:00', '2026-07-01T09:00:00Z'],
    ['2026-07-01T10:00:00-0530', '2026-07-01T15:30:00Z'],
    // Without a zone: local, and summer time in July.
    ['2026-07-01T10:00:00', '2026-07-01T09:00:00Z'],
    ['2026-01-01T10:00', '2026-01-01T10:00:00Z'],
    ['2026-07-01 10:00:00Z', '2026-07-01T10:00:00Z'],
    ['2026-07-01T24:00:00Z', '2026-07-02T00:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['2026-07-01T10:00:00+14:00', '2026-06-30T20:00:00Z'],
  ];
  for (const [text, instant] of cases) equal(london.read(text)?.at, at(instant), text);
});

test('a date alone is the whole local day', () => {
  const moment = london.read('2026-07-01');
  equal(moment?.wholeDay, true);
  equal(moment.at, at('2026-06-30T23:00:00Z'));
});

test('refuses what is no time', () => {
  for (const text of [
    '',
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-07-01T25:00:00Z',
    '2026-07-01T10:61:00Z',
    '01/07/2026',
    '2026-07-01T10',
    '2026-07-01T24:00:01Z',
    '2026-07-01T10:00:00+99:99',
    '2026-07-01T10:00:00+01:60',
  ])
    equal(london.read(text), null, text);
});

test('a zone without summer time keeps its days', () => {
  const utc = new Zone('UTC');
  equal(utc.dayOf(at('2026-07-01T23:59:59Z')) * DAY_MS, at('2026-07-01T00:00:00Z'));
});

import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeFolder } from '../../test/records-folder.ts';
import { readAccesses } from './accesses.ts';
import { readHospital } from './hospital.ts';
import { newReport } from './table.ts';
import { Zone } from './zone.ts';

function read(rows: readonly string[]) {
  const report = newReport();
  const folder = writeFolder({ 'accesses.csv': rows });
  const hospital = readHospital(folder, new Zone('Europe/London'), report, null);
  let count = 0;
  const seen = new Set<string>();
  readAccesses(folder, hospital, ({ patient }) => {
    count++;
    seen.add(hospital.patients.textOf(patient));
  });
  return { count, patients: [...seen].sort(), setAside: report.setAside.map(({ line, reason }) => [line, reason]) };
}

const HEADER =
  'time,user,patient,action,resource,device,location,purpose,break_glass,host,address,session,sequence,outcome';
const ROW = '2026-03-02T08:00:00Z,u1,p1,read,Patient,d1,W,TREAT,,h1,10.0.0.1,s1,7,0'.split(',');

describe('a row that was sent again counts once', () => {
  test('however its time is written', () => {
    equal(
      read([HEADER, ROW.join(','), ROW.join(','), ROW.with(0, '2026-03-02T08:00:00.000+00:00').join(',')]).count,
      1,
    );
  });

  for (const [i, column] of HEADER.split(',').entries())
    test(`and is another row when its ${column} is another`, () => {
      const other = column === 'time' ? '2026-03-02T08:00:01Z' : 'other';
      equal(read([HEADER, ROW.join(','), ROW.with(i, other).join(',')]).count, 2);
    });

  test('a million rows of one log-in are all told apart', () => {
    const start = Date.parse('2026-03-01T00:00:00Z');
    const rows = Array.from({ length: 1_000_000 }, (_, i) => `${new Date(start + i * 2_591).toISOString()},svc,p${i}`);
    equal(read(['time,user,patient', ...rows]).count, rows.length);
  });
});

test('a time outside the years 1990 to 2099 is a clock that was never set: its row is set aside', () => {
  const { count, setAside } = read([
    'time,user,patient',
    '1970-01-01T00:00:00Z,u1,p1',
    '9999-12-31T00:00:00Z,u1,p1',
    '0001-01-01T00:00:00Z,u1,p1',
    '2026-03-02T08:00:00Z,u1,p1',
  ]);
  equal(count, 1);
  deepEqual(
    setAside,
    [2, 3, 4].map((line) => [line, 'time lies outside the years 1990 to 2099']),
  );
});

test('a key with a line break is a row that a stray quote has swallowed', () => {
  deepEqual(read(['time,user,patient', '2026-03-02T08:00:00Z,u1,"p1', '2026-03-02T08:00:00Z,u1,p2"']).setAside, [
    [2, 'a key has a line break in it'],
  ]);
});

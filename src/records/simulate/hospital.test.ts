import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { isNhsNumber } from '../nhs-number.ts';
import { simulateHospital } from './hospital.ts';
import { SCENARIOS } from './incidents.ts';
import { FAMILIES, type Parameters } from './parameters.ts';

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function simulate(seed: number, family = 'D'): Map<string, string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-hospital-'));
  made.push(folder);
  const parameters = FAMILIES[family] as Parameters;
  simulateHospital({ seed, days: 30, staff: 150, patients: 4000, folder, parameters });
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

const files = simulate(3);

test('the same seed writes the same bytes, another seed others', () => {
  deepEqual(simulate(3), files);
  notEqual(simulate(4).get('accesses.csv'), files.get('accesses.csv'));
});

test('every file has exactly the columns of its form', () => {
  const headers = Object.fromEntries([...files].map(([name, text]) => [name, text.split('\n')[0]]));
  deepEqual(headers, {
    'accesses.csv':
      'time,user,patient,action,resource,device,location,purpose,break_glass,host,address,session,sequence,outcome',
    'appointments.csv': 'patient,department,at,booked_at',
    'departments.csv': 'department,type,specialty,site',
    'labels.csv': 'incident,scenario,user,patient,day',
    'orders.csv': 'patient,department,at,until',
    'patients.csv': 'patient,surname_key,household_key,postcode_key,watch,deceased_at,sealed',
    'referrals.csv': 'patient,department,at,until',
    'rota.csv': 'user,department,from,to',
    'staff.csv': 'user,role,department,site,specialty,patient,surname_key,household_key,postcode_key,from,to,shared',
    'stays.csv': 'patient,department,from,to',
  });
});

test('accesses come in order of time, numbered without a hole', () => {
  const rows = (files.get('accesses.csv') ?? '').trimEnd().split('\n').slice(1);
  let last = '';
  rows.forEach((row, i) => {
    const cells = row.split(',');
    ok((cells[0] ?? '') >= last);
    last = cells[0] ?? '';
    equal(cells[12], String(i + 1));
  });
});

test('every label is an access of the log, and every scenario is there', () => {
  const labels = (files.get('labels.csv') ?? '').trimEnd().split('\n').slice(1);
  const seen = new Set(labels.map((line) => line.split(',')[1]));
  for (const scenario of SCENARIOS) ok(seen.has(scenario), scenario);
  const pairs = new Set(
    (files.get('accesses.csv') ?? '')
      .split('\n')
      .map((row) => row.split(','))
      .map(([, user, patient]) => `${user} ${patient}`),
  );
  for (const line of labels) {
    const [, , user, patient] = line.split(',');
    ok(pairs.has(`${user} ${patient}`), line);
  }
});

test('no key could pass for an NHS number', () => {
  for (const line of (files.get('patients.csv') ?? '').split('\n')) ok(!isNhsNumber(line.split(',')[0] ?? ''));
});

test('no one is in two beds at once', () => {
  const stays = new Map<string, [from: string, to: string][]>();
  for (const line of (files.get('stays.csv') ?? '').trimEnd().split('\n').slice(1)) {
    const [patient = '', , from = '', to = ''] = line.split(',');
    ok(from <= to, line);
    stays.set(patient, [...(stays.get(patient) ?? []), [from, to]]);
  }
  ok(stays.size > 50);
});

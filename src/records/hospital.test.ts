import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { writeFolder } from '../../test/records-folder.ts';
import { APPOINTMENT, type Hospital, ORDER, postOn, readHospital, REFERRAL, STAY } from './hospital.ts';
import { CareBook, type LiveCare } from './live-care.ts';
import type { ServicePseudonym } from './pseudonym.ts';
import { newReport, type ReadReport } from './table.ts';
import { DAY_MS, Zone } from './zone.ts';

const AT = Date.parse('2026-11-02T10:00:00Z');
const KIND: Readonly<Record<number, string>> = {
  [STAY]: 'stay',
  [APPOINTMENT]: 'appointment',
  [REFERRAL]: 'referral',
  [ORDER]: 'order',
};
/** As the service’s own: patients become pt_ or pi_, what people have in common is compared without blanks and case. */
const service: ServicePseudonym = (text, of = 'patient') =>
  of === 'patient' ? (/^(?:pt|pi)_/.test(text) ? text : `pi_${text}`) : `k_${text.toLowerCase().replaceAll(/\W/g, '')}`;

function told(...fields: readonly object[]): LiveCare {
  const book = new CareBook();
  for (const each of fields) book.add({ at: AT, receivedAt: AT, fields: { ...each } });
  return book.close();
}

const stay = (department: string, more: object = {}) => ({
  patient: ['pt_1', 'pi_1'],
  care: [{ is: 'step', key: 'v', step: 'in', department, since: null, days: null, ...more }],
});
const state = (kind: string, department: string) => ({
  patient: ['pt_1'],
  care: [{ is: 'state', kind, key: kind, places: [{ department, from: AT, to: null }] }],
});

function read(
  files: Readonly<Record<string, readonly string[]>>,
  care: LiveCare,
): { hospital: Hospital; report: ReadReport } {
  const report = newReport();
  return { hospital: readHospital(writeFolder(files), new Zone('Europe/London'), report, service, care), report };
}

function relationsOf({ related, patients, departments }: Hospital): string[] {
  const days = (time: number) => (Number.isFinite(time) ? String((time - AT) / DAY_MS) : '');
  return Array.from({ length: patients.size }, (_, patient) => {
    const first = related.startOf(patient);
    return Array.from({ length: related.startOf(patient + 1) - first }, (_row, i) => {
      const row = first + i;
      const [from, to] = [related.from(row), related.to(row)];
      return `${KIND[related.kind(row)] ?? ''} ${patients.textOf(patient)} ${departments.textOf(related.department(row))} ${days(from)}–${days(to)}`;
    });
  }).flat();
}

test('messages and files together are one hospital, and what both say counts once', () => {
  const files = {
    'departments.csv': ['department,type', 'Ward 7,ward'],
    'locations.csv': ['location,department', 'w7,Ward 7'],
    'stays.csv': ['patient,department,from', '1,Ward 7,2026-11-02T10:00:00Z', '2,Ward 7,2026-11-02T10:00:00Z'],
  };
  const { hospital, report } = read(files, told(stay('W7'), state('appointment', 'W7')));
  deepEqual(relationsOf(hospital), [
    'stay pt_1 Ward 7 0–',
    `appointment pt_1 Ward 7 ${-10 / 24}–${14 / 24}`,
    'stay pi_2 Ward 7 0–',
  ]);
  deepEqual(report.unknownLocations, []);
});

test('a place that no file names is a department by itself, and is reported', () => {
  const files = { 'staff.csv': ['user,role,department', 'kim,nurse,Ward 7'] };
  const { hospital, report } = read(files, told(stay('W7'), state('order', 'RAD'), state('referral', 'Ward 7')));
  deepEqual(
    relationsOf(hospital).map((line) => line.split(' ')[0]),
    ['stay', 'referral', 'order'],
  );
  deepEqual(report.unknownLocations, ['RAD', 'W7']);
});

test('what came in messages is not called missing', () => {
  const { report } = read({}, told(stay('W7'), { patient: ['pt_1'], surname_key: 'k_doe' }));
  deepEqual(
    report.missing.filter((file) => !file.includes(':')),
    ['departments.csv', 'staff.csv', 'appointments.csv', 'referrals.csv', 'orders.csv', 'rota.csv'],
  );
});

test('an outpatient’s visit without an end is over when the day is', () => {
  const { hospital } = read({}, told(stay('C1', { days: 1 })));
  deepEqual(relationsOf(hospital), [`stay pt_1 C1 0–${14 / 24}`]);
});

test('a surname and an address in a file of staff meet those of a message', () => {
  const files = {
    'staff.csv': [
      'user,role,department,patient,surname_key,household_key,postcode_key',
      'kim,nurse,W7,1,Doe,"1 High St, LS1 4AB",ls14ab',
    ],
  };
  const person = { surname_key: 'k_doe', household_key: 'k_1highstls14ab', postcode_key: 'k_ls14ab' };
  const { hospital } = read(files, told({ patient: ['pt_1', 'pi_1'], ...person }));
  const [user, patient] = [hospital.users.find('kim'), hospital.patients.find('pt_1')];
  equal(hospital.userSurname[user], hospital.keys.surname.at(patient));
  equal(hospital.userHousehold[user], hospital.keys.household.at(patient));
  equal(hospital.userPostcode[user], hospital.keys.postcode.at(patient));
  equal(hospital.ownRecord[user], patient, 'by local id in the file, by number in the message');
});

test('an account that an event names is the one of the directory, with FHIR’s type or another case; never one of two', () => {
  const folder = writeFolder({
    'staff.csv': ['user,role,department', 'jsmith,nurse,W', 'RX1\\kim,nurse,W', 'Ash,nurse,W', 'ash,clerk,W'],
  });
  const { userOf, users, posts } = readHospital(folder, new Zone('Europe/London'), newReport(), null);
  for (const text of ['jsmith', 'Practitioner/jsmith', ' JSmith', 'Practitioner/JSMITH'])
    equal(users.textOf(userOf(text)), 'jsmith', text);
  equal(users.textOf(userOf('rx1\\Kim')), 'RX1\\kim');
  equal(users.textOf(userOf('ash')), 'ash');
  for (const text of ['ASH', 'kim', 'RX2\\jsmith']) equal(posts[userOf(text)], undefined, text);
});

test('a person in several rows is the same person in whatever order they come, and no row takes away what another says', () => {
  const staff = [
    'nurse1,nurse,Ward 7,p1,s2,,,2026-01-01,2026-06-30',
    'nurse1,nurse,Ward 8,,,h1,,2026-07-01,',
    'nurse1,bank,Ward 9,,,,,2026-07-01,',
    'nurse1,clerk,Coding,p3,s1,,pc1,2025-01-01,2025-12-31',
  ];
  const patients = ['p2,s1,,,1,,', 'p2,,h1,,,,1', 'p2,s0,,pc2,,2026-03-02,', 'p2,,,,,,'];
  const read = (rows: (list: string[]) => string[]) => {
    const folder = writeFolder({
      'staff.csv': ['user,role,department,patient,surname_key,household_key,postcode_key,from,to', ...rows(staff)],
      'patients.csv': ['patient,surname_key,household_key,postcode_key,watch,deceased_at,sealed', ...rows(patients)],
    });
    const here = readHospital(folder, new Zone('Europe/London'), newReport(), null);
    const [user, patient] = [here.users.find('nurse1'), here.patients.find('p2')];
    const postAt = (day: string) => postOn(user, Date.parse(`${day}T12:00:00Z`), here);
    return {
      posts: ['2025-06-01', '2026-02-01', '2026-08-01'].map((day) => {
        const post = postAt(day);
        return post === undefined ? '' : here.departments.textOf(post.department);
      }),
      own: here.patients.textOf(here.ownRecord[user] ?? -1),
      flags: here.keys.flags.at(patient),
      died: here.keys.deceased.at(patient) < 0x7fff_ffff,
      known: [here.keys.surname, here.keys.household, here.keys.postcode].map((column) => column.at(patient) >= 0),
      isSameSurname: here.keys.surname.at(patient) === here.userSurname[user],
    };
  };
  const expected = {
    posts: ['Coding', 'Ward 7', 'Ward 8'],
    own: 'p1',
    flags: 3,
    died: true,
    known: [true, true, true],
    isSameSurname: false,
  };
  deepEqual(
    read((rows) => rows),
    expected,
  );
  deepEqual(
    read((rows) => rows.toReversed()),
    expected,
  );
});

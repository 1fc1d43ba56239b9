import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { writeFolder } from '../../test/records-folder.ts';
import { whoLooked } from './who-looked.ts';

const OPTIONS = { patient: 'p1', zone: 'Europe/London', pseudonymKey: null };
const FILES = {
  'accesses.csv': [
    'time,user,patient,action,break_glass',
    '2026-07-01T09:00:00Z,nurse1,p1,read,',
    '2026-07-01T10:30:00Z,nurse1,p1,print,',
    '2026-07-01T23:30:00Z,clerk1,p1,read,cardiac arrest call',
    '2026-07-01T09:00:00Z,nurse1,p2,read,',
    '2026-07-02T09:00:00Z,self1,p1,read,',
  ],
  'staff.csv': [
    'user,role,department,patient',
    'nurse1,nurse,Ward 7,p8',
    'clerk1,clerk,Finance,p9',
    'self1,porter,Estates,p1',
  ],
  'departments.csv': ['department,type', 'Ward 7,ward', 'Finance,team', 'Estates,team'],
  'stays.csv': ['patient,department,from,to', 'p1,Ward 7,2026-06-30,2026-07-03'],
};

test('names who, when and in which role, in order of time', () => {
  const { lines } = whoLooked(writeFolder(FILES), OPTIONS);
  deepEqual(
    lines.map(({ day, user, role, department, accesses, printed }) => [day, user, role, department, accesses, printed]),
    [
      ['2026-07-01', 'nurse1', 'nurse', 'Ward 7', 2, true],
      // Half past midnight in summer.
      ['2026-07-02', 'clerk1', 'clerk', 'Finance', 1, false],
      ['2026-07-02', 'self1', 'porter', 'Estates', 1, false],
    ].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  );
});

test('says why a look is explained, that no reason was found, and what was typed', () => {
  const { lines, text } = whoLooked(writeFolder(FILES), OPTIONS);
  const [nurse, clerk, self] = lines;
  equal(nurse?.explained, 'yes');
  ok(nurse.why.includes('staying on Ward 7'));
  equal(clerk?.explained, 'no');
  ok(clerk.why.includes('cardiac arrest call'));
  equal(self?.explained, 'own-record');
  ok(text.includes('Ward 7') && text.includes('No reason found'));
});

test('shows nothing of other patients', () => {
  const { lines, text } = whoLooked(writeFolder(FILES), OPTIONS);
  for (const other of ['p2', 'p8', 'p9']) ok(!`${JSON.stringify(lines)}${text}`.includes(other));
});

test('refuses a patient whom no file names, without repeating the key', () => {
  throws(
    () => whoLooked(writeFolder(FILES), { ...OPTIONS, patient: 'p77' }),
    (error: Error) => !error.message.includes('p77'),
  );
});

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

test('a patient in no list has nothing in common with anybody', () => {
  const staff = ['user,role,department,surname_key,household_key,postcode_key', 'u1,nurse,W,s1,hh1,pc1'];
  const accesses = ['time,user,patient', '2026-03-02T09:00:00Z,u1,p1', '2026-03-02T09:00:00Z,u1,p9'];
  for (const patients of [null, ['patient,surname_key,household_key,postcode_key', 'p9,s1,hh1,pc1']]) {
    const { lines } = whoLooked(
      writeFolder({
        'accesses.csv': accesses,
        'staff.csv': staff,
        ...(patients === null ? {} : { 'patients.csv': patients }),
      }),
      OPTIONS,
    );
    ok(
      lines.every(({ inCommon }) => inCommon === ''),
      JSON.stringify(lines),
    );
  }
});

test('what a member of staff has in common with the patient is for the privacy officer, and not on the patient’s page', () => {
  const keys = 'surname_key,household_key,postcode_key';
  const { lines, text } = whoLooked(
    writeFolder({
      'accesses.csv': ['time,user,patient', '2026-03-02T09:00:00Z,u1,p1', '2026-03-02T09:00:00Z,u1,p9'],
      'staff.csv': [`user,role,department,${keys}`, 'u1,nurse,W,s1,hh1,pc1'],
      'patients.csv': [`patient,${keys}`, 'p1,s1,hh1,pc1', 'p9,s2,hh2,pc2'],
    }),
    OPTIONS,
  );
  equal(lines[0]?.inCommon, 'the same address and the same surname');
  ok(!/address|surname/.test(`${text}${lines[0]?.why ?? ''}`), text);
});

test('somebody who was not let in tried to open it, and did not open, print or export it', () => {
  const { text, lines } = whoLooked(
    writeFolder({
      'accesses.csv': [
        'time,user,patient,action,outcome',
        '2026-03-02T09:00:00Z,u1,p1,read,8',
        '2026-03-02T09:01:00Z,u1,p1,print,8',
        '2026-03-02T09:02:00Z,u1,p1,export,12',
        '2026-03-02T09:00:00Z,u2,p1,read,0',
        '2026-03-02T09:01:00Z,u2,p1,read,8',
      ],
    }),
    OPTIONS,
  );
  deepEqual(
    lines.map(({ user, accesses, refused, printed, exported }) => [user, accesses, refused, printed, exported]),
    [
      ['u1', 0, 3, false, false],
      ['u2', 1, 1, false, false],
    ],
  );
  ok(text.includes('1 person opened it on 1 day'));
  ok(text.includes('tried to open it 3 times'));
  ok(text.includes('opened once, and tried to once more in vain'));
});

test('role and department are those of the day', () => {
  const { lines } = whoLooked(
    writeFolder({
      'accesses.csv': ['time,user,patient', '2026-02-10T09:00:00Z,u1,p1', '2026-03-10T09:00:00Z,u1,p1'],
      'staff.csv': ['user,role,department,from,to', 'u1,nurse,Ward A,,2026-02-28', 'u1,manager,Finance,2026-03-01,'],
    }),
    OPTIONS,
  );
  deepEqual(
    lines.map(({ role, department }) => [role, department]),
    [
      ['nurse', 'Ward A'],
      ['manager', 'Finance'],
    ],
  );
});

test('every reason typed is told; yes, no, true and false are no reasons', () => {
  const rows = (cells: readonly string[]) => cells.map((cell, i) => `2026-03-02T09:0${i}:00Z,u1,p1,${cell}`);
  const why = (cells: readonly string[]) =>
    whoLooked(writeFolder({ 'accesses.csv': ['time,user,patient,break_glass', ...rows(cells)] }), OPTIONS).lines[0]
      ?.why ?? '';
  ok(why(['arrest', 'ward 7 asked']).includes('with the reasons “arrest” and “ward 7 asked”'));
  ok(why(['True']).endsWith('emergency access was used'));
  for (const no of ['N', 'no', 'False', '0', '']) ok(!why([no]).includes('emergency'), no);
});

test('the page shows the pseudonym, never the number that was asked for', () => {
  const { text } = whoLooked(
    writeFolder({ 'accesses.csv': ['time,user,patient', '2026-03-02T09:00:00Z,u1,9990000018'] }),
    {
      ...OPTIONS,
      patient: '999 000 0018',
      pseudonymKey: 'k'.repeat(16),
    },
  );
  ok(text.includes('px-'));
  ok(!text.includes('999'));
});

test('accesses that do not say by whom are told: somebody opened the record', () => {
  const kept = (user: string, minute: number, outcome = '') => ({
    at: Date.UTC(2026, 2, 2, 9, minute),
    user,
    patient: 'p1',
    action: 'read',
    resource: '',
    device: '',
    location: '',
    purpose: '',
    breakGlass: '',
    host: '',
    address: '',
    session: '',
    sequence: '',
    outcome,
  });
  const pageOf = (...accesses: ReturnType<typeof kept>[]) =>
    whoLooked({ accesses, folder: null, care: null }, OPTIONS).text;
  const nobody = pageOf(kept('', 1), kept('', 2), kept('', 3, 'major'));
  ok(nobody.includes('Nobody whom the log names opened this record in that time.'), nobody);
  ok(nobody.includes('2 times it was opened and the log does not say by whom.'), nobody);
  const one = pageOf(kept('', 1), kept('u1', 2));
  ok(one.includes('1 person opened it') && one.includes('Once it was opened and the log does not say by whom.'), one);
  ok(!pageOf(kept('u1', 2)).includes('does not say by whom'));
});

test('whoever was not let in is nobody’s company', () => {
  const staff = ['user,role,department', 'u1,nurse,W', 'u2,nurse,W', 'u3,nurse,W'];
  const whyOf = (outcome: string) =>
    whoLooked(
      writeFolder({
        'accesses.csv': [
          'time,user,patient,outcome',
          `2026-03-02T08:00:00Z,u2,p1,${outcome}`,
          `2026-03-02T08:30:00Z,u3,p1,${outcome}`,
          '2026-03-02T09:00:00Z,u1,p1,0',
        ],
        'staff.csv': staff,
      }),
      OPTIONS,
    ).lines.find(({ user }) => user === 'u1')?.why;
  ok(whyOf('0')?.includes('2 colleagues of the same department used the record'), whyOf('0'));
  ok(!whyOf('8')?.includes('colleague'), whyOf('8'));
});

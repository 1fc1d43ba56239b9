import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeFolder } from '../../test/records-folder.ts';
import { type ScopeQuestion } from './scope-answer.ts';
import { scopeOf } from './scope.ts';

const HEADER = 'time,user,patient,action,resource,host,address,session,sequence,outcome';
const options = { zone: 'Europe/London', pseudonymKey: null };

function ask(rows: readonly string[], question: Partial<ScopeQuestion>, header = HEADER) {
  const folder = writeFolder({ 'accesses.csv': [header, ...rows] });
  return scopeOf(
    folder,
    {
      accounts: [],
      hosts: [],
      addresses: [],
      from: Date.parse('2026-03-02T00:00:00Z'),
      to: Date.parse('2026-03-03T00:00:00Z'),
      ...question,
    },
    options,
  );
}

const ROWS = [
  '2026-03-02T09:00:00Z,a,p3,read,Encounter,h1,10.0.0.1,s1,1,0',
  '2026-03-02T09:05:00Z,a,p1,print,Observation,h1,10.0.0.1,s1,2,0',
  '2026-03-02T09:06:00Z,a,p1,read,Encounter,h1,10.0.0.1,s1,3,0',
  '2026-03-02T10:00:00Z,b,p2,export,Encounter,h2,10.0.0.2,s2,4,0',
  '2026-03-03T00:00:00Z,a,p9,read,Encounter,h1,10.0.0.1,s3,5,0',
];

test('an account’s accesses in the window are certain, sorted by patient, with what was seen', () => {
  const { patients, total } = ask(ROWS, { accounts: ['a'] });
  deepEqual(patients, [
    {
      schema: 'wardwatch.scope-patient/1',
      patient: 'p1',
      certainty: 'certain',
      reasons: ['by account a'],
      accesses: 2,
      first: '2026-03-02T09:05:00.000Z',
      last: '2026-03-02T09:06:00.000Z',
      resources: ['Encounter', 'Observation'],
      printed: true,
      exported: false,
    },
    {
      schema: 'wardwatch.scope-patient/1',
      patient: 'p3',
      certainty: 'certain',
      reasons: ['by account a'],
      accesses: 1,
      first: '2026-03-02T09:00:00.000Z',
      last: '2026-03-02T09:00:00.000Z',
      resources: ['Encounter'],
      printed: false,
      exported: false,
    },
  ]);
  deepEqual(total.patients, { exact: 2, atLeast: 2, upTo: 2 });
  equal(total.accesses, 3);
  deepEqual(total.gaps, []);
});

test('the window is half-open: its first instant counts, its last does not', () => {
  const at = (from: string, to: string) =>
    ask(ROWS, { accounts: ['a'], from: Date.parse(from), to: Date.parse(to) }).patients.map(({ patient }) => patient);
  deepEqual(at('2026-03-02T09:05:00Z', '2026-03-02T09:06:00Z'), ['p1']);
  deepEqual(at('2026-03-02T09:00:00Z', '2026-03-02T09:05:00Z'), ['p3']);
});

test('kinds are OR, and every reason is kept', () => {
  const { patients } = ask(ROWS, { accounts: ['a'], addresses: ['10.0.0.1', '10.0.0.2'] });
  deepEqual(
    patients.map(({ patient, certainty }) => [patient, certainty]),
    [
      ['p1', 'certain'],
      ['p2', 'certain'],
      ['p3', 'certain'],
    ],
  );
  ok(patients[0]?.reasons.includes('by account a'));
  ok(patients[0]?.reasons.includes('from address 10.0.0.1'));
});

test('a session that began at the machine is followed to other machines as likely, its account beyond it as possible', () => {
  const { patients, total } = ask(
    [
      '2026-03-02T09:00:00Z,a,p1,read,,h1,,s1,,',
      '2026-03-02T09:10:00Z,a,p2,read,,h7,,s1,,',
      '2026-03-02T09:20:00Z,b,p3,read,,h7,,s1,,',
      '2026-03-02T09:30:00Z,b,p4,read,,h8,,s9,,',
      '2026-03-02T08:00:00Z,b,p5,read,,h8,,s8,,',
    ],
    { hosts: ['h1'] },
  );
  deepEqual(
    patients.map(({ patient, certainty }) => [patient, certainty]),
    [
      ['p1', 'certain'],
      ['p2', 'likely'],
      ['p3', 'likely'],
      ['p4', 'possible'],
    ],
  );
  deepEqual(total.patients, { exact: null, atLeast: 3, upTo: 4 });
});

test('a hole in the numbering makes the number inexact and is named', () => {
  const rows = ROWS.filter((row) => !row.includes(',p3,'));
  const whole = ask(rows, { accounts: ['a'] });
  // The first number has nothing before it: its loss cannot be seen.
  equal(whole.total.patients.exact, 1);
  const holed = ask(
    ROWS.filter((row) => !row.includes('s1,3,')),
    { accounts: ['a'] },
  );
  equal(holed.total.patients.exact, null);
  deepEqual(holed.total.gaps, [
    {
      kind: 'sequence',
      after: 2,
      before: 4,
      missing: 1,
      from: '2026-03-02T09:05:00.000Z',
      to: '2026-03-02T10:00:00.000Z',
    },
  ]);
  ok(holed.total.patients.upTo >= 2);
});

test('a hole outside the window does not matter', () => {
  const { total } = ask(
    [...ROWS, '2026-03-09T00:00:00Z,z,p1,read,,,,,99,', '2026-03-09T01:00:00Z,z,p1,read,,,,,120,'],
    {
      accounts: ['a'],
      to: Date.parse('2026-03-02T12:00:00Z'),
    },
  );
  deepEqual(total.gaps, []);
});

test('a day of the window on which nothing was recorded is named', () => {
  const { total } = ask([...ROWS, '2026-03-05T09:00:00Z,a,p1,read,,,,,6,0'], {
    accounts: ['a'],
    to: Date.parse('2026-03-06T00:00:00Z'),
  });
  deepEqual(total.gaps, [{ kind: 'silent-days', from: '2026-03-04', to: '2026-03-04' }]);
  equal(total.patients.exact, null);
});

test('days are local: in summer the window’s day begins at 23:00 UTC', () => {
  const { total } = ask(['2026-06-30T23:30:00Z,a,p1,read,,,,,,'], {
    accounts: ['a'],
    from: Date.parse('2026-06-30T23:00:00Z'),
    to: Date.parse('2026-07-01T23:00:00Z'),
  });
  equal(total.patients.exact, 1);
});

test('rows that were sent again count once; an access that failed showed nothing', () => {
  const { total, failed } = ask([...ROWS, ...ROWS, '2026-03-02T11:00:00Z,a,p8,read,,h1,,s1,6,12'], { accounts: ['a'] });
  equal(total.accesses, 3);
  equal(failed, 1);
  deepEqual(total.patients, { exact: 2, atLeast: 2, upTo: 2 });
});

test('a row that cannot be read is a gap and keeps its line number', () => {
  const { total, report } = ask([...ROWS, 'yesterday,a,p8,read,,h1,,s1,6,0'], { accounts: ['a'] });
  deepEqual(total.gaps, [{ kind: 'unreadable-rows', count: 1 }]);
  deepEqual(report.setAside, [{ file: 'accesses.csv', line: 7, reason: 'time is not an ISO 8601 time' }]);
});

test('a log without the column that was asked for says so', () => {
  const { total } = ask(['2026-03-02T09:00:00Z,a,p1'], { hosts: ['h1'] }, 'time,user,patient');
  deepEqual(total.gaps, [
    { kind: 'missing-column', column: 'host' },
    { kind: 'missing-column', column: 'session' },
  ]);
});

test('the hash is of the answer: the order of rows does not change it, a further access does', () => {
  const hash = (rows: readonly string[]) => ask(rows, { accounts: ['a'] }).total.hash;
  equal(hash(ROWS), hash(ROWS.toReversed()));
  notEqual(hash(ROWS), hash([...ROWS, '2026-03-02T12:00:00Z,a,p7,read,,h1,,s1,6,0']));
});

test('a name that stands nowhere in the log is said, so that a slip of the keyboard is no all-clear', () => {
  const { unseen, total } = ask(ROWS, { accounts: ['a', 'aa'], hosts: ['h1', 'h99'] });
  deepEqual(unseen, ['account aa', 'host h99']);
  equal(total.patients.exact, 2);
});

test('a row that does not say from where makes a question about a place inexact', () => {
  const rows = ['2026-03-02T09:00:00Z,a,p1,read,,pc1,,,,', '2026-03-02T09:05:00Z,b,p2,read,,,,,,'];
  const { patients, total } = ask(rows, { hosts: ['pc1'] });
  deepEqual(
    patients.map(({ patient }) => patient),
    ['p1'],
  );
  deepEqual(total.gaps, [{ kind: 'blank-cells', column: 'host', count: 1 }]);
  deepEqual(total.patients, { exact: null, atLeast: 1, upTo: 2 });
  // The account stands in every row.
  deepEqual(ask(rows, { accounts: ['a'] }).total.patients, { exact: 1, atLeast: 1, upTo: 1 });
});

test('no name is no place: a blank cell is nothing that could be asked for', () => {
  const { patients } = ask(['2026-03-02T09:00:00Z,a,p1,read,,,,,,'], { hosts: [''], addresses: [''] });
  deepEqual(patients, []);
});

test('a session that began at the place before the window, and was used there in it, is as likely as one that did not', () => {
  const { patients } = ask(
    [
      '2026-03-02T08:00:00Z,a,p1,read,,h1,,s1,,',
      '2026-03-02T10:00:00Z,a,p2,read,,h1,,s1,,',
      '2026-03-02T10:05:00Z,a,p3,read,,h7,,s1,,',
    ],
    { hosts: ['h1'], from: Date.parse('2026-03-02T09:00:00Z'), to: Date.parse('2026-03-02T12:00:00Z') },
  );
  deepEqual(
    patients.map(({ patient, certainty }) => [patient, certainty]),
    [
      ['p2', 'certain'],
      ['p3', 'likely'],
    ],
  );
});

test('an account whose session at the place was over before the window is none of its business', () => {
  const rows = ['2026-03-01T09:00:00Z,a,p1,read,,h1,,s1,,', '2026-03-02T10:00:00Z,a,p2,read,,h7,,s2,,'];
  deepEqual(ask(rows, { hosts: ['h1'] }).patients, []);
});

test('an id that a system uses again after a whole day is another session', () => {
  const at = (day: string) => [
    `2026-02-${day}T23:59:00Z,a,p1,read,,h1,,s1,,`,
    '2026-03-02T10:00:00Z,b,p2,read,,h7,,s1,,',
    '2026-03-02T11:00:00Z,b,p3,read,,h7,,s2,,',
  ];
  const patients = (day: string, ...between: readonly string[]) =>
    ask([...at(day), ...between], { hosts: ['h1'] }).patients.map(({ patient, certainty }) => [patient, certainty]);
  deepEqual(patients('28'), []);
  const joined = [
    ['p2', 'possible'],
    ['p3', 'possible'],
  ];
  deepEqual(patients('28', '2026-03-01T12:00:00Z,a,p9,read,,h7,,s1,,'), joined);
  // In whatever order the days are met.
  deepEqual(
    patients('27', '2026-03-01T12:00:00Z,a,p9,read,,h7,,s1,,', '2026-02-28T12:00:00Z,a,p9,read,,h7,,s1,,'),
    joined,
  );
});

test('the order of two rows in the first second of a session does not matter', () => {
  const rows = [
    '2026-03-02T09:00:00Z,a,p1,read,,h7,,s1,,',
    '2026-03-02T09:00:00Z,a,p2,read,,h1,,s1,,',
    '2026-03-02T09:05:00Z,a,p3,read,,h7,,s1,,',
  ];
  equal(ask(rows, { hosts: ['h1'] }).total.hash, ask(rows.toReversed(), { hosts: ['h1'] }).total.hash);
});

test('a day that the window only cuts is not called silent; a window within one silent day is', () => {
  const rows = ['2026-07-01T09:00:00Z,a,p1,read,,,,,,'];
  const whole = { accounts: ['a'], from: Date.parse('2026-07-01T00:00:00Z'), to: Date.parse('2026-07-02T00:00:00Z') };
  equal(ask(rows, whole).total.patients.exact, 1);
  const { gaps } = ask(rows, {
    accounts: ['a'],
    from: Date.parse('2026-07-02T08:00:00Z'),
    to: Date.parse('2026-07-02T18:00:00Z'),
  }).total;
  deepEqual(gaps, [{ kind: 'silent-days', from: '2026-07-02', to: '2026-07-02' }]);
});

describe('the log’s numbering', () => {
  const row = (minute: number, host: string, session: string, sequence: string) =>
    `2026-03-02T09:${String(minute).padStart(2, '0')}:00Z,a,p${minute},read,,${host},,${session},${sequence},`;
  const missing = (rows: readonly string[]) =>
    ask(rows, { accounts: ['a'] }).total.gaps.map((gap) =>
      gap.kind === 'sequence' ? gap.missing : gap.kind === 'unreadable-numbers' ? gap.count : gap.kind,
    );
  const two = (one: readonly string[], other: readonly string[]) => [
    ...one.map((number, i) => row(2 * i, 'h1', 's1', number)),
    ...other.map((number, i) => row(2 * i + 1, 'h2', 's2', number)),
  ];
  for (const [name, rows, gaps] of [
    ['one number that comes twice hides no hole', [1, 2, 2, 50].map((n, i) => row(i, 'h1', 's1', `${n}`)), [47]],
    ['two machines that count for themselves', two(['1', '2', '3'], ['1', '2', '3']), []],
    ['two machines far apart', two(['1', '2'], ['900001', '900002']), []],
    ['a hole on one of two machines', two(['1', '2', '3', '4'], ['1', '50']), [48]],
    ['one count over two machines', two(['1', '3', '5'], ['2', '4', '6']), []],
    ['a hole in one count over two machines', two(['1', '3', '9'], ['2', '4', '10']), [4]],
    ['names instead of numbers are no numbering', two(['x7', 'x8'], ['x9', 'y1']), []],
    ['something else among numbers', two(['1', '2'], ['3.5', 'x7']), [2]],
  ] as const)
    test(name, () => deepEqual(missing(rows), gaps));
});

import { notReceived } from './words.ts';
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { writeFolder } from '../../test/records-folder.ts';
import { Refusal } from '../core/refusal.ts';
import type { AccessCase, ReviewCase } from './case.ts';
import { type Review, type ReviewOptions, reviewRecords } from './review.ts';
import { reviewNotices } from './story.ts';
import { simulateHospital } from './simulate/hospital.ts';
import { FAMILIES, type Parameters } from './simulate/parameters.ts';
import { DAY_MS, dayText } from './zone.ts';

const OPTIONS: ReviewOptions = { budget: 2, trainDays: 14, zone: 'Europe/London', pseudonymKey: null };
const PARAMETERS: Parameters = {
  ...(FAMILIES['D'] as Parameters),
  firstDay: '2026-01-05',
  incidentsFrom: 14,
  addresses: 1,
  ownLinked: 1,
};
const FILES = [
  'accesses',
  'staff',
  'departments',
  'patients',
  'stays',
  'appointments',
  'referrals',
  'orders',
  'rota',
] as const;

let folder = '';
let review: Review;
const made: string[] = [];

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-review-'));
  made.push(folder);
  simulateHospital({ seed: 4, days: 35, staff: 300, patients: 9000, folder, parameters: PARAMETERS });
  review = reviewRecords(folder, OPTIONS);
});
after(() => {
  for (const one of made) rmSync(one, { recursive: true, force: true });
});

/** The same hospital with a file changed, or left out. */
function changed(change: (name: string, text: string) => string | null): Review {
  const copy = mkdtempSync(path.join(tmpdir(), 'wardwatch-review-'));
  made.push(copy);
  cpSync(folder, copy, { recursive: true });
  for (const name of FILES) {
    const file = path.join(copy, `${name}.csv`);
    const text = change(name, readFileSync(file, 'utf8'));
    if (text === null) rmSync(file);
    else writeFileSync(file, text);
  }
  return reviewRecords(copy, OPTIONS);
}

function linesOf(text: string, map: (line: string) => string): string {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  return `${[header, ...lines.map(map)].join('\n')}\n`;
}

const isAccess = (one: ReviewCase): one is AccessCase => one.schema === 'wardwatch.access-case/1';
const keyOf = (one: ReviewCase) => (isAccess(one) ? `${one.user} ${one.day}` : `${one.patient} ${one.from}`);

describe('the lines of a review', () => {
  test('keep the contract', () => {
    ok(review.cases.length > 0);
    for (const one of review.cases) {
      ok(one.p >= 0 && one.p <= (10 * OPTIONS.budget) / 1000 + 1e-9, `p is ${one.p}`);
      equal(typeof one.alert, 'boolean');
      ok(one.plain.length > 0);
      if (isAccess(one)) {
        deepEqual(
          Object.keys(one).filter((name) => name !== 'joins' && name !== 'shared'),
          ['schema', 'user', 'day', 'alert', 'p', 'score', 'kinds', 'patients', 'plain', 'innocentIf', 'missing'],
        );
        ok(one.kinds.length > 0 && one.patients.length > 0 && one.innocentIf.length > 0);
        for (const { points, times, because } of one.patients) {
          ok(times >= 1 && because.length > 0);
          for (const value of Object.values(points)) ok(Number.isInteger(value) && value >= 0 && value <= 3);
        }
      } else {
        deepEqual(
          Object.keys(one).filter((name) => name !== 'joins'),
          ['schema', 'patient', 'from', 'to', 'alert', 'p', 'expected', 'users', 'plain'],
        );
        ok(one.users.length <= 1.5 * one.expected);
        ok(one.from <= one.to);
      }
    }
  });

  test('come best first', () => {
    const ps = review.cases.map(({ p }) => p);
    deepEqual(
      ps,
      [...ps].sort((a, b) => a - b),
    );
  });

  test('leave out the days that were learned from', () => {
    for (const one of review.cases) ok((isAccess(one) ? one.day : one.to) >= '2026-01-19');
  });

  test('join an open case of the same user, at most seven days old, and cost no alert', () => {
    const access = review.cases.filter(isAccess);
    const joined = access.filter(({ joins }) => joins !== undefined);
    ok(joined.length > 0);
    for (const one of joined) {
      equal(one.alert, false);
      const opener = access.find(({ user, day }) => user === one.user && day === one.joins);
      equal(opener?.alert, true);
      const gap = (Date.parse(one.day) - Date.parse(one.joins ?? '')) / DAY_MS;
      ok(gap > 0 && gap <= 7);
    }
    for (const one of access.filter(({ alert }) => alert))
      for (const other of access)
        if (other !== one && other.alert && other.user === one.user)
          ok(Math.abs(Date.parse(one.day) - Date.parse(other.day)) > 7 * DAY_MS);
  });

  test('never accuse', () => {
    const text = JSON.stringify(review.cases).toLowerCase();
    for (const word of [
      'snoop',
      'guilty',
      'culprit',
      'offender',
      'illegal',
      'abuse',
      'suspect',
      'misuse',
      'thief',
      'violat',
    ])
      ok(!text.includes(word), word);
  });

  test('alert no more at a smaller budget, and rank the same', () => {
    const small = reviewRecords(folder, { ...OPTIONS, budget: 0.5 });
    const alerts = (cases: readonly ReviewCase[]) => cases.filter(({ alert }) => alert).length;
    ok(alerts(small.cases) <= alerts(review.cases));
    const first = small.cases.slice(0, 10).map(keyOf);
    deepEqual(first, review.cases.slice(0, 10).map(keyOf));
  });
});

describe('a small hospital with seeded misuse', () => {
  test('is searched well: most incidents have a line within the budget', () => {
    const flagged = new Set<string>();
    for (const one of review.cases) {
      if (!isAccess(one)) {
        if (one.alert) flagged.add(one.patient);
      } else if (one.alert || one.joins !== undefined) flagged.add(`${one.user} ${one.day}`);
    }
    const incidents = new Map<string, boolean>();
    for (const line of readFileSync(path.join(folder, 'labels.csv'), 'utf8').trim().split('\n').slice(1)) {
      const [id = '', , user, patient = '', day = ''] = line.split(',');
      if (day < '2026-01-19') continue;
      incidents.set(id, incidents.get(id) === true || flagged.has(`${user} ${day}`) || flagged.has(patient));
    }
    const found = [...incidents.values()].filter(Boolean).length;
    ok(found / incidents.size >= 0.6, `${found} of ${incidents.size}`);
  });
});

describe('what must not matter', () => {
  test('running again', () => {
    deepEqual(reviewRecords(folder, OPTIONS).cases, review.cases);
  });

  test('the order of rows in the access log', () => {
    const reversed = changed((name, text) => {
      if (name !== 'accesses') return text;
      const [header = '', ...rows] = text.trimEnd().split('\n');
      return `${[header, ...rows.toReversed()].join('\n')}\n`;
    });
    deepEqual(reversed.cases.map(keyOf), review.cases.map(keyOf));
  });

  test('rows that are sent again', () => {
    const twice = changed((name, text) => {
      const [header = '', ...rows] = text.trimEnd().split('\n');
      return name === 'accesses' || name === 'stays' ? `${[header, ...rows, ...rows].join('\n')}\n` : text;
    });
    deepEqual(
      twice.cases.map((one) => [keyOf(one), one.p]),
      review.cases.map((one) => [keyOf(one), one.p]),
    );
  });

  test('what users, patients and departments are called', () => {
    const renamed = changed((_, text) =>
      text
        .replaceAll(/\bu(\d{5})\b/g, 'person-$1')
        .replaceAll(/\bp(\d{7})\b/g, 'x$1y')
        .replaceAll(/\bS(\d)-/g, 'site$1/'),
    );
    deepEqual(
      renamed.cases.map((one) => one.p),
      review.cases.map((one) => one.p),
    );
  });

  test('the calendar: a day later, everything a day later', () => {
    const shift = (text: string) =>
      text.replaceAll(/2(02[56])-(\d\d)-(\d\d)/g, (date) => dayText(Date.parse(date) / DAY_MS + 1));
    const shifted = changed((_, text) => linesOf(text, shift));
    deepEqual(
      shifted.cases.map((one) => one.p),
      review.cases.map((one) => one.p),
    );
  });
});

describe('an appointment that is added', () => {
  test('never makes the look that it explains stand out more', () => {
    const snooped = review.cases
      .filter(isAccess)
      .filter(({ patients }) => patients.length === 1)
      .slice(0, 3);
    ok(snooped.length > 0);
    for (const one of snooped) {
      const patient = one.patients[0]?.patient ?? '';
      const staff = readFileSync(path.join(folder, 'staff.csv'), 'utf8');
      const department =
        staff
          .split('\n')
          .find((line) => line.startsWith(`${one.user},`))
          ?.split(',')[2] ?? '';
      const after = changed((name, text) =>
        name === 'appointments' ? `${text}${patient},${department},${one.day},\n` : text,
      );
      const same = after.cases.filter(isAccess).find(({ user, day }) => user === one.user && day === one.day);
      ok(same === undefined || same.p >= one.p, `${one.p} became ${same?.p}`);
    }
  });
});

const ACCESSES = [
  'time,user,patient',
  '2026-03-02T09:00:00Z,a,p1',
  'never,a,p2',
  '2026-03-02T09:00:00Z,,p3',
  '2026-03-03T09:00:00Z,a',
];

describe('a folder that is not whole', () => {
  test('needs nothing but accesses.csv, and says what was missing', () => {
    const only = reviewRecords(writeFolder({ 'accesses.csv': ACCESSES }), OPTIONS);
    ok(only.report.missing.includes('stays.csv'));
    ok(only.report.missing.includes('accesses.csv: host'));
  });

  test('says what was missing in words that need no file to understand', () => {
    const only = reviewRecords(writeFolder({ 'accesses.csv': ACCESSES }), OPTIONS);
    for (const each of notReceived(only.report.missing)) ok(!/csv|_|:/.test(each), each);
    equal(new Set(notReceived(only.report.missing)).size, notReceived(only.report.missing).length, 'each once');
  });

  test('sets bad rows aside with their line numbers', () => {
    const only = reviewRecords(writeFolder({ 'accesses.csv': ACCESSES }), OPTIONS);
    deepEqual(
      only.report.setAside.map(({ line, reason }) => [line, reason]),
      [
        [3, 'time is not an ISO 8601 time'],
        [4, 'user is empty'],
        [5, 'it has 2 cells, the header 3'],
      ],
    );
  });

  test('reports columns that nobody knows', () => {
    const only = reviewRecords(
      writeFolder({ 'accesses.csv': ['time,user,patient,colour', '2026-03-02T09:00:00Z,a,p1,red'] }),
      OPTIONS,
    );
    deepEqual(only.report.unknownColumns, ['accesses.csv: colour']);
  });

  test('is refused without accesses.csv, or without a column that is needed', () => {
    throws(() => reviewRecords(writeFolder({}), OPTIONS), Refusal);
    throws(
      () => reviewRecords(writeFolder({ 'accesses.csv': ['time,user', '2026-03-02T09:00:00Z,a'] }), OPTIONS),
      Refusal,
    );
  });

  test('is judged without any relationship', () => {
    const bare = mkdtempSync(path.join(tmpdir(), 'wardwatch-review-'));
    made.push(bare);
    cpSync(path.join(folder, 'accesses.csv'), path.join(bare, 'accesses.csv'));
    const judged = reviewRecords(bare, OPTIONS);
    // Without a directory there is no number of staff for a budget; the ranking stands.
    ok(judged.cases.length > 0);
  });
});

describe('NHS numbers', () => {
  const files = { 'accesses.csv': ['time,user,patient', '2026-03-02T09:00:00Z,a,999 000 0018'] };

  test('are refused where a key belongs', () => {
    throws(() => reviewRecords(writeFolder(files), OPTIONS), { code: 'records/nhs-number' });
  });

  test('are never repeated in the refusal', () => {
    const { stderr, status } = cli('records', 'review', writeFolder(files));
    equal(status, 2);
    ok(!stderr.includes('9990000018') && !stderr.includes('999 000 0018'));
  });

  test('become keyed hashes on request', () => {
    equal(cli('records', 'review', '--pseudonymise', writeFolder(files)).status, 0);
  });
});

function cli(...args: string[]) {
  const main = path.join(import.meta.dirname, '..', 'main.ts');
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { encoding: 'utf8' });
}

describe('the command', () => {
  test('ends with 3 when rows were set aside, and keeps standard output for the result', () => {
    const { status, stdout, stderr } = cli(
      'records',
      'review',
      '--format',
      'ndjson',
      writeFolder({ 'accesses.csv': ACCESSES }),
    );
    equal(status, 3);
    equal(stdout, '');
    ok(stderr.includes('accesses.csv, line 3'));
    ok(!stderr.includes('p2'));
  });

  test('refuses wrong use with 2', () => {
    equal(cli('records', 'review').status, 2);
    equal(cli('records', 'review', '--budget', 'much', folder).status, 2);
    equal(cli('records', 'review', `${folder}-not-there`).status, 2);
    equal(cli('records', 'who-looked', folder).status, 2);
    equal(cli('scope', folder, '--account', 'a').status, 2);
    equal(cli('records', 'guess', folder).status, 2);
  });

  test('tells the review as a story', () => {
    const { status, stdout } = cli('records', 'review', folder, '--train-days', '14', '--budget', '2');
    equal(status, 0);
    ok(stdout.includes('to ask about'));
    ok(stdout.includes('It would be innocent if'));
  });
});

describe('a shared log-in', () => {
  const markShared = (user: string) =>
    changed((name, text) => {
      if (name !== 'staff') return text;
      const at = text.slice(0, text.indexOf('\n')).split(',').indexOf('shared');
      return linesOf(text, (line) => (line.startsWith(`${user},`) ? line.split(',').with(at, '1').join(',') : line));
    });

  test('is asked about as a device and a shift, with who was on the rota, never as a person', () => {
    const user = review.cases.find(isAccess)?.user ?? '';
    const { cases } = markShared(user);
    const own = cases.filter(isAccess).filter((one) => one.user === user);
    ok(own.length > 0);
    for (const { shared, plain } of own) {
      ok(shared !== undefined && shared.shift.length > 0 && shared.devices.length > 0 && shared.onRota.length > 0);
      ok(plain.includes('The shared log-in'));
    }
    for (const other of cases.filter(isAccess))
      equal(other.shared !== undefined, other.user === user || other.user.startsWith('shared-'));
  });

  test('stays one where it is listed in a crowd', () => {
    const crowd = review.cases.find((one) => !isAccess(one) && one.users.length > 0);
    ok(crowd !== undefined && !isAccess(crowd));
    const user = crowd.users[0]?.user ?? '';
    const listed = markShared(user)
      .cases.flatMap((one) => (isAccess(one) ? [] : one.users))
      .filter((one) => one.user === user);
    ok(listed.length > 0);
    for (const { shared } of listed) ok(shared !== undefined && shared.shift.length > 0);
  });
});

describe('accesses that the system refused', () => {
  test('are no looks: a case that rested on them is gone', () => {
    const one = review.cases.filter(isAccess).find(({ alert }) => alert);
    ok(one !== undefined);
    const refused = changed((name, text) => {
      if (name !== 'accesses') return text;
      const header = text.slice(0, text.indexOf('\n')).split(',');
      return linesOf(text, (line) => {
        const cells = line.split(',');
        const isOurs = cells[header.indexOf('user')] === one.user && line.includes(one.day);
        return isOurs ? cells.with(header.indexOf('outcome'), '8').join(',') : line;
      });
    });
    ok(!refused.cases.some((other) => isAccess(other) && other.user === one.user && other.day === one.day));
  });
});

describe('a colleague who has left', () => {
  test('is said to have worked there, and not to work there', () => {
    const found = review.cases
      .filter(isAccess)
      .flatMap(({ user, day, patients }) => patients.map((each) => ({ user, day, ...each })))
      .filter(({ because }) => /works in the same department|is a member of staff/.test(because));
    ok(found.length > 0);
    const own = new Set(found.map(({ patient }) => patient));
    const left = changed((name, text) => {
      if (name !== 'staff') return text;
      const header = text.slice(0, text.indexOf('\n')).split(',');
      return linesOf(text, (line) => {
        const cells = line.split(',');
        const isOne = own.has(cells[header.indexOf('patient')] ?? '');
        return isOne ? cells.with(header.indexOf('to'), '2026-01-06').join(',') : line;
      });
    });
    const words = left.cases
      .filter(isAccess)
      .flatMap(({ patients }) => patients)
      .filter(({ patient }) => own.has(patient))
      .map(({ because }) => because);
    ok(words.some((each) => /has worked in the same department|has been a member of staff/.test(each)));
    for (const each of words) ok(!/works in the same department|is a member of staff/.test(each), each);
  });
});

describe('a directory that writes log-ins otherwise than the log', () => {
  test('is said to explain nothing', () => {
    equal(reviewNotices(review), '');
    const other = changed((name, text) =>
      name === 'staff' ? linesOf(text, (line) => line.replace(/^u/, 'staff-')) : text,
    );
    match(reviewNotices(other), /Not in the staff directory: \d+ accounts of \d+ in the log, with 100 of 100 looks\./);
    const none = changed((name, text) => (name === 'staff' ? null : text));
    equal(reviewNotices(none), '', 'that there is no directory is said elsewhere');
  });
});

describe('review items', () => {
  test('are one for each reason typed and one for the sealed record, training days included', () => {
    const row = (day: string, minute: number, patient: string, reason: string, outcome = '0') =>
      `2026-03-${day}T09:0${minute}:00Z,u2,${patient},${reason},${outcome}`;
    const { items } = reviewRecords(
      writeFolder({
        'accesses.csv': [
          'time,user,patient,break_glass,outcome',
          row('02', 0, 'p1', 'training day'),
          row('03', 0, 'p1', 'N'),
          row('30', 0, 'p7', 'arrest'),
          row('30', 1, 'p7', 'arrest'),
          row('30', 2, 'p7', 'ward asked'),
          row('31', 0, 'p1', '1', '8'),
        ],
        'patients.csv': ['patient,sealed', 'p7,1'],
      }),
      { ...OPTIONS, trainDays: 7 },
    );
    deepEqual(
      items.map(({ kind, at, patient, reason, times, outcome }) => [kind, at, patient, reason, times, outcome]),
      [
        ['break-glass', '2026-03-02 09:00', 'p1', 'training day', 1, 'success'],
        ['break-glass', '2026-03-30 10:00', 'p7', 'arrest', 2, 'success'],
        ['break-glass', '2026-03-30 10:02', 'p7', 'ward asked', 1, 'success'],
        ['sealed', '2026-03-30 10:00', 'p7', null, 3, 'success'],
        ['break-glass', '2026-03-31 10:00', 'p1', null, 1, 'failure'],
      ],
    );
  });
});

describe('without the list of patients', () => {
  test('nobody is tied to anybody, and nobody has died', () => {
    const without = changed((name, text) => (name === 'patients' ? null : text));
    ok(review.cases.some((one) => isAccess(one) && one.kinds.includes('household')));
    for (const one of without.cases.filter(isAccess)) {
      for (const kind of ['household', 'surname', 'neighbour', 'watched'] as const) ok(!one.kinds.includes(kind), kind);
      ok(!JSON.stringify(one).includes('had died'));
    }
  });
});

describe('a log that cannot be judged in full says so', () => {
  test('when every day is learned from', () => {
    const { status, stdout, stderr } = cli('records', 'review', folder, '--train-days', '60');
    equal(status, 0);
    ok(stdout.includes('No day was judged') && stderr.includes('No day was judged'));
    ok(!stdout.includes('Nothing stood out'));
  });

  for (const wrong of ['2001-01-01', '2062-01-01'])
    test(`a row with the date ${wrong} moves neither the training days nor a verdict, and is named`, () => {
      const stray = changed((name, text) => (name === 'accesses' ? `${text}${strayRow(text, wrong)}\n` : text));
      deepEqual(stray.strayDays, [wrong]);
      deepEqual([stray.firstDay, stray.lastDay], [review.firstDay, review.lastDay]);
      deepEqual(stray.cases.map(keyOf), review.cases.map(keyOf));
    });
});

/** The last row of the log again, on another day. */
function strayRow(text: string, day: string): string {
  return `${day}T09:00:00Z${(text.trimEnd().split('\n').at(-1) ?? '').replace(/^[^,]*/, '')}`;
}

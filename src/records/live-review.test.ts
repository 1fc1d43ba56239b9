import { deepEqual, equal, ok } from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { AccessCase, ReviewCase } from './case.ts';
import { readHospital } from './hospital.ts';
import type { KeptAccess } from './kept-access.ts';
import { CareBook } from './live-care.ts';
import { LiveReview, type LiveVerdict } from './live-review.ts';
import { readLooks } from './model/looks.ts';
import { type ReviewOptions, reviewRecords } from './review.ts';
import { simulateHospital } from './simulate/hospital.ts';
import { FAMILIES, type Parameters } from './simulate/parameters.ts';
import { newReport } from './table.ts';
import { dayText, Zone } from './zone.ts';

const OPTIONS: ReviewOptions = { budget: 2, trainDays: 14, zone: 'Europe/London', pseudonymKey: null };
const PARAMETERS: Parameters = {
  ...(FAMILIES['D'] as Parameters),
  firstDay: '2026-01-05',
  incidentsFrom: 14,
  addresses: 1,
  ownLinked: 1,
};
/** 2026-02-02, a Monday: four weeks are known before it, and one is to come. */
const STREAMED_FROM = '2026-02-02';
const zone = new Zone(OPTIONS.zone);
const startOf = (day: string) => zone.startOf(Date.parse(`${day}T00:00:00Z`) / 86_400_000);

let rowsMade = 0;
let folder = '';
let accesses: KeptAccess[] = [];
let strangers: string[] = [];
let night: readonly ReviewCase[] = [];
const made: string[] = [];

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-live-'));
  made.push(folder);
  simulateHospital({ seed: 4, days: 35, staff: 300, patients: 9000, folder, parameters: PARAMETERS });
  accesses = accessesIn(folder);
  const opened = new Set(accesses.map(({ patient }) => patient));
  const rows = readFileSync(path.join(folder, 'patients.csv'), 'utf8').trim().split('\n').slice(1);
  strangers = rows.map((row) => row.split(',')[0] ?? '').filter((patient) => !opened.has(patient));
  night = reviewRecords(folder, OPTIONS).cases;
});
after(() => {
  for (const one of made) rmSync(one, { recursive: true, force: true });
});

function accessesIn(from: string): KeptAccess[] {
  const [header = '', ...rows] = readFileSync(path.join(from, 'accesses.csv'), 'utf8').trim().split('\n');
  const columns = header.split(',');
  return rows
    .map((row) => {
      const cells = row.split(',');
      const of = (name: string) => cells[columns.indexOf(name)] ?? '';
      return access(Date.parse(of('time')), of('user'), of('patient'), {
        action: of('action'),
        location: of('location'),
        host: of('host'),
        session: of('session'),
        sequence: of('sequence'),
        outcome: of('outcome'),
      });
    })
    .sort((a, b) => a.at - b.at);
}

function access(at: number, user: string, patient: string, more: Partial<KeptAccess> = {}): KeptAccess {
  const none = { action: 'read', resource: '', device: '', location: '', purpose: '', breakGlass: '', host: '' };
  const sequence = `made-${rowsMade++}`;
  return { at, user, patient, ...none, address: '', session: '', sequence, outcome: '0', ...more };
}

/** A review that knows everything before `day`, or before an instant of it. */
function knowing(known: readonly KeptAccess[], now: number, of = folder, options = OPTIONS): LiveReview {
  const hospital = readHospital(of, zone, newReport(), null, new CareBook().close());
  const book = readLooks({ accesses: known, folder: of, care: null }, hospital);
  return new LiveReview(hospital, book, options, now);
}

interface Told {
  readonly at: number;
  readonly verdict: LiveVerdict;
}

function stream(review: LiveReview, coming: readonly KeptAccess[]): Told[] {
  return coming.flatMap((one) => {
    review.hear(one, one.at);
    return review.verdicts().map((verdict) => ({ at: one.at, verdict }));
  });
}

function nameOf(one: ReviewCase): string {
  return 'user' in one ? `${one.user} ${one.day}` : `patient ${one.patient}`;
}

function firstLooks(told: readonly Told[]): Map<string, { at: number; case: ReviewCase }> {
  const looks = new Map<string, { at: number; case: ReviewCase }>();
  for (const { at, verdict } of told) {
    if (verdict.kind !== 'first-look' || looks.has(nameOf(verdict.case))) continue;
    looks.set(nameOf(verdict.case), { at, case: verdict.case });
  }
  return looks;
}

const knownBefore = () => accesses.filter(({ at }) => at < startOf(STREAMED_FROM));
const comingFrom = () => accesses.filter(({ at }) => at >= startOf(STREAMED_FROM));
/** A patient whose record nobody opened in these weeks: no care ties them to anybody. */
function stranger(n: number): string {
  return strangers[n] ?? '';
}

test('a first look is nothing that the night does not rank high too, and few are lowered', () => {
  const looks = firstLooks(stream(knowing(knownBefore(), startOf(STREAMED_FROM)), comingFrom()));
  const shown = new Map(night.map((one) => [nameOf(one), one]));
  const judged = night.filter((one) => ('user' in one ? one.day : one.to) >= STREAMED_FROM && one.alert);
  ok(looks.size >= 3, `${looks.size} first looks, ${judged.length} alerts of the night`);
  ok(
    [...looks.keys()].every((name) => shown.has(name)),
    [...looks.keys()].join(),
  );
  const confirmed = [...looks.keys()].filter(
    (name) => shown.get(name)?.alert === true || 'joins' in (shown.get(name) ?? {}),
  );
  ok(confirmed.length >= looks.size / 2, `${confirmed.length} of ${looks.size}`);
  ok(
    looks.size - confirmed.length <= Math.max(1, judged.length / 5),
    'the budget holds with those that the night lowers',
  );
});

test('whenever it is started again within the day, the same cases are told, and none is lost', () => {
  const whole = firstLooks(stream(knowing(knownBefore(), startOf(STREAMED_FROM)), comingFrom()));
  const [first] = whole.values();
  ok(first !== undefined);
  // A little before and after the moment of the first look.
  for (const cut of [first.at - 3_600_000, first.at, first.at + 7_200_000]) {
    const known = accesses.filter(({ at }) => at <= cut);
    const again = knowing(known, cut);
    const told = firstLooks([
      ...again.verdicts().map((verdict) => ({ at: cut, verdict })),
      ...stream(
        again,
        accesses.filter(({ at }) => at > cut),
      ),
    ]);
    const later = [...whole].filter(([, { at }]) => dayText(zone.dayOf(at)) >= dayText(zone.dayOf(cut)));
    for (const [name] of later) ok(told.has(name), `${name} after a start at ${new Date(cut).toISOString()}`);
  }
});

test('how often it is asked changes nothing of what is judged', () => {
  const often = [...firstLooks(stream(knowing(knownBefore(), startOf(STREAMED_FROM)), comingFrom())).keys()];
  const review = knowing(knownBefore(), startOf(STREAMED_FROM));
  const seldom: string[] = [];
  comingFrom().forEach((one, i) => {
    review.hear(one, one.at);
    if (i % 1000 === 999)
      for (const verdict of review.verdicts())
        if (verdict.kind === 'first-look' && !seldom.includes(nameOf(verdict.case))) seldom.push(nameOf(verdict.case));
  });
  for (const verdict of review.verdicts()) if (verdict.kind === 'first-look') seldom.push(nameOf(verdict.case));
  deepEqual([...new Set(seldom)].sort(), often.sort());
});

const BURSTS: readonly [what: string, from: string, host: string, action: string, kind: string][] = [
  ['a bulk export', 'T10:00:00Z', '', 'export', 'bulk'],
  ['an account at night from a machine that it never used', 'T02:30:00Z', 'somewhere-else', 'read', 'stolen-account'],
];
for (const [what, from, host, action, kind] of BURSTS)
  test(`${what} is told while it goes on, and what it adds is told again`, () => {
    const user = busiest();
    const at = Date.parse(`${STREAMED_FROM}${from}`);
    const usual = comingFrom().find((one) => one.user === user)?.host ?? '';
    const burst = Array.from({ length: 150 }, (_, i) =>
      access(at + i * 20_000, user, stranger(i), { action, host: host === '' ? usual : host }),
    );
    const told = stream(
      knowing(knownBefore(), startOf(STREAMED_FROM)),
      [...comingFrom().filter((one) => one.at < at), ...burst].sort((a, b) => a.at - b.at),
    );
    const own = told.filter(({ verdict }) => verdict.kind === 'first-look' && nameOf(verdict.case).startsWith(user));
    const first = own[0];
    ok(
      first !== undefined && first.at < at + 30 * 20_000,
      `told after ${own.length === 0 ? 'none' : new Date(first?.at ?? 0).toISOString()}`,
    );
    const last = own.at(-1)?.verdict;
    ok(
      last?.kind === 'first-look' && (last.case as AccessCase).kinds.includes(kind as AccessCase['kinds'][number]),
      JSON.stringify(last),
    );
    ok(own.length < 12, `told ${own.length} times`);
  });

/** Who opens most records, and has their own machines. */
function busiest(): string {
  const counts = new Map<string, number>();
  for (const { user, host } of knownBefore()) if (host !== '') counts.set(user, (counts.get(user) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[20]?.[0] ?? '';
}

test('somebody whose case is open is not told again for a week', () => {
  const user = busiest();
  const burst = (day: string, from: number) =>
    Array.from({ length: 60 }, (_, i) => access(Date.parse(`${day}T10:00:00Z`) + i * 20_000, user, stranger(from + i)));
  const coming = [...comingFrom(), ...burst('2026-02-02', 0), ...burst('2026-02-04', 60)].sort((a, b) => a.at - b.at);
  const own = [...firstLooks(stream(knowing(knownBefore(), startOf(STREAMED_FROM)), coming)).keys()].filter((name) =>
    name.startsWith(user),
  );
  deepEqual(own, [`${user} 2026-02-02`]);
});

test('a relationship that comes late withdraws the first look that it explains', () => {
  const staff = readFileSync(path.join(folder, 'staff.csv'), 'utf8').split('\n');
  const [user = '', , home = ''] = staff.find((row) => /^u\d+,nurse,S\d-ward/.test(row))?.split(',') ?? [];
  const at = Date.parse(`${STREAMED_FROM}T10:00:00Z`);
  const burst = Array.from({ length: 40 }, (_, i) => access(at + i * 20_000, user, stranger(i)));
  const review = knowing(knownBefore(), startOf(STREAMED_FROM));
  ok(stream(review, burst).some(({ verdict }) => verdict.kind === 'first-look'));
  const book = new CareBook();
  for (const { patient } of burst)
    book.add({
      at,
      receivedAt: at,
      fields: {
        patient: [patient],
        care: [{ is: 'step', key: patient, step: 'in', department: home, since: at - 7_200_000, days: null }],
      },
    });
  review.relate(book.close());
  deepEqual(
    review.verdicts().map(({ kind }) => kind),
    ['lowered'],
  );
  // Found and explained before anybody was told: nothing is said.
  const other = knowing(knownBefore(), startOf(STREAMED_FROM));
  other.verdicts();
  for (const one of burst) other.hear(one, one.at);
  ok(other.hasNews);
  other.relate(book.close());
  deepEqual(other.verdicts(), []);
});

test('a sealed record without a direct relationship, and break-glass, are listed when they come', () => {
  const copy = mkdtempSync(path.join(tmpdir(), 'wardwatch-live-'));
  made.push(copy);
  cpSync(folder, copy, { recursive: true });
  const [header = '', ...rows] = readFileSync(path.join(copy, 'patients.csv'), 'utf8').trim().split('\n');
  const sealed = stranger(0);
  const named = header.split(',').includes('sealed') ? header : `${header},sealed`;
  const column = named.split(',').indexOf('sealed');
  const changed = rows.map((row) => {
    const cells = row.split(',');
    if (cells[0] === sealed) cells[column] = '1';
    return cells.join(',');
  });
  writeFileSync(path.join(copy, 'patients.csv'), `${[named, ...changed].join('\n')}\n`);
  const at = Date.parse(`${STREAMED_FROM}T10:00:00Z`);
  const review = knowing(knownBefore(), startOf(STREAMED_FROM), copy);
  // Those of the last day that is known.
  review.verdicts();
  const told = stream(review, [
    access(at, busiest(), sealed),
    access(at + 1000, busiest(), sealed),
    access(at + 2000, busiest(), stranger(1)),
    access(at + 3000, busiest(), stranger(1), { breakGlass: 'unconscious, no next of kin' }),
    access(at + 4000, busiest(), stranger(1), { breakGlass: 'unconscious, no next of kin' }),
  ]);
  deepEqual(
    told.map(({ at: when, verdict }) =>
      verdict.kind === 'item'
        ? [when - at, verdict.item.kind, verdict.item.patient, verdict.item.reason, verdict.item.explained]
        : verdict.kind,
    ),
    [
      [0, 'sealed', sealed, null, false],
      [3000, 'break-glass', stranger(1), 'unconscious, no next of kin', false],
    ],
  );
});

test('a day that is over, and one that has not begun, are left to the night', () => {
  const review = knowing(knownBefore(), startOf(STREAMED_FROM));
  const at = Date.parse(`${STREAMED_FROM}T10:00:00Z`);
  review.hear(access(at, busiest(), stranger(0)), at);
  equal(review.today, STREAMED_FROM);
  review.hear(access(at - 86_400_000, busiest(), stranger(1)), at);
  review.hear(access(at + 3 * 86_400_000, busiest(), stranger(2)), at);
  deepEqual([review.left, review.today], [2, STREAMED_FROM]);
});

test('while it still learns what is usual, it judges nothing and lists what policy wants', () => {
  const few = accesses.filter(({ at }) => at < startOf('2026-01-10'));
  const review = knowing(few, startOf('2026-01-10'));
  review.verdicts();
  equal(review.today, null);
  const at = Date.parse('2026-01-12T10:00:00Z');
  const burst = Array.from({ length: 100 }, (_, i) =>
    access(at + i * 20_000, busiest(), stranger(i), { breakGlass: i === 0 ? 'x' : '' }),
  );
  deepEqual(
    stream(review, burst)
      .flatMap(({ verdict }) => (verdict.kind === 'item' ? verdict.item.kind : verdict.kind))
      .filter((kind) => kind !== 'sealed'),
    ['break-glass'],
  );
});

test('a log-in that is used in two places at once, day after day, is a shift’s case and not a person’s', () => {
  const [user, other] = [busiest(), stranger(200)];
  const twice = (one: KeptAccess): KeptAccess[] => [
    one,
    { ...one, at: one.at + 20_000, patient: other, host: 'ward-pc-a', sequence: `${one.sequence}a` },
    { ...one, at: one.at + 40_000, host: 'ward-pc-b', patient: stranger(201), sequence: `${one.sequence}b` },
    { ...one, at: one.at + 60_000, host: 'ward-pc-a', patient: stranger(202), sequence: `${one.sequence}c` },
    { ...one, at: one.at + 80_000, host: 'ward-pc-b', patient: stranger(203), sequence: `${one.sequence}d` },
    { ...one, at: one.at + 100_000, host: 'ward-pc-a', patient: stranger(204), sequence: `${one.sequence}e` },
  ];
  const at = Date.parse(`${STREAMED_FROM}T10:00:00Z`);
  const burst = Array.from({ length: 60 }, (_, i) => access(at + i * 20_000, user, stranger(i), { host: 'ward-pc-a' }));
  const caseFrom = (known: readonly KeptAccess[]) =>
    stream(
      knowing(
        known.toSorted((a, b) => a.at - b.at),
        startOf(STREAMED_FROM),
      ),
      burst,
    ).flatMap(({ verdict }) =>
      verdict.kind === 'first-look' && nameOf(verdict.case).startsWith(user) ? [verdict.case as AccessCase] : [],
    );
  const [own] = caseFrom(knownBefore());
  equal(own?.shared, undefined);
  const firstOfDay = new Map(
    knownBefore()
      .filter((one) => one.user === user)
      .map((one) => [dayText(zone.dayOf(one.at)), one]),
  );
  const [shared] = caseFrom(
    knownBefore().flatMap((one) => ([...firstOfDay.values()].includes(one) ? twice(one) : [one])),
  );
  ok(shared?.shared !== undefined, JSON.stringify(shared?.plain));
  deepEqual(shared.shared.devices, ['ward-pc-a']);
  ok(shared.plain.includes('seems to be shared'));
});

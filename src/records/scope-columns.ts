import { hasFailed } from './accesses.ts';
import { readHospital } from './hospital.ts';
import { accountKey, hostKeys } from './same-name.ts';
import { answerFrom, type ScopeAnswer, type ScopeGap, type ScopeQuestion } from './scope-answer.ts';
import { LIKELY, ScopeWork, type Seat, type Verdict } from './scope.ts';
import type { SequenceGaps } from './sequence.ts';
import { newReport, setAside } from './table.ts';
import { DAY_MS, Zone } from './zone.ts';

/** Accesses that are kept in columns, as far as scope asks about them. Instants are UTC ms, windows half-open. */
export interface AccessColumns {
  /** Quarter-hours since 1970 in which anything was accessed. */
  readonly quarters: Iterable<number>;
  /** Which of `host`, `address` and `session` any access has. */
  readonly given: ReadonlySet<string>;
  /** Accesses whose time lies outside the years that are believed: they are not among the others. */
  readonly unreadable: number;
  /** Names that stand in the log and have one of these keys: `accountKey`, `hostKeys`, the address itself. */
  names(
    kind: NameKind,
    keys: readonly string[],
  ): Promise<readonly { readonly name: string; readonly isNamed: boolean }[]>;
  /** Finds the accesses of these in the window, for all that follows. Resolves to the first of each seat and UTC day. */
  find(named: Named, from: number, to: number): Promise<readonly Seat[]>;
  /** Sessions that were used before an instant, on its UTC day or the one before, and from it on, on its day or the next. */
  sessionsAcross(at: number, to: number): Promise<readonly string[]>;
  /**
   * The first access of each seat and UTC day in these sessions.
   *
   * @param accounts who used them, as far as is known; `null`: nothing is known
   */
  seatsIn(
    sessions: readonly string[],
    accounts: readonly string[] | null,
    from: number,
    to: number,
  ): Promise<readonly Seat[]>;
  /**
   * Adds to what was found, of its window: all accesses of these accounts, those in these sessions that do not say by whom,
   * and those that leave out one of the columns.
   */
  findMore(accounts: readonly string[], sessions: readonly string[], blank: readonly BlankColumn[]): Promise<void>;
  /** Those of all that was found, by UTC day. */
  seatsFound(): Promise<readonly SeatOfDay[]>;
  /** The accesses found that fall into a slice. */
  groups(slices: readonly Slice[]): Promise<readonly Group[]>;
  /** Outcomes of the accesses in the window found for `find` that do not say whose record it was. */
  unnamed(): Promise<readonly { readonly outcome: string; readonly accesses: number }[]>;
  /** Holes in the log’s numbers. */
  numbering(from: number, to: number): Promise<SequenceGaps>;
}

export type NameKind = 'account' | 'host' | 'address';
export type BlankColumn = 'user' | 'host' | 'address';

/** As they stand in the log. */
export interface Named {
  readonly accounts: readonly string[];
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
}

/** `at` is its first access of the day, `last` its last one. */
export interface SeatOfDay extends Seat {
  readonly id: number;
  readonly last: number;
}

/** The accesses of a seat and day from one instant to before another, of which the verdict is the same. */
export interface Slice {
  readonly seat: number;
  readonly from: number;
  readonly to: number;
  readonly verdict: number;
}

/** Accesses to one patient’s record with one verdict and one outcome. */
export interface Group {
  readonly verdict: number;
  readonly patient: string;
  readonly outcome: string;
  readonly accesses: number;
  readonly first: number;
  readonly last: number;
  readonly resources: readonly string[];
  readonly actions: readonly string[];
}

const QUARTER_MS = 900_000;

/**
 * The same answer as `scopeOf` of the same accesses, to the last letter and the hash, without holding them: what was
 * touched is found in columns, what that means is judged by the same code.
 *
 * @returns what makes the answer of it, and of what else is known to be missing
 */
export async function judgeColumns(
  columns: AccessColumns,
  question: ScopeQuestion,
  timeZone: string,
): Promise<(gaps: readonly ScopeGap[]) => ScopeAnswer> {
  const zone = new Zone(timeZone);
  const hospital = readHospital(null, zone, newReport(), (text) => text);
  const work = new ScopeWork(hospital, question, true);
  for (const quarter of columns.quarters) work.surveyDay(zone.dayOf(quarter * QUARTER_MS));
  const named = await namesIn(columns, question, work);
  const sessions = await surveySessions(columns, named, question, work);
  await columns.findMore(work.reached(), sessions, blankColumns(question));
  await collect(columns, question, work);
  for (const { outcome, accesses } of await columns.unnamed())
    if (!hasFailed(outcome)) work.collectBlank('patient', accesses);
  const shown = work.gaps(await columns.numbering(question.from, question.to));

  const report = newReport();
  for (const column of ['host', 'address', 'session'])
    if (!columns.given.has(column)) report.missing.push(`accesses.csv: ${column}`);
  for (let count = 0; count < columns.unreadable; count++)
    setAside(report, 'events', count + 1, 'time lies outside the years 1990 to 2099');
  return (known) => answerFrom(work, question, { report, rowsSetAside: columns.unreadable, shown, known });
}

/** The names in the log that are, or may be, those that were asked for. */
async function namesIn(columns: AccessColumns, question: ScopeQuestion, work: ScopeWork): Promise<Named> {
  const of = async (kind: NameKind, keys: readonly string[]) => {
    const names = keys.length === 0 ? [] : await columns.names(kind, [...new Set(keys)]);
    return names.filter(({ name, isNamed }) => work.surveyName(kind, name, isNamed)).map(({ name }) => name);
  };
  return {
    accounts: await of('account', question.accounts.map(accountKey)),
    hosts: await of('host', question.hosts.flatMap(hostKeys)),
    addresses: await of('address', question.addresses),
  };
}

/** Finds the accesses that the question names, and tells of the sessions that they belong to. Resolves to these. */
async function surveySessions(
  columns: AccessColumns,
  named: Named,
  { from, to }: ScopeQuestion,
  work: ScopeWork,
): Promise<readonly string[]> {
  const found = await columns.find(named, from, to);
  const own = sessionsOf(found);
  // A session that began at a place before the window may show in the window elsewhere only.
  const across = named.hosts.length + named.addresses.length > 0 ? await columns.sessionsAcross(from, to) : [];
  const before = await seatsBefore(columns, [...new Set([...own, ...across])], from);
  const [hosts, addresses] = [new Set(named.hosts), new Set(named.addresses)];
  const atPlace = sessionsOf(before.filter(({ host, address }) => hosts.has(host) || addresses.has(address)));
  const sessions = new Set([...own, ...atPlace]);
  if (sessions.size === 0) return [];
  const seats = [...found, ...before].filter(({ session }) => sessions.has(session));
  const accounts = [...new Set(seats.map(({ user }) => user))];
  seats.push(...(await columns.seatsIn([...sessions], accounts, from, to)));
  for (const seat of seats) work.surveySeat(seat);
  return [...sessions];
}

/** What these sessions did before an instant, for as long as no day lies between without them. */
async function seatsBefore(columns: AccessColumns, all: readonly string[], from: number): Promise<readonly Seat[]> {
  const seats: Seat[] = [];
  let sessions = all;
  let end = from;
  for (let day = Math.floor(from / DAY_MS) - 1; sessions.length > 0; day--) {
    const earlier = await columns.seatsIn(sessions, null, day * DAY_MS, end);
    seats.push(...earlier);
    sessions = sessionsOf(earlier.filter(({ at }) => at < (day + 1) * DAY_MS));
    end = day * DAY_MS;
  }
  return seats;
}

function sessionsOf(seats: readonly Seat[]): string[] {
  return [...new Set(seats.map(({ session }) => session).filter((session) => session !== ''))];
}

function blankColumns({ accounts, hosts, addresses }: ScopeQuestion): BlankColumn[] {
  return [
    ...(accounts.length > 0 ? (['user'] as const) : []),
    ...(hosts.some((host) => host !== '') ? (['host'] as const) : []),
    ...(addresses.some((address) => address !== '') ? (['address'] as const) : []),
  ];
}

/** What is said of some slices, and what they leave out of what was asked. */
interface Said extends Verdict {
  readonly blank: readonly BlankColumn[];
}

async function collect(columns: AccessColumns, question: ScopeQuestion, work: ScopeWork): Promise<void> {
  const blank = blankColumns(question);
  const said: Said[] = [];
  const known = new Map<string, number>();
  const slices: Slice[] = [];
  for (const seat of await columns.seatsFound())
    for (const { from, to } of slicesOf(seat, work)) {
      const verdict = work.verdictOn({ ...seat, at: from });
      const own = { ...verdict, blank: verdict.rank < LIKELY ? blank.filter((column) => seat[column] === '') : [] };
      if (own.rank < 0 && own.blank.length === 0) continue;
      const key = JSON.stringify(own);
      const index = known.get(key) ?? said.push(own) - 1;
      known.set(key, index);
      slices.push({ seat: seat.id, from, to, verdict: index });
    }
  for (const { verdict: index, outcome, ...group } of await columns.groups(slices)) {
    const verdict = said[index];
    if (verdict === undefined) continue;
    if (hasFailed(outcome)) {
      if (verdict.rank >= 0) work.failed += group.accesses;
      continue;
    }
    for (const column of verdict.blank) work.collectBlank(column, group.accesses, group.patient);
    if (verdict.rank >= 0) work.collectGroup({ ...group, verdict });
  }
}

/** Between the instants at which the verdict on the seat may turn. */
function slicesOf(seat: SeatOfDay, work: ScopeWork): { readonly from: number; readonly to: number }[] {
  const turns = work.turnsAt(seat).filter((at) => at > seat.at && at <= seat.last);
  const starts = [...new Set([seat.at, ...turns])].sort((a, b) => a - b);
  return starts.map((from, index) => ({ from, to: starts[index + 1] ?? seat.last + 1 }));
}

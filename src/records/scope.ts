import { type Access, folderOf, hasFailed, readAccesses, type RecordsInput } from './accesses.ts';
import { type Hospital, readHospital } from './hospital.ts';
import type { KeptAccess } from './kept-access.ts';
import { isExport, isPrint } from './model/looks.ts';
import {
  type ScopeQuestion,
  type Certainty,
  type ScopePatient,
  type ScopeGap,
  type ScopeAnswer,
  answerFrom,
} from './scope-answer.ts';
import { type SequenceGap, type SequenceGaps, SequenceWatch } from './sequence.ts';
import type { PseudonymKey } from './pseudonym.ts';
import { newReport } from './table.ts';
import { compareAccounts, isSameHost } from './same-name.ts';
import { DAY_MS, dayText, type LocalDay, Zone } from './zone.ts';

const RANK: Readonly<Record<Certainty, number>> = { possible: 0, likely: 1, certain: 2 };
/** With this rank and above, an access is no longer only possible. */
export const LIKELY = RANK.likely;
const BY_RANK: readonly Certainty[] = ['possible', 'likely', 'certain'];

/**
 * A session, as far as the question needs it. Systems use the ids of sessions again: those of one id are one session only
 * if no whole UTC day lies between them without it.
 */
interface Session {
  readonly id: string;
  /** The days on which it was used, by number since 1970. */
  fromDay: number;
  toDay: number;
  /** Its first access, and where that was made. */
  startedAt: number;
  /** `host pc3`, when it began at a place that was asked for. */
  beganAt: string | null;
  /** Its first access in the window that the question names directly. */
  namedAt: number;
  /** It was used in the window; another is none of the question's business. */
  isInWindow: boolean;
  /** The first access of each account in it. */
  readonly users: Map<number, number>;
}

/** An account that was asked for. */
interface Named {
  readonly asked: string;
  readonly rank: number;
}

/** A seat, with its account by number. */
type SeatOfUser = Pick<Access, 'user' | 'host' | 'address' | 'session' | 'at' | 'wholeDay'>;

interface Found {
  rank: number;
  readonly reasons: Set<string>;
  accesses: number;
  first: number;
  last: number;
  readonly resources: Set<string>;
  printed: boolean;
  exported: boolean;
}

/**
 * Whose records were touched. *Certain*: the row itself names the account, machine or address. *Likely*: it belongs to a
 * session that began there, or in which the account was at work. *Possible*: another account that such a session used,
 * from then on; its owner worked too.
 */
export function scopeOf(
  input: RecordsInput,
  question: ScopeQuestion,
  options: {
    readonly zone: string;
    readonly pseudonymKey: PseudonymKey | null;
    /** What is known to be missing, besides what the accesses show. */
    readonly gaps?: readonly ScopeGap[];
  },
): ScopeAnswer {
  const report = newReport();
  const zone = new Zone(options.zone);
  const hospital = readHospital(folderOf(input), zone, report, options.pseudonymKey);
  // What relationships could not be read does not matter to who touched what.
  const relationRows = report.setAsideCount;
  const work = new ScopeWork(hospital, question, typeof input !== 'string');
  readAccesses(input, hospital, (access) => work.survey(access));
  const rowsSetAside = report.setAsideCount - relationRows;
  const again = { ...hospital, report: newReport() };
  readAccesses(input, again, (access) => work.collect(access));
  if (typeof input !== 'string') for (const access of input.accesses) work.noteUnnamed(access);
  return answerFrom(work, question, { report, rowsSetAside, shown: work.gaps(), known: options.gaps ?? [] });
}

/** Who did something, and where. */
export type Seat = Pick<KeptAccess, 'user' | 'host' | 'address' | 'session' | 'at'>;

/** Why an access is in scope; `rank` -1: it is not. */
export interface Verdict {
  readonly rank: number;
  readonly reasons: readonly string[];
}

/** Accesses to one patient’s record that have one verdict and that showed something. */
export interface ScopeGroup {
  readonly patient: string;
  readonly verdict: Verdict;
  readonly accesses: number;
  /** UTC ms. */
  readonly first: number;
  readonly last: number;
  readonly resources: readonly string[];
  readonly actions: readonly string[];
}

/** What the question and the sessions make of accesses. It is told of all that happened, then asked about each access. */
export class ScopeWork {
  failed = 0;
  readonly #hospital: Hospital;
  readonly #question: ScopeQuestion;
  /** By user: how surely it is an account that was asked for, and which; `null`: it is none. */
  readonly #accounts = new Map<number, Named | null>();
  readonly #isByName: boolean;
  readonly #hosts: ReadonlySet<string>;
  readonly #hostNames = new Map<string, string | null>();
  readonly #addresses: ReadonlySet<string>;
  readonly #sessions = new Map<string, Session[]>();
  readonly #sequence = new SequenceWatch();
  readonly #days = new Set<LocalDay>();
  readonly #seen = new Set<string>();
  /** Accounts that a session in question used: since when, and in which session. */
  readonly #reached = new Map<number, { at: number; session: Session }>();
  #reachedReady = false;
  readonly #found = new Map<number, Found>();
  /** By column that was asked about: rows of the window in which it is blank. */
  readonly #blank = new Map<'host' | 'address' | 'user' | 'patient', number>();
  readonly #blankPatients = new Set<number>();

  /** @param isByName true if names of accounts and machines are compared as people write them; else they are keys */
  constructor(hospital: Hospital, question: ScopeQuestion, isByName: boolean) {
    this.#hospital = hospital;
    this.#question = question;
    this.#isByName = isByName;
    // A row that does not say where it was made was not made at the place of that name.
    this.#hosts = new Set(question.hosts.filter((host) => host !== ''));
    this.#addresses = new Set(question.addresses.filter((address) => address !== ''));
  }

  unseen(): string[] {
    const { accounts, hosts, addresses } = this.#question;
    return [
      ...accounts.filter((account) => !this.#seen.has(`account ${account}`)).map((account) => `account ${account}`),
      ...hosts.filter((host) => !this.#seen.has(`host ${host}`)).map((host) => `host ${host}`),
      ...addresses.filter((address) => !this.#seen.has(`address ${address}`)).map((address) => `address ${address}`),
    ];
  }

  /** `null`: not an account that was asked for. */
  #accountOf(user: number): Named | null {
    let named = this.#accounts.get(user);
    if (named === undefined) {
      named = this.#compared(this.#hospital.users.textOf(user));
      this.#accounts.set(user, named);
    }
    return named;
  }

  #compared(found: string): Named | null {
    const { accounts } = this.#question;
    if (accounts.includes(found)) return { asked: found, rank: RANK.certain };
    if (!this.#isByName) return null;
    const compared = accounts.map((asked) => [asked, compareAccounts(asked, found)] as const);
    const [asked] = compared.find(([, likeness]) => likeness === 'same') ?? [];
    if (asked !== undefined) return { asked, rank: RANK.certain };
    const [perhaps] = compared.find(([, likeness]) => likeness === 'perhaps') ?? [];
    return perhaps === undefined ? null : { asked: perhaps, rank: RANK.possible };
  }

  /** The machine that was asked for, as it was asked for; `null`: another. */
  #hostOf(host: string): string | null {
    if (this.#hosts.has(host)) return host;
    if (!this.#isByName || host === '' || this.#hosts.size === 0) return null;
    let asked = this.#hostNames.get(host);
    if (asked === undefined) {
      asked = [...this.#hosts].find((each) => isSameHost(each, host)) ?? null;
      this.#hostNames.set(host, asked);
    }
    return asked;
  }

  /** First pass: where sessions began, and what the log leaves out. */
  survey(access: Access): void {
    const { zone } = this.#hospital;
    this.#days.add(zone.dayOf(access.at));
    const account = this.#accountOf(access.user);
    if (account !== null) this.#seen.add(`account ${account.asked}`);
    const host = this.#hostOf(access.host);
    if (host !== null) this.#seen.add(`host ${host}`);
    if (this.#addresses.has(access.address)) this.#seen.add(`address ${access.address}`);
    this.#sequence.add(access.sequence, access.at, access.host, access.user, access.session);
    this.#surveySession(access);
  }

  /** Part of the first pass: of some accesses the first of each account, machine, address, session and UTC day is enough. */
  surveySeat(seat: Seat): void {
    this.#surveySession({ ...seat, user: this.#hospital.users.idOf(seat.user), wholeDay: false });
  }

  /**
   * Part of the first pass: a name that stands in the log.
   *
   * @param isNamed whether an access of it names a patient: others are no part of any answer
   * @returns true if it is, or may be, one that was asked for
   */
  surveyName(kind: 'account' | 'host' | 'address', name: string, isNamed: boolean): boolean {
    const asked = this.#asked(kind, name);
    if (asked !== null && isNamed) this.#seen.add(`${kind} ${asked}`);
    return asked !== null;
  }

  #asked(kind: 'account' | 'host' | 'address', name: string): string | null {
    if (kind === 'account') return this.#compared(name)?.asked ?? null;
    if (kind === 'host') return this.#hostOf(name);
    return this.#addresses.has(name) ? name : null;
  }

  surveyDay(day: LocalDay): void {
    this.#days.add(day);
  }

  #surveySession(access: SeatOfUser): void {
    if (access.session === '') return;
    const session = this.#sessionFor(access);
    if (access.at <= session.startedAt) {
      const place = this.#placeOf(access);
      // Of several rows in its first instant, one at a place that was asked for decides, whatever their order.
      session.beganAt =
        access.at < session.startedAt ? place : firstOf([place, session.beganAt].filter((each) => each !== null));
      session.startedAt = access.at;
    }
    if (this.#isInside(access)) {
      session.isInWindow = true;
      if (this.#namedBy(access).rank >= RANK.likely) session.namedAt = Math.min(session.namedAt, access.at);
    }
    if (access.at < (session.users.get(access.user) ?? Number.POSITIVE_INFINITY))
      session.users.set(access.user, access.at);
  }

  #sessionOf({ session, at }: Pick<Seat, 'session' | 'at'>): Session | undefined {
    const day = Math.floor(at / DAY_MS);
    return this.#sessions.get(session)?.find(({ fromDay, toDay }) => fromDay - 1 <= day && day <= toDay + 1);
  }

  #sessionFor({ session: id, at }: Pick<Seat, 'session' | 'at'>): Session {
    const day = Math.floor(at / DAY_MS);
    const known = this.#sessions.get(id) ?? [];
    const near = known.filter(({ fromDay, toDay }) => fromDay - 1 <= day && day <= toDay + 1);
    const [only] = near;
    if (only !== undefined && near.length === 1) {
      only.fromDay = Math.min(only.fromDay, day);
      only.toDay = Math.max(only.toDay, day);
      return only;
    }
    const session = near.reduce(oneSession, {
      id,
      fromDay: day,
      toDay: day,
      startedAt: Number.POSITIVE_INFINITY,
      beganAt: null,
      namedAt: Number.POSITIVE_INFINITY,
      isInWindow: false,
      users: new Map<number, number>(),
    });
    this.#sessions.set(id, [...known.filter((each) => !near.includes(each)), session]);
    return session;
  }

  #placeOf({ host, address }: Pick<Access, 'host' | 'address'>): string | null {
    const asked = this.#hostOf(host);
    if (asked !== null) return `host ${asked}`;
    return this.#addresses.has(address) ? `address ${address}` : null;
  }

  #isInside({ at, wholeDay }: Pick<Access, 'at' | 'wholeDay'>): boolean {
    const { from, to } = this.#question;
    if (!wholeDay) return at >= from && at < to;
    const { zone } = this.#hospital;
    return at < to && zone.startOf(zone.dayOf(at) + 1) > from;
  }

  /** A row with a date only, of a day that the window cuts. */
  #isUnsure({ at, wholeDay }: Access): boolean {
    if (!wholeDay) return false;
    const { zone } = this.#hospital;
    const { from, to } = this.#question;
    return at < from || zone.startOf(zone.dayOf(at) + 1) > to;
  }

  #namedBy({ user, host, address }: Pick<Access, 'user' | 'host' | 'address'>): { reasons: string[]; rank: number } {
    const reasons: string[] = [];
    let rank = -1;
    const account = this.#accountOf(user);
    if (account !== null) {
      const name = this.#hospital.users.textOf(user);
      const isSure = account.rank === RANK.certain;
      reasons.push(isSure ? `by account ${name}` : `by account ${name}, which may be ${account.asked}`);
      rank = account.rank;
    }
    const asked = this.#hostOf(host);
    if (asked !== null) reasons.push(`from host ${host}`);
    const isAddress = this.#addresses.has(address);
    if (isAddress) reasons.push(`from address ${address}`);
    return { reasons, rank: asked !== null || isAddress ? RANK.certain : rank };
  }

  #prepare(): void {
    this.#reachedReady = true;
    const { from, to } = this.#question;
    for (const session of [...this.#sessions.values()].flat()) {
      if (!session.isInWindow) continue;
      const began = session.beganAt !== null && session.startedAt < to ? session.startedAt : Number.POSITIVE_INFINITY;
      const since = Math.min(began, session.namedAt);
      if (since === Number.POSITIVE_INFINITY) continue;
      for (const [user, first] of session.users) {
        // Rows that do not say by whom are nobody’s account.
        if (this.#hospital.users.textOf(user) === '' || this.#accountOf(user)?.rank === RANK.certain) continue;
        const at = Math.max(first, since, from);
        const known = this.#reached.get(user);
        if (known === undefined || at < known.at || (at === known.at && isBefore(session, known.session)))
          this.#reached.set(user, { at, session });
      }
    }
  }

  /** Accounts that a session in question used. */
  reached(): string[] {
    if (!this.#reachedReady) this.#prepare();
    return [...this.#reached.keys()].map((user) => this.#hospital.users.textOf(user));
  }

  /** Instants from which the verdict on accesses at this seat may be another than before, of its session on that day. */
  turnsAt(seat: Seat): number[] {
    if (!this.#reachedReady) this.#prepare();
    const namedAt = seat.session === '' ? undefined : this.#sessionOf(seat)?.namedAt;
    const reachedAt = this.#reached.get(this.#hospital.users.idOf(seat.user))?.at;
    return [namedAt ?? Number.POSITIVE_INFINITY, reachedAt ?? Number.POSITIVE_INFINITY].filter(Number.isFinite);
  }

  /** Of an access in the window. */
  verdictOn(seat: Seat): Verdict {
    return this.#verdict({ ...seat, user: this.#hospital.users.idOf(seat.user), wholeDay: false });
  }

  #verdict(access: SeatOfUser): Verdict {
    if (!this.#reachedReady) this.#prepare();
    const { reasons, rank: named } = this.#namedBy(access);
    let rank = named;
    const session = access.session === '' ? undefined : this.#sessionOf(access);
    if (session !== undefined) {
      if (session.beganAt !== null) {
        const isInWindow = session.startedAt >= this.#question.from;
        reasons.push(
          `in session ${access.session}, which began at ${session.beganAt}${isInWindow ? '' : ' before the window'}`,
        );
        rank = Math.max(rank, isInWindow ? RANK.likely : RANK.possible);
      }
      if (rank < RANK.likely && access.at >= session.namedAt) {
        reasons.push(`in session ${access.session}, in which an account or place that was asked for was at work`);
        rank = RANK.likely;
      }
    }
    const reached = this.#reached.get(access.user);
    if (reached !== undefined && access.at >= reached.at && session !== reached.session) {
      reasons.push(
        `by account ${this.#hospital.users.textOf(access.user)}, which was used in session ${reached.session.id}`,
      );
      rank = Math.max(rank, RANK.possible);
    }
    return { rank, reasons };
  }

  /** Second pass: every access in the window that has a reason. */
  collect(access: Access): void {
    if (!this.#isInside(access)) return;
    let { rank, reasons } = this.#verdict(access);
    if (!access.succeeded) {
      if (rank >= 0) this.failed++;
      return;
    }
    if (rank < RANK.likely) this.#noteBlank(access);
    if (rank < 0) return;
    if (this.#isUnsure(access)) {
      reasons = [...reasons, 'the log gives the day only, which the window cuts'];
      rank = RANK.possible;
    }
    this.#keep(access.patient, rank, reasons, 1, access.at, access.at, [access.resource], [access.action]);
  }

  /** Second pass, for accesses that were counted elsewhere. */
  collectGroup({ patient, verdict, accesses, first, last, resources, actions }: ScopeGroup): void {
    const id = this.#hospital.patientId(patient);
    this.#keep(id, verdict.rank, verdict.reasons, accesses, first, last, resources, actions);
  }

  /** Accesses of the window that were counted elsewhere and do not say what was asked about. */
  collectBlank(column: 'host' | 'address' | 'user' | 'patient', count: number, patient: string | null = null): void {
    this.#countBlank(column, count);
    if (patient !== null) this.#blankPatients.add(this.#hospital.patientId(patient));
  }

  #noteBlank({ user, host, address, patient }: Access): void {
    const isUserBlank = this.#question.accounts.length > 0 && this.#hospital.users.textOf(user) === '';
    const isHostBlank = host === '' && this.#hosts.size > 0;
    const isAddressBlank = address === '' && this.#addresses.size > 0;
    if (isUserBlank) this.#countBlank('user');
    if (isHostBlank) this.#countBlank('host');
    if (isAddressBlank) this.#countBlank('address');
    if (isUserBlank || isHostBlank || isAddressBlank) this.#blankPatients.add(patient);
  }

  #countBlank(column: 'host' | 'address' | 'user' | 'patient', count = 1): void {
    this.#blank.set(column, (this.#blank.get(column) ?? 0) + count);
  }

  /** An access of the window, by what was asked for, that does not say whose record it was. */
  noteUnnamed({ at, patient, user, host, address, outcome }: KeptAccess): void {
    const { from, to } = this.#question;
    if (patient !== '' || at < from || at >= to || hasFailed(outcome)) return;
    const { rank } = this.#namedBy({ user: this.#hospital.users.idOf(user), host, address });
    if (rank >= 0) this.#countBlank('patient');
  }

  /** How many patients stand in rows that do not say what was asked about, and in no other. */
  patientsOfBlankRows(): number {
    let count = 0;
    for (const patient of this.#blankPatients) if (!this.#found.has(patient)) count++;
    return count;
  }

  #keep(
    patient: number,
    rank: number,
    reasons: readonly string[],
    accesses: number,
    first: number,
    last: number,
    resources: readonly string[],
    actions: readonly string[],
  ): void {
    let found = this.#found.get(patient);
    if (found === undefined) {
      found = {
        rank,
        reasons: new Set(),
        accesses: 0,
        first,
        last,
        resources: new Set(),
        printed: false,
        exported: false,
      };
      this.#found.set(patient, found);
    }
    found.rank = Math.max(found.rank, rank);
    for (const reason of reasons) found.reasons.add(reason);
    found.accesses += accesses;
    found.first = Math.min(found.first, first);
    found.last = Math.max(found.last, last);
    for (const resource of resources) if (resource !== '') found.resources.add(resource);
    for (const action of actions) {
      if (isPrint(action)) found.printed = true;
      if (isExport(action)) found.exported = true;
    }
  }

  /** Sorted by patient. */
  patients(): ScopePatient[] {
    const { patients } = this.#hospital;
    return [...this.#found]
      .map(([id, found]) => ({
        schema: 'wardwatch.scope-patient/1' as const,
        patient: patients.textOf(id),
        certainty: BY_RANK[found.rank] ?? 'possible',
        reasons: [...found.reasons].sort(),
        accesses: found.accesses,
        first: new Date(found.first).toISOString(),
        last: new Date(found.last).toISOString(),
        resources: [...found.resources].sort(),
        printed: found.printed,
        exported: found.exported,
      }))
      .sort((a, b) => (a.patient < b.patient ? -1 : 1));
  }

  /** @param numbering what is wrong with the log’s numbers, if they were looked at elsewhere */
  gaps(numbering?: SequenceGaps): ScopeGap[] {
    const { from, to } = this.#question;
    const { gaps, unnumbered } = numbering ?? this.#sequence.gapsIn(from, to);
    const lines = [...gaps.map(gapLine), ...this.#silentDays()];
    if (unnumbered > 0) lines.push({ kind: 'unreadable-numbers', count: unnumbered });
    for (const column of ['patient', 'user', 'host', 'address'] as const) {
      const count = this.#blank.get(column) ?? 0;
      if (count > 0) lines.push({ kind: 'blank-cells', column, count });
    }
    return lines;
  }

  /**
   * Days of the window on which nobody opened anything, unless that day of the week is always so. A day that the window
   * only cuts says nothing, unless the window is a part of that one day.
   */
  #silentDays(): ScopeGap[] {
    const { zone } = this.#hospital;
    const { from, to } = this.#question;
    if (to <= from) return [];
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const day of this.#days) {
      first = Math.min(first, day);
      last = Math.max(last, day);
    }
    const runs: { from: LocalDay; to: LocalDay }[] = [];
    const [begin, end] = [zone.dayOf(from), zone.dayOf(to - 1)];
    for (let day = begin; day <= end; day++) {
      if (begin < end && (zone.startOf(day) < from || zone.startOf(day + 1) > to)) continue;
      if (this.#days.has(day) || this.#isAlwaysSilent(day, first, last)) continue;
      const run = runs.at(-1);
      if (run !== undefined && run.to === day - 1) run.to = day;
      else runs.push({ from: day, to: day });
    }
    return runs.map((run) => ({ kind: 'silent-days', from: dayText(run.from), to: dayText(run.to) }));
  }

  #isAlwaysSilent(day: LocalDay, first: LocalDay, last: LocalDay): boolean {
    if (day < first || day > last) return false;
    let weeks = 0;
    for (let other = first + ((((day - first) % 7) + 7) % 7); other <= last; other += 7) {
      if (this.#days.has(other)) return false;
      weeks++;
    }
    return weeks >= 3;
  }
}

function gapLine({ kind, after, before, missing, from, to }: SequenceGap): ScopeGap {
  return { kind, after, before, missing, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** Two runs of one session id that a day between them joins. */
function oneSession(one: Session, other: Session): Session {
  const [first, second] = one.startedAt <= other.startedAt ? [one, other] : [other, one];
  const places = first.startedAt === second.startedAt ? [first.beganAt, second.beganAt] : [first.beganAt];
  const users = new Map(one.users);
  for (const [user, at] of other.users) users.set(user, Math.min(at, users.get(user) ?? Number.POSITIVE_INFINITY));
  return {
    id: one.id,
    fromDay: Math.min(one.fromDay, other.fromDay),
    toDay: Math.max(one.toDay, other.toDay),
    startedAt: first.startedAt,
    beganAt: firstOf(places.filter((place) => place !== null)),
    namedAt: Math.min(one.namedAt, other.namedAt),
    isInWindow: one.isInWindow || other.isInWindow,
    users,
  };
}

function firstOf(texts: readonly string[]): string | null {
  return [...texts].sort()[0] ?? null;
}

function isBefore(one: Session, other: Session): boolean {
  return one.id === other.id ? one.fromDay < other.fromDay : one.id < other.id;
}

import { createHash } from 'node:crypto';
import { type Access, folderOf, hasFailed, readAccesses, type RecordsInput } from './accesses.ts';
import { type Hospital, readHospital } from './hospital.ts';
import type { KeptAccess } from './kept-access.ts';
import { isExport, isPrint } from './model/looks.ts';
import { type SequenceGap, SequenceWatch } from './sequence.ts';
import type { PseudonymKey } from './pseudonym.ts';
import { newReport, type ReadReport } from './table.ts';
import { compareAccounts, isSameHost } from './same-name.ts';
import { dayText, type LocalDay, Zone } from './zone.ts';

export interface ScopeQuestion {
  readonly accounts: readonly string[];
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  /** Half-open, UTC ms. */
  readonly from: number;
  readonly to: number;
}

export type Certainty = 'certain' | 'likely' | 'possible';

export interface ScopePatient {
  readonly schema: 'wardwatch.scope-patient/1';
  readonly patient: string;
  readonly certainty: Certainty;
  readonly reasons: readonly string[];
  readonly accesses: number;
  readonly first: string;
  readonly last: string;
  readonly resources: readonly string[];
  readonly printed: boolean;
  readonly exported: boolean;
}

/** What the logs cannot show. */
export type ScopeGap =
  | {
      readonly kind: 'sequence';
      readonly after: number;
      readonly before: number;
      readonly missing: number;
      readonly from: string;
      readonly to: string;
    }
  /** Nobody opened anything on these local days, the last one included. */
  | { readonly kind: 'silent-days'; readonly from: string; readonly to: string }
  | { readonly kind: 'unreadable-rows'; readonly count: number }
  | { readonly kind: 'missing-column'; readonly column: string }
  /** Rows of the window that do not say what was asked about, and that nothing else brings into scope. */
  | { readonly kind: 'blank-cells'; readonly column: string; readonly count: number }
  /** Accesses of these times were kept once, and their time to be kept is over. */
  | { readonly kind: 'deleted'; readonly from: string; readonly to: string }
  /** A part of the archive that is missing or damaged. */
  | { readonly kind: 'damaged'; readonly what: string }
  /** Things of the window that a source sent and nobody could read. */
  | { readonly kind: 'set-aside'; readonly source: string; readonly count: number }
  /** Rows of the window with something else where the log has its numbers: holes there cannot be seen. */
  | { readonly kind: 'unreadable-numbers'; readonly count: number };

export interface ScopeTotal {
  readonly schema: 'wardwatch.scope/1';
  readonly patients: { readonly exact: number | null; readonly atLeast: number; readonly upTo: number };
  readonly accesses: number;
  readonly gaps: readonly ScopeGap[];
  readonly hash: string;
}

export interface ScopeAnswer {
  readonly patients: readonly ScopePatient[];
  readonly total: ScopeTotal;
  /** Accesses in scope that the log says were refused: nothing was seen, so they are not counted. */
  readonly failed: number;
  /** What was asked for and stands nowhere in the log: a mistyped name must not pass for a clean answer. */
  readonly unseen: readonly string[];
  readonly report: ReadReport;
}

const RANK: Readonly<Record<Certainty, number>> = { possible: 0, likely: 1, certain: 2 };
const BY_RANK: readonly Certainty[] = ['possible', 'likely', 'certain'];

/** A session, as far as the question needs it. */
interface Session {
  /** Its first access in the whole log, and where that was made. */
  startedAt: number;
  /** `host pc3`, when it began at a place that was asked for. */
  beganAt: string | null;
  /** Its first access in the window that the question names directly. */
  namedAt: number;
}

/** An account that was asked for. */
interface Named {
  readonly asked: string;
  readonly rank: number;
}

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
  const patients = work.patients();
  const columns = columnGaps(question, report);
  // Of a column that is not there, every cell is blank: said once.
  const found = work.gaps().filter((gap) => gap.kind !== 'blank-cells' || !columns.includes(gap.column));
  const gaps = [
    ...found,
    ...columns.map((column) => ({ kind: 'missing-column' as const, column })),
    ...rowGaps(rowsSetAside),
    ...(options.gaps ?? []),
  ];
  const certain = patients.filter(({ certainty }) => certainty !== 'possible').length;
  const isExact = gaps.length === 0 && certain === patients.length;
  // Each row that is missing or could not be read may have been one patient more; of a row without the cell we know whom.
  const missing = gaps.reduce((sum, gap) => sum + hiddenBy(gap), work.patientsOfBlankRows());
  const totals = {
    patients: { exact: isExact ? patients.length : null, atLeast: certain, upTo: patients.length + missing },
    accesses: patients.reduce((sum, { accesses }) => sum + accesses, 0),
    gaps,
  };
  return {
    patients,
    total: { schema: 'wardwatch.scope/1', ...totals, hash: hashOf({ question, lines: patients, ...totals }) },
    failed: work.failed,
    unseen: work.unseen(),
    report,
  };
}

/** How many patients a gap may hide. Of blank cells we know the patients, but for those of the patient itself. */
function hiddenBy(gap: ScopeGap): number {
  switch (gap.kind) {
    case 'sequence':
      return gap.missing;
    case 'unreadable-rows':
    case 'set-aside':
      return gap.count;
    case 'blank-cells':
      return gap.column === 'patient' ? gap.count : 0;
    case 'silent-days':
    case 'deleted':
    case 'damaged':
    case 'missing-column':
    case 'unreadable-numbers':
      return 0;
  }
}

function hashOf(answer: object): string {
  return createHash('sha256').update(JSON.stringify(answer)).digest('hex');
}

function rowGaps(count: number): ScopeGap[] {
  return count === 0 ? [] : [{ kind: 'unreadable-rows', count }];
}

/** Columns without which the question cannot be answered in full. */
function columnGaps({ hosts, addresses }: ScopeQuestion, { missing }: ReadReport): string[] {
  const needed = [
    ...(hosts.length > 0 ? ['host'] : []),
    ...(addresses.length > 0 ? ['address'] : []),
    ...(hosts.length > 0 || addresses.length > 0 ? ['session'] : []),
  ];
  return needed.filter((column) => missing.includes(`accesses.csv: ${column}`));
}

class ScopeWork {
  failed = 0;
  readonly #hospital: Hospital;
  readonly #question: ScopeQuestion;
  /** By user: how surely it is an account that was asked for, and which; `null`: it is none. */
  readonly #accounts = new Map<number, Named | null>();
  readonly #isByName: boolean;
  readonly #hosts: ReadonlySet<string>;
  readonly #hostNames = new Map<string, string | null>();
  readonly #addresses: ReadonlySet<string>;
  readonly #sessions = new Map<string, Session>();
  readonly #sequence = new SequenceWatch();
  readonly #days = new Set<LocalDay>();
  readonly #seen = new Set<string>();
  /** Accounts that a session in question used: since when, and in which session. */
  readonly #reached = new Map<number, { at: number; session: string }>();
  #reachedReady = false;
  readonly #sessionUsers = new Map<string, Map<number, number>>();
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
    if (access.session === '') return;
    let session = this.#sessions.get(access.session);
    if (session === undefined) {
      session = { startedAt: Number.POSITIVE_INFINITY, beganAt: null, namedAt: Number.POSITIVE_INFINITY };
      this.#sessions.set(access.session, session);
    }
    if (access.at <= session.startedAt) {
      const place = this.#placeOf(access);
      // Of several rows in its first instant, one at a place that was asked for decides, whatever their order.
      if (access.at < session.startedAt) session.beganAt = place;
      else if (place !== null && (session.beganAt === null || place < session.beganAt)) session.beganAt = place;
      session.startedAt = access.at;
    }
    if (this.#isInside(access) && this.#namedBy(access).rank >= RANK.likely)
      session.namedAt = Math.min(session.namedAt, access.at);
    const users = this.#sessionUsers.get(access.session);
    if (users === undefined) this.#sessionUsers.set(access.session, new Map([[access.user, access.at]]));
    else if (access.at < (users.get(access.user) ?? Number.POSITIVE_INFINITY)) users.set(access.user, access.at);
  }

  #placeOf({ host, address }: Access): string | null {
    const asked = this.#hostOf(host);
    if (asked !== null) return `host ${asked}`;
    return this.#addresses.has(address) ? `address ${address}` : null;
  }

  #isInside({ at, wholeDay }: Access): boolean {
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
    for (const [name, session] of this.#sessions) {
      const began = session.beganAt !== null && session.startedAt < to ? session.startedAt : Number.POSITIVE_INFINITY;
      const since = Math.min(began, session.namedAt);
      if (since === Number.POSITIVE_INFINITY) continue;
      for (const [user, first] of this.#sessionUsers.get(name) ?? []) {
        if (this.#accountOf(user)?.rank === RANK.certain) continue;
        const at = Math.max(first, since, from);
        const known = this.#reached.get(user);
        if (known === undefined || at < known.at || (at === known.at && name < known.session))
          this.#reached.set(user, { at, session: name });
      }
    }
  }

  /** Second pass: every access in the window that has a reason. */
  collect(access: Access): void {
    if (!this.#reachedReady) this.#prepare();
    if (!this.#isInside(access)) return;
    const { reasons, rank: named } = this.#namedBy(access);
    let rank = named;
    const session = access.session === '' ? undefined : this.#sessions.get(access.session);
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
    if (reached !== undefined && access.at >= reached.at && access.session !== reached.session) {
      reasons.push(
        `by account ${this.#hospital.users.textOf(access.user)}, which was used in session ${reached.session}`,
      );
      rank = Math.max(rank, RANK.possible);
    }
    if (!access.succeeded) {
      if (rank >= 0) this.failed++;
      return;
    }
    if (rank < RANK.likely) this.#noteBlank(access);
    if (rank < 0) return;
    if (this.#isUnsure(access)) {
      reasons.push('the log gives the day only, which the window cuts');
      rank = RANK.possible;
    }
    this.#keep(access, rank, reasons);
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

  #countBlank(column: 'host' | 'address' | 'user' | 'patient'): void {
    this.#blank.set(column, (this.#blank.get(column) ?? 0) + 1);
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

  #keep(access: Access, rank: number, reasons: readonly string[]): void {
    let found = this.#found.get(access.patient);
    if (found === undefined) {
      found = {
        rank,
        reasons: new Set(),
        accesses: 0,
        first: access.at,
        last: access.at,
        resources: new Set(),
        printed: false,
        exported: false,
      };
      this.#found.set(access.patient, found);
    }
    found.rank = Math.max(found.rank, rank);
    for (const reason of reasons) found.reasons.add(reason);
    found.accesses++;
    found.first = Math.min(found.first, access.at);
    found.last = Math.max(found.last, access.at);
    if (access.resource !== '') found.resources.add(access.resource);
    if (isPrint(access.action)) found.printed = true;
    if (isExport(access.action)) found.exported = true;
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

  gaps(): ScopeGap[] {
    const { from, to } = this.#question;
    const { gaps, unnumbered } = this.#sequence.gapsIn(from, to);
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

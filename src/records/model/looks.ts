import { type Access, readAccesses, type RecordsInput } from '../accesses.ts';
import { type Growing, float64, int32 } from '../growing.ts';
import type { Hospital } from '../hospital.ts';
import { Names } from '../intern.ts';
import { isNo, isYes } from '../table.ts';
import { PairMap } from './pair-map.ts';
import type { LocalDay } from '../zone.ts';

export const PRINTED = 1;
export const EXPORTED = 2;
export const BREAK_GLASS = 4;

/** The looks of one local day: a look is one person opening one patient's record, however often that day. */
export class LookDay {
  readonly day: LocalDay;
  readonly user: Growing<Int32Array> = int32();
  readonly patient: Growing<Int32Array> = int32();
  /** Raw accesses, and how many of them the system refused. */
  readonly times: Growing<Int32Array> = int32();
  readonly failed: Growing<Int32Array> = int32();
  readonly first: Growing<Float64Array> = float64();
  readonly last: Growing<Float64Array> = float64();
  readonly flags: Growing<Int32Array> = int32();
  /** Department where the device stands, -1 unknown. */
  readonly place: Growing<Int32Array> = int32();
  readonly host: Growing<Int32Array> = int32();
  /** Bit h: opened in that local hour. */
  readonly hours: Growing<Int32Array> = int32();
  /** Times of the rows that gave the place and the host: the earliest counts, whatever the order of rows. */
  #placedAt = float64();
  #hostedAt = float64();
  /** By user and patient: the look, as a whole number. */
  #index: PairMap | null = new PairMap();

  constructor(day: LocalDay) {
    this.day = day;
  }

  get count(): number {
    return this.user.length;
  }

  /** The look of this pair, made if it is new. */
  lookOf(user: number, patient: number, at: number): number {
    // A late row of a day already put away: its index is built again.
    this.#index ??= this.#rebuild();
    const key = user * 67_108_864 + patient;
    const known = this.#index.find(key);
    if (known >= 0) return this.#index.whole(known);
    const look = this.user.length;
    this.#index.set(this.#index.make(key), look, 0);
    this.user.push(user);
    this.patient.push(patient);
    this.times.push(0);
    this.first.push(at);
    this.last.push(at);
    this.failed.push(0);
    this.flags.push(0);
    this.place.push(-1);
    this.host.push(-1);
    this.hours.push(0);
    this.#placedAt.push(Number.POSITIVE_INFINITY);
    this.#hostedAt.push(Number.POSITIVE_INFINITY);
    return look;
  }

  /** Nobody was let in: nothing was seen. */
  isRefused(look: number): boolean {
    return this.failed.at(look) === this.times.at(look);
  }

  /** @param place a department, or -1 */
  setPlace(look: number, place: number, at: number): void {
    if (at >= this.#placedAt.at(look)) return;
    this.#placedAt.set(look, at);
    this.place.set(look, place);
  }

  setHost(look: number, host: number, at: number): void {
    if (at >= this.#hostedAt.at(look)) return;
    this.#hostedAt.set(look, at);
    this.host.set(look, host);
  }

  /** Takes a look over from the same day as it was kept. @returns its place here */
  copyLook(from: LookDay, look: number): number {
    const own = this.lookOf(from.user.at(look), from.patient.at(look), from.first.at(look));
    for (const column of ['times', 'failed', 'last', 'flags', 'hours'] as const)
      this[column].set(own, from[column].at(look));
    this.setPlace(own, from.place.at(look), from.first.at(look));
    this.setHost(own, from.host.at(look), from.first.at(look));
    return own;
  }

  /** Frees what is only needed while rows arrive. */
  putAway(): void {
    this.#index = null;
  }

  /** In order of time, so that the order of rows in the file does not matter. No row comes after it. */
  sort(): void {
    this.#order();
    this.#index = null;
    this.#placedAt = float64();
    this.#hostedAt = float64();
    for (const column of this.#columns()) column.trim();
  }

  #columns(): readonly (Growing<Int32Array> | Growing<Float64Array>)[] {
    const { user, patient, times, failed, first, last, flags, place, host, hours } = this;
    return [user, patient, times, failed, first, last, flags, place, host, hours];
  }

  #order(): void {
    const count = this.count;
    const compare = (a: number, b: number): number =>
      this.first.at(a) - this.first.at(b) ||
      this.user.at(a) - this.user.at(b) ||
      this.patient.at(a) - this.patient.at(b);
    let isSorted = true;
    for (let i = 1; i < count && isSorted; i++) isSorted = compare(i - 1, i) <= 0;
    if (isSorted) return;
    const order = Array.from({ length: count }, (_, i) => i).sort(compare);
    for (const column of this.#columns()) {
      const old = column.view().slice();
      order.forEach((from, to) => column.set(to, old[from] ?? 0));
    }
  }

  #rebuild(): PairMap {
    const index = new PairMap();
    for (let look = 0; look < this.count; look++)
      index.set(index.make(this.user.at(look) * 67_108_864 + this.patient.at(look)), look, 0);
    return index;
  }
}

export interface LookBook {
  /** In order of day; days without a look are absent. */
  readonly days: readonly LookDay[];
  readonly hosts: Names;
  readonly accesses: number;
  /** Uses of break-glass by `useKey`, in order of time. */
  readonly uses: ReadonlyMap<string, readonly GlassUse[]>;
  /** By patient: accesses that showed the record and do not say by whom. They are no looks. */
  readonly nameless: ReadonlyMap<number, number>;
}

/** Break-glass: the accesses of one person to one record on one day for which the same reason was typed. */
export interface GlassUse {
  /** As typed; null when the log only says that it was used. */
  readonly reason: string | null;
  first: number;
  times: number;
  failed: number;
}

export function useKey(day: LocalDay, user: number, patient: number): string {
  return `${day} ${user} ${patient}`;
}

/** How many days may be written to at once without rebuilding: exports overlap midnight, not weeks. */
const OPEN_DAYS = 4;

export function readLooks(input: RecordsInput, hospital: Hospital): LookBook {
  const writer = new LookWriter(hospital);
  readAccesses(input, hospital, (access) => writer.add(access));
  return writer.book();
}

/** Makes looks of accesses, whatever order they come in. */
export class LookWriter {
  readonly #hospital: Hospital;
  readonly #byDay = new Map<LocalDay, LookDay>();
  readonly #hosts = new Names();
  readonly #uses = new Map<string, GlassUse[]>();
  readonly #nameless = new Map<number, number>();
  readonly #open: LookDay[] = [];
  #accesses = 0;
  #current: LookDay | null = null;

  constructor(hospital: Hospital) {
    this.#hospital = hospital;
  }

  add(access: Access): void {
    // An event that names nobody says nothing about anybody.
    if (this.#hospital.users.textOf(access.user) === '') {
      if (access.succeeded) this.#nameless.set(access.patient, (this.#nameless.get(access.patient) ?? 0) + 1);
      return;
    }
    this.#accesses++;
    const day = this.#hospital.zone.dayOf(access.at);
    if (this.#current?.day !== day) this.#current = this.#dayOf(day);
    noteAccess(this.#current, access, this.#hospital, this.#hosts);
    if (isBreakGlass(access)) addUse(this.#uses, useKey(day, access.user, access.patient), access);
  }

  /** All looks. Nothing is added after that. */
  book(): LookBook {
    for (const day of this.#byDay.values()) {
      day.putAway();
      day.sort();
    }
    for (const list of this.#uses.values())
      list.sort((a, b) => a.first - b.first || ((a.reason ?? '') < (b.reason ?? '') ? -1 : 1));
    const days = [...this.#byDay.values()].sort((a, b) => a.day - b.day);
    return { days, hosts: this.#hosts, accesses: this.#accesses, uses: this.#uses, nameless: this.#nameless };
  }

  #dayOf(day: LocalDay): LookDay {
    const known = this.#byDay.get(day);
    if (known !== undefined) return known;
    const found = new LookDay(day);
    this.#byDay.set(day, found);
    this.#open.push(found);
    if (this.#open.length > OPEN_DAYS) this.#open.shift()?.putAway();
    return found;
  }
}

/** @returns the look that the access belongs to */
export function noteAccess(day: LookDay, access: Access, { zone, departments }: Hospital, hosts: Names): number {
  const look = day.lookOf(access.user, access.patient, access.at);
  day.times.set(look, day.times.at(look) + 1);
  if (access.at < day.first.at(look)) day.first.set(look, access.at);
  if (access.at > day.last.at(look)) day.last.set(look, access.at);
  let flags = day.flags.at(look);
  if (!access.succeeded) day.failed.set(look, day.failed.at(look) + 1);
  else if (isPrint(access.action)) flags |= PRINTED;
  else if (isExport(access.action)) flags |= EXPORTED;
  if (isBreakGlass(access)) flags |= BREAK_GLASS;
  day.flags.set(look, flags);
  if (!access.wholeDay) day.hours.set(look, day.hours.at(look) | (1 << zone.hourOf(access.at)));
  if (access.location !== '') day.setPlace(look, departments.find(access.location), access.at);
  if (access.host !== '') day.setHost(look, hosts.idOf(access.host), access.at);
  return look;
}

export function isBreakGlass({ breakGlass }: Pick<Access, 'breakGlass'>): boolean {
  return breakGlass !== '' && !isNo(breakGlass);
}

/** Notes a use of break-glass in the uses of its day, person and record. */
export function addUse(uses: Map<string, GlassUse[]>, key: string, { at, breakGlass, succeeded }: Access): void {
  const reason = isYes(breakGlass) ? null : breakGlass;
  const list = uses.get(key) ?? [];
  uses.set(key, list);
  let use = list.find((known) => known.reason === reason);
  if (use === undefined) {
    use = { reason, first: at, times: 0, failed: 0 };
    list.push(use);
  }
  use.first = Math.min(use.first, at);
  use.times++;
  if (!succeeded) use.failed++;
}

export function isPrint(action: string): boolean {
  return action.length === 5 && action.toLowerCase() === 'print';
}

export function isExport(action: string): boolean {
  return action.length === 6 && action.toLowerCase() === 'export';
}

/** A hole in the log longer than this parts it. Assumed: no service that is open is silent for four weeks. */
const HOLE_DAYS = 28;
/** What lies beyond such a hole and is less than this share of all looks is there by a wrong clock. Assumed. */
const STRAY_SHARE = 0.01;

/** First and last day of the log without strays: one row with a wrong year must not make a log of 25 years. */
export function spanOf(days: readonly LookDay[]): { readonly first: LocalDay; readonly last: LocalDay } | null {
  const all = days.reduce((sum, { count }) => sum + count, 0);
  let from = 0;
  let to = days.length - 1;
  let before = 0;
  for (let i = 0; i + 1 < days.length; i++) {
    before += days[i]?.count ?? 0;
    if (before >= STRAY_SHARE * all) break;
    if (gapAfter(days, i) > HOLE_DAYS) from = i + 1;
  }
  let after = 0;
  for (let i = days.length - 1; i > from; i--) {
    after += days[i]?.count ?? 0;
    if (after >= STRAY_SHARE * all) break;
    if (gapAfter(days, i - 1) > HOLE_DAYS) to = i - 1;
  }
  const [first, last] = [days[from], days[to]];
  return first === undefined || last === undefined ? null : { first: first.day, last: last.day };
}

function gapAfter(days: readonly LookDay[], i: number): number {
  return (days[i + 1]?.day ?? 0) - (days[i]?.day ?? 0);
}

import { APPOINTMENT, type Hospital, ORDER, REFERRAL, STAY } from '../hospital.ts';
import type { Relationship } from '../relationships.ts';
import { DAY_MS, type LocalDay } from '../zone.ts';

/**
 * Why a record may be opened: a relationship of the patient with a department, and how near it is in time. What each is
 * worth to whom is learned; here stands only where the borders lie.
 */
export const CAUSES = [
  'stay-now',
  'stay-soon',
  'stay-just-ended',
  'stay-ended',
  'appointment-today',
  'appointment-ahead',
  'appointment-just-passed',
  'appointment-passed',
  'referral-open',
  'referral-closed',
  'order-open',
  'order-closed',
  'known-to',
] as const;
export const KINDS = CAUSES.length;

interface Phase {
  readonly cause: number;
  /** Begins at the relationship's start, or its end, plus so many ms. */
  readonly fromStart: number | null;
  readonly fromEnd: number | null;
  readonly until: 'start' | 'end';
  readonly untilOffset: number;
}

const H = 3_600_000;
const D = DAY_MS;
const cause = (name: (typeof CAUSES)[number]): number => CAUSES.indexOf(name);
const around = (name: (typeof CAUSES)[number], before: number, after: number): Phase => ({
  cause: cause(name),
  fromStart: -before,
  fromEnd: null,
  until: 'end',
  untilOffset: after,
});
const ahead = (name: (typeof CAUSES)[number], from: number, to: number): Phase => ({
  cause: cause(name),
  fromStart: -from,
  fromEnd: null,
  until: 'start',
  untilOffset: -to,
});
const past = (name: (typeof CAUSES)[number], from: number, to: number): Phase => ({
  cause: cause(name),
  fromStart: null,
  fromEnd: from,
  until: 'end',
  untilOffset: to,
});

/** The phases of each kind of relationship, as record-access.md 3.1 names them (21 days after discharge, …). */
const PHASES: Readonly<Record<number, readonly Phase[]>> = {
  [STAY]: [
    around('stay-now', 6 * H, 6 * H),
    ahead('stay-soon', 3 * D, 6 * H),
    past('stay-just-ended', 6 * H, 3 * D),
    past('stay-ended', 3 * D, 21 * D),
    past('known-to', 21 * D, 120 * D),
  ],
  [APPOINTMENT]: [
    around('appointment-today', 0, 0),
    ahead('appointment-ahead', 21 * D, 0),
    past('appointment-just-passed', 0, 5 * D),
    past('appointment-passed', 5 * D, 28 * D),
    past('known-to', 28 * D, 120 * D),
  ],
  [REFERRAL]: [around('referral-open', D, D), past('referral-closed', D, 28 * D)],
  [ORDER]: [around('order-open', 12 * H, D), past('order-closed', D, 14 * D)],
};

/** No phase reaches further than this. */
const REACH_BEFORE = 21 * D;
const REACH_AFTER = 120 * D;

/** The relationships of every patient, and how many patients share each cause on each day. */
export class CauseBook {
  /** `kind * departments + department` → patients, for each day. */
  readonly causeCount: number;
  readonly lastDay: LocalDay;
  readonly #hospital: Hospital;
  readonly #departments: number;
  readonly #firstDay: LocalDay;
  readonly #days: number;
  readonly #sizes: Int32Array;
  readonly #active: Int32Array;
  /** Rows that became known after the others, by patient; they count for causes, and not for how many share one. */
  #late: ReadonlyMap<number, readonly Relationship[]> = new Map();
  /** Filled by `causesOf`. */
  readonly found: Int32Array = new Int32Array(256);

  /** @param lastDay the last for which it is laid out */
  constructor(hospital: Hospital, firstDay: LocalDay, lastDay: LocalDay) {
    this.lastDay = lastDay;
    this.#hospital = hospital;
    this.#departments = Math.max(1, hospital.departments.size);
    this.causeCount = KINDS * this.#departments;
    this.#firstDay = firstDay;
    this.#days = lastDay - firstDay + 1;
    this.#sizes = new Int32Array(this.causeCount * this.#days);
    this.#active = new Int32Array(this.#days);
    this.#countSizes();
  }

  /** How many patients have this cause that day; at least 1. */
  sizeOf(cause: number, day: LocalDay): number {
    return Math.max(1, this.#sizes[(day - this.#firstDay) * this.causeCount + cause] ?? 1);
  }

  /** Patients with any cause that day; at least 1. */
  activeOn(day: LocalDay): number {
    return Math.max(1, this.#active[day - this.#firstDay] ?? 1);
  }

  #countSizes(): void {
    const { zone, related, patients } = this.#hospital;
    const last = this.#days - 1;
    for (let patient = 0; patient < patients.size; patient++) {
      // One with two relationships is active once. An estimate: overlaps out of order are counted twice at worst.
      let activeUntil = -1;
      const end = related.startOf(patient + 1);
      for (let row = related.startOf(patient); row < end; row++) {
        const [from, to] = [related.from(row), related.to(row)];
        for (const phase of PHASES[related.kind(row)] ?? []) {
          const start = startOf(phase, from, to);
          const stop = stopOf(phase, from, to);
          if (!(stop > start)) continue;
          const low = Math.max(0, start === Number.POSITIVE_INFINITY ? last + 1 : zone.dayOf(start) - this.#firstDay);
          const high = stop === Number.POSITIVE_INFINITY ? last : Math.min(last, zone.dayOf(stop - 1) - this.#firstDay);
          const cause = phase.cause * this.#departments + related.department(row);
          for (let day = low; day <= high; day++) {
            const at = day * this.causeCount + cause;
            this.#sizes[at] = (this.#sizes[at] ?? 0) + 1;
          }
          for (let day = Math.max(low, activeUntil + 1); day <= high; day++)
            this.#active[day] = (this.#active[day] ?? 0) + 1;
          activeUntil = Math.max(activeUntil, high);
        }
      }
    }
  }

  /**
   * The causes that hold for this patient between two instants, into `found`.
   * @returns how many
   */
  causesOf(patient: number, first: number, last: number): number {
    const { related } = this.#hospital;
    let count = 0;
    const end = related.startOf(patient + 1);
    for (let row = related.startOf(patient); row < end; row++)
      count = this.#addCauses(
        related.kind(row),
        related.department(row),
        related.from(row),
        related.to(row),
        first,
        last,
        count,
      );
    if (this.#late.size === 0) return count;
    for (const row of this.#late.get(patient) ?? [])
      count = this.#addCauses(row.kind, row.department, row.from, row.to, first, last, count);
    return count;
  }

  #addCauses(
    kind: number,
    department: number,
    from: number,
    to: number,
    first: number,
    last: number,
    before: number,
  ): number {
    let count = before;
    if (from - REACH_BEFORE > last || to + REACH_AFTER <= first) return count;
    for (const phase of PHASES[kind] ?? []) {
      if (startOf(phase, from, to) > last || stopOf(phase, from, to) <= first) continue;
      const id = phase.cause * this.#departments + department;
      let isNew = true;
      for (let j = 0; j < count; j++) if (this.found[j] === id) isNew = false;
      if (isNew && count < this.found.length) this.found[count++] = id;
    }
    return count;
  }

  /** What became known of care since the book was made, all of it: it takes the place of what was said before. */
  tellLate(rows: readonly Relationship[]): void {
    this.#late = Map.groupBy(
      rows.filter(({ department }) => department >= 0 && department < this.#departments),
      ({ patient }) => patient,
    );
  }

  kindOf(cause: number): number {
    return Math.floor(cause / this.#departments);
  }

  departmentOf(cause: number): number {
    return cause % this.#departments;
  }
}

function startOf({ fromStart, fromEnd }: Phase, from: number, to: number): number {
  return fromStart === null ? to + (fromEnd ?? 0) : from + fromStart;
}

function stopOf({ until, untilOffset }: Phase, from: number, to: number): number {
  return (until === 'start' ? from : to) + untilOffset;
}

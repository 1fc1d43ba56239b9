import { type Growing, int32 } from './growing.ts';

/** Open at its end. */
const ENDLESS = 0xffff_ffff;
/** Kind and department are one number: there are four kinds. */
const KINDS = 4;

/** A relationship of a patient with a department; times are UTC ms, half-open. Of an appointment: its local day. */
export interface Relationship {
  readonly kind: number;
  readonly patient: number;
  readonly department: number;
  readonly from: number;
  readonly to: number;
}

/**
 * All relationships, those of one patient side by side: row by row `start[patient] … start[patient + 1]`. 12 bytes a row, for
 * a trust has millions; times are exact to the second, and lie between 1970 and 2106.
 */
export class Relationships {
  readonly #start: Int32Array;
  readonly #what: Int32Array;
  readonly #from: Uint32Array;
  readonly #to: Uint32Array;

  constructor(start: Int32Array, what: Int32Array, from: Uint32Array, to: Uint32Array) {
    this.#start = start;
    this.#what = what;
    this.#from = from;
    this.#to = to;
  }

  /** How many there are. */
  get count(): number {
    return this.#what.length;
  }

  /** The first row of a patient; of the next one, it is where this one’s end. Those who are not known have none. */
  startOf(patient: number): number {
    return this.#start[patient] ?? this.count;
  }

  kind(row: number): number {
    return (this.#what[row] ?? 0) % KINDS;
  }

  department(row: number): number {
    return Math.floor((this.#what[row] ?? 0) / KINDS);
  }

  /** UTC ms. */
  from(row: number): number {
    return (this.#from[row] ?? 0) * 1000;
  }

  /** UTC ms; infinite while it goes on. */
  to(row: number): number {
    const seconds = this.#to[row] ?? 0;
    return seconds === ENDLESS ? Number.POSITIVE_INFINITY : seconds * 1000;
  }
}

/** Takes relationships in any order. */
export class RelationshipList {
  readonly #patient: Growing<Int32Array> = int32();
  readonly #what: Growing<Int32Array> = int32();
  // As signed numbers: the same bits.
  readonly #from: Growing<Int32Array> = int32();
  readonly #to: Growing<Int32Array> = int32();

  add({ kind, patient, department, from, to }: Relationship): void {
    this.#patient.push(patient);
    this.#what.push(department * KINDS + kind);
    this.#from.push(inSeconds(Math.floor(from / 1000)) | 0);
    this.#to.push(inSeconds(Math.ceil(to / 1000)) | 0);
  }

  /** Lays them out by patient. A folder that is sent again in part holds the same rows twice: each counts once. */
  laidOut(patients: number): Relationships {
    const count = this.#patient.length;
    const next = new Int32Array(patients + 1);
    for (let i = 0; i < count; i++) next[this.#patient.at(i) + 1] = (next[this.#patient.at(i) + 1] ?? 0) + 1;
    for (let p = 0; p < patients; p++) next[p + 1] = (next[p + 1] ?? 0) + (next[p] ?? 0);
    const order = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const patient = this.#patient.at(i);
      order[next[patient] ?? 0] = i;
      next[patient] = (next[patient] ?? 0) + 1;
    }
    const start = new Int32Array(patients + 1);
    let kept = 0;
    for (let p = 0, at = 0; p < patients; p++) {
      start[p] = kept;
      const end = next[p] ?? 0;
      for (; at < end; at++) {
        const row = order[at] ?? 0;
        let isNew = true;
        for (let known = start[p] ?? 0; known < kept && isNew; known++) isNew = !this.#isSame(order[known] ?? 0, row);
        if (isNew) order[kept++] = row;
      }
    }
    start[patients] = kept;
    const rows = order.subarray(0, kept);
    const column = (values: Growing<Int32Array>) => rows.map((row) => values.at(row));
    return new Relationships(
      start,
      column(this.#what),
      new Uint32Array(column(this.#from).buffer),
      new Uint32Array(column(this.#to).buffer),
    );
  }

  #isSame(one: number, other: number): boolean {
    return (
      this.#what.at(one) === this.#what.at(other) &&
      this.#from.at(one) === this.#from.at(other) &&
      this.#to.at(one) === this.#to.at(other)
    );
  }
}

function inSeconds(seconds: number): number {
  return Math.min(ENDLESS, Math.max(0, seconds));
}

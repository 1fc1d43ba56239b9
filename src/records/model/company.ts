import type { LookDay } from './looks.ts';
import { firstSlot } from './sums.ts';

/** Days of looks that count as company: three before and the day itself (record-access.md 3.1). */
const WINDOW = 4;
/** Enough to know the company by; it bounds the work for a patient whom hundreds see. */
const MAX_OTHERS = 24;

interface Slot {
  day: number;
  /** By patient: the last look; then `next` chains them. */
  readonly heads: Heads;
  next: Int32Array;
  user: Int32Array;
  patient: Int32Array;
  group: Int32Array;
}

/** Who else used a patient's record in the last days. */
export class Company {
  /** Filled by `othersOf`: the group of each other user. */
  readonly groups: Int32Array = new Int32Array(MAX_OTHERS);
  /** Distinct others in all, also beyond those listed. */
  total = 0;
  readonly #slots: Slot[];
  /** By user: the last question in which they were met. */
  #met = new Int32Array(1024);
  #question = 0;

  constructor() {
    this.#slots = Array.from({ length: WINDOW }, () => ({
      day: Number.NEGATIVE_INFINITY,
      heads: new Heads(),
      next: new Int32Array(0),
      user: new Int32Array(0),
      patient: new Int32Array(0),
      group: new Int32Array(0),
    }));
  }

  #slotOf(day: number): Slot | undefined {
    return this.#slots[((day % WINDOW) + WINDOW) % WINDOW];
  }

  /** @param groupOf the main group of each look that day: of so many looks as it has */
  add(day: LookDay, groupOf: Int32Array): void {
    const slot = this.#slotOf(day.day);
    if (slot === undefined) return;
    slot.heads.clear();
    slot.day = day.day;
    const count = groupOf.length;
    slot.user = day.user.view().subarray(0, count);
    slot.patient = day.patient.view().subarray(0, count);
    slot.group = groupOf;
    slot.next = new Int32Array(count);
    for (let look = 0; look < count; look++) slot.next[look] = slot.heads.swap(day.patient.at(look), look);
  }

  /** The next look of a day that goes on: looks come in the order of their numbers. */
  grow(day: LookDay, look: number, group: number): void {
    const slot = this.#slotOf(day.day);
    if (slot === undefined) return;
    if (look >= slot.next.length) {
      const size = Math.max(1024, 2 * look);
      for (const column of ['next', 'user', 'patient', 'group'] as const) slot[column] = longer(slot[column], size);
    }
    const patient = day.patient.at(look);
    slot.user[look] = day.user.at(look);
    slot.patient[look] = patient;
    slot.group[look] = group;
    slot.next[look] = slot.heads.swap(patient, look);
  }

  eachLookAt(patient: number, day: number, onLook: (day: number, look: number) => void): void {
    for (let back = 0; back < WINDOW; back++) {
      const slot = this.#slotOf(day - back);
      if (slot === undefined || slot.day !== day - back) continue;
      for (let look = slot.heads.of(patient); look >= 0; look = slot.next[look] ?? -1) onLook(slot.day, look);
    }
  }

  #growMet(user: number): Int32Array<ArrayBuffer> {
    const larger = new Int32Array(Math.max(user + 1, this.#met.length * 2));
    larger.set(this.#met);
    this.#met = larger;
    return larger;
  }

  /** @returns how many of the others are listed */
  othersOf(patient: number, user: number, day: number): number {
    let count = 0;
    this.total = 0;
    const question = ++this.#question;
    let met = this.#met;
    for (let back = 0; back < WINDOW; back++) {
      const slot = this.#slots[(((day - back) % WINDOW) + WINDOW) % WINDOW];
      if (slot === undefined || slot.day !== day - back) continue;
      for (let look = slot.heads.of(patient); look >= 0; look = slot.next[look] ?? -1) {
        const other = slot.user[look] ?? -1;
        if (other === user) continue;
        if (other >= met.length) met = this.#growMet(other);
        if (met[other] === question) continue;
        met[other] = question;
        this.total++;
        if (count < MAX_OTHERS) this.groups[count++] = slot.group[look] ?? 0;
      }
    }
    return count;
  }
}

function longer(column: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(column);
  return larger;
}

const FIRST_SIZE = 1 << 10;
const MAX_LOAD = 0.7;
const GROWTH = 1.5;

/** The last look at each patient of a day: of a million patients some ten thousands have one. */
class Heads {
  /** The patient, plus 1; 0: the slot is free. */
  #patients = new Int32Array(FIRST_SIZE);
  #looks = new Int32Array(FIRST_SIZE);
  #size = 0;

  clear(): void {
    this.#patients.fill(0);
    this.#size = 0;
  }

  /** -1: there is none. */
  of(patient: number): number {
    const slot = this.#slotOf(patient);
    return this.#patients[slot] === 0 ? -1 : (this.#looks[slot] ?? -1);
  }

  /** @returns the one before, or -1 */
  swap(patient: number, look: number): number {
    const slot = this.#slotOf(patient);
    if (this.#patients[slot] !== 0) {
      const before = this.#looks[slot] ?? -1;
      this.#looks[slot] = look;
      return before;
    }
    if (this.#size >= MAX_LOAD * this.#patients.length) {
      this.#grow();
      return this.swap(patient, look);
    }
    this.#size++;
    this.#patients[slot] = patient + 1;
    this.#looks[slot] = look;
    return -1;
  }

  #slotOf(patient: number): number {
    const size = this.#patients.length;
    for (let i = firstSlot(patient, size); ; i = i + 1 === size ? 0 : i + 1)
      if (this.#patients[i] === patient + 1 || this.#patients[i] === 0) return i;
  }

  #grow(): void {
    const [patients, looks] = [this.#patients, this.#looks];
    this.#patients = new Int32Array(Math.ceil(patients.length * GROWTH));
    this.#looks = new Int32Array(this.#patients.length);
    this.#size = 0;
    for (let i = 0; i < patients.length; i++) if (patients[i] !== 0) this.swap((patients[i] ?? 0) - 1, looks[i] ?? 0);
  }
}

const MAX_GROUPS = 65_536;

/**
 * Which groups use the same records: how much more often than chance. Of all pairs of groups few ever meet: a table of 16
 * bytes for each, by `one × 65,536 + other`.
 */
export class Affinity {
  /** The pair, plus 1; 0: the slot is free. */
  #keys = new Uint32Array(FIRST_SIZE);
  #pairs = new Float64Array(FIRST_SIZE);
  /** As it stood this morning. */
  #lifts = new Float32Array(FIRST_SIZE);
  #size = 0;
  #single = new Float64Array(0);
  #total = 0;
  #singleBefore = new Float64Array(0);
  #totalBefore = 0;

  /** Two people of these groups used one record within the window. */
  learn(one: number, other: number, weight: number): void {
    const highest = Math.max(one, other);
    if (highest >= this.#single.length) {
      const larger = new Float64Array(Math.max(64, highest + 1, this.#single.length * 2));
      larger.set(this.#single);
      this.#single = larger;
    }
    const slot = this.#make(one, other);
    this.#pairs[slot] = (this.#pairs[slot] ?? 0) + weight;
    this.#single[one] = (this.#single[one] ?? 0) + weight;
    this.#total += weight;
  }

  /** Works out the lifts once a day: a logarithm for every pair of people that meets at a record would cost more. */
  refresh(): void {
    this.#singleBefore = this.#single.slice();
    this.#totalBefore = this.#total;
    for (let slot = 0; slot < this.#keys.length; slot++) {
      const key = (this.#keys[slot] ?? 0) - 1;
      if (key < 0) continue;
      const expected = this.#expected(Math.floor(key / MAX_GROUPS), key % MAX_GROUPS);
      this.#lifts[slot] = Math.log(((this.#pairs[slot] ?? 0) + 2) / (expected + 2));
    }
  }

  /** log of how much more often than chance; 0 when nothing is known. */
  lift(one: number, other: number): number {
    const slot = this.#slotOf(one * MAX_GROUPS + other);
    return this.#keys[slot] === 0 ? this.#unmet(one, other) : (this.#lifts[slot] ?? 0);
  }

  #unmet(one: number, other: number): number {
    const expected = this.#expected(one, other);
    return expected === 0 ? 0 : Math.fround(Math.log(2 / (expected + 2)));
  }

  #expected(one: number, other: number): number {
    const single = (this.#singleBefore[one] ?? 0) / Math.max(1, this.#totalBefore);
    return single * (this.#singleBefore[other] ?? 0);
  }

  #slotOf(key: number): number {
    const size = this.#keys.length;
    for (let i = firstSlot(key, size); ; i = i + 1 === size ? 0 : i + 1)
      if (this.#keys[i] === key + 1 || this.#keys[i] === 0) return i;
  }

  #make(one: number, other: number): number {
    const key = one * MAX_GROUPS + other;
    const slot = this.#slotOf(key);
    if (this.#keys[slot] !== 0) return slot;
    if (this.#size >= MAX_LOAD * this.#keys.length) {
      this.#grow();
      return this.#make(one, other);
    }
    this.#size++;
    this.#keys[slot] = key + 1;
    this.#pairs[slot] = 0;
    // This morning they had not met.
    this.#lifts[slot] = this.#unmet(one, other);
    return slot;
  }

  #grow(): void {
    const [keys, pairs, lifts] = [this.#keys, this.#pairs, this.#lifts];
    const size = Math.ceil(keys.length * GROWTH);
    this.#keys = new Uint32Array(size);
    this.#pairs = new Float64Array(size);
    this.#lifts = new Float32Array(size);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? 0;
      if (key === 0) continue;
      const slot = this.#slotOf(key - 1);
      this.#keys[slot] = key;
      this.#pairs[slot] = pairs[i] ?? 0;
      this.#lifts[slot] = lifts[i] ?? 0;
    }
  }
}

import type { LookDay } from './looks.ts';
import { firstSlot } from './sums.ts';

/** Days of looks that count as company: three before and the day itself (record-access.md 3.1). */
const WINDOW = 4;
/** Enough to know the company by; it bounds the work for a patient whom hundreds see. */
const MAX_OTHERS = 24;
/** Of a look that has no place. */
const NOWHERE = -1;

/**
 * One day’s looks. Of a day that is over, those at one patient lie side by side: patients are met at random, and a chain through
 * the day would wait for memory at every look. A day that goes on is a chain.
 */
interface Slot {
  day: number;
  isOver: boolean;
  /** Over: the patient’s place in `start`. Going on: the patient’s last look; then `next` chains them. */
  readonly heads: Heads;
  /** Over: by place, where the patient’s looks begin. */
  start: Int32Array;
  next: Int32Array;
  /** Over: by patient, the last look first. Going on: by look. */
  user: Int32Array;
  group: Int32Array;
  look: Int32Array;
  /** Going on: whether a look was let in is known to its day. */
  running: LookDay | null;
}

/** Who else used a patient's record in the last days. Whoever the system did not let in used nothing. */
export class Company {
  /** Filled by `othersOf`: the group of each other user. */
  readonly groups: Int32Array = new Int32Array(MAX_OTHERS);
  /** Distinct others in all, also beyond those listed. */
  total = 0;
  readonly #slots: Slot[];
  /** By user: the last question in which they were met. */
  #met = new Int32Array(1024);
  #question = 0;
  #count = 0;

  constructor() {
    this.#slots = Array.from({ length: WINDOW }, () => ({
      day: Number.NEGATIVE_INFINITY,
      isOver: true,
      heads: new Heads(),
      start: new Int32Array(1),
      next: new Int32Array(0),
      user: new Int32Array(0),
      group: new Int32Array(0),
      look: new Int32Array(0),
      running: null,
    }));
  }

  #slotOf(day: number): Slot | undefined {
    return this.#slots[((day % WINDOW) + WINDOW) % WINDOW];
  }

  /** A day that is over. @param groupOf the main group of each look */
  add(day: LookDay, groupOf: Int32Array): void {
    const slot = this.#slotOf(day.day);
    if (slot === undefined) return;
    const { count } = day;
    const place = new Int32Array(count);
    slot.heads.clear();
    for (let look = 0; look < count; look++)
      place[look] = day.isRefused(look) ? NOWHERE : slot.heads.placeOf(day.patient.at(look));
    const start = new Int32Array(slot.heads.size + 1);
    for (const each of place) if (each !== NOWHERE) start[each] = (start[each] ?? 0) + 1;
    for (let i = 1; i < start.length; i++) start[i] = (start[i] ?? 0) + (start[i - 1] ?? 0);
    const shown = start.at(-1) ?? 0;
    slot.user = new Int32Array(shown);
    slot.group = new Int32Array(shown);
    slot.look = new Int32Array(shown);
    // From the end of each patient’s part to its beginning, so that the last look comes first.
    for (let look = 0; look < count; look++) {
      if (place[look] === NOWHERE) continue;
      const at = (start[place[look] ?? 0] ?? 0) - 1;
      start[place[look] ?? 0] = at;
      slot.user[at] = day.user.at(look);
      slot.group[at] = groupOf[look] ?? 0;
      slot.look[at] = look;
    }
    slot.start = start;
    slot.next = new Int32Array(0);
    slot.day = day.day;
    slot.isOver = true;
    slot.running = null;
  }

  /** A day that goes on, without a look yet. */
  open(day: number): void {
    const slot = this.#slotOf(day);
    if (slot === undefined) return;
    slot.heads.clear();
    for (const column of ['start', 'next', 'user', 'group', 'look'] as const) slot[column] = new Int32Array(0);
    slot.day = day;
    slot.isOver = false;
    slot.running = null;
  }

  /** The next look of a day that goes on: looks come in the order of their numbers. */
  grow(day: LookDay, look: number, group: number): void {
    const slot = this.#slotOf(day.day);
    if (slot === undefined) return;
    if (look >= slot.next.length) {
      const size = Math.max(1024, 2 * look);
      for (const column of ['next', 'user', 'group'] as const) slot[column] = longer(slot[column], size);
    }
    slot.running = day;
    slot.user[look] = day.user.at(look);
    slot.group[look] = group;
    slot.next[look] = slot.heads.swap(day.patient.at(look), look);
  }

  eachLookAt(patient: number, day: number, onLook: (day: number, look: number) => void): void {
    for (let back = 0; back < WINDOW; back++) {
      const slot = this.#slotOf(day - back);
      if (slot === undefined || slot.day !== day - back) continue;
      const head = slot.heads.of(patient);
      if (head < 0) continue;
      if (slot.isOver)
        for (let i = slot.start[head] ?? 0; i < (slot.start[head + 1] ?? slot.look.length); i++)
          onLook(slot.day, slot.look[i] ?? 0);
      else
        for (let look = head; look >= 0; look = slot.next[look] ?? -1)
          if (slot.running?.isRefused(look) !== true) onLook(slot.day, look);
    }
  }

  #growMet(user: number): void {
    const larger = new Int32Array(Math.max(user + 1, this.#met.length * 2));
    larger.set(this.#met);
    this.#met = larger;
  }

  /** @returns how many of the others are listed */
  othersOf(patient: number, user: number, day: number): number {
    this.#count = 0;
    this.total = 0;
    this.#question++;
    for (let back = 0; back < WINDOW; back++) {
      const slot = this.#slots[(((day - back) % WINDOW) + WINDOW) % WINDOW];
      if (slot === undefined || slot.day !== day - back) continue;
      const head = slot.heads.of(patient);
      if (head < 0) continue;
      if (slot.isOver) {
        const end = slot.start[head + 1] ?? slot.user.length;
        for (let i = slot.start[head] ?? 0; i < end; i++) this.#meet(slot.user[i] ?? 0, slot.group[i] ?? 0, user);
      } else
        for (let look = head; look >= 0; look = slot.next[look] ?? -1)
          if (slot.running?.isRefused(look) !== true) this.#meet(slot.user[look] ?? 0, slot.group[look] ?? 0, user);
    }
    return this.#count;
  }

  #meet(other: number, group: number, user: number): void {
    if (other === user) return;
    if (other >= this.#met.length) this.#growMet(other);
    if (this.#met[other] === this.#question) return;
    this.#met[other] = this.#question;
    this.total++;
    if (this.#count < MAX_OTHERS) this.groups[this.#count++] = group;
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

/** A number for each patient of a day: of a million patients some ten thousands have one. */
class Heads {
  /** The patient, plus 1; 0: the slot is free. */
  #patients = new Int32Array(FIRST_SIZE);
  #values = new Int32Array(FIRST_SIZE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#patients.fill(0);
    this.#size = 0;
  }

  /** -1: there is none. */
  of(patient: number): number {
    const slot = this.#slotOf(patient);
    return this.#patients[slot] === 0 ? -1 : (this.#values[slot] ?? -1);
  }

  /** Numbers the patients in the order in which they are first met. */
  placeOf(patient: number): number {
    const slot = this.#slotOf(patient);
    if (this.#patients[slot] !== 0) return this.#values[slot] ?? 0;
    this.swap(patient, this.#size);
    return this.#size - 1;
  }

  /** @returns the one before, or -1 */
  swap(patient: number, value: number): number {
    const slot = this.#slotOf(patient);
    if (this.#patients[slot] !== 0) {
      const before = this.#values[slot] ?? -1;
      this.#values[slot] = value;
      return before;
    }
    if (this.#size >= MAX_LOAD * this.#patients.length) {
      this.#grow();
      return this.swap(patient, value);
    }
    this.#size++;
    this.#patients[slot] = patient + 1;
    this.#values[slot] = value;
    return -1;
  }

  #slotOf(patient: number): number {
    const size = this.#patients.length;
    for (let i = firstSlot(patient, size); ; i = i + 1 === size ? 0 : i + 1)
      if (this.#patients[i] === patient + 1 || this.#patients[i] === 0) return i;
  }

  #grow(): void {
    const [patients, values] = [this.#patients, this.#values];
    this.#patients = new Int32Array(Math.ceil(patients.length * GROWTH));
    this.#values = new Int32Array(this.#patients.length);
    this.#size = 0;
    for (let i = 0; i < patients.length; i++) if (patients[i] !== 0) this.swap((patients[i] ?? 0) - 1, values[i] ?? 0);
  }
}

const MAX_GROUPS = 65_536;
/** Weights are 1 shared by up to 24: most of these divide this without a rest, the others within half a per cent. */
const PARTS = 2520;
const MOST = 0xffff_ffff;

/**
 * Which groups use the same records: how much more often than chance. Of all pairs of groups few ever meet: a table of 12
 * bytes for each, by `one × 65,536 + other`.
 */
export class Affinity {
  /** The pair, plus 1; 0: the slot is free. */
  #keys = new Uint32Array(FIRST_SIZE);
  /** In parts of a meeting. */
  #pairs = new Uint32Array(FIRST_SIZE);
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
    this.#pairs[slot] = Math.min(MOST, (this.#pairs[slot] ?? 0) + Math.round(weight * PARTS));
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
      this.#lifts[slot] = Math.log(((this.#pairs[slot] ?? 0) / PARTS + 2) / (expected + 2));
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
    this.#pairs = new Uint32Array(size);
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

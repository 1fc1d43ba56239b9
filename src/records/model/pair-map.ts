import { slotOf } from './sums.ts';

const FIRST_SIZE = 1 << 10;
const MAX_LOAD = 0.7;
const GROWTH = 1.5;

/** A map from a pair of ids to two small numbers and a float: 24 bytes a slot, where a Map of objects takes 150. */
export class PairMap {
  #keys = new Float64Array(FIRST_SIZE);
  #a = new Int32Array(FIRST_SIZE);
  #b = new Int32Array(FIRST_SIZE);
  #value = new Float64Array(FIRST_SIZE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The slot of a key, or -1. Slots hold until the next `make`. */
  find(key: number): number {
    const slot = slotOf(this.#keys, key);
    return this.#keys[slot] === 0 ? -1 : slot;
  }

  /** The slot of a key, made with zeros if it is new. */
  make(key: number): number {
    const slot = slotOf(this.#keys, key);
    if (this.#keys[slot] !== 0) return slot;
    if (this.#size >= MAX_LOAD * this.#keys.length) {
      this.#resize(Math.ceil(this.#keys.length * GROWTH), () => true);
      return this.make(key);
    }
    this.#keys[slot] = key + 1;
    this.#size++;
    return slot;
  }

  a(slot: number): number {
    return this.#a[slot] ?? 0;
  }
  b(slot: number): number {
    return this.#b[slot] ?? 0;
  }
  value(slot: number): number {
    return this.#value[slot] ?? 0;
  }
  set(slot: number, a: number, b: number, value: number): void {
    this.#a[slot] = a;
    this.#b[slot] = b;
    this.#value[slot] = value;
  }

  /** Forgets the entries that `keep` does not want: this bounds the memory. */
  prune(keep: (a: number, b: number, value: number) => boolean): void {
    this.#resize(this.#keys.length, keep);
  }

  #resize(size: number, keep: (a: number, b: number, value: number) => boolean): void {
    const [keys, a, b, value] = [this.#keys, this.#a, this.#b, this.#value];
    this.#keys = new Float64Array(size);
    this.#a = new Int32Array(size);
    this.#b = new Int32Array(size);
    this.#value = new Float64Array(size);
    this.#size = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? 0;
      if (key === 0 || !keep(a[i] ?? 0, b[i] ?? 0, value[i] ?? 0)) continue;
      const slot = slotOf(this.#keys, key - 1);
      this.#keys[slot] = key;
      this.set(slot, a[i] ?? 0, b[i] ?? 0, value[i] ?? 0);
      this.#size++;
    }
  }
}

/** A map from a pair of ids to a day: 12 bytes a slot, for the millions of pairs of which no more has to be known. */
export class DayMap {
  #keys = new Float64Array(FIRST_SIZE);
  #days = new Int32Array(FIRST_SIZE);
  #size = 0;

  /** 0: there is none. */
  at(key: number): number {
    const slot = slotOf(this.#keys, key);
    return this.#keys[slot] === 0 ? 0 : (this.#days[slot] ?? 0);
  }

  set(key: number, day: number): void {
    const slot = slotOf(this.#keys, key);
    if (this.#keys[slot] === 0) {
      if (this.#size >= MAX_LOAD * this.#keys.length) {
        this.#resize(Math.ceil(this.#keys.length * GROWTH), Number.NEGATIVE_INFINITY);
        this.set(key, day);
        return;
      }
      this.#keys[slot] = key + 1;
      this.#size++;
    }
    this.#days[slot] = day;
  }

  /** Forgets the days before one: this bounds the memory. */
  forgetBefore(day: number): void {
    this.#resize(this.#keys.length, day);
  }

  #resize(size: number, since: number): void {
    const [keys, days] = [this.#keys, this.#days];
    this.#keys = new Float64Array(size);
    this.#days = new Int32Array(size);
    this.#size = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? 0;
      if (key === 0 || (days[i] ?? 0) < since) continue;
      const slot = slotOf(this.#keys, key - 1);
      this.#keys[slot] = key;
      this.#days[slot] = days[i] ?? 0;
      this.#size++;
    }
  }
}

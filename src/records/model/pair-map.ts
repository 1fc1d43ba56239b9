import { firstSlot, slotOf } from './sums.ts';

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

const HIGH = 4_294_967_296;
const DENSE_LOAD = 0.8;
const DENSE_GROWTH = 1.2;

/**
 * A map from a pair of ids (below 2^48) to a day (1 to 65,535: until the year 2149): 8 bytes a slot, for the millions of pairs
 * of which no more has to be known.
 */
export class DayMap {
  #low = new Uint32Array(FIRST_SIZE);
  #high = new Uint16Array(FIRST_SIZE);
  /** 0: the slot is free. */
  #days = new Uint16Array(FIRST_SIZE);
  #size = 0;

  /** 0: there is none. */
  at(key: number): number {
    return this.#days[this.#slotOf(key)] ?? 0;
  }

  set(key: number, day: number): void {
    let slot = this.#slotOf(key);
    if (this.#days[slot] === 0) {
      if (this.#size >= DENSE_LOAD * this.#days.length) {
        this.#resize(Math.ceil(this.#days.length * DENSE_GROWTH), 1);
        slot = this.#slotOf(key);
      }
      this.#low[slot] = key % HIGH;
      this.#high[slot] = Math.floor(key / HIGH);
      this.#size++;
    }
    this.#days[slot] = day;
  }

  /** Forgets the days before one: this bounds the memory. */
  forgetBefore(day: number): void {
    this.#resize(this.#days.length, Math.max(1, day));
  }

  #slotOf(key: number): number {
    const low = key % HIGH;
    const high = Math.floor(key / HIGH);
    const size = this.#days.length;
    for (let i = firstSlot(key, size); ; i = i + 1 === size ? 0 : i + 1)
      if (this.#days[i] === 0 || (this.#low[i] === low && this.#high[i] === high)) return i;
  }

  #resize(size: number, since: number): void {
    const [low, high, days] = [this.#low, this.#high, this.#days];
    this.#low = new Uint32Array(size);
    this.#high = new Uint16Array(size);
    this.#days = new Uint16Array(size);
    this.#size = 0;
    for (let i = 0; i < days.length; i++)
      if ((days[i] ?? 0) >= since) this.set((high[i] ?? 0) * HIGH + (low[i] ?? 0), days[i] ?? 0);
  }
}

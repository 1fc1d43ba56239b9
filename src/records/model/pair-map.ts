import { firstSlot, slotOf } from './sums.ts';

const FIRST_SIZE = 1 << 10;
const MAX_LOAD = 0.7;
const GROWTH = 1.5;

/** A map from an id, or a pair of them, to a whole number and a sum: 20 bytes a slot, where a Map of objects takes 150. */
export class PairMap {
  #keys = new Float64Array(FIRST_SIZE);
  #wholes = new Int32Array(FIRST_SIZE);
  #sums = new Float64Array(FIRST_SIZE);
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
      this.#resize(Math.ceil(this.#keys.length * GROWTH), Number.NEGATIVE_INFINITY);
      return this.make(key);
    }
    this.#keys[slot] = key + 1;
    this.#size++;
    return slot;
  }

  whole(slot: number): number {
    return this.#wholes[slot] ?? 0;
  }

  sum(slot: number): number {
    return this.#sums[slot] ?? 0;
  }

  set(slot: number, whole: number, sum: number): void {
    this.#wholes[slot] = whole;
    this.#sums[slot] = sum;
  }

  /** Forgets the entries whose whole number is lower: this bounds the memory. */
  forgetBelow(whole: number): void {
    this.#resize(this.#keys.length, whole);
  }

  #resize(size: number, lowest: number): void {
    const [keys, wholes, sums] = [this.#keys, this.#wholes, this.#sums];
    this.#keys = new Float64Array(size);
    this.#wholes = new Int32Array(size);
    this.#sums = new Float64Array(size);
    this.#size = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? 0;
      if (key === 0 || (wholes[i] ?? 0) < lowest) continue;
      const slot = slotOf(this.#keys, key - 1);
      this.#keys[slot] = key;
      this.set(slot, wholes[i] ?? 0, sums[i] ?? 0);
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
      this.#low[slot] = key >>> 0;
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
    // The remainder by 2^32, without a division.
    const low = key >>> 0;
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

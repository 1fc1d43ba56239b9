const FIRST_SIZE = 1 << 10;
/** Beyond, slots that belong together lie too far apart. */
const MAX_LOAD = 0.7;
const GROWTH = 1.5;

/** Sums by a whole number that is not negative: 12 or 16 bytes a slot. What was never added to is 0. */
export class Sums<Values extends Float32Array | Float64Array> {
  readonly #make: (size: number) => Values;
  #keys = new Float64Array(FIRST_SIZE);
  #values: Values;
  #size = 0;

  /** @param make says how exactly sums are kept */
  constructor(make: (size: number) => Values) {
    this.#make = make;
    this.#values = make(FIRST_SIZE);
  }

  at(key: number): number {
    const slot = slotOf(this.#keys, key);
    return this.#keys[slot] === 0 ? 0 : (this.#values[slot] ?? 0);
  }

  add(key: number, amount: number): void {
    const slot = this.#slot(key);
    this.#values[slot] = (this.#values[slot] ?? 0) + amount;
  }

  set(key: number, value: number): void {
    // First of all: room may have to be made.
    const slot = this.#slot(key);
    this.#values[slot] = value;
  }

  clear(): void {
    this.#keys.fill(0);
    this.#size = 0;
  }

  #slot(key: number): number {
    const slot = slotOf(this.#keys, key);
    if (this.#keys[slot] !== 0) return slot;
    if (this.#size >= MAX_LOAD * this.#keys.length) {
      this.#grow();
      return this.#slot(key);
    }
    this.#keys[slot] = key + 1;
    this.#values[slot] = 0;
    this.#size++;
    return slot;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(Math.ceil(keys.length * GROWTH));
    this.#values = this.#make(this.#keys.length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? 0;
      if (key === 0) continue;
      const slot = slotOf(this.#keys, key - 1);
      this.#keys[slot] = key;
      this.#values[slot] = values[i] ?? 0;
    }
  }
}

/** Where a key stands in a table of keys + 1 that is never full, or else where it would. */
export function slotOf(keys: Float64Array, key: number): number {
  const size = keys.length;
  for (let i = firstSlot(key, size); ; i = i + 1 === size ? 0 : i + 1) {
    const found = keys[i];
    if (found === key + 1 || found === 0) return i;
  }
}

/** Where a key is looked for first. */
export function firstSlot(key: number, size: number): number {
  return Math.floor((spread(key) / 4_294_967_296) * size);
}

function spread(key: number): number {
  // `| 0` is the remainder by 2^32; a division of the whole key for it took a third of the time of a lookup.
  let hash = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul((key / 4_294_967_296) | 0, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

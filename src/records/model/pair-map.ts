/** A map from a pair of ids to two small numbers and a float: 24 bytes a slot, where a Map of objects takes 150. */
export class PairMap {
  #keys = new Float64Array(1 << 12);
  #a = new Int32Array(1 << 12);
  #b = new Int32Array(1 << 12);
  #value = new Float64Array(1 << 12);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The slot of a key, or -1. Slots hold until the next `make`. */
  find(key: number): number {
    const mask = this.#keys.length - 1;
    for (let i = spread(key) & mask; ; i = (i + 1) & mask) {
      const found = this.#keys[i];
      if (found === key + 1) return i;
      if (found === 0) return -1;
    }
  }

  /** The slot of a key, made with zeros if it is new. */
  make(key: number): number {
    if (this.#size * 2 > this.#keys.length) this.#resize(this.#keys.length * 2, () => true);
    const mask = this.#keys.length - 1;
    for (let i = spread(key) & mask; ; i = (i + 1) & mask) {
      const found = this.#keys[i];
      if (found === key + 1) return i;
      if (found === 0) {
        this.#keys[i] = key + 1;
        this.#size++;
        return i;
      }
    }
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
    const keys = this.#keys;
    const a = this.#a;
    const b = this.#b;
    const value = this.#value;
    this.#keys = new Float64Array(size);
    this.#a = new Int32Array(size);
    this.#b = new Int32Array(size);
    this.#value = new Float64Array(size);
    this.#size = 0;
    const mask = size - 1;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? 0;
      if (key === 0 || !keep(a[i] ?? 0, b[i] ?? 0, value[i] ?? 0)) continue;
      let slot = spread(key - 1) & mask;
      while (this.#keys[slot] !== 0) slot = (slot + 1) & mask;
      this.#keys[slot] = key;
      this.#a[slot] = a[i] ?? 0;
      this.#b[slot] = b[i] ?? 0;
      this.#value[slot] = value[i] ?? 0;
      this.#size++;
    }
  }
}

function spread(key: number): number {
  let hash = Math.imul((key % 4_294_967_296) | 0, 0x9e3779b1) ^ Math.imul((key / 4_294_967_296) | 0, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

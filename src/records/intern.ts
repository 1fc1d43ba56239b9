const FIRST_SIZE = 1 << 8;
const MAX_LOAD = 0.7;
const GROWTH = 1.5;
/** Longer ones, and those of other letters, are held as texts: they are few. */
const MAX_PLAIN = 64;

/**
 * Strings as small whole numbers, in the order in which they were first met. What names are made of (ASCII, short) lies in one
 * block of bytes: a million names take some 35 MB, where a Map takes 150.
 */
export class Names {
  #bytes = Buffer.alloc(FIRST_SIZE * 8);
  /** Where each name ends in the bytes; what is no plain name is empty there. */
  #ends = new Int32Array(FIRST_SIZE);
  /** By hash: id + 1, or 0. */
  #slots = new Int32Array(FIRST_SIZE);
  #size = 0;
  readonly #others = new Map<string, number>();
  readonly #otherTexts = new Map<number, string>();

  get size(): number {
    return this.#size;
  }

  idOf(text: string): number {
    const hash = plainHash(text);
    if (hash < 0) return this.#otherIdOf(text);
    const slot = this.#slotOf(text, hash);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return known - 1;
    if (this.#size >= MAX_LOAD * this.#slots.length) {
      this.#makeSlots(Math.ceil(this.#slots.length * GROWTH));
      return this.idOf(text);
    }
    const id = this.#add(text);
    this.#slots[slot] = id + 1;
    return id;
  }

  /** @returns -1 when it was never met */
  find(text: string): number {
    const hash = plainHash(text);
    return hash < 0 ? (this.#others.get(text) ?? -1) : (this.#slots[this.#slotOf(text, hash)] ?? 0) - 1;
  }

  /** Gives back the room for names that do not come. */
  trim(): void {
    this.#ends = this.#ends.slice(0, Math.max(FIRST_SIZE, this.#size));
    const bytes = Buffer.alloc(Math.max(FIRST_SIZE, this.#startOf(this.#size)));
    this.#bytes.copy(bytes);
    this.#bytes = bytes;
    this.#makeSlots(Math.max(FIRST_SIZE, Math.ceil(this.#size / MAX_LOAD)));
  }

  textOf(id: number): string {
    return this.#otherTexts.get(id) ?? this.#bytes.toString('latin1', this.#startOf(id), this.#ends[id] ?? 0);
  }

  #startOf(id: number): number {
    return id === 0 ? 0 : (this.#ends[id - 1] ?? 0);
  }

  #otherIdOf(text: string): number {
    const known = this.#others.get(text);
    if (known !== undefined) return known;
    // A slice of a large text would keep all of it alive.
    const own = Buffer.from(text, 'utf8').toString('utf8');
    const id = this.#add('');
    this.#others.set(own, id);
    this.#otherTexts.set(id, own);
    return id;
  }

  #add(text: string): number {
    const id = this.#size++;
    const start = this.#startOf(id);
    if (id >= this.#ends.length) {
      const larger = new Int32Array(Math.ceil(this.#ends.length * GROWTH));
      larger.set(this.#ends);
      this.#ends = larger;
    }
    if (start + text.length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.ceil(this.#bytes.length * GROWTH) + MAX_PLAIN);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#bytes.write(text, start, 'latin1');
    this.#ends[id] = start + text.length;
    return id;
  }

  #slotOf(text: string, hash: number): number {
    const size = this.#slots.length;
    for (let i = Math.floor((hash / 2_147_483_648) * size); ; i = i + 1 === size ? 0 : i + 1) {
      const id = (this.#slots[i] ?? 0) - 1;
      if (id < 0 || this.#is(id, text)) return i;
    }
  }

  #is(id: number, text: string): boolean {
    const start = this.#startOf(id);
    if ((this.#ends[id] ?? 0) - start !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (this.#bytes[start + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  #makeSlots(size: number): void {
    this.#slots = new Int32Array(size);
    for (let id = 0; id < this.#size; id++) {
      if (this.#otherTexts.has(id)) continue;
      const text = this.textOf(id);
      this.#slots[this.#slotOf(text, plainHash(text))] = id + 1;
    }
  }
}

/** 31 bits; -1 for a text that is no plain name. */
function plainHash(text: string): number {
  if (text.length > MAX_PLAIN || text === '') return -1;
  let hash = 0x5bd1e995 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return -1;
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) & 0x7fffffff;
}

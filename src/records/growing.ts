/** A column of numbers that grows: 1, 4 or 8 bytes a value, where an array of objects would take ten times that. */
export class Growing<Column extends Uint8Array | Int32Array | Float64Array> {
  #values: Column;
  #length = 0;
  readonly #make: (size: number) => Column;

  constructor(make: (size: number) => Column) {
    this.#make = make;
    this.#values = make(1024);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = this.#make(this.#length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  at(index: number): number {
    // 0 would pass for a value: somebody's key, or the year 1970.
    if (index >= this.#length) throw new RangeError(`there is no row ${index}: the column has ${this.#length}`);
    return this.#values[index] ?? 0;
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  /** Gives back the room for values that do not come. */
  trim(): void {
    if (this.#values.length === this.#length) return;
    const own = this.#make(Math.max(1, this.#length));
    own.set(this.view());
    this.#values = own;
  }

  /** The values so far, without copying. */
  view(): Column {
    return this.#values.subarray(0, this.#length) as Column;
  }
}

export const uint8 = (): Growing<Uint8Array> => new Growing((size) => new Uint8Array(size));
export const int32 = (): Growing<Int32Array> => new Growing((size) => new Int32Array(size));
export const float64 = (): Growing<Float64Array> => new Growing((size) => new Float64Array(size));

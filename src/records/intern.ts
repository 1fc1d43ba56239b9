/** Strings as small whole numbers, in the order in which they were first met. */
export class Names {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];

  get size(): number {
    return this.#texts.length;
  }

  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    // A slice of a large text would keep all of it alive.
    const own = Buffer.from(text, 'utf8').toString('utf8');
    this.#ids.set(own, this.#texts.length);
    this.#texts.push(own);
    return this.#texts.length - 1;
  }

  /** @returns -1 when it was never met */
  find(text: string): number {
    return this.#ids.get(text) ?? -1;
  }

  textOf(id: number): string {
    return this.#texts[id] ?? '';
  }
}

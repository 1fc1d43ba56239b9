const WINDOW_MS = 10_000;
const SLICES = 10;
const SLICE_MS = WINDOW_MS / SLICES;
/** Nobody who sends less than so many messages in the window is asked to wait for others. */
const ALWAYS_FREE = 2000;
/** A source may take so many times what an equal share would be. */
const SHARES = 2;

/**
 * When more comes than can be judged, those who send most are asked to wait first: a source that floods must not make the
 * others wait. As long as there is room, nobody is held back.
 */
export class FairShare {
  readonly #bySource = new Map<string, number[]>();
  #slice = 0;

  /** Counts what a source wants to send. @returns false if it should come again later */
  isFree(sourceId: string, messages: number, now: number, isCrowded: boolean): boolean {
    this.#moveTo(Math.floor(now / SLICE_MS));
    const own = this.#bySource.get(sourceId) ?? new Array<number>(SLICES).fill(0);
    this.#bySource.set(sourceId, own);
    const sent = sum(own);
    if (isCrowded && sent > ALWAYS_FREE) {
      let all = 0;
      for (const each of this.#bySource.values()) all += sum(each);
      // Alone, it has all there is.
      if (this.#bySource.size > 1 && sent > (SHARES * all) / (this.#bySource.size + 1)) return false;
    }
    const at = this.#slice % SLICES;
    own[at] = (own[at] ?? 0) + messages;
    return true;
  }

  #moveTo(slice: number): void {
    // A clock that was set back: what was counted belongs to no time that comes again soon.
    if (slice < this.#slice - SLICES) {
      this.#bySource.clear();
      this.#slice = slice;
    }
    if (slice <= this.#slice) return;
    const passed = Math.min(SLICES, slice - this.#slice);
    for (const [id, counts] of this.#bySource) {
      for (let i = 1; i <= passed; i++) counts[(this.#slice + i) % SLICES] = 0;
      if (sum(counts) === 0) this.#bySource.delete(id);
    }
    this.#slice = slice;
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

import type { UtcMs } from '../../core/event.ts';

const HOUR_MS = 3_600_000;
const FADE_EVERY_MS = 60_000;
const BIN = 0.5;
const BINS = 25;
const HALF_LIFE_HOURS = 14 * 24;

/**
 * How often something so unusual comes in the whole organisation. A surprise of 3 is nothing on 10,000 hosts that each
 * give 50 signals, and much on ten: what counts is how often such a one comes.
 */
export class SurpriseRates {
  /** Per step of half a unit of surprise: how many hours of a signal reached it and no further. Faded to `#at`. */
  readonly #reached: number[];
  #hours: number;
  #at: UtcMs | null;

  constructor(saved: SavedRates = { reached: [], hours: 0, at: null }) {
    this.#reached = Array.from({ length: BINS }, (_, bin) => saved.reached[bin] ?? 0);
    this.#hours = saved.hours;
    this.#at = saved.at;
  }

  /** @param told the surprise that the same hour of the same signal had reached before; -1: none */
  learn(surprise: number, told: number, at: UtcMs): void {
    this.#fadeTo(at);
    const bin = binOf(surprise);
    const before = told < 0 ? -1 : binOf(told);
    if (bin <= before) return;
    this.#reached[bin] = (this.#reached[bin] ?? 0) + 1;
    if (before >= 0) this.#reached[before] = Math.max(0, (this.#reached[before] ?? 0) - 1);
  }

  /** Hours of signals at least so unusual, per hour. Never 0: what has not come yet may come. */
  perHour(surprise: number, at: UtcMs): number {
    // Hours in which nothing came count, too.
    if (this.#at !== null && at - this.#at > FADE_EVERY_MS) this.#fadeTo(at);
    let count = 1;
    for (let bin = binOf(surprise); bin < BINS; bin++) count += this.#reached[bin] ?? 0;
    return count / (this.#hours + 1);
  }

  /** What comes is learned from here on. */
  begin(at: UtcMs): void {
    this.#at ??= at;
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    if (this.#at === null || this.#at <= to) return;
    this.#hours = Math.max(0, this.#hours - (this.#at - to) / HOUR_MS);
    this.#at = to;
  }

  save(): SavedRates {
    return { reached: [...this.#reached], hours: this.#hours, at: this.#at };
  }

  #fadeTo(at: UtcMs): void {
    if (this.#at === null) this.#at = at;
    const hours = (at - this.#at) / HOUR_MS;
    if (hours <= 0) return;
    const fade = 0.5 ** (hours / HALF_LIFE_HOURS);
    for (let bin = 0; bin < BINS; bin++) this.#reached[bin] = (this.#reached[bin] ?? 0) * fade;
    this.#hours = this.#hours * fade + hours;
    this.#at = at;
  }
}

export interface SavedRates {
  readonly reached: readonly number[];
  readonly hours: number;
  readonly at: UtcMs | null;
}

function binOf(surprise: number): number {
  return Math.min(BINS - 1, Math.max(0, Math.floor(surprise / BIN)));
}

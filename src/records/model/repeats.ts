import { PairMap } from './pair-map.ts';

/** A look again that has no reason either: how likely under curiosity. Assumed from the cases of facts.md 4.1. */
const IF_CURIOUS = 0.6;
const WITHIN_DAYS = 28;
/** Steps told apart: the second look, the third, the fourth and later. */
const STEPS = 4;
/** One step may speak so much (log), and all together so much: a habit is not a proof. */
const MAX_STEP = 3;
const MAX_IN_ALL = 7;
/** Pairs of prior evidence for a user from everybody. */
const USER_PRIOR = 6;

/**
 * The same person at the same record again and again, without a reason each time. How often that happens at work is
 * learned, for everybody and for each user: some jobs go back to patients whom no feed ties to them.
 */
export class Repeats {
  /** Pairs that came to 1, 2, … days without a reason. */
  readonly #reached = new Float64Array([40, 4, 2, 1.2, 0.8]);
  /** By user: pairs once, pairs again. */
  readonly #users = new PairMap();

  /** @param days earlier days without a reason, of this pair */
  evidence(user: number, days: number): number {
    if (days === 0) return 0;
    let sum = 0;
    for (let step = 0; step < Math.min(days, STEPS); step++) {
      let rate = (this.#reached[step + 1] ?? 0) / (this.#reached[step] ?? 1);
      if (step === 0) {
        const slot = this.#users.find(user);
        // This pair itself is one of those that came again: it must not excuse itself.
        if (slot >= 0)
          rate =
            (Math.max(0, this.#users.b(slot) - 1) + USER_PRIOR * rate) /
            (Math.max(0, this.#users.a(slot) - 1) + USER_PRIOR);
      }
      sum += Math.max(0, Math.min(MAX_STEP, Math.log(IF_CURIOUS / Math.min(IF_CURIOUS, rate))));
    }
    return Math.min(MAX_IN_ALL, sum);
  }

  /** @param days days without a reason of this pair, before today */
  learn(user: number, days: number): void {
    const step = Math.min(days, STEPS);
    this.#reached[step] = (this.#reached[step] ?? 0) + 1;
    if (days > 1) return;
    const slot = this.#users.make(user);
    this.#users.set(slot, this.#users.a(slot) + (days === 0 ? 1 : 0), this.#users.b(slot) + (days === 1 ? 1 : 0), 0);
  }

  isAgain(lastDay: number, today: number): boolean {
    return lastDay > 0 && today - lastDay <= WITHIN_DAYS;
  }
}

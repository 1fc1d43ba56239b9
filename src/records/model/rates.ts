import { PairMap } from './pair-map.ts';

/** What one day adds to a group’s scatter at most: a team with work lists is wild on many days, a breach is one day. */
const MAX_SCATTER = 300;
const SCATTER_PRIOR = 15;

/**
 * How much of something a person does a day when all is well: their own past, held by that of their group, held by that
 * of everybody. With how much days scatter beyond chance.
 */
export class Rates {
  readonly #priorDays: number;
  readonly #group: { days: number; sum: number; scatter: number; scatterDays: number }[] = [];
  readonly #all = { days: 20, sum: 0, scatter: 40, scatterDays: 20 };
  readonly #own = new PairMap();

  /** @param start what anybody does a day, before anything is learned */
  constructor(start: number, priorDays: number) {
    this.#priorDays = priorDays;
    this.#all.sum = start * this.#all.days;
  }

  #ofGroup(group: number): number {
    const all = this.#all.sum / this.#all.days;
    const own = this.#group[group];
    return own === undefined ? all : (own.sum + 10 * all) / (own.days + 10);
  }

  expected(user: number, group: number): number {
    const prior = this.#ofGroup(group);
    const slot = this.#own.find(user);
    if (slot < 0) return prior;
    // Own history may raise the expectation fourfold at most (record-access.md 3.0, anti-poisoning).
    const own = (this.#own.sum(slot) + this.#priorDays * prior) / (this.#own.whole(slot) + this.#priorDays);
    return Math.min(own, 4 * prior + 0.5);
  }

  /** Variance over mean of the group’s days, at least 1. */
  scatter(group: number): number {
    const all = this.#all.scatter / this.#all.scatterDays;
    const own = this.#group[group];
    return Math.max(
      1,
      own === undefined ? all : (own.scatter + SCATTER_PRIOR * all) / (own.scatterDays + SCATTER_PRIOR),
    );
  }

  learn(user: number, group: number, value: number, expected: number, learnGroups: boolean): void {
    const slot = this.#own.make(user);
    // One day teaches at most the expectation and three more: nobody can train a high normal in a day.
    const capped = Math.min(value, expected + 3 * Math.max(1, expected));
    this.#own.set(slot, this.#own.whole(slot) + 1, this.#own.sum(slot) + capped);
    if (!learnGroups) return;
    const own = (this.#group[group] ??= { days: 0, sum: 0, scatter: 0, scatterDays: 0 });
    const scatter = Math.min(MAX_SCATTER, (value - expected) ** 2 / Math.max(0.1, expected));
    for (const level of [own, this.#all]) {
      level.days++;
      level.sum += capped;
      level.scatter += scatter;
      level.scatterDays++;
    }
  }
}

/** So many cases are thought to have been seen, and expected, beforehand. Assumed. */
const PRIOR = 0.3;
/** Cases of the training time, of all roles, below which chance would decide who is asked about: some 300 members of staff. Assumed. */
const ENOUGH = 50;
/** No role’s scores have to be rarer than by so much: what is far out is told of anybody. Assumed. */
const MOST = 8;

/**
 * How much more often than others, look for look, honest days of a role stand out: coders, bookers and analysts open records of
 * everywhere, and hardly a feed says why. Their scores have to be that much rarer, so that nobody is asked about more often for the
 * job they do. Somebody who misuses records while this is learned opens three cases in four weeks at most, and so hardly hides others.
 */
export class RoleTails {
  readonly #roleOf = new Map<number, number>();
  readonly #looks = new Map<number, number>();
  readonly #logFactors = new Map<number, number>();

  looked(user: number, role: number, looks: number): void {
    this.#roleOf.set(user, role);
    this.#looks.set(role, (this.#looks.get(role) ?? 0) + looks);
  }

  /** @param opened by case of the training time: whose */
  settle(opened: readonly number[]): void {
    if (opened.length >= ENOUGH) this.#learn(opened);
    this.#roleOf.clear();
    this.#looks.clear();
  }

  #learn(opened: readonly number[]): void {
    const cases = new Map<number, number>();
    for (const user of opened) {
      const role = this.#roleOf.get(user) ?? -1;
      cases.set(role, (cases.get(role) ?? 0) + 1);
    }
    const all = [...this.#looks.values()].reduce((sum, looks) => sum + looks, 0);
    let left = 0;
    for (const [role, looks] of this.#looks) {
      const seen = cases.get(role) ?? 0;
      const expected = (opened.length * looks) / Math.max(1, all);
      const factor = Math.min(MOST, Math.max(1, (seen + PRIOR) / (expected + PRIOR)));
      this.#logFactors.set(role, Math.log(factor));
      left += seen / factor;
    }
    // What is asked less about some is asked about all: the budget stays.
    const rest = Math.log((left + 1) / (opened.length + 1));
    for (const [role, factor] of this.#logFactors) this.#logFactors.set(role, factor + rest);
  }

  logFactor(role: number): number {
    return this.#logFactors.get(role) ?? 0;
  }
}

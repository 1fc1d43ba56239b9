/** A look again that has no reason either: how likely under curiosity. Assumed from the cases of facts.md 4.1. */
const IF_CURIOUS = 0.6;
/** A look without a reason counts for less and less as days go by (e-fold); after so many it is forgotten. */
const FADE_DAYS = 30;
export const WITHIN_DAYS = 28;
/** All repetitions together may speak so much (log): a habit is not a proof. */
const MAX_IN_ALL = 10;
/** Pairs of prior evidence for a user from everybody. */
const USER_PRIOR = 6;

/** Looks with little reason, with hardly any, with none: they come again at different rates. */
const CLASSES = 3;
function classOf(explained: number): number {
  return explained > -1.5 ? 0 : explained > -2.5 ? 1 : 2;
}

/** Pairs that came to one, two and three days without a reason. */
type Reached = [once: number, twice: number, thrice: number];

/**
 * The same person at the same record again and again, without a reason each time. How often that happens at work is
 * learned, for everybody and for each user: some jobs go back to patients whom no feed ties to them. Counted to the third
 * day only: the few pairs that go on after that are too much made of misuse itself.
 */
export class Repeats {
  readonly #reached: Reached[] = Array.from({ length: CLASSES }, () => [40, 4, 1.2]);
  readonly #users: (Reached | undefined)[] = [];

  /**
   * @param days earlier days without a reason of this pair, faded
   * @param isLearned whether `learn` was told of today
   */
  evidence(user: number, days: number, explained: number, isLearned = true): number {
    if (days === 0) return 0;
    const [once, twice, thrice] = this.#reached[classOf(explained)] ?? [40, 4, 1.2];
    let again = twice / once;
    let more = thrice / twice;
    const own = this.#users[user];
    if (own !== undefined) {
      // This pair itself is one of those that came again: it must not excuse itself.
      const ownTwice = Math.max(0, own[1] - (isLearned || days > 1 ? 1 : 0));
      const ownThrice = Math.max(0, own[2] - (isLearned && days > 1 ? 1 : 0));
      again = (ownTwice + USER_PRIOR * again) / (Math.max(0, own[0] - 1) + USER_PRIOR);
      more = (ownThrice + USER_PRIOR * more) / (ownTwice + USER_PRIOR);
    }
    return Math.min(MAX_IN_ALL, Math.min(1, days) * surprise(again) + Math.max(0, days - 1) * surprise(more));
  }

  /** @param faded days without a reason of this pair, before today */
  learn(user: number, faded: number, explained: number): void {
    const days = Math.round(faded);
    if (days > 2) return;
    const reached = this.#reached[classOf(explained)];
    if (reached !== undefined) reached[days as 0 | 1 | 2]++;
    const own = (this.#users[user] ??= [0, 0, 0]);
    own[days as 0 | 1 | 2]++;
  }

  /** What is left today of days counted up to `lastDay`; 0 when that is too long ago. */
  left(days: number, lastDay: number, today: number): number {
    const gap = today - lastDay;
    return lastDay > 0 && gap <= WITHIN_DAYS ? days * Math.exp(-gap / FADE_DAYS) : 0;
  }
}

function surprise(rate: number): number {
  return Math.max(0, Math.log(IF_CURIOUS / Math.min(IF_CURIOUS, Math.max(0.002, rate))));
}

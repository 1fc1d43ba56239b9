/**
 * Person-days below which nothing can be learned about a tail. Scores are log likelihood ratios, so that e^−score bounds
 * how often work reaches them; that bound then stands in.
 */
const ENOUGH = 300;
/** So many counted scores weigh as much as the fitted tail, unless the caller knows better. */
const FIT_LEADS = 60;

/**
 * The upper tail of a score when all is well: how often a person-day reaches so much. Counted where there is enough to
 * count; beyond that an exponential tail whose slope is the median excess, so that the few days of misuse which any
 * training time may hold do not bend it.
 */
export class Tail {
  readonly #scores: Float32Array;
  readonly #size: number;
  readonly #from: number;
  readonly #fromRate: number;
  readonly #slope: number;
  readonly #fitLeads: number;

  /**
   * @param scores of the training time, any order; only those above `floor` need be given
   * @param size person-days in all
   */
  constructor(scores: readonly number[], size: number, fitLeads: number = FIT_LEADS) {
    this.#fitLeads = fitLeads;
    this.#scores = Float32Array.from(scores).sort();
    this.#size = Math.max(1, size);
    const count = this.#scores.length;
    // The tail's own beginning: the highest 1 %, 400 at most, 12 at least.
    const tail = Math.max(Math.min(12, count), Math.min(400, Math.round(this.#size * 0.01), count));
    const start = count - tail;
    this.#from = this.#scores[start] ?? 0;
    this.#fromRate = (tail + 0.5) / (this.#size + 1);
    const middle = this.#scores[start + (tail >> 1)] ?? this.#from;
    this.#slope = Math.max(0.05, (middle - this.#from) / Math.LN2);
  }

  /** log P(score ≥ s) */
  logRate(score: number): number {
    if (this.#size < ENOUGH) return Math.min(0, -score);
    const above = this.#countFrom(score);
    const counted = Math.log((above + 0.5) / (this.#size + 1));
    if (score <= this.#from) return Math.min(0, counted);
    const fitted = Math.log(this.#fromRate) - (score - this.#from) / this.#slope;
    // The fit leads until very many were counted: misuse in the training time lifts the count, hardly the fit.
    const trust = above / (above + this.#fitLeads);
    return trust * counted + (1 - trust) * fitted;
  }

  #countFrom(score: number): number {
    let low = 0;
    let high = this.#scores.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#scores[middle] ?? 0) < score) low = middle + 1;
      else high = middle;
    }
    return this.#scores.length - low;
  }
}

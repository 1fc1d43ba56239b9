/**
 * How much more likely a look is under work than under curiosity, from several clues at once: an additive table, one
 * weight for each bin of each clue. Learned online by telling looks that happened from the same user's look at another
 * patient drawn as the curious draw them, so that clues which repeat each other are not counted twice.
 *
 * Source: logistic regression as a density-ratio estimate (Qin 1998); steps by AdaGrad (Duchi et al. 2011).
 */
export class Weigher {
  readonly weights: Float64Array;
  readonly #squares: Float64Array;
  readonly #step: number;

  constructor(initial: readonly number[], step = 0.15) {
    this.weights = Float64Array.from(initial);
    this.#squares = new Float64Array(initial.length).fill(0.5);
    this.#step = step;
  }

  /** The log ratio: above 0 speaks for work. */
  weigh(bins: Int32Array): number {
    let sum = this.weights[0] ?? 0;
    for (const bin of bins) sum += this.weights[bin] ?? 0;
    return sum;
  }

  learn(bins: Int32Array, isWork: boolean): void {
    const error = (isWork ? 1 : 0) - 1 / (1 + Math.exp(-this.weigh(bins)));
    this.#move(0, error);
    for (const bin of bins) this.#move(bin, error);
  }

  #move(at: number, gradient: number): void {
    const square = (this.#squares[at] ?? 0) + gradient * gradient;
    this.#squares[at] = square;
    this.weights[at] = (this.weights[at] ?? 0) + (this.#step * gradient) / Math.sqrt(square);
  }
}

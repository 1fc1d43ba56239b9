import { type Sighting, Timeline } from './timeline.ts';

/**
 * The sightings of one group within a timespan of each other, oldest first, with running counts so that a new one
 * costs the same however many there are. A sighting exactly the timespan old is still inside (house decision 7).
 */
export class Window<Reference> {
  readonly #sightings = new Timeline<Reference>();
  readonly #byValue = new Map<string, number>();
  readonly #byRule = new Map<number, number>();
  /** Numeric values in order, kept only where a percentile is asked for. */
  readonly #sorted: number[] | null;
  #sum = 0;
  #numbers = 0;
  newest = Number.NEGATIVE_INFINITY;

  constructor(keepSorted: boolean) {
    this.#sorted = keepSorted ? [] : null;
  }

  get count(): number {
    return this.#sightings.count;
  }

  get distinctValues(): number {
    return this.#byValue.size;
  }

  get distinctRules(): number {
    return this.#byRule.size;
  }

  has(rule: number): boolean {
    return this.#byRule.has(rule);
  }

  get sum(): number {
    return this.#sum;
  }

  get numbers(): number {
    return this.#numbers;
  }

  /**
   * The value below which `percent` of the numbers lie, interpolated linearly between the closest ranks (house
   * decision 5); NaN without numbers.
   */
  percentile(percent: number): number {
    const sorted = this.#sorted ?? [];
    const rank = (percent / 100) * (sorted.length - 1);
    const below = sorted[Math.floor(rank)] ?? Number.NaN;
    const above = sorted[Math.ceil(rank)] ?? Number.NaN;
    return below + (above - below) * (rank - Math.floor(rank));
  }

  /** Adds a sighting in its place by time, and drops what is then too old. One that is itself too old is not added. */
  add(sighting: Sighting<Reference>, timespanMs: number): void {
    if (sighting.at > this.newest) {
      this.newest = sighting.at;
      this.#dropBefore(sighting.at - timespanMs);
    } else if (sighting.at < this.newest - timespanMs) return;
    this.#sightings.add(sighting);
    this.#tally(sighting, 1);
  }

  #dropBefore(time: number): void {
    while ((this.#sightings.at(0)?.at ?? Number.POSITIVE_INFINITY) < time) this.dropOldest();
  }

  /** Drops the oldest sighting. */
  dropOldest(): void {
    const first = this.#sightings.shift();
    if (first !== undefined) this.#tally(first, -1);
  }

  /** The sightings, oldest first: at most `most`, and then the first and the last of them. */
  references(most: number): Sighting<Reference>[] {
    return this.#sightings.some(most);
  }

  clear(): void {
    this.#sightings.clear();
    this.#byValue.clear();
    this.#byRule.clear();
    if (this.#sorted !== null) this.#sorted.length = 0;
    this.#sum = 0;
    this.#numbers = 0;
  }

  #tally(sighting: Sighting<Reference>, by: 1 | -1): void {
    bump(this.#byRule, sighting.rule, by);
    if (sighting.value === null) return;
    bump(this.#byValue, sighting.value, by);
    const number = Number(sighting.value);
    if (sighting.value === '' || Number.isNaN(number)) return;
    this.#sum += by * number;
    this.#numbers += by;
    if (this.#sorted !== null) this.#keepSorted(this.#sorted, number, by);
  }

  #keepSorted(sorted: number[], number: number, by: 1 | -1): void {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    if (by === 1) sorted.splice(low, 0, number);
    else sorted.splice(low, 1);
  }
}

function bump<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

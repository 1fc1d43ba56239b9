import type { UtcMs } from '../../core/event.ts';
import { forgetOldest } from './forget-oldest.ts';

/** Connections of one machine to one place that come as regularly as a clock. */
export interface Beacon {
  readonly connections: number;
  /** The mean time between them, milliseconds. */
  readonly everyMs: number;
  /** For how long so far. */
  readonly forMs: number;
}

/** What is kept of a machine and a place: enough for the test, however many connections there were. */
interface Pair {
  first: UtcMs;
  last: UtcMs;
  /** Intervals, their sum, and the sum of their logarithms. */
  count: number;
  sum: number;
  sumLog: number;
  bytes: number;
  /** Sum of the differences between one connection's bytes out and the next one's. */
  differences: number;
  lastBytes: number;
  /** It was told that these are regular; not again. */
  isTold: boolean;
}

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
/** Several connections within so much are one visit. */
const BURST_MS = 2 * SECOND_MS;
/** A gap so many times longer than usual is a machine that slept, and no interval. */
const SLEEP = 5;
/** Fewer say too little; RITA asks for 23 connections, too. */
const MIN_INTERVALS = 22;
/** A quarter of an hour of polling is an installation, a download or a page that is open. */
const MIN_LASTING_MS = 4 * HOUR_MS;
/**
 * The shape of the intervals' gamma distribution: 1 is what comes by chance, and 12 what is drawn evenly between half
 * and one and a half times the period, as much jitter as remote-control tools usually have.
 */
const MIN_SHAPE = 8;
/** And the likelihood ratio against chance (χ², one degree of freedom) at least so high: p below 10⁻⁶. */
const MIN_LIKELIHOOD_RATIO = 24;
/** The rhythm fills so much of the time from the first to the last connection. */
const MIN_DUTY = 0.5;
/** Calls home are alike in size: on the mean they differ by no more than so much of their size. */
const MAX_DIFFERENCE = 0.5;
/** About 200 bytes each: 10 MB. The pair longest without a connection is forgotten first. */
const MAX_PAIRS = 50_000;

/**
 * Finds regular connections: a likelihood-ratio test of gamma-distributed intervals against exponential ones, which is
 * what chance gives, with bounded state for each pair (design: record-access.md 3.3).
 */
export class Beacons {
  readonly #pairs = new Map<string, Pair>();

  /**
   * @param pair machine and place
   * @returns when the pair has become regular; once
   */
  see(pair: string, at: UtcMs, bytesOut: number): Beacon | null {
    const known = this.#pairs.get(pair);
    if (known === undefined) {
      forgetOldest(this.#pairs, MAX_PAIRS);
      this.#pairs.set(pair, {
        first: at,
        last: at,
        count: 0,
        sum: 0,
        sumLog: 0,
        bytes: bytesOut,
        differences: 0,
        lastBytes: bytesOut,
        isTold: false,
      });
      return null;
    }
    const interval = at - known.last;
    // Out of order, or the same visit.
    if (interval < BURST_MS) return null;
    known.last = at;
    this.#pairs.delete(pair);
    this.#pairs.set(pair, known);
    if (known.count >= MIN_INTERVALS / 4 && interval > (SLEEP * known.sum) / known.count) return null;
    known.count++;
    known.sum += interval;
    known.sumLog += Math.log(interval);
    known.bytes += bytesOut;
    known.differences += Math.abs(bytesOut - known.lastBytes);
    known.lastBytes = bytesOut;
    if (known.isTold || !isRegular(known)) return null;
    known.isTold = true;
    return { connections: known.count + 1, everyMs: known.sum / known.count, forMs: known.last - known.first };
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    for (const [pair, { last }] of this.#pairs) if (last > to) this.#pairs.delete(pair);
  }

  save(): SavedBeacons {
    return Array.from(this.#pairs, ([pair, each]) => [
      pair,
      each.first,
      each.last,
      each.count,
      each.sum,
      each.sumLog,
      each.bytes,
      each.differences,
      each.lastBytes,
      each.isTold,
    ]);
  }

  static from(saved: SavedBeacons = []): Beacons {
    const beacons = new Beacons();
    for (const [pair, first, last, count, sum, sumLog, bytes, differences, lastBytes, isTold] of saved)
      beacons.#pairs.set(pair, { first, last, count, sum, sumLog, bytes, differences, lastBytes, isTold });
    return beacons;
  }
}

export type SavedBeacons = readonly (readonly [
  pair: string,
  first: UtcMs,
  last: UtcMs,
  count: number,
  sum: number,
  sumLog: number,
  bytes: number,
  differences: number,
  lastBytes: number,
  isTold: boolean,
])[];

function isRegular({ first, last, count, sum, sumLog, bytes, differences }: Pair): boolean {
  if (count < MIN_INTERVALS || last - first < MIN_LASTING_MS || sum < MIN_DUTY * (last - first)) return false;
  if (bytes > 0 && differences / count > (MAX_DIFFERENCE * bytes) / (count + 1)) return false;
  const mean = sum / count;
  const spread = Math.log(mean) - sumLog / count;
  const shape = shapeOf(spread);
  return shape >= MIN_SHAPE && likelihoodRatio(count, shape, spread) >= MIN_LIKELIHOOD_RATIO;
}

/**
 * The shape of a gamma distribution by maximum likelihood, within 1.5 %.
 *
 * @param spread the logarithm of the mean less the mean of the logarithms
 *
 * Source: Minka, “Estimating a Gamma distribution” (2002), its starting point.
 */
export function shapeOf(spread: number): number {
  if (spread <= 1e-9) return 1e9;
  return (3 - spread + Math.sqrt((spread - 3) ** 2 + 24 * spread)) / (12 * spread);
}

/** Twice the logarithm of how much better the gamma distribution explains the intervals than the exponential one. */
export function likelihoodRatio(count: number, shape: number, spread: number): number {
  // With intervals in units of their mean: the mean of the logarithms is -spread.
  return 2 * count * ((shape - 1) * -spread - shape + shape * Math.log(shape) - logGamma(shape) + 1);
}

/** Stirling's series, good to 10⁻⁴ from 1 on. */
function logGamma(x: number): number {
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x);
}

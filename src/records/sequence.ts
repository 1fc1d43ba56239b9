import { float64, int32 } from './growing.ts';
import { Names } from './intern.ts';

/** Numbers that should be there and are not. */
export interface SequenceGap {
  readonly kind: 'sequence';
  /** The last number before, and the first after. */
  readonly after: number;
  readonly before: number;
  readonly missing: number;
  readonly from: number;
  readonly to: number;
}

/** What a run of numbers may be counted by, the widest first: the whole log, or each machine, account or session. */
const SCOPES = ['log', 'host', 'user', 'session'] as const;

/** Numbers that are exact. */
const NUMBER = /^0*\d{1,15}$/;

/** Where rows are not counted by something, nearly each is a run of its own, and few hold enough rows to say otherwise. */
const FEWEST_ROWS_A_RUN = 16;
const FEW_RUNS = 1000;

/** Beside the holes: rows of the window with something else where the log has numbers. */
export interface SequenceGaps {
  readonly gaps: readonly SequenceGap[];
  readonly unnumbered: number;
}

/** One way of counting: how well it fits the numbers, and the holes that it shows. */
interface Walk {
  /** Rows that follow the number just before theirs. */
  readonly followed: number;
  /** Numbers that come twice, and numbers that go up while the clock goes back. */
  readonly broken: number;
  /** Stretches without a hole. */
  readonly runs: number;
  readonly gaps: readonly SequenceGap[];
}

/**
 * Finds holes in the log's own numbering. Some systems number all rows, some each machine or account on its own: that
 * counts by which most rows follow their number, then by which fewest numbers come twice or out of time, then the widest.
 */
export class SequenceWatch {
  readonly #sequence = float64();
  readonly #at = float64();
  readonly #host = int32();
  readonly #user = int32();
  readonly #session = int32();
  readonly #hosts = new Names();
  readonly #sessions = new Names();
  /** Times of the rows whose number could not be read. */
  readonly #unnumbered = float64();

  add(sequence: string, at: number, host: string, user: number, session: string): void {
    if (sequence.trim() === '') return;
    const number = NUMBER.test(sequence) ? Number(sequence) : Number.NaN;
    if (Number.isNaN(number)) {
      this.#unnumbered.push(at);
      return;
    }
    this.#sequence.push(number);
    this.#at.push(at);
    this.#host.push(this.#hosts.idOf(host));
    this.#user.push(user);
    this.#session.push(this.#sessions.idOf(session));
  }

  /** Holes whose neighbours lie around the window, half-open. */
  gapsIn(from: number, to: number): SequenceGaps {
    const count = this.#sequence.length;
    // Names instead of numbers, or no such column: there is no numbering that could have holes.
    if (count === 0) return { gaps: [], unnumbered: 0 };
    let unnumbered = 0;
    for (const at of this.#unnumbered.view()) if (at >= from && at < to) unnumbered++;
    const order = new Int32Array(count);
    for (let i = 0; i < count; i++) order[i] = i;
    let best: Walk | null = null;
    for (const scope of SCOPES) {
      const of = (row: number): number => {
        switch (scope) {
          case 'log':
            return 0;
          case 'host':
            return this.#host.at(row);
          case 'user':
            return this.#user.at(row);
          case 'session':
            return this.#session.at(row);
        }
      };
      order.sort(
        (a, b) => of(a) - of(b) || this.#sequence.at(a) - this.#sequence.at(b) || this.#at.at(a) - this.#at.at(b),
      );
      const walk = this.#walk(order, of, from, to);
      if (scope !== 'log' && walk.runs * FEWEST_ROWS_A_RUN > Math.max(FEW_RUNS, count)) continue;
      const isBetter =
        best === null ||
        walk.followed > best.followed ||
        (walk.followed === best.followed && walk.broken < best.broken);
      if (isBetter) best = walk;
      // Nothing is wrong with it, and no narrower one can fit better.
      if (best?.broken === 0) break;
    }
    return { gaps: best?.gaps ?? [], unnumbered };
  }

  #walk(order: Int32Array, of: (row: number) => number, from: number, to: number): Walk {
    const gaps: SequenceGap[] = [];
    let followed = 0;
    let broken = 0;
    let runs = 1;
    for (let i = 1; i < order.length; i++) {
      const before = order[i - 1] ?? 0;
      const row = order[i] ?? 0;
      if (of(before) !== of(row)) {
        runs++;
        continue;
      }
      const step = this.#sequence.at(row) - this.#sequence.at(before);
      if (step === 0 || this.#at.at(row) < this.#at.at(before)) broken++;
      if (step === 1) followed++;
      if (step < 2) continue;
      runs++;
      const first = Math.min(this.#at.at(before), this.#at.at(row));
      const last = Math.max(this.#at.at(before), this.#at.at(row));
      if (first >= to || last < from) continue;
      gaps.push({
        kind: 'sequence',
        after: this.#sequence.at(before),
        before: this.#sequence.at(row),
        missing: step - 1,
        from: first,
        to: last,
      });
    }
    return { followed, broken, runs, gaps: gaps.sort(inOneOrder) };
  }
}

/** The earliest first; the same whatever order the rows came in. */
export function inOneOrder(a: SequenceGap, b: SequenceGap): number {
  return a.from - b.from || a.after - b.after || a.to - b.to || a.before - b.before;
}

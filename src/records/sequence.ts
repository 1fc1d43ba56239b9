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

/** What a run of numbers may be counted by, tried in this order: the whole log, or each machine, account or session. */
const SCOPES = ['log', 'host', 'user', 'session'] as const;

/**
 * Finds holes in the log's own numbering. Some systems number all rows, some each machine or account on its own: the first
 * of these by which no number comes twice is the one that counts.
 */
export class SequenceWatch {
  readonly #sequence = float64();
  readonly #at = float64();
  readonly #host = int32();
  readonly #user = int32();
  readonly #session = int32();
  readonly #hosts = new Names();
  readonly #sessions = new Names();

  add(sequence: string, at: number, host: string, user: number, session: string): void {
    if (sequence === '') return;
    const number = Number(sequence);
    if (!Number.isSafeInteger(number)) return;
    this.#sequence.push(number);
    this.#at.push(at);
    this.#host.push(this.#hosts.idOf(host));
    this.#user.push(user);
    this.#session.push(this.#sessions.idOf(session));
  }

  /** Holes whose neighbours lie around the window, half-open. */
  gapsIn(from: number, to: number): SequenceGap[] {
    const count = this.#sequence.length;
    const order = new Int32Array(count);
    for (let i = 0; i < count; i++) order[i] = i;
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
      const gaps = this.#walk(order, of, from, to);
      if (gaps !== null) return gaps;
    }
    return [];
  }

  /** @returns null when a number comes twice */
  #walk(order: Int32Array, of: (row: number) => number, from: number, to: number): SequenceGap[] | null {
    const gaps: SequenceGap[] = [];
    for (let i = 1; i < order.length; i++) {
      const before = order[i - 1] ?? 0;
      const row = order[i] ?? 0;
      if (of(before) !== of(row)) continue;
      const step = this.#sequence.at(row) - this.#sequence.at(before);
      if (step === 0) return null;
      if (step === 1) continue;
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
    return gaps.sort((a, b) => a.from - b.from || a.after - b.after);
  }
}

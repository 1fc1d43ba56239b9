import type { LiveVerdict } from '../records/live-review.ts';
import type { Position } from '../store/journal.ts';
import type { KeptRecords } from './records-process.ts';

/** What the process that judges accesses as they come is started with. Plain data. */
export interface LiveSetup extends Omit<KeptRecords, 'to'> {
  readonly kind: 'start';
  readonly budget: number;
  readonly trainDays: number;
}

export type ToLive =
  | LiveSetup
  /** Everything before this is in the journal. */
  | { readonly kind: 'end'; readonly end: Position }
  /** What was last told is kept: go on. */
  | { readonly kind: 'go' };

export type FromLive =
  /** No record access is kept: there is nothing to judge by, and the process ends. */
  | { readonly kind: 'nothing' }
  /** What it was given cannot be read, as a table without its columns; it ends. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It has read what is kept, and follows the journal. `today`: the running day; `null`: it still learns. */
  | { readonly kind: 'ready'; readonly today: string | null }
  /** Everything before `at` is judged. It waits for `go` if there are verdicts. */
  | {
      readonly kind: 'judged';
      readonly at: Position;
      readonly today: string | null;
      readonly verdicts: readonly LiveVerdict[];
    };

import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { ReviewCase } from '../records/case.ts';
import type { ReviewItem } from '../records/review-items.ts';
import type { ScopeAnswer, ScopeGap, ScopeQuestion } from '../records/scope-answer.ts';
import type { LookLine } from '../records/who-looked.ts';
import type { ColumnsInfo } from '../store/archive/access-columns.ts';

export interface KeptRecords {
  readonly data: string;
  readonly keys: string;
  /** The folder of what is known beside the accesses; `null`: nothing is. */
  readonly relationships: string | null;
  readonly timeZone: string;
  /** UTC ms; the last instant no longer counts. */
  readonly from: number;
  readonly to: number;
}

/** What is asked of the record accesses that are kept. */
export type RecordsQuestion =
  | (KeptRecords &
      (
        | { readonly kind: 'review'; readonly budget: number; readonly trainDays: number }
        | { readonly kind: 'who-looked'; readonly patient: string }
      ))
  | {
      readonly kind: 'scope';
      readonly data: string;
      readonly timeZone: string;
      readonly question: ScopeQuestion;
      /** What is known to be missing besides what is kept. */
      readonly gaps: readonly ScopeGap[];
    }
  /** That days which are over be put into columns, so many at most. */
  | { readonly kind: 'columns'; readonly data: string; readonly now: number; readonly atMost: number };

export interface Reviewed {
  readonly kind: 'reviewed';
  readonly cases: readonly ReviewCase[];
  readonly items: readonly ReviewItem[];
  readonly accesses: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly judgedDays: number;
  readonly missing: readonly string[];
  readonly setAside: number;
  /** Codes of messages that no file names as a department. */
  readonly unknownLocations: readonly string[];
  /** Local ids that stood beside two NHS numbers. */
  readonly ambiguousIds: number;
  /** Stays, appointments, referrals and orders that messages told of. */
  readonly relationships: number;
  /** Parts of what is kept that could not be read. */
  readonly losses: number;
}

export type RecordsAnswer =
  | Reviewed
  | { readonly kind: 'looked'; readonly lines: readonly LookLine[]; readonly text: string; readonly losses: number }
  | { readonly kind: 'scoped'; readonly answer: ScopeAnswer }
  /** Files that are on disk, and count from when the archive's chain names them. */
  | {
      readonly kind: 'columns';
      readonly columns: readonly ColumnsInfo[];
      readonly isMore: boolean;
      /** Days of which none could be made, and a code for the first; `null`: none failed. */
      readonly failed: number;
      readonly why: string | null;
    }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly reason: string }
  /** It broke: for want of memory, or by a bug of ours. */
  | { readonly kind: 'broken' }
  /** We ended it. */
  | { readonly kind: 'stopped' };

/** Such that the watch beside it has its own on a machine of 8 GB. */
export const MAX_HEAP_MB = 3072;
const MAX_WAITING = 10;

/**
 * Asks a process of its own about the record accesses: months of them are read into memory and judged, and neither their
 * size nor a failure may touch the watch.
 */
export class RecordsProcess {
  #child: ChildProcess | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isStopping = false;

  /** Whoever waits for an answer gets none. */
  stop(): void {
    this.#isStopping = true;
    this.#child?.kill();
  }

  /** One question at a time: the memory of one is set aside. @throws Refusal `records/busy` */
  ask(question: RecordsQuestion): Promise<RecordsAnswer> {
    if (this.#waiting >= MAX_WAITING) throw new Refusal('records/busy', `${this.#waiting} questions wait already`);
    this.#waiting++;
    const answer = this.#turn
      .then(() => (this.#isStopping ? ({ kind: 'stopped' } as const) : this.#run(question)))
      .finally(() => this.#waiting--);
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  #run(question: RecordsQuestion): Promise<RecordsAnswer> {
    return new Promise((resolve) => {
      const child = fork(path.join(import.meta.dirname, 'records-worker.ts'), [], {
        execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${MAX_HEAP_MB}`],
        // What it says when it breaks may hold what an access said.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
      });
      this.#child = child;
      let answer: RecordsAnswer = { kind: 'broken' };
      child.on('message', (message: RecordsAnswer) => (answer = message));
      child.on('error', () => {
        this.#child = null;
        resolve(answer);
      });
      child.on('close', () => {
        this.#child = null;
        resolve(answer.kind === 'broken' && this.#isStopping ? { kind: 'stopped' } : answer);
      });
      if (child.pid !== undefined) child.send(question);
    });
  }
}

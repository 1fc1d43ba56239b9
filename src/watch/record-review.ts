import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { recordFinding } from '../findings/looks.ts';
import type { CaseKind, ReviewCase } from '../records/case.ts';
import { dayText, type LocalDay, Zone } from '../records/zone.ts';
import type { State } from '../store/state.ts';
import type { Filed } from './findings-store.ts';
import type { RecordCases } from './record-cases.ts';

/** What the process that reviews is asked. Times are UTC ms. */
export interface ReviewQuestion {
  readonly data: string;
  readonly keys: string;
  /** The folder of what is known beside the accesses; `null`: nothing is. */
  readonly relationships: string | null;
  readonly timeZone: string;
  readonly budget: number;
  readonly trainDays: number;
  readonly from: number;
  readonly to: number;
}

export type ReviewAnswer =
  | {
      readonly kind: 'reviewed';
      readonly cases: readonly ReviewCase[];
      readonly accesses: number;
      readonly firstDay: string | null;
      readonly lastDay: string | null;
      readonly judgedDays: number;
      readonly missing: readonly string[];
      readonly setAside: number;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** How the last review went. */
export interface ReviewState {
  /** UTC ms. */
  readonly at: number;
  /** The local day up to which, without it, was reviewed. */
  readonly to: string;
  readonly accesses: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  /** 0: all days are still learned from. */
  readonly judgedDays: number;
  /** What is not known beside the accesses, by file or column. */
  readonly missing: readonly string[];
  /** Rows of the files beside them that could not be read. */
  readonly setAside: number;
}

export interface RecordReviewParts {
  readonly state: State;
  readonly cases: RecordCases;
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly relationships: string | null;
  /** False alerts a day and 1,000 staff. */
  readonly budget: number;
  readonly timeZone: string;
  readonly now: () => number;
  readonly file: (found: readonly Filed[]) => Promise<void>;
  /** It could not review; `reason` holds nothing of an access. */
  readonly onTrouble: (reason: string) => void;
  readonly onBug: (error: unknown) => void;
}

const TICK_MS = 5 * 60_000;
/** Local: the night's accesses have come, and who reads the cases has not. */
const REVIEW_HOUR = 5;
/** Days that are learned from and judged: three months know every rota and most clinics. */
const REVIEWED_DAYS = 90;
const TRAIN_DAYS = 28;
/** Appointments and referrals come in late: so many days are judged again each night. */
const OPEN_DAYS = 14;
/** Such that the watch beside it has its own on a machine of 8 GB. */
const MAX_HEAP_MB = 3072;
const SETTING = 'record-review';
/** Kinds that cannot wait for the morning. */
const URGENT: readonly CaseKind[] = ['bulk', 'stolen-account'];

/**
 * Reviews the record accesses each night: those of the last days, again, with what has become known since. A night that was
 * missed is made up for soon after the next start.
 */
export class RecordReview {
  readonly #parts: RecordReviewParts;
  readonly #zone: Zone;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #child: ChildProcess | null = null;

  constructor(parts: RecordReviewParts) {
    this.#parts = parts;
    this.#zone = new Zone(parts.timeZone);
  }

  start(): void {
    const tick = () => void this.#tick().catch((error: unknown) => this.#parts.onBug(error));
    this.#timer = setInterval(tick, TICK_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    // It has changed nothing yet: the next start reviews again.
    this.#child?.kill();
    await this.#running;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** `null`: there has been none. */
  async last(): Promise<ReviewState | null> {
    const row = await this.#parts.state.db
      .selectFrom('settings')
      .select('value')
      .where('name', '=', SETTING)
      .executeTakeFirst();
    // Written below.
    return row === undefined ? null : (JSON.parse(row.value) as ReviewState);
  }

  /** Begins a review now. @throws Refusal `records/review-running` */
  begin(): void {
    if (this.#running !== null) throw new Refusal('records/review-running', 'a review is running');
    this.#running = this.#review(this.#today())
      .catch((error: unknown) => this.#parts.onBug(error))
      .finally(() => {
        this.#running = null;
      });
  }

  async #tick(): Promise<void> {
    if (this.#running !== null || this.#zone.hourOf(this.#parts.now()) < REVIEW_HOUR) return;
    const last = await this.last();
    if (last?.to !== dayText(this.#today()) && this.#running === null) this.begin();
  }

  #today(): LocalDay {
    return this.#zone.dayOf(this.#parts.now());
  }

  /** Up to the end of the day before `today`: of half a day nothing can be said. */
  async #review(today: LocalDay): Promise<void> {
    const { state, cases, now, file, onTrouble, dataFolder, keysFolder, relationships, timeZone, budget } = this.#parts;
    const answer = await this.#ask({
      data: dataFolder,
      keys: keysFolder,
      relationships,
      timeZone,
      budget,
      trainDays: TRAIN_DAYS,
      from: this.#zone.startOf(today - REVIEWED_DAYS),
      to: this.#zone.startOf(today),
    });
    if (answer === null) return;
    if (answer.kind === 'refused') {
      onTrouble(answer.reason);
      return;
    }
    const { kind: _, cases: found, ...about } = answer;
    for (const { id, case: one } of await cases.keep(found, dayText(today - OPEN_DAYS))) {
      const isBulk = 'user' in one && one.kinds.some((kind) => URGENT.includes(kind));
      // One by one: each is an incident of its own.
      await file([{ finding: recordFinding(id, isBulk, now()), sourceId: null }]);
    }
    const last: ReviewState = { at: now(), to: dayText(today), ...about };
    const value = JSON.stringify(last);
    await state.db
      .insertInto('settings')
      .values({ name: SETTING, value, changed_at: now(), changed_by: null })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at: now() }))
      .execute();
  }

  /** `null`: it ended without an answer, and that was told. */
  #ask(question: ReviewQuestion): Promise<ReviewAnswer | null> {
    return new Promise((resolve) => {
      const child = fork(path.join(import.meta.dirname, 'record-review-job.ts'), [], {
        execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${MAX_HEAP_MB}`],
        // What it says when it breaks may hold what an access said.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
      });
      this.#child = child;
      let answer: ReviewAnswer | null = null;
      child.on('message', (message: ReviewAnswer) => (answer = message));
      child.on('error', (error) => this.#parts.onBug(error));
      child.on('close', (code, signal) => {
        this.#child = null;
        if (answer === null && signal !== 'SIGTERM')
          this.#parts.onTrouble(
            `the review ended without an answer (${signal ?? `code ${code ?? 0}`}); “wardwatch records review --data” says why`,
          );
        resolve(answer);
      });
      // The watch comes first.
      if (child.pid !== undefined) setPriority(child.pid, 10);
      child.send(question);
    });
  }
}

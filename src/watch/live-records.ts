import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { recordFinding, recordFindingId } from '../findings/looks.ts';
import type { LiveVerdict } from '../records/live-review.ts';
import { Zone } from '../records/zone.ts';
import type { Journal, Position } from '../store/journal.ts';
import type { Filed, TakenBackFindings } from './findings-store.ts';
import { RECORD_ACCESS } from './access-reader.ts';
import type { FromLive, LiveSetup, ToLive } from './live-records-messages.ts';
import type { RecordCases } from './record-cases.ts';
import type { RecordItems } from './record-items.ts';
import { isUrgent, REVIEWED_DAYS, TRAIN_DAYS } from './record-review.ts';
import { MAX_HEAP_MB } from './records-process.ts';

export interface LiveRecordsParts {
  readonly journal: Journal;
  readonly cases: RecordCases;
  readonly items: RecordItems;
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly relationships: string | null;
  /** False alerts a day and 1,000 staff. */
  readonly budget: number;
  readonly timeZone: string;
  readonly now: () => number;
  /** The local day up to which, without it, was reviewed; `null`: none was. */
  readonly reviewedTo: () => Promise<string | null>;
  readonly file: (found: readonly Filed[]) => Promise<void>;
  readonly takenBack: TakenBackFindings;
  /** It ended by itself; it is started again. */
  readonly onTrouble: (reason: string) => void;
  readonly onBug: (error: unknown) => void;
}

/** How accesses are judged as they come. */
export interface LiveState {
  /** Its process has read what is kept, and follows what comes. */
  readonly isFollowing: boolean;
  /** The running day; `null`: it still learns, or there is no access to judge. */
  readonly today: string | null;
}

/** Journal that is held for it: what is further behind is read anew from what is kept. */
const MAX_BEHIND_BYTES = 1 << 30;
/** After a failure; twice as long after each further one, to an hour: what reads months each minute stops the rest. */
const START_AGAIN_MS = 60_000;
const MAX_START_AGAIN_MS = 3_600_000;
const TELL_MS = 50;

/** One process, from its start on. */
interface Following {
  readonly child: ChildProcess;
  /** The journal is needed from here on. */
  at: Position;
  isReady: boolean;
  today: string | null;
  /** Why it cannot do its work; `null`: it said nothing of that. */
  refused: string | null;
  /** What it told is kept in this order. */
  keeping: Promise<void>;
}

/**
 * Judges record accesses as they come, in a process of its own, beside the nightly review: see
 * docs/decisions/0018-judging-accesses-as-they-come.md. While nobody sends accesses there is no process.
 */
export class LiveRecords {
  readonly #parts: LiveRecordsParts;
  readonly #zone: Zone;
  #current: Following | null = null;
  /** Takes the place of the current one when it has read what is kept. */
  #coming: Following | null = null;
  #again: NodeJS.Timeout | null = null;
  #telling: NodeJS.Timeout | null = null;
  #isStopping = false;
  /** In a row. */
  #failures = 0;

  constructor(parts: LiveRecordsParts) {
    this.#parts = parts;
    this.#zone = new Zone(parts.timeZone);
  }

  /** Nothing in the journal before this is needed. */
  get keepFrom(): Position {
    const positions = [this.#current, this.#coming].map((one) => one?.at ?? Number.POSITIVE_INFINITY);
    return Math.min(...positions);
  }

  get state(): LiveState {
    return { isFollowing: this.#current !== null, today: this.#current?.today ?? null };
  }

  /** Begins anew from what is kept: at the start, and when a review has ended. */
  renew(): void {
    if (this.#isStopping) return;
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = null;
    this.#coming?.child.kill();
    this.#coming = this.#start();
  }

  /** Something was kept. */
  kept(events: readonly { readonly category: string | null }[]): void {
    const isIdle = this.#current === null && this.#coming === null && this.#again === null;
    if (isIdle && events.some(({ category }) => category === RECORD_ACCESS)) this.renew();
    if (this.#current === null && this.#coming === null) return;
    // One message for all that comes meanwhile.
    this.#telling ??= setTimeout(() => {
      this.#telling = null;
      this.#tellEnd();
    }, TELL_MS).unref();
  }

  #tellEnd(): void {
    const { end } = this.#parts.journal;
    for (const one of [this.#current, this.#coming])
      if (one !== null && end - one.at > MAX_BEHIND_BYTES) one.child.kill();
      else if (one?.child.connected === true) one.child.send({ kind: 'end', end } satisfies ToLive, () => null);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#again !== null) clearTimeout(this.#again);
    if (this.#telling !== null) clearTimeout(this.#telling);
    const all = [this.#current, this.#coming].filter((one) => one !== null);
    await Promise.all(
      all.map(async ({ child, keeping }) => {
        const isGone = child.exitCode !== null || child.signalCode !== null;
        const gone = isGone ? null : new Promise((resolve) => child.once('exit', resolve));
        child.kill();
        await gone;
        await keeping;
      }),
    );
  }

  #start(): Following {
    const { journal, dataFolder, keysFolder, relationships, budget, timeZone, now } = this.#parts;
    const child = fork(path.join(import.meta.dirname, 'live-records-worker.ts'), [], {
      execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${MAX_HEAP_MB}`],
      // What it says when it breaks may hold what an access said.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    // It reads what lies before, wherever that lies by then.
    const one: Following = {
      child,
      at: journal.end,
      isReady: false,
      today: null,
      refused: null,
      keeping: Promise.resolve(),
    };
    child.on('message', (message: FromLive) => this.#hear(one, message));
    child.on('error', (error) => this.#parts.onBug(error));
    child.on('exit', (code) => this.#ended(one, code));
    const setup: LiveSetup = {
      kind: 'start',
      data: dataFolder,
      keys: keysFolder,
      relationships,
      timeZone,
      budget,
      trainDays: TRAIN_DAYS,
      from: this.#zone.startOf(this.#zone.dayOf(now()) - REVIEWED_DAYS),
    };
    for (const message of [setup, { kind: 'end', end: journal.end }] satisfies ToLive[])
      child.send(message, () => null);
    return one;
  }

  #hear(one: Following, message: FromLive): void {
    switch (message.kind) {
      case 'nothing':
        break;
      case 'refused':
        one.refused = message.reason;
        break;
      case 'ready':
        this.#failures = 0;
        one.isReady = true;
        one.today = message.today;
        if (this.#coming !== one) break;
        this.#current?.child.kill();
        this.#current = one;
        this.#coming = null;
        break;
      case 'judged':
        one.today = message.today;
        one.keeping = one.keeping.then(() => this.#keep(one, message));
        break;
      default:
        message satisfies never;
    }
  }

  async #keep(one: Following, { at, verdicts }: Extract<FromLive, { kind: 'judged' }>): Promise<void> {
    try {
      await this.#keepAll(verdicts);
    } catch (error) {
      // Not kept, so not judged: another begins from what is kept.
      this.#parts.onBug(error);
      one.child.kill();
      return;
    }
    one.at = at;
    if (verdicts.length > 0 && one.child.connected) one.child.send({ kind: 'go' } satisfies ToLive, () => null);
  }

  async #keepAll(verdicts: readonly LiveVerdict[]): Promise<void> {
    if (verdicts.length === 0) return;
    const { cases, items, file, takenBack, now, reviewedTo } = this.#parts;
    const until = (await reviewedTo()) ?? '';
    for (const verdict of verdicts) {
      if (verdict.kind === 'item') continue;
      if (verdict.kind === 'lowered') {
        const withdrawn = await cases.withdraw(verdict.case);
        if (withdrawn !== null) await takenBack.takeBack(recordFindingId(withdrawn), false);
        continue;
      }
      const id = await cases.firstLook(verdict.case, until);
      if (id === null) continue;
      await file([{ finding: recordFinding(id, isUrgent(verdict.case), 'first-look', now()), sourceId: null }]);
      await takenBack.foundAgain(recordFindingId(id));
    }
    await items.keep(verdicts.flatMap((verdict) => (verdict.kind === 'item' ? [verdict.item] : [])));
  }

  #ended(one: Following, code: number | null): void {
    const isOurs = this.#current === one || this.#coming === one;
    if (this.#current === one) this.#current = null;
    if (this.#coming === one) this.#coming = null;
    // We ended it, or there is nothing to judge.
    if (!isOurs || this.#isStopping || (code === 0 && !one.isReady)) return;
    if (code !== 0) {
      this.#failures++;
      this.#parts.onTrouble(
        one.refused ?? 'the process that judges accesses as they come broke off; it is started again',
      );
    }
    this.#again ??= setTimeout(
      () => {
        this.#again = null;
        if (this.#coming === null) this.renew();
      },
      code === 0 ? 0 : Math.min(MAX_START_AGAIN_MS, START_AGAIN_MS * 2 ** (this.#failures - 1)),
    ).unref();
  }
}

import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Refusal, type RefusalCode, REFUSALS } from '../../core/refusal.ts';
import type { Journal, Position } from '../journal.ts';
import type { ColumnsInfo } from './access-columns.ts';
import type { ArchiveDamage, ArchiveSettings, ArchiveStatus } from './archive.ts';
import type { ChainHead } from './chain.ts';
import type { CountedSoFar, CountRequest, EventStore, SearchRequest } from './event-store.ts';
import type { Answer, Question } from './messages.ts';
import { DEFAULT_RETENTION, type Leaving, type LegalHold, type RetentionByKind } from './retention.ts';
import type { StoredEvent } from './stored-event.ts';

export interface ArchiveOptions extends Partial<Omit<ArchiveSettings, 'folder' | 'journalFolder' | 'journalStart'>> {
  /** The folder of the archive. */
  readonly folder: string;
  /** Where events come from. The archive follows it, and forgets what it has sealed. */
  readonly journal: Journal;
  /** Others need the journal from here on: it is not forgotten further. */
  readonly keepFrom?: () => Position;
  readonly onSealed?: (head: ChainHead) => void;
  readonly onDamage?: (damage: ArchiveDamage) => void;
  /** True: hardly any space is left and nothing more can be deleted, so intake pushes back. False: over. */
  readonly onPressure?: (isPressed: boolean, reason: string) => void;
  /** The archive's thread ended by itself, or its work on the journal did. Nothing is lost; a restart is needed. */
  readonly onFailure?: (reason: string) => void;
}

/** The embedded event store, with what only those who run it need. */
export interface EmbeddedArchive extends EventStore {
  status(): Promise<ArchiveStatus>;
  /** Seals all that the journal holds now, however little. */
  sealNow(): Promise<void>;
  hold(hold: LegalHold): Promise<void>;
  liftHold(id: string, reason: string): Promise<void>;
  /** Holds from the next time on that something is deleted. */
  setRetention(retention: RetentionByKind): Promise<void>;
  /** What would be deleted by another retention, or if a hold were lifted (`null`: none). */
  wouldDelete(retention: RetentionByKind, withoutHold: string | null, now: number): Promise<readonly Leaving[]>;
  holds(): Promise<readonly LegalHold[]>;
  /** Records that another key is used from here on. */
  keysRotated(from: string, to: string): Promise<void>;
  /** Columns of accesses have been written. Resolves to false if their segments are not there any more. */
  columnsMade(columns: ColumnsInfo): Promise<boolean>;
  /** Deletes what has been kept long enough. Once a day is enough. Resolves to the number of segments that went. */
  applyRetention(now: number): Promise<number>;
  /** See `ArchiveSettings.minFreeBytes`; done by itself every few seconds. Tells `onPressure`. */
  keepSpace(now: number): Promise<{ readonly deleted: number; readonly isEnough: boolean }>;
}

const DEFAULTS = {
  // With 64 MB a segment the process needs 0.5 GB more at full load; with 128 MB, 0.8 GB.
  sealRows: 100_000,
  sealBytes: 64 << 20,
  sealAfterMs: 3_600_000,
  memoryMb: 256,
  // With two, one spins while it waits for the other: a fifth of all processor time while events come. Searches of a
  // segment were no faster.
  threads: 1,
  search: { timeoutMs: 30_000, atOnce: 4 },
  retention: DEFAULT_RETENTION,
  minFreeBytes: 1 << 30,
  maxClockGapMs: 31 * 86_400_000,
} satisfies Partial<ArchiveSettings>;

const JOURNAL_POLL_MS = 20;
const SPACE_POLL_MS = 5000;

/** Opens the archive in a thread of its own. Rejects if it cannot be opened. */
export async function openArchive(options: ArchiveOptions): Promise<EmbeddedArchive> {
  const { folder, journal } = options;
  const settings: ArchiveSettings = {
    ...DEFAULTS,
    ...definedOf(options),
    folder,
    journalFolder: journal.folder,
    journalStart: journal.start,
  };
  const archive = new ThreadedArchive(settings, options);
  try {
    await archive.opened;
  } catch (error) {
    await archive.abandon();
    throw error;
  }
  return archive;
}

/** Functions and the journal stay on this side: what goes to the thread must be data. */
function definedOf(options: ArchiveOptions): Partial<ArchiveSettings> {
  const { sealRows, sealBytes, sealAfterMs, memoryMb, threads, search, retention, minFreeBytes, maxClockGapMs } =
    options;
  const given = { sealRows, sealBytes, sealAfterMs, memoryMb, threads, search, retention, minFreeBytes, maxClockGapMs };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class ThreadedArchive implements EmbeddedArchive {
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #options: ArchiveOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #timers: NodeJS.Timeout[] = [];
  #lastId = 0;
  #toldEnd: Position = 0;
  #isPressed = false;
  #isSealFailing = false;
  #isClosed = false;
  #forgetting: Promise<void> = Promise.resolve();

  constructor(settings: ArchiveSettings, options: ArchiveOptions) {
    this.#options = options;
    this.#worker = new Worker(path.join(import.meta.dirname, 'archive-worker.ts'), { workerData: settings });
    this.opened = new Promise((resolve, reject) => {
      // Id 0 is the opening.
      this.#pending.set(0, { resolve: () => resolve(), reject });
    });
    this.#worker.on('message', (answer: Answer) => this.#hear(answer));
    this.#worker.on('error', (error: unknown) =>
      this.#fail(error instanceof Error ? (error.stack ?? '') : String(error)),
    );
    this.#worker.on('exit', () => this.#fail('the thread of the archive ended'));
    this.#timers.push(setInterval(() => this.#tellEnd(), JOURNAL_POLL_MS).unref());
    this.#timers.push(setInterval(() => void this.keepSpace(Date.now()).catch(() => undefined), SPACE_POLL_MS).unref());
  }

  async *search(request: SearchRequest, signal?: AbortSignal): AsyncGenerator<StoredEvent> {
    const pages = this.#pieces<StoredEvent[]>({ kind: 'search', id: this.#nextId(), request }, signal);
    for await (const page of pages) yield* page;
  }

  counts(request: CountRequest, signal?: AbortSignal): AsyncIterable<CountedSoFar> {
    return this.#pieces({ kind: 'counts', id: this.#nextId(), request }, signal);
  }

  /** What the thread has to say to a question, piece by piece: it works on the next one when that is asked for. */
  async *#pieces<Piece>(
    question: Extract<Question, { readonly kind: 'search' | 'counts' }>,
    signal?: AbortSignal,
  ): AsyncGenerator<Piece> {
    const { id } = question;
    const stop = () => this.#send({ kind: 'stop', id });
    signal?.addEventListener('abort', stop);
    try {
      await this.#ask(question);
      if (signal?.aborted === true) stop();
      for (;;) {
        const piece = (await this.#ask({ kind: 'next', id: this.#nextId(), of: id })) as Piece | null;
        if (piece === null) return;
        yield piece;
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      if (!this.#isClosed) await this.#ask({ kind: 'end', id: this.#nextId(), of: id });
    }
  }

  async caughtUp(): Promise<void> {
    await this.#ask({ kind: 'caught-up', id: this.#nextId(), end: this.#options.journal.end });
  }

  async sealNow(): Promise<void> {
    await this.#ask({ kind: 'seal', id: this.#nextId(), end: this.#options.journal.end });
    await this.#forgetting;
  }

  async status(): Promise<ArchiveStatus> {
    return (await this.#ask({ kind: 'status', id: this.#nextId() })) as ArchiveStatus;
  }

  async hold(hold: LegalHold): Promise<void> {
    await this.#ask({ kind: 'hold', id: this.#nextId(), hold });
  }

  async liftHold(hold: string, reason: string): Promise<void> {
    await this.#ask({ kind: 'lift-hold', id: this.#nextId(), hold, reason });
  }

  async setRetention(retention: RetentionByKind): Promise<void> {
    await this.#ask({ kind: 'set-retention', id: this.#nextId(), retention });
  }

  async wouldDelete(retention: RetentionByKind, withoutHold: string | null, now: number): Promise<readonly Leaving[]> {
    const question = { kind: 'would-delete', id: this.#nextId(), retention, withoutHold, now } as const;
    return (await this.#ask(question)) as Leaving[];
  }

  async holds(): Promise<readonly LegalHold[]> {
    return (await this.#ask({ kind: 'holds', id: this.#nextId() })) as LegalHold[];
  }

  async keysRotated(from: string, to: string): Promise<void> {
    await this.#ask({ kind: 'keys-rotated', id: this.#nextId(), from, to });
  }

  async columnsMade(columns: ColumnsInfo): Promise<boolean> {
    return (await this.#ask({ kind: 'columns-made', id: this.#nextId(), columns })) as boolean;
  }

  async applyRetention(now: number): Promise<number> {
    return (await this.#ask({ kind: 'retention', id: this.#nextId(), now })) as number;
  }

  async keepSpace(now: number): Promise<{ readonly deleted: number; readonly isEnough: boolean }> {
    const kept = (await this.#ask({ kind: 'space', id: this.#nextId(), now })) as {
      readonly deleted: number;
      readonly isEnough: boolean;
    };
    this.#press(!kept.isEnough, 'hardly any space is left on the disk of the archive');
    return kept;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#ask({ kind: 'close', id: this.#nextId() });
    this.#isClosed = true;
    await this.#forgetting;
    await this.#worker.terminate();
  }

  /** It could not be opened: what was begun ends, and nobody is told of a failure besides whoever opens. */
  async abandon(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#worker.terminate();
  }

  #nextId(): number {
    return ++this.#lastId;
  }

  #send(question: Question): void {
    this.#worker.postMessage(question);
  }

  #ask(question: Question & { readonly id: number }): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new Refusal('store/closed', 'the archive is closed'));
    return new Promise((resolve, reject) => {
      this.#pending.set(question.id, { resolve, reject });
      this.#send(question);
    });
  }

  #tellEnd(): void {
    const { end } = this.#options.journal;
    if (end === this.#toldEnd) return;
    this.#toldEnd = end;
    this.#send({ kind: 'journal-end', end });
  }

  #hear(answer: Answer): void {
    switch (answer.kind) {
      case 'open':
        this.#take(0)?.resolve(null);
        break;
      case 'done':
        this.#take(answer.id)?.resolve(answer.value);
        break;
      case 'failed':
        this.#take(answer.id)?.reject(errorOf(answer.code, answer.message));
        break;
      case 'sealed':
        this.#isSealFailing = false;
        this.#press(this.#isPressed, '');
        this.#forget(answer.sealedTo);
        this.#options.onSealed?.(answer.head);
        break;
      case 'damage':
        this.#options.onDamage?.(answer.damage);
        break;
      case 'seal-failed':
        this.#isSealFailing = true;
        this.#press(true, answer.reason);
        break;
      default:
        answer satisfies never;
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #press(isShort: boolean, reason: string): void {
    const isPressed = isShort || this.#isSealFailing;
    if (isPressed === this.#isPressed) return;
    this.#isPressed = isPressed;
    this.#options.onPressure?.(isPressed, reason);
  }

  #forget(sealedTo: Position): void {
    const { journal, keepFrom } = this.#options;
    const before = Math.min(sealedTo, keepFrom?.() ?? sealedTo);
    this.#forgetting = this.#forgetting
      .then(() => journal.forgetBefore(before))
      .catch((error: unknown) => this.#options.onFailure?.(`the journal could not be shortened: ${String(error)}`));
  }

  #fail(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const { reject } of this.#pending.values()) reject(new Error(reason));
    this.#pending.clear();
    this.#options.onFailure?.(reason);
  }
}

function errorOf(code: string | null, message: string): Error {
  return code !== null && Object.hasOwn(REFUSALS, code)
    ? new Refusal(code as RefusalCode, message)
    : new Error(message);
}

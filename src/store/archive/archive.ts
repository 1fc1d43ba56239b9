import { existsSync, readdirSync, rmSync } from 'node:fs';
import { rename, rm, statfs, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { makeFolder } from '../durable.ts';
import { followJournal, type JournalDamage, type Position } from '../journal.ts';
import { type ColumnsInfo, columnsFolder, isColumnFile } from './access-columns.ts';
import { Catalog, isSegmentName, segmentNumber } from './catalog.ts';
import { Chain, type ChainEntry, type ChainHead, type ChainProblem, readChain, type SegmentInfo } from './chain.ts';
import { openDatabase } from './database.ts';
import type { CountedSoFar, CountRequest, SearchRequest } from './event-store.ts';
import { HotRows } from './hot-rows.ts';
import { eventLinesIn } from './payload.ts';
import { type Leaving, type LegalHold, mayGo, RETENTION_KINDS, type RetentionByKind } from './retention.ts';
import { PART, segmentsFolder } from './segment-files.ts';
import { Searcher, type SearchLimits, type Snapshot } from './searcher.ts';
import type { StoredEvent } from './stored-event.ts';
import { wordsFolder, wordsNumber, writeWords } from './word-filter.ts';
import { nameParts, writeParts } from './write-segments.ts';

/** What is wrong with what is kept. For an alarm; the archive goes on with what there is. */
export type ArchiveDamage =
  | { readonly kind: 'journal'; readonly damage: JournalDamage }
  | { readonly kind: 'chain'; readonly problem: ChainProblem }
  | { readonly kind: 'segment-missing'; readonly name: string }
  /** A segment whose time is over, and that the chain has a tombstone for, is still on the disk. */
  | { readonly kind: 'not-removed'; readonly name: string; readonly reason: string }
  /** The chain's head, by which lines cut off its end are missed, is older than the chain. */
  | { readonly kind: 'head-not-written'; readonly reason: string }
  /**
   * The clock is so far ahead of the last line of the chain that it is not believed, and nothing is deleted by it. If it is
   * right (the service was off for long), the next sealing says so too.
   */
  | { readonly kind: 'clock-ahead'; readonly now: number; readonly lastAt: number }
  /** A payload could not be read as events though the journal vouches for its bytes: a bug. */
  | { readonly kind: 'payload'; readonly position: Position; readonly detail: string };

export interface ArchiveSettings {
  /** Holds the chain, and `segments/`. */
  readonly folder: string;
  readonly journalFolder: string;
  /** The oldest position that the journal has. */
  readonly journalStart: Position;
  /** Rows, bytes of text and milliseconds after which what has come in is sealed. */
  readonly sealRows: number;
  readonly sealBytes: number;
  readonly sealAfterMs: number;
  readonly memoryMb: number;
  readonly threads: number;
  readonly search: SearchLimits;
  readonly retention: RetentionByKind;
  /** Below so many free bytes, the oldest segments past their minimum go before their time. */
  readonly minFreeBytes: number;
  /** With the clock further ahead of the chain's last line, nothing is deleted. A service that hears anything seals hourly. */
  readonly maxClockGapMs: number;
}

/** What the archive tells those who run it. */
export interface ArchiveNews {
  readonly onSealed: (sealedTo: Position, head: ChainHead) => void;
  readonly onDamage: (damage: ArchiveDamage) => void;
  /** A segment could not be written; it is tried again. */
  readonly onSealFailed: (reason: string) => void;
}

export interface ArchiveStatus {
  readonly segments: number;
  readonly sealedRows: number;
  readonly sealedBytes: number;
  readonly hotRows: number;
  readonly sealedTo: Position;
  /** Everything in the journal before this can be found by a search. */
  readonly shownTo: Position;
  readonly head: ChainHead;
  /** When the last line of the chain was written; `null`: there is none. */
  readonly lastLineAt: number | null;
}

const IDLE_MS = 20;
/** What came may be found by searches so much later. */
const GATHER_MS = 250;
const RETRY_MS = 1000;
/** With so many files that cannot be removed, the disk does not get emptier by giving up more. */
const MAX_STUCK = 3;

/** The embedded archive. All of it runs in one thread, which alone has the database; see `archive-worker.ts`. */
export class Archive {
  readonly #settings: ArchiveSettings;
  readonly #news: ArchiveNews;
  readonly #database: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #searcher: Searcher;
  readonly #catalog: Catalog;
  readonly #chain: Chain;
  #hot: HotRows;
  #hotTables = 1;
  #generation = 1;
  /** The next position of the journal to take in. */
  #at: Position;
  #shownTo: Position;
  #journalEnd: Position = 0;
  #isClosed = false;
  /** What is appended now waits for more. */
  #isGathering = false;
  #isSealWanted = false;
  #isClockAhead = false;
  #retention: RetentionByKind;
  #following: Promise<void>;
  #wake: () => void = () => undefined;
  /** Changes to segments are made one after another. */
  #changing: Promise<unknown> = Promise.resolve();
  readonly #waiters: { readonly position: Position; readonly resolve: () => void }[] = [];
  readonly #readers = new Map<symbol, number>();
  /** Sealed by the chain's word, and not named yet: finished before anything else is sealed. */
  #unnamed: { readonly entry: Extract<ChainEntry, { kind: 'sealed' }>; readonly next: HotRows } | null = null;
  /** Segments that have their tombstones and could not be removed. */
  readonly #stuck: Set<string>;
  /**
   * Segments are numbered by the chain's lines, plus this: after a chain lost its end, files of the lost lines have the
   * next numbers already, and none is written over.
   */
  readonly #numberOffset: number;
  /** Bytes of segments that have their tombstones and wait for their readers. */
  #leavingBytes = 0;
  #leftovers: { readonly generation: number; readonly remove: () => Promise<void> }[] = [];

  private constructor(
    settings: ArchiveSettings,
    news: ArchiveNews,
    parts: {
      readonly database: DuckDBInstance;
      readonly connection: DuckDBConnection;
      readonly catalog: Catalog;
      readonly chain: Chain;
      readonly hot: HotRows;
      readonly stuck: readonly string[];
      readonly highest: number;
    },
  ) {
    this.#settings = settings;
    this.#retention = settings.retention;
    this.#news = news;
    this.#database = parts.database;
    this.#connection = parts.connection;
    this.#catalog = parts.catalog;
    this.#chain = parts.chain;
    this.#hot = parts.hot;
    this.#stuck = new Set(parts.stuck);
    this.#numberOffset = Math.max(0, parts.highest - parts.chain.head.number);
    this.#at = this.#catalog.sealedTo;
    this.#shownTo = this.#at;
    this.#searcher = new Searcher(
      this.#database,
      { segments: segmentsFolder(settings.folder), words: wordsFolder(settings.folder) },
      settings.search,
    );
    this.#following = this.#follow();
  }

  /** Opens or makes an archive, and finishes what a crash interrupted. */
  static async open(settings: ArchiveSettings, news: ArchiveNews): Promise<Archive> {
    const { folder } = settings;
    await makeFolder(segmentsFolder(folder));
    rmSync(path.join(folder, 'tmp'), { recursive: true, force: true });
    const read = readChain(folder);
    for (const problem of read.problems) news.onDamage({ kind: 'chain', problem });
    const catalog = new Catalog(read.lines);
    const chain = await Chain.open(folder, read, Date.now(), (reason) =>
      news.onDamage({ kind: 'head-not-written', reason }),
    );
    const { missing, stuck, highest } = await repairSegments(segmentsFolder(folder), catalog, news.onDamage);
    for (const name of missing) news.onDamage({ kind: 'segment-missing', name });
    if (settings.journalStart > catalog.sealedTo) {
      const [from, to] = [catalog.sealedTo, settings.journalStart];
      news.onDamage({ kind: 'journal', damage: { kind: 'missing', file: settings.journalFolder, from, to } });
    }
    const database = await openDatabase(folder, settings.memoryMb, settings.threads);
    const connection = await database.connect();
    const hot = await HotRows.make(connection, 1);
    const archive = new Archive(settings, news, { database, connection, catalog, chain, hot, stuck, highest });
    archive.#removeWords();
    return archive;
  }

  /** Everything before `end` is in the journal now. */
  journalReaches(end: Position): void {
    if (end <= this.#journalEnd) return;
    this.#journalEnd = end;
    if (!this.#isGathering) this.#wake();
  }

  /** Resolves when everything before a position can be found. */
  async caughtUp(position: Position): Promise<void> {
    if (this.#shownTo >= position) return;
    const shown = new Promise<void>((resolve) => this.#waiters.push({ position, resolve }));
    this.#wake();
    await shown;
  }

  get status(): ArchiveStatus {
    const live = [...this.#catalog.live.values()];
    return {
      segments: live.length,
      sealedRows: live.reduce((sum, { rows }) => sum + rows, 0),
      sealedBytes: live.reduce((sum, { bytes }) => sum + bytes, 0),
      hotRows: this.#hot.rows,
      sealedTo: this.#catalog.sealedTo,
      shownTo: this.#shownTo,
      head: this.#chain.head,
      lastLineAt: this.#chain.lastAt,
    };
  }

  async *search(request: SearchRequest, signal: AbortSignal): AsyncGenerator<StoredEvent[]> {
    const [snapshot, done] = this.#beginReading();
    try {
      yield* this.#searcher.search(snapshot, request, signal);
    } finally {
      done();
    }
  }

  async *counts(request: CountRequest, signal: AbortSignal): AsyncGenerator<CountedSoFar> {
    const [snapshot, done] = this.#beginReading();
    try {
      yield* this.#searcher.counts(snapshot, request, signal);
    } finally {
      done();
    }
  }

  /** Seals what has come in so far, however little. */
  async sealNow(): Promise<void> {
    const until = this.#journalEnd;
    await this.caughtUp(until);
    this.#isSealWanted = true;
    this.#wake();
    while (this.#catalog.sealedTo < until && !this.#isClosed) await pause(IDLE_MS);
  }

  async hold(hold: LegalHold, at: number): Promise<void> {
    await this.#change(() => this.#record({ kind: 'hold', hold }, at));
  }

  async liftHold(id: string, reason: string, at: number): Promise<void> {
    await this.#change(() => this.#record({ kind: 'hold-lifted', hold: id, reason }, at));
  }

  /** Holds from the next time on that something is deleted. */
  setRetention(retention: RetentionByKind): void {
    this.#retention = retention;
  }

  /** What would be deleted by another retention, or if a hold were lifted. */
  wouldDelete(retention: RetentionByKind, withoutHold: string | null, now: number): readonly Leaving[] {
    const holds = this.holds.filter(({ id }) => id !== withoutHold);
    return leavingOf(this.#deletable(now, ({ kind }) => retention[kind].keepDays, holds));
  }

  async keysRotated(from: string, to: string, at: number): Promise<void> {
    await this.#change(() => this.#record({ kind: 'keys-rotated', from, to }, at));
  }

  /**
   * From here on, questions about accesses may be answered from these.
   *
   * @returns false if their segments are not there any more: then the files are removed
   */
  async columnsMade(columns: ColumnsInfo, at: number): Promise<boolean> {
    return this.#change(async () => {
      const before = this.#catalog.columns.get(columns.day);
      const isLive = columns.segments.every((name) => this.#catalog.live.has(name));
      if (isLive) await this.#record({ kind: 'columns', columns }, at);
      this.#removeColumns(isLive ? before : columns);
      return isLive;
    });
  }

  get holds(): readonly LegalHold[] {
    return [...this.#catalog.holds.values()];
  }

  /** Deletes what has been kept for as long as it should be. Returns how many segments went. */
  async applyRetention(now: number): Promise<number> {
    return this.#change(async () => {
      await this.#removeStuck();
      const due = this.#deletable(now, ({ kind }) => this.#retention[kind].keepDays);
      if (due.length > 0 && !this.#isCredible(now)) return 0;
      return this.#delete(due, 'retention', now);
    });
  }

  /**
   * Keeps some of the disk free: deletes the oldest segments that are past their minimum.
   *
   * @returns `isEnough`: false if too little is free even so; then nothing more may come in
   */
  async keepSpace(now: number): Promise<{ readonly deleted: number; readonly isEnough: boolean }> {
    return this.#change(async () => {
      let deleted = 0;
      await this.#removeStuck();
      for (const segment of this.#deletable(now, ({ kind }) => this.#retention[kind].minimumDays)) {
        // It would free nothing, and only take them from the searches.
        if (this.#stuck.size >= MAX_STUCK) break;
        // Those that are on their way out count as gone: else all would follow the first.
        if ((await this.#hasSpace(this.#leavingBytes)) || !this.#isCredible(now)) break;
        deleted += await this.#delete([segment], 'space', now);
      }
      return { deleted, isEnough: await this.#hasSpace(0) };
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#following;
    await this.#changing;
    await this.#chain.close();
    this.#connection.closeSync();
    this.#database.closeSync();
  }

  /** Takes in what the journal holds, for as long as we are open; seals when it is time. */
  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#isSealDue()) {
        if (!(await this.#trySeal())) await this.#rest(RETRY_MS);
        continue;
      }
      if (this.#at >= this.#journalEnd) {
        await this.#rest(IDLE_MS);
        continue;
      }
      await this.#takeIn();
      // What is asked for is shown at once; else a little later, so that many events cost one opening and one flush.
      if (this.#isClosed || this.#waiters.length > 0 || this.#isSealDue()) continue;
      this.#isGathering = true;
      await this.#rest(GATHER_MS);
      this.#isGathering = false;
    }
  }

  /** Until there is nothing more, or enough to seal. */
  async #takeIn(): Promise<void> {
    const end = this.#journalEnd;
    const entries = followJournal(
      this.#settings.journalFolder,
      this.#at,
      () => end,
      (damage) => this.#news.onDamage({ kind: 'journal', damage }),
    );
    for await (const { position, next, payload } of entries) {
      try {
        for (const line of eventLinesIn(payload)) this.#hot.add(line);
        this.#hot.words.add(payload);
      } catch (error) {
        this.#news.onDamage({ kind: 'payload', position, detail: String(error) });
      }
      this.#at = next;
      if (this.#isClosed || this.#isFull()) break;
    }
    // Damage at the end has no entry behind it.
    if (!this.#isClosed && !this.#isFull()) this.#at = Math.max(this.#at, end);
    this.#hot.show();
    this.#shownTo = this.#at;
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.position <= this.#shownTo) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  #isFull(): boolean {
    const { sealRows, sealBytes } = this.#settings;
    // The journal may hold payloads that are no events, and is not to grow for ever because of them.
    const isLong = this.#at - this.#catalog.sealedTo >= 4 * sealBytes;
    return this.#hot.rows >= sealRows || this.#hot.bytes >= sealBytes || isLong;
  }

  #isSealDue(): boolean {
    if (this.#at === this.#catalog.sealedTo) {
      this.#isSealWanted = false;
      return false;
    }
    const isOld = this.#hot.since !== null && Date.now() - this.#hot.since > this.#settings.sealAfterMs;
    return this.#isFull() || isOld || this.#isSealWanted;
  }

  async #trySeal(): Promise<boolean> {
    try {
      await this.#change(() => this.#seal());
      this.#isSealWanted = false;
      return true;
    } catch (error) {
      this.#news.onSealFailed(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /** Parts on disk, then the chain's line (from here on it holds), then their names. */
  async #seal(): Promise<void> {
    if (this.#unnamed === null) {
      const hot = this.#hot;
      hot.show();
      const journal = [this.#catalog.sealedTo, this.#at] as const;
      const folder = segmentsFolder(this.#settings.folder);
      const number = this.#chain.head.number + 1 + this.#numberOffset;
      const parts = await writeParts(this.#connection, hot.table, folder, number);
      const words = await writeWords(wordsFolder(this.#settings.folder), number, hot.words);
      const segments = parts.map((segment) => ({ ...segment, words }));
      const next = await HotRows.make(this.#connection, ++this.#hotTables);
      const entry = { kind: 'sealed', segments, journal } as const;
      await this.#chain.add(entry, Date.now());
      this.#unnamed = { entry, next };
    }
    await this.#nameSealed(this.#unnamed);
  }

  /** Until it has succeeded the rows are read from memory; nothing is taken in meanwhile, and nothing sealed twice. */
  async #nameSealed({
    entry,
    next,
  }: {
    readonly entry: Extract<ChainEntry, { kind: 'sealed' }>;
    readonly next: HotRows;
  }): Promise<void> {
    await nameParts(entry.segments, segmentsFolder(this.#settings.folder));
    const hot = this.#hot;
    // In one go, so that whoever begins to read now sees each event once.
    this.#unnamed = null;
    this.#catalog.apply(entry);
    this.#hot = next;
    this.#leave(() => hot.drop(this.#connection));
    this.#news.onSealed(this.#catalog.sealedTo, this.#chain.head);
  }

  #isCredible(now: number): boolean {
    const { lastAt } = this.#chain;
    const isAhead = lastAt !== null && now - lastAt > this.#settings.maxClockGapMs;
    if (isAhead && !this.#isClockAhead) this.#news.onDamage({ kind: 'clock-ahead', now, lastAt });
    this.#isClockAhead = isAhead;
    return !isAhead;
  }

  #deletable(now: number, daysOf: (segment: SegmentInfo) => number, holds = this.holds): SegmentInfo[] {
    return [...this.#catalog.live.values()]
      .filter((segment) => mayGo(segment, daysOf(segment), now, holds))
      .sort((a, b) => a.receivedTo - b.receivedTo);
  }

  async #delete(segments: readonly SegmentInfo[], reason: 'retention' | 'space', now: number): Promise<number> {
    if (segments.length === 0) return 0;
    const names = segments.map(({ name }) => name);
    const columns = [...this.#catalog.columns.values()].filter((each) =>
      each.segments.some((name) => names.includes(name)),
    );
    // The tombstone first: a file that is gone without one would be a loss.
    await this.#record({ kind: 'deleted', segments: names, reason }, now);
    // What they say goes with them, and is made again of the day’s segments that stay.
    for (const each of columns) this.#removeColumns(each);
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    this.#leavingBytes += bytes;
    this.#leave(async () => {
      for (const name of names) {
        const isGone = await removeSegment(segmentsFolder(this.#settings.folder), name, this.#news.onDamage);
        if (!isGone) this.#stuck.add(name);
      }
      this.#removeWords();
      this.#leavingBytes -= bytes;
    });
    return names.length;
  }

  /** Of segments that are no more. What cannot be removed now is the next time, or when the archive is opened. */
  #removeWords(): void {
    const folder = wordsFolder(this.#settings.folder);
    const sealed = this.#unnamed?.entry.segments.map(({ name }) => name) ?? [];
    const live = new Set([...this.#catalog.live.keys(), ...sealed].map(segmentNumber));
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const number = wordsNumber(name);
      if (number === null || !live.has(number)) rmSync(path.join(folder, name), { force: true });
    }
  }

  /** What cannot be removed now, whoever makes columns removes later: no line of the chain names it. */
  #removeColumns(columns: ColumnsInfo | undefined): void {
    const folder = columnsFolder(this.#settings.folder);
    const names = (columns?.files ?? []).map(({ name }) => name).filter(isColumnFile);
    this.#leave(async () => {
      for (const name of names) await rm(path.join(folder, name), { force: true });
    });
  }

  /** In silence: each was told of when it got stuck. */
  async #removeStuck(): Promise<void> {
    for (const name of this.#stuck)
      if (await removeSegment(segmentsFolder(this.#settings.folder), name, () => undefined)) this.#stuck.delete(name);
  }

  async #record(entry: ChainEntry, at: number): Promise<void> {
    await this.#chain.add(entry, at);
    this.#catalog.apply(entry);
  }

  /** @param comingBytes that will be free in a moment */
  async #hasSpace(comingBytes: number): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#settings.folder);
    return bavail * bsize + comingBytes >= this.#settings.minFreeBytes;
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined);
    return done;
  }

  #beginReading(): [Snapshot, done: () => void] {
    const reader = Symbol('reader');
    this.#readers.set(reader, this.#generation);
    const snapshot = { tables: [this.#hot.table], segments: [...this.#catalog.live.values()] };
    return [
      snapshot,
      () => {
        this.#readers.delete(reader);
        void this.#tidy();
      },
    ];
  }

  /** Does away with something when nobody who began before this moment reads it any longer. */
  #leave(remove: () => Promise<void>): void {
    this.#leftovers.push({ generation: this.#generation++, remove });
    void this.#tidy();
  }

  async #tidy(): Promise<void> {
    if (this.#isClosed) return;
    const oldest = Math.min(...this.#readers.values(), Number.POSITIVE_INFINITY);
    const due = this.#leftovers.filter(({ generation }) => generation < oldest);
    this.#leftovers = this.#leftovers.filter(({ generation }) => generation >= oldest);
    // Not beside a sealing: the connection is the same.
    for (const { remove } of due)
      await this.#change(remove).catch((error: unknown) => this.#news.onSealFailed(String(error)));
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function leavingOf(segments: readonly SegmentInfo[]): Leaving[] {
  return RETENTION_KINDS.flatMap((kind) => {
    const own = segments.filter((segment) => segment.kind === kind);
    if (own.length === 0) return [];
    return {
      kind,
      events: own.reduce((sum, { rows }) => sum + rows, 0),
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      receivedFrom: Math.min(...own.map(({ receivedFrom }) => receivedFrom)),
      receivedTo: Math.max(...own.map(({ receivedTo }) => receivedTo)),
    };
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * After a crash: gives segments that the chain names their names, and removes parts that it does not name and
 * segments that it has tombstones for.
 *
 * @returns `missing` and `stuck`: segments that are gone, and tombstoned ones that could not be removed; `highest`: the
 *   highest number in the name of a file that is there
 */
async function repairSegments(
  folder: string,
  catalog: Catalog,
  onDamage: (damage: ArchiveDamage) => void,
): Promise<{ readonly missing: readonly string[]; readonly stuck: readonly string[]; readonly highest: number }> {
  const missing: string[] = [];
  for (const name of catalog.live.keys()) {
    const file = path.join(folder, name);
    if (!isSegmentName(name)) missing.push(name);
    else if (existsSync(file)) continue;
    else if (existsSync(file + PART)) await rename(file + PART, file);
    else missing.push(name);
  }
  // What is not there cannot be searched; the chain still tells of it.
  for (const name of missing) catalog.live.delete(name);
  const stuck: string[] = [];
  let highest = 0;
  for (const found of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const name = found.replaceAll(path.sep, '/');
    if (!name.endsWith(PART) && !catalog.deleted.has(name)) highest = Math.max(highest, segmentNumber(name));
    else if (!(await removeSegment(folder, name, onDamage)) && !name.endsWith(PART)) stuck.push(name);
  }
  return { missing, stuck, highest };
}

/** What cannot be removed now is told of, and tried again later. @returns true if it is gone */
async function removeSegment(
  folder: string,
  name: string,
  onDamage: (damage: ArchiveDamage) => void,
): Promise<boolean> {
  try {
    await unlink(path.join(folder, name));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT') return true;
    onDamage({ kind: 'not-removed', name, reason: code });
    return false;
  }
  return true;
}

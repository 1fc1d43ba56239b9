import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { Refusal } from '../../core/refusal.ts';
import { segmentNumber } from './catalog.ts';
import type { SegmentInfo } from './chain.ts';
import { COLUMN_LIST, eventOf, rowsOf } from './database.ts';
import { type CountedSoFar, cursorOf, type CountRequest, type SearchRequest } from './event-store.ts';
import { HostFilter } from './host-filter.ts';
import type { Predicate } from './predicate.ts';
import { conditionOf, type SqlValue } from './predicate-sql.ts';
import { mayFulfil, type Need, needOf, readWords } from './word-filter.ts';
import { type StoredEvent, timeOf } from './stored-event.ts';

/** The rows that a question is about: none is in both, and none appears or goes while it is answered. */
export interface Snapshot {
  readonly tables: readonly string[];
  readonly segments: readonly SegmentInfo[];
}

export interface SearchLimits {
  readonly timeoutMs: number;
  /** Questions that run at one time; others wait. */
  readonly atOnce: number;
}

/** Where segments are, and which words they may hold. */
export interface SearchedFolders {
  readonly segments: string;
  readonly words: string;
}

const PAGE = 1000;
const MAX_BUCKETS = 10_000;
const FIRST_ASKED = 4;
/** Segments of which counts are told at once: 60,000 events, a tenth of a second; and later, a second or two. */
const FIRST_COUNTED = 2;
const MOST_COUNTED = 32;
/** Of words, which take a tenth of a millisecond each. */
const LOOKED_AT_ONCE = 64;

/** Asks the database. Every question has a connection of its own, so that it can be interrupted by itself. */
export class Searcher {
  readonly #database: DuckDBInstance;
  readonly #folders: SearchedFolders;
  readonly #limits: SearchLimits;
  readonly #filters = new WeakMap<SegmentInfo, HostFilter | null>();
  #lastWords: { readonly sha256: string; readonly bits: Buffer | null } | null = null;
  #running = 0;
  readonly #queue: (() => void)[] = [];

  constructor(database: DuckDBInstance, folders: SearchedFolders, limits: SearchLimits) {
    this.#database = database;
    this.#folders = folders;
    this.#limits = limits;
  }

  /** Pages of events. Time spent between two pages, by whoever reads them, does not count. */
  async *search(snapshot: Snapshot, request: SearchRequest, signal: AbortSignal): AsyncGenerator<StoredEvent[]> {
    // Refuses what cannot be asked before anything goes through the tree of it.
    conditionOf(request.where);
    let left = request.limit ?? Number.POSITIVE_INFINITY;
    let cursor = request.cursor;
    while (left > 0) {
      const size = Math.min(left, PAGE);
      const page = await this.#page(snapshot, { ...request, cursor }, size, signal);
      if (page.length > 0) yield page;
      const last = page.at(-1);
      if (page.length < size || last === undefined) return;
      left -= page.length;
      cursor = cursorOf(last);
    }
  }

  /**
   * Segments are counted a few at first and then more, the newest first, so that something is known at once. All of it together takes
   * no longer than one question may: of an archive of years, whoever asks knows by then how far back it is counted.
   */
  async *counts(snapshot: Snapshot, request: CountRequest, signal: AbortSignal): AsyncGenerator<CountedSoFar> {
    const { from, to, bucketMs } = request;
    if (!(bucketMs >= 1) || !(from <= to) || (to - from) / bucketMs > MAX_BUCKETS)
      throw new Refusal('search/bad-request', `counts come in 1 to ${MAX_BUCKETS} buckets`);
    const where = conditionOf(request.where);
    const need = needOf(request.where);
    const waiting = this.#inTime(snapshot, request).sort(newestFirst);
    const counted = new Map<number, number>();
    const timeout = timer(this.#limits.timeoutMs);
    let tables = snapshot.tables;
    for (let size = FIRST_COUNTED; ; size = Math.min(size * 2, MOST_COUNTED)) {
      const segments = await this.#withWords(waiting, size, need);
      const sql = `select ("time" - ${whole(from)}) // ${whole(bucketMs)} as bucket, count(*)
        from (${this.#rows(tables, segments)})
        where "time" >= ${whole(from)} and "time" < ${whole(to)} and ${where.sql} group by 1`;
      for (const [bucket, count] of await this.#ask(sql, where.values, signal, timeout))
        counted.set(Number(bucket), (counted.get(Number(bucket)) ?? 0) + Number(count));
      const [next] = waiting;
      const buckets = [...counted]
        .sort(([a], [b]) => a - b)
        .map(([bucket, count]) => ({ from: whole(from) + bucket * whole(bucketMs), count }));
      yield { buckets, wholeFrom: next === undefined ? from : Math.max(from, Math.min(to, next.timeTo + 1)) };
      if (next === undefined) return;
      tables = [];
    }
  }

  /**
   * The first `size` events behind the cursor. Segments are asked in the order of their times, a few at first and then as
   * many as will do by what those had, until those that are left are all behind what has been found.
   */
  async #page(snapshot: Snapshot, request: SearchRequest, size: number, signal: AbortSignal): Promise<StoredEvent[]> {
    const isNewest = request.order === 'newest';
    const cursor = cursorFrom(request.cursor);
    let { from, to } = request;
    if (cursor !== null) {
      if (isNewest) to = Math.min(to ?? Infinity, cursor.time + 1);
      else from = Math.max(from ?? -Infinity, cursor.time);
    }
    const waiting = this.#inTime(snapshot, { where: request.where, from, to }).sort(
      isNewest ? newestFirst : (a, b) => a.timeFrom - b.timeFrom,
    );
    const isBehind = (segment: SegmentInfo, event: StoredEvent) =>
      isNewest ? segment.timeTo < timeOf(event) : segment.timeFrom > timeOf(event);
    const need = needOf(request.where);
    let found: StoredEvent[] = [];
    let tables = snapshot.tables;
    let asked = 0;
    for (
      let count = FIRST_ASKED;
      tables.length > 0 || waiting.length > 0;
      count = nextCount(count, asked, found.length, size)
    ) {
      const last = found.length < size ? undefined : found.at(-1);
      const [next] = waiting;
      if (tables.length === 0 && last !== undefined && next !== undefined && isBehind(next, last)) break;
      const segments = await this.#withWords(waiting, count, need);
      asked += segments.length;
      const sql = this.#pageSql(tables, segments, { ...request, from, to }, cursor, size);
      const rows = await this.#ask(sql.sql, sql.values, signal);
      found = [...found, ...rows.map(eventOf)].sort(isNewest ? byNewest : (a, b) => byNewest(b, a)).slice(0, size);
      tables = [];
    }
    return found;
  }

  #pageSql(
    tables: readonly string[],
    segments: readonly SegmentInfo[],
    { where, from, to, order }: SearchRequest,
    cursor: Cursor | null,
    size: number,
  ): { readonly sql: string; readonly values: readonly SqlValue[] } {
    const condition = conditionOf(where);
    const values = [...condition.values];
    const all = [condition.sql];
    if (from !== null) all.push(`"time" >= ${whole(from)}`);
    if (to !== null) all.push(`"time" < ${whole(to)}`);
    const [direction, behind] = order === 'newest' ? ['desc', '<'] : ['asc', '>'];
    if (cursor !== null) {
      values.push(cursor.id);
      all.push(
        `("time" ${behind} ${whole(cursor.time)} or ("time" = ${whole(cursor.time)} and id ${behind} $${values.length}))`,
      );
    }
    const sql = `select ${COLUMN_LIST} from (${this.#rows(tables, segments)}) where ${all.join(' and ')}
      order by "time" ${direction}, id ${direction} limit ${whole(size)}`;
    return { sql, values };
  }

  /** Segments that may hold what is asked for. */
  #inTime({ segments }: Snapshot, { where, from, to }: Pick<SearchRequest, 'where' | 'from' | 'to'>): SegmentInfo[] {
    return segments
      .filter((segment) => segment.timeTo >= (from ?? -Infinity) && segment.timeFrom < (to ?? Infinity))
      .filter((segment) => this.#mayHold(segment, where));
  }

  #mayHold(segment: SegmentInfo, where: Predicate): boolean {
    let filter = this.#filters.get(segment);
    if (filter === undefined) {
      filter = segment.hosts === undefined ? null : HostFilter.read(segment.hosts);
      this.#filters.set(segment, filter);
    }
    return filter?.mayFulfil(where) ?? true;
  }

  /** Takes segments from the beginning of a list until it has so many that may hold the words that are needed. */
  async #withWords(waiting: SegmentInfo[], count: number, need: Need | null): Promise<SegmentInfo[]> {
    const taken: SegmentInfo[] = [];
    for (let looked = 1; taken.length < count; looked++) {
      const segment = waiting.shift();
      if (segment === undefined) break;
      // What is to be kept meanwhile has its turn.
      if (looked % LOOKED_AT_ONCE === 0) await setImmediate();
      if (need === null || segment.words === undefined) {
        taken.push(segment);
        continue;
      }
      const bits = this.#wordsOf(segmentNumber(segment.name), segment.words);
      if (bits === null || mayFulfil(bits, need)) taken.push(segment);
    }
    return taken;
  }

  /** Segments that were sealed together have their words in one file, and stand beside one another in time. */
  #wordsOf(line: number, sha256: string): Buffer | null {
    if (this.#lastWords?.sha256 === sha256) return this.#lastWords.bits;
    const bits = readWords(this.#folders.words, line, sha256);
    this.#lastWords = { sha256, bits };
    return bits;
  }

  #rows(tables: readonly string[], segments: readonly SegmentInfo[]): string {
    return rowsOf(
      tables,
      segments.map(({ name }) => path.join(this.#folders.segments, name)),
    );
  }

  async #ask(
    sql: string,
    values: readonly SqlValue[],
    signal: AbortSignal,
    timeout = timer(this.#limits.timeoutMs),
  ): Promise<DuckDBValue[][]> {
    await this.#turn();
    let connection: DuckDBConnection | null = null;
    const interrupt = () => connection?.interrupt();
    try {
      connection = await this.#database.connect();
      signal.addEventListener('abort', interrupt);
      timeout.addEventListener('abort', interrupt);
      // What was so before anybody listened is not told any more.
      signal.throwIfAborted();
      timeout.throwIfAborted();
      return (await connection.runAndReadAll(sql, [...values])).getRows();
    } catch (error) {
      if (signal.aborted) throw cancelled();
      if (timeout.aborted)
        throw new Refusal('search/too-slow', `the search took more than ${this.#limits.timeoutMs / 1000} seconds`);
      throw error;
    } finally {
      signal.removeEventListener('abort', interrupt);
      timeout.removeEventListener('abort', interrupt);
      connection?.closeSync();
      this.#running--;
      this.#queue.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#running >= this.#limits.atOnce) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#running++;
  }
}

interface Cursor {
  readonly time: number;
  readonly id: string;
}

function cursorFrom(text: string | null): Cursor | null {
  if (text === null) return null;
  const dot = text.indexOf('.');
  const time = Number(text.slice(0, dot));
  if (dot < 1 || !Number.isSafeInteger(time)) throw new Refusal('search/bad-request', 'the cursor is not one of ours');
  return { time, id: text.slice(dot + 1) };
}

/** How many segments to ask next, by how many had to be asked for what was found. */
function nextCount(count: number, asked: number, found: number, size: number): number {
  const most = count * 4;
  if (found === 0) return most;
  // Only times that overlap are left: there may be few, or very many.
  if (found >= size) return count * 2;
  return Math.min(most, Math.max(FIRST_ASKED, Math.ceil(((size - found) / found) * asked * 1.2)));
}

function newestFirst(a: SegmentInfo, b: SegmentInfo): number {
  return b.timeTo - a.timeTo;
}

/** Ids compare by their UTF-8 bytes, as in the database. */
function byNewest(a: StoredEvent, b: StoredEvent): number {
  return timeOf(b) - timeOf(a) || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id));
}

/** A number as it goes into a statement: whole, and within 64 bits. */
function whole(value: number): number {
  const number = Math.trunc(value);
  if (!Number.isSafeInteger(number)) throw new Refusal('search/bad-request', 'a time or size is out of range');
  return number;
}

/** No time at all is up at once, before the database has a chance to answer: a timer takes a millisecond at least. */
function timer(ms: number): AbortSignal {
  return ms > 0 ? AbortSignal.timeout(ms) : AbortSignal.abort();
}

function cancelled(): Refusal {
  return new Refusal('search/cancelled', 'the search was stopped');
}

import type { UtcMs } from '../../core/event.ts';
import type { Predicate } from './predicate.ts';
import type { StoredEvent } from './stored-event.ts';

export interface SearchRequest {
  readonly where: Predicate;
  /** Events of this time or later; `null` for all. An event without a time goes by when it was received. */
  readonly from: UtcMs | null;
  /** Events before this time. */
  readonly to: UtcMs | null;
  readonly order: 'newest' | 'oldest';
  /** At most so many events; `null` for all. */
  readonly limit: number | null;
  /** Go on behind this event: its `cursorOf`. `null` to begin. */
  readonly cursor: string | null;
}

export interface CountRequest {
  readonly where: Predicate;
  readonly from: UtcMs;
  readonly to: UtcMs;
  /** Width of a bucket; the first begins at `from`. At most 10,000 buckets. */
  readonly bucketMs: number;
}

export interface Bucket {
  readonly from: UtcMs;
  readonly count: number;
}

/** What has been counted so far, the newest first. */
export interface CountedSoFar {
  /** Those that are not empty, in order of time. */
  readonly buckets: readonly Bucket[];
  /** From here on all events are counted; of older ones, some. The request's `from`: all are. */
  readonly wholeFrom: UtcMs;
}

/**
 * Where events are kept and searched. It takes them from the journal by itself, in the journal's order, each once
 * whatever crashes in between; nothing that it holds in memory has to survive.
 *
 * Questions never hold up keeping. They end early, with a Refusal, when they are aborted (`search/cancelled`), take
 * too long (`search/too-slow`) or ask what cannot be asked (`search/bad-request`).
 */
export interface EventStore {
  /** In order of time, ties by id. Events that are kept meanwhile may or may not be among them, none is twice. */
  search(request: SearchRequest, signal?: AbortSignal): AsyncIterable<StoredEvent>;
  /** Again and again as counting goes on, at least once; the last is all. */
  counts(request: CountRequest, signal?: AbortSignal): AsyncIterable<CountedSoFar>;
  /** Resolves when all that the journal held at this moment can be found by a search. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

/** As `counts`, when all is counted. */
export async function allCounts(
  store: Pick<EventStore, 'counts'>,
  request: CountRequest,
  signal?: AbortSignal,
): Promise<readonly Bucket[]> {
  let buckets: readonly Bucket[] = [];
  for await (const soFar of store.counts(request, signal)) buckets = soFar.buckets;
  return buckets;
}

/** The place behind an event, for the next page. */
export function cursorOf(event: Pick<StoredEvent, 'id' | 'at' | 'receivedAt'>): string {
  return `${event.at ?? event.receivedAt}.${event.id}`;
}

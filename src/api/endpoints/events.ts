import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { allCounts, type Bucket, type CountedSoFar, type CountRequest } from '../../store/archive/event-store.ts';
import type { StoredEvent } from '../../store/archive/stored-event.ts';
import { type ParsedQuery, parseQuery, problemText } from '../../store/query/query.ts';
import { type ApiServices, endpoint, type Streamed } from '../endpoint.ts';

const QUERY = z.object({
  query: z.string().max(2000).default('').describe('what to look for: host:dc1 -user:svc_* "exact words" word'),
  from: z.iso.datetime({ offset: true }).optional().describe('events of this time or later'),
  to: z.iso.datetime({ offset: true }).optional().describe('events before this time'),
  limit: z.coerce.number().int().min(1).optional().describe('how many at most; without it, all'),
  cursor: z
    .string()
    .max(100)
    .optional()
    .describe('go on behind this event: its time in milliseconds (or when it was received), a dot, its id'),
});

export const events = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/events',
  summary: 'Kept events, the newest first, one JSON object a line. Patients are pseudonyms.',
  input: QUERY,
  answer: 'application/x-ndjson',
  isRecorded: true,
  handle: async ({ query, from, to, limit, cursor }, services, signal): Promise<Streamed> => {
    const { where, from: ownFrom, to: ownTo } = meaningOf(query, services);
    if (from !== undefined && to !== undefined && Date.parse(to) <= Date.parse(from))
      throw new Refusal('search/bad-query', 'the time ends before it begins: put the earlier time into from');
    // What was acknowledged before the question is in the answer.
    await services.archive.caughtUp();
    const found = services.archive.search(
      {
        where,
        from: from === undefined ? ownFrom : Date.parse(from),
        to: to === undefined ? ownTo : Date.parse(to),
        order: 'newest',
        limit: limit ?? null,
        cursor: cursor ?? null,
      },
      signal,
    );
    return { contentType: 'application/x-ndjson; charset=utf-8', pieces: linesOf(found) };
  },
});

const BARS = 60;
const DAY_MS = 24 * 3_600_000;

const COUNTS_QUERY = z.object({ query: z.string().max(2000).default('').describe('as for /api/v1/events') });

export const eventCounts = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/events/counts',
  summary: 'How many kept events a query finds, over time. A query that names no beginning is asked for a day.',
  input: COUNTS_QUERY,
  answer: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    total: z.number().int(),
    bars: z
      .array(z.object({ from: z.iso.datetime(), count: z.number().int() }))
      .describe('of equal width, those without any event too'),
  }),
  isRecorded: true,
  handle: async ({ query }, services, signal) => {
    const request = countRequest(query, services);
    await services.archive.caughtUp();
    return barsOf(request, await allCounts(services.archive, request, signal));
  },
});

export const eventCountsSoFar = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/events/counts/so-far',
  summary:
    'As /api/v1/events/counts, told while it is counted, the newest events first: one JSON object a line, each with all that is counted so far. Of times from its wholeFrom on all events are counted, of older ones some; in the last line it is the beginning.',
  input: COUNTS_QUERY,
  answer: 'application/x-ndjson',
  isRecorded: true,
  handle: async ({ query }, services, signal): Promise<Streamed> => {
    const request = countRequest(query, services);
    await services.archive.caughtUp();
    const pieces = countLines(request, services.archive.counts(request, signal));
    return { contentType: 'application/x-ndjson; charset=utf-8', pieces };
  },
});

/** @throws Refusal `search/bad-query`, `api/bad-request` */
function countRequest(query: string, services: ApiServices): CountRequest {
  const { where, from: ownFrom, to: ownTo } = meaningOf(query, services);
  const to = ownTo ?? services.now();
  const from = ownFrom ?? to - DAY_MS;
  if (to <= from)
    throw new Refusal('api/bad-request', 'the end of the time that is asked for lies before its beginning');
  return { where, from, to, bucketMs: Math.max(1000, Math.ceil((to - from) / BARS)) };
}

function barsOf({ from, to, bucketMs }: CountRequest, buckets: readonly Bucket[]) {
  const counts = new Map(buckets.map((bucket) => [bucket.from, bucket.count]));
  const starts = Array.from({ length: Math.ceil((to - from) / bucketMs) }, (_, index) => from + index * bucketMs);
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    total: buckets.reduce((sum, { count }) => sum + count, 0),
    bars: starts.map((start) => ({ from: new Date(start).toISOString(), count: counts.get(start) ?? 0 })),
  };
}

async function* countLines(request: CountRequest, counted: AsyncIterable<CountedSoFar>): AsyncGenerator<string> {
  for await (const { buckets, wholeFrom } of counted)
    yield `${JSON.stringify({ wholeFrom: new Date(wholeFrom).toISOString(), ...barsOf(request, buckets) })}\n`;
}

/** @throws Refusal `search/bad-query`, which shows where */
export function meaningOf(query: string, { now, timeZone }: Pick<ApiServices, 'now' | 'timeZone'>): ParsedQuery {
  const parsed = parseQuery(query, { now: now(), timeZone });
  if (!parsed.ok) throw new Refusal('search/bad-query', problemText(query, parsed.error));
  return parsed.value;
}

async function* linesOf(found: AsyncIterable<StoredEvent>): AsyncGenerator<string> {
  for await (const event of found)
    yield `${JSON.stringify({
      schema: 'wardwatch.event/1',
      ...event,
      receivedAt: new Date(event.receivedAt).toISOString(),
      at: event.at === null ? null : new Date(event.at).toISOString(),
    })}\n`;
}

import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import type { StoredEvent } from '../../store/archive/stored-event.ts';
import { parseQuery, problemText } from '../../store/query/query.ts';
import { endpoint, type Streamed } from '../endpoint.ts';

const QUERY = z.object({
  query: z.string().max(2000).default('').describe('what to look for: host:dc1 -user:svc_* "exact words" word'),
  from: z.iso.datetime({ offset: true }).optional().describe('events of this time or later'),
  to: z.iso.datetime({ offset: true }).optional().describe('events before this time'),
  limit: z.coerce.number().int().min(1).optional().describe('how many at most; without it, all'),
});

export const events = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/events',
  summary: 'Kept events, the newest first, one JSON object a line. Patients are pseudonyms.',
  input: QUERY,
  answer: 'application/x-ndjson',
  isRecorded: true,
  handle: async ({ query, from, to, limit }, services, signal): Promise<Streamed> => {
    const parsed = parseQuery(query, { now: services.now(), timeZone: services.timeZone });
    if (!parsed.ok) throw new Refusal('search/bad-query', problemText(query, parsed.error));
    const { where, from: ownFrom, to: ownTo } = parsed.value;
    // What was acknowledged before the question is in the answer.
    await services.archive.caughtUp();
    const found = services.archive.search(
      {
        where,
        from: from === undefined ? ownFrom : Date.parse(from),
        to: to === undefined ? ownTo : Date.parse(to),
        order: 'newest',
        limit: limit ?? null,
        cursor: null,
      },
      signal,
    );
    return { contentType: 'application/x-ndjson; charset=utf-8', pieces: linesOf(found) };
  },
});

async function* linesOf(found: AsyncIterable<StoredEvent>): AsyncGenerator<string> {
  for await (const event of found)
    yield `${JSON.stringify({
      schema: 'wardwatch.event/1',
      ...event,
      receivedAt: new Date(event.receivedAt).toISOString(),
      at: event.at === null ? null : new Date(event.at).toISOString(),
    })}\n`;
}

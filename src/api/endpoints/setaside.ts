import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

const ENTRY = z.object({
  id: z.string(),
  sourceId: z.string().nullable(),
  source: z.string().nullable().describe('its name; null: nobody who is registered'),
  receivedAt: z.iso.datetime(),
  reason: z.string(),
  detail: z.string(),
  bytes: z.number().int().describe('the size of what is kept, sealed'),
});

const GONE = z.object({
  source: z.string().nullable(),
  messages: z.int().describe('the oldest that could not be read and are gone for good: there was no room for more'),
  firstAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
});

export const setaside = endpoint({
  audience: ['admin', 'analyst', 'privacy'],
  method: 'GET',
  path: '/api/v1/setaside',
  summary: 'What could not be read, the newest first. What arrived is sealed and not shown.',
  input: PAGING,
  answer: pageOf(ENTRY).extend({ gone: z.array(GONE) }),
  isRecorded: false,
  handle: async ({ cursor, limit }, services) => {
    const names = new Map((await services.sources.list()).map(({ id, name }) => [id as string, name]));
    const page = asPage(
      (await services.setAsides.page(readCursor(cursor), limit + 1)).map(({ entry, cursor: own }) => ({
        item: {
          ...entry,
          source: names.get(entry.sourceId ?? '') ?? null,
          receivedAt: new Date(entry.receivedAt).toISOString(),
        },
        cursor: own,
      })),
      limit,
    );
    const gone = (await services.setAsideGone()).map(({ sourceId, messages, firstAt, lastAt }) => ({
      source: names.get(sourceId ?? '') ?? null,
      messages,
      firstAt: new Date(firstAt).toISOString(),
      lastAt: new Date(lastAt).toISOString(),
    }));
    return { ...page, gone };
  },
});

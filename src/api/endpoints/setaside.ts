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

export const setaside = endpoint({
  audience: ['admin', 'analyst'],
  method: 'GET',
  path: '/api/v1/setaside',
  summary: 'What could not be read, the newest first. What arrived is sealed and not shown.',
  input: PAGING,
  answer: pageOf(ENTRY),
  isRecorded: false,
  handle: async ({ cursor, limit }, services) => {
    const names = new Map((await services.sources.list()).map(({ id, name }) => [id as string, name]));
    return asPage(
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
  },
});

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

export const findings = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/findings',
  summary: 'What was found, the newest first.',
  input: PAGING,
  answer: pageOf(z.looseObject({ schema: z.literal('wardwatch.finding/1'), id: z.string() })),
  isRecorded: true,
  handle: async ({ cursor, limit }, services) =>
    asPage(
      (await services.findings.page(readCursor(cursor), limit + 1)).map(({ finding, cursor: own }) => ({
        item: finding,
        cursor: own,
      })),
      limit,
    ),
});

import { z } from 'zod';
import type { ApiServices } from '../endpoint.ts';
import { endpoint } from '../endpoint.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

const ENTRY = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  who: z.string().describe('their name; of a program without a name, its token’s id'),
  action: z
    .string()
    .describe(
      'sign-in, sign-in refused, shown with a second person, not shown alone; or the call, as POST /api/v1/reveal, also if it was refused',
    ),
});

export const trail = endpoint({
  // The administrators’ own deeds are in it: somebody else must be able to see them.
  audience: ['admin', 'privacy'],
  method: 'GET',
  path: '/api/v1/trail',
  summary:
    'Who of our own people and programs did what, the newest first. Not what they asked for: that may be another’s business. That staff reported something, the privacy role alone sees.',
  input: PAGING.extend({ who: z.string().max(100).optional().describe('of one person or program: their id') }),
  answer: pageOf(ENTRY),
  isRecorded: true,
  handle: async ({ cursor, limit, who }, services, _signal, caller) => {
    const names = await namesOf(services);
    const without = caller?.roles.includes('privacy') === true ? [] : OF_STAFF;
    const rows = await services.trail.page(readCursor(cursor), limit + 1, who ?? null, without);
    return asPage(
      rows.map(({ id, at, actor, action }) => ({
        item: { id, at: new Date(at).toISOString(), who: names.get(actor) ?? actor, action },
        cursor: { at, id },
      })),
      limit,
    );
  },
});

/** That somebody reported something, and what it became: it may be about an administrator, and is for the privacy role alone. */
const OF_STAFF = [
  'POST /api/v1/reports',
  'POST /api/v1/reports/:id/file',
  'POST /api/v1/reports/:id/more',
  'POST /api/v1/reports/:id/open',
  'POST /api/v1/incidents/:id/share',
];

async function namesOf({ people, tokens }: ApiServices): Promise<ReadonlyMap<string, string>> {
  const programs = (await tokens.list()).flatMap(({ id, name }) =>
    name === null ? [] : [[id as string, name] as const],
  );
  const persons = (await people.list()).map(({ id, name }) => [id as string, name] as const);
  return new Map([['unknown', 'Somebody who is nobody here'], ...programs, ...persons]);
}

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

const REASON = typed().trim().min(10).max(2000).describe('why you have to know: it goes into the trail with your name');

export const reveal = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/reveal',
  summary: 'Who pseudonyms are. Each call is recorded with its reason; what it shows is not.',
  input: z.object({
    pseudonyms: z
      .array(z.string().regex(/^p[ti]_[0-9a-f]{20}$/, 'is no pseudonym'))
      .min(1)
      .max(100),
    reason: REASON,
  }),
  answer: z.object({ items: z.array(z.object({ pseudonym: z.string(), value: z.string().nullable() })) }),
  isRecorded: true,
  handle: async ({ pseudonyms }, services) => ({ items: await services.identities.reveal(pseudonyms) }),
});

export const revealSetAside = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/setaside/:id/reveal',
  summary: 'What arrived and could not be read, as it came: it may name patients.',
  input: z.object({ id: z.string().max(100), reason: REASON }),
  answer: z.object({ text: z.string() }),
  isRecorded: true,
  handle: async ({ id }, services) => ({ text: (await services.setAsides.open(id)).toString('utf8') }),
});

export const replaySetAside = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/setaside/replay',
  summary: 'Reads again what was set aside, after a parser was mended. What can be read now is kept and judged.',
  input: z.object({ reason: z.string().max(100).optional().describe('only those set aside for this reason') }),
  answer: z.object({
    read: z.number().int(),
    still: z.number().int().describe('cannot be read now either'),
  }),
  isRecorded: true,
  handle: ({ reason }, services) => services.replaySetAside(reason ?? null),
});

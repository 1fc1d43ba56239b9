import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

export const whoLooked = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/records/who-looked',
  summary: 'Who opened this patient’s record, day by day, and whether care explains it: for a subject access request.',
  input: z.object({
    patient: z.string().trim().min(1).max(200).describe('a pseudonym, a number, or the id that your systems give'),
    reason: typed().trim().min(10).max(2000).describe('why it is asked: it goes into the trail with your name'),
  }),
  answer: z.object({
    looks: z.array(
      z.object({
        schema: z.literal('wardwatch.look/1'),
        day: z.iso.date(),
        from: z.string(),
        to: z.string(),
        user: z.string(),
        role: z.string(),
        department: z.string(),
        accesses: z.number().int(),
        refused: z.number().int(),
        printed: z.boolean(),
        exported: z.boolean(),
        explained: z.enum(['yes', 'no', 'own-record']),
        why: z.string(),
        inCommon: z
          .string()
          .describe('what the two have in common; for the privacy officer alone, never for the patient'),
      }),
    ),
    text: z.string().describe('the page for the patient, in plain words'),
    losses: z
      .number()
      .int()
      .describe(
        'parts of what is kept that could not be read: the page is then not whole; “wardwatch verify” names them',
      ),
  }),
  isRecorded: true,
  handle: ({ patient }, services) => services.whoLooked(patient),
});

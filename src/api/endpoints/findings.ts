import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { endpoint } from '../endpoint.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

export const findings = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/findings',
  summary: 'What was found, the newest first.',
  input: PAGING.extend({ rule: z.string().max(200).optional().describe('only those of the rule with this id') }),
  answer: pageOf(
    z.looseObject({
      schema: z.literal('wardwatch.finding/1'),
      id: z.string(),
      at: z.string().nullable(),
      plain: z.string(),
      observation: z.object({ points: z.int() }).optional().describe('missing in findings of the first builds'),
    }),
  ),
  isRecorded: true,
  handle: async ({ cursor, limit, rule }, services) =>
    asPage(
      (await services.findings.page(readCursor(cursor), limit + 1, rule ?? null)).map(({ finding, cursor: own }) => ({
        item: finding,
        cursor: own,
      })),
      limit,
    ),
});

const EVIDENCE = z.object({
  path: z.string(),
  record: z.number().int(),
  eventRecordId: z.number().optional(),
  at: z.string().nullable(),
  ruleId: z.string().optional(),
});

export const finding = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/findings/:id',
  summary: 'One finding whole: its sentence, what it could be innocently, next steps, evidence, rule and author.',
  input: z.object({ id: z.string().max(100) }),
  answer: z.object({
    finding: z.object({
      id: z.string(),
      kind: z.string(),
      ruleId: z.string(),
      title: z.string(),
      level: z.string(),
      techniques: z.array(z.string()),
      at: z.string().nullable(),
      entities: z.object({
        host: z.string().optional(),
        account: z.string().optional(),
        address: z.string().optional(),
      }),
      matched: z.record(z.string(), z.string()),
      plain: z.string(),
      innocent: z.string(),
      next: z.array(z.string()),
      evidence: z.array(EVIDENCE),
      author: z.string(),
    }),
    incidentId: z.string().nullable().describe('null: it belongs to none'),
  }),
  isRecorded: true,
  handle: async ({ id }, services) => {
    const found = await services.findings.find(id);
    if (found === null) throw new Refusal('findings/not-found', `there is no finding ${id}`);
    return found;
  },
});

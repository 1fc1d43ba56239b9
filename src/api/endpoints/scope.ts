import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import type { ScopeAnswer } from '../../records/scope-answer.ts';
import { gapText } from '../../records/scope-story.ts';
import { type ApiServices, endpoint, type Streamed } from '../endpoint.ts';

/** Longer than any log of accesses is kept by default; a slip of the hand must not keep others waiting. */
const MAX_WINDOW_MS = 10 * 366 * 86_400_000;

/** A name that has a comma in it (`"Shah, Priya"`) stands in quotes, a quote in it twice. */
const NAME = /\s*"((?:[^"]|"")*)"(?=\s*(?:,|$))|[^,]+/g;

const NAMES = z
  .string()
  .max(4000)
  .default('')
  .transform((text) => {
    const names = [...text.matchAll(NAME)].map(([plain, quoted]) => (quoted?.replaceAll('""', '"') ?? plain).trim());
    return [...new Set(names.filter((name) => name !== ''))].sort();
  })
  .describe('several with commas between; one that has a comma in it in quotes');
const QUESTION = z.object({
  account: NAMES,
  host: NAMES,
  address: NAMES,
  from: z.iso.datetime({ offset: true }),
  to: z.iso.datetime({ offset: true }).describe('the first instant that no longer counts'),
});

export const scope = endpoint({
  audience: ['privacy'],
  method: 'GET',
  path: '/api/v1/scope',
  summary:
    'Whose records these accounts, machines and addresses touched: a line for each patient (a pseudonym), then the totals.',
  input: QUESTION,
  answer: 'application/x-ndjson',
  isRecorded: true,
  handle: async (question, services): Promise<Streamed> => {
    const { patients, total } = await answerOf(question, services);
    return { contentType: 'application/x-ndjson; charset=utf-8', pieces: linesOf([...patients, total]) };
  },
});

export const scopeCounts = endpoint({
  audience: ['analyst', 'partner', 'privacy'],
  method: 'GET',
  path: '/api/v1/scope/counts',
  summary: 'As /api/v1/scope, the totals alone: how many patients, and what the logs cannot show.',
  input: QUESTION,
  answer: z.object({
    schema: z.literal('wardwatch.scope/1'),
    patients: z.object({ exact: z.number().int().nullable(), atLeast: z.number().int(), upTo: z.number().int() }),
    accesses: z.number().int(),
    gaps: z.array(z.looseObject({ kind: z.string() })),
    hash: z.string(),
    failed: z.number().int().describe('accesses that were refused and showed nothing: not counted'),
    unseen: z
      .array(z.string())
      .describe('names that stand nowhere in the log: a mistyped one gives no patients either'),
    cannotShow: z.array(z.string()).describe('the gaps, in plain words'),
  }),
  isRecorded: true,
  handle: async (question, services) => {
    const { total, failed, unseen } = await answerOf(question, services);
    return { ...total, failed, unseen, cannotShow: total.gaps.map(gapText) };
  },
});

async function answerOf(
  { account, host, address, from, to }: z.infer<typeof QUESTION>,
  { scopeOf }: ApiServices,
): Promise<ScopeAnswer> {
  const question = { accounts: account, hosts: host, addresses: address, from: Date.parse(from), to: Date.parse(to) };
  if (account.length + host.length + address.length === 0)
    throw new Refusal('api/bad-request', 'name at least one account, host or address');
  if (question.to <= question.from) throw new Refusal('api/bad-request', 'to: lies after from');
  if (question.to - question.from > MAX_WINDOW_MS)
    throw new Refusal('api/bad-request', 'ten years at most: ask in parts');
  return scopeOf(question);
}

async function* linesOf(objects: readonly object[]): AsyncGenerator<string> {
  for (const object of objects) yield `${JSON.stringify(object)}\n`;
}

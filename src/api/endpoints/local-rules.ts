import { z } from 'zod';
import { allCounts } from '../../store/archive/event-store.ts';
import { LEVELS } from '../../core/level.ts';
import { PARAMETERS } from '../../core/observation.ts';
import { Refusal } from '../../core/refusal.ts';
import { lookedForBy, MAX_A_DAY } from '../../watch/local-rules.ts';
import { type ApiServices, endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

const DAY_MS = 86_400_000;
/** How far back a rule is tried. */
const DAYS = 30;

const QUERY = z.string().trim().min(1).max(2000).describe('as for /api/v1/events; its time is left out');
const SENTENCE = typed().trim().min(1).max(500);

const tryOut = endpoint({
  audience: ['analyst'],
  method: 'POST',
  path: '/api/v1/local-rules/try',
  summary: 'How often a rule made of this search would have fired on what is kept.',
  input: z.object({ query: QUERY }),
  answer: z.object({
    days: z.int().describe('how far back it was tried, as far as events are kept'),
    fired: z.int().min(0),
    busiest: z.int().min(0).describe('the most of any 24 hours of these'),
    mostADay: z.int().describe('a rule that finds more than this in 24 hours is not taken'),
  }),
  isRecorded: true,
  handle: ({ query }, services, signal) => tried(services.pseudonymise(query), services, signal),
});

const add = endpoint({
  audience: ['analyst'],
  method: 'POST',
  path: '/api/v1/local-rules',
  summary:
    'Makes a rule of a search: it judges each event as it comes, from now on. Numbers of patients become pseudonyms.',
  input: z.object({
    title: typed().trim().min(1).max(100),
    query: QUERY,
    level: z.enum(LEVELS),
    parameter: z.enum(PARAMETERS).describe('where its findings count on the observations chart'),
    plain: SENTENCE.describe('what it means when it fires; {host}, {account} and names of fields are filled in'),
    innocent: SENTENCE.describe('what it could be instead'),
    next: z.array(SENTENCE).min(1).max(10).describe('what to do, in order'),
  }),
  answer: z.object({ id: z.string() }),
  isRecorded: true,
  handle: async (given, services, signal, caller) => {
    const clean = services.pseudonymise;
    const query = clean(given.query);
    const { busiest } = await tried(query, services, signal);
    if (busiest > MAX_A_DAY)
      throw new Refusal(
        'local-rules/too-noisy',
        `it would have fired ${busiest} times in 24 hours; at most ${MAX_A_DAY} are taken`,
      );
    const rule = {
      ...given,
      query,
      title: clean(given.title),
      plain: clean(given.plain),
      innocent: clean(given.innocent),
      next: given.next.map(clean),
    };
    return { id: await services.localRules.add(rule, caller?.name ?? '') };
  },
});

const end = endpoint({
  audience: ['analyst', 'admin'],
  method: 'POST',
  path: '/api/v1/local-rules/:id/end',
  summary: 'Switches a rule that was made here off. What it found stays.',
  input: z.object({ id: z.string().max(100) }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ id }, { localRules: kept }, _signal, caller) => {
    await kept.end(id, caller?.name ?? '');
    return { done: true };
  },
});

export const localRules = [tryOut, add, end];

/** @throws Refusal as `lookedForBy` */
async function tried(query: string, { archive, now }: ApiServices, signal: AbortSignal) {
  const where = lookedForBy(query);
  const to = now();
  await archive.caughtUp();
  const counts = await allCounts(archive, { where, from: to - DAYS * DAY_MS, to, bucketMs: DAY_MS }, signal);
  return {
    days: DAYS,
    fired: counts.reduce((sum, { count }) => sum + count, 0),
    busiest: counts.reduce((most, { count }) => Math.max(most, count), 0),
    mostADay: MAX_A_DAY,
  };
}

import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { WATCHED_DAYS, type WatchedRule } from '../../watch/rule-watch.ts';
import { endpoint } from '../endpoint.ts';

const AUDIENCE = ['admin', 'analyst', 'partner'] as const;

/** There are thousands: what tells one from another, and no more. */
const LISTED = z.object({
  key: z.string().describe('its id; of one without an id, or with that of another, a name of ours'),
  title: z.string().describe('of one that has none, its file'),
  level: z.string().nullable().describe('null: it could not be read so far'),
  from: z
    .enum(['own', 'added', 'made'])
    .describe('own: ours; added: from a folder that you gave; made: here, of a search'),
  state: z
    .enum(['runs', 'blind', 'cannot-run'])
    .describe('blind: it could run, and nothing that came could have fired it'),
  needs: z
    .int()
    .min(0)
    .nullable()
    .describe('what has to be switched on or sent for it to see anything: which of `needs`'),
  fired: z.int().min(0).describe('findings of the last days'),
});

const RULE = LISTED.extend({
  id: z.string().nullable(),
  author: z.string(),
  file: z.string().describe('within its folder of rules'),
  plain: z.string().nullable().describe('what it means when it fires'),
  detail: z.string().nullable().describe('why it cannot run'),
  needs: z.string().nullable().describe('what has to be switched on or sent for it to see anything'),
  isSilent: z.boolean().describe('it only serves other rules'),
  lastAt: z.iso.datetime().nullable(),
  made: z
    .object({ query: z.string(), by: z.string(), at: z.iso.datetime() })
    .nullable()
    .describe('of one that somebody made here of a search'),
});

const list = endpoint({
  audience: AUDIENCE,
  method: 'GET',
  path: '/api/v1/rules',
  summary: 'Every rule: whether it runs, whether anything that comes could fire it, and how often it did.',
  input: z.object({}),
  answer: z.object({
    days: z.int().describe('how far back findings, and what came, are counted'),
    since: z.iso.datetime().describe('since when it is known what came: at most so many days ago'),
    needs: z.array(z.string()),
    rules: z.array(LISTED),
  }),
  isRecorded: false,
  handle: async (_input, { ruleWatch }) => {
    const { since, rules } = await ruleWatch.list();
    const needs = [...new Set(rules.flatMap((rule) => rule.needs ?? []))];
    const places = new Map(needs.map((need, place) => [need, place]));
    return {
      days: WATCHED_DAYS,
      since: new Date(since).toISOString(),
      needs,
      rules: rules.map((rule) => ({
        ...shown(rule),
        needs: rule.needs === null ? null : (places.get(rule.needs) ?? null),
      })),
    };
  },
});

const search = endpoint({
  audience: AUDIENCE,
  method: 'GET',
  path: '/api/v1/rules/search',
  summary: 'Which rules have all of these words in their title, sentence, author, file, id, or what they need.',
  input: z.object({ words: z.string().max(300) }),
  answer: z.object({ keys: z.array(z.string()) }),
  isRecorded: false,
  handle: async ({ words }, { ruleWatch }) => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const { rules } = await ruleWatch.list();
    const found = rules.filter(({ title, plain, author, needs, detail, id, file }) => {
      const text = [title, plain, author, needs, detail, id, file].join(' ').toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
    return { keys: found.map(({ key }) => key) };
  },
});

const one = endpoint({
  audience: AUDIENCE,
  method: 'GET',
  path: '/api/v1/rules/:key',
  summary:
    'One rule: what it means when it fires, why it cannot run, what it needs, who wrote it, and when it fired last.',
  input: z.object({ key: z.string().max(300) }),
  answer: RULE,
  isRecorded: false,
  handle: async ({ key }, { ruleWatch }) => {
    const rule = await ruleWatch.find(key);
    if (rule === null) throw new Refusal('rules/unknown', `there is no rule ${key}`);
    const { id, author, file, plain, detail, needs, isSilent, lastAt, made } = rule;
    return {
      ...shown(rule),
      id,
      author,
      file,
      plain,
      detail,
      needs,
      isSilent,
      lastAt: lastAt === null ? null : new Date(lastAt).toISOString(),
      made:
        made === null ? null : { query: made.query, by: made.createdBy, at: new Date(made.createdAt).toISOString() },
    };
  },
});

export const rules = [list, search, one];

function shown({
  key,
  title,
  file,
  level,
  isOwn,
  made,
  state,
  fired,
}: WatchedRule): Omit<z.infer<typeof LISTED>, 'needs'> {
  return { key, title: title ?? file, level, from: made === null ? (isOwn ? 'own' : 'added') : 'made', state, fired };
}

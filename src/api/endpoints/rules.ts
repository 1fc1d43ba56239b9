import { z } from 'zod';
import { WATCHED_DAYS } from '../../watch/rule-watch.ts';
import { endpoint } from '../endpoint.ts';

const RULE = z.object({
  id: z.string().nullable(),
  title: z.string().nullable(),
  level: z.string().nullable().describe('null: it could not be read so far'),
  author: z.string(),
  isOwn: z.boolean().describe('false: from a folder that you gave, or made here'),
  file: z.string().describe('within its folder of rules'),
  state: z
    .enum(['runs', 'blind', 'cannot-run'])
    .describe('blind: it could run, and nothing that came could have fired it'),
  plain: z.string().nullable().describe('what it means when it fires'),
  detail: z.string().nullable().describe('why it cannot run'),
  needs: z.string().nullable().describe('what has to be switched on or sent for it to see anything'),
  isSilent: z.boolean().describe('it only serves other rules'),
  fired: z.int().min(0).describe('findings of the last days'),
  lastAt: z.iso.datetime().nullable(),
  made: z
    .object({ query: z.string(), by: z.string(), at: z.iso.datetime() })
    .nullable()
    .describe('of one that somebody made here of a search'),
});

export const rules = endpoint({
  audience: ['admin', 'analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/rules',
  summary: 'Every rule: whether it runs, why not, whether anything that comes could fire it, and how often it did.',
  input: z.object({}),
  answer: z.object({
    days: z.int().describe('how far back findings, and what came, are counted'),
    since: z.iso.datetime().describe('since when it is known what came: at most so many days ago'),
    rules: z.array(RULE),
  }),
  isRecorded: false,
  handle: async (_input, { ruleWatch }) => {
    const { since, rules: all } = await ruleWatch.list();
    return {
      days: WATCHED_DAYS,
      since: new Date(since).toISOString(),
      rules: all.map((rule) => ({
        ...rule,
        lastAt: rule.lastAt === null ? null : new Date(rule.lastAt).toISOString(),
        made:
          rule.made === null
            ? null
            : {
                query: rule.made.query,
                by: rule.made.createdBy,
                at: new Date(rule.made.createdAt).toISOString(),
              },
      })),
    };
  },
});

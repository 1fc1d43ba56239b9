import { z } from 'zod';
import { isoTime } from '../../core/finding.ts';
import { PARAMETERS } from '../../core/observation.ts';
import { endpoint } from '../endpoint.ts';

const DAY_MS = 24 * 3_600_000;

export const observations = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/observations',
  summary: 'The early warning score of a host or an account now, and the findings that made it over time.',
  input: z.object({
    kind: z.enum(['host', 'account']),
    value: z.string().min(1).max(256),
    days: z.coerce.number().int().min(1).max(90).default(7),
  }),
  answer: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    score: z.object({
      total: z.number().int(),
      band: z.enum(['routine', 'low', 'urgent', 'emergency']),
      points: z.partialRecord(z.enum(PARAMETERS), z.number().int()),
      careDepends: z.union([z.literal(0), z.literal(2)]),
    }),
    findings: z
      .array(
        z.object({
          id: z.string(),
          at: z.iso.datetime().nullable(),
          parameter: z.enum(PARAMETERS),
          points: z.number().int(),
          closedAt: z.iso.datetime().nullable(),
          incidentId: z.string().nullable(),
          plain: z.string(),
        }),
      )
      .describe('the oldest first, at most 5,000'),
  }),
  isRecorded: true,
  handle: async ({ kind, value, days }, { incidents, findings, now }) => {
    const to = now();
    const from = to - days * DAY_MS;
    const found = await findings.scoring(kind, value, from);
    return {
      from: isoTime(from),
      to: isoTime(to),
      score: await incidents.scoreOf({ kind, value: value.toLowerCase() }),
      findings: found.map((each) => ({ ...each, at: isoTime(each.at), closedAt: isoTime(each.closedAt) })),
    };
  },
});

import { z } from 'zod';
import { PARAMETERS } from '../../core/observation.ts';
import { allowedActions } from '../../incidents/life.ts';
import { endpoint } from '../endpoint.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

const LINK = z.object({ kind: z.enum(['host', 'account', 'address']), value: z.string() });
const INCIDENT = z.object({
  schema: z.literal('wardwatch.incident/1'),
  id: z.string(),
  state: z.enum(['new', 'investigating', 'contained', 'closed']),
  actions: z.array(z.string()).describe('what may be done with it now'),
  level: z.string().describe('the highest of its findings'),
  title: z.string(),
  owner: z.string().nullable(),
  openedAt: z.iso.datetime(),
  lastEvidenceAt: z.iso.datetime(),
  findings: z.number().int(),
  links: z.array(LINK).describe('the hosts, accounts and addresses it is about'),
  strength: z.number().describe('what its detectors say together, at most 4 each: the most serious is the highest'),
  score: z
    .object({
      total: z.number().int().min(0).max(20),
      band: z.enum(['routine', 'low', 'urgent', 'emergency']),
      points: z.partialRecord(z.enum(PARAMETERS), z.number().int()),
      careDepends: z.union([z.literal(0), z.literal(2)]),
      entity: LINK.nullable(),
    })
    .describe('the highest early warning score among its hosts and accounts, and whose it is'),
});

export const incidents = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/incidents',
  summary: 'Findings that belong together, the newest first.',
  input: PAGING,
  answer: pageOf(INCIDENT),
  isRecorded: true,
  handle: async ({ cursor, limit }, services) =>
    asPage(
      (await services.incidents.page(readCursor(cursor), limit + 1)).map(({ incident, cursor: own }) => ({
        item: {
          schema: 'wardwatch.incident/1',
          ...incident,
          actions: allowedActions(incident.state).filter((action) => action !== 'merge'),
          openedAt: new Date(incident.openedAt).toISOString(),
          lastEvidenceAt: new Date(incident.lastEvidenceAt).toISOString(),
        },
        cursor: own,
      })),
      limit,
    ),
});

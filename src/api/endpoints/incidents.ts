import { z } from 'zod';
import { PARAMETERS } from '../../core/observation.ts';
import { isoTime } from '../../core/finding.ts';
import { OUTCOMES } from '../../incidents/desk.ts';
import { allowedActions } from '../../incidents/life.ts';
import type { Incident } from '../../incidents/store.ts';
import { endpoint, readBy } from '../endpoint.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

export const LINK = z.object({ kind: z.enum(['host', 'account', 'address']), value: z.string() });
export const INCIDENT = z.object({
  schema: z.literal('wardwatch.incident/1'),
  id: z.string(),
  state: z.enum(['new', 'investigating', 'contained', 'closed', 'merged']),
  actions: z.array(z.string()).describe('what may be done with it now'),
  level: z.string().describe('the highest of its findings'),
  title: z.string(),
  owner: z.string().nullable(),
  acknowledgedAt: z.iso.datetime().nullable().describe('null: nobody has looked'),
  outcome: z.enum(OUTCOMES).nullable().describe('why it was closed'),
  addressedTo: z
    .enum(['it', 'privacy'])
    .describe('privacy: the privacy officers alone see it, until one of them shares it'),
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

/** An incident as the API gives it. */
export function asIncident(incident: Incident): object {
  const { acknowledgedAt } = incident;
  return {
    schema: 'wardwatch.incident/1',
    ...incident,
    actions: allowedActions(incident.state),
    acknowledgedAt: isoTime(acknowledgedAt),
    openedAt: isoTime(incident.openedAt),
    lastEvidenceAt: isoTime(incident.lastEvidenceAt),
  };
}

export const incidents = endpoint({
  audience: ['analyst', 'partner', 'privacy'],
  method: 'GET',
  path: '/api/v1/incidents',
  summary: 'Findings that belong together, the newest first.',
  input: PAGING,
  answer: pageOf(INCIDENT),
  isRecorded: true,
  handle: async ({ cursor, limit }, services, _signal, caller) =>
    asPage(
      (await services.incidents.page(readCursor(cursor), limit + 1, readBy(caller))).map(
        ({ incident, cursor: own }) => ({
          item: asIncident(incident),
          cursor: own,
        }),
      ),
      limit,
    ),
});

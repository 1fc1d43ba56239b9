import { z } from 'zod';
import { isoTime } from '../../core/finding.ts';
import { Refusal } from '../../core/refusal.ts';
import type { ExceptionScope } from '../../incidents/exceptions.ts';
import { type ApiServices, endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';
import { asIncident, INCIDENT } from './incidents.ts';

const SCOPE = {
  ruleId: z.string().min(1).max(300).describe('of the finding that is normal'),
  host: z.string().min(1).max(256).nullable().default(null),
  account: z.string().min(1).max(256).nullable().default(null),
};
const TIME = z.iso.datetime().nullable();

export const exceptions = endpoint({
  audience: ['analyst', 'partner', 'admin'],
  method: 'GET',
  path: '/api/v1/exceptions',
  summary: 'What somebody has said is normal here, the newest first.',
  input: z.object({}),
  answer: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        ruleId: z.string(),
        host: z.string().nullable(),
        account: z.string().nullable(),
        reason: z.string(),
        owner: z.string(),
        createdAt: TIME,
        expiresAt: TIME,
        revokedAt: TIME,
        hidden: z.number().int().describe('findings that it has kept from opening an incident'),
      }),
    ),
    next: z.null(),
  }),
  isRecorded: true,
  handle: async (_input, services) => ({
    items: (await services.exceptions.list()).map((row) => ({
      id: row.id,
      ruleId: row.rule_id,
      host: row.host,
      account: row.account,
      reason: row.reason,
      owner: row.owner,
      createdAt: isoTime(row.created_at),
      expiresAt: isoTime(row.expires_at),
      revokedAt: isoTime(row.revoked_at),
      hidden: row.hidden,
    })),
    next: null,
  }),
});

const PREVIEW = z.object({
  hidden: z.number().int().describe('findings of the last 90 days that it would have hidden'),
  examples: z.array(z.object({ id: z.string(), at: TIME, plain: z.string() })),
  confirmedBad: z
    .array(z.object({ id: z.string(), incidentId: z.string().nullable(), plain: z.string() }))
    .describe('findings of incidents that turned out to be attacks, that it would have hidden'),
  openIncidents: z.array(INCIDENT).describe('incidents that are open now and hold such findings'),
});

async function openWith({ exceptions: kept, incidents }: ApiServices, scope: ExceptionScope) {
  const { openIncidents } = await kept.preview(scope);
  const found = await Promise.all(openIncidents.map((id) => incidents.find(id, ['it'])));
  return found.filter((each) => each !== null);
}

export const previewException = endpoint({
  audience: ['analyst', 'partner'],
  method: 'POST',
  path: '/api/v1/exceptions/preview',
  summary: '“This is normal”, tried first: what it would have hidden.',
  input: z.object(SCOPE),
  answer: PREVIEW,
  isRecorded: true,
  handle: async (scope, services) => {
    const { hidden, examples, confirmedBad } = await services.exceptions.preview(scope);
    return {
      hidden,
      confirmedBad,
      examples: examples.map((each) => ({ ...each, at: isoTime(each.at) })),
      openIncidents: (await openWith(services, scope)).map(asIncident),
    };
  },
});

export const addException = endpoint({
  audience: ['analyst'],
  method: 'POST',
  path: '/api/v1/exceptions',
  summary: 'Such findings are kept and counted from now on, and open no incident, until it expires.',
  input: z.object({
    ...SCOPE,
    reason: typed().trim().min(10).max(2000).describe('why it is normal'),
    days: z.number().int().min(1).max(180).default(90),
    acceptHiding: z
      .boolean()
      .default(false)
      .describe(
        'although it would have hidden what turned out to be an attack, or belongs to an emergency that is open',
      ),
  }),
  answer: z.object({ id: z.string() }),
  isRecorded: true,
  handle: async ({ reason, days, acceptHiding, ...scope }, services, _signal, caller) => {
    const emergency = (await openWith(services, scope)).find(({ score }) => score.band === 'emergency');
    if (emergency !== undefined && !acceptHiding)
      throw new Refusal(
        'exceptions/hides-attack',
        `it belongs to an emergency that is open: ${emergency.title} (${emergency.id})`,
      );
    const made = { reason: services.pseudonymise(reason), days, acceptHiding };
    return { id: await services.exceptions.add(scope, made, caller?.name ?? '') };
  },
});

export const revokeException = endpoint({
  audience: ['analyst'],
  method: 'POST',
  path: '/api/v1/exceptions/:id/revoke',
  summary: 'It is not normal any more.',
  input: z.object({ id: z.string().max(100) }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ id }, services, _signal, caller) => {
    await services.exceptions.revoke(id, caller?.name ?? '');
    return { done: true };
  },
});

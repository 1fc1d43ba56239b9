import { z } from 'zod';
import { isoTime } from '../../core/finding.ts';
import { endpoint } from '../endpoint.ts';

const SOURCE = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  state: z.string(),
  addresses: z.string().nullable().describe('networks it may send syslog from; null: none'),
  lastHeardAt: z.iso.datetime().nullable().describe('null: never yet'),
  silentSince: z.iso
    .datetime()
    .nullable()
    .describe('silent for longer than it ever is; null: it is not, or not known to be'),
  createdAt: z.iso.datetime(),
});

export const sources = endpoint({
  audience: ['admin', 'analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/sources',
  summary: 'Who sends logs, and when each was last heard.',
  input: z.object({}),
  answer: z.object({
    items: z.array(SOURCE),
    doors: z.record(z.string(), z.string()).describe('where each door is open: http, syslogTls, …'),
    next: z.null(),
  }),
  isRecorded: false,
  handle: async (_input, services) => {
    const silentSince = services.silentSince();
    return {
      items: (await services.sources.list()).map((row) => ({
        id: row.id,
        name: row.name,
        kind: row.kind,
        state: row.state,
        addresses: row.address_range,
        lastHeardAt: row.last_heard_at === null ? null : new Date(row.last_heard_at).toISOString(),
        silentSince: isoTime(silentSince.get(row.id) ?? null),
        createdAt: new Date(row.created_at).toISOString(),
      })),
      doors: services.doors(),
      next: null,
    };
  },
});

export const addSource = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/sources',
  summary: 'Registers a source that sends. Its token is in this answer and nowhere else.',
  input: z.object({
    name: z.string().max(63),
    kind: z.enum(['windows', 'syslog', 'http', 'fhir', 'hl7']),
    addresses: z
      .string()
      .max(1000)
      .optional()
      .describe('networks that it may send syslog or HL7 from: 10.1.0.0/16, 10.2.0.1'),
  }),
  answer: z.object({ id: z.string(), token: z.string() }),
  isRecorded: true,
  handle: ({ name, kind, addresses }, services) => services.sources.add(name, kind, addresses ?? null),
});

const ID = z.string().max(100).describe('of the source');

export const endSource = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/sources/:id/end',
  summary: 'Switches a source off: nothing of it is taken any more. What it sent stays.',
  input: z.object({ id: ID }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ id }, { sources: all }) => {
    await all.end(id);
    return { done: true };
  },
});

export const renewToken = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/sources/:id/token',
  summary:
    'A new token for a source; the one before is worth nothing from now on. It is in this answer and nowhere else.',
  input: z.object({ id: ID }),
  answer: z.object({ token: z.string() }),
  isRecorded: true,
  handle: async ({ id }, { sources: all }) => ({ token: await all.renewToken(id) }),
});

export const moveSource = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/sources/:id/addresses',
  summary: 'From where a source of syslog or HL7 may send.',
  input: z.object({ id: ID, addresses: z.string().min(1).max(1000) }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ id, addresses }, { sources: all }) => {
    await all.move(id, addresses);
    return { done: true };
  },
});

/** Anybody who connects is shown it anyway. */
export const certificate = endpoint({
  audience: 'anyone',
  method: 'GET',
  path: '/api/v1/certificate',
  summary: 'The certificate that the service shows, for sources to trust.',
  input: z.object({}),
  answer: 'application/x-pem-file',
  isRecorded: false,
  handle: (_input, { certificate: pem }) => Promise.resolve({ contentType: 'application/x-pem-file', pieces: [pem] }),
});

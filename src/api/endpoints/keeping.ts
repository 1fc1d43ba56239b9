import { z } from 'zod';
import { isoTime } from '../../core/finding.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Leaving, RETENTION_KINDS } from '../../store/archive/retention.ts';
import { endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

/** A hundred years. */
const MAX_DAYS = 36_525;
const REASON = typed().trim().min(10).max(2000).describe('why: it goes into the trail with your name');
const ACCEPT = z
  .int()
  .min(0)
  .default(0)
  .describe('so many events may be deleted for good by this: what the preview said');
const AT = z.iso.datetime({ offset: true }).nullable();
const LEAVING = z
  .array(
    z.object({
      kind: z.enum(RETENTION_KINDS),
      events: z.int(),
      bytes: z.int(),
      receivedFrom: z.iso.datetime().nullable(),
      receivedTo: z.iso.datetime().nullable(),
    }),
  )
  .describe('what would be deleted at once, for good; empty: nothing');

const wantedDays = z.coerce.number().int().min(1).max(MAX_DAYS).optional().describe('days to keep; default: as it is');

const preview = endpoint({
  audience: ['admin'],
  method: 'GET',
  path: '/api/v1/retention/preview',
  summary: 'What would be deleted by another retention, or if a legal hold were released. Changes nothing.',
  input: z.object({
    network: wantedDays,
    security: wantedDays,
    clinical: wantedDays,
    release: z.string().max(100).optional().describe('a legal hold'),
  }),
  answer: z.object({ leaving: LEAVING }),
  isRecorded: false,
  handle: async ({ release, ...days }, { keeping }) => {
    const wanted = Object.fromEntries(Object.entries(days).filter(([, value]) => value !== undefined));
    return { leaving: (await keeping.wouldDelete(wanted, release ?? null)).map(shown) };
  },
});

function shown({ receivedFrom, receivedTo, ...leaving }: Leaving): object {
  return { ...leaving, receivedFrom: isoTime(receivedFrom), receivedTo: isoTime(receivedTo) };
}

const days = z.int().min(1).max(MAX_DAYS);

const change = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/retention',
  summary: 'How many days each kind is kept, from now on. What is older is deleted at once, if that was accepted.',
  input: z.object({
    days: z.strictObject({ network: days, security: days, clinical: days }),
    reason: REASON,
    acceptDeleting: ACCEPT,
  }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ days: wanted, acceptDeleting }, { keeping }, _signal, caller) => {
    await keeping.keepFor(wanted, acceptDeleting, caller?.id ?? '');
    return { done: true };
  },
});

const hold = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/holds',
  summary: 'Keeps events of some sources, or of a time, or both, whatever their age, until it is released.',
  input: z.object({
    sources: z.array(z.string().max(100)).max(200).default([]).describe('their ids; none: every source'),
    from: AT.default(null).describe('events received from here on; null: from the first'),
    to: AT.default(null).describe('and before; null: whatever comes'),
    reason: REASON,
  }),
  answer: z.object({ id: z.string() }),
  isRecorded: true,
  handle: async ({ sources: wanted, from, to, reason }, { keeping, sources, pseudonymise }) => {
    // One that was switched off is held, too.
    const known = new Set((await sources.list()).map(({ id }) => id as string));
    const unknown = wanted.find((id) => !known.has(id));
    if (unknown !== undefined) throw new Refusal('sources/not-found', `there is no source ${unknown}`);
    const bounds = { from: from === null ? null : Date.parse(from), to: to === null ? null : Date.parse(to) };
    return { id: await keeping.hold({ sourceIds: wanted, ...bounds, reason: pseudonymise(reason) }) };
  },
});

const release = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/holds/:id/release',
  summary: 'Ends a legal hold. What it alone had kept beyond its time is deleted at once, if that was accepted.',
  input: z.object({ id: z.string().max(100), reason: REASON, acceptDeleting: ACCEPT }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ id, reason, acceptDeleting }, { keeping, pseudonymise }) => {
    await keeping.release(id, pseudonymise(reason), acceptDeleting);
    return { done: true };
  },
});

export const keeping = [preview, change, hold, release];

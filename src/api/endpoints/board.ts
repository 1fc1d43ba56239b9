import { z } from 'zod';
import { isoTime } from '../../core/finding.ts';
import { Refusal } from '../../core/refusal.ts';
import { OUTCOMES } from '../../incidents/desk.ts';
import { type ApiServices, endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';
import { isHeard } from '../today.ts';
import { todayNow } from './today.ts';

const DAY_MS = 24 * 3_600_000;
const WINDOW_DAYS = 30;
const COUNT = z.number().int();

export const board = endpoint({
  audience: ['board', 'analyst'],
  method: 'GET',
  path: '/api/v1/board',
  summary:
    'For the board: how we are, what is overdue, what happened in 30 days, what was decided. No machine, no patient.',
  input: z.object({}),
  answer: z.object({
    askedAt: z.iso.datetime(),
    verdict: z.enum(['cannot-tell', 'act', 'look', 'quiet']),
    sentence: z.string(),
    deadlines: z
      .array(
        z.object({
          title: z.string(),
          state: z.string(),
          dueAt: z.iso.datetime().nullable(),
          owner: z.string().nullable().describe('who has taken the incident; null: nobody'),
        }),
      )
      .describe('those that run, the next first'),
    openCount: COUNT.describe('open incidents'),
    open: z
      .object({ emergency: COUNT, urgent: COUNT, low: COUNT, routine: COUNT })
      .describe('by band, of the 100 strongest that are open'),
    days: COUNT,
    opened: COUNT.describe('incidents in these days'),
    outcomes: z.object({
      open: COUNT,
      attack: COUNT,
      harmless: COUNT,
      misconfigured: COUNT,
      duplicate: COUNT,
      other: COUNT,
    }),
    sources: z.object({ all: COUNT, heard: COUNT }),
    exceptions: z.object({ hold: COUNT, added: COUNT.describe('in these days') }),
    signOffs: z
      .array(
        z.object({
          at: z.iso.datetime(),
          by: z.string(),
          note: z.string(),
          sentence: z.string().describe('how it was then'),
        }),
      )
      .describe('who of the board has read it, the newest first'),
  }),
  isRecorded: true,
  handle: async (_input, services) => ({
    ...(await boardNow(services)),
    signOffs: (await services.signOffs.latest()).map(({ at, by_name: by, note, told }) => ({
      at: isoTime(at),
      by,
      note,
      // Written by ourselves.
      sentence: (JSON.parse(told) as { sentence: string }).sentence,
    })),
  }),
});

export const signOff = endpoint({
  audience: ['board'],
  method: 'POST',
  path: '/api/v1/board/sign-offs',
  summary: 'A member of the board has read how things are. What they were told is kept with it.',
  input: z.object({
    note: typed().trim().max(2000).default('').describe('what was decided'),
    sentence: z.string().max(2000).describe('what they read: refused if it is no longer so'),
  }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ note, sentence }, services, _signal, caller) => {
    const told = await boardNow(services);
    if (told.sentence !== sentence) throw new Refusal('board/changed', `meanwhile it is otherwise: ${told.sentence}`);
    await services.signOffs.add(told, services.pseudonymise(note), caller?.name ?? '');
    return { done: true };
  },
});

async function boardNow(services: ApiServices) {
  const now = services.now();
  const since = now - WINDOW_DAYS * DAY_MS;
  const { told, open, sources, movement } = await todayNow(services);
  const outcomes = await services.incidents.outcomes(since);
  const exceptions = await services.exceptions.list();
  const inBand = (band: string) => open.filter(({ facts }) => facts.state !== 'closed' && facts.band === band).length;
  return {
    askedAt: isoTime(now),
    verdict: told.verdict,
    sentence: told.sentence,
    deadlines: open
      .flatMap(({ facts: { owner, clocks } }) =>
        clocks.map(({ title, state, dueAt }) => ({ title, state, dueAt, owner })),
      )
      .toSorted((a, b) => a.dueAt - b.dueAt)
      .map((each) => ({ ...each, dueAt: isoTime(each.dueAt) })),
    openCount: movement.open,
    open: {
      emergency: inBand('emergency'),
      urgent: inBand('urgent'),
      low: inBand('low'),
      routine: inBand('routine'),
    },
    days: WINDOW_DAYS,
    opened: [...outcomes.values()].reduce((sum, count) => sum + count, 0),
    outcomes: Object.fromEntries(['open', ...OUTCOMES].map((outcome) => [outcome, outcomes.get(outcome) ?? 0])),
    sources: { all: sources.length, heard: sources.filter((source) => isHeard(source, now)).length },
    exceptions: {
      hold: exceptions.filter(
        ({ revoked_at: revokedAt, expires_at: expiresAt }) => revokedAt === null && expiresAt > now,
      ).length,
      added: exceptions.filter(({ created_at: createdAt }) => createdAt >= since).length,
    },
  };
}

import { z } from 'zod';
import { isoTime } from '../../core/finding.ts';
import { type ApiServices, endpoint } from '../endpoint.ts';
import { type HeardSource, isHeard, MAX_TASKS, today as todayOf } from '../today.ts';
import { asIncident, INCIDENT } from './incidents.ts';

const DAY_MS = 24 * 3_600_000;
/** Enough to find the most pressing; the list of incidents has the others. */
const MAX_INCIDENTS = 100;
/** More deadlines than these nobody meets. */
const MAX_CLOCKS = 500;
const MAX_SHOWN = 20;
const EXPIRES_SOON_MS = 7 * DAY_MS;

const TODAY = z.object({
  verdict: z.enum(['cannot-tell', 'act', 'look', 'quiet']),
  sentence: z.string(),
  tasks: z
    .array(
      z.object({
        what: z.string(),
        why: z.string(),
        how: z.string(),
        minutes: z.number().int().describe('about so long'),
        at: z.object({ page: z.string(), id: z.string().nullable() }).describe('where it is done'),
      }),
    )
    .max(MAX_TASKS),
  more: z.number().int().describe('how many tasks there would be besides'),
  incidents: z
    .array(
      z.object({
        incident: INCIDENT,
        clock: z
          .object({ title: z.string(), state: z.string(), dueAt: z.iso.datetime().nullable() })
          .nullable()
          .describe('the one that runs out first; null: none runs'),
      }),
    )
    .describe('open ones, the most pressing first'),
  open: z.number().int().describe('how many incidents are open'),
  isPart: z.boolean().describe('more are open than were weighed: the sentence and `more` say at least so many'),
  sources: z.array(
    z.object({
      name: z.string(),
      isHeard: z.boolean().describe('within a day, and not silent for longer than it ever is'),
      lastHeardAt: z.iso.datetime().nullable().describe('null: never yet'),
    }),
  ),
  changes: z
    .object({
      opened: z.number().int(),
      closed: z.number().int(),
      findings: z.number().int(),
      findingsBefore: z.number().int().describe('in the day before'),
      setAside: z.number().int(),
    })
    .describe('in the last 24 hours'),
  askedAt: z.iso.datetime(),
});

export const today = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/today',
  summary: 'Whether it was quiet, in a sentence; at most five things to do; open incidents, silent sources, changes.',
  input: z.object({}),
  answer: TODAY,
  isRecorded: true,
  handle: async (_input, services) => {
    const now = services.now();
    const { told, open, sources, setAside, movement, isPart } = await todayNow(services);
    return {
      ...told,
      incidents: open.slice(0, MAX_SHOWN).map(({ shown, clock }) => ({ incident: shown, clock })),
      open: movement.open,
      isPart,
      sources: sources.map((source) => ({
        name: source.name,
        isHeard: isHeard(source, now),
        lastHeardAt: isoTime(source.lastHeardAt),
      })),
      changes: {
        opened: movement.opened,
        closed: movement.closed,
        findings: await services.findings.count(now - DAY_MS, now),
        findingsBefore: await services.findings.count(now - 2 * DAY_MS, now - DAY_MS),
        setAside,
      },
      askedAt: isoTime(now),
    };
  },
});

/** What `today` makes of everything that is known now, and what it was made of. */
export async function todayNow(services: ApiServices) {
  const now = services.now();
  const open = await openIncidents(services);
  const movement = await services.incidents.movement(now - DAY_MS);
  const isPart = movement.open > open.filter(({ facts }) => facts.state !== 'closed').length;
  const sources = await heardSources(services);
  const setAside = (await services.setAsideIn(now - DAY_MS, now)).reduce((sum, { count }) => sum + count, 0);
  const told = todayOf({
    now,
    incidents: open.map(({ facts }) => facts),
    isPart,
    sources,
    failing: services.failing(),
    isJudged: await services.ruleWatch.seesAnything(),
    undelivered: await services.undelivered(),
    expiring: await expiringSoon(services),
    setAside,
  });
  return { told, open, sources, setAside, movement, isPart };
}

/**
 * Each with what `today` weighs: the most pressing of those that are open, then all others of which a deadline runs. A duty to
 * tell somebody is not less because much else is open, or because its incident is closed.
 */
async function openIncidents({ incidents, desk }: ApiServices) {
  const clocks = await desk.running(MAX_CLOCKS);
  const open = (await incidents.open(MAX_INCIDENTS)).toSorted((a, b) => b.score.total - a.score.total);
  const known: ReadonlySet<string> = new Set(open.map(({ id }) => id));
  const others = [...clocks.keys()].filter((id) => !known.has(id));
  const due = (await Promise.all(others.map((id) => incidents.find(id, ['it'])))).filter((found) => found !== null);
  return Promise.all(
    [...open, ...due].map(async (incident) => {
      const isClosed = incident.state === 'closed';
      const isSeen = incident.acknowledgedAt !== null;
      const running = clocks.get(incident.id) ?? [];
      const [first] = running;
      return {
        shown: asIncident(incident),
        clock: first === undefined ? null : { title: first.title, state: first.state, dueAt: isoTime(first.dueAt) },
        facts: {
          id: incident.id,
          title: incident.title,
          state: incident.state,
          owner: incident.owner,
          isSeen,
          total: isClosed ? 0 : incident.score.total,
          band: isClosed ? 'routine' : incident.score.band,
          clocks: running,
          // Whoever has not looked yet is asked to look.
          nextStep: isClosed || !isSeen ? null : (await desk.brief(incident.id)).nextStep,
        } as const,
      };
    }),
  );
}

async function heardSources({ sources, silentSince }: ApiServices): Promise<readonly HeardSource[]> {
  const silent = silentSince();
  return (await sources.list())
    .filter(({ state }) => state === 'active')
    .map(({ id, name, last_heard_at: lastHeardAt }) => ({ name, lastHeardAt, silentSince: silent.get(id) ?? null }));
}

async function expiringSoon({ exceptions, now }: ApiServices) {
  return (await exceptions.list())
    .filter(
      ({ revoked_at: revokedAt, expires_at: expiresAt }) =>
        revokedAt === null && expiresAt > now() && expiresAt < now() + EXPIRES_SOON_MS,
    )
    .map(({ id, reason, expires_at: expiresAt }) => ({ id, reason, expiresAt }));
}

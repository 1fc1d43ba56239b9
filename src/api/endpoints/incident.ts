import { z } from 'zod';
import { isoTime } from '../../core/finding.ts';
import { Refusal } from '../../core/refusal.ts';
import { PARAMETERS } from '../../core/observation.ts';
import { endpoint, readBy } from '../endpoint.ts';
import type { DeskFinding, FindingPlace } from '../../incidents/desk.ts';
import { PAGING, pageOf } from '../paging.ts';
import { asIncident, INCIDENT } from './incidents.ts';

const TIME = z.iso.datetime().nullable();
const FINDING = z.object({
  id: z.string(),
  at: TIME,
  level: z.string(),
  ruleId: z.string(),
  host: z.string().nullable(),
  account: z.string().nullable(),
  plain: z.string(),
  parameter: z.enum(PARAMETERS).nullable(),
  points: z.number().int(),
  closedAt: TIME,
});
const DETAIL = INCIDENT.extend({
  evidence: z
    .array(FINDING)
    .describe(
      'its findings, those with the most points first: the early warning score is the highest points of each parameter, per host and account',
    ),
  evidenceNext: z
    .string()
    .nullable()
    .describe('the cursor with which /api/v1/incidents/:id/findings goes on; null: these are all'),
  recordsFrom: TIME.describe(
    'from when on whose records were touched is asked: a day before its first finding; null: it names nothing to ask for',
  ),
  playbook: z.object({
    name: z.string(),
    title: z.string(),
    isChosen: z.boolean().describe('by a person; else suggested by its findings'),
    steps: z.array(
      z.object({
        id: z.string(),
        what: z.string(),
        why: z.string(),
        who: z.string(),
        done: z.string(),
        doneAt: TIME,
        doneBy: z.string().nullable(),
      }),
    ),
  }),
  playbooks: z.array(z.object({ name: z.string(), title: z.string() })).describe('those that can be chosen'),
  clockKinds: z
    .array(
      z.object({
        kind: z.string(),
        title: z.string(),
        starts: z.string(),
        unless: z.string().describe('when it need not be done'),
        how: z.string(),
        source: z.string(),
        isUsual: z.boolean().describe('such an incident usually starts it'),
      }),
    )
    .describe('clocks that can be started'),
  clocks: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      title: z.string(),
      state: z.enum(['running', 'soon', 'overdue', 'met', 'late', 'not-needed']),
      starts: z.string(),
      unless: z.string(),
      how: z.string(),
      source: z.string(),
      startedAt: TIME,
      startedBy: z.string(),
      dueAt: TIME,
      metAt: TIME.describe('when they were told: by it the duty is met or late'),
      endedAt: TIME.describe('when somebody wrote that down'),
      endedBy: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
  history: z
    .array(z.object({ at: TIME, actor: z.string().nullable(), action: z.string(), detail: z.unknown() }))
    .describe('the newest first; without an actor: the service itself'),
});

export const incident = endpoint({
  audience: ['analyst', 'partner', 'privacy'],
  method: 'GET',
  path: '/api/v1/incidents/:id',
  summary: 'One incident: its findings and points, what to do, clocks, comments and history.',
  input: z.object({ id: z.string().max(100) }),
  answer: DETAIL,
  isRecorded: true,
  handle: async ({ id }, { incidents, desk, scopeQuestion }, _signal, caller) => {
    const found = await incidents.find(id, readBy(caller));
    if (found === null) throw new Refusal('incidents/not-found', `there is no incident ${id}`);
    const view = await desk.view(id);
    return {
      ...asIncident(found),
      evidence: view.findings.items.map(shown),
      evidenceNext: writePlace(view.findings.next),
      recordsFrom: isoTime((await scopeQuestion(id))?.question.from ?? null),
      playbook: {
        ...view.playbook,
        steps: view.playbook.steps.map(({ id: step, what, why, who, done, doneAt, doneBy }) => ({
          id: step,
          what,
          why,
          who,
          done,
          doneAt: isoTime(doneAt),
          doneBy,
        })),
      },
      playbooks: view.playbooks,
      clocks: view.clocks.map((clock) => ({
        ...clock,
        startedAt: isoTime(clock.startedAt),
        dueAt: isoTime(clock.dueAt),
        metAt: isoTime(clock.metAt),
        endedAt: isoTime(clock.endedAt),
      })),
      clockKinds: view.clockKinds,
      history: view.history.map((line) => ({ ...line, at: isoTime(line.at) })),
    };
  },
});

export const incidentFindings = endpoint({
  audience: ['analyst', 'partner', 'privacy'],
  method: 'GET',
  path: '/api/v1/incidents/:id/findings',
  summary: 'The findings of one incident, those with the most points first, then those seen first.',
  input: PAGING.extend({ id: z.string().max(100) }),
  answer: pageOf(FINDING),
  isRecorded: true,
  handle: async ({ id, cursor, limit }, { incidents, desk }, _signal, caller) => {
    if ((await incidents.find(id, readBy(caller))) === null)
      throw new Refusal('incidents/not-found', `there is no incident ${id}`);
    const { items, next } = await desk.findings(id, readPlace(cursor), limit);
    return { items: items.map(shown), next: writePlace(next) };
  },
});

function shown(finding: DeskFinding): object {
  return { ...finding, at: isoTime(finding.at), closedAt: isoTime(finding.closedAt) };
}

function writePlace(place: FindingPlace | null): string | null {
  if (place === null) return null;
  return Buffer.from(`${place.points}.${place.firstSeenAt}.${place.id}`, 'latin1').toString('base64url');
}

/** @throws Refusal `api/bad-request` if it is none of ours */
function readPlace(text: string | undefined): FindingPlace | null {
  if (text === undefined || text === '') return null;
  const [, points, at, id] =
    /^(\d{1,2})\.(\d{1,16})\.([\w-]{1,64})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (points === undefined || at === undefined || id === undefined)
    throw new Refusal('api/bad-request', 'cursor is not one that a page before has given');
  return { points: Number(points), firstSeenAt: Number(at), id };
}

import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { type DeskAction, OUTCOMES } from '../../incidents/desk.ts';
import { type ApiServices, type Caller, type Endpoint, endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

const ID = z.string().max(100).describe('of the incident');
const NOTE = typed().max(4000);
const WORKERS = ['analyst', 'partner'] as const;
/** The duties to tell somebody are the privacy officer's, and so are steps and notes about them. */
const WORKERS_AND_PRIVACY = [...WORKERS, 'privacy'] as const;
const DONE = z.object({ done: z.literal(true) });

/** A change of one incident, by somebody whose name goes into its history. */
function change<Input extends z.ZodObject>(made: {
  /** Default: those who work on incidents. */
  readonly audience?: Endpoint['audience'];
  readonly path: string;
  readonly summary: string;
  readonly input: Input;
  readonly handle: (input: z.infer<Input>, services: ApiServices, actor: string) => Promise<void>;
}): Endpoint {
  return endpoint({
    audience: made.audience ?? WORKERS,
    method: 'POST',
    path: made.path,
    summary: made.summary,
    input: made.input,
    answer: DONE,
    isRecorded: true,
    handle: async (input, services, _signal, caller: Caller | null) => {
      await made.handle(input, services, caller?.name ?? '');
      // Whoever works on it has seen it. A privacy officer's work on a duty does not say that somebody looks at the machines.
      const isWorker = caller?.roles.some((role) => role === 'analyst' || role === 'partner') === true;
      const { id } = input as { id?: unknown };
      if (isWorker && typeof id === 'string') await services.desk.acknowledge(id, caller.name);
      return { done: true };
    },
  });
}

const act = change({
  path: '/api/v1/incidents/:id/actions',
  summary: 'Take an incident, contain it, close it with its outcome, reopen it, or merge it into another.',
  input: z.object({
    id: ID,
    action: z.enum(['take', 'contain', 'close', 'reopen', 'merge']),
    outcome: z.enum(OUTCOMES).optional().describe('close: what it was'),
    note: NOTE.default('').describe('close: needed'),
    into: z.string().max(100).optional().describe('merge: the incident that takes it in'),
  }),
  handle: async ({ id, action, outcome, note, into }, { desk, drafts, pseudonymise }, actor) => {
    await desk.act(id, actionOf(action, pseudonymise(note), outcome, into), actor);
    if (action === 'merge' && into !== undefined) await drafts.carry(id, into);
  },
});

/** @throws Refusal `api/bad-request` for a close without outcome and note, a merge without a target */
function actionOf(
  action: DeskAction['action'],
  note: string,
  outcome: (typeof OUTCOMES)[number] | undefined,
  into: string | undefined,
): DeskAction {
  if (action === 'close') {
    if (outcome === undefined || note.trim() === '')
      throw new Refusal('api/bad-request', 'close: say what it was (outcome) and how you know (note)');
    return { action, note, outcome };
  }
  if (action !== 'merge') return { action, note };
  if (into === undefined) throw new Refusal('api/bad-request', 'merge: say into which incident');
  return { action, note, into };
}

const acknowledge = change({
  path: '/api/v1/incidents/:id/acknowledge',
  summary: 'I have seen it: nobody else need be told.',
  input: z.object({ id: ID }),
  handle: ({ id }, { desk }, actor) => desk.acknowledge(id, actor),
});

const comment = change({
  audience: WORKERS_AND_PRIVACY,
  path: '/api/v1/incidents/:id/comments',
  summary: 'Write something down. Patients’ numbers become pseudonyms.',
  input: z.object({ id: ID, text: NOTE.min(1) }),
  handle: ({ id, text }, { desk, pseudonymise }, actor) => desk.comment(id, pseudonymise(text), actor),
});

const step = change({
  audience: WORKERS_AND_PRIVACY,
  path: '/api/v1/incidents/:id/steps/:step',
  summary: 'A step of the playbook is done, or is not after all.',
  input: z.object({ id: ID, step: z.string().max(100), done: z.boolean() }),
  handle: ({ id, step: name, done }, { desk }, actor) => desk.tick(id, name, done, actor),
});

const playbook = change({
  path: '/api/v1/incidents/:id/playbook',
  summary: 'Work by another playbook.',
  input: z.object({ id: ID, playbook: z.string().max(100) }),
  handle: ({ id, playbook: name }, { desk }, actor) => desk.choosePlaybook(id, name, actor),
});

const startClock = change({
  audience: WORKERS_AND_PRIVACY,
  path: '/api/v1/incidents/:id/clocks',
  summary: 'Start a clock at the moment of awareness, which may be past.',
  input: z.object({ id: ID, kind: z.string().max(100), startedAt: z.iso.datetime({ offset: true }) }),
  handle: ({ id, kind, startedAt }, { desk }, actor) => desk.startClock(id, kind, Date.parse(startedAt), actor),
});

const endClock = change({
  audience: WORKERS_AND_PRIVACY,
  path: '/api/v1/incidents/:id/clocks/:clock',
  summary: 'End a clock: it was done, which may be past, or it need not be, for a reason.',
  input: z.object({
    id: ID,
    clock: z.string().max(100),
    how: z.enum(['met', 'not-needed']),
    at: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('met: when they were told, not before awareness; default: now'),
    reason: NOTE.default('').describe('not-needed: needed'),
  }),
  handle: ({ id, clock, how, at, reason }, { desk, pseudonymise, now }, actor) => {
    const end = { reason: pseudonymise(reason) };
    if (how === 'met')
      return desk.endClock(id, clock, { how, at: at === undefined ? now() : Date.parse(at), ...end }, actor);
    if (at !== undefined) throw new Refusal('api/bad-request', 'at: nobody was told if it was not needed');
    return desk.endClock(id, clock, { how, ...end }, actor);
  },
});

export const incidentActions: readonly Endpoint[] = [act, acknowledge, comment, step, playbook, startClock, endClock];

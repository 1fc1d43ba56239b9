import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import type { Role } from '../../core/role.ts';
import { type DeskAction, OUTCOMES } from '../../incidents/desk.ts';
import { type ApiServices, type Caller, type Endpoint, endpoint, readBy } from '../endpoint.ts';
import { typed } from '../typed.ts';

const ID = z.string().max(100).describe('of the incident');
const NOTE = typed().max(4000);
const WORKERS: readonly Role[] = ['analyst', 'partner'];
const DONE = z.object({ done: z.literal(true) });

/** A change of one incident that the caller may see, by somebody whose name goes into its history. */
function change<Input extends z.ZodObject<{ id: typeof ID }>>(made: {
  /**
   * `work`: of those who work on incidents; a privacy officer does it with what privacy officers alone see. `duty`: to tell
   * somebody, with steps and notes about that: the privacy officer’s as well.
   */
  readonly is: 'work' | 'duty';
  readonly path: string;
  readonly summary: string;
  readonly input: Input;
  readonly handle: (input: z.infer<Input>, services: ApiServices, actor: string) => Promise<void>;
}): Endpoint {
  return endpoint({
    audience: [...WORKERS, 'privacy'],
    method: 'POST',
    path: made.path,
    summary: made.summary,
    input: made.input,
    answer: DONE,
    isRecorded: true,
    handle: async (input, services, _signal, caller: Caller | null) => {
      // Zod cannot say of every shape that extends ours that it has what ours has.
      const { id } = input as { id: string };
      const incident = await services.incidents.find(id, readBy(caller));
      if (incident === null) throw new Refusal('incidents/not-found', `there is no incident ${id}`);
      const isWorker = caller?.roles.some((role) => WORKERS.includes(role)) === true;
      if (made.is === 'work' && !isWorker && incident.addressedTo === 'it')
        throw new Refusal('incidents/for-workers', 'this is done by those who work on incidents');
      await made.handle(input, services, caller?.name ?? '');
      // Whoever works on it has seen it. A privacy officer's work on a duty does not say that somebody looks at the machines.
      if (isWorker) await services.desk.acknowledge(id, caller.name);
      return { done: true };
    },
  });
}

const act = change({
  is: 'work',
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
  is: 'work',
  path: '/api/v1/incidents/:id/acknowledge',
  summary: 'I have seen it: nobody else need be told.',
  input: z.object({ id: ID }),
  handle: ({ id }, { desk }, actor) => desk.acknowledge(id, actor),
});

const comment = change({
  is: 'duty',
  path: '/api/v1/incidents/:id/comments',
  summary: 'Write something down. Patients’ numbers become pseudonyms.',
  input: z.object({ id: ID, text: NOTE.min(1) }),
  handle: ({ id, text }, { desk, pseudonymise }, actor) => desk.comment(id, pseudonymise(text), actor),
});

const step = change({
  is: 'duty',
  path: '/api/v1/incidents/:id/steps/:step',
  summary: 'A step of the playbook is done, or is not after all.',
  input: z.object({ id: ID, step: z.string().max(100), done: z.boolean() }),
  handle: ({ id, step: name, done }, { desk }, actor) => desk.tick(id, name, done, actor),
});

const playbook = change({
  is: 'work',
  path: '/api/v1/incidents/:id/playbook',
  summary: 'Work by another playbook.',
  input: z.object({ id: ID, playbook: z.string().max(100) }),
  handle: ({ id, playbook: name }, { desk }, actor) => desk.choosePlaybook(id, name, actor),
});

const startClock = change({
  is: 'duty',
  path: '/api/v1/incidents/:id/clocks',
  summary: 'Start a clock at the moment of awareness, which may be past.',
  input: z.object({ id: ID, kind: z.string().max(100), startedAt: z.iso.datetime({ offset: true }) }),
  handle: ({ id, kind, startedAt }, { desk }, actor) => desk.startClock(id, kind, Date.parse(startedAt), actor),
});

const endClock = change({
  is: 'duty',
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

const share = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/incidents/:id/share',
  summary:
    'Lets all who work on incidents see one that the privacy officers alone saw. It cannot be taken back: what was read was read.',
  input: z.object({ id: ID }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id }, { incidents, desk }, _signal, caller) => {
    if ((await incidents.find(id, readBy(caller))) === null)
      throw new Refusal('incidents/not-found', `there is no incident ${id}`);
    await desk.share(id, caller?.name ?? '');
    return { done: true };
  },
});

export const incidentActions: readonly Endpoint[] = [
  act,
  acknowledge,
  comment,
  step,
  playbook,
  startClock,
  endClock,
  share,
];

import { z } from 'zod';
import { FIRST_STEPS, type FirstStep } from '../../ops/first-run.ts';
import { type ApiServices, type Caller, endpoint } from '../endpoint.ts';

const STATE = z
  .enum(['to-do', 'waits', 'put-off', 'done'])
  .describe('waits: something was done, and is not seen to work yet');

const show = endpoint({
  audience: ['admin'],
  method: 'GET',
  path: '/api/v1/first-run',
  summary: 'How far setting up has come: oneself made safe, a first source, a first mail, the simulated hospice.',
  input: z.object({}),
  answer: z.object({
    isOver: z.boolean().describe('everything is done or put off, or somebody has left it'),
    steps: z.array(z.object({ step: z.enum(FIRST_STEPS), state: STATE })),
  }),
  isRecorded: false,
  handle: async (_input, services, _signal, caller) => {
    const { isLeft, putOff, done } = await services.firstRun.kept();
    const steps = await Promise.all(
      FIRST_STEPS.map(async (step) => {
        const state = done.includes(step) ? 'done' : await stateOf(step, services, caller);
        return { step, state: state === 'to-do' && putOff.includes(step) ? ('put-off' as const) : state };
      }),
    );
    // The made-up hospice is set up as it is.
    const isOver = isLeft || services.simulation === null;
    return { isOver: isOver || steps.every(({ state }) => state === 'done' || state === 'put-off'), steps };
  },
});

const leave = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/first-run',
  summary: 'Puts off a step of setting up, or leaves the whole for good.',
  input: z.object({ step: z.enum(FIRST_STEPS).optional().describe('left out: the whole') }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ step }, { firstRun }, _signal, caller) => {
    await firstRun.leave(step ?? null, caller?.id ?? '');
    return { done: true };
  },
});

export const firstRun = [show, leave];

/** As things are now: what was done in another way, as on the command line, is done too. */
async function stateOf(
  step: FirstStep,
  { people, passkeys, sources, notices, simulation }: ApiServices,
  caller: Caller | null,
): Promise<'to-do' | 'waits' | 'done'> {
  switch (step) {
    case 'you': {
      // A program needs no second factor.
      if (caller === null || caller.session === null) return 'done';
      const { hasSecondFactor } = await people.byId(caller.id);
      return hasSecondFactor || (await passkeys.of(caller.id)).length > 0 ? 'done' : 'to-do';
    }
    case 'source': {
      const active = (await sources.list()).filter(({ state }) => state === 'active');
      if (active.length === 0) return 'to-do';
      return active.some(({ last_heard_at: heardAt }) => heardAt !== null) ? 'done' : 'waits';
    }
    case 'mail': {
      const { settings } = notices;
      return settings !== null && (settings.smtp !== null || settings.webhooks.length > 0) ? 'done' : 'to-do';
    }
    case 'try':
      return simulation !== null && simulation.since !== null ? 'done' : 'to-do';
  }
}

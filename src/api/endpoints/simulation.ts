import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { type ApiServices, endpoint } from '../endpoint.ts';

const state = endpoint({
  audience: ['admin', 'analyst'],
  method: 'GET',
  path: '/api/v1/simulation',
  summary: 'Whether the simulated hospital is there to be looked at.',
  input: z.object({}),
  answer: z.object({
    isOffered: z.boolean().describe('false in the simulated hospital itself'),
    since: z.iso.datetime().nullable().describe('null: it is not there'),
    ended: z
      .object({ at: z.iso.datetime(), how: z.enum(['asked', 'time', 'broke-off']) })
      .nullable()
      .describe('how the last one ended; null: there was none, or there is one now'),
  }),
  isRecorded: false,
  handle: (_input, { simulation }) => {
    const since = simulation?.since ?? null;
    const ended = simulation?.ended ?? null;
    return Promise.resolve({
      isOffered: simulation !== null,
      since: since === null ? null : new Date(since).toISOString(),
      ended: ended === null ? null : { at: new Date(ended.at).toISOString(), how: ended.how },
    });
  },
});

const begin = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/simulation',
  summary: 'Starts a simulated hospital under attack, apart from everything that is kept here. It takes some seconds.',
  input: z.object({}),
  answer: z.object({
    path: z.string().describe('of its page, behind the address of this one'),
    name: z.string(),
    password: z.string().describe('good for nothing else'),
  }),
  isRecorded: true,
  handle: async (_input, services, _signal, caller) => {
    const visitor = await offered(services).begin();
    await services.firstRun.did('try', caller?.id ?? '');
    return { path: '/simulated/', ...visitor };
  },
});

const end = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/simulation/end',
  summary: 'Ends the simulated hospital; nothing of it stays.',
  input: z.object({}),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async (_input, services) => {
    await offered(services).end();
    return { done: true };
  },
});

export const simulation = [state, begin, end];

function offered({ simulation: known }: ApiServices): NonNullable<ApiServices['simulation']> {
  if (known === null) throw new Refusal('api/bad-request', 'this is the simulated hospital already');
  return known;
}

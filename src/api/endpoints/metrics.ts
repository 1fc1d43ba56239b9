import { z } from 'zod';
import { endpoint, type Streamed } from '../endpoint.ts';

export const metrics = endpoint({
  audience: ['admin'],
  method: 'GET',
  path: '/metrics',
  summary: 'What the service counts of itself, in Prometheus’ format.',
  input: z.object({}),
  answer: 'text/plain; version=0.0.4',
  isRecorded: false,
  handle: async (_input, services): Promise<Streamed> => {
    await services.refreshCounters();
    const text = services.counters.text();
    return {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      pieces: (async function* () {
        yield text;
      })(),
    };
  },
});

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

export const health = endpoint({
  audience: 'anyone',
  method: 'GET',
  path: '/health',
  summary: 'Whether the service is up. Says nothing else.',
  query: z.object({}),
  answer: z.object({ status: z.literal('up') }),
  isRecorded: false,
  handle: () => Promise.resolve({ status: 'up' }),
});

import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { endpoint } from '../endpoint.ts';

export const health = endpoint({
  audience: 'anyone',
  method: 'GET',
  path: '/health',
  summary: 'Whether the service works: 503 if it is up and a part of it is not. Says nothing else.',
  input: z.object({}),
  answer: z.object({ status: z.literal('up') }),
  isRecorded: false,
  handle: (_input, services) => {
    if (services.failing().length > 0) throw new Refusal('service/failing', 'a part of the service does not work');
    return Promise.resolve({ status: 'up' });
  },
});

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

export const openapi = endpoint({
  audience: 'anyone',
  method: 'GET',
  path: '/api/v1/openapi.json',
  summary: 'This description, in OpenAPI 3.1.',
  input: z.object({}),
  answer: z.looseObject({ openapi: z.string() }),
  isRecorded: false,
  handle: (_input, services) => Promise.resolve(services.describe()),
});

import type { Source } from './door.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** At a door: who sends. */
    source?: Source;
  }
}

import type { Sender } from './door.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** At a door: who sends. */
    sender?: Sender;
  }
}

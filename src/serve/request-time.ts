import type { FastifyInstance } from 'fastify';

const TOO_LATE = 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

/**
 * The whole of a request must have come in time: a client that dribbles holds a connection no longer. Node has one limit
 * for all, and a large file that somebody drops takes longer than any log.
 */
export function limitRequestTime(app: FastifyInstance, limitMs: number, mayTakeLong: (url: string) => boolean): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (mayTakeLong(raw.url ?? '')) return;
    const timer = setTimeout(() => {
      if (raw.complete) return;
      raw.socket.end(TOO_LATE);
      raw.destroy();
    }, limitMs).unref();
    raw.once('close', () => clearTimeout(timer));
  });
}

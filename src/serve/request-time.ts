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

/**
 * Once the service is to end, whoever is just being answered is told to ask elsewhere: a connection that is kept for the next
 * request would hold it up for more than a minute.
 */
export function endConnectionsOnClose(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
}

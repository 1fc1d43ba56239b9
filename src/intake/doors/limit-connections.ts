import type { Server, Socket } from 'node:net';
import { plainAddress } from './door.ts';

/** So much of all connections may one address hold: nobody alone shuts the others out. */
const SHARE = 1 / 4;

/**
 * Bounds the connections of a server, in all and of one address. This machine itself has no bound of its own: a proxy on
 * it stands for everybody. A connection that is refused is destroyed before anybody else sees it.
 */
export function limitConnections(server: Server, most: number, onRefused: () => void): void {
  server.maxConnections = most;
  server.on('drop', onRefused);
  const open = new Map<string, number>();
  server.prependListener('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    if (/^(?:127\.|::1$)/.test(address)) return;
    const count = open.get(address) ?? 0;
    if (count >= Math.floor(most * SHARE)) {
      onRefused();
      socket.destroy();
      return;
    }
    open.set(address, count + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

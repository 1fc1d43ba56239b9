/** One address does not hold every connection. */
import { deepEqual, equal } from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { test } from 'node:test';
import { limitConnections } from './limit-connections.ts';

/** What a connection tells of itself. */
class Peer extends EventEmitter {
  readonly remoteAddress: string;
  destroyed = false;
  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

test('one address has a quarter of the connections, a closed one is free again, and this machine has no such bound', () => {
  const server = new EventEmitter() as unknown as Server;
  let refused = 0;
  limitConnections(server, 8, () => refused++);
  const connect = (address: string) => {
    const peer = new Peer(address);
    server.emit('connection', peer as never);
    return peer;
  };
  const peers = ['10.1.1.1', '::ffff:10.1.1.1', '10.1.1.1', '10.1.1.2'].map(connect);
  deepEqual(
    peers.map(({ destroyed }) => destroyed),
    [false, false, true, false],
  );
  equal(refused, 1);
  peers[0]?.destroy();
  equal(connect('10.1.1.1').destroyed, false);
  equal(connect('10.1.1.1').destroyed, true);
  deepEqual(
    Array.from({ length: 5 }, () => connect('127.0.0.1').destroyed),
    [false, false, false, false, false],
  );
  equal(server.maxConnections, 8);
});

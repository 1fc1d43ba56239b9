import { deepEqual, ok } from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import type { DoorServices } from './door.ts';
import { openSyslogUdp } from './syslog-door.ts';

test('datagrams that wait are bounded by their bytes too: what is beyond is lost, and counted', async (t) => {
  const lost: string[] = [];
  let release: () => void = () => undefined;
  const full = new Promise<void>((resolve) => (release = resolve));
  let keptBytes = 0;
  const never = () => Promise.reject(new Error('syslog is text'));
  const services: DoorServices = {
    timeZone: 'UTC',
    byToken: () => Promise.resolve(null),
    byAddress: () => Promise.resolve({ id: 'src_1', name: 'firewall', kind: 'syslog' }),
    byCertificate: () => Promise.resolve(null),
    accept: async (_source, messages) => {
      await full;
      for (const message of messages) keptBytes += message.kind === 'text' ? message.text.length : 0;
    },
    acceptRead: never,
    acceptHl7: never,
    acceptCare: never,
    setAside: never,
    count: (_door, reason) => void lost.push(reason),
    pace: () => Promise.resolve(),
    report: (error) => {
      throw error;
    },
  };
  const door = await openSyslogUdp({ host: '127.0.0.1', port: 0 }, services);
  const sender = createSocket('udp4');
  t.after(() => sender.close());
  const port = Number(door.address.split(':').at(-1));
  const datagram = Buffer.alloc(60_000, 'x');
  // The system loses some of its own: sent until ours are lost too.
  for (let sent = 0; sent < 20_000 && lost.length === 0; sent++)
    await new Promise<void>((resolve, reject) =>
      sender.send(datagram, port, '127.0.0.1', (error) => (error === null ? setImmediate(resolve) : reject(error))),
    );
  release();
  await door.close();
  ok(lost.includes('lost'), 'more than a gigabyte would be held');
  deepEqual([keptBytes > 0, keptBytes <= 64 * 1024 * 1024 + 1000 * 60_000], [true, true], String(keptBytes));
});

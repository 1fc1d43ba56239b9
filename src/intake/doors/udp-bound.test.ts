import { deepEqual, equal, ok } from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { Refusal } from '../../core/refusal.ts';
import { openSyslogUdp } from './syslog-door.ts';
import { sampleServices } from './sample-services.ts';

test('datagrams that wait are bounded by their bytes too: what is beyond is lost, and counted', async (t) => {
  const lost: string[] = [];
  let release: () => void = () => undefined;
  const full = new Promise<void>((resolve) => (release = resolve));
  let keptBytes = 0;
  const services = sampleServices({
    byAddress: () => Promise.resolve({ id: 'src_1', name: 'firewall', kind: 'syslog' }),
    accept: async (_source, messages) => {
      await full;
      for (const message of messages) keptBytes += message.kind === 'text' ? message.text.length : 0;
    },
    count: (_door, reason) => void lost.push(reason),
  });
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

test('an address that has to wait for room keeps no other waiting, and is heard when there is', async (t) => {
  const heard: string[] = [];
  const lost: string[] = [];
  let isHeldBack = true;
  let said: () => void = () => undefined;
  const services = sampleServices({
    byAddress: (address) => Promise.resolve({ id: 'src_1', name: address, kind: 'syslog' }),
    accept: async ({ name }, messages) => {
      if (name === '127.0.0.2' && isHeldBack) throw new Refusal('store/busy', 'far more than its share');
      for (const message of messages) heard.push(`${name} ${message.kind === 'text' ? message.text : ''}`);
      said();
    },
    count: (_door, reason) => void lost.push(reason),
  });
  const door = await openSyslogUdp({ host: '127.0.0.1', port: 0 }, services);
  const port = Number(door.address.split(':').at(-1));
  const send = async (from: string, text: string) => {
    const sender = createSocket('udp4');
    await new Promise<void>((resolve) => sender.bind(0, from, resolve));
    await new Promise((resolve) => sender.send(text, port, '127.0.0.1', resolve));
    sender.close();
  };
  t.after(() => door.close());
  await send('127.0.0.2', 'a flood');
  const isHeard = new Promise<void>((resolve) => (said = resolve));
  await send('127.0.0.1', 'a word');
  await isHeard;
  deepEqual(heard, ['127.0.0.1 a word']);
  const isAllHeard = new Promise<void>((resolve) => (said = resolve));
  isHeldBack = false;
  await isAllHeard;
  deepEqual(heard, ['127.0.0.1 a word', '127.0.0.2 a flood']);
  equal(lost.length, 0);
});

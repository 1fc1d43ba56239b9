/** A state that cannot be asked for a moment, as a database that is started again, costs a connection and not the watch. */
import { deepEqual, equal } from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { openMllp } from './mllp-door.ts';
import { openSyslogStream } from './syslog-door.ts';
import { sampleServices } from './sample-services.ts';

for (const [what, open] of [
  ['syslog', openSyslogStream],
  ['MLLP', openMllp],
] as const)
  test(`${what}: whoever connects meanwhile is turned away, and counted`, async (t) => {
    const counted: string[] = [];
    const reported: unknown[] = [];
    const services = sampleServices({
      byAddress: () => Promise.reject(new Error('the state does not answer')),
      count: (_door, reason) => void counted.push(reason),
      report: (error) => void reported.push(error),
    });
    const door = await open({ host: '127.0.0.1', port: 0 }, null, services);
    t.after(() => door.close());
    const port = Number(door.address.split(':').at(-1));
    for (let times = 1; times <= 2; times++) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.resume();
      await once(socket, 'close');
      deepEqual([counted.filter((reason) => reason === 'failed').length, reported.length], [times, times]);
    }
    equal(counted.includes('unknown-source'), false, 'it is not said to be nobody');
  });

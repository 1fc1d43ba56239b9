import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { TestService } from '../service.ts';
import { crashService } from './service-crash.ts';

/** `npm run crash:service` kills a hundred times. */
const KILLS = Number(process.env['WARDWATCH_KILLS'] ?? 10);

test(`a service killed ${KILLS} times at full load loses no acknowledged event and doubles no finding`, async (t) => {
  const service = new TestService('--plain-http', '--syslog-tcp', '127.0.0.1:0');
  t.after(() => service.stop('SIGKILL'));
  let seed = 20_261_125;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed / 0x7fff_ffff;
  };
  const { acknowledged, kept, findings } = await crashService(service, KILLS, random);
  t.diagnostic(`${acknowledged} events acknowledged, ${kept} kept, ${findings} findings`);
  ok(acknowledged > KILLS * 10);
});

/** What is unusual, through the real service and across a restart. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, upService } from './service.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 2);

function wazuhAlert(hour: number, description: string): string {
  return JSON.stringify({
    timestamp: new Date(START + hour * HOUR).toISOString(),
    rule: { level: 3, description, id: '1' },
    agent: { id: '001', name: 'mail1' },
    manager: { name: 'siem1' },
    decoder: { name: 'pam' },
  });
}

test('what a machine usually does is known after a restart: the usual is quiet, the new opens an incident', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('siem', 'http');
  const analyst = await service.addToken('analyst');
  const send = async (lines: readonly string[]) => {
    const body = lines.map((line) => `{"create":{}}\n${line}\n`).join('');
    const { status } = await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body });
    equal(status, 200);
  };
  await send(Array.from({ length: 60 }, (_, hour) => wazuhAlert(hour, 'Session opened')));
  equal(await service.stop(), 0);
  await service.start();
  await send([wazuhAlert(60, 'Session opened'), wazuhAlert(60.5, 'Password file was read')]);
  const found = await eventually(
    () => service.list('/api/v1/findings', analyst),
    (findings) => findings.length > 0,
  );
  deepEqual(
    found.map(({ kind, ruleId, entities }) => [kind, ruleId, entities]),
    [['behaviour', 'behaviour/alert/Password file was read', { host: 'mail1' }]],
  );
  ok(((found[0]?.['rarity'] as { surprise: number } | undefined)?.surprise ?? 0) > 1.6);
  const [incident] = await service.list('/api/v1/incidents', analyst);
  equal(incident?.['findings'], 1);
});

/** What is unusual, through the real service and across a restart. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { eventually, upService } from './service.ts';

const HOUR = 3_600_000;
/** What is more than a year old is not learned from. */
const START = Math.floor(Date.now() / HOUR - 23 * 24) * HOUR;

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

test('a canary that is touched is an emergency, and a patient among them stays a pseudonym; a listed address is found', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-site-'));
  const site = path.join(folder, 'site.yml');
  const list = path.join(folder, 'indicators.csv');
  writeFileSync(site, 'canaries:\n  accounts: [svc-oldbackup]\n  patients: ["999 000 0018", "H-1722"]\n');
  writeFileSync(list, '203.0.113.9,seen with a loader\n');
  const service = await upService(t, '--plain-http', '--site', site, '--indicators', list);
  const { token } = await service.addSource('epr', 'http');
  const analyst = await service.addToken('analyst');
  const lines = [
    { '@timestamp': '2026-11-02T09:00:00Z', host: { name: 'ws1' }, message: 'record of 9990000018 opened' },
    { '@timestamp': '2026-11-02T09:10:00Z', host: { name: 'ws2' }, user: { name: 'svc-oldbackup' }, message: 'in' },
    { '@timestamp': '2026-11-02T09:20:00Z', host: { name: 'ws3' }, message: 'went to 203.0.113.9' },
    { '@timestamp': '2026-11-02T09:30:00Z', host: { name: 'ws4' }, mrn: 'h-1722', message: 'a record was opened' },
  ];
  const body = lines.map((line) => `{"create":{}}\n${JSON.stringify(line)}\n`).join('');
  equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  const found = await eventually(
    () => service.list('/api/v1/findings', analyst),
    (findings) => findings.length >= 4,
  );
  deepEqual(
    found.map(({ kind }) => String(kind)).toSorted((a, b) => a.localeCompare(b)),
    ['canary', 'canary', 'canary', 'indicator'],
  );
  equal(/999000|h-1722/i.test(JSON.stringify(found)), false);
  const bands = (await service.list('/api/v1/incidents', analyst)).map(({ score }) => (score as { band: string }).band);
  deepEqual(bands.sort(), ['emergency', 'emergency', 'emergency', 'low']);
});

test('a folder of logs is followed by the service, across a restart', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-logs-'));
  const service = await upService(t, '--plain-http');
  const analyst = await service.addToken('analyst');
  equal(service.run('sources', 'add', 'proxy', '--kind', 'files').status, 2, 'not without a folder');
  equal(service.run('sources', 'add', 'proxy', '--kind', 'files', '--folder', folder).status, 0);
  const line = (text: string) => `${JSON.stringify({ '@timestamp': '2026-11-02T09:00:00Z', message: text })}\n`;
  writeFileSync(path.join(folder, 'a.log'), line('one') + line('two'));
  const messages = async () =>
    (await service.fetch('/api/v1/events', { headers: { authorization: `Bearer ${analyst}` } })).text
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => (JSON.parse(text) as { fields: { message: string } }).fields.message)
      .toSorted((a, b) => a.localeCompare(b));
  await eventually(messages, (found) => found.length === 2);
  equal(await service.stop(), 0);
  appendFileSync(path.join(folder, 'a.log'), line('three') + line('four'));
  await service.start();
  deepEqual(await eventually(messages, (found) => found.length >= 4), ['four', 'one', 'three', 'two']);
});

test('a source that is asked keeps its secret sealed, and says when it cannot be asked', async (t) => {
  const service = await upService(t, '--plain-http');
  const file = path.join(service.folder, 'm365.yml');
  const urls = ['loginUrl', 'manageUrl', 'graphUrl'].map((name) => `${name}: http://127.0.0.1:45999`).join('\n');
  writeFileSync(file, `tenant: rx1\nclientId: app\nclientSecret: s3cret-of-the-app\n${urls}\n`);
  const add = ['sources', 'add', 'tenant', '--kind', 'm365', '--keys', service.keys];
  equal(service.run(...add).status, 2, 'not without settings');
  const added = service.run(...add, '--settings', file);
  equal(added.status, 0, added.err);
  await eventually(
    () => service.log,
    (log) => log.includes('source-not-asked'),
  );
  ok(service.log.includes('ECONNREFUSED'));
  ok(!`${service.log}${service.run('sources', 'list', '--json').out}${added.out}`.includes('s3cret'));
  equal(await service.stop(), 0);
  for (const name of readdirSync(service.data, { recursive: true, encoding: 'utf8' })) {
    const kept = path.join(service.data, name);
    ok(!statSync(kept).isFile() || !readFileSync(kept).toString('latin1').includes('s3cret'), name);
  }
});

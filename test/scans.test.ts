/** Files that are dropped on the page: read apart from what is kept, and gone when they have been read. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { simulateAttack } from '../src/simulate/attack.ts';
import { eventually, type TestService, upService } from './service.ts';

interface Scan {
  readonly id: string;
  readonly name: string;
  readonly by: string;
  readonly state: {
    readonly is: string;
    readonly verdict?: string;
    readonly levels?: Readonly<Record<string, number>>;
  };
}

async function house(service: TestService) {
  const authorization = `Bearer ${await service.addToken('analyst')}`;
  const drop = (name: string, body: Buffer, headers: Readonly<Record<string, string>> = {}) =>
    service.fetch(`/api/v1/scans?name=${encodeURIComponent(name)}`, { headers: { authorization, ...headers }, body });
  const list = async () =>
    (JSON.parse((await service.fetch('/api/v1/scans', { headers: { authorization } })).text) as { scans: Scan[] })
      .scans;
  const read = async (id: string) =>
    eventually(
      async () => (await list()).find((scan) => scan.id === id),
      (scan) => scan?.state.is === 'done' || scan?.state.is === 'failed',
      60_000,
    );
  const report = (id: string) => service.fetch(`/api/v1/scans/${id}/report`, { headers: { authorization } });
  return { authorization, drop, list, read, report };
}

const idOf = (text: string) => (JSON.parse(text) as { id: string }).id;

test('a dropped file is read as a scan reads it, joins nothing, and is gone', async (t) => {
  const service = await upService(t, '--plain-http');
  const { authorization, drop, read, report } = await house(service);
  const { windows } = simulateAttack({ seed: 2, end: Date.UTC(2026, 10, 25, 12) });
  const lines = windows.map((line) => `${JSON.stringify(line)}\n`).join('');
  const dropped = await drop('C:\\Users\\me\\dc <1>.ndjson.gz', gzipSync(lines), {
    'content-type': 'application/gzip',
  });
  equal(dropped.status, 200, dropped.text);
  const scan = await read(idOf(dropped.text));
  equal(scan?.name, 'dc _1_.ndjson.gz');
  match(scan?.state.verdict ?? '', /SIGNS OF AN ATTACK/);
  ok((scan?.state.levels?.['critical'] ?? 0) >= 4);
  const page = await report(scan?.id ?? '');
  equal(page.status, 200);
  match(page.text, /sim-dc-1/);
  match(
    String(page.headers['content-security-policy']),
    /^sandbox allow-scripts allow-popups; frame-ancestors 'none'$/,
  );
  match(page.text, /http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/);
  const incidents = await service.fetch('/api/v1/incidents', { headers: { authorization } });
  deepEqual((JSON.parse(incidents.text) as { items: unknown[] }).items, []);
  deepEqual(readdirSync(path.join(service.data, 'dropped')), []);
});

test('what it shows names no patient, and nobody but those whom it is for sees it', async (t) => {
  const service = await upService(t, '--plain-http');
  const { drop, read, report } = await house(service);
  const line = {
    '@timestamp': '2026-11-02T09:49:00Z',
    winlog: {
      channel: 'Microsoft-Windows-Sysmon/Operational',
      event_id: '1',
      computer_name: 'dc1',
      event_data: {
        Image: 'C:\\Windows\\System32\\vssadmin.exe',
        CommandLine: 'vssadmin delete shadows /for=999-000-0018 <script>window.taken=1</script>',
      },
    },
  };
  const { text } = await drop('<script>.json', Buffer.from(JSON.stringify(line)));
  const scan = await read(idOf(text));
  const { text: page } = await report(scan?.id ?? '');
  ok(page.includes('vssadmin delete shadows'), page.slice(0, 500));
  ok(!page.includes('999-000-0018') && !page.includes('<script>window'));
  for (const role of ['admin', 'privacy', 'board', 'staff'] as const) {
    const headers = { authorization: `Bearer ${await service.addToken(role)}` };
    equal((await service.fetch(`/api/v1/scans/${scan?.id ?? ''}/report`, { headers })).status, 403, role);
    equal((await service.fetch('/api/v1/scans', { headers })).status, 403, role);
  }
  equal((await report('scn_0')).status, 404);
});

test('what is no log is said to be none, and a queue that is full says so', async (t) => {
  const service = await upService(t, '--plain-http');
  const { drop, read, list } = await house(service);
  const { text } = await drop('nothing.bin', Buffer.from([0, 1, 2, 3]));
  match((await read(idOf(text)))?.state.verdict ?? '', /NOTHING COULD BE READ/);
  const statuses = await Promise.all(
    Array.from({ length: 9 }, async (_, n) => (await drop(`${n}`, Buffer.from('x'))).status),
  );
  ok(statuses.includes(503) && statuses.includes(200), statuses.join());
  ok((await list()).length > 1);
  equal((await drop('', Buffer.from('x'))).status, 400);
  await service.stop();
  ok(!existsSync(path.join(service.data, 'dropped')));
});

import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { simulateAttack } from '../src/simulate/attack.ts';
import { eventually, upService } from './service.ts';

const ROOT = path.join(import.meta.dirname, '..');
const PAGE = { 'content-type': 'application/json', 'x-wardwatch': 'page' };

test('a simulated attack is the same for a seed and a time, and names nobody who exists', () => {
  const end = Date.UTC(2026, 10, 25, 12);
  const one = simulateAttack({ seed: 3, end });
  deepEqual(simulateAttack({ seed: 3, end }), one);
  const text = JSON.stringify(one);
  for (const address of text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [])
    match(address, /^(?:10\.20\.|203\.0\.113\.|198\.51\.100\.|127\.)/, address);
  for (const host of text.match(/"computer_name":"[^"]+"/g) ?? []) match(host, /"sim-[a-z0-9-]+\.sim\.example"/);
});

interface Listed {
  readonly score: { readonly band: string };
  readonly links: readonly { readonly value: string }[];
}

function hasLink(links: Listed['links'], value: string): boolean {
  return links.some((link) => link.value === value);
}

test('the simulated hospice is one click away, shows its attack, touches nothing here, and leaves nothing', async (t) => {
  // Others on this machine may try the hospice at the same time.
  const own = mkdtempSync(path.join(tmpdir(), 'wardwatch-demo-test-'));
  const usual = process.env['TMPDIR'];
  process.env['TMPDIR'] = own;
  t.after(() => {
    if (usual === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usual;
    rmSync(own, { recursive: true });
  });
  const service = await upService(t, '--plain-http');
  const folders = () => readdirSync(own).filter((name) => name.startsWith('wardwatch-demo-'));
  const before = folders();
  const admin = { authorization: `Bearer ${await service.addToken('admin')}` };
  const analyst = { authorization: `Bearer ${await service.addToken('analyst')}` };
  const post = (url: string, body: object, headers: Readonly<Record<string, string>>) =>
    service.fetch(url, { headers: { ...PAGE, ...headers }, body: JSON.stringify(body) });
  equal((await service.fetch('/simulated/api/v1/session')).status, 404, 'not there yet');
  equal((await post('/api/v1/simulation', {}, analyst)).status, 403);
  const [begun, again] = await Promise.all([
    post('/api/v1/simulation', {}, admin),
    post('/api/v1/simulation', {}, admin),
  ]);
  equal(begun.status, 200, begun.text);
  equal(again.text, begun.text, 'two who ask at once get one');
  const { path: house, name, password } = JSON.parse(begun.text) as { path: string; name: string; password: string };
  equal(String((await service.fetch('/simulated')).headers['location']), './simulated/');
  for (const url of [house, `${house}hunt`])
    match((await service.fetch(url, { headers: { accept: 'text/html' } })).text, /<title>Wardwatch/, url);
  const signedIn = await post(`${house}api/v1/session`, { name, password }, {});
  equal(signedIn.status, 200, signedIn.text);
  const cookie = (signedIn.headers['set-cookie'] as readonly string[])[0]?.split(';')[0] ?? '';
  match(cookie, /^wardwatch-simulated=/);
  const ask = async (url: string) => JSON.parse((await service.fetch(url, { headers: { cookie } })).text) as never;
  const { isSimulated } = await ask(`${house}api/v1/session`);
  equal(isSimulated, true);
  const incidents = await eventually(
    async () => (await ask(`${house}api/v1/incidents`)) as { items: readonly Listed[] },
    // What the firewall knows as an address and the VPN as a bare name is the machine and the account that Windows knows.
    ({ items }) =>
      items.some(({ score, links }) => score.band === 'emergency' && hasLink(links, '10.20.0.8')) &&
      items.some(({ links }) => ['203.0.113.77', 'sim-ws-02.sim.example'].every((name) => hasLink(links, name))),
    60_000,
  );
  ok(incidents.items.length <= 12, 'a handful');
  const cases = await eventually(
    async () => (await ask(`${house}api/v1/records/cases`)) as { items: readonly object[] },
    ({ items }) => items.length > 0,
    120_000,
  );
  ok(cases.items.length < 20, 'a short list');
  const here = (await service.fetch('/api/v1/incidents', { headers: analyst })).text;
  deepEqual((JSON.parse(here) as { items: unknown[] }).items, []);
  equal(
    (await service.fetch('/api/v1/incidents', { headers: { cookie } })).status,
    401,
    'a session of it is none here',
  );
  // Our own tokens and sessions do not reach it; its own does, whatever stands beside it.
  match((await service.fetch(`${house}api/v1/session`, { headers: analyst })).text, /"person":null/);
  const both = { cookie: `wardwatch=ww_one-of-ours; ${cookie}` };
  equal((await service.fetch(`${house}api/v1/findings`, { headers: both })).status, 200);
  equal((await post(`${house}api/v1/simulation`, {}, { cookie })).status, 400, 'no hospice within a hospice');
  const state = async () =>
    JSON.parse((await service.fetch('/api/v1/simulation', { headers: admin })).text) as {
      since: string | null;
      ended: { how: string } | null;
    };
  deepEqual((await state()).ended, null);
  // As when memory runs out: that it is gone is in the log and on the page, and the next one is a click away.
  for (const child of readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8').trim().split(' '))
    if (readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0').includes('demo'))
      process.kill(Number(child), 'SIGKILL');
  await eventually(state, ({ since, ended }) => since === null && ended?.how === 'broke-off');
  match(service.log, /"event":"simulation-broke-off","ended":"SIGKILL"/);
  match((await service.fetch(`${house}api/v1/session`, { headers: { cookie } })).text, /it has ended/);
  await eventually(folders, (left) => left.length === before.length);
  equal((await post('/api/v1/simulation', {}, admin)).status, 200);
  const ending = post('/api/v1/simulation/end', {}, admin);
  await state();
  const fresh = await post('/api/v1/simulation', {}, admin);
  await ending;
  equal(fresh.status, 200, 'who asks while one ends gets the next');
  equal((await service.fetch(`${house}api/v1/session`)).status, 200);
  equal((await post('/api/v1/simulation/end', {}, admin)).status, 200);
  equal((await state()).ended?.how, 'asked');
  equal((await service.fetch('/simulated/api/v1/session')).status, 404);
  const html = { accept: 'text/html' };
  const ended = await service.fetch('/simulated/today', { headers: html });
  deepEqual([ended.status, ended.headers['location']], [302, '../'], 'who is still there is led home');
  const mistyped = await service.fetch('/todya', { headers: html });
  deepEqual([mistyped.status, mistyped.text.includes('<title>Wardwatch')], [404, true]);
  equal(
    (await service.fetch('/api/v1/todya', { headers: html })).headers['content-type'],
    'application/json; charset=utf-8',
  );
  deepEqual(folders(), before);
  // Ended with the service, too.
  equal((await post('/api/v1/simulation', {}, admin)).status, 200);
  await service.stop('SIGKILL');
  await eventually(folders, (left) => left.length === before.length);
});

test('a finding’s sentence names what the event says, also where the rule did not look', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-told-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { firewall } = simulateAttack({ seed: 1, end: Date.UTC(2026, 10, 25, 22) });
  writeFileSync(path.join(folder, 'firewall.log'), firewall.join('\n'));
  const args = ['--disable-warning=ExperimentalWarning', 'src/main.ts', 'scan', folder, '--format', 'ndjson'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: ROOT });
  const found = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { plain: string; next: readonly string[] });
  const said = found.map(({ plain, next }) => [plain, ...next].join(' ')).join('\n');
  match(said, /left 10\.20\.0\.8 for 198\.51\.100\.200/, stderr);
  match(said, /Block 203\.0\.113\.77 at the firewall/);
  ok(!said.includes('something the log does not name'), said);
});

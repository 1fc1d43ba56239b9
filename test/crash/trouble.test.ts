/** What is no crash and comes as often: a clock that jumps, a source that floods, clients that dribble. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Log } from '../../src/ops/log.ts';
import { startService } from '../../src/serve/service.ts';
import { verify } from '../../src/store/archive/verify.ts';
import { openState, statePlace } from '../../src/store/state.ts';
import { Sources } from '../../src/watch/sources.ts';
import { Tokens } from '../../src/people/tokens.ts';
import { eventually, upService } from '../service.ts';

const RULES = path.join(import.meta.dirname, '..', '..', 'rules');
/** “The Security log was wiped”: it fires on each of the events below. */
const RULE_ID = '9200a15f-69ff-4a7b-aebd-c582c1ca746a';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function wiped(marker: string, at: number): string {
  return JSON.stringify({
    Channel: 'Security',
    EventID: 1102,
    Provider_Name: 'Microsoft-Windows-Eventlog',
    Computer: 'dc1',
    EventTime: new Date(at).toISOString(),
    SubjectUserName: marker,
  });
}

function bulk(lines: readonly string[]): string {
  return lines.map((line) => `{"create":{}}\n${line}\n`).join('');
}

const jumps: readonly (readonly [what: string, toMs: readonly number[]])[] = [
  ['back by two hours', [0, -2 * HOUR]],
  ['back by a year', [0, -365 * DAY]],
  ['a year ahead, and back again', [0, 365 * DAY, 0]],
];
for (const [what, offsets] of jumps)
  test(`a clock that jumps ${what} loses no event, doubles no finding and breaks no chain, across a restart too`, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-clock-'));
    const data = path.join(folder, 'data');
    let offset = 0;
    const now = () => Date.now() + offset;
    const bugs: string[] = [];
    const start = () =>
      startService({
        dataFolder: data,
        keysFolder: path.join(folder, 'keys'),
        http: { host: '127.0.0.1', port: 0 },
        isPlainHttp: true,
        isSimulated: false,
        mllp: null,
        mllpTls: null,
        oidc: null,
        syslogTcp: null,
        syslogTls: null,
        syslogUdp: null,
        rules: { ruleFolders: [RULES], placeholders: {}, cacheFolder: null },
        domains: {},
        canaries: { accounts: [], hosts: [], shares: [], files: [], patients: [] },
        indicatorFiles: [],
        relationships: null,
        budget: 0.2,
        notices: null,
        doesCareDepend: () => false,
        timeZone: 'Europe/London',
        state: null,
        version: 'test',
        log: new Log((line) => void (/"bug"/.test(line) && bugs.push(line)), now),
        now,
      });
    let service = await start();
    const state = await openState(statePlace(null, data));
    const { token } = await new Sources(state, now).add('shipper', 'windows', null);
    const { token: analyst } = await new Tokens(state, now).add('analyst', null);
    await state.close();
    const sent: string[] = [];
    const send = async (mark: string) => {
      const markers = Array.from({ length: 40 }, (_, i) => `${mark}x${i}z`);
      const lines = markers.map((marker, i) => wiped(marker, now() - i * 1000));
      const answer = await fetch(new URL('/_bulk', service.addresses.http), {
        method: 'POST',
        headers: { authorization: `ApiKey ${token}` },
        body: bulk(lines),
      });
      equal(answer.status, 200);
      sent.push(...markers);
    };
    for (const [index, each] of offsets.entries()) {
      offset = each;
      await send(`m${index}a`);
      await service.close();
      service = await start();
      await send(`m${index}b`);
    }
    const list = async () => {
      const found: string[] = [];
      for (let next: string | null = ''; next !== null; ) {
        const url = new URL(`/api/v1/findings?limit=500&cursor=${next}`, service.addresses.http);
        const page = (await (await fetch(url, { headers: { authorization: `Bearer ${analyst}` } })).json()) as {
          items: { ruleId: string; entities: { account: string } }[];
          next: string | null;
        };
        for (const { ruleId, entities } of page.items) if (ruleId === RULE_ID) found.push(entities.account);
        next = page.next;
      }
      return found;
    };
    const found = await eventually(list, (accounts) => accounts.length >= sent.length);
    deepEqual(found.toSorted(), sent.toSorted());
    const events = await (
      await fetch(new URL('/api/v1/events?query=channel:security', service.addresses.http), {
        headers: { authorization: `Bearer ${analyst}` },
      })
    ).text();
    deepEqual(
      [...(events.match(/m\d[ab]x\d+z/g) ?? [])].filter((each, i, all) => all.indexOf(each) === i).toSorted(),
      sent.toSorted(),
    );
    await service.close();
    const { ok: isWhole, problems } = await verify(data);
    ok(isWhole, JSON.stringify(problems));
    deepEqual(bugs, []);
  });

test('while a source floods with ten times as much, another is never told to wait, and nothing of either is lost', async (t) => {
  const service = await upService(t, '--plain-http');
  const [flood, calm] = [await service.addSource('flood', 'http'), await service.addSource('calm', 'windows')];
  const analyst = await service.addToken('analyst');
  const over = new AbortController();
  let flooded = 0;
  const flooding = Array.from({ length: 4 }, async (_, client) => {
    for (let batch = 0; !over.signal.aborted; batch++) {
      const lines = Array.from({ length: 500 }, (_each, i) => JSON.stringify({ message: `f${client}b${batch}i${i}z` }));
      const { status } = await service.fetch('/_bulk', {
        headers: { authorization: `ApiKey ${flood.token}` },
        body: bulk(lines),
      });
      if (status === 200) flooded += lines.length;
      else await wait(50);
    }
  });
  const markers: string[] = [];
  const statuses = new Set<number>();
  for (let batch = 0; batch < 40; batch++) {
    const own = Array.from({ length: 5 }, (_, i) => `c${batch}x${i}z`);
    const body = bulk(own.map((marker) => wiped(marker, Date.now())));
    statuses.add((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${calm.token}` }, body })).status);
    markers.push(...own);
    await wait(50);
  }
  over.abort();
  await Promise.all(flooding);
  deepEqual([...statuses], [200]);
  ok(flooded > 10 * markers.length, String(flooded));
  const found = await eventually(
    async () => (await service.list('/api/v1/findings', analyst)).filter(({ ruleId }) => ruleId === RULE_ID),
    (findings) => findings.length >= markers.length,
    120_000,
  );
  equal(found.length, markers.length);
  equal(await service.stop(), 0);
  equal(service.run('verify').status, 0);
  const { out } = service.run('export', 'events', '--format', 'ndjson');
  equal(new Set(out.match(/f\d+b\d+i\d+z/g)).size, flooded);
});

test('clients that dribble hold nothing up, and what they bring in the end is kept', async (t) => {
  const service = await upService(t, '--plain-http', '--syslog-tcp', '127.0.0.1:0');
  const { token } = await service.addSource('shipper', 'windows');
  await service.addSource('device', 'syslog');
  const analyst = await service.addToken('analyst');
  const url = new URL(service.ready.http);
  const body = bulk([wiped('slow', Date.now())]);
  const slowRequest = `POST /_bulk HTTP/1.1\r\nhost: x\r\nauthorization: ApiKey ${token}\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const [host = '', port = ''] = (service.ready.syslogTcp ?? '').split(':');
  const dribblers = [
    ...(await Promise.all(Array.from({ length: 100 }, () => opened(url.hostname, Number(url.port))))).map(
      (socket) => [socket, slowRequest] as const,
    ),
    ...(await Promise.all(Array.from({ length: 50 }, () => opened(host, Number(port))))).map(
      (socket, i) => [socket, `<34>1 2026-11-25T09:00:00Z h app - - - drop by drop ${i}z\n`] as const,
    ),
  ];
  for (let byte = 0; byte < 60; byte++) {
    for (const [socket, text] of dribblers) socket.write(text.slice(byte, byte + 1));
    const marker = `quick${byte}`;
    const { status } = await service.fetch('/_bulk', {
      headers: { authorization: `ApiKey ${token}` },
      body: bulk([wiped(marker, Date.now())]),
    });
    equal(status, 200);
  }
  for (const [socket, text] of dribblers) socket.end(text.slice(60));
  const accounts = async () =>
    (await service.list('/api/v1/findings', analyst))
      .filter(({ ruleId }) => ruleId === RULE_ID)
      .map(({ entities }) => (entities as { account: string }).account);
  // The same event a hundred times is one finding.
  equal((await eventually(accounts, (found) => found.length >= 61)).length, 61);
  const drops = async () =>
    new Set(
      (
        await service.fetch('/api/v1/events?query=drop', { headers: { authorization: `Bearer ${analyst}` } })
      ).text.match(/drop by drop \d+z/g),
    ).size;
  equal(await eventually(drops, (found) => found >= 50), 50);
  equal(await service.stop(), 0);
  equal(service.run('verify').status, 0);
});

function opened(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => resolve(socket));
    socket.on('error', reject);
    socket.resume();
  });
}

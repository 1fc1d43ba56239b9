/** The whole watch with its state in PostgreSQL: what is done on SQLite everywhere else. */
import { deepEqual, equal, fail, match, ok } from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Outbox } from '../src/notices/outbox.ts';
import { Tries } from '../src/people/tries.ts';
import { forgetOld } from '../src/serve/state-retention.ts';
import { openKeyring } from '../src/store/seal.ts';
import { openState, statePlace } from '../src/store/state.ts';
import { Trail } from '../src/ops/trail.ts';
import { Findings } from '../src/watch/findings-store.ts';
import { RecordCases } from '../src/watch/record-cases.ts';
import { RecordItems } from '../src/watch/record-items.ts';
import { SetAsides, setAsideGone } from '../src/watch/set-aside-store.ts';
import { startPostgres } from './postgres.ts';
import { eventually, TestService } from './service.ts';

test('sources, findings, incidents, exceptions, clocks, reveal, folders and restart, with the state in PostgreSQL', async (t) => {
  const server = await startPostgres();
  if (server === null) return t.skip('no PostgreSQL here');
  t.after(() => server.stop());
  const service = new TestService('--plain-http');
  service.state = await server.newDatabase();
  t.after(() => service.stop('SIGKILL'));
  await service.start();
  const { token } = await service.addSource('dc1', 'windows');
  const roles = {
    analyst: await service.addToken('analyst'),
    privacy: await service.addToken('privacy'),
    admin: await service.addToken('admin'),
  };
  const post = (role: keyof typeof roles, url: string, body: object) =>
    service.fetch(url, {
      headers: { authorization: `Bearer ${roles[role]}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const attack = (host: string, minute: number) => ({
    '@timestamp': new Date(Date.UTC(2026, 10, 2, 9, minute)).toISOString(),
    message: 'about 999 000 0018',
    winlog: {
      channel: 'Security',
      event_id: 4688,
      computer_name: host,
      event_data: {
        SubjectUserName: `user-${host}`,
        NewProcessName: 'C:\\Windows\\System32\\vssadmin.exe',
        CommandLine: 'vssadmin delete shadows /all /quiet',
      },
    },
  });
  const alert = (hour: number, description: string) => ({
    timestamp: new Date(Date.UTC(2026, 10, 2) + hour * 3_600_000).toISOString(),
    rule: { level: 3, description, id: '1' },
    agent: { id: '1', name: 'mail1' },
    manager: { name: 'siem' },
    decoder: { name: 'pam' },
  });
  const send = async (lines: readonly object[]) => {
    const body = lines.map((line) => `{"create":{}}\n${JSON.stringify(line)}\n`).join('');
    equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  };
  await send([
    attack('ws1', 0),
    attack('ws1', 5),
    attack('ws2', 6),
    ...Array.from({ length: 40 }, (_, hour) => alert(hour, 'Session opened')),
    alert(41, 'Password file was read'),
  ]);
  const incidents = () => service.list('/api/v1/incidents', roles.analyst);
  const found = await eventually(incidents, (all) => all.length === 3);
  deepEqual(
    found.map(({ findings }) => Number(findings)).toSorted((a, b) => a - b),
    [1, 1, 2],
  );
  const first = found.find(({ findings }) => findings === 2);
  const url = `/api/v1/incidents/${String(first?.['id'])}`;
  equal((await post('analyst', `${url}/actions`, { action: 'take' })).status, 200);
  equal((await post('analyst', `${url}/steps/isolate`, { done: true })).status, 200);
  equal((await post('analyst', `${url}/steps/isolate`, { done: false })).status, 200);
  equal((await post('analyst', `${url}/clocks`, { kind: 'ico-72h', startedAt: '2026-11-02T09:00:00Z' })).status, 200);
  const detail = await service.fetch(url, { headers: { authorization: `Bearer ${roles.analyst}` } });
  match(detail.text, /"owner":"tok_/);
  const { evidence, clocks } = JSON.parse(detail.text) as { evidence: { ruleId: string }[]; clocks: { id: string }[] };
  const ruleId = evidence[0]?.ruleId ?? '';
  equal(
    (await post('analyst', '/api/v1/exceptions', { ruleId, host: 'ws3', reason: 'It is the backup server.' })).status,
    200,
  );
  equal(
    (await post('analyst', `${url}/clocks/${clocks[0]?.id ?? ''}`, { how: 'met', at: '2026-11-03T09:00:00Z' })).status,
    200,
  );
  equal(
    (await post('analyst', `${url}/actions`, { action: 'close', outcome: 'attack', note: 'It was one.' })).status,
    200,
  );
  equal(
    (await post('analyst', '/api/v1/exceptions', { ruleId, host: 'ws1', reason: 'It is the backup server.' })).status,
    409,
  );
  const events = await service.fetch('/api/v1/events', { headers: { authorization: `Bearer ${roles.analyst}` } });
  const [pseudonym = ''] = /pt_[0-9a-f]{20}/.exec(events.text) ?? [];
  match(
    (await post('privacy', '/api/v1/reveal', { pseudonyms: [pseudonym], reason: 'Subject access request.' })).text,
    /9990000018/,
  );
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-logs-'));
  writeFileSync(
    path.join(folder, 'a.log'),
    `${JSON.stringify(attack('ws3', 20))}\n${JSON.stringify(attack('ws4', 21))}\n\n`,
  );
  equal(service.run('sources', 'add', 'files', '--kind', 'files', '--folder', folder).status, 0);
  await eventually(incidents, (all) => all.length === 4);

  // What the page keeps besides.
  const change = async (role: keyof typeof roles, where: string, body: object) => {
    const answer = await post(role, where, body);
    equal(answer.status, 200, `${where}: ${answer.text}`);
    return JSON.parse(answer.text) as { id?: string };
  };
  const { id: report = '' } = await change('analyst', '/api/v1/reports', { report: 'A strange mail.' });
  const sent = await service.fetch(`/api/v1/reports/${report}/file?fileName=a.eml`, {
    headers: { authorization: `Bearer ${roles.analyst}`, 'content-type': 'application/octet-stream' },
    body: Buffer.from('From: x'),
  });
  equal(sent.status, 200, sent.text);
  await change('analyst', `/api/v1/reports/${report}/more`, { report: 'And another.' });
  await change('privacy', `/api/v1/reports/${report}/answer`, { report: 'It was ours.', isClosed: true });
  await change('analyst', `/api/v1/reports/${report}/incident`, { incident: String(first?.['id']) });
  for (const name of ['One', 'Two']) await change('analyst', '/api/v1/hunts', { name, query: 'host:ws1' });
  const rule = {
    query: 'host:ws1 command:nothing',
    level: 'low',
    parameter: 'data',
    plain: 'P.',
    innocent: 'I.',
    next: ['N.'],
  };
  for (const title of ['Kept on', 'Switched off']) {
    const { id = '' } = await change('analyst', '/api/v1/local-rules', { title, ...rule });
    if (title === 'Switched off') await change('admin', `/api/v1/local-rules/${id}/end`, {});
  }
  for (const line of ['a', 'b'])
    await change('analyst', `${url}/drafts/6-board-note`, { sections: [{ heading: 'What', lines: [line] }] });
  for (const mail of ['a@rx1.example', 'b@rx1.example'])
    await change('admin', '/api/v1/notices', {
      smtp: { host: '127.0.0.1', port: 9, from: 'w@rx1.example' },
      people: [{ name: 'IT', mail, step: 1 }],
      webhooks: [],
    });
  const days = { network: 30, security: 500, clinical: 4000 };
  for (const network of [60, 90])
    await change('admin', '/api/v1/retention', { days: { ...days, network }, reason: 'The insurer wants it.' });
  for (const step of ['you', 'try']) await change('admin', '/api/v1/first-run', { step });
  await change('privacy', '/api/v1/monitoring-notice', { values: { organisation: 'Our hospice' } });
  const holds: readonly [role: keyof typeof roles, where: string, says: RegExp][] = [
    ['analyst', '/api/v1/rules', /"state":"runs"/],
    ['analyst', '/api/v1/rules', /^(?!.*Switched off).*"Kept on","level":"low","from":"made"/],
    ['analyst', `/api/v1/findings?rule=${ruleId}`, /"ruleId"/],
    ['analyst', `${url}/graph`, /"host":"ws1".*"findings":\d+,"points":\d/],
    ['analyst', `${url}/drafts`, /"lines":\["b"\]/],
    ['analyst', '/api/v1/hunts', /"One".*"Two"/],
    ['analyst', '/api/v1/reports/mine', /"state":"closed".*"a\.eml".*A strange mail.*And another.*It was ours/],
    ['privacy', '/api/v1/reports', /"incidentId":"inc_/],
    ['admin', '/api/v1/notices', /"b@rx1\.example"/],
    ['admin', '/api/v1/doctor', /"what":"key escrow","state":"bad"/],
    ['admin', '/api/v1/first-run', /"step":"try","state":"put-off"/],
    ['admin', '/api/v1/doctor', /"keepDays":90/],
    ['analyst', '/api/v1/monitoring-notice', /Our hospice/],
  ];
  for (const [role, where, says] of holds) {
    const { status, text } = await service.fetch(where, { headers: { authorization: `Bearer ${roles[role]}` } });
    equal(status, 200, `${where}: ${text}`);
    match(text, says, where);
  }

  const seen: string[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const { text } = await service.fetch(`${url}/findings?limit=1&cursor=${next}`, {
      headers: { authorization: `Bearer ${roles.analyst}` },
    });
    const page = JSON.parse(text) as { items: { id: string }[]; next: string | null };
    seen.push(...page.items.map(({ id }) => id));
    next = page.next;
  }
  equal(new Set(seen).size, 2, 'findings page by page');

  equal(await service.stop(), 0);
  await service.start();
  await send([attack('ws1', 30)]);
  const after = await eventually(incidents, (all) => all.length === 5);
  ok(after.every(({ id }) => typeof id === 'string'));
  const pass = path.join(service.folder, 'pass');
  writeFileSync(pass, 'correct horse battery staple\n');
  const backup = service.run(
    'backup',
    '--to',
    path.join(service.folder, 'b.age'),
    '--passphrase-file',
    pass,
    '--keys',
    service.keys,
  );
  equal(backup.status, 0, backup.err);
  match(backup.err, /NOT in this backup/);
  equal(service.run('doctor', '--keys', service.keys).status, 1);
});

test('people, links, wrong tries, sessions and their end, with the state in PostgreSQL', async (t) => {
  const server = await startPostgres();
  if (server === null) return t.skip('no PostgreSQL here');
  t.after(() => server.stop());
  const service = new TestService('--plain-http');
  service.state = await server.newDatabase();
  t.after(() => service.stop('SIGKILL'));
  await service.start();
  const link = await eventually(
    () => /welcome#(ww_[\w-]+)/.exec(service.log)?.[1] ?? '',
    (token) => token !== '',
  );
  const ask = async (cookie: string, url: string, body?: object) => {
    const { status, headers, text } = await service.fetch(`/api/v1${url}`, {
      headers: { 'content-type': 'application/json', 'x-wardwatch': 'page', cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const [set = ''] = (headers['set-cookie'] ?? []) as readonly string[];
    return { status, text, cookie: set.split(';')[0] ?? '' };
  };
  const password = 'kettle mountain violet';
  const ann = await ask('', '/invitations/accept', { token: link, name: 'Ann', password });
  equal(ann.status, 200, ann.text);
  const invited = await ask(ann.cookie, '/people', { name: 'Ben', roles: ['board'] });
  equal(invited.status, 200, invited.text);
  const { id, link: own } = JSON.parse(invited.text) as { id: string; link: string };
  const ben = await ask('', '/invitations/accept', { token: own.split('#')[1], password });
  equal((await ask(ben.cookie, '/board')).status, 200);
  for (let tries = 0; tries < 5; tries++)
    equal((await ask('', '/session', { name: 'ben', password: 'not the right one' })).status, 401);
  equal((await ask('', '/session', { name: 'ben', password })).status, 403);
  match((await ask(ann.cookie, '/people')).text, /"locked"/);
  equal((await ask(ann.cookie, `/people/${id}/unlock`, {})).status, 200);
  equal((await ask('', '/session', { name: 'ben', password })).status, 200);
  equal((await ask(ann.cookie, `/people/${id}/end`, { reason: 'left' })).status, 200);
  equal((await ask(ben.cookie, '/board')).status, 401);
  equal((await ask(ann.cookie, '/passkeys')).text, '{"passkeys":[]}');
  equal((await ask(ann.cookie, '/today')).status, 200);
});

test('tries to sign in are counted, and what is too old is forgotten, with the state in PostgreSQL', async (t) => {
  const server = await startPostgres();
  if (server === null) return t.skip('no PostgreSQL here');
  t.after(() => server.stop());
  const state = await openState(statePlace(await server.newDatabase(), 'nowhere'));
  const now = () => Date.UTC(2036, 1, 1);
  const finding = { kind: 'rule', rule_id: 'r', level: 'high', at: null, host: null, account: null, address: null };
  const nothing = { source_id: null, incident_id: null, parameter: null, points: 0, closed_at: null, surprise: null };
  for (const [id, first_seen_at] of [
    ['fnd_old', 5],
    ['fnd_held', 150],
  ] as const)
    await state.db
      .insertInto('findings')
      .values({ ...finding, ...nothing, id, body: '{}', first_seen_at, per_day: null, strength: 0, excepted_by: null })
      .execute();
  const holds = [
    { id: 'hld_1', sourceIds: ['src_x'], from: 100, to: 200, reason: 'court' },
    { id: 'hld_2', sourceIds: [], from: null, to: 3, reason: 'court' },
  ];
  const keys = await openKeyring(mkdtempSync(path.join(tmpdir(), 'wardwatch-keys-')), 'seal', 'nowhere');
  const mac = () => Buffer.alloc(10);
  const gone = await forgetOld({
    notices: new Outbox(state, now),
    findings: new Findings(state, now, () => Promise.resolve(null)),
    cases: new RecordCases(state, keys, mac, now),
    items: new RecordItems(state, keys, mac, now, 'Europe/London'),
    trail: new Trail(state, now),
    setAsides: new SetAsides(state, keys, { holds: () => Promise.resolve(holds), onBug: () => undefined }),
    archive: { holds: () => Promise.resolve(holds), status: () => Promise.resolve({ lastLineAt: now() }) },
    now,
  });
  deepEqual(gone, { notices: 0, findings: 1, cases: 0, setAsides: 0, trail: 0 });
  const parts = { holds: () => Promise.resolve([]), onBug: (error: unknown) => fail(String(error)) };
  const asides = new SetAsides(state, keys, parts, 5000);
  const item = { bytes: Buffer.alloc(1000, 'x'), reason: 'r', detail: 'd' };
  for (let at = 1000; at < 1010; at++) await asides.keep(null, at, [item]);
  const messages = (await setAsideGone(state))[0]?.messages ?? 0;
  const left = await asides.page(null, 100);
  deepEqual([left.length + messages, left.length < 6, left[0]?.entry.receivedAt], [10, true, 1009]);
  const tries = new Tries(state, now);
  const key = { key: 'name/from 10.1.1.1', max: 5, isAlways: false };
  const counted = await Promise.all(Array.from({ length: 12 }, () => tries.count(key)));
  deepEqual([counted.filter(Boolean).length, await tries.isAnyLocked('name')], [5, true]);
  await tries.forgetAll('name');
  equal(await tries.isAnyLocked('name'), false);
  await state.close();
});

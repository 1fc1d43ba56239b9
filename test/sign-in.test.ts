import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { eventually, type TestService, upService } from './service.ts';

const PASSWORD = 'kettle mountain violet';
const PAGE = { 'content-type': 'application/json', 'x-wardwatch': 'page' };

/** As the page asks: with the cookie, and the header that no other site can send. */
function browser(service: TestService, given: Readonly<Record<string, string>> = {}) {
  let cookie = '';
  const ask = async (url: string, body?: object, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await service.fetch(`/api/v1${url}`, {
      headers: { ...(body === undefined ? {} : PAGE), ...given, ...(cookie === '' ? {} : { cookie }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const [set] = (answer.headers['set-cookie'] ?? []) as readonly string[];
    if (set !== undefined) cookie = set.split(';')[0] ?? '';
    return { ...answer, set, body: JSON.parse(answer.text) as Readonly<Record<string, unknown>> };
  };
  return { ask, cookie: () => cookie, take: (other: string) => (cookie = other) };
}

function firstLinkOf(service: TestService): Promise<string> {
  const printed = () => /\/welcome#(ww_[\w-]+)/.exec(service.log)?.[1] ?? '';
  return eventually(printed, (token) => token !== '');
}

test('from the link that is printed, through a second person, to the end of a session', async (t) => {
  const service = await upService(t, '--plain-http');
  const first = await firstLinkOf(service);
  const ann = browser(service);
  deepEqual((await ann.ask('/session')).body, { person: null, provider: null, isSimulated: false, isNew: true });
  equal((await ann.ask('/invitations/accept', { token: 'ww_wrong', name: 'Ann', password: PASSWORD })).status, 410);
  const weak = await ann.ask('/invitations/accept', { token: first, name: 'Ann', password: 'short' });
  deepEqual([weak.status, weak.body['code']], [422, 'people/weak-password']);
  const begun = await ann.ask('/invitations/accept', { token: first, name: 'Ann', password: PASSWORD });
  equal(begun.status, 200, begun.text);
  match(begun.set ?? '', /^wardwatch=ww_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const { person, isNew } = (await ann.ask('/session')).body as { person: { name: string }; isNew: boolean };
  deepEqual([person.name, isNew], ['Ann', false]);
  equal((await ann.ask('/findings')).status, 200, 'the first person is an analyst');
  equal((await ann.ask('/records/cases')).status, 403, 'and not of the privacy role');

  const invited = await ann.ask('/people', { name: 'Priya', roles: ['privacy', 'partner'] });
  equal(invited.status, 200, invited.text);
  const token = String(invited.body['link']).replace('/welcome#', '');
  const priya = browser(service);
  match((await priya.ask('/invitations/look', { token })).text, /^\{"name":"Priya/);
  equal((await priya.ask('/invitations/accept', { token, password: 'orange lantern river' })).status, 200);
  equal((await priya.ask('/invitations/look', { token })).status, 410, 'a used one says so before a form is filled in');
  equal((await priya.ask('/records/cases')).status, 200);
  equal((await priya.ask('/people')).status, 403);
  const { people } = (await ann.ask('/people')).body as {
    people: readonly { name: string; state: string; expiresAt: string | null }[];
  };
  deepEqual(
    people.map(({ name, state, expiresAt }) => [name, state, expiresAt === null]),
    [
      ['Ann', 'active', true],
      ['Priya', 'active', false],
    ],
  );

  // Signing in again gives another session, and the one that the browser came with is over.
  const before = ann.cookie();
  equal((await ann.ask('/session', { name: 'ann', password: PASSWORD })).status, 200);
  const thief = browser(service);
  thief.take(before);
  equal((await thief.ask('/findings')).status, 401);
  const { id } = (await priya.ask('/session')).body['person'] as { id: string };
  equal((await ann.ask(`/people/${id}/end`, { reason: 'left' })).status, 200);
  equal((await priya.ask('/records/cases')).status, 401, 'ended at once');
  const out = await ann.ask('/session/end', {});
  match(out.set ?? '', /Max-Age=0/);
  equal((await ann.ask('/findings')).status, 401);

  const listed = service.run('people', 'list');
  match(listed.out, /Ann {2}admin, analyst {2}active {2}no second factor/);
  const linked = service.run('people', 'link', 'Ann', '--json');
  const again = (JSON.parse(linked.out) as { link: string }).link.replace('/welcome#', '');
  equal((await ann.ask('/session', { name: 'Ann', password: PASSWORD })).status, 401, 'the old password is void');
  equal((await ann.ask('/invitations/accept', { token: again, password: `${PASSWORD} two` })).status, 200);
});

test('a stranger behind the same proxy locks nobody out of their own browser, and is known apart by their address', async (t) => {
  const service = await upService(t, '--plain-http');
  const ask = (url: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
    service.fetch(`/api/v1${url}`, { headers: { ...PAGE, ...headers }, body: JSON.stringify(body) });
  const begun = await ask('/invitations/accept', {
    token: await firstLinkOf(service),
    name: 'Ann',
    password: PASSWORD,
  });
  const set = (begun.headers['set-cookie'] ?? []) as readonly string[];
  match(
    set[1] ?? '',
    /^wardwatch-browser=[\w-]{67}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=15552000$/,
    'lasts longer than the browser is open',
  );
  const cookie = (set[1] ?? '').split(';')[0] ?? '';
  const stranger = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
  for (let tries = 0; tries < 5; tries++)
    equal((await ask('/session', { name: 'Ann', password: 'not the one at all' }, stranger)).status, 401);
  const right = { name: 'Ann', password: PASSWORD };
  equal((await ask('/session', right, { 'x-forwarded-for': '198.51.100.7' })).status, 403);
  equal((await ask('/session', right, { 'x-forwarded-for': '203.0.113.9' })).status, 200, 'who the proxy says it is');
  equal((await ask('/session', right, { ...stranger, cookie })).status, 200);
  // The cookie is no session.
  equal((await service.fetch('/api/v1/findings', { headers: { cookie } })).status, 401);
});

test('a link says where the page is opened from elsewhere, if somebody said so, and never an address that none can open', async (t) => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-notices-')), 'notices.yml');
  const withUrl = (url: string) => writeFileSync(file, `url: ${url}\n`, { mode: 0o600 });
  withUrl('https://watch.rx1.example:8443/');
  const service = await upService(t, '--listen', '0.0.0.0:0', '--notices', file);
  const first = await firstLinkOf(service);
  match(service.log, /https:\/\/watch\.rx1\.example:8443\/welcome#/);
  const ann = browser(service);
  await ann.ask('/invitations/accept', { token: first, name: 'Ann', password: PASSWORD });
  const { body } = await ann.ask('/people', { name: 'Ben', roles: ['staff'] });
  equal(body['page'], 'https://watch.rx1.example:8443');
  equal((await ann.ask(`/people/${String(body['id'])}/reset`, {})).body['page'], 'https://watch.rx1.example:8443');
  const linked = service.run('people', 'link', 'Ben');
  match(linked.out, /^https:\/\/watch\.rx1\.example:8443\/welcome#ww_/m);
  // That of this machine is no better than what the page was opened by.
  withUrl('https://127.0.0.1:8443');
  const other = await upService(t, '--listen', '0.0.0.0:0', '--notices', file);
  await firstLinkOf(other);
  ok(other.log.includes(`https://${hostname()}:`) && !other.log.includes('0.0.0.0'), other.log);
  const eve = browser(other);
  await eve.ask('/invitations/accept', { token: await firstLinkOf(other), name: 'Eve', password: PASSWORD });
  equal((await eve.ask('/people', { name: 'Ben', roles: ['staff'] })).body['page'], null);
});

test('a session changes nothing for another site, and a trail says who did what without their secrets', async (t) => {
  const service = await upService(t, '--plain-http');
  const ann = browser(service);
  await ann.ask('/invitations/accept', { token: await firstLinkOf(service), name: 'Ann', password: PASSWORD });
  const cookie = ann.cookie();
  for (const [what, headers] of [
    ['no header of the page', { 'content-type': 'application/json', cookie }],
    ['another site', { ...PAGE, cookie, 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { ...PAGE, cookie, 'sec-fetch-site': 'same-site' }],
  ] as const) {
    const body = JSON.stringify({ name: 'Eve', roles: ['admin'] });
    const { status, text } = await service.fetch('/api/v1/people', { headers, body });
    equal(status, 403, what);
    ok(text.includes('api/not-from-page'), text);
  }
  // Nor can another site sign a person in as somebody else.
  const signIn = JSON.stringify({ name: 'Ann', password: PASSWORD });
  equal(
    (await service.fetch('/api/v1/session', { headers: { 'content-type': 'application/json' }, body: signIn })).status,
    403,
  );
  equal((await ann.ask('/people', undefined, { authorization: 'Bearer ww_wrong' })).status, 401, 'a token goes before');
  equal((await ann.ask('/people', { name: 'Ben', roles: ['analyst'] })).status, 200);
  await service.stop();
  const kept = readFileSync(path.join(service.data, 'state.db')).toString('latin1');
  ok(kept.includes('POST /api/v1/people'));
  ok(!kept.includes('kettle') && !kept.includes(await firstLinkOf(service)) && !kept.includes(cookie.slice(10)));
  ok(!service.log.includes('kettle'));
});

test('over TLS the cookie is one that no neighbour can set', async (t) => {
  const service = await upService(t);
  const ann = browser(service);
  const begun = await ann.ask('/invitations/accept', {
    token: await firstLinkOf(service),
    name: 'Ann',
    password: PASSWORD,
  });
  match(begun.set ?? '', /^__Host-wardwatch=ww_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  equal((await ann.ask('/findings')).status, 200);
  ann.take(ann.cookie().replace('__Host-', ''));
  equal((await ann.ask('/findings')).status, 401);
  equal((await service.fetch('/api/v1/live', { headers: { accept: 'text/event-stream' } })).status, 401);
});

test('the trail says who did what and not what they looked for; a page that is left open is one look an hour', async (t) => {
  const service = await upService(t, '--plain-http');
  const ann = browser(service);
  await ann.ask('/invitations/accept', { token: await firstLinkOf(service), name: 'Ann', password: PASSWORD });
  await ann.ask('/events?query=host:secret-host&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z').catch(() => null);
  const background = { 'x-wardwatch': 'background' };
  for (let times = 0; times < 3; times++) await ann.ask('/today', undefined, background);
  // The header hides nothing that was not looked at before.
  await ann.ask('/findings?limit=7', undefined, background);
  const seen = async () => (await ann.ask('/trail')).body as { items: readonly { who: string; action: string }[] };
  const { items } = await seen();
  const count = (action: string) => items.filter((each) => each.action === action && each.who === 'Ann').length;
  deepEqual([count('GET /api/v1/today'), count('GET /api/v1/findings')], [1, 1]);
  ok(!JSON.stringify(items).includes('secret-host'));
  const analyst = await service.addToken('analyst');
  const refused = await service.fetch('/api/v1/trail', { headers: { authorization: `Bearer ${analyst}` } });
  equal(refused.status, 403);

  // Another password of one’s own, by the one that holds: elsewhere they are signed out, and nobody reads either.
  const phone = browser(service);
  equal((await phone.ask('/session', { name: 'Ann', password: PASSWORD })).status, 200);
  const newPassword = 'seven grey herons wade';
  const change = async (given: object) => (await ann.ask('/session/password', { newPassword, ...given })).status;
  equal(await change({ password: newPassword }), 401, 'not by a guess');
  equal(await change({ password: PASSWORD, newPassword: 'short' }), 422);
  const former = browser(service);
  former.take(ann.cookie());
  equal(await change({ password: PASSWORD }), 200);
  equal((await former.ask('/findings')).status, 401, 'the session is a new one');
  deepEqual([(await ann.ask('/findings')).status, (await phone.ask('/findings')).status], [200, 401]);
  equal((await phone.ask('/session', { name: 'Ann', password: PASSWORD })).status, 401);
  equal((await phone.ask('/session', { name: 'Ann', password: newPassword })).status, 200);
  await service.stop();
  const kept = readFileSync(path.join(service.data, 'state.db')).toString('latin1');
  ok(kept.includes('POST /api/v1/session/password') && !kept.includes('herons') && !kept.includes('kettle'));
});

/** Sign-in through a real OpenID provider, walked as a browser walks it. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { TestService } from '../service.ts';

const PROVIDER = path.join(import.meta.dirname, 'provider.mjs');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address === null || typeof address === 'string' ? 0 : address.port;
}

async function startProvider(t: TestContext, redirect: string): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', PROVIDER, redirect], {
    // It warns of being a provider for tests.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => child.kill('SIGKILL'));
  return new Promise((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (address !== undefined) resolve(address);
    });
  });
}

async function house(t: TestContext, settings: object = {}) {
  // The provider has to know where it may send browsers back to, before either is up.
  const port = await freePort();
  const home = `http://127.0.0.1:${port}`;
  const issuer = await startProvider(t, `${home}/api/v1/oidc/callback`);
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-oidc-')), 'oidc.yml');
  const own = { issuer, client_id: 'wardwatch', client_secret: 'a-secret-of-the-test', public_url: home };
  writeFileSync(file, JSON.stringify({ ...own, label: 'Example Trust', ...settings }), { mode: 0o600 });
  const service = new TestService('--plain-http', '--oidc', file, '--listen', `127.0.0.1:${port}`);
  t.after(() => service.stop('SIGKILL'));
  await service.start();
  /** With other settings, as after a change of the file. */
  const restart = async (other: object) => {
    await service.stop('SIGTERM');
    writeFileSync(file, JSON.stringify({ ...own, label: 'Example Trust', ...other }));
    await service.start();
  };
  return { service, home, restart };
}

/** Follows where it is sent, keeps cookies by address, and fills in the provider's form. */
function browser(home: string, { stopsBeforeTheEnd = false } = {}) {
  const jars = new Map<string, Map<string, string>>();
  const seen: string[] = [];
  const go = async (to: string, form: string | null = null): Promise<{ url: string; text: string; status: number }> => {
    const { origin } = new URL(to);
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    seen.push(to);
    const answer = await fetch(to, {
      redirect: 'manual',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === null ? {} : { method: 'POST', body: form }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) jar.delete(name);
      else jar.set(name, value);
    }
    const next = answer.headers.get('location');
    const text = await answer.text();
    if (stopsBeforeTheEnd && next?.includes('/oidc/callback') === true) return { url: next, text: '', status: 0 };
    return next === null || (next.startsWith(home) && !next.includes('/api/'))
      ? { url: next ?? to, text, status: answer.status }
      : go(new URL(next, to).href);
  };
  const signIn = async (login: string): Promise<string> => {
    let at = await go(`${home}/api/v1/oidc/begin`);
    for (let step = 0; at.text.includes('<form') && step < 4; step++) {
      const [, action = ''] = /action="([^"]+)"/.exec(at.text) ?? [];
      const prompt = /name="prompt" value="(\w+)"/.exec(at.text)?.[1] ?? '';
      at = await go(action, new URLSearchParams({ prompt, login, password: 'any' }).toString());
    }
    return at.url;
  };
  const session = async () =>
    JSON.parse((await go(`${home}/api/v1/session`)).text) as {
      person: { name: string; roles: readonly string[] } | null;
      provider: string | null;
    };
  return { go, signIn, session, jars, seen };
}

test('the provider says who somebody is, and by their groups what they may do, anew at each sign-in', async (t) => {
  const roles = { 'WW-privacy': ['privacy'], 'WW-it': ['admin', 'analyst'] };
  const { service, home, restart } = await house(t, { roles });
  const ann = browser(home);
  equal((await ann.session()).provider, 'Example Trust');
  equal(await ann.signIn('ann.it'), `${home}/`);
  const { person } = await ann.session();
  deepEqual([person?.name, person?.roles], ['ann.it@example.nhs.uk', ['admin', 'analyst']]);
  equal((await ann.go(`${home}/api/v1/findings`)).status, 200);
  equal((await ann.go(`${home}/api/v1/records/cases`)).status, 403);
  const nobody = browser(home);
  await nobody.signIn('eve.somewhere');
  deepEqual((await nobody.session()).person?.roles, []);
  equal((await nobody.go(`${home}/api/v1/findings`)).status, 403);
  // No password of theirs exists: nobody signs in with one.
  const headers = { 'content-type': 'application/json', 'x-wardwatch': 'page' };
  const body = JSON.stringify({ name: 'ann.it@example.nhs.uk', password: '' });
  equal((await service.fetch('/api/v1/session', { headers, body })).status, 401);
  const ended = service.run('people', 'end', 'eve.somewhere@example.nhs.uk');
  equal(ended.status, 0, ended.err);
  equal((await nobody.session()).person, null);
  equal(await browser(home).signIn('eve.somewhere'), `${home}/?refused=sign-in%2Fended`);

  // A group that is mistyped here, or renamed there, leaves nobody who could mend it: the last administrator stays one.
  await restart({ roles: { 'WW-it': ['analyst'] } });
  const later = browser(home);
  await later.signIn('ann.it');
  deepEqual((await later.session()).person?.roles, ['admin', 'analyst']);
  match((await later.go(`${home}/api/v1/trail`)).text, /"action":"kept as last administrator"/);
});

test('what one browser began no other can finish, nothing is finished twice, and a lie is no sign-in', async (t) => {
  const { home } = await house(t);
  const eve = browser(home);
  await eve.signIn('eve');
  const finished = eve.seen.find((url) => url.includes('/oidc/callback')) ?? '';
  ok(finished.includes('code='));
  const victim = browser(home);
  for (const url of [
    finished,
    finished.replace(/code=[^&]+/, 'code=guessed'),
    `${home}/api/v1/oidc/callback?error=access_denied&state=x`,
    `${home}/api/v1/oidc/callback`,
  ]) {
    match((await victim.go(url)).url, /\?refused=sign-in%2Fprovider$/, url);
    equal((await victim.session()).person, null);
  }
  // Begun here, brought back with somebody else's state: as if a link had been sent to them.
  const sent = await browser(home, { stopsBeforeTheEnd: true }).signIn('eve');
  ok(sent.includes('code='), sent);
  await victim.go(`${home}/api/v1/oidc/begin`);
  match((await victim.go(sent)).url, /refused/);
  equal((await victim.session()).person, null);
});

test('an account with a password is not taken over by a name, and a provider that is away is said to be', async (t) => {
  const { service, home } = await house(t);
  equal(service.run('people', 'add', 'ben@example.nhs.uk', '--role', 'admin').status, 0);
  equal(await browser(home).signIn('ben'), `${home}/?refused=people%2Fname-taken`);
  const { service: alone } = await house(t, { issuer: 'http://127.0.0.1:9/' });
  const answer = await alone.fetch('/api/v1/oidc/begin');
  equal(answer.status, 502);
  match(answer.text, /Example Trust does not answer/);
});

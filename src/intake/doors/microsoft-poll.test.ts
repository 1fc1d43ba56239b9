/** Against a server that answers as the Management Activity API and Graph do, by a clock that is wound by hand. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { DoorServices } from './door.ts';
import { MicrosoftPoll, type MicrosoftPosition, MicrosoftRefusal, waitAfter } from './microsoft-poll.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 2, 12);
const TENANT = 'rx1.example';

class Microsoft {
  url = '';
  /** What happened there: when its content was created, and what it holds. */
  readonly blobs: { readonly type: string; readonly at: number; readonly id: string }[] = [];
  readonly signIns: { readonly createdDateTime: string; readonly id: string }[] = [];
  readonly asked: string[] = [];
  /** Until it is taken away. */
  isBroken: RegExp | null = null;
  failNext: { readonly match: RegExp; readonly status: number; readonly retryAfter?: string } | null = null;
  evilNext = false;

  async open(t: TestContext): Promise<void> {
    const server = createServer((request, answer) => {
      const url = new URL(request.url ?? '', this.url);
      this.asked.push(`${request.method ?? ''} ${url.pathname}`);
      const say = (status: number, body: unknown, headers: Record<string, string> = {}) => {
        answer.writeHead(status, { 'content-type': 'application/json', ...headers });
        answer.end(JSON.stringify(body));
      };
      if (this.isBroken?.test(request.url ?? '') === true) return say(500, { error: 'no' });
      const failing = this.failNext;
      if (failing?.match.test(url.pathname) === true) {
        this.failNext = null;
        return say(
          failing.status,
          { error: 'no' },
          failing.retryAfter === undefined ? {} : { 'retry-after': failing.retryAfter },
        );
      }
      if (url.pathname.endsWith('/token')) {
        let body = '';
        request.on('data', (piece: Buffer) => (body += piece.toString()));
        request.on('end', () =>
          new URLSearchParams(body).get('client_secret') === 's3cret'
            ? say(200, { access_token: 'tok', expires_in: 3600 })
            : say(401, { error: 'invalid_client' }),
        );
        return;
      }
      if (request.headers.authorization !== 'Bearer tok') return say(401, {});
      if (url.pathname.endsWith('/start')) return say(this.asked.length % 2 === 0 ? 200 : 400, {});
      if (url.pathname.endsWith('/content')) return this.#list(url, say);
      if (url.pathname.startsWith('/blob/'))
        return say(200, [
          {
            Id: url.pathname.slice(6),
            CreationTime: '2026-11-02T10:00:00',
            Operation: 'UserLoggedIn',
            Workload: 'AzureActiveDirectory',
          },
        ]);
      if (url.pathname.endsWith('/signIns')) return this.#signIns(url, say);
      say(404, {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** One blob a page. */
  #list(url: URL, say: (status: number, body: unknown, headers?: Record<string, string>) => void): void {
    const [from, to] = ['startTime', 'endTime'].map((name) => Date.parse(`${url.searchParams.get(name) ?? ''}Z`));
    ok(from !== undefined && to !== undefined && to - from <= 24 * HOUR, 'a day at a time');
    const all = this.blobs.filter(
      ({ type, at }) => type === url.searchParams.get('contentType') && at >= from && at < to,
    );
    const page = Number(url.searchParams.get('page') ?? 0);
    url.searchParams.set('page', String(page + 1));
    const items = all.slice(page, page + 1).map(({ id }) => ({
      contentId: id,
      contentUri: `${this.evilNext ? 'http://127.0.0.1:1' : this.url}/blob/${id}`,
    }));
    say(200, items, page + 1 < all.length ? { nextpageuri: url.toString() } : {});
  }

  #signIns(url: URL, say: (status: number, body: unknown) => void): void {
    const [, from = '', to = ''] =
      /ge (\S+) and createdDateTime lt (\S+)/.exec(url.searchParams.get('$filter') ?? '') ?? [];
    const all = this.signIns.filter(({ createdDateTime: at }) => at >= from && at < to);
    const page = Number(url.searchParams.get('page') ?? 0);
    url.searchParams.set('page', String(page + 1));
    say(200, {
      value: all.slice(page * 2, page * 2 + 2),
      ...(all.length > page * 2 + 2 ? { '@odata.nextLink': url.toString() } : {}),
    });
  }
}

class Poller {
  readonly microsoft = new Microsoft();
  readonly got: string[] = [];
  now = NOON;
  isFull = false;
  position: MicrosoftPosition | null = null;
  /** When it is killed before that is written down. */
  dies: ((position: MicrosoftPosition) => boolean) | null = null;

  make(secret = 's3cret'): MicrosoftPoll {
    const { url } = this.microsoft;
    const services = {
      accept: (_source: unknown, messages: readonly { object?: object }[]) => {
        if (this.isFull) return Promise.reject(Object.assign(new Error('full'), { code: 'store/busy' }));
        for (const { object } of messages) {
          const { Id, id } = object as { Id?: string; id?: string };
          this.got.push(Id ?? id ?? '');
        }
        return Promise.resolve();
      },
    } as unknown as DoorServices;
    return new MicrosoftPoll({
      source: { id: 'src_1', name: 'tenant', kind: 'm365' },
      settings: { tenant: TENANT, clientId: 'app', clientSecret: secret, loginUrl: url, manageUrl: url, graphUrl: url },
      services,
      position: this.position,
      save: (position) => {
        if (this.dies?.(position) === true) return Promise.reject(new Error('killed'));
        this.position = position;
        return Promise.resolve();
      },
      now: () => this.now,
      fetch,
    });
  }
}

async function poller(t: TestContext): Promise<Poller> {
  const made = new Poller();
  await made.microsoft.open(t);
  const { blobs, signIns } = made.microsoft;
  blobs.push(
    { type: 'Audit.AzureActiveDirectory', at: NOON - 3 * HOUR, id: 'a1' },
    { type: 'Audit.AzureActiveDirectory', at: NOON - 2 * HOUR, id: 'a2' },
    { type: 'Audit.Exchange', at: NOON - HOUR, id: 'e1' },
    { type: 'Audit.Exchange', at: NOON - 60_000, id: 'e-too-new' },
  );
  for (let i = 0; i < 5; i++)
    signIns.push({ createdDateTime: new Date(NOON - 5 * HOUR + i).toISOString(), id: `s${i}` });
  return made;
}

const FIRST = ['a1', 'a2', 'e1', 's0', 's1', 's2', 's3', 's4'];

test('everything is fetched once, page by page, and what comes later with the next look', async (t) => {
  const here = await poller(t);
  const poll = here.make();
  await poll.poll();
  deepEqual([...here.got].sort(), FIRST);
  here.now += 10 * 60_000;
  await poll.poll();
  deepEqual(here.got.slice(FIRST.length), ['e-too-new']);
  equal(
    here.microsoft.asked.filter((each) => each.endsWith('/token')).length,
    2,
    'a token is used for as long as it is good',
  );
});

test('a restart goes on where it was; a failure in the middle fetches nothing twice', async (t) => {
  const here = await poller(t);
  here.microsoft.failNext = { match: /blob\/a2/, status: 500 };
  await rejects(here.make().poll(), MicrosoftRefusal);
  deepEqual(
    [...here.got].sort(),
    FIRST.filter((id) => id !== 'a2'),
  );
  here.now += 90_000;
  await here.make().poll();
  deepEqual([...here.got].sort(), FIRST);
  await here.make().poll();
  equal(here.got.length, FIRST.length);
});

test('after three days away the days are asked for one by one; what is older than a week is gone', async (t) => {
  const here = await poller(t);
  await here.make().poll();
  here.now += 72 * HOUR;
  for (let day = 1; day <= 3; day++)
    here.microsoft.blobs.push({ type: 'Audit.General', at: NOON + day * 23 * HOUR, id: `g${day}` });
  const poll = here.make();
  for (let look = 0; look < 5; look++) await poll.poll();
  deepEqual(
    here.got.filter((id) => id.startsWith('g')),
    ['g1', 'g2', 'g3'],
  );
});

test('no room: nothing moves on, and it comes when there is', async (t) => {
  const here = await poller(t);
  here.isFull = true;
  const poll = here.make();
  await rejects(poll.poll());
  here.isFull = false;
  await poll.poll();
  deepEqual([...here.got].sort(), FIRST);
});

test('it waits as long as it is asked to, and our token goes to no other place', async (t) => {
  const here = await poller(t);
  here.microsoft.failNext = { match: /content$/, status: 429, retryAfter: '17' };
  const limited: unknown = await here
    .make()
    .poll()
    .catch((error: unknown) => error);
  equal(waitAfter(limited), 17);
  here.microsoft.evilNext = true;
  await rejects(here.make().poll(), /points to another place/);
  const wrong: unknown = await here
    .make('wrong')
    .poll()
    .catch((error: unknown) => error);
  ok(wrong instanceof Error && /sign-in of the app: 401/.test(wrong.message) && !wrong.message.includes('wrong'));
});

test('a feed that breaks off in the middle has nothing fetched twice while the others go on, nor keeps them from it', async (t) => {
  const here = await poller(t);
  here.microsoft.blobs.push({ type: 'Audit.Exchange', at: NOON - HOUR / 2, id: 'e2' });
  here.microsoft.isBroken = /blob\/e2/;
  const poll = here.make();
  for (let look = 0; look < 3; look++) {
    await rejects(poll.poll(), MicrosoftRefusal);
    here.now += 5 * 60_000;
    here.microsoft.blobs.push({ type: 'Audit.AzureActiveDirectory', at: here.now - 3 * 60_000, id: `later${look}` });
  }
  deepEqual([...here.got].sort(), [...FIRST, 'later0', 'later1'].sort());
  here.microsoft.isBroken = null;
  await here.make().poll();
  await here.make().poll();
  deepEqual([...here.got].sort(), [...FIRST, 'e-too-new', 'e2', 'later0', 'later1', 'later2'].sort());
});

test('sign-ins that come to a page that was kept already, before a crash, are not passed over', async (t) => {
  const here = await poller(t);
  here.dies = ({ to }) => to['signIns'] !== undefined;
  await rejects(here.make().poll(), /killed/);
  here.dies = null;
  here.now += 10 * 60_000;
  here.microsoft.signIns.push({ createdDateTime: new Date(NOON - 5 * 60_000).toISOString(), id: 's5' });
  for (let look = 0; look < 3; look++) await here.make().poll();
  deepEqual(here.got.filter((id) => id.startsWith('s')).sort(), ['s0', 's1', 's2', 's3', 's4', 's5']);
});

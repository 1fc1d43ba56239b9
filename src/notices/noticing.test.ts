/** Who is told what and when, by a clock that is wound by hand, over a real mail server and a real webhook. */
import { sampleIncident } from '../incidents/sample-incident.ts';
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import type { Parameter } from '../core/observation.ts';
import { Desk } from '../incidents/desk.ts';
import { type Incident, Incidents } from '../incidents/store.ts';
import { openState, type State } from '../store/state.ts';
import { afterQuiet } from './local-time.ts';
import { Noticing } from './noticing.ts';
import type { NoticeSettings } from './settings.ts';
import { noticeOf, webhookBody } from './texts.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A Monday, noon in London. */
const NOON = Date.UTC(2026, 10, 2, 12);
const SECRET = 'a secret that nobody guesses';

interface Mail {
  readonly to: string;
  readonly text: string;
}

class Post {
  readonly mails: Mail[] = [];
  isDown = false;
  port = 0;

  async open(t: TestContext): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: (_address, _session, callback) => callback(this.isDown ? new Error('not now') : undefined),
      onData: (stream, session, callback) => {
        let text = '';
        stream.on('data', (piece: Buffer) => (text += piece.toString()));
        stream.on('end', () => {
          // Without the breaks that the mail's encoding put in.
          const unfolded = text.replaceAll('=\r\n', '');
          this.mails.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), text: unfolded });
          callback();
        });
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.port = (server.server.address() as AddressInfo).port;
    t.after(() => new Promise<void>((resolve) => server.close(resolve)));
  }

  get recipients(): string[] {
    return this.mails.map(({ to }) => to);
  }
}

class Office {
  now = NOON;
  readonly post: Post;
  readonly hooked: { readonly body: string; readonly signature: string }[] = [];
  readonly troubles: string[] = [];
  readonly state: State;
  readonly desk: Desk;
  noticing: Noticing;
  readonly #make: () => Noticing;
  #findings = 0;

  constructor(state: State, post: Post, settings: () => NoticeSettings) {
    this.state = state;
    this.post = post;
    const incidents = new Incidents(
      state,
      () => this.now,
      () => false,
    );
    this.desk = new Desk(state, () => this.now);
    this.#make = () =>
      new Noticing({
        state,
        incidents,
        settings: settings(),
        now: () => this.now,
        silent: () => ['ward servers'],
        onTrouble: ({ channel, reason, isGivenUp }) =>
          this.troubles.push(`${channel} ${reason}${isGivenUp ? ', given up' : ''}`),
        onBug: (error) => {
          throw error;
        },
      });
    this.noticing = this.#make();
  }

  async restart(): Promise<void> {
    await this.noticing.stop();
    this.noticing = this.#make();
  }

  async after(ms: number): Promise<void> {
    this.now += ms;
    await this.noticing.tick();
  }

  /** Something is found: it opens an incident of that host, or adds to it. */
  async find(host: string, parameter: Parameter, points: number, level = 'medium'): Promise<string> {
    const id = `inc_${host}` as const;
    await this.state.transaction(async (within) => {
      await within
        .insertInto('incidents')
        .values(
          sampleIncident({ id, level, title: `Something is wrong with ${host}.`, opened_at: this.now, strength: 1 }),
        )
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ last_evidence_at: this.now }))
        .execute();
      await within
        .insertInto('incident_links')
        .values({ incident_id: id, kind: 'host', value: host, last_at: this.now })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await within
        .insertInto('findings')
        .values({
          id: `fnd_${this.#findings++}`,
          kind: 'rule',
          rule_id: 'r',
          level: 'medium',
          at: this.now,
          host,
          account: null,
          address: null,
          source_id: null,
          incident_id: id,
          body: JSON.stringify({ entities: { host } }),
          first_seen_at: this.now,
          parameter,
          points,
          closed_at: null,
          surprise: null,
          per_day: null,
          strength: 1,
          excepted_by: null,
        })
        .execute();
    });
    return id;
  }
}

async function office(t: TestContext, more: Partial<NoticeSettings> = {}): Promise<Office> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-notices-'));
  const state = await openState({ kind: 'sqlite', file: path.join(folder, 'state.db') });
  const post = new Post();
  await post.open(t);
  const made = new Office(state, post, () => ({
    smtp: {
      host: '127.0.0.1',
      port: post.port,
      isTlsFromStart: false,
      user: null,
      password: null,
      from: 'watch@rx1.example',
    },
    people: [
      { name: 'On-call IT', mail: 'it@rx1.example', step: 1 },
      { name: 'Deputy', mail: 'deputy@rx1.example', step: 2 },
      { name: 'Executive', mail: 'exec@rx1.example', step: 3 },
    ],
    webhooks: [],
    quiet: null,
    digestAt: null,
    serviceUrl: 'https://watch.rx1.example:8443',
    timeZone: 'Europe/London',
    ...more,
  }));
  t.after(async () => {
    await made.noticing.stop();
    await state.close();
  });
  return made;
}

test('an emergency nobody looks at goes to the next person, then to the executive, and no further', async (t) => {
  const here = await office(t);
  await here.find('pacs', 'impact', 3);
  await here.find('pacs', 'defences', 3);
  await here.find('pacs', 'movement', 2);
  await here.after(0);
  deepEqual(here.post.recipients, ['it@rx1.example']);
  match(here.post.mails[0]?.text ?? '', /Subject: \[EMERGENCY\] Something is wrong with pacs\./);
  await here.after(14 * MINUTE);
  equal(here.post.mails.length, 1);
  await here.restart();
  await here.after(2 * MINUTE);
  deepEqual(here.post.recipients, ['it@rx1.example', 'deputy@rx1.example']);
  match(here.post.mails[1]?.text ?? '', /Nobody has looked at this incident for 16 minutes/);
  await here.after(16 * MINUTE);
  await here.after(5 * HOUR);
  deepEqual(here.post.recipients.slice(2), ['exec@rx1.example']);
});

test('an urgent incident that somebody has acknowledged stays with them; further findings of its band say nothing', async (t) => {
  const here = await office(t);
  const id = await here.find('ws1', 'impact', 3);
  await here.after(0);
  await here.desk.acknowledge(id, 'On-call IT');
  await here.find('ws1', 'impact', 3);
  await here.after(3 * HOUR);
  equal(here.post.mails.length, 1);
  // Worse than it was when they looked.
  await here.find('ws1', 'defences', 3);
  await here.find('ws1', 'data', 2);
  await here.after(0);
  equal(here.post.mails.length, 2);
  match(here.post.mails[1]?.text ?? '', /has become more serious/);
});

test('of what the privacy officers alone see nobody is told, nor of its deadline, until it is shared', async (t) => {
  const here = await office(t, { digestAt: 8 * 60 });
  await here.after(0);
  const id = await here.find('pacs', 'impact', 3);
  await here.state.db
    .updateTable('incidents')
    .set({ addressed_to: 'privacy' })
    .where('id', '=', id as 'inc_')
    .execute();
  await here.desk.startClock(id, 'ico-72h', here.now, 'Priya');
  await here.after(100 * HOUR);
  ok(!here.post.mails.some(({ text }) => text.includes('pacs')), 'nor in the digest');
  await here.desk.share(id, 'Priya');
  await here.after(0);
  ok(here.post.mails.some(({ text }) => text.includes('pacs')));
});

test('what is low waits for the digest, which is sent once each morning and names the silent sources', async (t) => {
  const here = await office(t, { digestAt: 8 * 60 });
  await here.after(0);
  equal(here.post.mails.length, 1, 'the digest of this day');
  await here.find('ws1', 'sign-in', 1);
  await here.after(HOUR);
  equal(here.post.mails.length, 1);
  await here.after(18 * HOUR);
  equal(here.post.mails.length, 1, 'at 07:00');
  await here.after(HOUR + MINUTE);
  await here.after(HOUR);
  equal(here.post.mails.length, 2);
  match(here.post.mails[1]?.text ?? '', /1 incidents are open/);
  match(here.post.mails[1]?.text ?? '', /ward servers/);
});

test('in quiet hours the urgent waits and the emergency does not', async (t) => {
  const here = await office(t, { quiet: { from: 22 * 60, to: 7 * 60 } });
  here.now = Date.UTC(2026, 10, 2, 23);
  await here.find('ws1', 'impact', 3);
  await here.after(0);
  equal(here.post.mails.length, 0);
  await here.find('pacs', 'impact', 3);
  await here.find('pacs', 'data', 3);
  await here.find('pacs', 'defences', 1);
  await here.after(0);
  equal(here.post.mails.length, 1);
  await here.find('files1', 'impact', 3, 'critical');
  await here.after(0);
  equal(here.post.mails.length, 2, 'what is critical by itself does not wait for the morning either');
  await here.after(8 * HOUR);
  ok(here.post.mails.some(({ text }) => text.includes('ws1')));
});

test('what waited for the morning is given its hour from then on before the next person is called', async (t) => {
  const here = await office(t, { quiet: { from: 22 * 60, to: 7 * 60 } });
  here.now = Date.UTC(2026, 10, 2, 23);
  await here.find('ws1', 'impact', 3);
  for (let minute = 0; minute <= 8 * 60 + 30; minute += 10) await here.after(minute === 0 ? 0 : 10 * MINUTE);
  deepEqual(here.post.recipients, ['it@rx1.example'], 'at half past seven');
  await here.after(31 * MINUTE);
  deepEqual(here.post.recipients.slice(1), ['deputy@rx1.example']);
});

test('what comes on three days while nobody looks is told, however few its points are', async (t) => {
  const here = await office(t);
  for (let day = 0; day < 5; day++) {
    await here.find('ws1', 'movement', 2);
    await here.after(24 * HOUR);
  }
  equal(here.post.recipients[0], 'it@rx1.example');
  match(here.post.mails[0]?.text ?? '', /come on three days/);
  await here.after(61 * MINUTE);
  equal(here.post.recipients[1], 'deputy@rx1.example');
});

test('the digest never says that no incident is open while one is', async (t) => {
  const here = await office(t, { digestAt: 8 * 60 });
  await here.find('ws1', 'sign-in', 0);
  await here.after(0);
  match(here.post.mails[0]?.text ?? '', /1 incidents are open/);
});

test('a mail server that is down loses nothing: it is an alarm, and the mail comes when it is back, once', async (t) => {
  const here = await office(t);
  here.post.isDown = true;
  await here.find('ws1', 'impact', 3);
  await here.after(0);
  await here.after(MINUTE);
  equal(here.post.mails.length, 0);
  equal(here.troubles.length, 2);
  equal(await here.noticing.outbox.undelivered(), 1);
  ok(!here.troubles.join().includes('it@'));
  here.post.isDown = false;
  await here.restart();
  await here.after(2 * MINUTE);
  await here.after(HOUR);
  deepEqual(here.post.mails.filter(({ to }) => to === 'it@rx1.example').length, 1);
  equal(await here.noticing.outbox.undelivered(), 0);
});

test('after a day of trying it is given up, with an alarm', async (t) => {
  const here = await office(t);
  here.post.isDown = true;
  await here.find('ws1', 'sign-in', 3);
  await here.after(0);
  await here.after(25 * HOUR);
  ok(here.troubles.some((trouble) => trouble.endsWith('given up')));
});

test('what comes on three days while nobody looks is raised and told anew, once', async (t) => {
  const here = await office(t);
  for (let day = 0; day < 5; day++) {
    await here.find('ws1', 'defences', 3);
    await here.after(24 * HOUR);
  }
  const { level } = await here.state.db.selectFrom('incidents').select('level').executeTakeFirstOrThrow();
  equal(level, 'high');
  const raised = await here.state.db
    .selectFrom('incident_history')
    .select('id')
    .where('action', '=', 'raised')
    .execute();
  equal(raised.length, 1);
});

test('a deadline that is near goes to the first person, one that has passed to everybody, once each', async (t) => {
  const here = await office(t);
  const id = await here.find('ws1', 'sign-in', 1);
  await here.desk.startClock(id, 'ico-72h', NOON, 'Privacy officer');
  await here.after(47 * HOUR);
  equal(here.post.mails.length, 0);
  await here.after(2 * HOUR);
  await here.after(HOUR);
  deepEqual(here.post.recipients, ['it@rx1.example']);
  match(here.post.mails[0]?.text ?? '', /Thursday, 5 November 2026 at 12:00/);
  await here.after(23 * HOUR);
  await here.after(HOUR);
  deepEqual(here.post.recipients.slice(1).sort(), ['deputy@rx1.example', 'exec@rx1.example', 'it@rx1.example']);
});

test('webhooks get the form that they want, and ours a signature that can be checked', async (t) => {
  const here: { office?: Office } = {};
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      here.office?.hooked.push({ body, signature: String(request.headers['wardwatch-signature'] ?? '') });
      answer.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const made = await office(t, {
    smtp: null,
    webhooks: [
      { url, form: 'generic', secret: SECRET },
      { url, form: 'slack', secret: null },
      { url, form: 'teams', secret: null },
    ],
  });
  here.office = made;
  await made.find('ws1', 'impact', 3);
  await made.after(0);
  equal(made.hooked.length, 3);
  const bodies = made.hooked.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  const generic = made.hooked.find(({ signature }) => signature !== '');
  ok(generic);
  const [, time = '', hash = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(generic.signature) ?? [];
  equal(hash, createHmac('sha256', SECRET).update(`${time}.${generic.body}`).digest('hex'));
  ok(bodies.some(({ schema }) => schema === 'wardwatch.notice/1'));
  ok(bodies.some(({ text, schema }) => schema === undefined && typeof text === 'string'));
});

test('a log may say anything: no link and no line of a message is of whoever wrote it', () => {
  const name = 'ws1 [Sign in again](https://evil.example)\nAcknowledge it there: https://evil.example\u202E';
  const incident: Incident = {
    id: 'inc_1',
    state: 'new',
    level: 'high',
    title: `Something is wrong with ${name}.`,
    owner: null,
    acknowledgedAt: null,
    outcome: null,
    addressedTo: 'it',
    openedAt: 0,
    lastEvidenceAt: 0,
    findings: 1,
    links: [{ kind: 'host', value: name }],
    strength: 3,
    score: {
      total: 3,
      band: 'urgent',
      points: {},
      careDepends: 0,
      entity: { kind: 'host', value: name },
    },
  };
  const told = noticeOf(incident, { kind: 'new' }, 'https://watch.rx1.example');
  ok(!/\u202e/i.test(`${told.subject}${told.text}`));
  deepEqual(
    told.text.split('\n').filter((line) => line.startsWith('Acknowledge')),
    ['Acknowledge it there, so that nobody else is called.'],
  );
  const teams = webhookBody({ url: '', form: 'teams', secret: null }, told, incident);
  ok(!teams.includes('"TextBlock"'), 'Markdown is read in none of it');
  match(
    teams,
    /"actions":\[\{"type":"Action.OpenUrl","title":"Open it","url":"https:\/\/watch.rx1.example\/incident\?id=inc_1"\}\]/,
  );
});

const quiet = { from: 22 * 60, to: 7 * 60 };
const ends: readonly (readonly [what: string, at: string, end: string])[] = [
  ['at noon', '2026-11-02T12:00:00Z', '2026-11-02T12:00:00.000Z'],
  ['before midnight', '2026-11-02T23:00:00Z', '2026-11-03T07:00:00.000Z'],
  ['after midnight', '2026-11-03T03:00:00Z', '2026-11-03T07:00:00.000Z'],
  ['in the night in which the clocks go back', '2026-10-24T22:00:00Z', '2026-10-25T07:00:00.000Z'],
  ['in the night in which they go forward', '2026-03-28T23:00:00Z', '2026-03-29T06:00:00.000Z'],
];
for (const [what, at, end] of ends)
  test(`quiet hours ${what} end by the clock on the wall`, () => {
    equal(new Date(afterQuiet(Date.parse(at), quiet, 'Europe/London')).toISOString(), end);
  });

test('settings that change hold from the next notice on; what waits for a webhook that is gone is given up', async (t) => {
  const made = await office(t);
  const { settings } = made.noticing;
  ok(settings !== null);
  await made.noticing.change(null);
  await made.find('dc1', 'impact', 3);
  await made.after(MINUTE);
  deepEqual(made.post.recipients, [], 'nobody is told');
  const down = { url: 'http://127.0.0.1:9/', form: 'generic', secret: null } as const;
  await made.noticing.change({ ...settings, smtp: null, webhooks: [down] });
  await made.after(MINUTE);
  equal(await made.noticing.outbox.undelivered(), 1, 'what was found while nobody could be told is told now');
  await made.noticing.change({ ...settings, webhooks: [] });
  await made.after(HOUR);
  const [waiting] = (await made.noticing.outbox.latest(10)).filter(({ channel }) => channel === 'webhook:0');
  ok(waiting?.failed_at != null && waiting.tries === 1, 'it is not tried again');
});

test('a test letter goes to everybody at once, and says which was not taken', async (t) => {
  const made = await office(t);
  const results = await made.noticing.test();
  ok(results.length > 1 && results.every(({ problem }) => problem === null), JSON.stringify(results));
  ok(made.post.mails.every(({ text }) => text.includes('[TEST]')));
  made.post.isDown = true;
  ok((await made.noticing.test()).some(({ channel, problem }) => channel.startsWith('mail:') && problem !== null));
});

test('what waits for the privacy officers is told to them alone, by mail, without who or whom', async (t) => {
  const people = [
    { name: 'Privacy', mail: 'privacy@rx1.example', step: 0 },
    { name: 'On-call IT', mail: 'it@rx1.example', step: 1 },
  ];
  const webhooks = [{ url: 'https://127.0.0.1:1/hook', form: 'generic', secret: null }] as const;
  const here = await office(t, { people, webhooks });
  await here.noticing.tellPrivacy({ kind: 'reveal' });
  await here.noticing.tellPrivacy({ kind: 'report', reference: 'R-7' });
  await here.after(0);
  deepEqual(here.post.recipients, ['privacy@rx1.example', 'privacy@rx1.example']);
  deepEqual(here.troubles, [], 'no webhook was tried');
  match(here.post.mails[0]?.text ?? '', /waits for a second privacy\s+officer[^]*watch\.rx1\.example:8443\/records/);
  match(here.post.mails[1]?.text ?? '', /R-7[^]*watch\.rx1\.example:8443\/reports/);
  await here.find('ws1', 'impact', 3);
  await here.after(0);
  await here.after(5 * HOUR);
  ok(!here.post.recipients.slice(2).includes('privacy@rx1.example'), 'of incidents they are not told');
});

test('without a privacy officer among those who are told, nobody else is told what waits for them', async (t) => {
  const here = await office(t);
  await here.noticing.tellPrivacy({ kind: 'reveal' });
  await here.after(0);
  deepEqual(here.post.recipients, []);
});

/** What people do with an incident, through the API of the real service. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { eventually, type TestService, upService } from './service.ts';

interface Step {
  readonly id: string;
  readonly doneBy: string | null;
}
interface Detail {
  readonly acknowledgedAt: string | null;
  readonly id: string;
  readonly state: string;
  readonly owner: string | null;
  readonly outcome: string | null;
  readonly actions: readonly string[];
  readonly score: { readonly total: number; readonly points: Readonly<Record<string, number>> };
  readonly evidence: readonly {
    readonly ruleId: string;
    readonly parameter: string;
    readonly points: number;
    readonly host: string;
    readonly closedAt: string | null;
  }[];
  readonly playbook: { readonly name: string; readonly steps: readonly Step[] };
  readonly clocks: readonly {
    id: string;
    state: string;
    startedAt: string;
    dueAt: string;
    metAt: string | null;
    endedAt: string | null;
    endedBy: string | null;
    reason: string | null;
  }[];
  readonly history: readonly { actor: string | null; action: string; detail: { text?: string; metAt?: number } }[];
}

class Desk {
  readonly service: TestService;
  readonly #token: string;

  constructor(service: TestService, token: string) {
    this.service = service;
    this.#token = token;
  }

  async post(pathName: string, body: object): Promise<{ status: number; text: string }> {
    return this.service.fetch(pathName, {
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  ask(pathName: string): Promise<{ status: number; text: string }> {
    return this.service.fetch(pathName, { headers: { authorization: `Bearer ${this.#token}` } });
  }

  async get(id: string): Promise<Detail> {
    const { status, text } = await this.ask(`/api/v1/incidents/${id}`);
    equal(status, 200, text);
    return JSON.parse(text) as Detail;
  }

  async incidents(): Promise<readonly string[]> {
    return (await this.service.list('/api/v1/incidents', this.#token)).map(({ id }) => String(id));
  }
}

async function opened(
  t: TestContext,
  hosts: readonly string[],
  ...args: readonly string[]
): Promise<{ desk: Desk; ids: readonly string[] }> {
  return openedAt(
    t,
    hosts.map((host) => [host, new Date()]),
    ...args,
  );
}

/** @param seen a host, and when it was attacked */
async function openedAt(
  t: TestContext,
  seen: readonly (readonly [host: string, at: Date])[],
  ...args: readonly string[]
): Promise<{ desk: Desk; ids: readonly string[] }> {
  const service = await upService(t, '--plain-http', ...args);
  const { token } = await service.addSource('dc1', 'windows');
  const made = service.run('tokens', 'add', '--role', 'analyst', '--name', 'Night desk', '--json');
  const desk = new Desk(service, (JSON.parse(made.out) as { token: string }).token);
  const body = seen
    .map(([host, at]) => ({
      '@timestamp': at.toISOString(),
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
    }))
    .map((line) => `{"create":{}}\n${JSON.stringify(line)}\n`)
    .join('');
  equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  const ids = await eventually(
    () => desk.incidents(),
    (found) => found.length === seen.length,
  );
  return { desk, ids };
}

test('a deadline is seen on Today and by the board however many incidents are open, and counts that are cut off say so', async (t) => {
  // One a day: what comes together is one incident. The oldest presses least, but for its deadline.
  const days = Array.from({ length: 103 }, (_, at) => [`ws${at}`, new Date(Date.now() - at * 86_400_000)] as const);
  const { desk, ids } = await openedAt(t, days);
  const all = await Promise.all(ids.map((id) => desk.get(id)));
  const oldest = all.find(({ evidence }) => evidence[0]?.host === 'ws102')?.id ?? '';
  const clock = { kind: 'ico-72h', startedAt: '2026-10-24T09:00:00+01:00' };
  equal((await desk.post(`/api/v1/incidents/${oldest}/clocks`, clock)).status, 200);
  const today = JSON.parse((await desk.ask('/api/v1/today')).text) as {
    sentence: string;
    tasks: { what: string; at: { id: string } }[];
    open: number;
    isPart: boolean;
  };
  deepEqual([today.tasks[0]?.what, today.tasks[0]?.at.id], ['Tell the Information Commissioner (ICO)', oldest]);
  deepEqual([today.open, today.isPart], [103, true]);
  match(today.sentence, /^Act now: a deadline has passed in at least 1 incident/);
  const made = desk.service.run('tokens', 'add', '--role', 'board', '--json');
  const { token } = JSON.parse(made.out) as { token: string };
  const board = await desk.service.fetch('/api/v1/board', { headers: { authorization: `Bearer ${token}` } });
  const { deadlines } = JSON.parse(board.text) as { deadlines: { title: string; state: string }[] };
  deepEqual(
    deadlines.map(({ title, state }) => [title, state]),
    [['Tell the Information Commissioner (ICO)', 'overdue']],
  );
});

test('an incident is taken, worked through and closed, and each act is in its history with a name', async (t) => {
  const { desk, ids } = await opened(t, ['ws1']);
  const [id = ''] = ids;
  const url = `/api/v1/incidents/${id}`;
  const fresh = await desk.get(id);
  equal(fresh.state, 'new');
  equal(fresh.playbook.name, 'ransomware');
  // The score can be done by hand from what stands under it.
  const best: Record<string, number> = {};
  for (const { parameter, points } of fresh.evidence) best[parameter] = Math.max(best[parameter] ?? 0, points);
  deepEqual(fresh.score.points, best);
  equal(
    fresh.score.total,
    Object.values(best).reduce((sum, points) => sum + points, 0),
  );

  equal((await desk.post(`${url}/comments`, { text: 'I am on it.' })).status, 200);
  equal((await desk.get(id)).acknowledgedAt === null, false, 'whoever works on it has seen it');
  equal((await desk.post(`${url}/actions`, { action: 'take' })).status, 200);
  equal((await desk.post(`${url}/steps/isolate`, { done: true })).status, 200);
  equal((await desk.post(`${url}/comments`, { text: 'Rang the ward about 999 000 0018.' })).status, 200);
  equal((await desk.post(`${url}/clocks`, { kind: 'ico-72h', startedAt: '2026-10-24T09:00:00+01:00' })).status, 200);
  const taken = await desk.get(id);
  deepEqual([taken.state, taken.owner], ['investigating', 'Night desk']);
  equal(taken.playbook.steps.find((step) => step.id === 'isolate')?.doneBy, 'Night desk');
  equal(taken.clocks[0]?.dueAt, '2026-10-27T08:00:00.000Z');
  ok(!JSON.stringify(taken).includes('0018'), 'a number in a comment becomes a pseudonym');

  const early = await desk.post(`${url}/actions`, { action: 'close', outcome: 'attack', note: 'All clean again.' });
  equal(early.status, 409, 'not while somebody has to be told');
  match(early.text, /Information Commissioner.*clock running/);
  const clock = `${url}/clocks/${taken.clocks[0]?.id ?? ''}`;
  equal((await desk.post(clock, { how: 'not-needed' })).status, 409, 'not without a reason');
  equal((await desk.post(clock, { how: 'not-needed', reason: 'The disk was encrypted.' })).status, 200);
  equal((await desk.post(clock, { how: 'met' })).status, 409, 'not twice');
  equal((await desk.post(`${url}/actions`, { action: 'close' })).status, 400, 'not without an outcome');
  equal(
    (await desk.post(`${url}/actions`, { action: 'close', outcome: 'harmless', note: 'A test of the backups.' }))
      .status,
    200,
  );
  const closed = await desk.get(id);
  deepEqual([closed.state, closed.outcome, closed.actions], ['closed', 'harmless', ['reopen']]);
  ok(closed.evidence.every(({ closedAt }) => closedAt !== null));
  const refused = await desk.post(`${url}/actions`, { action: 'contain' });
  equal(refused.status, 409);
  match(refused.text, /it can: reopen/);
  // Found later that people have to be told: the clock of a closed incident is seen all the same.
  equal((await desk.post(`${url}/clocks`, { kind: 'ico-72h', startedAt: '2026-10-24T09:00:00+01:00' })).status, 200);
  const today = JSON.parse((await desk.ask('/api/v1/today')).text) as { tasks: { what: string; at: { id: string } }[] };
  deepEqual([today.tasks[0]?.what, today.tasks[0]?.at.id], ['Tell the Information Commissioner (ICO)', id]);
  const late = `${url}/clocks/${(await desk.get(id)).clocks.at(-1)?.id ?? ''}`;
  equal((await desk.post(late, { how: 'met' })).status, 200);
  equal((await desk.post(`${url}/actions`, { action: 'reopen' })).status, 200);
  const reopened = await desk.get(id);
  deepEqual([reopened.state, reopened.outcome, reopened.evidence[0]?.closedAt], ['investigating', null, null]);
  // It was seen in the very moment of the first note, before or after.
  const lines = reopened.history.map(({ actor, action }) => `${actor ?? 'service'} ${action}`);
  ok(lines.includes('Night desk acknowledged'));
  deepEqual(lines.filter((line) => !line.endsWith(' acknowledged')).toReversed(), [
    'service opened',
    'Night desk comment',
    'Night desk take',
    'Night desk step-done',
    'Night desk comment',
    'Night desk clock-started',
    'Night desk clock-ended',
    'Night desk close',
    'Night desk clock-started',
    'Night desk clock-ended',
    'Night desk reopen',
  ]);
});

test('a duty that was met in time and written down later was met in time; both moments are kept', async (t) => {
  const { desk, ids } = await opened(t, ['ws1']);
  const url = `/api/v1/incidents/${ids[0] ?? ''}`;
  const HOUR = 3_600_000;
  const iso = (hoursAgo: number) => new Date(Date.now() - hoursAgo * HOUR).toISOString();
  const startAndEnd = async (end: object, awareHoursAgo = 80) => {
    const startedAt = iso(awareHoursAgo);
    const started = await desk.post(`${url}/clocks`, { kind: 'ico-72h', startedAt });
    equal(started.status, 200, started.text);
    const clocks = async () => (await desk.get(ids[0] ?? '')).clocks;
    const id = (await clocks()).find(({ endedAt }) => endedAt === null)?.id ?? '';
    const { status } = await desk.post(`${url}/clocks/${id}`, end);
    const clock = (await clocks()).find((each) => each.id === id);
    ok(clock);
    if (clock.endedAt === null) equal((await desk.post(`${url}/clocks/${id}`, { how: 'met' })).status, 200);
    return { status, clock };
  };
  const told = iso(20);
  const met = await startAndEnd({ how: 'met', at: told, reason: 'ICO reference 1' });
  equal(met.clock.state, 'met', 'told after 60 hours, written down after 80');
  equal(met.clock.metAt, told);
  equal(met.clock.endedBy, 'Night desk');
  ok(Date.parse(met.clock.endedAt ?? '') > Date.parse(told) + 19 * HOUR, 'when it was written down');
  const line = (await desk.get(ids[0] ?? '')).history.find(({ action }) => action === 'clock-ended');
  deepEqual([line?.actor, line?.detail.metAt], ['Night desk', Date.parse(told)]);
  equal((await startAndEnd({ how: 'met', at: iso(2) })).clock.state, 'late', 'told after 78 hours');
  equal((await startAndEnd({ how: 'met' })).clock.state, 'late', 'told now, if nothing else is said');
  equal((await startAndEnd({ how: 'met', at: iso(81) })).status, 409, 'before awareness');
  equal((await startAndEnd({ how: 'met', at: iso(-1) })).status, 409, 'in the future');
  equal((await startAndEnd({ how: 'not-needed', reason: 'none', at: told })).status, 400, 'nobody was told');
  const none = await startAndEnd({ how: 'not-needed', reason: 'No data was touched.' });
  deepEqual([none.clock.state, none.clock.metAt], ['not-needed', null]);
});

test('what is asked of no incident, no step, no clock or no field is refused with the reason', async (t) => {
  const { desk, ids } = await opened(t, ['ws1', 'ws2']);
  const [one = '', other = ''] = ids;
  const url = `/api/v1/incidents/${one}`;
  const refusals: readonly (readonly [pathName: string, body: object, status: number])[] = [
    ['/api/v1/incidents/inc_none/actions', { action: 'take' }, 404],
    [`${url}/actions`, { action: 'explode' }, 400],
    [`${url}/actions`, { action: 'take', owner: 'me' }, 400],
    [`${url}/actions`, { action: 'contain' }, 409],
    [`${url}/actions`, { action: 'merge' }, 400],
    [`${url}/actions`, { action: 'merge', into: one }, 409],
    [`${url}/steps/none`, { done: true }, 400],
    [`${url}/playbook`, { playbook: 'constructor' }, 400],
    [`${url}/clocks`, { kind: '__proto__', startedAt: '2026-11-02T09:00:00Z' }, 404],
    [`${url}/clocks`, { kind: 'ico-72h', startedAt: '2099-11-02T09:00:00Z' }, 409],
    [`${url}/clocks`, { kind: 'ico-72h', startedAt: '1066-10-14T09:00:00Z' }, 409],
    [`${url}/clocks/clk_none`, { how: 'met' }, 404],
    [`${url}/comments`, { text: '' }, 400],
  ];
  for (const [pathName, body, status] of refusals) {
    const answer = await desk.post(pathName, body);
    equal(answer.status, status, `${pathName} ${JSON.stringify(body)}: ${answer.text}`);
    match(answer.text, /"hint"/);
  }
  const merging = await desk.get(one);
  equal((await desk.post(`${url}/steps/isolate`, { done: true })).status, 200);
  equal((await desk.post(`${url}/comments`, { text: 'CSOC reference 123' })).status, 200);
  const draft = `drafts/1-ico-notification`;
  const edited = [{ heading: 'What happened', lines: ['Ours.'] }];
  equal((await desk.post(`${url}/${draft}`, { sections: edited })).status, 200);
  equal((await desk.post(`${url}/actions`, { action: 'merge', into: other })).status, 200);
  const merged = await desk.get(other);
  equal(merged.evidence.length, 2);
  equal(merging.playbook.name, merged.playbook.name);
  equal(merged.playbook.steps.find((step) => step.id === 'isolate')?.doneBy, 'Night desk', 'what was done stays done');
  match(JSON.stringify(merged.history), /CSOC reference 123/);
  match((await desk.ask(`/api/v1/incidents/${other}/drafts`)).text, /"Ours\."/);
  const toTell = JSON.parse((await desk.ask('/api/v1/drafts')).text) as {
    pressing: { id: string; edits: { title: string }[] }[];
  };
  deepEqual(
    toTell.pressing.map(({ id, edits }) => [id, edits.length]),
    [[other, 1]],
    'what was begun stands first, once',
  );
  const started = { kind: 'ico-72h', startedAt: new Date().toISOString() };
  const onMerged = await desk.post(`${url}/clocks`, started);
  equal(onMerged.status, 409, 'nobody would see it there');
  match(onMerged.text, new RegExp(`part of ${other}`));
  equal((await desk.post(`/api/v1/incidents/${other}/clocks`, started)).status, 200);
  equal((await desk.post(`/api/v1/incidents/${other}/clocks`, started)).status, 409, 'it runs already');
  deepEqual(await desk.incidents(), [other]);
});

test('“this is normal” is tried first, is refused where it would have hidden an attack, holds, and can be taken back', async (t) => {
  const { desk, ids } = await opened(t, ['ws1', 'ws2']);
  const details = await Promise.all(ids.map((id) => desk.get(id)));
  const [good, bad] = ['ws1', 'ws2'].map((host) => details.find(({ evidence }) => evidence[0]?.host === host));
  ok(good && bad);
  const ruleId = good.evidence[0]?.ruleId ?? '';
  equal(
    (
      await desk.post(`/api/v1/incidents/${bad.id}/actions`, {
        action: 'close',
        outcome: 'attack',
        note: 'It was one.',
      })
    ).status,
    200,
  );
  const url = '/api/v1/exceptions';
  const reason = 'The nightly backup does this.';
  equal((await desk.post(url, { ruleId, reason })).status, 400, 'not for everybody');
  equal((await desk.post(url, { ruleId: 'canary/hosts/x', host: 'ws1', reason })).status, 400);
  equal((await desk.post(url, { ruleId, host: 'ws1', reason: 'so' })).status, 400, 'not without a reason');
  const preview = JSON.parse((await desk.post(`${url}/preview`, { ruleId, host: 'WS2' })).text) as {
    hidden: number;
    confirmedBad: { incidentId: string }[];
  };
  equal(preview.hidden, 1);
  deepEqual(
    preview.confirmedBad.map(({ incidentId }) => incidentId),
    [bad.id],
  );
  equal((await desk.post(url, { ruleId, host: 'ws2', reason })).status, 409);
  const ofOpen = JSON.parse((await desk.post(`${url}/preview`, { ruleId, host: 'ws1' })).text) as {
    openIncidents: { id: string }[];
  };
  deepEqual(
    ofOpen.openIncidents.map(({ id }) => id),
    [good.id],
    'what it would hide is part of what is open now',
  );
  const added = await desk.post(url, { ruleId, host: 'ws1', reason });
  equal(added.status, 200, added.text);
  const { id } = JSON.parse(added.text) as { id: string };
  equal(
    (await desk.post(`/api/v1/incidents/${good.id}/actions`, { action: 'close', outcome: 'harmless', note: reason }))
      .status,
    200,
  );

  const { token } = await desk.service.addSource('dc2', 'windows');
  const again = async (minute: number) => {
    const line = {
      '@timestamp': new Date(Date.now() + minute * 60_000).toISOString(),
      winlog: {
        channel: 'Security',
        event_id: 4688,
        computer_name: 'ws1',
        event_data: {
          SubjectUserName: 'user-ws1',
          NewProcessName: 'C:\\Windows\\System32\\vssadmin.exe',
          CommandLine: 'vssadmin delete shadows /all /quiet',
        },
      },
    };
    const body = `{"create":{}}\n${JSON.stringify(line)}\n`;
    equal((await desk.service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  };
  await again(1);
  const list = async () => {
    const { text } = await desk.ask(url);
    return (JSON.parse(text) as { items: { id: string; hidden: number; owner: string; revokedAt: string | null }[] })
      .items;
  };
  const [held] = await eventually(list, ([first]) => first?.hidden === 1);
  deepEqual([held?.id, held?.owner], [id, 'Night desk']);
  equal((await desk.incidents()).length, 2, 'no incident of it');
  equal((await desk.post(`${url}/${id}/revoke`, {})).status, 200);
  equal((await desk.post(`${url}/${id}/revoke`, {})).status, 404);
  await again(2);
  await eventually(
    () => desk.incidents(),
    (found) => found.length === 3,
  );
});

test('an urgent incident is mailed at once to whoever the file of notices names', async (t) => {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, _session, callback) => {
      let text = '';
      stream.on('data', (piece: Buffer) => (text += piece.toString()));
      stream.on('end', () => {
        mails.push(text);
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(resolve)));
  const { port } = server.server.address() as AddressInfo;
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-notices-'));
  const file = path.join(folder, 'notices.yml');
  const settings = `smtp: {host: 127.0.0.1, port: ${port}, from: watch@rx1.example}\npeople: [{name: IT, mail: it@rx1.example}]\n`;
  writeFileSync(file, settings, { mode: 0o600 });
  await opened(t, ['ws1'], '--notices', file);
  await eventually(
    () => mails,
    (got) => got.length === 1,
  );
  match(mails[0] ?? '', /Subject: \[(?:URGENT|EMERGENCY)\]/);
});

test('the board signs what it has read, and a report shows patients to the privacy role alone', async (t) => {
  const service = await upService(t, '--plain-http');
  const as = async (role: 'board' | 'staff' | 'analyst' | 'privacy') => {
    const headers = { authorization: `Bearer ${await service.addToken(role)}`, 'content-type': 'application/json' };
    return {
      get: async (url: string) => (await service.fetch(url, { headers })).text,
      post: (url: string, body: object) => service.fetch(url, { headers, body: JSON.stringify(body) }),
    };
  };
  const board = await as('board');
  const { sentence } = JSON.parse(await board.get('/api/v1/board')) as { sentence: string };
  const other = await board.post('/api/v1/board/sign-offs', { sentence: 'Quiet: nothing needs you.', note: '' });
  equal(other.status, 409, 'not what it says now');
  match(other.text, /meanwhile it is otherwise/);
  equal((await board.post('/api/v1/board/sign-offs', { sentence, note: '' })).status, 200);

  const staff = await as('staff');
  equal((await staff.post('/api/v1/reports', { report: 'Somebody asked for 999 000 0018.' })).status, 200);
  ok(!(await (await as('analyst')).get('/api/v1/reports')).includes('0018'));
  match(await (await as('privacy')).get('/api/v1/reports'), /999 000 0018/);
});

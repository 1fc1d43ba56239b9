/** Where a second person has to agree, nobody is shown a patient’s name without one, and for no longer than an hour. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Reveals } from '../src/people/reveals.ts';
import { WORDS } from '../src/web/parts/trail-words.ts';
import { openState, type State, statePlace } from '../src/store/state.ts';
import { startPostgres } from './postgres.ts';
import { upService } from './service.ts';

const WANTED = { pseudonyms: ['pt_00000000000000000001'], setAside: null };
const [ANN, BEN, CAT] = ['Ann', 'Ben', 'Cat'].map((name) => ({ id: `psn_${name}`, name })) as [Some, Some, Some];
const HOUR = 3_600_000;

interface Some {
  readonly id: string;
  readonly name: string;
}

test('with the state in SQLite', async (t) => {
  const state = await openState(statePlace(null, mkdtempSync(path.join(tmpdir(), 'wardwatch-reveals-'))));
  t.after(() => state.close());
  await holds(state);
});

test('with the state in PostgreSQL', async (t) => {
  const server = await startPostgres();
  if (server === null) return t.skip('no PostgreSQL here');
  t.after(() => server.stop());
  const state = await openState(statePlace(await server.newDatabase(), 'nowhere'));
  await holds(state);
  await state.close();
});

async function holds(state: State): Promise<void> {
  let now = Date.parse('2026-11-20T10:00:00Z');
  const reveals = new Reveals(state, () => now);
  equal(await reveals.needsSecond(), false);
  await reveals.setNeedsSecond(true, 'Ann');
  equal(await reveals.needsSecond(), true);

  const id = await reveals.ask(WANTED, 'to ask the ward', ANN);
  await rejects(reveals.agreed(id, ANN), { code: 'reveal/not-agreed' });
  await rejects(reveals.decide(id, true, ANN), { code: 'reveal/own' });
  await rejects(reveals.decide('rvl_none', true, BEN), { code: 'reveal/not-found' });
  // Two answer at one moment: one answer stands.
  const answers = await Promise.allSettled([reveals.decide(id, true, BEN), reveals.decide(id, true, CAT)]);
  deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  deepEqual((await reveals.agreed(id, ANN)).pseudonyms, WANTED.pseudonyms);
  await rejects(reveals.agreed(id, BEN), { code: 'reveal/not-found' });
  await rejects(reveals.decide(id, false, BEN), { code: 'reveal/not-waiting' });
  now += HOUR - 1;
  await reveals.agreed(id, ANN);
  now += 1;
  await rejects(reveals.agreed(id, ANN), { code: 'reveal/not-agreed' });

  // A clock that was ahead, and was set right, does not make the hour longer.
  now -= 30 * HOUR;
  await rejects(reveals.agreed(id, ANN), { code: 'reveal/not-agreed' });
  now += 30 * HOUR;

  const refused = await reveals.ask(WANTED, 'out of interest', BEN);
  await reveals.decide(refused, false, ANN);
  await rejects(reveals.agreed(refused, BEN), { code: 'reveal/not-agreed' });

  now += 1;
  const late = await reveals.ask({ pseudonyms: [], setAside: 'aside_1' }, 'what it says', BEN);
  now += 24 * HOUR;
  await rejects(reveals.decide(late, true, ANN), { code: 'reveal/not-waiting' });
  deepEqual(
    (await reveals.list()).map(({ askedBy, state: is, setAside }) => [askedBy.name, is, setAside]),
    [
      ['Ben', 'over', 'aside_1'],
      ['Ben', 'refused', null],
      ['Ann', 'over', null],
    ],
  );
  for (let asked = 0; asked < 20; asked++) await reveals.ask(WANTED, 'again and again', CAT);
  await rejects(reveals.ask(WANTED, 'again and again', CAT), { code: 'reveal/too-many' });
  now += 31 * 24 * HOUR;
  await reveals.ask(WANTED, 'a month later', CAT);
  equal(
    (await state.db.selectFrom('reveal_requests').selectAll().execute()).length,
    1,
    'old ones are in the trail alone',
  );
}

test('a program can neither look alone, nor ask, nor agree; administrators set it, with two officers there', async (t) => {
  const service = await upService(t, '--plain-http');
  const roles = { admin: await service.addToken('admin'), privacy: await service.addToken('privacy') };
  const post = async (role: 'admin' | 'privacy', where: string, body: object) => {
    const { status, text } = await service.fetch(where, {
      headers: { authorization: `Bearer ${roles[role]}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [status, (JSON.parse(text) as { code?: string }).code ?? null];
  };
  const reason = 'two pairs of eyes see more';
  const policy = { secondPerson: true, reason };
  deepEqual(await post('admin', '/api/v1/reveals/policy', policy), [409, 'reveal/too-few']);
  deepEqual(await post('privacy', '/api/v1/reveals/policy', policy), [403, 'api/not-for-this-role']);
  for (const name of ['Ann', 'Ben']) {
    const { out } = service.run('people', 'add', name, '--json', '--role', 'privacy');
    const token = (JSON.parse(out) as { link: string }).link.split('#')[1] ?? '';
    const accepted = await service.fetch('/api/v1/invitations/accept', {
      headers: { 'content-type': 'application/json', 'x-wardwatch': 'page' },
      body: JSON.stringify({ token, name, password: 'kettle mountain violet' }),
    });
    equal(accepted.status, 200, accepted.text);
  }
  deepEqual(await post('admin', '/api/v1/reveals/policy', policy), [200, null]);
  const { pseudonyms } = WANTED;
  deepEqual(await post('privacy', '/api/v1/reveal', { pseudonyms, reason }), [409, 'reveal/second-person']);
  deepEqual(await post('privacy', '/api/v1/setaside/x/reveal', { reason }), [409, 'reveal/second-person']);
  deepEqual(await post('privacy', '/api/v1/reveals', { pseudonyms, reason }), [409, 'reveal/second-person']);
  deepEqual(await post('privacy', '/api/v1/reveals', { reason }), [400, 'api/bad-request']);
  deepEqual(await post('privacy', '/api/v1/reveals', { pseudonyms, setAside: 'x', reason }), [400, 'api/bad-request']);
  const free = { setAside: 'anything that somebody types', reason };
  deepEqual(await post('privacy', '/api/v1/reveals', free), [400, 'api/bad-request'], 'others read it');
  deepEqual(await post('privacy', '/api/v1/reveals/x/decision', { agree: true }), [409, 'reveal/second-person']);
  deepEqual(await post('privacy', '/api/v1/reveals/x/show', {}), [409, 'reveal/second-person']);
});

test('the trail says who was shown what, with whose leave, and not that somebody was who was not', async (t) => {
  const service = await upService(t, '--plain-http');
  const join = async (name: string) => {
    const { out } = service.run('people', 'add', name, '--json', '--role', 'privacy');
    const token = (JSON.parse(out) as { link: string }).link.split('#')[1] ?? '';
    const { headers } = await service.fetch('/api/v1/invitations/accept', {
      headers: { 'content-type': 'application/json', 'x-wardwatch': 'page' },
      body: JSON.stringify({ token, name, password: 'kettle mountain violet' }),
    });
    const [set = ''] = (headers['set-cookie'] ?? []) as readonly string[];
    return { cookie: set.split(';')[0] ?? '' };
  };
  const [ann, ben] = [await join('Ann'), await join('Ben')];
  const admin = { authorization: `Bearer ${await service.addToken('admin')}` };
  const post = async (who: Readonly<Record<string, string>>, where: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'x-wardwatch': 'page', ...who };
    const { status, text } = await service.fetch(where, { headers, body: JSON.stringify(body) });
    return { status, id: (JSON.parse(text) as { id?: string }).id ?? '' };
  };
  const reason = 'to tell the family of it';
  const { pseudonyms } = WANTED;
  equal((await post(admin, '/api/v1/reveals/policy', { secondPerson: true, reason })).status, 200);
  equal((await post(ann, '/api/v1/reveal', { pseudonyms, reason })).status, 409);
  const { id } = await post(ann, '/api/v1/reveals', { pseudonyms, reason });
  equal((await post(ann, `/api/v1/reveals/${id}/show`, {})).status, 409);
  equal((await post(ben, `/api/v1/reveals/${id}/decision`, { agree: true })).status, 200);
  equal((await post(ann, `/api/v1/reveals/${id}/show`, {})).status, 200);
  equal(await service.stop(), 0);

  const state = await openState(statePlace(null, service.data));
  const trail = await state.db.selectFrom('audit').selectAll().orderBy('at').execute();
  await state.close();
  const of = (action: string) => trail.filter((line) => line.action === action);
  equal(of('not shown alone').length, 1);
  const shown = of('shown with a second person');
  deepEqual(
    shown.map(({ actor, subject, detail }) => [actor, subject, JSON.parse(detail)]),
    [[of('POST /api/v1/reveals')[0]?.actor, id, { pseudonyms, setAside: null, agreedBy: 'Ben' }]],
  );
  deepEqual(
    ['not shown alone', 'shown with a second person'].filter((action) => !Object.hasOwn(WORDS, action)),
    [],
    'in words',
  );
});

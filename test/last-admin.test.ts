/** Whatever administrators do at one moment, one is left who can let the others in again. */
import { deepEqual, equal } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { People } from '../src/people/people.ts';
import { openState, type State, statePlace } from '../src/store/state.ts';
import { startPostgres } from './postgres.ts';

const PASSWORD = 'kettle mountain violet';
/** What each of two does to the other. */
const deeds: readonly (readonly [what: string, (people: People, other: string) => Promise<void>])[] = [
  ['demote', (people, other) => people.setRoles(other, ['analyst'])],
  ['end', (people, other) => people.end(other)],
];

test('of two administrators who demote or end each other at one moment, one stays, with the state in SQLite', async (t) => {
  const state = await openState(statePlace(null, mkdtempSync(path.join(tmpdir(), 'wardwatch-admins-'))));
  t.after(() => state.close());
  await oneStays(state);
});

test('of two administrators who demote or end each other at one moment, one stays, with the state in PostgreSQL', async (t) => {
  const server = await startPostgres();
  if (server === null) return t.skip('no PostgreSQL here');
  t.after(() => server.stop());
  const state = await openState(statePlace(await server.newDatabase(), 'nowhere'));
  await oneStays(state);
  await state.close();
});

async function oneStays(state: State): Promise<void> {
  const people = new People(state, Date.now);
  const active = async () =>
    (await people.list()).filter(({ state: is, roles }) => is === 'active' && roles.includes('admin'));
  const first = await people.accept((await people.firstInvitation()) ?? '', 'Ann 0', PASSWORD);
  let one: string = first.id;
  for (const [round, [what, deed]] of [...deeds, ...deeds, ...deeds].entries()) {
    const { id: other, token } = await people.invite(`Ann ${round + 1}`, ['admin'], null);
    await people.accept(token, '', PASSWORD);
    const ends = await Promise.allSettled([deed(people, other), deed(people, one)]);
    deepEqual(ends.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], what);
    const left = await active();
    equal(left.length, 1, what);
    one = left[0]?.id ?? '';
  }
}

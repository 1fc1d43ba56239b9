import { deepEqual, equal, fail, ok } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { LegalHold } from '../store/archive/retention.ts';
import { openKeyring } from '../store/seal.ts';
import { openState, statePlace } from '../store/state.ts';
import { setAsideGone, SetAsides } from './set-aside-store.ts';

const ROOM = 100_000;
/** Sealed, an item of ours takes a little more. */
const ITEM = 1000;

async function house(t: TestContext, holds: () => readonly LegalHold[] = () => []) {
  const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-aside-'));
  const state = await openState(statePlace(null, path.join(dir, 'data')));
  t.after(() => state.close());
  const keys = await openKeyring(path.join(dir, 'keys'), 'seal', 'nowhere');
  const parts = { holds: () => Promise.resolve(holds()), onBug: (error: unknown) => fail(String(error)) };
  for (const id of ['src_loud', 'src_quiet'] as const)
    await state.db
      .insertInto('sources')
      .values({
        id,
        name: id,
        kind: 'windows',
        token_hash: null,
        certificate: null,
        folder: null,
        polled: null,
        position: null,
        address_range: null,
        created_at: 0,
        last_heard_at: null,
        state: 'active',
      })
      .execute();
  const open = () => new SetAsides(state, keys, parts, ROOM);
  const left = async (asides: SetAsides) =>
    (await asides.page(null, 1000)).map(({ entry }) => [entry.sourceId, entry.receivedAt] as const);
  return { state, open, left };
}

const HOLD: LegalHold = { id: 'hld_1', sourceIds: ['src_loud'], from: 0, to: 20, reason: 'asked for by a court' };

const items = (count: number, size = ITEM) =>
  Array.from({ length: count }, () => ({ bytes: Buffer.alloc(size, 'x'), reason: 'unreadable', detail: 'it is' }));

test('a source that sends nothing but what cannot be read keeps to its room: its oldest go, and are counted', async (t) => {
  const { state, open, left } = await house(t);
  const asides = open();
  await asides.keep('src_quiet', 1, items(3));
  await asides.keep(null, 2, items(3));
  for (let at = 10; at < 60; at++) await asides.keep('src_loud', at, items(10));
  const kept = await left(asides);
  const ofLoud = kept.filter(([source]) => source === 'src_loud');
  ok(ofLoud.length <= ROOM / ITEM && ofLoud.length > 50, `${ofLoud.length} are kept`);
  equal(ofLoud[0]?.[1], 59, 'the newest');
  equal(kept.length - ofLoud.length, 6, 'of others nothing goes');
  deepEqual(
    (await setAsideGone(state)).map(({ sourceId, messages }) => [sourceId, messages]),
    [['src_loud', 500 - ofLoud.length]],
  );
  // After a restart it knows how full it is.
  const again = open();
  for (let at = 60; at < 70; at++) await again.keep('src_loud', at, items(10));
  ok((await left(again)).length <= ROOM / ITEM + 6);
});

test('what a legal hold keeps stays, whatever room there is', async (t) => {
  const { state, open, left } = await house(t, () => [HOLD]);
  const asides = open();
  for (let at = 0; at < 40; at++) await asides.keep('src_loud', at, items(10));
  const kept = await left(asides);
  equal(kept.filter(([, at]) => at < 20).length, 200);
  equal(kept[0]?.[1], 39, 'the newest is there');
  ok(kept.length > 250 && kept.length < 300, `${kept.length} are kept`);
  ok(((await setAsideGone(state))[0]?.messages ?? 0) > 100);
});

test('what is small takes room too: its row does', async (t) => {
  const { open, state } = await house(t);
  const asides = open();
  for (let at = 0; at < 20; at++) await asides.keep('src_loud', at, items(100, 1));
  const { kept } = await state.db
    .selectFrom('set_aside')
    .select(({ fn }) => fn.countAll<number>().as('kept'))
    .executeTakeFirstOrThrow();
  ok(kept <= ROOM / 200 && kept > 200, `${kept} are kept`);
});

test('while room is made others have their turn, and a hold that comes meanwhile keeps what is left', async (t) => {
  let asked = 0;
  const { open, left } = await house(t, () => (asked++ < 2 ? [] : [HOLD]));
  const asides = open();
  let turns = 0;
  let next = setImmediate(function turn() {
    turns++;
    next = setImmediate(turn);
  });
  t.after(() => clearImmediate(next));
  await asides.keep('src_loud', 1, items(3000, 1));
  ok(turns > 0, 'nobody else had a turn');
  ok((await left(asides)).length > 900, 'what the hold keeps is there');
});

test('what went meanwhile does not stop the others from being read again', async (t) => {
  const { state, open, left } = await house(t);
  const asides = open();
  await asides.keep('src_loud', 1, items(1));
  await asides.keep('src_loud', 2, items(1));
  await asides.keep('src_loud', 3, items(1));
  const read = async () => {
    await state.db.deleteFrom('set_aside').where('received_at', '=', 2).execute();
    return true;
  };
  deepEqual(await asides.replay(null, read), { read: 2, still: 0 });
  deepEqual(await left(asides), []);
});

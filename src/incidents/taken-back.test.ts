/** What was told and is not so any more, on a real store. */
import { deepEqual, equal } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Finding } from '../core/finding.ts';
import { openState } from '../store/state.ts';
import { Desk } from './desk.ts';
import { Incidents } from './store.ts';
import { TakenBack } from './taken-back.ts';

const HOUR = 3_600_000;

/** An incident with so many first looks in it, by ids. */
async function house(t: TestContext, ...ids: readonly string[]) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-taken-back-')), 'state.db');
  const state = await openState({ kind: 'sqlite', file });
  t.after(() => state.close());
  const clock = { at: Date.UTC(2026, 10, 26, 9) };
  const now = () => clock.at;
  const incidents = new Incidents(state, now, () => false);
  for (const id of ids) {
    const at = new Date(clock.at).toISOString();
    const finding: Finding = {
      schema: 'wardwatch.finding/1',
      id: `fnd_${id}`,
      kind: 'rule',
      ruleId: 'r',
      title: 'r',
      level: 'high',
      techniques: [],
      at,
      source: { path: 's', record: 1 },
      entities: { host: 'pc1' },
      matched: {},
      plain: id,
      innocent: '',
      next: [],
      evidence: [{ path: 's', record: 1, at }],
      author: '',
      observation: { parameter: 'data', points: 3 },
    };
    await state.transaction(async (within) => {
      const nothing = { account: null, address: null, source_id: null, closed_at: null, surprise: null, per_day: null };
      await within
        .insertInto('findings')
        .values({
          ...nothing,
          id: finding.id,
          kind: 'rule',
          rule_id: 'r',
          level: 'high',
          at: clock.at,
          host: 'pc1',
          body: JSON.stringify(finding),
          first_seen_at: clock.at,
          parameter: 'data',
          points: 3,
          strength: 4,
          incident_id: null,
          excepted_by: null,
        })
        .execute();
      const incident = await incidents.join(within, finding, null);
      await within.updateTable('findings').set({ incident_id: incident }).where('id', '=', finding.id).execute();
    });
  }
  const incident = `inc_${ids[0] ?? ''}`;
  const desk = new Desk(state, now);
  const seen = async () => {
    const { state: is, outcome } = (await incidents.find(incident, ['it'])) ?? {};
    const rows = await state.db.selectFrom('incident_history').select('action').orderBy('at').execute();
    return { is, outcome, actions: rows.map(({ action }) => action) };
  };
  return { taken: new TakenBack(state, now), desk, incident, seen, clock };
}

test('an incident of which all is taken back, and that nobody touched, says so and is closed', async (t) => {
  const { taken, seen, clock } = await house(t, 'a', 'b');
  clock.at += 1;
  await taken.takeBack('fnd_a', false);
  deepEqual((await seen()).is, 'new', 'something else is in it');
  clock.at += 30 * HOUR;
  await taken.takeBack('fnd_b', false);
  const { is, outcome, actions } = await seen();
  deepEqual([is, outcome, actions.toSorted()], ['closed', 'harmless', ['close', 'opened', 'taken-back', 'taken-back']]);
  await taken.takeBack('fnd_b', true);
  await taken.takeBack('fnd_of-nothing', true);
  equal((await seen()).actions.length, 4, 'once');
});

for (const [what, touch] of [
  ['seen', (desk: Desk, id: string) => desk.acknowledge(id, 'Ann')],
  ['noted something', (desk: Desk, id: string) => desk.comment(id, 'asked the ward', 'Ann')],
  ['taken it', (desk: Desk, id: string) => desk.act(id, { action: 'take', note: '' }, 'Ann')],
] as const)
  test(`an incident stays open when somebody has ${what}: what was taken back stands in it`, async (t) => {
    const { taken, desk, incident, seen, clock } = await house(t, 'a');
    await touch(desk, incident);
    clock.at += 1;
    await taken.takeBack('fnd_a', true);
    const { is, actions } = await seen();
    deepEqual([is === 'closed', actions.at(-1)], [false, 'taken-back']);
  });

test('what is found again opens its incident again, and that does not come and go all day', async (t) => {
  const { taken, seen, clock } = await house(t, 'a');
  for (let times = 0; times < 30; times++) {
    clock.at += 1000;
    await taken.takeBack('fnd_a', false);
    equal((await seen()).is, times === 0 ? 'closed' : 'new', `${times}`);
    clock.at += 1000;
    await taken.foundAgain('fnd_a');
    equal((await seen()).is, 'new');
  }
  clock.at += 1000;
  await taken.takeBack('fnd_a', true);
  const { is, actions } = await seen();
  equal(is, 'closed', 'the night has the last word');
  equal(actions.filter((action) => action === 'found-again' || action === 'taken-back').length, 20);
});

test('what a person closed stays closed', async (t) => {
  const { taken, desk, incident, seen } = await house(t, 'a');
  await desk.act(incident, { action: 'close', note: 'looked', outcome: 'harmless' }, 'Ann');
  await taken.foundAgain('fnd_a');
  equal((await seen()).is, 'closed');
});

import { sampleIncident } from '../incidents/sample-incident.ts';
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openState } from '../store/state.ts';
import { questionOf, questionOrNull, servicePseudonyms } from './kept-records.ts';

test('a folder that holds no key is refused, and no key is made in it: “nobody looked” would be a lie', async () => {
  const base = mkdtempSync(path.join(tmpdir(), 'wardwatch-wrong-keys-'));
  const [data, keys] = [path.join(base, 'data'), path.join(base, 'keys')];
  mkdirSync(path.join(data, 'archive'), { recursive: true });
  mkdirSync(keys);
  await rejects(servicePseudonyms(keys, data), { code: 'keys/missing' });
  deepEqual(readdirSync(keys), []);
});

const HOUR = 3_600_000;
const FIRST = Date.UTC(2026, 10, 2, 9);
const NOW = FIRST + 200 * HOUR;

for (const [state, to] of [
  ['new', NOW],
  ['contained', NOW],
  ['closed', FIRST + 49 * HOUR],
  ['merged', FIRST + 49 * HOUR],
] as const)
  test(`whose records a ${state} incident touched is asked from a day before it was found, for as long as it may have gone on`, async (t) => {
    const store = await openState({
      kind: 'sqlite',
      file: path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-question-')), 'state.db'),
    });
    t.after(() => store.close());
    await store.db
      .insertInto('incidents')
      .values(sampleIncident({ id: 'inc_1', state, opened_at: FIRST }))
      .execute();
    await store.db
      .insertInto('incident_links')
      .values({ incident_id: 'inc_1', kind: 'account', value: 'Shah, P', last_at: FIRST })
      .execute();
    equal(await questionOrNull(store, 'inc_1', NOW), null, 'nothing was found yet');
    for (const [id, at] of [
      ['fnd_1', FIRST],
      ['fnd_2', FIRST + 25 * HOUR],
    ] as const)
      await store.db
        .insertInto('findings')
        .values({
          id,
          kind: 'rule',
          rule_id: 'r',
          level: 'high',
          at,
          host: null,
          account: 'shah, p',
          address: null,
          source_id: null,
          incident_id: 'inc_1',
          body: '{}',
          first_seen_at: at,
          parameter: null,
          points: 0,
          closed_at: null,
          surprise: null,
          per_day: null,
          strength: 0,
          excepted_by: null,
        })
        .execute();
    deepEqual(await questionOf(store, 'inc_1', NOW), {
      firstAt: FIRST,
      question: { accounts: ['Shah, P'], hosts: [], addresses: [], from: FIRST - 24 * HOUR, to },
    });
    await rejects(questionOf(store, 'inc_2', NOW), { code: 'scope/no-incident' });
  });

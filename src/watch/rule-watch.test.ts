import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Refusal } from '../core/refusal.ts';
import type { RuleState } from '../findings/rule-states.ts';
import { openState, statePlace } from '../store/state.ts';
import { RuleWatch } from './rule-watch.ts';

const DAY_MS = 86_400_000;
const RULE: RuleState = {
  id: 'a',
  title: 'A',
  level: 'high',
  author: '',
  path: '/own/windows/a.yml',
  state: 'runs',
  reason: null,
  detail: null,
  needs: 'Sysmon',
  plain: '',
  isSilent: false,
};

test('a rule sees nothing until something came that could have fired it, and for 30 days it is remembered', async (t) => {
  const state = await openState(statePlace(null, mkdtempSync(path.join(tmpdir(), 'wardwatch-rules-'))));
  t.after(() => state.close());
  const start = Date.UTC(2026, 10, 2);
  let now = start;
  let seen: Set<string> | null = new Set();
  const fired = new Map<string, { count: number; lastAt: number }>();
  const rules = [
    RULE,
    { ...RULE, id: 'b', path: '/sigma/b.yml' },
    { ...RULE, id: null, path: '/sigma/c.yml', state: 'cannot-run' as const },
  ];
  const make = () =>
    new RuleWatch({
      state,
      judging: {
        rules,
        couldFire: () =>
          seen === null ? Promise.reject(new Refusal('service/failing', 'down')) : Promise.resolve(seen),
      },
      findings: { countByRule: () => Promise.resolve(fired) },
      localRules: () => Promise.resolve([]),
      ruleFolders: ['/own', '/sigma'],
      now: () => now,
      onBug: () => undefined,
    });
  const states = async () => (await make().list()).rules.map((rule) => rule.state);
  deepEqual(await states(), ['blind', 'blind', 'cannot-run']);
  seen = new Set(['a']);
  deepEqual(await states(), ['runs', 'blind', 'cannot-run']);

  // After a restart the engine knows nothing.
  seen = new Set();
  now += 29 * DAY_MS;
  deepEqual(await states(), ['runs', 'blind', 'cannot-run']);
  equal((await make().list()).since, start);
  now += DAY_MS;
  deepEqual(await states(), ['blind', 'blind', 'cannot-run']);
  now += DAY_MS;
  equal((await make().list()).since, now - 30 * DAY_MS);

  fired.set('b', { count: 3, lastAt: now });
  const [own, added] = (await make().list()).rules;
  deepEqual([own?.isOwn, own?.file, own?.fired], [true, path.join('windows', 'a.yml'), 0]);
  deepEqual([added?.isOwn, added?.file, added?.fired, added?.state], [false, 'b.yml', 3, 'runs']);

  seen = null;
  await rejects(make().list(), { code: 'service/failing' });
});

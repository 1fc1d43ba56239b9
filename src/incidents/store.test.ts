/** Few incidents out of many findings, on a real store. */
import { deepEqual, equal } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Finding } from '../core/finding.ts';
import type { Level } from '../core/level.ts';
import type { Parameter } from '../core/observation.ts';
import { type Rarity, strengthOf } from '../core/rarity.ts';
import { openState } from '../store/state.ts';
import { allowedActions, nextState } from './life.ts';
import { Incidents } from './store.ts';

const START = Date.parse('2026-11-25T09:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Told {
  readonly minute: number;
  readonly host?: string;
  readonly account?: string;
  readonly address?: string;
  readonly level?: Level;
  readonly parameter?: Parameter;
  readonly points?: number;
  /** What its event says, by a clock that is wrong. */
  readonly saidAt?: string;
  /** Makes it one of behaviour. */
  readonly rarity?: Rarity;
  /** All the same, it is a rule's. */
  readonly isRule?: boolean;
}

/** Files findings as told, and resolves to the incident of each; `null` for none. */
async function filed(t: TestContext, told: readonly Told[], careDependsOn = 'pacs') {
  const state = await openState({
    kind: 'sqlite',
    file: path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-incidents-')), 'state.db'),
  });
  t.after(() => state.close());
  let now = START;
  const incidents = new Incidents(
    state,
    () => now,
    (host) => host === careDependsOn,
  );
  for (const [index, each] of told.entries()) {
    const {
      minute,
      host,
      account,
      address,
      level = 'high',
      parameter = 'defences',
      points = 2,
      rarity,
      isRule,
      saidAt,
    } = each;
    now = START + minute * MINUTE;
    const at = saidAt ?? new Date(now).toISOString();
    const source = { path: 's', record: index };
    const finding: Finding = {
      schema: 'wardwatch.finding/1',
      id: `fnd_${index}`,
      ...(rarity === undefined || isRule === true
        ? { kind: 'rule', ...(rarity && { rarity }) }
        : { kind: 'behaviour', rarity, facts: {} }),
      ruleId: `r${index}`,
      title: 'r',
      level,
      techniques: [],
      at,
      source,
      entities: { ...(host && { host }), ...(account && { account }), ...(address && { address }) },
      matched: {},
      plain: `finding ${index}`,
      innocent: '',
      next: [],
      evidence: [{ ...source, at }],
      author: '',
      observation: { parameter, points },
    };
    await state.transaction(async (within) => {
      await within
        .insertInto('findings')
        .values({
          id: finding.id,
          kind: finding.kind,
          rule_id: finding.ruleId,
          level,
          at: now,
          host: host?.toLowerCase() ?? null,
          account: account?.toLowerCase() ?? null,
          address: address ?? null,
          source_id: null,
          incident_id: null,
          body: JSON.stringify(finding),
          first_seen_at: now,
          parameter,
          points,
          closed_at: null,
          surprise: rarity?.surprise ?? null,
          per_day: rarity?.perDay ?? null,
          strength: strengthOf(finding),
          excepted_by: null,
        })
        .execute();
      const id = await incidents.join(within, finding, null);
      await within.updateTable('findings').set({ incident_id: id }).where('id', '=', finding.id).execute();
    });
  }
  const rows = await state.db.selectFrom('findings').select('incident_id').orderBy('first_seen_at').execute();
  const ids = rows.map(({ incident_id: id }) => id);
  return { ids, incidents, page: (await incidents.page(null, 100, ['it'])).map(({ incident }) => incident) };
}

const joins: readonly (readonly [what: string, told: readonly Told[], incidentOfEach: readonly (number | null)[]])[] = [
  [
    'the same host',
    [
      { minute: 0, host: 'PC1' },
      { minute: 30, host: 'pc1' },
    ],
    [0, 0],
  ],
  [
    'the same account on another host',
    [
      { minute: 0, host: 'pc1', account: 'RX1\\kim' },
      { minute: 9, host: 'pc2', account: 'rx1\\KIM' },
    ],
    [0, 0],
  ],
  [
    'other hosts and accounts apart',
    [
      { minute: 0, host: 'pc1', account: 'kim' },
      { minute: 9, host: 'pc2', account: 'ash' },
    ],
    [0, 1],
  ],
  [
    'SYSTEM on two hosts apart',
    [
      { minute: 0, host: 'pc1', account: 'NT AUTHORITY\\SYSTEM' },
      { minute: 9, host: 'pc2', account: 'NT AUTHORITY\\SYSTEM' },
    ],
    [0, 1],
  ],
  [
    'the same host a week later apart',
    [
      { minute: 0, host: 'pc1' },
      { minute: 7 * 24 * 60, host: 'pc1' },
    ],
    [0, 1],
  ],
  [
    'a low finding to what is there',
    [
      { minute: 0, host: 'pc1' },
      { minute: 1, host: 'pc1', level: 'low' },
    ],
    [0, 0],
  ],
  ['a low finding to nothing, and opens none', [{ minute: 0, host: 'pc1', level: 'low' }], [null]],
  [
    'the unusual to the unusual of other hosts, if such things come too seldom to meet by chance',
    [
      { minute: 0, host: 'pc1', level: 'medium', rarity: { surprise: 3, perDay: 2 } },
      { minute: 20, host: 'pc2', level: 'medium', rarity: { surprise: 3, perDay: 3 } },
    ],
    [0, 0],
  ],
  [
    'the unusual apart, if such things come often',
    [
      { minute: 0, host: 'pc1', level: 'medium', rarity: { surprise: 3, perDay: 40 } },
      { minute: 20, host: 'pc2', level: 'medium', rarity: { surprise: 3, perDay: 3 } },
    ],
    [0, 1],
  ],
  [
    'a little of the unusual that came before, on the same host',
    [
      { minute: 0, host: 'pc1', level: 'informational', rarity: { surprise: 0.8, perDay: 300 } },
      { minute: 20, host: 'pc1', level: 'medium', rarity: { surprise: 3, perDay: 3 } },
    ],
    [1, 1],
  ],
  [
    'a medium rule to nothing, once it is known to fire here all the time',
    [{ minute: 0, host: 'pc1', level: 'medium', isRule: true, rarity: { surprise: 0.2, perDay: 300 } }],
    [null],
  ],
  ['a finding about nobody to nothing', [{ minute: 0 }, { minute: 1 }], [0, 1]],
];
for (const [what, told, wanted] of joins) {
  test(`joins ${what}`, async (t) => {
    const { ids } = await filed(t, told);
    deepEqual(
      ids,
      wanted.map((index) => (index === null ? null : `inc_${index}`)),
    );
  });
}

test('a finding that links two incidents makes them one, the older', async (t) => {
  const { ids, page } = await filed(t, [
    { minute: 0, host: 'pc1', account: 'kim' },
    { minute: 5, host: 'pc2', account: 'ash', level: 'critical' },
    { minute: 9, host: 'pc2', account: 'kim' },
  ]);
  deepEqual(ids, ['inc_0', 'inc_0', 'inc_0']);
  deepEqual(
    page.map(({ id, findings, level, title }) => [id, findings, level, title]),
    [['inc_0', 3, 'critical', 'finding 1']],
  );
  deepEqual(
    page[0]?.links.map(({ value }) => value),
    ['ash', 'kim', 'pc1', 'pc2'],
  );
});

for (const [what, told, worst] of [
  ['a higher level', [{}, { level: 'critical', points: 1 }, { points: 3 }], 1],
  ['more points of one level', [{ points: 1 }, { points: 3 }, { points: 2 }], 1],
  ['the first of equals', [{}, {}, {}], 0],
  ['what came before a lower one', [{ level: 'critical' }, {}, { level: 'low', points: 3 }], 0],
] as const)
  test(`an incident is called by the worst news in it: ${what}`, async (t) => {
    const { page } = await filed(
      t,
      told.map((each, minute) => ({ minute, host: 'pc1', ...each })),
    );
    deepEqual(
      page.map(({ title }) => title),
      [`finding ${worst}`],
    );
  });

test('an address behind which are many hosts links nothing', async (t) => {
  const hosts = Array.from(
    { length: 27 },
    (_, i): Told => ({ minute: i, host: `pc${i}`, address: '10.0.0.1', level: 'low' }),
  );
  const { ids } = await filed(t, [
    ...hosts,
    { minute: 30, host: 'a', address: '10.0.0.1' },
    { minute: 31, host: 'b', address: '10.0.0.1' },
  ]);
  deepEqual(ids.slice(-2), ['inc_27', 'inc_28']);
});

test('an incident shows the highest early warning score among its hosts and accounts', async (t) => {
  const { page, incidents } = await filed(t, [
    { minute: 0, host: 'pacs', account: 'kim', parameter: 'movement', points: 2 },
    { minute: 1, host: 'pacs', account: 'ash', parameter: 'impact', points: 3 },
    { minute: 2, host: 'pacs', account: 'ash', parameter: 'impact', points: 1 },
  ]);
  const [incident] = page;
  deepEqual(incident?.score, {
    total: 7,
    band: 'emergency',
    points: { movement: 2, impact: 3 },
    careDepends: 2,
    entity: { kind: 'host', value: 'pacs' },
  });
  equal((await incidents.scoreOf({ kind: 'account', value: 'kim' })).band, 'low');
});

test('what is not closed keeps its points, however old', async (t) => {
  const { incidents } = await filed(t, [
    { minute: 0, host: 'pc1', points: 3 },
    { minute: (100 * HOUR) / MINUTE, host: 'pc2', points: 1 },
  ]);
  equal((await incidents.scoreOf({ kind: 'host', value: 'pc1' })).total, 3);
});

test('an incident goes only where its state allows', () => {
  deepEqual(allowedActions('closed'), ['reopen']);
  equal(nextState('new', 'contain'), null);
  equal(nextState('investigating', 'contain'), 'contained');
});

test('what names an account that is everywhere, and no machine, scores by itself: the root of a cloud is nobody’s host', async (t) => {
  const { page } = await filed(t, [
    { minute: 0, account: 'root', address: '203.0.113.7', parameter: 'sign-in', points: 3 },
  ]);
  equal(page[0]?.score.band, 'urgent');
});

test('what names a machine scores once, also where its account is everywhere', async (t) => {
  const { page } = await filed(t, [{ minute: 0, host: 'pc1', account: 'root', parameter: 'sign-in', points: 3 }]);
  deepEqual([page[0]?.score.total, page[0]?.score.entity?.value], [3, 'pc1']);
});

test('what belongs to no incident, and nobody can close, counts for a day', async (t) => {
  const told = [{ minute: 0, host: 'pc1', level: 'low', points: 2 }] as const;
  const day = await filed(t, [...told, { minute: 23 * 60, host: 'pc2' }]);
  deepEqual([day.ids[0], (await day.incidents.scoreOf({ kind: 'host', value: 'pc1' })).total], [null, 2]);
  const later = await filed(t, [...told, { minute: 25 * 60, host: 'pc2' }]);
  equal((await later.incidents.scoreOf({ kind: 'host', value: 'pc1' })).total, 0);
});

test('an event whose clock is years ahead neither parts an incident in two nor keeps what follows out', async (t) => {
  const { ids } = await filed(t, [
    { minute: 0, host: 'pc1' },
    { minute: 5, host: 'pc1', saidAt: '2099-01-01T00:00:00.000Z' },
    { minute: 9, host: 'pc1' },
    { minute: 20, host: 'pc1' },
  ]);
  equal(new Set(ids).size, 1);
});

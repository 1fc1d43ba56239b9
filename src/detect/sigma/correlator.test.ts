import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Correlator, loadRuleTexts } from './index.ts';

/** Steps with the same `event` are rules that fired on one event. */
type Step = readonly [rule: string, atSeconds: number, fields?: Record<string, string> | undefined, event?: string];

/** The times (in seconds) at which the correlation held. */
function held(correlation: object, steps: readonly Step[], more: readonly object[] = []): number[] {
  const bases = ['a', 'b', 'd'].map((id) => ({
    title: id,
    id,
    name: `name-of-${id}`,
    logsource: { category: 'test' },
    detection: { s: { F: id }, condition: 's' },
  }));
  const docs = [...bases, { title: 'c', id: 'c', name: 'c', correlation }, ...more];
  const { correlations, problems } = loadRuleTexts(
    [{ path: 'c.yml', text: docs.map((doc) => JSON.stringify(doc)).join('\n---\n') }],
    { placeholders: {}, includeDeprecated: false, cacheFolder: null },
  );
  deepEqual(problems, []);
  const times: number[] = [];
  const correlator = new Correlator<number>(correlations, (match) => {
    if (match.rule.id === 'c') times.push(match.at / 1000);
  });
  steps.forEach(([ruleId, at, fields = { u: 'x' }, event], i) => {
    correlator.advance(at * 1000);
    correlator.push({ ruleId, ruleName: `name-of-${ruleId}`, at: at * 1000, event: event ?? i, fields, reference: i });
  });
  correlator.end();
  return times;
}

const many = (count: number, every: number, field?: (i: number) => Record<string, string>): Step[] =>
  Array.from({ length: count }, (_, i) => ['a', i * every, field?.(i) ?? { u: 'x' }]);
const base = { rules: ['a'], 'group-by': ['u'], timespan: '10s' };
const pair = { rules: ['a', 'b'], 'group-by': ['u'], timespan: '10s' };

describe('correlations hold', () => {
  const cases: readonly (readonly [what: string, correlation: object, steps: readonly Step[], held: number[]])[] = [
    ['event_count within the window', { type: 'event_count', ...base, condition: { gte: 3 } }, many(3, 5), [10]],
    [
      'event_count: an event exactly the timespan old is inside (house decision 7)',
      { type: 'event_count', ...base, condition: { gte: 2 } },
      [
        ['a', 0],
        ['a', 10],
      ],
      [10],
    ],
    [
      'event_count: one a moment older is not',
      { type: 'event_count', ...base, condition: { gte: 2 } },
      [
        ['a', 0],
        ['a', 10.001],
      ],
      [],
    ],
    [
      'event_count by group, not over groups',
      { type: 'event_count', ...base, condition: { gte: 2 } },
      [
        ['a', 0, { u: 'x' }],
        ['a', 1, { u: 'y' }],
      ],
      [],
    ],
    [
      'event_count without group-by is one group (house decision 4)',
      { type: 'event_count', rules: ['a'], timespan: '10s', condition: { gte: 2 } },
      [
        ['a', 0, { u: 'x' }],
        ['a', 1, { u: 'y' }],
      ],
      [1],
    ],
    [
      'events without the group’s field are not joined',
      { type: 'event_count', ...base, condition: { gte: 2 } },
      [
        ['a', 0, {}],
        ['a', 1, {}],
      ],
      [],
    ],
    [
      'a range, when the window is over',
      { type: 'event_count', ...base, condition: { gt: 1, lte: 3 } },
      many(3, 1),
      [2],
    ],
    [
      'a range is left when there are too many',
      { type: 'event_count', ...base, condition: { gt: 1, lte: 3 } },
      many(5, 1),
      [],
    ],
    ['lt, when the window is over', { type: 'event_count', ...base, condition: { lt: 3 } }, many(2, 1), [1]],
    [
      'value_count counts different values',
      { type: 'value_count', ...base, condition: { field: 'v', gte: 3 } },
      many(3, 1, (i) => ({ u: 'x', v: `${i}` })),
      [2],
    ],
    [
      'value_count does not count a value twice',
      { type: 'value_count', ...base, condition: { field: 'v', gte: 3 } },
      many(9, 1, (i) => ({ u: 'x', v: `${i % 2}` })),
      [],
    ],
    [
      'value_count of two fields counts pairs',
      { type: 'value_count', ...base, condition: { field: ['v', 'w'], gte: 3 } },
      many(4, 1, (i) => ({ u: 'x', v: `${i % 2}`, w: `${i >> 1}` })),
      [2],
    ],
    [
      'value_sum',
      { type: 'value_sum', ...base, condition: { field: 'v', gte: 30 } },
      many(3, 1, () => ({ u: 'x', v: '10' })),
      [2],
    ],
    [
      'value_avg',
      { type: 'value_avg', ...base, condition: { field: 'v', gt: 10 } },
      [
        ['a', 0, { u: 'x', v: '5' }],
        ['a', 1, { u: 'x', v: '20' }],
      ],
      [1],
    ],
    [
      'value_median',
      { type: 'value_median', ...base, condition: { field: 'v', gte: 4 } },
      [
        ['a', 0, { u: 'x', v: '1' }],
        ['a', 1, { u: 'x', v: '7' }],
      ],
      [1],
    ],
    [
      'value_percentile interpolates between ranks (house decision 5)',
      { type: 'value_percentile', ...base, condition: { field: 'v', percentile: 75, gte: 8.5 } },
      [
        ['a', 0, { u: 'x', v: '1' }],
        ['a', 1, { u: 'x', v: '11' }],
      ],
      [1],
    ],
    [
      'temporal in any order',
      { type: 'temporal', ...pair },
      [
        ['b', 0],
        ['a', 5],
      ],
      [5],
    ],
    [
      'temporal_ordered in its order',
      { type: 'temporal_ordered', ...pair },
      [
        ['a', 0],
        ['b', 5],
      ],
      [5],
    ],
    [
      'temporal_ordered not in another',
      { type: 'temporal_ordered', ...pair },
      [
        ['b', 0],
        ['a', 5],
      ],
      [],
    ],
    [
      'temporal_ordered from the latest start',
      { type: 'temporal_ordered', ...pair },
      [
        ['a', 0],
        ['a', 8],
        ['b', 15],
      ],
      [15],
    ],
    [
      'a sentence over rules',
      { type: 'temporal', ...pair, condition: 'a and not b' },
      [
        ['a', 0],
        ['a', 30],
        ['b', 31],
      ],
      [0],
    ],
    [
      'aliases',
      {
        type: 'event_count',
        rules: ['a', 'b'],
        'group-by': ['who'],
        aliases: { who: { a: 'u', b: 'v' } },
        timespan: '10s',
        condition: { gte: 2 },
      },
      [
        ['a', 0, { u: 'x' }],
        ['b', 1, { v: 'x' }],
      ],
      [1],
    ],
    [
      'event_count counts an event once, whatever fired on it',
      { type: 'event_count', ...pair, condition: { gte: 2 } },
      [
        ['a', 0, undefined, 'one'],
        ['b', 0, undefined, 'one'],
        ['b', 3, undefined, 'two'],
        ['a', 3, undefined, 'two'],
      ],
      [3],
    ],
    [
      'value_sum adds an event once',
      { type: 'value_sum', ...pair, condition: { field: 'v', gte: 20 } },
      [
        ['a', 0, { u: 'x', v: '10' }, 'one'],
        ['b', 0, { u: 'x', v: '10' }, 'one'],
      ],
      [],
    ],
    [
      'temporal by one event that fires both',
      { type: 'temporal', ...pair },
      [
        ['a', 0, undefined, 'one'],
        ['b', 0, undefined, 'one'],
      ],
      [0],
    ],
    [
      'a rule that is listed by its id and its name is one rule',
      { type: 'event_count', ...base, rules: ['a', 'name-of-a'], condition: { gte: 2 } },
      [['a', 0]],
      [],
    ],
    [
      'temporal_ordered of one rule twice wants two events',
      { type: 'temporal_ordered', ...base, rules: ['a', 'a'] },
      [
        ['a', 0],
        ['a', 20],
        ['a', 24],
      ],
      [24],
    ],
    [
      'temporal_ordered when the first comes late',
      { type: 'temporal_ordered', ...pair },
      [
        ['b', 5],
        ['a', 3],
      ],
      [5],
    ],
    [
      'temporal_ordered when the one between comes late',
      { type: 'temporal_ordered', ...pair, rules: ['a', 'b', 'd'] },
      [
        ['a', 0],
        ['d', 9],
        ['b', 4],
      ],
      [9],
    ],
    [
      'temporal_ordered within one moment, in which nobody can tell the order',
      { type: 'temporal_ordered', ...pair },
      [
        ['b', 5],
        ['a', 5],
      ],
      [5],
    ],
    [
      'temporal_ordered after many of the second, and after many of the first',
      { type: 'temporal_ordered', ...pair },
      [
        ...many(50, 0.01).map(([, at]): Step => ['b', at]),
        ...many(50, 0.01).map(([, at]): Step => ['a', at + 1]),
        ['b', 2],
      ],
      [2],
    ],
    [
      'temporal_ordered of three with many of the first between',
      { type: 'temporal_ordered', ...pair, rules: ['a', 'b', 'd'] },
      [['a', 0], ['b', 1], ...many(50, 0.01).map(([, at]): Step => ['a', at + 2]), ['d', 3]],
      [3],
    ],
    [
      'temporal_ordered not over more than the timespan, by whatever way round',
      { type: 'temporal_ordered', ...pair, rules: ['a', 'b', 'd'] },
      [
        ['a', 0],
        ['b', 9],
        ['d', 11],
        ['b', 8],
      ],
      [],
    ],
    [
      'rules by their names, in the condition and the aliases too',
      {
        type: 'temporal',
        rules: ['a', 'b'],
        'group-by': ['who'],
        aliases: { who: { 'name-of-a': 'u', 'name-of-b': 'v' } },
        timespan: '10s',
        condition: 'name-of-a and name-of-b',
      },
      [
        ['a', 0, { u: 'x' }],
        ['b', 1, { v: 'x' }],
      ],
      [1],
    ],
    [
      'a late event is sorted in',
      { type: 'event_count', ...base, condition: { gte: 3 } },
      [
        ['a', 0],
        ['a', 8],
        ['a', 4],
      ],
      [8],
    ],
  ];
  for (const [what, correlation, steps, wanted] of cases) test(what, () => deepEqual(held(correlation, steps), wanted));

  test('over other correlations', () => {
    const inner = {
      title: 'i',
      id: 'i',
      name: 'inner',
      correlation: { type: 'event_count', ...base, condition: { gte: 2 } },
    };
    const outer = { type: 'temporal', rules: ['inner', 'b'], 'group-by': ['u'], timespan: '1m' };
    deepEqual(
      held(
        outer,
        [
          ['a', 0],
          ['a', 1],
          ['b', 5],
        ],
        [inner],
      ),
      [5],
    );
  });

  test('of more groups than are kept, the quiet ones go, and only one whose window is not over is told of', () => {
    const { correlations } = loadRuleTexts(
      [
        { id: 'a', logsource: { category: 'test' }, detection: { s: { F: 'a' }, condition: 's' } },
        { id: 'c', correlation: { type: 'event_count', ...base, condition: { gte: 120 } } },
      ].map((doc) => ({ path: 'c.yml', text: JSON.stringify(doc) })),
      { placeholders: {}, includeDeprecated: false, cacheFolder: null },
    );
    const forgotten = (everyMs: number) => {
      const held: string[] = [];
      const correlator = new Correlator<number>(correlations, ({ groupBy }) => held.push(groupBy['u'] ?? ''));
      for (let i = 0; i < 120_000; i++) {
        const u = i % 1000 === 0 ? 'busy' : `${i}`;
        correlator.push({ ruleId: 'a', ruleName: null, at: i * everyMs, event: i, fields: { u }, reference: i });
      }
      return { held, forgotten: correlator.forgotten };
    };
    deepEqual(forgotten(100), { held: [], forgotten: 0 });
    deepEqual(forgotten(0), { held: ['busy'], forgotten: 120_000 - 120 + 1 - 100_000 });
  });

  test('of ends that wait for a beginning the newest 10,000 are kept, whosever they are', () => {
    const beginLate = (user: number) => [
      ...Array.from({ length: 12_000 }, (_, i): Step => ['b', 5, { u: `${i}` }]),
      ['a', 3, { u: `${user}` }] as const,
    ];
    deepEqual(held({ type: 'temporal_ordered', ...pair }, beginLate(11_999)), [5]);
    deepEqual(held({ type: 'temporal_ordered', ...pair }, beginLate(0)), []);
    // In time it is never too late.
    deepEqual(held({ type: 'temporal_ordered', ...pair }, [...beginLate(0), ['b', 6, { u: '0' }]]), [6]);
  });

  test('again only after starting afresh', () =>
    equal(held({ type: 'event_count', ...base, condition: { gte: 3 } }, many(6, 1)).length, 2));
});

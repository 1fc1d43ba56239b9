import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { type Observation, PARAMETERS, scoreOf } from './observation.ts';

const cases: readonly (readonly [
  what: string,
  observations: readonly (readonly [number, number])[],
  care: boolean,
  total: number,
  band: string,
])[] = [
  ['nothing', [], false, 0, 'routine'],
  ['nothing where care depends on it', [], true, 0, 'routine'],
  ['one point', [[0, 1]], false, 1, 'low'],
  [
    'four points of two parameters',
    [
      [0, 2],
      [1, 2],
    ],
    false,
    4,
    'low',
  ],
  ['a single three', [[5, 3]], false, 3, 'urgent'],
  [
    'five points',
    [
      [0, 2],
      [1, 2],
      [2, 1],
    ],
    false,
    5,
    'urgent',
  ],
  [
    'care tips four points over',
    [
      [0, 2],
      [1, 2],
    ],
    true,
    6,
    'urgent',
  ],
  [
    'seven points',
    [
      [0, 2],
      [1, 2],
      [2, 2],
      [3, 1],
    ],
    false,
    7,
    'emergency',
  ],
  [
    'the highest of a parameter counts, once',
    [
      [0, 1],
      [0, 2],
      [0, 1],
    ],
    false,
    2,
    'low',
  ],
  ['everything', [0, 1, 2, 3, 4, 5].map((i) => [i, 3] as const), true, 20, 'emergency'],
];
for (const [what, given, care, total, band] of cases) {
  test(`scores ${what}`, () => {
    const observations = given.map(
      ([parameter, points]): Observation => ({ parameter: PARAMETERS[parameter] ?? 'data', points }),
    );
    const score = scoreOf(observations, care);
    deepEqual([score.total, score.band], [total, band]);
    equal(
      Object.values(score.points).reduce((sum, points) => sum + points, 0) + score.careDepends,
      total,
      'the sum can be done by hand',
    );
  });
}

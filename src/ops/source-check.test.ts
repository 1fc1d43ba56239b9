/** What `doctor` says of sources: never well of one that nobody has heard. */
import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { type HeardSource, sourcesCheck } from './source-check.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 25, 3);
const source = (name: string, madeAgo: number, heardAgo: number | null): HeardSource => ({
  name,
  created_at: NOW - madeAgo,
  last_heard_at: heardAgo === null ? null : NOW - heardAgo,
});

for (const [title, sources, state, detail] of [
  ['nothing is registered', [], 'bad', 'none is registered: nothing is watched'],
  ['all are heard', [source('dc', 99 * HOUR, HOUR)], 'well', '1 of 1 was heard in the last 24 hours'],
  [
    'one is new and was never heard',
    [source('dc', 2 * HOUR, HOUR), source('firewall', 2 * HOUR, null)],
    'watch',
    '1 of 2 was heard in the last 24 hours; never heard: firewall',
  ],
  [
    'one was never heard, and is no longer new',
    [source('dc', 99 * HOUR, HOUR), source('firewall', 30 * HOUR, null)],
    'bad',
    '1 of 2 was heard in the last 24 hours; never heard: firewall',
  ],
  [
    'one fell silent beside a new one',
    [source('dc', 99 * HOUR, 25 * HOUR), source('vpn', HOUR, null)],
    'bad',
    '0 of 2 were heard in the last 24 hours; silent for too long: dc; never heard: vpn',
  ],
  [
    'one is silent for longer than it ever is',
    [{ ...source('dc', 99 * HOUR, 5 * HOUR), isSilent: true }],
    'bad',
    '0 of 1 were heard in the last 24 hours; silent for too long: dc',
  ],
  [
    'many were never heard',
    Array.from({ length: 8 }, (_, at) => source(`s${at}`, HOUR, null)),
    'watch',
    '0 of 8 were heard in the last 24 hours; never heard: s0, s1, s2, s3, s4, s5 and 2 more',
  ],
] as const) {
  test(`sources, when ${title}: ${state}`, () => {
    const check = sourcesCheck(sources, NOW);
    deepEqual([check.state, check.detail, check.mend === ''], [state, detail, state === 'well']);
  });
}

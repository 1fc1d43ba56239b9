import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../core/finding.ts';
import type { Level } from '../core/level.ts';
import { chaptersOf, stepsOf } from './story.ts';
import { spanOf } from './wording.ts';

function finding(ruleId: string, level: Level, record: number, author = 'Wardwatch'): Finding {
  const at = `2026-11-02T09:49:0${record}.000Z`;
  const source = { path: 'a.evtx', record };
  return {
    schema: 'wardwatch.finding/1',
    kind: 'rule',
    id: `fnd_${ruleId}${record}`,
    ruleId,
    title: ruleId,
    level,
    techniques: [],
    at,
    source,
    entities: { host: 'DC1' },
    matched: {},
    plain: `${ruleId} says`,
    innocent: '',
    next: [],
    evidence: [{ ...source, at }],
    author,
  };
}

test('rules that found the same in the same events share a line: our words, the highest level', () => {
  const [chapter] = chaptersOf([
    finding('theirs', 'high', 1, 'A. Author'),
    finding('ours', 'low', 1),
    finding('third', 'medium', 1, 'B. Author'),
    finding('elsewhere', 'medium', 2),
  ]);
  deepEqual(
    chapter?.threads.map(({ level, first, others }) => [level, first.ruleId, others.map(({ ruleId }) => ruleId)]),
    [
      ['high', 'ours', ['theirs', 'third']],
      ['medium', 'elsewhere', []],
    ],
  );
  equal(chapter?.findings, 4);
  equal(chapter?.worst, 'high');
});

test('rules that share only some events have lines of their own', () => {
  const [chapter] = chaptersOf([finding('a', 'high', 1), finding('b', 'high', 1), finding('b', 'high', 2)]);
  equal(chapter?.threads.length, 2);
});

const spans: readonly (readonly [string | null, string | null, string])[] = [
  [null, null, 'at an unknown time'],
  ['2026-11-02T09:49:00.100Z', '2026-11-02T09:49:00.900Z', '2 November 2026, 9:49:00am'],
  ['2026-11-02T09:49:00Z', '2026-11-02T10:00:00Z', '2 November 2026, 9:49:00am to 10:00:00am'],
  ['2026-11-02T09:49:00Z', '2026-11-12T10:00:00Z', '2 November 2026, 9:49:00am to 12 November 2026, 10:00:00am'],
];
for (const [first, last, said] of spans)
  test(`says a span as ${said}`, () => equal(spanOf(first, last, 'Europe/London'), said));

test('what is to be done is said once, in the words of the most serious finding', () => {
  const next = (ruleId: string, level: Level, ...steps: string[]) => ({ ...finding(ruleId, level, 1), next: steps });
  deepEqual(
    stepsOf([
      next('a', 'medium', 'Unplug DC1 from the network.', 'Ask who did it.'),
      next('b', 'critical', 'Unplug DC1 from the network now, but leave it switched on.'),
    ]),
    ['Unplug DC1 from the network now, but leave it switched on.', 'Ask who did it.'],
  );
});

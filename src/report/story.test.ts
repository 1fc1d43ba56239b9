import { deepEqual, doesNotMatch, equal, match } from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { Finding } from '../core/finding.ts';
import type { Level } from '../core/level.ts';
import { chaptersOf } from './chapters.ts';
import { tasksOf } from './tasks.ts';
import { readPlaceholders } from '../cli/site.ts';
import { loadRules } from '../detect/sigma/index.ts';
import type { ScanResult } from '../scan/scan.ts';
import { story, verdictOf } from './story.ts';
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
    observation: { parameter: 'defences', points: 1 },
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

const onHost = (ruleId: string, level: Level, host: string, ...next: string[]): Finding => ({
  ...finding(ruleId, level, 1),
  source: { path: `${ruleId}.evtx`, record: 1 },
  entities: { host },
  next,
});

test('what is to be done is said once, in the words of the most serious finding, with why and where', () => {
  deepEqual(
    tasksOf([
      onHost('a', 'medium', 'DC1', 'Unplug DC1 from the network.', 'Ask who did it.'),
      onHost('b', 'critical', 'DC1', 'Unless care depends on it, unplug DC1 from the network now.'),
      onHost('b', 'critical', 'PC7', 'Unless care depends on it, unplug PC7 from the network now.'),
      onHost('c', 'low', 'PC7', 'Look at it some day.'),
    ]),
    {
      tasks: [
        {
          why: 'b',
          machines: ['DC1', 'PC7'],
          steps: ['Unless care depends on it, unplug DC1 from the network now.'],
        },
        { why: 'a', machines: ['DC1'], steps: ['Ask who did it.'] },
      ],
      left: 0,
    },
  );
});

test('a machine that goes by its short and its full name is unplugged once', () => {
  const { tasks } = tasksOf([
    onHost('a', 'critical', 'PC7.rx1.local', 'Unplug PC7.rx1.local from the network.'),
    onHost('b', 'high', 'pc7', 'Unplug pc7 from the network.', 'Ask who did it.'),
  ]);
  deepEqual(
    tasks.map(({ steps }) => steps),
    [['Unplug PC7.rx1.local from the network.'], ['Ask who did it.']],
  );
});

test('kinds of finding whose steps have no room are counted', () => {
  const many = Array.from({ length: 9 }, (_, i) =>
    onHost(`r${i}`, 'high', 'DC1', `${i} first step`, `${i} second step`),
  );
  const { tasks, left } = tasksOf(many);
  deepEqual([tasks.length, left], [6, 3]);
});

test('of rules of ours that share events, the graver one tells them', () => {
  const [chapter] = chaptersOf([finding('disguised', 'medium', 1), finding('web shell', 'high', 1)]);
  deepEqual(
    chapter?.threads.map(({ level, first, others }) => [level, first.ruleId, others.map(({ ruleId }) => ruleId)]),
    [['high', 'web shell', ['disguised']]],
  );
});

const by = (record: number, account: string | undefined, plain = 'Someone did it.'): Finding => ({
  ...finding('r', 'high', record),
  entities: { host: 'DC1', ...(account === undefined ? {} : { account }) },
  plain,
});

test('the same found of several accounts is one line that names the people, not services and machines', () => {
  const [chapter] = chaptersOf([
    by(1, 'RX1\\jsmith'),
    by(1, 'RX1\\DC1$'),
    by(2, 'rx1\\JSmith'),
    by(3, 'NT AUTHORITY\\SYSTEM'),
    by(4, undefined),
  ]);
  deepEqual(
    chapter?.threads.map(({ events, accounts }) => [events, accounts]),
    [[4, ['RX1\\jsmith']]],
  );
  deepEqual(chapter?.accounts, ['RX1\\jsmith']);
});

test('rules of others that say the same are one line, whatever each of them saw', () => {
  const theirs = (ruleId: string, level: Level, record: number) => ({
    ...finding(ruleId, level, record, 'A. Author'),
    plain: 'Signs that a suspicious command was run (PowerShell).',
  });
  const [chapter] = chaptersOf([theirs('a', 'medium', 2), theirs('b', 'high', 1), theirs('a', 'medium', 1)]);
  deepEqual(
    chapter?.threads.map(({ level, events, first, others }) => [level, events, first.ruleId, others.length]),
    [['high', 2, 'b', 1]],
  );
});

test('of a rule that joins events, all that it joined are counted, each once', () => {
  const places = (...records: number[]) => records.map((record) => ({ path: 'a.evtx', record, at: null }));
  const joint = (record: number, ...records: number[]): Finding => ({
    ...finding('guessed', 'medium', record),
    evidence: [{ path: 'a.evtx', record, at: null }, ...places(...records)],
  });
  const [chapter] = chaptersOf([joint(3, 1, 2), joint(5, 3, 4)]);
  deepEqual(
    chapter?.threads.map(({ hits, events }) => [hits, events]),
    [[2, 5]],
  );
});

test('where the sentence names the account, each account has a line', () => {
  const [chapter] = chaptersOf([by(1, 'RX1\\a', 'RX1\\a did it.'), by(2, 'RX1\\b', 'RX1\\b did it.')]);
  equal(chapter?.threads.length, 2);
});

const named: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['short and full name are one machine', ['dc1', 'DC1.rx1.local'], ['DC1.rx1.local']],
  [
    'a short name of two machines is neither',
    ['pc1', 'PC1.a.local', 'PC1.b.local'],
    ['PC1.a.local', 'PC1.b.local', 'pc1'],
  ],
];
for (const [what, hosts, machines] of named)
  test(what, () =>
    deepEqual(
      chaptersOf(hosts.map((host) => onHost('r', 'high', host))).map(({ host }) => host),
      machines,
    ),
  );

const empty: ScanResult = {
  findings: [],
  logs: [],
  setAside: [],
  setAsideInAll: 0,
  rules: loadRules([path.join(import.meta.dirname, '..', '..', 'rules')], {
    placeholders: readPlaceholders(null),
    includeDeprecated: false,
    cacheFolder: null,
  }),
  couldFire: new Set(),
  arrived: new Map(),
  correlationGroupsForgotten: 0,
  elapsedMs: 1,
};
const log = { path: '/logs/a.json', format: 'json', events: 1, bytes: 9, earliest: null, latest: null };
const oneLog = { ...empty, logs: [{ ...log, withoutTime: 1, zoneAssumed: 0, clockUnset: 0 }] };
const aside = { path: '/logs/a.png', record: null, offset: 0, reason: 'unknown', detail: 'no format' };
const verdicts: readonly (readonly [string, ScanResult, Level, RegExp])[] = [
  ['nothing named holds a file', empty, 'low', /^NOTHING WAS READ: there is no file/],
  ['nothing could be read', { ...empty, setAside: [aside], setAsideInAll: 1 }, 'low', /^NOTHING COULD BE READ/],
  ['no rule looks at what arrived', oneLog, 'low', /^NOTHING COULD BE JUDGED: none of the \d+ rules .* 1 event\./],
  [
    'some rules could judge',
    { ...oneLog, couldFire: new Set([0, 1]) },
    'low',
    /^NOTHING SUSPICIOUS was found in 1 event\. Of \d+ rules, 2 could judge any of them/,
  ],
  [
    'some could not be read',
    { ...oneLog, couldFire: new Set([0]), setAside: [aside], setAsideInAll: 1 },
    'low',
    /^NOTHING SUSPICIOUS was found in 1 event, but 1 item could not be read, and this is no all-clear/,
  ],
  [
    'all that was found is below what was asked for',
    { ...oneLog, findings: [finding('r', 'high', 1)] },
    'critical',
    /^1 finding below the level that was asked for \(critical\), and none above it: this is not an all-clear/,
  ],
  [
    'what is found names no machine',
    { ...oneLog, findings: [{ ...finding('r', 'high', 1), entities: {} }] },
    'low',
    /^SIGNS OF AN ATTACK: 1 serious finding\.$/,
  ],
];
for (const [what, result, minLevel, said] of verdicts)
  test(`the verdict where ${what}`, () => match(verdictOf(result, minLevel), said));

test('an empty folder is not said to have been read whole', () => {
  doesNotMatch(story(empty, 'low', 'Europe/London'), /all of it could be read/);
});

test('a wiped log is said to be missing what came before', () => {
  const wiped = { ...finding('r', 'high', 1), techniques: ['T1070.001'] };
  match(
    story({ ...oneLog, findings: [wiped] }, 'low', 'UTC'),
    /On DC1 a log was wiped: what it recorded before 2 November 2026, 9:49:01am may be missing\./,
  );
});

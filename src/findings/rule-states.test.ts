import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { loadRuleTexts } from '../detect/sigma/index.ts';
import { couldFire, inGeneral, statesOf } from './rule-states.ts';

const OPTIONS = { placeholders: {}, includeDeprecated: false, cacheFolder: null };

function rule(name: string, product: string): string {
  return `title: ${name}\nid: ${uuid(name)}\nname: ${name}\nlevel: high\nauthor: A. Nyone\nlogsource: {product: ${product}, category: process_creation}\ndetection: {s: {Image: x}, condition: s}\n`;
}

function correlation(name: string, type: string, ...rules: readonly string[]): string {
  const condition = type === 'event_count' ? '  condition: {gte: 3}\n' : '';
  return `title: ${name}\nid: ${uuid(name)}\nname: ${name}\nlevel: low\ncorrelation:\n  type: ${type}\n  rules: [${rules.join(', ')}]\n  group-by: [Computer]\n  timespan: 5m\n${condition}`;
}

function uuid(name: string): string {
  return `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`;
}

function loaded(...texts: readonly string[]) {
  return loadRuleTexts(
    texts.map((text, index) => ({ path: `${index}.yml`, text })),
    OPTIONS,
  );
}

test('each document is there with its state: what it needs, or why it cannot run', () => {
  const states = statesOf(
    loaded(
      rule('win', 'windows'),
      rule('odd', 'no-such-product'),
      'title: Broken\nlogsource: {}\n',
      rule('win', 'windows'),
    ),
  );
  deepEqual(
    states.map(({ path, state, reason }) => [path, state, reason]),
    [
      ['0.yml', 'runs', null],
      ['1.yml', 'cannot-run', 'logsource-not-mapped'],
      ['2.yml', 'cannot-run', states[2]?.reason],
      ['3.yml', 'cannot-run', 'duplicate-id'],
    ],
  );
  equal(states[0]?.needs?.includes('Audit Process Creation'), true, states[0]?.needs ?? '');
  equal(states[0]?.author, 'A. Nyone');
});

test('a rule that only serves a correlation says so', () => {
  const states = statesOf(loaded(rule('a', 'windows'), correlation('many', 'event_count', 'a')));
  deepEqual(
    states.map(({ title, isSilent }) => [title, isSilent]),
    [
      ['a', true],
      ['many', false],
    ],
  );
});

test('a correlation can fire if enough of its rules can', () => {
  const all = loaded(
    rule('a', 'windows'),
    rule('b', 'linux'),
    correlation('count', 'event_count', 'a', 'b'),
    correlation('both', 'temporal', 'a', 'b'),
    correlation('above', 'event_count', 'both'),
  );
  const names = (indices: readonly number[]) =>
    [...couldFire(all, indices)].map(
      (id) => [...all.rules, ...all.correlations].find((each) => each.id === id)?.name ?? '',
    );
  deepEqual(names([]), []);
  deepEqual(names([0]), ['a', 'count']);
  deepEqual(names([0, 1]), ['a', 'b', 'count', 'both', 'above']);
});

test('a sentence of no machine in particular names none', () => {
  equal(inGeneral('{account} on {host} ran {Image} {count} times'), 'Somebody on a machine ran something many times');
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { loadRuleTexts } from '../detect/sigma/index.ts';
import type { StoredEvent } from '../store/archive/stored-event.ts';
import { LiveJudge } from './live-judge.ts';

const START = Date.parse('2026-11-25T09:00:00Z');
const SIGN_IN = {
  title: 'failed',
  id: 'failed',
  name: 'failed',
  level: 'low',
  logsource: { product: 'linux' },
  detection: { a: { m: 'failed' }, condition: 'a' },
};
const correlation = (id: string, condition: object) => ({
  title: id,
  id,
  level: 'high',
  correlation: { type: 'event_count', rules: ['failed'], 'group-by': ['user'], timespan: '5m', condition },
});

function judgeOf(...rules: readonly object[]): LiveJudge {
  const texts = rules.map((rule, i) => ({ path: `${i}.yml`, text: JSON.stringify(rule) }));
  return new LiveJudge(loadRuleTexts(texts, { placeholders: {}, includeDeprecated: false, cacheFolder: null }));
}

function event(number: number, seconds: number, fields: Readonly<Record<string, unknown>> = {}): StoredEvent {
  const at = START + seconds * 1000;
  return {
    id: `evt_${number}`,
    receivedAt: at,
    at,
    sourceId: 'src_1',
    product: 'linux',
    category: null,
    service: null,
    channel: null,
    eventId: null,
    host: 'h',
    account: 'kim',
    address: null,
    fields: { m: 'failed', user: 'kim', n: number, ...fields },
    text: null,
  };
}

test('a finding’s id is of the rule and what the event says, not of when it was kept', () => {
  const once = judgeOf(SIGN_IN).judge(event(1, 0), 's')[0];
  const again = judgeOf(SIGN_IN).judge({ ...event(1, 0), id: 'evt_other', receivedAt: START + 9 }, 's')[0];
  equal(again?.finding.id, once?.finding.id);
  const other = judgeOf(SIGN_IN).judge(event(2, 0), 's')[0];
  equal(other?.finding.id === once?.finding.id, false);
});

test('events are joined over their own times, and a rule that only serves a correlation is silent', () => {
  const judge = judgeOf(SIGN_IN, correlation('guessing', { gte: 3 }));
  const found = [1, 2, 3].flatMap((number) => [...judge.judge(event(number, number * 60), 's')]);
  deepEqual(
    found.map(({ finding }) => [finding.ruleId, finding.evidence.length]),
    [['guessing', 3]],
  );
});

test('a window that only time can close is closed by the clock', () => {
  const judge = judgeOf(SIGN_IN, correlation('few', { lt: 3 }));
  deepEqual(judge.judge(event(1, 0), 's'), []);
  deepEqual(judge.pass(START + 60_000), []);
  deepEqual(
    judge.pass(START + 10 * 60_000).map(({ finding }) => finding.ruleId),
    ['few'],
  );
  deepEqual(judge.pass(START + 20 * 60_000), []);
});

test('an event of a clock that stands in 1970 does not end the first day, in which everything is only learned', () => {
  const judge = judgeOf();
  const alert = (number: number, seconds: number) => ({
    ...event(number, seconds, { 'alert.name': `odd thing ${number}`, host: 'ws1' }),
    product: 'ids',
    category: 'alert',
  });
  deepEqual(judge.judge({ ...alert(1, 0), at: 0 }, 's'), []);
  deepEqual(judge.judge(alert(2, 60), 's'), []);
  equal(judge.judge(alert(3, 25 * 3600), 's').length, 1);
});

test('an event of a clock that is ahead does not blind a correlation to those that follow', () => {
  const judge = judgeOf(SIGN_IN, correlation('guessing', { gte: 3 }));
  const ahead = { ...event(1, 0), at: Date.parse('2099-01-01T00:00:00Z') };
  const found = [ahead, event(2, 10), event(3, 20), event(4, 30)].flatMap((each) => [...judge.judge(each, 's')]);
  deepEqual(
    found.map(({ finding }) => finding.ruleId),
    ['guessing'],
  );
});

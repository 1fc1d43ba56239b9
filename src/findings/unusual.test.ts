import { doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { isParameter } from '../core/observation.ts';
import type { BehaviourSignal } from '../detect/behaviour/behaviour.ts';
import { loadBehaviourWords, unusualFinding } from './unusual.ts';

const FACTS = {
  product: 'ids',
  name: 'Odd thing',
  subject: 's',
  amount: '3',
  hoursWith: '1',
  hoursWatched: '400',
  country: 'FR',
  address: '203.0.113.9',
  image: 'C:\\Temp\\a.exe',
  peers: '1 in 200',
  having: '0',
  usual: 'about 3 MB',
  to: '203.0.113.9',
  place: '203.0.113.0/24',
  port: ' (port 443)',
  every: '60 seconds',
  lasting: '5 hours',
  steps: 'logs were cleared; services were stopped',
};
const words = loadBehaviourWords();

for (const signal of Object.keys(words) as BehaviourSignal[]) {
  test(`${signal} says what is unusual, what it may be innocently, and what to do`, () => {
    const entities = { host: 'ws1', account: 'rx1\\kim', address: '203.0.113.9' };
    const unusual = {
      signal,
      hourKey: 'k',
      entities,
      facts: FACTS,
      techniques: [],
      surprise: 3.45678,
      perDay: 0.123456,
    };
    const place = { path: 'ids/evt_1', record: 1 };
    const finding = unusualFinding(unusual, place, Date.UTC(2026, 10, 2), words, {});
    for (const sentence of [finding.plain, finding.innocent, ...finding.next]) {
      ok(sentence.length > 20);
      doesNotMatch(sentence, /[{}]|does not (?:name|give|say)/);
    }
    ok(isParameter(words[signal].parameter) && finding.next.length <= 4);
    equal(finding.level, signal === 'ransomware-steps' ? 'high' : 'medium');
    equal(finding.rarity.perDay, 0.123);
    for (const technique of finding.techniques) match(technique, /^T\d{4}(?:\.\d{3})?$/);
    const weak = unusualFinding({ ...unusual, surprise: 1 }, place, 0, words, {});
    equal(`${weak.level} ${weak.observation.points}`, 'informational 0');
    equal(weak.id, finding.id);
  });
}

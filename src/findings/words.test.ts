import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Entities } from '../core/finding.ts';
import { loadBehaviourWords } from './unusual.ts';
import { fillIn, fillStep, loadTechniqueWords, wordsFor } from './words.ts';

const ASK = 'Ask {account}, by phone and not by mail, whether they did this.';
const RESET = 'Reset the password of {account} and sign them out everywhere.';
const steps: readonly (readonly [string, Entities, string])[] = [
  [ASK, { host: 'DC1', account: 'RX1\\jsmith' }, 'Ask RX1\\jsmith, by phone and not by mail, whether they did this.'],
  [ASK, { host: 'DC1' }, 'Ask whoever looks after DC1, by phone and not by mail, whether they did this.'],
  [
    ASK,
    { host: 'DC1', account: 'NT AUTHORITY\\SYSTEM' },
    'Ask whoever looks after DC1, by phone and not by mail, whether they did this.',
  ],
  [
    ASK,
    { host: 'PC7', account: 'RX1\\PC7$' },
    'Ask whoever looks after PC7, by phone and not by mail, whether they did this.',
  ],
  [ASK, {}, 'Ask whoever looks after this system, by phone and not by mail, whether they did this.'],
  [
    ASK,
    { host: 'epr1', account: 'root' },
    'Ask whoever looks after epr1, by phone and not by mail, whether they did this.',
  ],
  [
    'Ask the owner of {account} whether it was them.',
    { host: 'DC1', account: 'NT AUTHORITY\\SYSTEM' },
    'Ask whoever looks after DC1 whether it was them.',
  ],
  [RESET, { account: 'root' }, 'Reset the password of root and sign them out everywhere.'],
  [RESET, { account: 'LocalSystem' }, 'Reset the password of the account behind this and sign them out everywhere.'],
  [
    'Look at what {account} did on {host} since.',
    {},
    'Look at what the account behind this did on the machine concerned since.',
  ],
  ['Block {address} at the firewall.', {}, 'Block the address it came from at the firewall.'],
  [
    'If nobody knows {account}, close it.',
    { account: 'IIS APPPOOL\\web' },
    'If nobody knows the account behind this, close it.',
  ],
];
for (const [step, entities, said] of steps)
  test(`a step asks only people who can be asked: ${entities.account ?? 'nobody named'}, ${step}`, () =>
    equal(fillStep(step, entities, {}), said));

test('a sentence that begins with nobody in particular begins with a capital; a name is left as the log has it', () => {
  equal(fillIn('{account} wiped a log.', {}, {}), 'Somebody (the log does not say who) wiped a log.');
  equal(fillIn('{host} stopped.', { host: 'ward7-pc' }, {}), 'ward7-pc stopped.');
  // A name that reads backwards in part is not what it looks like: a sentence has none of the marks that do it.
  equal(fillIn('{host} ran {Image}.', { host: 'a\u202Eb' }, { Image: 'x\u202Egpj.exe\u0007' }), 'a b ran x gpj.exe.');
});

test('what a technique means is no more than a sign where a rule of others names it', () => {
  const table = loadTechniqueWords();
  const rule = { title: 'x', tags: ['attack.t1003.001'], words: {}, falsePositives: [], level: 'high' } as const;
  equal(
    wordsFor(rule, table).plain,
    'Signs that someone on {host} tried to take passwords out of the memory of Windows (LSASS).',
  );
  equal(wordsFor({ ...rule, words: { plain: 'It happened.' } }, table).plain, 'It happened.');
});

test('words for techniques and for what is unusual never say to unplug a machine without a word on the care that may depend on it', () => {
  deepEqual(
    [...Object.values(loadTechniqueWords()), ...Object.values(loadBehaviourWords())]
      .flatMap(({ next }) => next)
      .filter((step) => /unplug|off the network/i.test(step) && !/care|patient/.test(step)),
    [],
  );
});

test('what is critical by itself is looked at within the hour, whatever technique it names: it gives three points', () => {
  const table = loadTechniqueWords();
  const rule = { title: 'x', tags: ['attack.t1071.004'], words: {}, falsePositives: [] };
  equal(wordsFor({ ...rule, level: 'high' }, table).points < 3, true);
  equal(wordsFor({ ...rule, level: 'critical' }, table).points, 3);
  equal(wordsFor({ ...rule, tags: [], level: 'critical' }, table).points, 3);
  equal(wordsFor({ ...rule, level: 'critical', words: { points: 2 } }, table).points, 2, 'its author knows better');
});

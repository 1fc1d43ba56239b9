import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../random.ts';
import { Repeats } from './repeats.ts';
import { Tail } from './tail.ts';

const SIZE = 20_000;

function exponential(seed: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: SIZE }, () => random.exponential(1));
}

test('a tail gives back the rates of what it was learned from, and goes on beyond it', () => {
  const tail = new Tail(exponential(1), SIZE);
  for (const score of [1, 3, 5, 7, 9, 12])
    ok(Math.abs(tail.logRate(score) + score) < 0.25 * score, `${score}: ${tail.logRate(score)}`);
});

test('a tail never rises with the score', () => {
  const tail = new Tail(exponential(2), SIZE);
  let last = 0;
  for (let score = 0; score < 30; score += 0.05) {
    const rate = tail.logRate(score);
    ok(rate <= last + 1e-9, `at ${score}`);
    last = rate;
  }
});

test('a few days of misuse in the training time hardly move the tail', () => {
  const clean = new Tail(exponential(3), SIZE);
  const mixed = new Tail([...exponential(3), ...Array.from({ length: 10 }, (_, i) => 30 + i)], SIZE + 10);
  ok(Math.abs(mixed.logRate(12) - clean.logRate(12)) < 1.5);
});

test('with nothing to learn from, the bound of a likelihood ratio stands in', () => {
  ok(new Tail([], 0).logRate(5) === -5);
});

test('looking again without a reason counts more each time, and no more than its cap', () => {
  const repeats = new Repeats();
  let last = 0;
  for (const days of [1, 2, 4, 8, 100]) {
    const evidence = repeats.evidence(1, days, -3);
    ok(evidence >= last && evidence <= 10);
    last = evidence;
  }
});

test('somebody who goes back to many patients is less surprising than somebody who goes back to one', () => {
  const repeats = new Repeats();
  for (let i = 0; i < 30; i++) {
    repeats.learn(1, 0, -3);
    repeats.learn(1, 1, -3);
    repeats.learn(2, 0, -3);
  }
  repeats.learn(2, 1, -3);
  ok(repeats.evidence(1, 1, -3) < repeats.evidence(2, 1, -3));
});

import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { RoleTails } from './role-tails.ts';

const [NURSE, CODER, OTHER] = [0, 1, 2];

/** 100 nurses with 7 looks a day and 10 coders with as many, for 20 days; of each so many cases. */
function settled({ nurses, coders }: { nurses: number; coders: number }): RoleTails {
  const tails = new RoleTails();
  for (let day = 0; day < 20; day++) {
    for (let nurse = 0; nurse < 100; nurse++) tails.looked(nurse, NURSE, 7);
    for (let coder = 100; coder < 110; coder++) tails.looked(coder, CODER, 7);
  }
  const cases = (count: number, first: number, people: number) =>
    Array.from({ length: count }, (_, i) => first + (i % people));
  tails.settle([...cases(nurses, 0, 100), ...cases(coders, 100, 10)]);
  return tails;
}

test('a role that stands out more often, look for look, has to stand out by as much more', () => {
  const tails = settled({ nurses: 100, coders: 40 });
  const ratio = Math.exp(tails.logFactor(CODER) - tails.logFactor(NURSE));
  // 40 where 140 × 10 / 110 would be its share.
  ok(ratio > 2.8 && ratio < 3.2, String(ratio));
});

test('what is not asked about one role is asked about all, so that the budget is what it was', () => {
  const tails = settled({ nurses: 100, coders: 40 });
  const kept = 100 * Math.exp(-tails.logFactor(NURSE)) + 40 * Math.exp(-tails.logFactor(CODER));
  ok(Math.abs(kept - 140) < 2, String(kept));
});

test('roles that stand out alike are left alone, and so is one that stands out less, or that nobody has met', () => {
  for (const coders of [10, 2]) {
    const tails = settled({ nurses: 100, coders });
    // Two cases fewer than their share: nearly all are the nurses’ then.
    for (const role of [NURSE, CODER, OTHER]) ok(Math.abs(tails.logFactor(role)) < 0.1, `${coders} ${role}`);
  }
});

test('a few cases say nothing of a role, and none has to stand out by more than eight times as much', () => {
  const few = settled({ nurses: 20, coders: 20 });
  equal(few.logFactor(CODER), 0);
  const many = settled({ nurses: 10, coders: 2000 });
  ok(many.logFactor(CODER) - many.logFactor(NURSE) <= Math.log(8) + 1e-9);
  equal(new RoleTails().logFactor(CODER), 0);
});

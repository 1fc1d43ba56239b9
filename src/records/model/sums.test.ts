import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Names } from '../intern.ts';
import { Random } from '../random.ts';
import { DayMap, PairMap } from './pair-map.ts';
import { Sums } from './sums.ts';

/** Each of these tables must hold what a Map holds, while it grows, is cleared and forgets. */
test('the tables of the model hold what a Map holds', () => {
  const random = new Random(7);
  const sums = new Sums((size) => new Float64Array(size));
  const days = new DayMap();
  const pairs = new PairMap();
  const plain = { sums: new Map<number, number>(), days: new Map<number, number>(), pairs: new Map<number, number>() };
  for (let i = 0; i < 60_000; i++) {
    // Like user × 2^26 + patient: most bits lie high.
    const key = random.below(40) * 67_108_864 + random.below(900);
    if (random.chance(0.5)) {
      sums.add(key, i);
      plain.sums.set(key, (plain.sums.get(key) ?? 0) + i);
    } else {
      sums.set(key, i);
      plain.sums.set(key, i);
    }
    days.set(key, 1 + i);
    plain.days.set(key, 1 + i);
    pairs.set(pairs.make(key), i, i / 3);
    plain.pairs.set(key, i);
    if (i === 30_000) {
      sums.clear();
      plain.sums.clear();
      days.forgetBefore(20_000);
      for (const [old, day] of plain.days) if (day < 20_000) plain.days.delete(old);
      pairs.forgetBelow(20_000);
      for (const [old, day] of plain.pairs) if (day < 20_000) plain.pairs.delete(old);
    }
  }
  for (let user = 0; user < 41; user++)
    for (let patient = 0; patient < 901; patient++) {
      const key = user * 67_108_864 + patient;
      equal(sums.at(key), plain.sums.get(key) ?? 0);
      equal(days.at(key), plain.days.get(key) ?? 0);
      const slot = pairs.find(key);
      equal(slot < 0 ? undefined : pairs.whole(slot), plain.pairs.get(key));
      if (slot >= 0) equal(pairs.sum(slot), (plain.pairs.get(key) ?? 0) / 3);
    }
  equal(pairs.size, plain.pairs.size);
});

test('a name is one number, whatever letters it has, and is given back as it was', () => {
  const names = new Names();
  const texts = ['', 'pt_0', 'é', 'e\u0301', '李', 'x'.repeat(500), ' ', '\u0000', 'pt_0 '];
  for (let i = 0; i < 20_000; i++) texts.push(`p${(i * 7919) % 1_000_003}`, i % 100 === 0 ? `ü${i}` : `u${i}`);
  texts.forEach((text, i) => {
    equal(names.idOf(text), i, text);
    // Gives room back, and takes it again.
    if (i % 5000 === 4) names.trim();
  });
  equal(names.size, texts.length);
  texts.forEach((text, i) => {
    equal(names.idOf(text), i);
    equal(names.find(text), i);
    equal(names.textOf(i), text);
  });
  for (const text of ['p', 'nobody', 'ö', 'y'.repeat(500)]) equal(names.find(text), -1);
});

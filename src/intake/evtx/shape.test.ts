import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { templateOf } from './shape.ts';

test('templates have ids of their own, however many there are, and however large', () => {
  const ids = new Set<number>();
  const named = (name: string) => ids.add(templateOf([{ name, attributes: [], children: [] }]).id);
  for (let i = 0; i < 50_100; i++) named(`small${i}`);
  for (let i = 0; i < 30; i++) named(`${i}`.padEnd(1_000_000, 'x'));
  equal(ids.size, 50_130);
});

test('a template that was met before is the same', () => {
  const roots = [{ name: 'again', attributes: [], children: [] }];
  equal(templateOf(roots), templateOf(structuredClone(roots)));
});

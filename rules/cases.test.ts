import { equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { loadAll } from 'js-yaml';
import { SigmaEngine } from '../src/detect/sigma/index.ts';
import { casesOf, judge, loadOwnRules, ruleFiles, RULES } from './cases.ts';

const rules = loadOwnRules();
const engine = new SigmaEngine(rules.rules);

describe('every rule fires on its own cases and on none of its near misses', () => {
  for (const file of ruleFiles()) {
    // A correlation's file may hold its base rules too: the cases are those of the first document.
    const [first] = loadAll(readFileSync(path.join(RULES, file), 'utf8')) as [{ id: string }];
    const { fires, nearMisses } = casesOf(file);

    test(file.replace(/\.yml$/, ''), () => {
      fires.forEach((events, i) => ok(judge(rules, engine, events).has(first.id), `case ${i + 1} should fire`));
      nearMisses.forEach((events, i) => equal(judge(rules, engine, events).get(first.id), undefined, `near miss ${i + 1} should not fire`));
    });
  }
});

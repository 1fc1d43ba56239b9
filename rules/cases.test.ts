import { deepEqual, equal, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Fields, LogSource } from '../src/core/event.ts';
import { FieldsView } from '../src/core/fields-view.ts';
import { Correlator, loadRules, SigmaEngine } from '../src/detect/sigma/index.ts';
import { readPlaceholders } from '../src/cli/site.ts';

interface CaseEvent {
  readonly at: string;
  readonly logSource?: LogSource;
  readonly fields: Fields;
}

const FOLDER = import.meta.dirname;
const loaded = loadRules([FOLDER], {
  placeholders: readPlaceholders(null),
  includeDeprecated: false,
  cacheFolder: null,
});
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yml') && !name.endsWith('site-defaults.yml'))
  .sort();

/** The rule that a file is about: its correlation if it has one that nothing in the file builds on, else its rule. */
function subjectOf(file: string): string {
  const own = [...loaded.correlations, ...loaded.rules].filter((rule) => rule.path === file);
  const parts = new Set(own.flatMap((rule) => (rule.kind === 'correlation' ? rule.rules : [])));
  return own.find((rule) => rule.name === null || !parts.has(rule.name))?.id ?? '';
}

/** True if the rule (or correlation) fires on the events, with all our rules loaded. */
function fires(id: string, events: readonly CaseEvent[]): boolean {
  let fired = false;
  const engine = new SigmaEngine(loaded.rules);
  const correlator = new Correlator<number>(loaded.correlations, (match) => {
    if (match.rule.id === id) fired = true;
  });
  events.forEach((event, index) => {
    const at = Date.parse(event.at);
    const fields: Fields = Object.assign(Object.create(null) as Fields, event.fields);
    const view = new FieldsView().show({
      record: index + 1,
      at,
      atText: event.at,
      zoneAssumed: false,
      logSource: event.logSource ?? {},
      fields,
      text: null,
    });
    engine.judge(view, ({ rule, value }) => {
      if (rule.id === id) fired = true;
      const needs = correlator.fieldsNeeded(rule.id, rule.name);
      if (needs === null) return;
      const values = Object.fromEntries(
        needs.flatMap((name) => {
          const text = value(name);
          return text === null ? [] : [[name, text]];
        }),
      );
      correlator.push({ ruleId: rule.id, ruleName: rule.name, at, event: index, fields: values, reference: index });
    });
  });
  correlator.end();
  return fired;
}

describe('our rules', () => {
  test('all load', () => deepEqual(loaded.problems, []));

  test('are at least 80 on single events and 20 correlations', () => {
    const parts = new Set(loaded.correlations.flatMap((rule) => rule.rules));
    ok(loaded.rules.filter(({ id }) => !parts.has(id)).length >= 80);
    ok(loaded.correlations.length >= 20);
  });

  test('each say what it means, what it could be innocently, and at most four steps', () => {
    for (const { path: file, words, title, description } of [...loaded.rules, ...loaded.correlations]) {
      ok((words.plain ?? '').length > 10 && (words.plain ?? '').length <= 200, `${file}: plain`);
      ok((words.innocent ?? '').length > 10, `${file}: innocent`);
      ok((words.next ?? []).length >= 1 && (words.next ?? []).length <= 4, `${file}: next`);
      ok(
        ['sign-in', 'discovery-and-credentials', 'movement', 'defences', 'data', 'impact'].includes(
          words.parameter ?? '',
        ),
        `${file}: parameter`,
      );
      ok((words.points ?? -1) >= 0 && (words.points ?? 9) <= 3, `${file}: points`);
      ok(title !== '' && description !== '', file);
    }
  });

  test('never say to unplug a machine without a word on the care that may depend on it', () => {
    const rash = [...loaded.rules, ...loaded.correlations].flatMap(({ path: file, words }) =>
      (words.next ?? [])
        .filter((step) => /unplug|off the network/i.test(step) && !/care|patient/.test(step))
        .map((step) => `${path.basename(file)}: ${step}`),
    );
    deepEqual(rash, []);
  });

  test('give steps that can be read alone, in a list with those of other findings', () => {
    const dangling = /^(?:switch|put|start|set|close|take|delete|remove|unplug) (?:it|them)\b|^look at the file it /i;
    const unclear = [...loaded.rules, ...loaded.correlations].flatMap(({ path: file, words }) =>
      (words.next ?? []).filter((step) => dangling.test(step)).map((step) => `${path.basename(file)}: ${step}`),
    );
    deepEqual(unclear, []);
  });

  for (const name of files) {
    const file = path.join(FOLDER, name);
    test(`${name} fires on its cases and on none of its near misses`, () => {
      const cases = JSON.parse(readFileSync(file.replace(/\.yml$/, '.cases.json'), 'utf8')) as {
        fires: CaseEvent[][];
        nearMisses: CaseEvent[][];
      };
      const id = subjectOf(file);
      ok(id !== '' && cases.fires.length > 0 && cases.nearMisses.length > 0);
      cases.fires.forEach((events, i) => equal(fires(id, events), true, `case ${i + 1} does not fire`));
      cases.nearMisses.forEach((events, i) => equal(fires(id, events), false, `near miss ${i + 1} fires`));
    });
  }
});

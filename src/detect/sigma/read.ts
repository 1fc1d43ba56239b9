import { createHash } from 'node:crypto';
import { CORE_SCHEMA, defineScalarTag, intCoreTag, loadAll } from 'js-yaml';
import type { LogSource } from '../../core/event.ts';
import { isLevel } from '../../core/level.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { join, readCondition } from './condition.ts';
import { readCorrelation } from './correlation-read.ts';
import { type Doc, isDoc, type RuleHead, textOf, textsOf } from './doc.ts';
import { type Placeholders, type RawValue, readItem } from './item.ts';
import type { Condition, PlainWords, Rule, RuleProblem } from './rule.ts';

/** A file longer than this is no rule: the longest of SigmaHQ has 60 kB. */
const MAX_RULE_TEXT = 1024 * 1024;
const MAX_TESTS = 20_000;
const MAX_NESTING = 20;

/**
 * Reads the Sigma documents of one file. Never throws on what the text holds: a document that is not a rule we can
 * run becomes a problem with its reason, and the others are still read.
 */
export function readRules(
  text: string,
  path: string,
  placeholders: Placeholders,
): { rules: Rule[]; problems: RuleProblem[]; warnings: string[] } {
  const rules: Rule[] = [];
  const problems: RuleProblem[] = [];
  const warnings: string[] = [];
  const docs = readYaml(text);
  if (!docs.ok) {
    problems.push({ path, id: null, title: null, reason: 'not-yaml', detail: docs.error });
    return { rules, problems, warnings };
  }
  let global: Doc = {};
  let previous: Doc = {};
  for (const doc of docs.value) {
    if (doc === null || doc === undefined) continue;
    if (!isDoc(doc)) {
      problems.push({ path, id: null, title: null, reason: 'not-a-rule', detail: 'the document is not a mapping' });
      continue;
    }
    // Actions are Sigma 1's way to share what the documents of a file have in common.
    if (doc['action'] === 'global') {
      global = { ...doc };
      continue;
    }
    if (doc['action'] === 'reset') {
      global = {};
      continue;
    }
    const whole: Doc = doc['action'] === 'repeat' ? merge(previous, doc) : { ...global, ...doc };
    previous = whole;
    const read = readRule(whole, path, placeholders);
    const level = textOf(whole['level']);
    if (read.ok && level !== null && !isLevel(level.toLowerCase()))
      warnings.push(`${path}: “${level}” is no level; the rule counts as medium`);
    if (read.ok) rules.push(read.value);
    else problems.push({ path, id: textOf(whole['id']), title: textOf(whole['title']), ...read.error });
  }
  return { rules, problems, warnings };
}

/** The former document with this one's values over it, mapping by mapping; as deep as rules go, for anchors can lead in circles. */
function merge(base: Doc, over: Doc, depth = 0): Doc {
  if (depth > MAX_NESTING) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isDoc(before) && isDoc(value) ? merge(before, value, depth + 1) : value;
  }
  return merged;
}

/** A whole number that a number cannot hold stays as it was written: an id, a hash in hex. */
const exactInt = defineScalarTag(intCoreTag.tagName, {
  identify: intCoreTag.identify,
  implicit: true,
  implicitFirstChars: Array.from('+-0123456789'),
  resolve: (source, isExplicit, tagName) => {
    const value = intCoreTag.resolve(source, isExplicit, tagName);
    return typeof value === 'number' && !Number.isSafeInteger(value) ? source : value;
  },
});
const YAML = CORE_SCHEMA.withTags(exactInt);

function readYaml(text: string): Result<unknown[], string> {
  if (text.length > MAX_RULE_TEXT) return fail('the file is longer than 1 MiB');
  try {
    const docs: unknown = loadAll(text, { schema: YAML });
    return ok(Array.isArray(docs) ? docs : [docs]);
  } catch (error) {
    // The parser's message shows the offending line of the rule file: rules hold no patient data.
    return fail(error instanceof Error ? (error.message.split('\n')[0] ?? 'not YAML') : 'not YAML');
  }
}

type Refused = { readonly reason: string; readonly detail: string };

function readRule(doc: Doc, path: string, placeholders: Placeholders): Result<Rule, Refused> {
  const head = readHead(doc, path);
  if (doc['correlation'] !== undefined) return readCorrelation(doc, head);
  if (doc['filter'] !== undefined) return readFilter(doc, head, placeholders);
  if (!isDoc(doc['detection'])) return fail({ reason: 'no-detection', detail: 'the rule has no “detection” section' });
  if (!isDoc(doc['logsource'])) return fail({ reason: 'no-logsource', detail: 'the rule has no “logsource” section' });
  const condition = readDetection(doc['detection'], placeholders);
  if (!condition.ok) return condition;
  return ok({ kind: 'rule', ...head, logSource: readLogSource(doc['logsource']), condition: condition.value });
}

function readFilter(doc: Doc, head: RuleHead, placeholders: Placeholders): Result<Rule, Refused> {
  const filter = doc['filter'];
  if (!isDoc(filter)) return fail({ reason: 'bad-filter', detail: 'the “filter” section is not a mapping' });
  const { rules, ...detection } = filter;
  const condition = readDetection(detection, placeholders);
  if (!condition.ok) return condition;
  const everyRule = rules === undefined || rules === 'any';
  return ok({
    kind: 'filter',
    title: head.title,
    path: head.path,
    logSource: isDoc(doc['logsource']) ? readLogSource(doc['logsource']) : {},
    rules: everyRule ? null : textsOf(rules),
    condition: condition.value,
  });
}

function readHead(doc: Doc, path: string): RuleHead {
  const title = textOf(doc['title']) ?? path;
  const level = textOf(doc['level'])?.toLowerCase() ?? 'medium';
  return {
    // A rule without an id still needs one that stays the same between runs.
    id:
      textOf(doc['id']) ??
      textOf(doc['name']) ??
      `no-id-${createHash('sha256').update(`${path}\0${title}`).digest('hex').slice(0, 12)}`,
    name: textOf(doc['name']),
    title,
    status: textOf(doc['status'])?.toLowerCase() ?? '',
    level: isLevel(level) ? level : 'medium',
    description: textOf(doc['description']) ?? '',
    author: textOf(doc['author']) ?? '',
    tags: textsOf(doc['tags']).map((tag) => tag.toLowerCase()),
    falsePositives: textsOf(doc['falsepositives']),
    words: isDoc(doc['wardwatch']) ? readWords(doc['wardwatch']) : {},
    path,
  };
}

function readWords(doc: Doc): PlainWords {
  const plain = textOf(doc['plain']);
  const innocent = textOf(doc['innocent']);
  const parameter = textOf(doc['parameter']);
  const points = doc['points'];
  return {
    ...(plain === null ? {} : { plain }),
    ...(innocent === null ? {} : { innocent }),
    ...(doc['next'] === undefined ? {} : { next: textsOf(doc['next']) }),
    ...(parameter === null ? {} : { parameter }),
    ...(typeof points === 'number' ? { points } : {}),
  };
}

export function readLogSource(doc: Doc): LogSource {
  const part = (key: 'product' | 'category' | 'service') => {
    const text = textOf(doc[key])?.toLowerCase();
    return text === undefined || text === '' ? {} : { [key]: text };
  };
  return { ...part('product'), ...part('category'), ...part('service') };
}

/** The `detection` section as one condition, with the selections written into it. */
function readDetection(doc: Doc, placeholders: Placeholders): Result<Condition, Refused> {
  const selections = new Map<string, Condition>();
  const budget = { tests: MAX_TESTS };
  for (const [name, value] of Object.entries(doc)) {
    if (name === 'condition' || name === 'timeframe') continue;
    const selection = readSelection(value, placeholders, budget, 0);
    if (!selection.ok) return fail({ reason: reasonOf(selection.error), detail: `in “${name}”: ${selection.error}` });
    selections.set(name, selection.value);
  }
  const texts = textsOf(doc['condition']);
  if (texts.length === 0) return fail({ reason: 'no-condition', detail: 'the rule has no condition' });
  const conditions: Condition[] = [];
  for (const text of texts) {
    const condition = readCondition(text, selections);
    if (!condition.ok) return fail({ reason: reasonOf(condition.error), detail: condition.error });
    conditions.push(condition.value);
  }
  return ok(join('or', conditions));
}

/** The countable word for a refusal's sentence. */
function reasonOf(detail: string): string {
  if (detail.includes('regular expression')) return 'regex-refused';
  if (detail.includes('modifier')) return 'bad-modifier';
  if (detail.includes('placeholder')) return 'placeholder-unknown';
  if (detail.includes('aggregation')) return 'legacy-aggregation';
  return 'bad-detection';
}

function readSelection(
  value: unknown,
  placeholders: Placeholders,
  budget: { tests: number },
  depth: number,
): Result<Condition, string> {
  if (depth > MAX_NESTING) return fail('the selection is nested too deep');
  if (isDoc(value)) return readMap(value, placeholders, budget);
  if (!Array.isArray(value)) return itemCondition('', [value], placeholders, budget);
  const list: readonly unknown[] = value;
  if (list.length === 0) return fail('the selection is empty');
  // A list of words is one keyword search; a list of maps is either of them.
  if (list.every((entry) => !isDoc(entry) && !Array.isArray(entry)))
    return itemCondition('', list, placeholders, budget);
  const of: Condition[] = [];
  for (const entry of list) {
    const read = readSelection(entry, placeholders, budget, depth + 1);
    if (!read.ok) return read;
    of.push(read.value);
  }
  return ok(join('or', of));
}

function readMap(doc: Doc, placeholders: Placeholders, budget: { tests: number }): Result<Condition, string> {
  const of: Condition[] = [];
  for (const [key, value] of Object.entries(doc)) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const read = itemCondition(key, values, placeholders, budget);
    if (!read.ok) return read;
    of.push(read.value);
  }
  return of.length === 0 ? fail('the selection is empty') : ok(join('and', of));
}

function itemCondition(
  key: string,
  values: readonly unknown[],
  placeholders: Placeholders,
  budget: { tests: number },
): Result<Condition, string> {
  if (values.length === 0) return fail(`“${key}” has an empty list of values`);
  budget.tests -= values.length;
  if (budget.tests < 0) return fail('the rule has more than 20,000 values');
  const raw: RawValue[] = [];
  for (const value of values) {
    if (value instanceof Date) raw.push(value.toISOString());
    else if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      raw.push(value);
    else return fail(`“${key}” has a value that is neither text, number, true, false nor null`);
  }
  const items = readItem(key, raw, placeholders);
  if (!items.ok) return items;
  const of = items.value.map((item): Condition => ({ op: 'item', item }));
  return ok(join('and', of));
}

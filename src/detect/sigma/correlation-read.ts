import { fail, ok, type Result } from '../../core/result.ts';
import { MAX_SIGHTINGS } from './correlation-part.ts';
import { type Doc, isDoc, type RuleHead, textOf, textsOf } from './doc.ts';
import type { CorrelationCondition, CorrelationRule, CorrelationType, NumberOperator, RuleExpression } from './rule.ts';

const TYPES: readonly string[] = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
];
const OPERATORS: readonly string[] = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'];
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_592_000_000,
  y: 31_536_000_000,
};

type Refused = { readonly reason: string; readonly detail: string };

/** Reads a `correlation` document. Source: Sigma 2.1, “Correlation rules”; SEP 198 for the boolean condition. */
export function readCorrelation(doc: Doc, head: RuleHead): Result<CorrelationRule, Refused> {
  const section = doc['correlation'];
  if (!isDoc(section)) return bad('the “correlation” section is not a mapping');
  const type = textOf(section['type']) ?? '';
  if (!TYPES.includes(type)) return bad(`the correlation type “${type}” is not one of Sigma 2.1`);
  const rules = textsOf(section['rules']);
  if (rules.length === 0) return bad('the correlation names no rules');
  const timespanMs = readTimespan(section['timespan'] ?? section['timeframe']);
  if (timespanMs === null) return bad('the timespan is not a number with s, m, h, d, w, M or y');

  const condition = readCorrelationCondition(section['condition'], type);
  if (!condition.ok) return bad(condition.error);
  const unmet = cannotBeMet(condition.value, type, rules);
  if (unmet !== null) return bad(unmet);
  const conditionDoc = isDoc(section['condition']) ? section['condition'] : {};
  const valueFields = textsOf(conditionDoc['field'] ?? section['field']);
  if (type.startsWith('value_') && valueFields.length === 0) return bad(`${type} needs the field to look at`);
  if (type !== 'value_count' && valueFields.length > 1) return bad(`${type} takes one field`);
  const percentile =
    type === 'value_median' ? 50 : Number(conditionDoc['percentile'] ?? section['percentile'] ?? Number.NaN);
  if (type === 'value_percentile' && !(percentile >= 0 && percentile <= 100))
    return bad('value_percentile needs a percentile from 0 to 100');
  const aliases = readAliases(section['aliases']);
  if (aliases === null) return bad('the aliases are not a mapping of alias → rule → field');

  return ok({
    kind: 'correlation',
    ...head,
    // The type was found in the list.
    type: type as CorrelationType,
    rules,
    groupBy: textsOf(section['group-by']),
    timespanMs,
    aliases,
    condition: condition.value,
    valueFields,
    percentile: Number.isFinite(percentile) ? percentile : 50,
    generate: section['generate'] === true || doc['generate'] === true,
  });
}

/** Why the condition is not one that can be judged, or `null`. */
function cannotBeMet(condition: CorrelationCondition, type: string, rules: readonly string[]): string | null {
  if (type === 'temporal_ordered' && !isAllOf(condition, rules))
    return 'temporal_ordered waits for all of its rules in their order: leave the condition out, or use temporal';
  const isCount = type === 'event_count' || type === 'value_count';
  if (!isCount || condition.kind !== 'bounds') return null;
  const isBeyond = condition.bounds.some(
    ({ operator, number }) =>
      (operator === 'gt' && number >= MAX_SIGHTINGS) ||
      ((operator === 'gte' || operator === 'eq') && number > MAX_SIGHTINGS),
  );
  return isBeyond ? 'counts are kept up to 100,000: the condition asks for more' : null;
}

/** True if it wants each of the rules, however it says so. */
function isAllOf(condition: CorrelationCondition, rules: readonly string[]): boolean {
  if (condition.kind === 'bounds')
    return condition.bounds.every(
      ({ operator, number }) =>
        ((operator === 'gte' || operator === 'eq') && number === rules.length) ||
        (operator === 'gt' && number === rules.length - 1),
    );
  const { expression } = condition;
  const parts = expression.op === 'and' ? expression.of : [expression];
  const named = new Set(parts.map((part) => (part.op === 'rule' ? part.rule : null)));
  return !named.has(null) && rules.every((rule) => named.has(rule)) && named.size === new Set(rules).size;
}

function bad(detail: string): Result<never, Refused> {
  return fail({ reason: 'bad-correlation', detail });
}

function readTimespan(value: unknown): number | null {
  const parts = /^(\d{1,9})\s*([smhdwMy])$/.exec(textOf(value) ?? '');
  const unit = UNIT_MS[parts?.[2] ?? ''];
  const count = Number(parts?.[1]);
  return unit === undefined || count === 0 ? null : count * unit;
}

/** Alias → rule → field, or `null` if it is not that. */
function readAliases(value: unknown): Record<string, Record<string, string>> | null {
  const aliases: Record<string, Record<string, string>> = Object.create(null) as Record<string, Record<string, string>>;
  if (value === undefined) return aliases;
  if (!isDoc(value)) return null;
  for (const [alias, perRule] of Object.entries(value)) {
    if (!isDoc(perRule)) return null;
    const fields: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const [rule, field] of Object.entries(perRule)) {
      const text = textOf(field);
      if (text === null) return null;
      fields[rule] = text;
    }
    aliases[alias] = fields;
  }
  return aliases;
}

function readCorrelationCondition(value: unknown, type: string): Result<CorrelationCondition, string> {
  const isTemporal = type.startsWith('temporal');
  if (value === undefined) {
    // Without a condition a temporal correlation wants every rule once; a count without a number means nothing.
    return isTemporal ? ok({ kind: 'bounds', bounds: [] }) : fail(`${type} needs a condition such as “gte: 10”`);
  }
  if (typeof value === 'string') {
    return isTemporal ? readExpression(value) : fail('a condition over rule names belongs to a temporal correlation');
  }
  if (!isDoc(value)) return fail('the condition is neither a mapping nor a sentence over rule names');
  const bounds: { operator: NumberOperator; number: number }[] = [];
  for (const [key, bound] of Object.entries(value)) {
    if (key === 'field' || key === 'percentile') continue;
    const number = Number(bound);
    if (!OPERATORS.includes(key) || bound === null || !Number.isFinite(number))
      return fail(`“${key}” is not a bound such as “gte: 10”`);
    bounds.push({ operator: key as NumberOperator, number });
  }
  return bounds.length > 0 || isTemporal
    ? ok({ kind: 'bounds', bounds })
    : fail('the condition has no bound such as “gte: 10”');
}

/** `a and b and not c`: the same grammar as a detection's condition, over rule names. */
function readExpression(text: string): Result<CorrelationCondition, string> {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  let depth = 0;
  const take = (word: string) => (tokens[at]?.toLowerCase() === word ? (at++, true) : false);
  const or = (): RuleExpression | string => chain('or', and);
  const and = (): RuleExpression | string => chain('and', not);
  const chain = (op: 'and' | 'or', part: () => RuleExpression | string): RuleExpression | string => {
    const of: RuleExpression[] = [];
    do {
      const read = part();
      if (typeof read === 'string') return read;
      of.push(read);
    } while (take(op));
    const [only] = of;
    return of.length === 1 && only !== undefined ? only : { op, of };
  };
  const not = (): RuleExpression | string => {
    if (++depth > 100) return 'the condition is nested too deep';
    if (!take('not')) return primary();
    const of = not();
    return typeof of === 'string' ? of : { op: 'not', of };
  };
  const primary = (): RuleExpression | string => {
    if (take('(')) {
      const inner = or();
      return take(')') ? inner : 'a bracket in the condition does not close';
    }
    const rule = tokens[at++];
    return rule === undefined || rule === ')' ? 'the condition ends too early' : { op: 'rule', rule };
  };
  const expression = or();
  if (typeof expression === 'string') return fail(expression);
  if (at < tokens.length) return fail(`“${tokens[at] ?? ''}” was not expected in the condition`);
  return ok({ kind: 'rules', expression });
}

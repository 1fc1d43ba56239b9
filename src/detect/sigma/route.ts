/**
 * A route: all events of one channel and event id (or of one declared log source), with the rules that could fire on
 * them. What the event id settles is settled when the route is built, so that most events meet few rules and many none.
 */
import type { LogSource } from '../../core/event.ts';
import type { FieldSource, Way } from './log-source.ts';
import { asLiteral, compilePattern, mapLiterals } from './pattern.ts';
import type { Condition, EventRule, Item, Test } from './rule.ts';

/** A condition whose fields are those of the event, not the rule's. */
export type RouteCondition =
  | { readonly op: 'and' | 'or'; readonly of: readonly RouteCondition[] }
  | { readonly op: 'not'; readonly of: RouteCondition }
  | { readonly op: 'item'; readonly item: RouteItem }
  | { readonly op: 'constant'; readonly value: boolean };

export interface RouteItem {
  /** The rule's own name for the field; `null` for a keyword. */
  readonly field: string | null;
  /** How the event carries it; `null`: under its own name. */
  readonly source: FieldSource | null;
  /** A list field whose `name=value` lines stand in where the event lacks the field. */
  readonly split: string | null;
  readonly mode: Item['mode'];
  readonly tests: readonly Test[];
  /** How the event carries the fields that tests compare with, where not under their own names. */
  readonly others?: Readonly<Record<string, FieldSource>>;
}

const TRUE: RouteCondition = { op: 'constant', value: true };
const FALSE: RouteCondition = { op: 'constant', value: false };

/** What an event's route says of it before any field is read. */
export interface RouteKey {
  readonly channel: string;
  readonly eventId: number;
  readonly logSource: LogSource;
}

/**
 * The rule's condition on events of this route that come by this way, with what the key settles folded away;
 * `null` if it can never hold.
 */
export function conditionOnRoute(rule: EventRule, way: Way | null, key: RouteKey): RouteCondition | null {
  if (way !== null && way.lacks.length > 0 && excludesBy(rule.condition, way.lacks, false)) return null;
  const own = specialise(rule.condition, way, key);
  const where = way?.where ?? null;
  const whole = where === null ? own : join('and', [whereCondition(where), own]);
  return whole.op === 'constant' && !whole.value ? null : whole;
}

/** True if the condition has one of these fields under a `not`. */
function excludesBy(condition: Condition, fields: readonly string[], isNegated: boolean): boolean {
  switch (condition.op) {
    case 'and':
    case 'or':
      return condition.of.some((part) => excludesBy(part, fields, isNegated));
    case 'not':
      return excludesBy(condition.of, fields, !isNegated);
    case 'item':
      return isNegated && condition.item.field !== null && fields.includes(condition.item.field);
    case 'constant':
      return false;
  }
}

function whereCondition(where: Readonly<Record<string, readonly string[]>>): RouteCondition {
  const items = Object.entries(where).map(([field, values]): RouteCondition => {
    const tests = values.map((value): Test => ({ kind: 'text', pattern: [value], cased: false, windash: false }));
    return { op: 'item', item: { field, source: null, split: null, mode: 'any', tests } };
  });
  return join('and', items);
}

function specialise(condition: Condition, way: Way | null, key: RouteKey): RouteCondition {
  switch (condition.op) {
    case 'and':
    case 'or':
      return join(
        condition.op,
        condition.of.map((part) => specialise(part, way, key)),
      );
    case 'not': {
      const inner = specialise(condition.of, way, key);
      return inner.op === 'constant' ? { op: 'constant', value: !inner.value } : { op: 'not', of: inner };
    }
    case 'item':
      return specialiseItem(condition.item, way, key);
    case 'constant':
      return condition;
  }
}

function specialiseItem(item: Item, way: Way | null, key: RouteKey): RouteCondition {
  const known =
    item.field === 'EventID' && key.eventId >= 0
      ? String(key.eventId)
      : item.field === 'Channel' && key.channel !== ''
        ? key.channel
        : null;
  if (known !== null && item.tests.every((test) => test.kind === 'text' && !test.cased)) {
    const holds = item.tests.map(
      (test) => test.kind === 'text' && compilePattern(mapLiterals(test.pattern, lower))(known),
    );
    const result =
      item.mode === 'any' ? holds.includes(true) : item.mode === 'all' ? !holds.includes(false) : !holds.includes(true);
    return result ? TRUE : FALSE;
  }
  const sourceOf = (field: string) =>
    way !== null && Object.hasOwn(way.fields, field) ? (way.fields[field] ?? null) : null;
  const others = Object.fromEntries(
    item.tests.flatMap((test) => {
      const source = test.kind === 'field' ? sourceOf(test.field) : null;
      return test.kind === 'field' && source !== null ? [[test.field, source]] : [];
    }),
  );
  const own = { field: item.field, mode: item.mode, tests: item.tests, split: way?.split ?? null, others };
  return { op: 'item', item: { ...own, source: item.field === null ? null : sourceOf(item.field) } };
}

function lower(text: string): string {
  return text.toLowerCase();
}

/** `and` or `or` with constants folded away and like operations joined. */
export function join(op: 'and' | 'or', parts: readonly RouteCondition[]): RouteCondition {
  const neutral = op === 'and';
  const of: RouteCondition[] = [];
  for (const part of parts) {
    if (part.op === 'constant') {
      if (part.value !== neutral) return part;
    } else if (part.op === op) of.push(...part.of);
    else of.push(part);
  }
  const [only] = of;
  if (only === undefined) return neutral ? TRUE : FALSE;
  return of.length === 1 ? only : { op, of };
}

/** The identity of an item's field as the event carries it: items with the same share their values. */
export function fieldKey(item: RouteItem): string {
  if (item.field === null) return KEYWORDS;
  const source = item.source;
  const origin = source === null ? '' : `\u0001${source.inputs.join('\u0001')}`;
  return `${item.field}${origin}${item.split === null ? '' : `\u0002${item.split}`}`;
}

/** The key of the pseudo-field that holds every text of the event. */
export const KEYWORDS = '\u0000texts';

/** True if the item can hold on an event that lacks the field. */
export function holdsOnAbsent(item: RouteItem): boolean {
  if (item.mode === 'none') return false;
  const each = item.tests.map((test) => test.kind === 'null' || (test.kind === 'exists' && !test.wanted));
  return item.mode === 'all' ? !each.includes(false) : each.includes(true);
}

/** Keyword patterns are searched for anywhere in a text. */
export function asKeyword(test: Test): Test {
  if (test.kind !== 'text') return test;
  const literal = asLiteral(test.pattern);
  const parts = literal === null ? [...test.pattern] : [literal];
  if (parts[0] !== 0) parts.unshift(0);
  if (parts.at(-1) !== 0) parts.push(0);
  return { ...test, pattern: parts };
}

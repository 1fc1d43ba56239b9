import { unreachable } from '../../core/result.ts';
import {
  type CorrelationInput,
  type CorrelationMatch,
  type CorrelationPart,
  MAX_EVIDENCE,
  MAX_SIGHTINGS,
} from './correlation-part.ts';
import { compare } from './compare.ts';
import { fieldsByRule, Groups } from './groups.ts';
import type { CorrelationRule, RuleExpression } from './rule.ts';
import type { Sighting } from './timeline.ts';
import { Window } from './window.ts';

const NO_EVENT = Symbol('no event');
interface Group<Reference> {
  readonly values: Readonly<Record<string, string>>;
  readonly window: Window<Reference>;
  /** When the window that is judged at its end began. */
  opened: number;
  /** The event that was counted last, and the value it was counted with. */
  lastEvent: unknown;
  lastValue: string | null;
}

/** One correlation rule that looks at all that is in a group's window. */
export class WindowPart<Reference> implements CorrelationPart<Reference> {
  readonly rule: CorrelationRule;
  readonly #groups: Groups<Group<Reference>>;
  readonly #answersAtOnce: boolean;
  /** By rule of the list, then by value position: the field of that rule's events. */
  readonly #valueFields: readonly (readonly string[])[];
  #nextClose = Number.POSITIVE_INFINITY;

  constructor(rule: CorrelationRule) {
    this.rule = rule;
    this.#groups = new Groups(rule, ({ window }, time) => window.newest < time - rule.timespanMs);
    this.#answersAtOnce = growsTruer(rule);
    this.#valueFields = fieldsByRule(rule, rule.valueFields);
  }

  get forgotten(): number {
    return this.#groups.forgotten;
  }

  fieldsOf(index: number): readonly string[] {
    return [...this.#groups.fieldsOf(index), ...(this.#valueFields[index] ?? [])];
  }

  push(input: CorrelationInput<Reference>, index: number): CorrelationMatch<Reference> | null {
    const key = this.#groups.keyOf(input, index);
    if (key === null) return null;
    const group = this.#groups.get(key) ?? this.#newGroup(key, input, index);
    const value = this.#valueOf(input, index);
    // What is counted by value has nothing to say without one.
    if (value === null && this.rule.valueFields.length > 0) return null;
    const sighting = { at: input.at, rule: index, value, reference: input.reference };
    if (this.rule.type !== 'temporal') {
      if (group.lastEvent === input.event && group.lastValue === value) return null;
      group.lastEvent = input.event;
      group.lastValue = value;
    }
    if (!this.#answersAtOnce) return this.#pushUntilClose(group, sighting);
    this.#add(group.window, sighting);
    if (!this.#holds(group.window)) return null;
    const match = this.#match(group, group.window.references(MAX_EVIDENCE));
    group.window.clear();
    return match;
  }

  /** Answers the windows that ended before this time. */
  close(time: number, onMatch: (match: CorrelationMatch<Reference>) => void): void {
    if (this.#answersAtOnce || time <= this.#nextClose) return;
    this.#nextClose = Number.POSITIVE_INFINITY;
    for (const [key, group] of this.#groups) {
      if (group.opened + this.rule.timespanMs < time) {
        if (group.window.count > 0 && this.#holds(group.window))
          onMatch(this.#match(group, group.window.references(MAX_EVIDENCE)));
        this.#groups.delete(key);
      } else this.#nextClose = Math.min(this.#nextClose, group.opened + this.rule.timespanMs);
    }
  }

  #pushUntilClose(group: Group<Reference>, sighting: Sighting<Reference>): CorrelationMatch<Reference> | null {
    let match: CorrelationMatch<Reference> | null = null;
    if (sighting.at - group.opened > this.rule.timespanMs) {
      if (this.#holds(group.window)) match = this.#match(group, group.window.references(MAX_EVIDENCE));
      group.window.clear();
      group.opened = sighting.at;
    }
    group.opened = Math.min(group.opened, sighting.at);
    this.#nextClose = Math.min(this.#nextClose, group.opened + this.rule.timespanMs);
    this.#add(group.window, sighting);
    return match;
  }

  #add(window: Window<Reference>, sighting: Sighting<Reference>): void {
    window.add(sighting, this.rule.timespanMs);
    if (window.count > MAX_SIGHTINGS) window.dropOldest();
  }

  #newGroup(key: string, input: CorrelationInput<Reference>, index: number): Group<Reference> {
    const isSorted = this.rule.type === 'value_percentile' || this.rule.type === 'value_median';
    const group = {
      values: this.#groups.valuesOf(input, index),
      window: new Window<Reference>(isSorted),
      opened: input.at,
      lastEvent: NO_EVENT,
      lastValue: null,
    };
    this.#groups.add(key, group, input.at);
    return group;
  }

  #valueOf(input: CorrelationInput<Reference>, index: number): string | null {
    const names = this.#valueFields[index] ?? [];
    if (names.length === 0) return null;
    const values = names.map((name) => (Object.hasOwn(input.fields, name) ? input.fields[name] : undefined));
    if (values.includes(undefined)) return null;
    return this.rule.type === 'value_count' ? values.join('\u0000').toLowerCase() : (values[0] ?? null);
  }

  #holds(window: Window<Reference>): boolean {
    const { condition, type, rules } = this.rule;
    if (condition.kind === 'rules')
      return expressionHolds(condition.expression, (name) => window.has(rules.indexOf(name)));
    if (type.startsWith('temporal') && condition.bounds.length === 0)
      return window.distinctRules === new Set(rules).size;
    const value = this.#value(window);
    return condition.bounds.every(({ operator, number }) => compare(value, operator, number));
  }

  #value(window: Window<Reference>): number {
    const { type, percentile } = this.rule;
    switch (type) {
      case 'event_count':
        return window.count;
      case 'value_count':
        return window.distinctValues;
      case 'temporal':
      case 'temporal_ordered':
        return window.distinctRules;
      case 'value_sum':
        return window.numbers === 0 ? Number.NaN : window.sum;
      case 'value_avg':
        return window.numbers === 0 ? Number.NaN : window.sum / window.numbers;
      case 'value_percentile':
      case 'value_median':
        return window.percentile(percentile);
      default:
        return unreachable(type);
    }
  }

  #match(group: Group<Reference>, sightings: readonly Sighting<Reference>[]): CorrelationMatch<Reference> {
    const last = sightings.at(-1);
    return {
      rule: this.rule,
      at: last?.at ?? group.opened,
      groupBy: group.values,
      value: this.#value(group.window),
      evidence: sightings.slice(0, MAX_EVIDENCE).map((sighting) => sighting.reference),
    };
  }
}

/** True if more events can only make the condition truer. */
function growsTruer(rule: CorrelationRule): boolean {
  const { condition } = rule;
  if (condition.kind === 'rules') return !hasNot(condition.expression);
  return condition.bounds.every(({ operator }) => operator === 'gt' || operator === 'gte');
}

function hasNot(expression: RuleExpression): boolean {
  return expression.op === 'not' || (expression.op !== 'rule' && expression.of.some(hasNot));
}

function expressionHolds(expression: RuleExpression, has: (rule: string) => boolean): boolean {
  switch (expression.op) {
    case 'and':
      return expression.of.every((part) => expressionHolds(part, has));
    case 'or':
      return expression.of.some((part) => expressionHolds(part, has));
    case 'not':
      return !expressionHolds(expression.of, has);
    case 'rule':
      return has(expression.rule);
  }
}

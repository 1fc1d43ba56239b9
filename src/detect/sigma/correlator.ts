import { unreachable } from '../../core/result.ts';
import { type CorrelationRule, type NumberOperator, referenceKey, type RuleExpression } from './rule.ts';
import { type Sighting, Window } from './window.ts';

/** A rule fired on an event, as a correlation needs to know of it. */
export interface CorrelationInput<Reference> {
  readonly ruleId: string;
  readonly ruleName: string | null;
  /** Event time, UTC ms. */
  readonly at: number;
  /** The same for all rules that fired on one event, and for no other event: an event counts once. */
  readonly event: unknown;
  /** The event's values of the fields that `fieldsNeeded` names; absent ones left out. */
  readonly fields: Readonly<Record<string, string>>;
  readonly reference: Reference;
}

/** A correlation held. */
export interface CorrelationMatch<Reference> {
  readonly rule: CorrelationRule;
  /** The time of the last event. */
  readonly at: number;
  readonly groupBy: Readonly<Record<string, string>>;
  /** What was counted or worked out, for the sentence. */
  readonly value: number;
  /** The events it rests on, oldest first, at most `MAX_EVIDENCE`: then the first and the last of them. */
  readonly evidence: readonly Reference[];
}

export const MAX_EVIDENCE = 40;
/** Groups kept for each correlation. Beyond, the one that was quiet for longest is forgotten, and counted. */
const MAX_GROUPS = 100_000;
/** Sightings kept in one group's window. A rule that counts further is refused when it is read. */
export const MAX_SIGHTINGS = 100_000;
const MAX_CHAIN = 10;

/**
 * Joins what rules found, over windows of event time that slide with each event. Give it inputs in the order of their
 * times, nearly: one that is late is sorted in, unless it is older than the window. An event that fires several of a
 * correlation's rules counts once; events of the same moment are in any order, because their clock does not tell.
 *
 * A condition that more events can only make truer (`gte: 10`, all of these rules) is answered at once, and its group
 * then starts afresh. One that more events could undo (`lt`, `eq`, a range, `not`) is answered when the window that
 * began with the group's first event is over: see `advance` and `end`.
 */
export class Correlator<Reference> {
  readonly #parts: Part<Reference>[];
  readonly #byRule = new Map<string, { part: Part<Reference>; index: number }[]>();
  readonly #onMatch: (match: CorrelationMatch<Reference>) => void;

  constructor(rules: readonly CorrelationRule[], onMatch: (match: CorrelationMatch<Reference>) => void) {
    this.#onMatch = onMatch;
    this.#parts = rules.map((rule) => new Part(rule));
    for (const part of this.#parts) {
      part.rule.rules.forEach((name, index) => {
        const key = referenceKey(name);
        const users = this.#byRule.get(key) ?? [];
        // A rule that is named twice (“this, then this again”) is told of an event once.
        if (users.some((user) => user.part === part)) return;
        users.push({ part, index });
        this.#byRule.set(key, users);
      });
    }
  }

  /** Groups forgotten because there were too many. */
  get forgotten(): number {
    return this.#parts.reduce((sum, part) => sum + part.forgotten, 0);
  }

  /** The fields that correlations want of a rule's events; `null` if none watches it. */
  fieldsNeeded(ruleId: string, ruleName: string | null): readonly string[] | null {
    const users = this.#usersOf(ruleId, ruleName);
    if (users.length === 0) return null;
    return [...new Set(users.flatMap(({ part, index }) => part.fieldsOf(index)))];
  }

  push(input: CorrelationInput<Reference>): void {
    this.#push(input, 0);
  }

  /** Answers the windows that are over at this event time. */
  advance(time: number): void {
    for (const part of this.#parts) part.close(time, (match) => this.#report(part, match, 0));
  }

  /** No more events: answers every window that is still open. */
  end(): void {
    this.advance(Number.POSITIVE_INFINITY);
  }

  #push(input: CorrelationInput<Reference>, depth: number): void {
    for (const { part, index } of this.#usersOf(input.ruleId, input.ruleName)) {
      const match = part.push(input, index);
      if (match !== null) this.#report(part, match, depth);
    }
  }

  /** A correlation's match is an event to the correlations that name it. */
  #report(part: Part<Reference>, match: CorrelationMatch<Reference>, depth: number): void {
    this.#onMatch(match);
    const reference = match.evidence.at(-1);
    if (depth >= MAX_CHAIN || reference === undefined) return;
    const { id: ruleId, name: ruleName } = part.rule;
    this.#push({ ruleId, ruleName, at: match.at, event: match, fields: match.groupBy, reference }, depth + 1);
  }

  #usersOf(ruleId: string, ruleName: string | null): readonly { part: Part<Reference>; index: number }[] {
    const byId = this.#byRule.get(referenceKey(ruleId)) ?? NOBODY;
    const byName =
      ruleName === null || ruleName === ruleId ? NOBODY : (this.#byRule.get(referenceKey(ruleName)) ?? NOBODY);
    return byName.length === 0 ? byId : byId.length === 0 ? byName : [...byId, ...byName];
  }
}

const NOBODY: never[] = [];
const NO_EVENT = Symbol('no event');
/**
 * Sightings of the last rule of an ordered correlation that are kept, and of the first of two: of a first, the newest is the best
 * there is for a last that comes in time. The others are for those that come late (all of them took 200 MB at full load).
 */
const ENDS_KEPT = 16;

interface Group<Reference> {
  readonly values: Readonly<Record<string, string>>;
  readonly window: Window<Reference>;
  /** For ordered rules: the window of each. */
  readonly lanes: readonly Window<Reference>[];
  newest: number;
  /** When the window that is judged at its end began. */
  opened: number;
  /** The event that was counted last, and the value it was counted with. */
  lastEvent: unknown;
  lastValue: string | null;
}

/** One correlation rule with its groups. */
class Part<Reference> {
  readonly rule: CorrelationRule;
  readonly #groups = new Map<string, Group<Reference>>();
  readonly #answersAtOnce: boolean;
  /** By rule of the list, then by group-by (or value) position: the field of that rule's events. */
  readonly #groupFields: readonly (readonly string[])[];
  readonly #valueFields: readonly (readonly string[])[];
  /** For ordered rules: the lane of each rule of the list; one that is named twice has one lane. */
  readonly #laneOf: readonly number[];
  /** How many sightings each lane keeps. */
  readonly #keptOf: readonly number[];
  #nextClose = Number.POSITIVE_INFINITY;
  forgotten = 0;

  constructor(rule: CorrelationRule) {
    this.rule = rule;
    this.#answersAtOnce = growsTruer(rule);
    const field = (name: string, of: string) =>
      Object.hasOwn(rule.aliases, name) ? (rule.aliases[name]?.[of] ?? name) : name;
    this.#groupFields = rule.rules.map((of) => rule.groupBy.map((name) => field(name, of)));
    this.#valueFields = rule.rules.map((of) => rule.valueFields.map((name) => field(name, of)));
    this.#laneOf = rule.type === 'temporal_ordered' ? rule.rules.map((of) => rule.rules.indexOf(of)) : [];
    const last = this.#laneOf.length - 1;
    this.#keptOf = this.#laneOf.map((lane) =>
      last > 1 && this.#laneOf.indexOf(lane) < last ? MAX_SIGHTINGS : ENDS_KEPT,
    );
  }

  fieldsOf(index: number): readonly string[] {
    return [...(this.#groupFields[index] ?? []), ...(this.#valueFields[index] ?? [])];
  }

  push(input: CorrelationInput<Reference>, index: number): CorrelationMatch<Reference> | null {
    const group = this.#groupFor(input, index);
    if (group === null) return null;
    const value = this.#valueOf(input, index);
    // What is counted by value has nothing to say without one.
    if (value === null && this.rule.valueFields.length > 0) return null;
    const sighting = { at: input.at, rule: index, value, reference: input.reference };
    if (this.rule.type === 'temporal_ordered') return this.#pushOrdered(group, sighting);
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

  #pushOrdered(group: Group<Reference>, sighting: Sighting<Reference>): CorrelationMatch<Reference> | null {
    const since = Math.max(group.newest, sighting.at) - this.rule.timespanMs;
    if (sighting.at < since) return null;
    if (sighting.at > group.newest) for (const lane of group.lanes) lane.dropBefore(since);
    group.newest = Math.max(group.newest, sighting.at);
    const lane = group.lanes[this.#laneOf[sighting.rule] ?? -1];
    if (lane !== undefined) {
      this.#add(lane, sighting);
      const most = this.#keptOf[this.#laneOf[sighting.rule] ?? -1] ?? MAX_SIGHTINGS;
      while (lane.count > most) lane.dropOldest();
    }
    const run = this.#runOf(group.lanes);
    if (run === null) return null;
    for (const each of group.lanes) each.clear();
    return this.#match(group, run);
  }

  /** One sighting for each rule of the list, none before the one ahead of it; `null` if there are none such. */
  #runOf(lanes: readonly Window<Reference>[]): Sighting<Reference>[] | null {
    const run: Sighting<Reference>[] = [];
    const from = lanes.map(() => 0);
    let time = Number.NEGATIVE_INFINITY;
    for (const index of this.#laneOf) {
      const lane = lanes[index];
      // The first that fits is best: whatever can follow a later one can follow it.
      const place = lane?.placeOf(time, from[index] ?? 0) ?? 0;
      const sighting = lane?.at(place);
      if (sighting === undefined) return null;
      from[index] = place + 1;
      time = sighting.at;
      run.push(sighting);
    }
    return run;
  }

  #groupFor(input: CorrelationInput<Reference>, index: number): Group<Reference> | null {
    const names = this.#groupFields[index] ?? [];
    let key = '';
    for (const name of names) {
      const value = Object.hasOwn(input.fields, name) ? input.fields[name] : undefined;
      // Events that do not say whose they are must not be joined with each other.
      if (value === undefined) return null;
      key += `${value.toLowerCase()}\u0000`;
    }
    let group = this.#groups.get(key);
    if (group !== undefined && this.#groups.size > MAX_GROUPS / 2) {
      // The quiet ones are to come first, for when room is needed.
      this.#groups.delete(key);
      this.#groups.set(key, group);
    }
    if (group === undefined) {
      if (this.#groups.size >= MAX_GROUPS) this.#forgetOne(input.at);
      const values: Record<string, string> = Object.create(null) as Record<string, string>;
      this.rule.groupBy.forEach((name, i) => {
        values[name] = input.fields[names[i] ?? ''] ?? '';
      });
      const isSorted = this.rule.type === 'value_percentile' || this.rule.type === 'value_median';
      group = {
        values,
        window: new Window(isSorted),
        lanes: this.#laneOf.map(() => new Window(false)),
        newest: Number.NEGATIVE_INFINITY,
        opened: input.at,
        lastEvent: NO_EVENT,
        lastValue: null,
      };
      this.#groups.set(key, group);
    }
    return group;
  }

  /** Makes room: of the group that was quiet for longest. One whose window is over has nothing more to say, and is no loss. */
  #forgetOne(time: number): void {
    const [quietest] = this.#groups;
    if (quietest === undefined) return;
    const [key, { window, newest }] = quietest;
    this.#groups.delete(key);
    if (Math.max(window.newest, newest) >= time - this.rule.timespanMs) this.forgotten++;
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
    const value = this.rule.type === 'temporal_ordered' ? sightings.length : this.#value(group.window);
    return {
      rule: this.rule,
      at: last?.at ?? group.opened,
      groupBy: group.values,
      value,
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

function compare(value: number, operator: NumberOperator, number: number): boolean {
  switch (operator) {
    case 'gt':
      return value > number;
    case 'gte':
      return value >= number;
    case 'lt':
      return value < number;
    case 'lte':
      return value <= number;
    case 'eq':
      return value === number;
    case 'neq':
      return value !== number && !Number.isNaN(value);
  }
}

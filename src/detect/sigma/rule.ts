/**
 * A Sigma rule once it is read: plain data, so that it can be kept as JSON and compiled again in a moment.
 * Source: Sigma specification 2.1.0 (2025-08-02), https://sigmahq.io/sigma-specification/.
 */
import type { LogSource } from '../../core/event.ts';
import type { Level } from '../../core/level.ts';

/** `*`: any run of characters, also none. */
export const ANY_RUN = 0;
/** `?`: exactly one character. */
export const ONE_CHAR = 1;

/** A text with wildcards: literal pieces and wildcards in order. No two literals stand side by side; none is empty. */
export type Pattern = readonly (string | typeof ANY_RUN | typeof ONE_CHAR)[];

/** What one value of a detection item asks of a field's value. */
export type Test =
  | { readonly kind: 'text'; readonly pattern: Pattern; readonly cased: boolean; readonly windash: boolean }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string }
  | { readonly kind: 'cidr'; readonly network: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'exists'; readonly wanted: boolean }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly number: number }
  | { readonly kind: 'time'; readonly part: TimePart; readonly operator: Comparison | 'eq'; readonly number: number }
  | { readonly kind: 'field'; readonly field: string; readonly how: FieldRelation; readonly cased: boolean };

export type Comparison = 'gt' | 'gte' | 'lt' | 'lte';
export type TimePart = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';
export type FieldRelation = 'equals' | 'startswith' | 'endswith' | 'contains';

/** One line of a selection: a field (or, for a keyword, the whole event) and what is asked of it. */
export interface Item {
  /** `null`: a keyword, searched for in every text of the event. */
  readonly field: string | null;
  /** `any`: one of the tests holds. `all`: every one does. `none`: the field is there and no test holds (`neq`). */
  readonly mode: 'any' | 'all' | 'none';
  readonly tests: readonly Test[];
}

export type Condition =
  | { readonly op: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly op: 'not'; readonly of: Condition }
  | { readonly op: 'item'; readonly item: Item }
  | { readonly op: 'constant'; readonly value: boolean };

/** What we add to Sigma's own fields: the words for people who are not security staff. All optional. */
export interface PlainWords {
  readonly plain?: string;
  readonly innocent?: string;
  readonly next?: readonly string[];
  /** The early-warning parameter it scores in, and the points (0 to 3). */
  readonly parameter?: string;
  readonly points?: number;
}

interface RuleBase {
  readonly id: string;
  /** The name that correlations may call it by. */
  readonly name: string | null;
  readonly title: string;
  readonly status: string;
  readonly level: Level;
  readonly description: string;
  readonly author: string;
  readonly tags: readonly string[];
  readonly falsePositives: readonly string[];
  readonly words: PlainWords;
  /** The file it came from, as given. */
  readonly path: string;
}

/** A rule that judges one event at a time. */
export interface EventRule extends RuleBase {
  readonly kind: 'rule';
  readonly logSource: LogSource;
  readonly condition: Condition;
}

/** ANDed to the conditions of the rules it names, on events of its log source. */
export interface FilterRule {
  readonly kind: 'filter';
  readonly title: string;
  readonly path: string;
  readonly logSource: LogSource;
  /** Ids or names; `null`: every rule of the log source. */
  readonly rules: readonly string[] | null;
  readonly condition: Condition;
}

export type CorrelationType =
  | 'event_count'
  | 'value_count'
  | 'temporal'
  | 'temporal_ordered'
  | 'value_sum'
  | 'value_avg'
  | 'value_percentile'
  | 'value_median';

export type NumberOperator = 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq';

/** What must hold for the count (or value) of a window: every bound, or a sentence over the named rules. */
export type CorrelationCondition =
  | {
      readonly kind: 'bounds';
      readonly bounds: readonly { readonly operator: NumberOperator; readonly number: number }[];
    }
  | { readonly kind: 'rules'; readonly expression: RuleExpression };

/** `a and b and not c` over the rules of a temporal correlation (Sigma SEP 198). */
export type RuleExpression =
  | { readonly op: 'and' | 'or'; readonly of: readonly RuleExpression[] }
  | { readonly op: 'not'; readonly of: RuleExpression }
  | { readonly op: 'rule'; readonly rule: string };

/** A rule over the findings of other rules in a sliding window of event time. */
export interface CorrelationRule extends RuleBase {
  readonly kind: 'correlation';
  readonly type: CorrelationType;
  /** Ids or names of the rules (or correlations) it watches. */
  readonly rules: readonly string[];
  readonly groupBy: readonly string[];
  readonly timespanMs: number;
  /** Alias → rule → that rule's field. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly condition: CorrelationCondition;
  /** The field(s) whose values are counted, summed, … */
  readonly valueFields: readonly string[];
  readonly percentile: number;
  /** True if the rules it names also speak for themselves. */
  readonly generate: boolean;
}

export type Rule = EventRule | FilterRule | CorrelationRule;

/** Why a document is not a rule that can run. `reason` is short and can be counted. */
export interface RuleProblem {
  readonly path: string;
  readonly id: string | null;
  readonly title: string | null;
  readonly reason: string;
  readonly detail: string;
}

/** By what a rule is found when others name it: ids are UUIDs, and compare without case. */
export function referenceKey(idOrName: string): string {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(idOrName) ? idOrName.toLowerCase() : idOrName;
}

import type { CorrelationRule } from './rule.ts';

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
/** Sightings kept in one group's window. A rule that counts further is refused when it is read. */
export const MAX_SIGHTINGS = 100_000;

/** One correlation rule with what it has seen. */
export interface CorrelationPart<Reference> {
  readonly rule: CorrelationRule;
  /** Groups forgotten because there were too many. */
  readonly forgotten: number;
  /** The fields that it wants of the events of a rule of its list. */
  fieldsOf(index: number): readonly string[];
  push(input: CorrelationInput<Reference>, index: number): CorrelationMatch<Reference> | null;
  /** Answers the windows that ended before this time. */
  close(time: number, onMatch: (match: CorrelationMatch<Reference>) => void): void;
}

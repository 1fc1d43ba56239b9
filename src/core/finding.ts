import { hash } from 'node:crypto';
import type { UtcMs } from './event.ts';
import type { Level } from './level.ts';
import type { Observation } from './observation.ts';
import type { Rarity } from './rarity.ts';

/** Where one event stands: the file as given (with `!member` for each archive level), and its record from 1. */
export interface EventPlace {
  readonly path: string;
  readonly record: number;
  /** The number that Windows gave the event. */
  readonly eventRecordId?: number;
}

/** An event that a finding rests on. */
export interface Evidence extends EventPlace {
  /** UTC, ISO 8601; `null` if the event has no time. */
  readonly at: string | null;
  readonly ruleId?: string;
}

/** Who and what a finding is about. Absent: the events do not say. */
export interface Entities {
  readonly host?: string;
  readonly account?: string;
  readonly address?: string;
}

interface FindingBase {
  readonly schema: 'wardwatch.finding/1';
  /** The same for the same rule and event, however often they are judged. */
  readonly id: `fnd_${string}`;
  readonly ruleId: string;
  readonly title: string;
  readonly level: Level;
  readonly techniques: readonly string[];
  /** UTC, ISO 8601; `null` if the event has no time. */
  readonly at: string | null;
  /** The event; of a correlation its last one. */
  readonly source: EventPlace;
  readonly entities: Entities;
  /** The fields that made the rule fire, with their values. */
  readonly matched: Readonly<Record<string, string>>;
  readonly plain: string;
  readonly innocent: string;
  readonly next: readonly string[];
  /** Never empty: no evidence, no finding. */
  readonly evidence: readonly [Evidence, ...Evidence[]];
  readonly author: string;
  /** What it adds to the early warning score of its host and account. */
  readonly observation: Observation;
  /** Absent where nothing was learned: in a scan, and in the first day of a service. */
  readonly rarity?: Rarity;
}

/** A rule fired on one event. */
export interface RuleFinding extends FindingBase {
  readonly kind: 'rule';
}

/** A rule over other rules' events in a window of time. */
export interface CorrelationFinding extends FindingBase {
  readonly kind: 'correlation';
  /** The values by which the events belong together. */
  readonly groupBy: Readonly<Record<string, string>>;
}

/** Something left what is usual for a host or an account. */
export interface BehaviourFinding extends FindingBase {
  readonly kind: 'behaviour';
  readonly rarity: Rarity;
  /** The measure and what is usual for it, as the sentence has them. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Something was touched that nobody has a reason to touch. */
export interface CanaryFinding extends FindingBase {
  readonly kind: 'canary';
}

/** An event holds a value that is known from attacks elsewhere. */
export interface IndicatorFinding extends FindingBase {
  readonly kind: 'indicator';
}

/** Looks at records that the care given does not explain. Who and whose stands in the case, for the privacy role alone. */
export interface RecordFinding extends FindingBase {
  readonly kind: 'record';
}

/** A member of staff reported it, and somebody who answers reports took it for an incident. */
export interface ReportFinding extends FindingBase {
  readonly kind: 'report';
}

export type Finding =
  | RuleFinding
  | CorrelationFinding
  | BehaviourFinding
  | CanaryFinding
  | IndicatorFinding
  | RecordFinding
  | ReportFinding;

/** When its evidence was, UTC ms: of an event without a time, or whose clock is ahead of ours, when it was seen. */
export function evidenceAt({ at }: Pick<FindingBase, 'at'>, now: UtcMs): UtcMs {
  return at === null ? now : Math.min(Date.parse(at), now);
}

/** The id of the finding by a rule on an event. */
export function findingId(ruleId: string, place: EventPlace, group = ''): `fnd_${string}` {
  return `fnd_${hash('sha256', `${ruleId}\0${place.path}\0${place.record}\0${group}`, 'hex').slice(0, 20)}`;
}

export function isoTime(at: UtcMs | null): string | null {
  return at === null || Math.abs(at) > 8.64e15 ? null : new Date(at).toISOString();
}

import {
  type CorrelationFinding,
  type Entities,
  type EventPlace,
  type Evidence,
  findingId,
  isoTime,
  type RuleFinding,
} from '../core/finding.ts';
import { isParameter, type Observation } from '../core/observation.ts';
import type { CorrelationMatch, EventRule } from '../detect/sigma/index.ts';
import { fillIn, fillStep, techniquesOf, type TechniqueWords, type Words, wordsFor } from './words.ts';

/** A rule fired on an event, with all that a finding rests on. */
export interface PlacedHit {
  readonly ruleId: string;
  readonly path: string;
  readonly record: number;
  readonly eventRecordId: number | null;
  readonly at: number | null;
  readonly entities: Entities;
  readonly matched: Readonly<Record<string, string>>;
  /** What its sentences tell of besides: see `fieldsToTell`; `null`: nothing. */
  readonly told: Readonly<Record<string, string>> | null;
}

export function ruleFinding(rule: EventRule, hit: PlacedHit, table: TechniqueWords): RuleFinding {
  const evidence = evidenceOf(hit);
  const words = wordsFor(rule, table);
  const { entities, matched } = hit;
  const fields = { ...hit.told, ...matched };
  return {
    schema: 'wardwatch.finding/1',
    id: findingId(rule.id, placeOf(hit)),
    kind: 'rule',
    ruleId: rule.id,
    title: rule.title,
    level: rule.level,
    techniques: techniquesOf(rule.tags),
    at: evidence.at,
    source: placeOf(hit),
    entities,
    matched,
    plain: fillIn(words.plain, entities, fields),
    innocent: fillIn(words.innocent, entities, fields),
    next: words.next.map((step) => fillStep(step, entities, fields)),
    evidence: [evidence],
    author: rule.author,
    observation: observationOf(words),
  };
}

export function correlationFinding(match: CorrelationMatch<PlacedHit>, table: TechniqueWords): CorrelationFinding {
  const { rule, groupBy } = match;
  const words = wordsFor(rule, table);
  const [first, ...others] = match.evidence.map(evidenceOf);
  const last = match.evidence.at(-1);
  if (first === undefined || last === undefined) throw new Error(`correlation ${rule.id} matched without events`);
  const fields = { ...last.told, ...last.matched, ...groupBy, count: String(match.value) };
  return {
    schema: 'wardwatch.finding/1',
    id: findingId(rule.id, placeOf(last), Object.values(groupBy).join('\0')),
    kind: 'correlation',
    ruleId: rule.id,
    title: rule.title,
    level: rule.level,
    techniques: techniquesOf(rule.tags),
    at: isoTime(match.at),
    source: placeOf(last),
    entities: last.entities,
    matched: last.matched,
    plain: fillIn(words.plain, last.entities, fields),
    innocent: fillIn(words.innocent, last.entities, fields),
    next: words.next.map((step) => fillStep(step, last.entities, fields)),
    evidence: [first, ...others],
    author: rule.author,
    observation: observationOf(words),
    groupBy,
  };
}

function observationOf({ parameter, points }: Words): Observation {
  return { parameter: isParameter(parameter) ? parameter : 'defences', points };
}

function placeOf(hit: PlacedHit): EventPlace {
  return {
    path: hit.path,
    record: hit.record,
    ...(hit.eventRecordId === null ? {} : { eventRecordId: hit.eventRecordId }),
  };
}

function evidenceOf(hit: PlacedHit): Evidence {
  return { ...placeOf(hit), at: isoTime(hit.at), ruleId: hit.ruleId };
}

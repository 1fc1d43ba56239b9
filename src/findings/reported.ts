import { type Entities, findingId, isoTime, type ReportFinding } from '../core/finding.ts';
import type { Level } from '../core/level.ts';
import type { Parameter } from '../core/observation.ts';

/** A report of staff that somebody who answers it takes for an incident, in their words: those of the report stay with it. */
export interface Reported {
  readonly reportId: string;
  /** As it can be read out. */
  readonly reference: string;
  readonly what: string;
  readonly level: Extract<Level, 'medium' | 'high' | 'critical'>;
  readonly parameter: Parameter;
  readonly entities: Entities;
  /** When it was reported, UTC ms. */
  readonly at: number;
  /** The name of who opens the incident. */
  readonly by: string;
}

const POINTS: Readonly<Record<Reported['level'], number>> = { medium: 1, high: 2, critical: 3 };

export function reportFinding({
  reportId,
  reference,
  what,
  level,
  parameter,
  entities,
  at,
  by,
}: Reported): ReportFinding {
  const ruleId = 'staff/report';
  const place = { path: `reports/${reportId}`, record: 1 };
  return {
    schema: 'wardwatch.finding/1',
    id: findingId(ruleId, place),
    kind: 'report',
    ruleId,
    title: 'Something odd that a member of staff reported',
    level,
    techniques: [],
    at: isoTime(at),
    source: place,
    entities,
    matched: { report: reference },
    plain: what,
    innocent: 'A misunderstanding, or a test of your own.',
    next: [
      `Read the report ${reference} under Reports, and ask its reporter what else they saw.`,
      'Look in the log lines of that time for what it says.',
    ],
    evidence: [{ ...place, at: isoTime(at), ruleId }],
    author: by,
    observation: { parameter, points: POINTS[level] },
  };
}

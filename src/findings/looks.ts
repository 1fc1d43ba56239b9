import { findingId, isoTime, type RecordFinding } from '../core/finding.ts';
import type { UtcMs } from '../core/event.ts';

const RULE = 'records/review';

function placeOf(caseId: string) {
  return { path: `records/cases/${caseId}`, record: 1 };
}

/** Of the one finding that tells of a case. */
export function recordFindingId(caseId: string): RecordFinding['id'] {
  return findingId(RULE, placeOf(caseId));
}

/**
 * Tells that there is a case for the privacy officer, and nothing of what stands in it: whoever works on incidents need
 * not know whose records they are, nor who is asked about them.
 *
 * @param isBulk many records at once, or an account that may not be in its owner's hands: that cannot wait for the morning
 * @param by a first look is made while the day goes on; a finding is one, whoever finds it first
 */
export function recordFinding(caseId: string, isBulk: boolean, by: 'first-look' | 'review', at: UtcMs): RecordFinding {
  const ruleId = RULE;
  const place = placeOf(caseId);
  return {
    schema: 'wardwatch.finding/1',
    id: recordFindingId(caseId),
    kind: 'record',
    ruleId,
    title: 'Looks at records that the care given does not explain',
    level: isBulk ? 'high' : 'medium',
    techniques: [],
    at: isoTime(at),
    source: place,
    entities: {},
    matched: { case: caseId },
    plain: `${
      isBulk
        ? 'Many records were opened, or by an account that may not be in its owner’s hands, and the care given does not explain it.'
        : 'Records were opened, and the care given does not explain it.'
    }${by === 'review' ? '' : ' This is a first look, made while the day goes on: the review of the night confirms it, or takes it back.'}`,
    innocent: 'Care that no system here knows of: cover for a colleague, a call from a ward, a mistaken click.',
    next: [
      `The privacy officer reads the case ${caseId}, and asks before concluding.`,
      'Nobody else needs to know who or whose: speak to nobody about it until the privacy officer has decided.',
    ],
    evidence: [{ ...place, at: isoTime(at), ruleId }],
    author: 'Wardwatch',
    observation: { parameter: 'data', points: isBulk ? 3 : 2 },
  };
}

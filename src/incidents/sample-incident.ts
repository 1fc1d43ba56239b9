import type { IncidentRow } from '../store/tables.ts';

/** A row of an incident that nobody has looked at, for tests. */
export function sampleIncident(is: Pick<IncidentRow, 'id' | 'opened_at'> & Partial<IncidentRow>): IncidentRow {
  return {
    state: 'new',
    level: 'high',
    title: 't',
    owner: null,
    merged_into: null,
    last_evidence_at: is.opened_at,
    strength: 0,
    rarest_per_day: null,
    acknowledged_at: null,
    acknowledged_by: null,
    outcome: null,
    playbook: null,
    told_step: 0,
    told_at: null,
    told_band: null,
    addressed_to: 'it',
    ...is,
  };
}

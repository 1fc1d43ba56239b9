import type { Finding } from '../core/finding.ts';
import { type Reported, reportFinding } from '../findings/reported.ts';
import type { Filed, Findings, OpenIncident } from './findings-store.ts';

export type { Reported } from '../findings/reported.ts';

/** Opens an incident of what staff reported to the privacy officers alone: nobody else sees it. @returns its id */
export function openForPrivacy(
  reported: Reported,
  open: OpenIncident,
  findings: Pick<Findings, 'fileForPrivacy'>,
): Promise<string> {
  return findings.fileForPrivacy(reportFinding(reported), open);
}

/**
 * Opens an incident of what staff reported, or joins the one that is open about the same machine or account.
 *
 * @param file as any other finding
 * @returns its id; the same report gives the same again
 */
export async function openReported(
  reported: Reported,
  file: (found: readonly Filed[]) => Promise<unknown>,
  findings: Pick<Findings, 'find'>,
): Promise<string> {
  const finding: Finding = reportFinding(reported);
  await file([{ finding, sourceId: null }]);
  const kept = await findings.find(finding.id);
  if (kept === null || kept.incidentId === null)
    throw new Error('a report of at least medium level opened no incident');
  return kept.incidentId;
}

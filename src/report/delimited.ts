import type { Finding } from '../core/finding.ts';
import { UNSEEN } from '../core/unseen.ts';

/** One finding a line, whole. */
export function ndjsonLine(finding: Finding): string {
  return `${JSON.stringify(finding)}\n`;
}

export const CSV_HEADER = 'at,level,kind,ruleId,title,host,account,path,record,plain\n';

export function csvLine(finding: Finding): string {
  const { at, level, kind, ruleId, title, entities, source, plain } = finding;
  return `${[at ?? '', level, kind, ruleId, title, entities.host ?? '', entities.account ?? '', source.path, String(source.record), plain].map(cell).join(',')}\n`;
}

/**
 * Quoted where it must be, and never a formula: a spreadsheet would run what an attacker put into a log, and a terminal
 * obeys control characters. NDJSON has them all, written out.
 */
function cell(text: string): string {
  const seen = text.replaceAll(UNSEEN, ' ');
  const safe = /^\s*[=+\-@\t]/.test(seen) ? `'${seen}` : seen;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** By time; findings without one come last, in their own order. */
export function byTime(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) =>
    a.at === b.at ? 0 : a.at === null ? 1 : b.at === null ? -1 : a.at < b.at ? -1 : 1,
  );
}

import { needsOf } from '../detect/sigma/index.ts';
import type { ScanResult } from '../scan/scan.ts';
import { grouped, plural } from './wording.ts';

/** Rules that loaded, yet nothing that arrived could ever have fired them, by what would have to be switched on. */
export interface Blindness {
  /** The setting, in the words of the product it is set in. */
  readonly needs: string;
  readonly rules: number;
}

/** What the logs could not have shown, the most rules first. */
export function blindnessOf(result: ScanResult): Blindness[] {
  const counts = new Map<string, number>();
  result.rules.rules.forEach((rule, index) => {
    if (result.couldFire.has(index)) return;
    const needs = needsOf(rule);
    counts.set(needs, (counts.get(needs) ?? 0) + 1);
  });
  return [...counts].map(([needs, rules]) => ({ needs, rules })).sort((a, b) => b.rules - a.rules);
}

const MAX_LINES = 8;

export function coverageOf(result: ScanResult): string[] {
  const all = result.rules.rules.length + result.rules.correlations.length;
  const blind = blindnessOf(result);
  const cannot = blind.reduce((sum, { rules }) => sum + rules, 0);
  const lines = ['What these logs could not have shown'];
  lines.push(
    `   ${plural(all, 'rule')} loaded; ${grouped(result.couldFire.size)} had events to judge; for ${grouped(cannot)} nothing arrived that could ever fire them.`,
  );
  if (blind.length > 0) lines.push('   To be able to see more, switch on or send:');
  for (const { needs, rules } of blind.slice(0, MAX_LINES)) lines.push(`    · ${needs} (${plural(rules, 'rule')})`);
  if (blind.length > MAX_LINES)
    lines.push(`    · and ${grouped(blind.length - MAX_LINES)} more: wardwatch rules check`);
  const refused = result.rules.problems.filter(({ reason }) => reason !== 'deprecated').length;
  if (refused > 0) lines.push(`   ${plural(refused, 'rule')} cannot run at all: wardwatch rules check says why.`);
  lines.push('');
  return lines;
}

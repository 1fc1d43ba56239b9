import type { Finding } from '../core/finding.ts';
import { type Level, levelRank } from '../core/level.ts';
import { type EventRule, type LoadedRules, needsOf, referenceKey } from '../detect/sigma/index.ts';
import { couldFire } from '../findings/rule-states.ts';
import { silentRules } from '../findings/silent-rules.ts';
import type { ScanResult } from '../scan/scan.ts';
import { machineNames } from './chapters.ts';
import { grouped, plural, ukTime } from './wording.ts';

/** Rules that loaded, yet nothing that arrived could ever have fired them, by what would have to be switched on. */
export interface Blindness {
  /** The setting, in the words of the product it is set in. */
  readonly needs: string;
  readonly rules: number;
  /** The gravest of these rules, by its title: what would have gone unseen. */
  readonly gravest: string;
  /** Other logs of the same system are here: it is a setting there that is missing, not the system. */
  readonly isOfKnownSystem: boolean;
}

/** What the logs could not have shown: settings of systems whose logs are here first, then by the number of rules. */
export function blindnessOf({ rules, couldFire: indices }: ScanResult): Blindness[] {
  const known = new Set(rules.rules.filter((_, index) => indices.has(index)).map(systemOf));
  const titleOf = speakingTitles(rules);
  const blindRules = rules.rules.filter((_, index) => !indices.has(index));
  const byNeeds = Map.groupBy(blindRules, needsOf);
  const blind = [...byNeeds].map(([needs, own]): Blindness => {
    const [gravest] = own.map(titleOf).toSorted((a, b) => levelRank(b.level) - levelRank(a.level));
    const isOfKnownSystem = own.some((rule) => known.has(systemOf(rule)));
    return { needs, rules: own.length, gravest: gravest?.title ?? '', isOfKnownSystem };
  });
  return blind.sort((a, b) => Number(b.isOfKnownSystem) - Number(a.isOfKnownSystem) || b.rules - a.rules);
}

/** What people are told by a rule: of one that only counts together with others, what their correlation tells. */
function speakingTitles(rules: LoadedRules): (rule: EventRule) => { readonly title: string; readonly level: Level } {
  const silent = silentRules(rules);
  const tellers = new Map(
    rules.correlations.flatMap((correlation) =>
      correlation.rules.map((name) => [referenceKey(name), correlation] as const),
    ),
  );
  return (rule) => {
    if (!silent.has(rule.id)) return rule;
    return [rule.id, rule.name ?? rule.id].map((name) => tellers.get(referenceKey(name))).find(Boolean) ?? rule;
  };
}

function systemOf({ logSource }: EventRule): string {
  return logSource.product ?? logSource.category ?? logSource.service ?? '';
}

/** How many rules there are, correlations among them, and how many of them could have fired on what arrived. */
export function judgedBy({ rules, couldFire: indices }: ScanResult): { readonly all: number; readonly could: number } {
  const ids = [...rules.rules, ...rules.correlations].map(({ id }) => id);
  const could = couldFire(rules, [...indices]);
  return { all: ids.length, could: ids.filter((id) => could.has(id)).length };
}

/** A log that was wiped: what that machine recorded before may be gone. */
export interface Wiped {
  readonly host: string;
  /** The last time, UTC. */
  readonly at: string;
}

/** Source: MITRE ATT&CK T1070.001, “Clear Windows Event Logs”. */
const LOG_CLEARED = 'T1070.001';

export function wipedLogs(findings: readonly Finding[]): Wiped[] {
  const nameOf = machineNames(findings);
  const last = new Map<string, Wiped>();
  for (const finding of findings) {
    const machine = nameOf(finding);
    const { at, entities } = finding;
    if (machine === null || at === null || !finding.techniques.includes(LOG_CLEARED)) continue;
    if ((last.get(machine)?.at ?? '') < at) last.set(machine, { host: entities.host ?? machine, at });
  }
  return [...last.values()].sort((a, b) => (a.host.toLowerCase() < b.host.toLowerCase() ? -1 : 1));
}

/** In one sentence each: what is missing, and what was never there. */
export function blindSentences(result: ScanResult, timeZone: string, mostWiped = 8): string[] {
  const { all, could } = judgedBy(result);
  const wiped = wipedLogs(result.findings);
  const said = wiped
    .slice(0, mostWiped)
    .map(
      ({ host, at }) => `On ${host} a log was wiped: what it recorded before ${ukTime(at, timeZone)} may be missing.`,
    );
  if (wiped.length > said.length)
    said.push(`Logs were wiped on ${plural(wiped.length - said.length, 'more machine')} as well.`);
  return [
    ...said,
    `Of ${plural(all, 'rule')}, ${grouped(could)} had something to judge here. The other ${grouped(all - could)} could not have fired, whatever happened: nothing that they look at is in these logs.`,
  ];
}

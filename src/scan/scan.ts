import { Refusal } from '../core/refusal.ts';
import type { Finding } from '../core/finding.ts';
import { Correlator, loadRules, type LoadedRules } from '../detect/sigma/index.ts';
import { correlationFinding, ruleFinding } from '../findings/make.ts';
import { silentRules } from '../findings/silent-rules.ts';
import { joinParts } from './join-parts.ts';
import { runTasks } from './pool.ts';
import { tasksFor } from './tasks.ts';
import type { AsideItem, JudgeSetup, LogSummary, TaskResult, ScannedHit } from './task.ts';
import { loadTechniqueWords, type TechniqueWords } from '../findings/words.ts';

export interface ScanOptions extends JudgeSetup {
  readonly paths: readonly string[];
  readonly threads: number;
  readonly onProgress: (progress: ScanProgress) => void;
}

export interface ScanProgress {
  readonly bytesRead: number;
  readonly bytesInAll: number;
  readonly events: number;
  readonly findings: number;
}

/** All that came of a scan. */
export interface ScanResult {
  /** In the order of the files as given, then of their records; correlations last, by time. */
  readonly findings: readonly Finding[];
  readonly logs: readonly LogSummary[];
  readonly setAside: readonly AsideItem[];
  readonly setAsideInAll: number;
  readonly rules: LoadedRules;
  /** By rule of `rules.rules`: whether anything that arrived could have fired it. */
  readonly couldFire: ReadonlySet<number>;
  readonly arrived: ReadonlyMap<string, number>;
  /** Groups that correlations forgot because there were too many: counts there may be too low. */
  readonly correlationGroupsForgotten: number;
  readonly elapsedMs: number;
}

/** Reads everything below the paths, judges it, and joins what was found. */
export async function scan(options: ScanOptions): Promise<ScanResult> {
  const started = performance.now();
  const aside: AsideItem[] = [];
  const tasks = tasksFor(options.paths, options.threads, (item) => aside.push(item));
  const rules = loadRules(options.ruleFolders, options);
  // Without any, whatever was read would look quiet.
  if (rules.rules.length === 0 && options.ruleFolders.length > 0)
    throw new Refusal('rules/not-found', `none of the ${rules.problems.length} rules there can run`);
  const words = loadTechniqueWords();

  const results = new Map<number, TaskResult>();
  const progress = {
    bytesRead: 0,
    bytesInAll: tasks.reduce((sum, task) => sum + task.size, 0),
    events: 0,
    findings: 0,
  };
  const setup: JudgeSetup = {
    ruleFolders: options.ruleFolders,
    placeholders: options.placeholders,
    includeDeprecated: options.includeDeprecated,
    cacheFolder: options.cacheFolder,
    timeZone: options.timeZone,
    declared: options.declared,
    mappings: options.mappings,
  };
  const threads = await runTasks(tasks, setup, rules, options.threads, {
    onResult: (result) => {
      results.set(result.task, result);
      progress.findings += result.hits.length;
      options.onProgress(progress);
    },
    onProgress: (bytes, events) => {
      progress.bytesRead += bytes;
      progress.events += events;
      options.onProgress(progress);
    },
  });

  const ordered = joinParts(tasks, results);
  const hits = withoutRepetitions(ordered.flatMap((result) => result.placed));
  const { findings, forgotten } = fileFindings(hits, rules, words);
  const arrived = new Map<string, number>();
  for (const thread of threads)
    for (const [route, count] of Object.entries(thread.arrived)) arrived.set(route, (arrived.get(route) ?? 0) + count);
  return {
    findings,
    logs: ordered.flatMap((result) => result.logs),
    setAside: [...aside, ...ordered.flatMap((result) => result.setAside)],
    setAsideInAll:
      aside.length + ordered.reduce((sum, result) => sum + result.setAside.length + result.setAsideUnlisted, 0),
    rules,
    couldFire: new Set(threads.flatMap((thread) => thread.couldFire)),
    arrived,
    correlationGroupsForgotten: forgotten,
    elapsedMs: performance.now() - started,
  };
}

/** What Windows and Sysmon write of one thing is written within this of each other. */
const SAME_MOMENT_MS = 10_000;

/**
 * A connection that Windows and Sysmon both logged is one finding, by the one that says more. It has to be the same rule,
 * host and moment: most configurations of Sysmon leave most connections out, and an attacker may have stopped it.
 */
export function withoutRepetitions<One extends Pick<ScannedHit, 'rule' | 'standsInFor' | 'entities' | 'at'>>(
  hits: readonly One[],
): readonly One[] {
  const doubtful = new Set(hits.filter(({ standsInFor }) => standsInFor !== null).map(({ rule }) => rule));
  if (doubtful.size === 0) return hits;
  const keyOf = ({ rule, entities }: One, moment: number) =>
    `${rule}\0${entities.host?.toLowerCase() ?? ''}\0${moment}`;
  const momentOf = (at: number) => Math.floor(at / SAME_MOMENT_MS);
  const said = new Set<string>();
  for (const hit of hits)
    if (hit.standsInFor === null && hit.at !== null && doubtful.has(hit.rule)) said.add(keyOf(hit, momentOf(hit.at)));
  return hits.filter((hit) => {
    if (hit.standsInFor === null || hit.at === null) return true;
    const moment = momentOf(hit.at);
    return ![moment - 1, moment, moment + 1].some((near) => said.has(keyOf(hit, near)));
  });
}

/** Hits become findings, and go through the correlations in the order of their times. */
function fileFindings(
  hits: readonly ScannedHit[],
  rules: LoadedRules,
  words: TechniqueWords,
): { findings: Finding[]; forgotten: number } {
  const findings: Finding[] = [];
  const joint: Finding[] = [];
  const silent = silentRules(rules);
  const correlator = new Correlator<ScannedHit>(rules.correlations, (match) => {
    if (!silent.has(match.rule.id)) joint.push(correlationFinding(match, words));
  });
  const watched: ScannedHit[] = [];
  for (const hit of hits) {
    const rule = rules.rules[hit.rule];
    if (rule === undefined) continue;
    const placed = { ...hit, ruleId: rule.id };
    if (!silent.has(rule.id)) findings.push(ruleFinding(rule, placed, words));
    if (hit.fields !== null && hit.at !== null) watched.push(placed);
  }
  watched.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  for (const hit of watched) {
    const rule = rules.rules[hit.rule];
    if (rule === undefined || hit.at === null || hit.fields === null) continue;
    correlator.advance(hit.at);
    correlator.push({
      ruleId: rule.id,
      ruleName: rule.name,
      at: hit.at,
      event: `${hit.path}\0${hit.record}`,
      fields: hit.fields,
      reference: hit,
    });
  }
  correlator.end();
  return { findings: [...findings, ...joint], forgotten: correlator.forgotten };
}

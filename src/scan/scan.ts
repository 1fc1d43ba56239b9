import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from '../core/finding.ts';
import { Refusal } from '../core/refusal.ts';
import { CHUNK, FILE_HEADER } from '../intake/evtx/reader.ts';
import { isEvtxFile } from '../intake/read-log.ts';
import { Correlator, loadRules, type LoadedRules } from '../detect/sigma/index.ts';
import { correlationFinding, ruleFinding } from '../findings/make.ts';
import { silentRules } from '../findings/silent-rules.ts';
import { runTasks } from './pool.ts';
import type { AsideItem, JudgeSetup, LogSummary, ScanTask, TaskResult, ScannedHit } from './task.ts';
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

/** A file larger than this is read by several threads, if it is EVTX: its chunks are independent. */
const PART_CHUNKS = 512;

function tasksFor(paths: readonly string[], threads: number, aside: (item: AsideItem) => void): ScanTask[] {
  const tasks: ScanTask[] = [];
  const add = (file: string, given: string, size: number) => {
    const chunks = Math.ceil((size - FILE_HEADER) / CHUNK);
    if (threads <= 1 || chunks <= PART_CHUNKS || !isEvtxFile(file)) {
      tasks.push({ id: tasks.length, file, given, size, part: null });
      return;
    }
    for (let firstChunk = 0; firstChunk < chunks; firstChunk += PART_CHUNKS) {
      tasks.push({
        id: tasks.length,
        file,
        given,
        size: PART_CHUNKS * CHUNK,
        part: { firstChunk, chunks: Math.min(PART_CHUNKS, chunks - firstChunk) },
      });
    }
  };
  const seen = new Set<string>();
  for (const given of paths) walk(given, seen, add, aside);
  return tasks;
}

/**
 * Every file below a path. Links are followed, but what was met already, by whatever way, is not read again: one event
 * is one finding. A folder that cannot be read is set aside.
 */
function walk(
  given: string,
  seen: Set<string>,
  add: (file: string, given: string, size: number) => void,
  aside: (item: AsideItem) => void,
): void {
  const visit = (place: string, isGiven: boolean) => {
    try {
      const stat = statSync(place);
      const real = realpathSync(place);
      if (seen.has(real)) return;
      seen.add(real);
      if (stat.isDirectory()) {
        for (const name of namesIn(place)) visit(`${place.replace(/[\\/]+$/, '')}${path.sep}${name}`, false);
      } else if (stat.isFile()) {
        accessSync(place, constants.R_OK);
        add(place, place, stat.size);
      } else
        aside({
          path: place,
          record: null,
          offset: null,
          reason: 'not-a-file',
          detail: 'it is neither a file nor a folder',
        });
    } catch (error) {
      if (isGiven) throw new Refusal('input/not-found', `cannot read ${given}: ${reasonOf(error)}`);
      const detail = place.includes('\uFFFD') ? 'its name is not UTF-8: rename it' : reasonOf(error);
      aside({ path: place, record: null, offset: null, reason: 'not-readable', detail });
    }
  };
  visit(given, true);
}

/** In order; links last, so that what they lead to is read by its own name where it has one here. */
function namesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const names = (isLink: boolean) =>
    entries
      .filter((entry) => entry.isSymbolicLink() === isLink)
      .map(({ name }) => name)
      .sort();
  return [...names(false), ...names(true)];
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return 'there is nothing of that name';
  if (code === 'EACCES' || code === 'EPERM') return 'this account may not read it';
  return error instanceof Error ? error.message : 'it cannot be read';
}

interface Joined {
  readonly logs: readonly LogSummary[];
  readonly placed: readonly ScannedHit[];
  readonly setAside: readonly AsideItem[];
  readonly setAsideUnlisted: number;
}

/** Results in the order of the tasks, with the parts of a file made one again: their records are counted on. */
function joinParts(tasks: readonly ScanTask[], results: ReadonlyMap<number, TaskResult>): Joined[] {
  const joined: Joined[] = [];
  let recordsBefore = 0;
  let file = '';
  for (const task of tasks) {
    const result = results.get(task.id);
    if (result === undefined) continue;
    const isFurtherPart = task.part !== null && task.part.firstChunk > 0 && task.file === file;
    if (!isFurtherPart) recordsBefore = 0;
    file = task.file;
    const shift = recordsBefore;
    const placed = result.hits.map((hit) => ({
      ...hit,
      record: hit.record + shift,
      path: result.logs[hit.log]?.path ?? task.given,
      ruleId: '',
    }));
    const setAside = result.setAside.map((item) =>
      item.record === null ? item : { ...item, record: item.record + shift },
    );
    joined.push({ logs: result.logs, placed, setAside, setAsideUnlisted: result.setAsideUnlisted });
    recordsBefore +=
      result.logs.reduce((sum, log) => sum + log.events, 0) +
      result.setAside.filter((item) => item.record !== null).length;
  }
  return joined;
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

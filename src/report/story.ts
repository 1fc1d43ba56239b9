import type { Finding } from '../core/finding.ts';
import { type Level, LEVELS, levelRank } from '../core/level.ts';
import type { ScanResult } from '../scan/scan.ts';
import { coverageOf } from './coverage.ts';
import { grouped, plural, spanOf, ukTime } from './wording.ts';

/**
 * One line of the story: what one rule found about one host and account, however many events are under it. Rules that
 * found the same in the same events share a line.
 */
export interface Thread {
  /** The highest of the rules that share it. */
  readonly level: Level;
  readonly first: Finding;
  readonly last: Finding;
  readonly count: number;
  readonly examples: readonly Finding[];
  /** What the other rules that share it said of the first event. */
  readonly others: readonly Finding[];
}

/** All that happened on one host, in the order in which it began. */
export interface Chapter {
  /** The host's name in lower case, '' if the logs do not say. */
  readonly key: string;
  readonly host: string;
  readonly accounts: readonly string[];
  readonly threads: readonly Thread[];
  readonly worst: Level;
  readonly findings: number;
}

const MAX_EXAMPLES = 3;
/** What a tired person reads: the rest is in the other formats, and its number is said. */
const MAX_CHAPTERS = 12;
const MAX_THREADS = 12;

/** The findings told by host, the worst host first. */
export function chaptersOf(findings: readonly Finding[]): Chapter[] {
  const hosts = new Map<string, Map<string, Growing>>();
  for (const finding of findings) {
    const host = (finding.entities.host ?? '').toLowerCase();
    const threads = hosts.get(host) ?? new Map<string, Growing>();
    hosts.set(host, threads);
    const key = `${finding.ruleId}\0${finding.entities.account ?? ''}`;
    const thread = threads.get(key);
    threads.set(
      key,
      thread === undefined
        ? { level: finding.level, first: finding, last: finding, count: 1, examples: [finding], others: [] }
        : joined(thread, finding),
    );
  }
  return [...hosts]
    .map(([key, threads]) => chapterOf(key, threads))
    .sort(
      (a, b) =>
        levelRank(b.worst) - levelRank(a.worst) || b.threads.length - a.threads.length || (a.host < b.host ? -1 : 1),
    );
}

interface Growing extends Thread {
  readonly examples: Finding[];
}

function joined(thread: Growing, finding: Finding): Growing {
  if (thread.examples.length < MAX_EXAMPLES) thread.examples.push(finding);
  const earlier = isEarlier(finding, thread.first) ? finding : thread.first;
  const later = isEarlier(thread.last, finding) ? finding : thread.last;
  return { ...thread, first: earlier, last: later, count: thread.count + 1 };
}

/** Threads on the same events made one: told in our own words where we have a rule for it, at the highest level. */
function merged(threads: Iterable<Thread>): Thread[] {
  const byEvents = new Map<string, Thread>();
  for (const thread of threads) {
    const key = `${place(thread.first)}\0${place(thread.last)}\0${thread.count}`;
    const same = byEvents.get(key);
    byEvents.set(key, same === undefined ? thread : shared(same, thread));
  }
  return [...byEvents.values()];
}

function shared(a: Thread, b: Thread): Thread {
  const higher = levelRank(b.level) > levelRank(a.level);
  const [told, other] = isOurs(b) && !isOurs(a) ? [b, a] : isOurs(a) || !higher ? [a, b] : [b, a];
  return { ...told, level: higher ? b.level : a.level, others: [...told.others, other.first, ...other.others] };
}

function isOurs({ first }: Thread): boolean {
  return first.author === 'Wardwatch';
}

function place({ source }: Finding): string {
  return `${source.path}\0${source.record}`;
}

function isEarlier(a: Finding, b: Finding): boolean {
  return a.at !== null && (b.at === null || a.at < b.at);
}

function chapterOf(key: string, threads: ReadonlyMap<string, Thread>): Chapter {
  const all = merged(threads.values()).sort((a, b) =>
    isEarlier(a.first, b.first) ? -1 : isEarlier(b.first, a.first) ? 1 : 0,
  );
  const worst = all.reduce<Level>(
    (worst, { level }) => (levelRank(level) > levelRank(worst) ? level : worst),
    'informational',
  );
  const accounts = [
    ...new Set(all.map(({ first }) => first.entities.account).filter((account) => account !== undefined)),
  ];
  return {
    key,
    host: all[0]?.first.entities.host ?? 'A machine that the logs do not name',
    accounts,
    threads: all,
    worst,
    findings: all.reduce((sum, { count, others }) => sum + count * (1 + others.length), 0),
  };
}

const LEVEL_WORD: Record<Level, string> = {
  critical: 'CRITICAL',
  high: 'HIGH',
  medium: 'MEDIUM',
  low: 'low',
  informational: 'info',
};

/** The scan told to a person, on a terminal: what happened, what to do, and what the logs could not show. */
export function story(result: ScanResult, minLevel: Level, timeZone: string): string {
  const shown = result.findings.filter(({ level }) => levelRank(level) >= levelRank(minLevel));
  const lines: string[] = [verdictOf(result, shown), ''];
  if (shown.length > 0) lines.push('What happened, machine by machine:', '');
  const chapters = chaptersOf(shown);
  for (const chapter of chapters.slice(0, MAX_CHAPTERS)) lines.push(...chapterLines(chapter, timeZone), '');
  const rest = chapters.slice(MAX_CHAPTERS);
  if (rest.length > 0) {
    lines.push(
      `And ${plural(rest.length, 'more machine')} with ${plural(
        rest.reduce((sum, { findings }) => sum + findings, 0),
        'finding',
      )}: see --format timeline.`,
      '',
    );
  }
  lines.push(...todo(shown), ...hidden(result, shown, minLevel), ...coverageOf(result), ...readLines(result, timeZone));
  return `${lines.join('\n')}\n`;
}

export function verdictOf(result: ScanResult, shown: readonly Finding[]): string {
  const events = result.logs.reduce((sum, log) => sum + log.events, 0);
  if (events === 0) return 'NOTHING COULD BE READ. This is not an all-clear: see below what was set aside, and why.';
  const worst = shown.reduce((rank, { level }) => Math.max(rank, levelRank(level)), -1);
  if (worst < 0) return quietVerdict(result, events);
  const serious = shown.filter(({ level }) => levelRank(level) >= levelRank('high'));
  const hosts = new Set(serious.map(({ entities }) => entities.host?.toLowerCase())).size;
  if (worst >= levelRank('high'))
    return `SIGNS OF AN ATTACK: ${plural(serious.length, 'serious finding')} on ${plural(hosts, 'machine')}.`;
  return `${plural(shown.length, 'finding')} worth a look, none of them serious by itself.`;
}

/** Nothing is shown: which of several reasons that has. Only one of them is good news. */
function quietVerdict(result: ScanResult, events: number): string {
  if (result.couldFire.size === 0)
    return `NOTHING COULD BE JUDGED: no rule looks at events such as these ${grouped(events)}. This is not an all-clear: say what they are with --as, and see below.`;
  const left = result.findings.filter(({ level }) => levelRank(level) >= levelRank('low')).length;
  if (left > 0)
    return `${plural(left, 'finding')} below the level that was asked for, and none above it, in ${plural(events, 'event')}: see below.`;
  const unread =
    result.setAsideInAll === 0
      ? ''
      : `, but ${plural(result.setAsideInAll, 'item')} could not be read, and this is no all-clear for those`;
  return `NOTHING SUSPICIOUS was found in ${plural(events, 'event')}${unread}. That is only as good as the logs: see below what they could not have shown.`;
}

function chapterLines(chapter: Chapter, timeZone: string): string[] {
  const who =
    chapter.accounts.slice(0, 4).join(', ') +
    (chapter.accounts.length > 4 ? ` and ${chapter.accounts.length - 4} more` : '');
  const lines = [`── ${clean(chapter.host)}${who === '' ? '' : `   (accounts: ${clean(who)})`}`];
  const shown = mostSerious(chapter.threads);
  for (const thread of shown) lines.push(...threadLines(thread, timeZone));
  const rest = chapter.threads.length - shown.length;
  if (rest > 0) lines.push(`   … and ${plural(rest, 'other kind')} of finding here, less serious.`);
  return lines;
}

/** The most serious threads, still in the order of time. */
function mostSerious(threads: readonly Thread[]): Thread[] {
  const ranked = [...threads].sort((a, b) => levelRank(b.level) - levelRank(a.level));
  const kept = new Set(ranked.slice(0, MAX_THREADS));
  return threads.filter((thread) => kept.has(thread));
}

function threadLines({ level, first, last, count, examples, others }: Thread, timeZone: string): string[] {
  const when = spanOf(first.at, last.at, timeZone);
  const times = count > 1 ? `, ${grouped(count)} times` : '';
  const example = examples[0] ?? first;
  return [
    `   ${when}${times}   [${LEVEL_WORD[level]}]`,
    `      ${clean(example.plain)}`,
    `      Could be innocent: ${clean(example.innocent)}`,
    `      Evidence: ${clean(example.source.path)}, record ${example.source.record} · ${clean(ruleOf(example))}`,
    ...(others.length === 0 ? [] : [`      Also seen by: ${clean(others.map(ruleOf).join('; '))}`]),
  ];
}

/** A rule's title, and its author where that is not us. */
export function ruleOf({ title, author }: Finding): string {
  return author === '' || author === 'Wardwatch' ? title : `${title} (rule by ${author})`;
}

const MAX_STEPS = 8;
/** “Unplug DC1 from the network now” and “… but leave it on” are one thing to do: the more serious finding's words stand. */
const SAME_WORDS = 5;

/** What to do now: the steps of the most serious findings, each once. */
export function stepsOf(shown: readonly Finding[]): string[] {
  const serious = [...shown]
    .filter(({ level }) => levelRank(level) >= levelRank('medium'))
    .sort((a, b) => levelRank(b.level) - levelRank(a.level));
  const steps = new Map<string, string>();
  const rules = new Set<string>();
  for (const { ruleId, next } of serious) {
    if (steps.size >= MAX_STEPS) break;
    if (rules.has(ruleId)) continue;
    rules.add(ruleId);
    for (const step of next.slice(0, 2)) {
      const key = clean(step)
        .toLowerCase()
        .replace(/[.,;:]/g, '')
        .split(' ')
        .slice(0, SAME_WORDS)
        .join(' ');
      if (steps.size < MAX_STEPS && !steps.has(key)) steps.set(key, clean(step));
    }
  }
  return [...steps.values()];
}

function todo(shown: readonly Finding[]): string[] {
  const steps = stepsOf(shown);
  return steps.length === 0 ? [] : ['What to do now', ...steps.map((step, i) => `   ${i + 1}. ${step}`), ''];
}

function hidden(result: ScanResult, shown: readonly Finding[], minLevel: Level): string[] {
  const rest = result.findings.length - shown.length;
  if (rest === 0) return [];
  const counts = LEVELS.map(
    (level) =>
      [
        level,
        result.findings.filter((finding) => finding.level === level && levelRank(level) < levelRank(minLevel)).length,
      ] as const,
  );
  const said = counts.filter(([, count]) => count > 0).map(([level, count]) => `${grouped(count)} ${level}`);
  return [
    `Not shown: ${said.join(', ')}. Show them with --min-level ${LEVELS.find((level) => counts.some(([name, count]) => name === level && count > 0)) ?? 'informational'}.`,
    '',
  ];
}

function readLines(result: ScanResult, timeZone: string): string[] {
  const events = result.logs.reduce((sum, log) => sum + log.events, 0);
  const bytes = result.logs.reduce((sum, log) => sum + log.bytes, 0);
  const earliest = result.logs.reduce<number | null>(
    (time, log) => (log.earliest === null || (time !== null && time <= log.earliest) ? time : log.earliest),
    null,
  );
  const latest = result.logs.reduce<number | null>(
    (time, log) => (log.latest === null || (time !== null && time >= log.latest) ? time : log.latest),
    null,
  );
  const seconds = result.elapsedMs / 1000;
  const lines = [
    'What was read',
    `   ${plural(result.logs.length, 'log')}, ${plural(events, 'event')}, ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s (${grouped(Math.round(events / Math.max(seconds, 0.001)))} events a second)`,
  ];
  if (earliest !== null && latest !== null) {
    lines.push(
      `   From ${ukTime(new Date(earliest).toISOString(), timeZone)} to ${ukTime(new Date(latest).toISOString(), timeZone)} (times shown in ${timeZone})`,
    );
  }
  const assumed = result.logs.reduce((sum, log) => sum + log.zoneAssumed, 0);
  if (assumed > 0)
    lines.push(
      `   ${plural(assumed, 'event')} gave a time without a zone: ${timeZone} was assumed (change with --timezone).`,
    );
  const timeless = result.logs.reduce((sum, log) => sum + log.withoutTime, 0);
  if (timeless > 0)
    lines.push(`   ${plural(timeless, 'event')} had no time that means anything: correlations could not use them.`);
  if (result.correlationGroupsForgotten > 0)
    lines.push(
      `   ${plural(result.correlationGroupsForgotten, 'group')} of events had to be forgotten while joining them: some counts may be too low.`,
    );
  lines.push(...asideLines(result));
  return lines;
}

function asideLines(result: ScanResult): string[] {
  if (result.setAsideInAll === 0) return ['   Nothing was set aside: all of it could be read.'];
  const byReason = new Map<string, number>();
  for (const { reason } of result.setAside) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
  const said = [...byReason].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `${grouped(count)} ${reason}`);
  return [
    `   SET ASIDE, because it could not be read: ${plural(result.setAsideInAll, 'item')} (${said.join(', ')}). List them with --show-set-aside.`,
  ];
}

/** Log text is hostile: what a terminal would obey is shown, not obeyed. */
function clean(text: string): string {
  // Control characters, direction overrides and invisible separators.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g, ' ').trim();
}

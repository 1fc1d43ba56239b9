import type { Finding } from '../core/finding.ts';
import { type Level, LEVELS, levelRank } from '../core/level.ts';
import { UNSEEN } from '../core/unseen.ts';
import type { ScanResult } from '../scan/scan.ts';
import { type Chapter, chaptersOf, machineNames, ruleOf, type Thread } from './chapters.ts';
import { blindnessOf, blindSentences, judgedBy } from './coverage.ts';
import { tasksOf } from './tasks.ts';
import { grouped, listed, plural, spanOf, ukTime } from './wording.ts';

/** What a tired person reads: the rest is in the other formats, and its number is said. */
const MAX_CHAPTERS = 12;
/** Lines a machine has: the worst have more, for the first screens are the ones that are read. */
const MAX_THREADS = [10, 10, 6];
const MAX_THREADS_ELSE = 4;
const MAX_NAMES = 4;

const LEVEL_WORD: Record<Level, string> = {
  critical: 'CRITICAL',
  high: 'HIGH',
  medium: 'MEDIUM',
  low: 'low',
  informational: 'info',
};

/** What a level asks of the reader, once for all lines. */
export const LEVELS_MEAN = 'CRITICAL: act now; HIGH: look today; MEDIUM: look this week; low: good to know';

/** The scan told to a person, on a terminal: what happened, what to do, and what the logs could not show. */
export function story(result: ScanResult, minLevel: Level, timeZone: string): string {
  const shown = shownOf(result, minLevel);
  const folder = commonFolder(result);
  const lines: string[] = [verdictOf(result, minLevel), ''];
  if (shown.length > 0) lines.push('What happened, machine by machine', `(${LEVELS_MEAN})`, '');
  const chapters = chaptersOf(shown);
  chapters.slice(0, MAX_CHAPTERS).forEach((chapter, rank) => {
    lines.push(...chapterLines(chapter, MAX_THREADS[rank] ?? MAX_THREADS_ELSE, folder, timeZone), '');
  });
  const left = hidden(result, minLevel);
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
  lines.push(
    ...todo(shown),
    ...(left === null ? [] : [left, '']),
    ...unseen(result, timeZone),
    ...readLines(result, folder, timeZone),
  );
  return `${lines.flatMap(wrapped).join('\n')}\n`;
}

export function shownOf(result: ScanResult, minLevel: Level): Finding[] {
  return result.findings.filter(({ level }) => levelRank(level) >= levelRank(minLevel));
}

/** The first sentence, which may be all that is read: never an all-clear where nothing was read or judged. */
export function verdictOf(result: ScanResult, minLevel: Level): string {
  const shown = shownOf(result, minLevel);
  const events = result.logs.reduce((sum, log) => sum + log.events, 0);
  const worst = shown.reduce((rank, { level }) => Math.max(rank, levelRank(level)), -1);
  if (worst >= levelRank('high')) {
    const serious = shown.filter(({ level }) => levelRank(level) >= levelRank('high'));
    const machines = new Set(serious.map(machineNames(shown)).filter((name) => name !== null)).size;
    return `SIGNS OF AN ATTACK: ${plural(serious.length, 'serious finding')}${machines === 0 ? '' : ` on ${plural(machines, 'machine')}`}.`;
  }
  if (worst >= 0) {
    const kinds = new Set(shown.map(({ ruleId }) => ruleId)).size;
    return `${plural(shown.length, 'finding')} of ${kinds === 1 ? 'one kind' : `${grouped(kinds)} kinds`} worth a look, none of them serious by itself.`;
  }
  if (result.logs.length === 0 && result.setAsideInAll === 0)
    return 'NOTHING WAS READ: there is no file in what you named. This is not an all-clear.';
  if (events === 0) return 'NOTHING COULD BE READ. This is not an all-clear: see below what was set aside, and why.';
  const left = result.findings.filter(({ level }) => levelRank(level) >= levelRank('low')).length;
  if (left > 0)
    return `${plural(left, 'finding')} below the level that was asked for (${minLevel}), and none above it: this is not an all-clear.`;
  const { all, could } = judgedBy(result);
  if (could === 0)
    return `NOTHING COULD BE JUDGED: none of the ${plural(all, 'rule')} looks at what is in these ${plural(events, 'event')}. This is not an all-clear. Say what they are with --as, or add rules for them with --rules.`;
  const unread =
    result.setAsideInAll === 0
      ? ''
      : `, but ${plural(result.setAsideInAll, 'item')} could not be read, and this is no all-clear for those`;
  return `NOTHING SUSPICIOUS was found in ${plural(events, 'event')}${unread}. Of ${plural(all, 'rule')}, ${grouped(could)} could judge any of them: that is only as good as the logs, see below what they could not have shown.`;
}

function chapterLines(chapter: Chapter, most: number, folder: string, timeZone: string): string[] {
  const who = chapter.accounts.length === 0 ? '' : `   (accounts: ${listed(chapter.accounts.map(clean), MAX_NAMES)})`;
  const lines = [`── ${clean(chapter.host)}${who}`];
  const shown = mostSerious(chapter.threads, most);
  for (const thread of shown) lines.push(...threadLines(thread, folder, timeZone));
  const rest = chapter.threads.length - shown.length;
  if (rest > 0)
    lines.push(`   … and ${plural(rest, 'other kind')} of finding here, no more serious: see --format html.`);
  return lines;
}

/** The most serious threads, still in the order of time. */
function mostSerious(threads: readonly Thread[], most: number): Thread[] {
  const ranked = [...threads].sort((a, b) => levelRank(b.level) - levelRank(a.level));
  const kept = new Set(ranked.slice(0, most));
  return threads.filter((thread) => kept.has(thread));
}

function threadLines(thread: Thread, folder: string, timeZone: string): string[] {
  const { level, first, others } = thread;
  return [
    `   ${clean(whenAndWho(thread, timeZone))}   [${LEVEL_WORD[level]}]`,
    `      ${clean(first.plain)}`,
    `      Could be innocent: ${clean(first.innocent)}`,
    `      Evidence: ${clean(first.source.path.slice(folder.length))}, record ${first.source.record} · ${clean(ruleOf(first))}`,
    ...(others.length === 0
      ? []
      : [
          `      Also seen by: ${listed(
            others.map(({ title }) => `“${clean(title)}”`),
            MAX_NAMES,
          )}`,
        ]),
  ];
}

/** When, in how many events, and by whom if the sentence does not say. */
export function whenAndWho({ first, last, events, accounts }: Thread, timeZone: string): string {
  const parts = [spanOf(first.at, last.at, timeZone)];
  if (events > 1) parts.push(plural(events, 'event'));
  if (accounts.length > 0)
    parts.push(`${accounts.length === 1 ? 'account' : 'accounts'} ${listed(accounts, MAX_NAMES)}`);
  return parts.join(', ');
}

function todo(shown: readonly Finding[]): string[] {
  const { tasks, left } = tasksOf(shown);
  if (tasks.length === 0) return [];
  const lines = ['What to do now, the gravest first'];
  let number = 0;
  for (const { why, machines, steps } of tasks) {
    const [machine, ...others] = machines.map(clean);
    lines.push(`   ${clean(why)}${machine === undefined ? '' : `, on ${machine}`}`);
    for (const step of steps) lines.push(`     ${String(++number).padStart(2)}. ${clean(step)}`);
    if (others.length > 0) lines.push(`         Likewise on ${listed(others, MAX_NAMES)}.`);
  }
  if (left > 0) lines.push(`   And ${plural(left, 'more kind')} of finding: --format html has the steps.`);
  lines.push('');
  return lines;
}

/** What was found below the level asked for; none if there is nothing. */
export function hidden(result: ScanResult, minLevel: Level): string | null {
  if (result.findings.length === shownOf(result, minLevel).length) return null;
  const counts = LEVELS.map(
    (level) =>
      [
        level,
        result.findings.filter((finding) => finding.level === level && levelRank(level) < levelRank(minLevel)).length,
      ] as const,
  );
  const said = counts.filter(([, count]) => count > 0).map(([level, count]) => `${grouped(count)} ${level}`);
  return `Not shown: ${said.join(', ')}. Show them with --min-level ${LEVELS.find((level) => counts.some(([name, count]) => name === level && count > 0)) ?? 'informational'}.`;
}

const MAX_NEEDS = 5;

function unseen(result: ScanResult, timeZone: string): string[] {
  if (result.logs.every(({ events }) => events === 0)) return [];
  const lines = [
    'What these logs could not have shown',
    ...blindSentences(result, timeZone).map((line) => `   ${clean(line)}`),
  ];
  const blind = blindnessOf(result);
  const tell = (title: string, some: typeof blind) => {
    if (some.length === 0) return;
    lines.push(`   ${title}`);
    for (const { needs, rules, gravest } of some.slice(0, MAX_NEEDS))
      lines.push(`    · ${clean(needs)}: “${clean(gravest)}”${rules > 1 ? ` and ${grouped(rules - 1)} more` : ''}`);
    if (some.length > MAX_NEEDS)
      lines.push(`    · and ${plural(some.length - MAX_NEEDS, 'more setting')}: see --format html`);
  };
  tell(
    'To switch on, where the logs come from (and what it would show):',
    blind.filter(({ isOfKnownSystem }) => isOfKnownSystem),
  );
  tell(
    'Not among these logs at all (and what it would show):',
    blind.filter(({ isOfKnownSystem }) => !isOfKnownSystem),
  );
  const refused = result.rules.problems.filter(({ reason }) => reason !== 'deprecated').length;
  if (refused > 0) lines.push(`   ${plural(refused, 'rule')} cannot run at all: rules check says why.`);
  lines.push('');
  return lines;
}

function readLines(result: ScanResult, folder: string, timeZone: string): string[] {
  const sum = (of: (log: ScanResult['logs'][number]) => number) => result.logs.reduce((all, log) => all + of(log), 0);
  const events = sum((log) => log.events);
  const seconds = result.elapsedMs / 1000;
  const lines = [
    'What was read',
    `   ${plural(result.logs.length, 'log')}, ${plural(events, 'event')}, ${(sum((log) => log.bytes) / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s (${grouped(Math.round(events / Math.max(seconds, 0.001)))} events a second)`,
  ];
  if (folder !== '' && result.findings.length > 0) lines.push(`   Evidence lies below ${clean(folder)}`);
  const range = rangeOf(result);
  if (range !== null)
    lines.push(
      `   From ${ukTime(range.earliest, timeZone)} to ${ukTime(range.latest, timeZone)} (times shown in ${timeZone})`,
    );
  const assumed = sum((log) => log.zoneAssumed);
  if (assumed > 0)
    lines.push(
      `   ${plural(assumed, 'event')} gave a time without a zone: ${timeZone} was assumed (change with --timezone).`,
    );
  const unset = sum((log) => log.clockUnset);
  if (unset > 0)
    lines.push(`   ${plural(unset, 'event')} bear a time before 1990: the clock of what sent them was not set.`);
  const timeless = sum((log) => log.withoutTime);
  if (timeless > 0)
    lines.push(
      `   ${plural(timeless, 'event')} had no time that means anything: rules that join events could not use them.`,
    );
  if (result.correlationGroupsForgotten > 0)
    lines.push(
      `   ${plural(result.correlationGroupsForgotten, 'group')} of events had to be forgotten while joining them: some counts may be too low.`,
    );
  lines.push(...asideLines(result, folder));
  return lines;
}

/** The first and the last time in all logs, UTC; `null`: none has one. */
export function rangeOf({ logs }: ScanResult): { readonly earliest: string; readonly latest: string } | null {
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (const log of logs) {
    if (log.earliest !== null && log.earliest < earliest) earliest = log.earliest;
    if (log.latest !== null && log.latest > latest) latest = log.latest;
  }
  return earliest <= latest
    ? { earliest: new Date(earliest).toISOString(), latest: new Date(latest).toISOString() }
    : null;
}

const MAX_REASONS = 6;

function asideLines(result: ScanResult, folder: string): string[] {
  if (result.setAsideInAll === 0)
    return result.logs.length === 0 ? [] : ['   Nothing was set aside: all of it could be read.'];
  const byReason = Map.groupBy(result.setAside, ({ reason }) => reason);
  const reasons = [...byReason].sort((a, b) => b[1].length - a[1].length);
  const lines = reasons.slice(0, MAX_REASONS).map(([reason, items]) => {
    const [item] = items;
    return `    · ${grouped(items.length)} × ${reason}: ${clean(item?.detail ?? '')}, such as ${clean(item?.path.slice(folder.length) ?? '')}`;
  });
  if (reasons.length > MAX_REASONS) lines.push(`    · and ${plural(reasons.length - MAX_REASONS, 'more reason')}`);
  return [
    `   SET ASIDE, because it could not be read: ${plural(result.setAsideInAll, 'item')}. List them with --show-set-aside.`,
    ...lines,
  ];
}

const WIDTH = 110;

/** A line that a terminal would break anywhere, broken between words, its rest below its beginning. */
function wrapped(line: string): string[] {
  // To be copied: it stays whole.
  if (line.startsWith('      Evidence: ')) return [line];
  const [start = '', mark] = /^ *(\d+\. |· )?/.exec(line) ?? [];
  const indent = ' '.repeat(start.length + (mark === undefined ? 2 : 0));
  const lines: string[] = [];
  let rest = line;
  while (rest.length > WIDTH) {
    const space = rest.lastIndexOf(' ', WIDTH);
    // A path or a hash longer than a line stays whole.
    const at = space > indent.length ? space : rest.indexOf(' ', WIDTH);
    if (at < 0) break;
    lines.push(rest.slice(0, at));
    rest = indent + rest.slice(at + 1);
  }
  return [...lines, rest];
}

/** What all paths begin with, up to a folder; it is said once, not in every line. */
function commonFolder({ logs, setAside }: ScanResult): string {
  const paths = [...logs, ...setAside].map(({ path }) => path);
  let [common = ''] = paths;
  for (const path of paths) while (!path.startsWith(common)) common = common.slice(0, -1);
  return common.slice(0, Math.max(common.lastIndexOf('/'), common.lastIndexOf('\\')) + 1);
}

/** Log text is hostile: what a terminal would obey is left out, and a line stays one. */
function clean(text: string): string {
  return text
    .replaceAll(UNSEEN, ' ')
    .replace(/[\t\n\u200b-\u200f\u2028\u2029\ufeff]+/g, ' ')
    .trim();
}

import type { Finding } from '../core/finding.ts';
import { type Level, levelRank } from '../core/level.ts';
import { isOfAPerson } from '../findings/words.ts';

/**
 * One line of the story: what one rule found on one machine, however many events are under it and whoever did it, unless
 * its sentence names who did. Rules that found the same in the same events share a line.
 */
export interface Thread {
  /** The highest of the rules that share it. */
  readonly level: Level;
  readonly first: Finding;
  readonly last: Finding;
  readonly count: number;
  /** Accounts of people under it that its sentence does not name. */
  readonly accounts: readonly string[];
  /** What the other rules that share it said of the first event. */
  readonly others: readonly Finding[];
}

/** All that happened on one machine, in the order in which it began. */
export interface Chapter {
  /** The machine's name as `machineOf` gives it; `null` if the logs name none. */
  readonly machine: string | null;
  readonly host: string;
  /** Accounts of people; those of services and machines are in the findings. */
  readonly accounts: readonly string[];
  readonly threads: readonly Thread[];
  readonly worst: Level;
  readonly findings: number;
}

const UNNAMED = 'No machine that the logs name (cloud, mail, network)';

/** The findings told by machine, the worst machine first. */
export function chaptersOf(findings: readonly Finding[]): Chapter[] {
  const nameOf = machineNames(findings);
  const machines = new Map<string | null, Finding[]>();
  for (const finding of findings) {
    const machine = nameOf(finding);
    const own = machines.get(machine);
    if (own === undefined) machines.set(machine, [finding]);
    else own.push(finding);
  }
  return [...machines]
    .map(([machine, own]) => chapterOf(machine, own))
    .sort(
      (a, b) =>
        levelRank(b.worst) - levelRank(a.worst) || b.threads.length - a.threads.length || (a.host < b.host ? -1 : 1),
    );
}

/**
 * The machine that a finding is about, in lower case; `null`: none is named. A short name is the machine whose full name
 * begins with it, if there is exactly one: logs of one machine name it both ways.
 */
export function machineNames(findings: readonly Finding[]): (finding: Finding) => string | null {
  const names = new Set(findings.flatMap(({ entities }) => entities.host?.toLowerCase() ?? []));
  const fullNames = new Map<string, string | null>();
  for (const name of names) {
    const dot = name.indexOf('.');
    if (dot <= 0) continue;
    const short = name.slice(0, dot);
    fullNames.set(short, fullNames.has(short) ? null : name);
  }
  return ({ entities }) => {
    const name = entities.host?.toLowerCase();
    return name === undefined ? null : (fullNames.get(name) ?? name);
  };
}

function chapterOf(machine: string | null, findings: readonly Finding[]): Chapter {
  const growing = new Map<string, Growing>();
  for (const finding of findings) {
    const { account = '' } = finding.entities;
    const key = `${finding.ruleId}\0${finding.plain.includes(account) ? account.toLowerCase() : ''}`;
    growing.set(key, grown(growing.get(key), finding));
  }
  const threads = merged([...growing.values()].map(threadOf)).sort((a, b) =>
    isEarlier(a.first, b.first) ? -1 : isEarlier(b.first, a.first) ? 1 : 0,
  );
  const names = findings.flatMap(({ entities }) => entities.host ?? []);
  return {
    machine,
    // Of its ways of writing it, the full one.
    host: names.find((name) => name.toLowerCase() === machine) ?? names[0] ?? UNNAMED,
    accounts: peopleIn(findings),
    threads,
    worst: threads.reduce<Level>(
      (worst, { level }) => (levelRank(level) > levelRank(worst) ? level : worst),
      'informational',
    ),
    findings: findings.length,
  };
}

interface Growing {
  first: Finding;
  last: Finding;
  readonly all: Finding[];
}

function grown(growing: Growing | undefined, finding: Finding): Growing {
  if (growing === undefined) return { first: finding, last: finding, all: [finding] };
  growing.all.push(finding);
  if (isEarlier(finding, growing.first)) growing.first = finding;
  if (isEarlier(growing.last, finding)) growing.last = finding;
  return growing;
}

function threadOf({ first, last, all }: Growing): Thread {
  const accounts = peopleIn(all).filter((account) => !first.plain.toLowerCase().includes(account.toLowerCase()));
  return { level: first.level, first, last, count: all.length, accounts, others: [] };
}

/** The accounts of people, each once, however it was written. */
function peopleIn(findings: readonly Finding[]): string[] {
  const people = new Map<string, string>();
  for (const { entities } of findings) {
    const { account } = entities;
    if (account !== undefined && isOfAPerson(account) && !people.has(account.toLowerCase()))
      people.set(account.toLowerCase(), account);
  }
  return [...people.values()];
}

/** Threads on the same events made one: told by the graver rule, in our own words where we have a rule for it. */
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
  const higher = levelRank(b.first.level) > levelRank(a.first.level);
  const tellsB = isOurs(a) === isOurs(b) ? higher : isOurs(b);
  const [told, other] = tellsB ? [b, a] : [a, b];
  const level = levelRank(b.level) > levelRank(a.level) ? b.level : a.level;
  return { ...told, level, others: [...told.others, other.first, ...other.others] };
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

/** A rule's title, and its author where that is not us. */
export function ruleOf({ title, author }: Finding): string {
  return author === '' || author === 'Wardwatch' ? title : `${title} (rule by ${author})`;
}

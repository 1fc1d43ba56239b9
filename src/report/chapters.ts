import type { EventPlace, Finding } from '../core/finding.ts';
import { type Level, levelRank } from '../core/level.ts';
import { isOfAPerson } from '../findings/words.ts';

/**
 * One line of the story: what one rule found on one machine, however many events are under it and whoever did it, unless
 * its sentence names who did. Rules of others that say it in the same words share a line, and rules that found it in the
 * same events.
 */
export interface Thread {
  /** The highest of the rules that share it. */
  readonly level: Level;
  readonly first: Finding;
  readonly last: Finding;
  /** How often rules fired, each event counted once. */
  readonly hits: number;
  /** Events under it: of a rule that joins events, all that it joined. */
  readonly events: number;
  /** Accounts of people under it that its sentence does not name. */
  readonly accounts: readonly string[];
  /** A finding of each other rule that shares it. */
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
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const { account = '' } = finding.entities;
    const what = isOurs(finding) ? finding.ruleId : finding.plain;
    const key = `${what}\0${finding.plain.includes(account) ? account.toLowerCase() : ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  const threads = merged([...groups.values()].map(threadOf)).sort((a, b) =>
    isEarlier(a.first, b.first) ? -1 : isEarlier(b.first, a.first) ? 1 : 0,
  );
  const names = findings.flatMap(({ entities }) => entities.host ?? []);
  return {
    machine,
    // Of its ways of writing it, the full one.
    host: names.find((name) => name.toLowerCase() === machine) ?? names[0] ?? UNNAMED,
    accounts: peopleIn(findings),
    threads,
    worst: highest(threads),
    findings: findings.length,
  };
}

function threadOf(findings: readonly [Finding, ...Finding[]]): Thread {
  const [any, ...more] = findings;
  const first = more.reduce((earliest, finding) => (isEarlier(finding, earliest) ? finding : earliest), any);
  const last = more.reduce((latest, finding) => (isEarlier(latest, finding) ? finding : latest), any);
  const rules = new Map(findings.map((finding) => [finding.ruleId, finding]));
  rules.delete(first.ruleId);
  return {
    level: highest(findings),
    first,
    last,
    hits: new Set(findings.map(({ source }) => place(source))).size,
    events: new Set(findings.flatMap(({ evidence }) => evidence.map(place))).size,
    accounts: peopleIn(findings).filter((account) => !first.plain.toLowerCase().includes(account.toLowerCase())),
    others: [...rules.values()],
  };
}

function highest(of: readonly { readonly level: Level }[]): Level {
  return of.reduce<Level>((worst, { level }) => (levelRank(level) > levelRank(worst) ? level : worst), 'informational');
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
    const key = `${place(thread.first.source)}\0${place(thread.last.source)}\0${thread.hits}`;
    const same = byEvents.get(key);
    byEvents.set(key, same === undefined ? thread : shared(same, thread));
  }
  return [...byEvents.values()];
}

function shared(a: Thread, b: Thread): Thread {
  const higher = levelRank(b.first.level) > levelRank(a.first.level);
  const tellsB = isOurs(a.first) === isOurs(b.first) ? higher : isOurs(b.first);
  const [told, other] = tellsB ? [b, a] : [a, b];
  return { ...told, level: highest([a, b]), others: [...told.others, other.first, ...other.others] };
}

function isOurs({ author }: Finding): boolean {
  return author === 'Wardwatch';
}

function place({ path, record }: EventPlace): string {
  return `${path}\0${record}`;
}

function isEarlier(a: Finding, b: Finding): boolean {
  return a.at !== null && (b.at === null || a.at < b.at);
}

/** A rule's title, and its author where that is not us. */
export function ruleOf({ title, author }: Finding): string {
  return author === '' || author === 'Wardwatch' ? title : `${title} (rule by ${author})`;
}

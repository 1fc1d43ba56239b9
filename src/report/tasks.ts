import type { Finding } from '../core/finding.ts';
import { levelRank } from '../core/level.ts';
import { chaptersOf, type Thread } from './chapters.ts';

/** What to do about one kind of finding. */
export interface Task {
  /** The rule's title: why it is to be done. */
  readonly why: string;
  /** Where: the machines' names, as the logs give them; the first is the one that the steps name. */
  readonly machines: readonly string[];
  readonly steps: readonly string[];
}

const MAX_TASKS = 6;
const MAX_STEPS = 12;
const STEPS_EACH = 3;
/** Those whose first words are the same are one thing to do: the more serious finding's words stand. */
const SAME_WORDS = 5;
const CAVEAT = /^unless [^,]+, /i;

/** What to do now, the gravest first, each step once; `left` kinds of finding have steps that are not among them. */
export function tasksOf(shown: readonly Finding[]): { readonly tasks: readonly Task[]; readonly left: number } {
  const said = new Set<string>();
  const tasks: Task[] = [];
  let room = MAX_STEPS;
  let left = 0;
  for (const { why, machines, next, keyOf } of inOrder(kindsOf(shown))) {
    const steps = next.filter((step) => !said.has(keyOf(step))).slice(0, STEPS_EACH);
    if (steps.length === 0) continue;
    if (room === 0 || tasks.length === MAX_TASKS) {
      left++;
      continue;
    }
    const fitting = steps.slice(0, room);
    for (const step of fitting) said.add(keyOf(step));
    room -= fitting.length;
    tasks.push({ why, machines, steps: fitting });
  }
  return { tasks, left };
}

interface Kind {
  readonly why: string;
  readonly machines: readonly string[];
  readonly next: readonly string[];
  /** Steps with the same key are one thing to do. */
  readonly keyOf: (step: string) => string;
  /** See `gravityOf`. */
  readonly gravity: number;
}

/** What was found that is worth doing something about, by the rule that tells it. */
function kindsOf(shown: readonly Finding[]): Kind[] {
  const byRule = new Map<string, Told[]>();
  for (const { machine, host, threads } of chaptersOf(shown)) {
    for (const thread of threads) {
      if (levelRank(thread.level) < levelRank('medium')) continue;
      const told = { machine, host, thread };
      const own = byRule.get(thread.first.ruleId);
      if (own === undefined) byRule.set(thread.first.ruleId, [told]);
      else own.push(told);
    }
  }
  return [...byRule.values()].flatMap((all) => {
    const [gravest] = all.toSorted((a, b) => gravityOf(b.thread) - gravityOf(a.thread));
    if (gravest === undefined) return [];
    const { title, next, entities } = gravest.thread.first;
    const { machine } = gravest;
    // A machine that goes by two names is one in the steps as well.
    const keyOf = (step: string) =>
      wordsOf(entities.host === undefined || machine === null ? step : step.replaceAll(entities.host, machine));
    const hosts = [gravest, ...all].flatMap((told) => (told.machine === null ? [] : [told.host]));
    return { why: title, machines: [...new Set(hosts)], next, keyOf, gravity: gravityOf(gravest.thread) };
  });
}

interface Told {
  readonly machine: string | null;
  readonly host: string;
  readonly thread: Thread;
}

/** The level, then the points, then whether the words were written for that very rule. */
function gravityOf({ level, first }: Thread): number {
  return levelRank(level) * 8 + first.observation.points * 2 + (first.author === 'Wardwatch' ? 1 : 0);
}

/** The gravest first; of those as grave, first what concerns a machine of which nothing was said yet. */
function inOrder(kinds: readonly Kind[]): Kind[] {
  const left = new Set(kinds);
  const named = new Set<string>();
  const ordered: Kind[] = [];
  const isNews = ({ machines }: Kind) => machines.some((machine) => !named.has(machine));
  while (left.size > 0) {
    const gravest = Math.max(...[...left].map(({ gravity }) => gravity));
    const candidates = [...left].filter(({ gravity }) => gravity === gravest);
    const next = candidates.find(isNews) ?? candidates[0];
    if (next === undefined) break;
    left.delete(next);
    for (const machine of next.machines) named.add(machine);
    ordered.push(next);
  }
  return ordered;
}

function wordsOf(step: string): string {
  return step
    .replace(CAVEAT, '')
    .toLowerCase()
    .replace(/[.,;:]/g, '')
    .split(' ')
    .slice(0, SAME_WORDS)
    .join(' ');
}

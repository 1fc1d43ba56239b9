import type { UtcMs } from '../../core/event.ts';
import { forgetOldest } from './forget-oldest.ts';

/** What is done before files are encrypted, as rules see it. */
export type Precursor =
  | 'recovery'
  | 'services'
  | 'protection'
  | 'logs'
  | 'files'
  | 'passwords'
  | 'accounts'
  | 'policy'
  | 'remote-control'
  | 'data'
  | 'movement';

/** In plain words, for a sentence. */
export const PRECURSOR_WORDS: Readonly<Record<Precursor, string>> = {
  recovery: 'the way back was removed (shadow copies, backups or recovery)',
  services: 'services were stopped',
  protection: 'protection was switched off or weakened',
  logs: 'logs were cleared or switched off',
  files: 'many files were changed or destroyed',
  passwords: 'passwords were taken from memory or files',
  accounts: 'an account was made or given rights',
  policy: 'a policy for all machines was changed',
  'remote-control': 'a remote-control tool was used',
  data: 'data was gathered or sent out',
  movement: 'a program was started from another machine',
};

/** ATT&CK techniques (a sub-technique before its technique) → what they are here. Source: attack.mitre.org, Enterprise. */
const BY_TECHNIQUE: Readonly<Record<string, Precursor>> = {
  T1490: 'recovery',
  T1489: 'services',
  'T1562.002': 'logs',
  'T1562.006': 'logs',
  T1562: 'protection',
  'T1070.001': 'logs',
  'T1070.002': 'logs',
  T1486: 'files',
  T1485: 'files',
  T1561: 'files',
  T1003: 'passwords',
  T1555: 'passwords',
  T1136: 'accounts',
  T1098: 'accounts',
  T1484: 'policy',
  T1219: 'remote-control',
  T1560: 'data',
  T1567: 'data',
  T1048: 'data',
  T1021: 'movement',
  T1569: 'movement',
  T1570: 'movement',
  T1047: 'movement',
};
/** Without one of these it may be an attack, and is no step towards encryption yet. */
const CORE = new Set<Precursor>(['recovery', 'services', 'protection', 'logs', 'files']);
/** From what only ransomware does to what others do too: one event is one step, the first of these. */
const ORDER = Object.keys(PRECURSOR_WORDS) as readonly Precursor[];

/** @param techniques such as `T1562.001` */
export function precursorOf(techniques: readonly string[]): Precursor | null {
  const kinds = techniques.flatMap((technique) => BY_TECHNIQUE[technique] ?? BY_TECHNIQUE[technique.slice(0, 5)] ?? []);
  return ORDER.find((kind) => kinds.includes(kind)) ?? null;
}

/** The first of two in that order. */
export function firstPrecursor(one: Precursor, other: Precursor): Precursor {
  return ORDER.indexOf(one) <= ORDER.indexOf(other) ? one : other;
}

/** False for accounts that every machine has, and machines' own. */
export function isSomebody(account: string): boolean {
  return !/(?:^|\\)(?:|-|system|localsystem|local ?service|network ?service|root|[^\\]*\$)$/i.test(account);
}

interface Step {
  at: UtcMs;
  surprise: number;
}

interface List {
  readonly steps: Map<Precursor, Step>;
  /** Of the first step that still counts. */
  since: UtcMs;
  told: number;
}

/** The checklist of one host or account, as a new step made it. */
export interface Checklist {
  /** Of all steps together; more than their sum. */
  readonly surprise: number;
  readonly told: number;
  readonly isNews: boolean;
  /** The oldest first. */
  readonly steps: readonly Precursor[];
  readonly hourKey: string;
}

const HOUR_MS = 3_600_000;
/** A step counts half after a day, and is forgotten after two (design: record-access.md 3.4). */
const HALF_LIFE_MS = 24 * HOUR_MS;
const FORGET_MS = 48 * HOUR_MS;
/** A step that is done here all day is none: one hour in three. */
const MIN_SURPRISE = 0.5;
/** One detector says no more than this, as in an incident's strength. */
const MAX_STEP = 4;
/** Each further kind makes all of them so much stronger (design: record-access.md 3.4). */
const MORE_EACH = 0.3;
const STEP = 0.5;
const MAX_SURPRISE = 12;
/** About 600 bytes each: 12 MB. */
const MAX_LISTS = 20_000;

/**
 * The checklist of what comes before ransomware encrypts: several different steps on one host or account within hours
 * are worth more than their sum, because each alone may be an administrator's work and all of them hardly are. What a
 * step is worth is how unusual it is there, as learned: deleting backups on the backup server is nothing.
 */
export class Precursors {
  readonly #lists = new Map<string, List>();

  /**
   * @param surprise how unusual that rule is on that host
   * @returns `null` as long as there is no more than one step
   */
  see(subject: string, kind: Precursor, surprise: number, at: UtcMs): Checklist | null {
    if (surprise < MIN_SURPRISE) return null;
    const list = this.#listOf(subject, at);
    for (const [each, step] of list.steps) if (at - step.at > FORGET_MS) list.steps.delete(each);
    const before = list.steps.get(kind);
    const now = Math.min(MAX_STEP, surprise);
    if (list.steps.size === 0) {
      list.since = at;
      list.told = -1;
    }
    if (before === undefined || now >= faded(before, at)) {
      // The order is that in which they came.
      list.steps.set(kind, { at, surprise: now });
    }
    if (list.steps.size < 2 || ![...list.steps.keys()].some((each) => CORE.has(each))) return null;
    const sum = [...list.steps.values()].reduce((total, step) => total + faded(step, at), 0);
    const together = Math.min(MAX_SURPRISE, sum * (1 + MORE_EACH * (list.steps.size - 1)));
    const { told } = list;
    const isNews = together - told >= STEP;
    if (isNews) list.told = together;
    return {
      surprise: together,
      told,
      isNews,
      steps: [...list.steps.keys()],
      hourKey: `${subject}\0${Math.floor(list.since / HOUR_MS)}`,
    };
  }

  #listOf(subject: string, at: UtcMs): List {
    const list = this.#lists.get(subject) ?? { steps: new Map<Precursor, Step>(), since: at, told: -1 };
    // The map's order is that of last use.
    this.#lists.delete(subject);
    forgetOldest(this.#lists, MAX_LISTS);
    this.#lists.set(subject, list);
    return list;
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    for (const list of this.#lists.values()) {
      list.since = Math.min(list.since, to);
      for (const step of list.steps.values()) step.at = Math.min(step.at, to);
    }
  }

  save(): SavedPrecursors {
    return Array.from(this.#lists, ([subject, { steps, since, told }]) => [
      subject,
      since,
      told,
      Array.from(steps, ([kind, { at, surprise }]) => [kind, at, surprise] as const),
    ]);
  }

  static from(saved: SavedPrecursors = []): Precursors {
    const precursors = new Precursors();
    for (const [subject, since, told, steps] of saved) {
      const kept = new Map(steps.map(([kind, at, surprise]) => [kind, { at, surprise }]));
      precursors.#lists.set(subject, { steps: kept, since, told });
    }
    return precursors;
  }
}

export type SavedPrecursors = readonly (readonly [
  subject: string,
  since: UtcMs,
  told: number,
  steps: readonly (readonly [kind: Precursor, at: UtcMs, surprise: number])[],
])[];

function faded({ at, surprise }: Step, now: UtcMs): number {
  return surprise * 0.5 ** (Math.max(0, now - at) / HALF_LIFE_MS);
}

import { readFileSync } from 'node:fs';
import type { Entities } from '../core/finding.ts';

/** The words for people who are not security staff, for a rule that brings none of its own. */
export interface Words {
  readonly plain: string;
  readonly innocent: string;
  readonly next: readonly string[];
  readonly parameter: string;
  readonly points: number;
}

/** What we know of a rule when we look for words. */
export interface Wordless {
  readonly title: string;
  readonly tags: readonly string[];
  readonly words: Partial<Words>;
  readonly falsePositives: readonly string[];
}

/** Technique (`T1003.003`), `tactic:NAME` or `none` → words. Ours; see src/content. */
export type TechniqueWords = Readonly<Record<string, Words>>;

const GENERIC: Words = {
  plain: 'Something on {host} matches a known sign of an attack.',
  innocent: 'An administrator or a program may have done this on purpose.',
  next: [
    'Ask whoever looks after {host} whether they know of it.',
    'If nobody does, treat it as an attack and call for help.',
  ],
  parameter: 'defences',
  points: 1,
};

export function loadTechniqueWords(): TechniqueWords {
  // Our own file, tested to hold what the type says.
  return JSON.parse(readFileSync(new URL('../content/techniques.json', import.meta.url), 'utf8')) as TechniqueWords;
}

/** A rule's own words, else those of the most exact technique it names, else of its tactic. */
export function wordsFor(rule: Wordless, table: TechniqueWords): Words {
  const found = techniquesOf(rule.tags)
    .flatMap((technique) => [table[technique], table[technique.split('.')[0] ?? '']])
    .find((words) => words !== undefined);
  const tactic = rule.tags
    .map((tag) => table[`tactic:${tag.replace(/^attack\./, '').replaceAll('_', '-')}`])
    .find((words) => words !== undefined);
  const base = found ?? tactic ?? table['none'] ?? GENERIC;
  return {
    plain: rule.words.plain ?? base.plain,
    innocent: rule.words.innocent ?? base.innocent,
    next: rule.words.next ?? base.next,
    parameter: rule.words.parameter ?? base.parameter,
    points: rule.words.points ?? base.points,
  };
}

/** `attack.t1003.003` → `T1003.003`, most exact first. */
export function techniquesOf(tags: readonly string[]): string[] {
  return tags
    .map((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/.exec(tag)?.[1]?.toUpperCase())
    .filter((technique) => technique !== undefined)
    .sort((a, b) => b.length - a.length);
}

const ALWAYS_KNOWN = new Set(['host', 'account', 'address', 'count']);

/**
 * The fields that a rule's sentences name, its own and those of the correlations that may end with it, by the rule's id:
 * a sentence tells of more than what the rule looked at. Rules whose sentences name none are left out.
 */
export function fieldsToTell(
  rules: readonly { readonly id: string; readonly words: Partial<Words> }[],
  correlations: readonly { readonly words: Partial<Words> }[],
  isWatched: (ruleId: string) => boolean,
): ReadonlyMap<string, readonly string[]> {
  const ofCorrelations = correlations.flatMap(({ words }) => fieldsIn(words));
  const fields = new Map<string, readonly string[]>();
  for (const { id, words } of rules) {
    const own = new Set([...fieldsIn(words), ...(isWatched(id) ? ofCorrelations : [])]);
    if (own.size > 0) fields.set(id, [...own]);
  }
  return fields;
}

/** Those fields of an event, as far as it has them; `null` if none are asked for. */
export function toldOf(
  names: readonly string[] | undefined,
  value: (name: string) => string | null,
): Readonly<Record<string, string>> | null {
  if (names === undefined) return null;
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = value(name);
      return text === null ? [] : [[name, text]];
    }),
  );
}

function fieldsIn({ plain = '', innocent = '', next = [] }: Partial<Words>): string[] {
  return [...[plain, innocent, ...next].join(' ').matchAll(/\{([\w.-]+)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !ALWAYS_KNOWN.has(name));
}

const MAX_FILLED = 120;

/** Fills `{host}`, `{account}`, `{address}` and `{AnyField}` in. What is not known gets a word for that. */
export function fillIn(sentence: string, entities: Entities, fields: Readonly<Record<string, string>>): string {
  return sentence.replace(/\{([\w.-]+)\}/g, (_, name: string) => {
    if (name === 'host') return entities.host ?? 'a machine that the log does not name';
    if (name === 'account') return entities.account ?? 'somebody (the log does not say who)';
    if (name === 'address') return entities.address ?? 'an address that the log does not give';
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined) return 'something the log does not name';
    const oneLine = value.replace(/\s+/g, ' ').trim();
    return oneLine.length > MAX_FILLED ? `${oneLine.slice(0, MAX_FILLED)}…` : oneLine;
  });
}

import { UNSEEN } from '../core/unseen.ts';
import { readFileSync } from 'node:fs';
import type { Entities } from '../core/finding.ts';
import type { Level } from '../core/level.ts';

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
  readonly level: Level;
}

/** “Any single 3” is looked at within the hour. */
const POINTS_OF_CRITICAL = 3;

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
  const known = found ?? tactic;
  const base = known ?? table['none'] ?? GENERIC;
  return {
    plain: rule.words.plain ?? (known === undefined ? base.plain : asASign(known.plain)),
    innocent: rule.words.innocent ?? base.innocent,
    next: rule.words.next ?? base.next,
    parameter: rule.words.parameter ?? base.parameter,
    // A technique’s points are of what is commonly seen of it. What its author calls critical is not that.
    points: rule.words.points ?? (rule.level === 'critical' ? POINTS_OF_CRITICAL : base.points),
  };
}

/**
 * “Signs that someone on {host} …”: a technique's words tell what attackers do with it, and a rule of others that names
 * it may have seen less than that.
 */
function asASign(sentence: string): string {
  return `Signs that ${/^Windows\b/.test(sentence) ? sentence : sentence.charAt(0).toLowerCase() + sentence.slice(1)}`;
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
  return filled(sentence, entities, fields, {
    host: 'a machine that the log does not name',
    account: 'somebody (the log does not say who)',
    address: 'an address that the log does not give',
    other: 'something the log does not name',
  });
}

/**
 * The same for a step, which somebody is to follow: nobody can ask, or give a new password to, an account that no person
 * uses or that the log does not name.
 */
export function fillStep(step: string, entities: Entities, fields: Readonly<Record<string, string>>): string {
  const { account, ...others } = entities;
  const isQuestion = /^(?:Ask|Call) /.test(step);
  // Behind root may be anybody; its password can be changed.
  const isKnown = account !== undefined && isOfAPerson(account) && !(isQuestion && account === 'root');
  const known = isKnown ? entities : others;
  const asked = isKnown ? step : step.replace(/the (?:owner|manager) of (?=\{account\})/, '');
  return filled(asked, known, fields, {
    host: 'the machine concerned',
    account: isQuestion ? `whoever looks after ${entities.host ?? 'this system'}` : 'the account behind this',
    address: 'the address it came from',
    other: 'what the log names',
  });
}

/** Accounts of Windows and of its services, and of machines. Source: Microsoft Learn, “Service accounts”. */
const OF_NO_PERSON =
  /^(?:-|S-1-5-(?:7|18|19|20)|\S*\$|(?:NT AUTHORITY|NT SERVICE|IIS APPPOOL|Window Manager|Font Driver Host)\\.*|(?:.*\\)?(?:SYSTEM|LocalSystem|LOCAL ?SERVICE|NETWORK ?SERVICE|ANONYMOUS LOGON))$/i;

/** False for an account that a machine or a service uses: nobody is behind it who could be asked. */
export function isOfAPerson(account: string): boolean {
  return !OF_NO_PERSON.test(account);
}

interface StandIns {
  readonly host: string;
  readonly account: string;
  readonly address: string;
  readonly other: string;
}

function filled(
  sentence: string,
  entities: Entities,
  fields: Readonly<Record<string, string>>,
  standIns: StandIns,
): string {
  return sentence.replace(/\{([\w.-]+)\}/g, (_, name: string, at: number) => {
    if (name === 'host' || name === 'account' || name === 'address')
      return oneLine(entities[name]) ?? (at === 0 ? capital(standIns[name]) : standIns[name]);
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value === undefined) return at === 0 ? capital(standIns.other) : standIns.other;
    const said = oneLine(value) ?? '';
    return said.length > MAX_FILLED ? `${said.slice(0, MAX_FILLED)}…` : said;
  });
}

/** A sentence has no lines of its own, and nothing in it that is not seen. */
function oneLine(value: string | undefined): string | undefined {
  return value?.replaceAll(UNSEEN, ' ').replace(/\s+/g, ' ').trim();
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

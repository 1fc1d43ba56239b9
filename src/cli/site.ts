import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { CANARY_KINDS, type CanaryKind, type CanaryNames } from '../detect/canaries.ts';
import { Refusal } from '../core/refusal.ts';
import type { DeclaredDomains } from '../detect/known-names.ts';
import type { TableMapping } from '../intake/formats/format.ts';

/** The repository's own rules, and the folder where compiled rules are kept. */
export const OWN_RULES = fileURLToPath(new URL('../../rules', import.meta.url));

export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base =
    env['WARDWATCH_CACHE'] ?? path.join(env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'wardwatch');
  return base;
}

/**
 * Placeholder values: ours (rules/site-defaults.yml), and over them those of the site's own file.
 *
 * @throws Refusal if the site's file is not a mapping `placeholders: {name: [values]}`
 */
export function readPlaceholders(siteFile: string | null): Record<string, readonly string[]> {
  const defaults = path.join(OWN_RULES, 'site-defaults.yml');
  const values: Record<string, readonly string[]> = {};
  for (const file of [existsSync(defaults) ? defaults : null, siteFile])
    if (file !== null) Object.assign(values, readOne(file));
  return values;
}

function readOne(file: string): Record<string, string[]> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Refusal(
      'mapping/invalid',
      `cannot read the site file ${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
    );
  }
  return parsePlaceholders(text, file);
}

const SECTIONS: readonly string[] = ['placeholders', 'care_depends_on', 'canaries', 'domains'];

/** As `readPlaceholders`, of a site file's text; `file` is its name in what is said of it. */
export function parsePlaceholders(text: string, file: string): Record<string, string[]> {
  let doc: unknown;
  try {
    doc = load(text);
  } catch (error) {
    throw new Refusal(
      'mapping/invalid',
      `cannot read the site file ${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
    );
  }
  const unknown = isMapping(doc) ? Object.keys(doc).find((key) => !SECTIONS.includes(key)) : 'something else';
  if (unknown !== undefined || !isMapping(doc))
    throw new Refusal('mapping/invalid', `the site file ${file} says “${unknown}”; known are ${SECTIONS.join(', ')}`);
  const section = doc['placeholders'] ?? {};
  if (!isMapping(section))
    throw new Refusal('mapping/invalid', `in the site file ${file}, “placeholders:” is a mapping of names to values`);
  const values = Object.create(null) as Record<string, string[]>;
  for (const [name, list] of Object.entries(section)) {
    const entries: readonly unknown[] = Array.isArray(list) ? list : [list];
    values[name] = words(
      entries.filter((entry) => entry !== null),
      `the site file ${file} has something else than text for “${name.slice(0, 100)}”`,
    );
  }
  return values;
}

/**
 * Names of hosts that care depends on (the EPR, PACS, domain controllers, medical devices): `care_depends_on:` of the
 * site's file. `*` stands for any text.
 *
 * @throws Refusal if it is no list of names
 */
export function readCareDependsOn(siteFile: string | null): readonly string[] {
  if (siteFile === null) return [];
  const doc = load(readFileSync(siteFile, 'utf8'));
  const list = typeof doc === 'object' && doc !== null && 'care_depends_on' in doc ? doc.care_depends_on : [];
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string'))
    throw new Refusal('mapping/invalid', `in the site file ${siteFile}, “care_depends_on:” is a list of host names`);
  return list;
}

/**
 * Canaries: `canaries:` of the site's file, with lists of names under `accounts`, `hosts`, `shares`, `files` and
 * `patients` (their numbers).
 *
 * @throws Refusal if it is anything else
 */
export function readCanaries(siteFile: string | null): CanaryNames {
  const names: Record<CanaryKind, readonly string[]> = { accounts: [], hosts: [], shares: [], files: [], patients: [] };
  if (siteFile === null) return names;
  const doc = load(readFileSync(siteFile, 'utf8'));
  if (!isMapping(doc) || doc['canaries'] === undefined || doc['canaries'] === null) return names;
  const wrong = `in the site file ${siteFile}, “canaries:” has lists of names under ${CANARY_KINDS.join(', ')}`;
  if (!isMapping(doc['canaries'])) throw new Refusal('mapping/invalid', wrong);
  for (const [name, list] of Object.entries(doc['canaries'])) {
    const kind = CANARY_KINDS.find((known) => known === name);
    if (kind === undefined || !Array.isArray(list)) throw new Refusal('mapping/invalid', wrong);
    names[kind] = words(list, wrong);
    // A name that every text holds would make an emergency of everything.
    if (names[kind].some((each) => each.trim().length < 3))
      throw new Refusal(
        'mapping/invalid',
        `in the site file ${siteFile}, a canary’s name has at least three characters`,
      );
  }
  return names;
}

/**
 * `domains:` of the site's file: by the short name of a Windows domain, the names that stand behind the `@` of its
 * accounts. Only where what stands before the `@` is the name in Windows, too.
 *
 * @throws Refusal if it is anything else, or a name stands under two domains
 */
export function readDomains(siteFile: string | null): DeclaredDomains {
  if (siteFile === null) return {};
  const doc = load(readFileSync(siteFile, 'utf8'));
  if (!isMapping(doc) || doc['domains'] === undefined || doc['domains'] === null) return {};
  const wrong = `in the site file ${siteFile}, “domains:” has lists of names such as hospice.example under names such as HOSPICE`;
  if (!isMapping(doc['domains'])) throw new Refusal('mapping/invalid', wrong);
  const declared = new Map<string, string>();
  for (const [short, list] of Object.entries(doc['domains'])) {
    if (!Array.isArray(list) || !/^[^\\@.\s]{1,15}$/.test(short)) throw new Refusal('mapping/invalid', wrong);
    for (const long of words(list, wrong).map((each) => each.toLowerCase())) {
      if (!/^[^\\@\s]+\.[^\\@\s]+$/.test(long)) throw new Refusal('mapping/invalid', wrong);
      if (declared.has(long))
        throw new Refusal('mapping/invalid', `in the site file ${siteFile}, ${long} stands under two domains`);
      declared.set(long, short);
    }
  }
  return Object.fromEntries(declared);
}

/** True for hosts, in lower case, that one of the names fits: with its domain or without. */
export function hostMatcher(names: readonly string[]): (host: string) => boolean {
  const patterns = names.map(
    (name) =>
      new RegExp(
        `^${name
          .toLowerCase()
          .replace(/[.+^${}()|[\]\\?]/g, '\\$&')
          .replaceAll('*', '.*')}(?:\\..*)?$`,
      ),
  );
  return (host) => patterns.some((pattern) => pattern.test(host));
}

/**
 * A list of texts. Anything nested is refused: written out, a few lines of YAML can be larger than any memory.
 *
 * @throws Refusal with these words
 */
function words(entries: readonly unknown[], otherwise: string): string[] {
  return entries.map((entry) => {
    if (typeof entry === 'string') return entry;
    if (typeof entry === 'number' || typeof entry === 'boolean') return String(entry);
    if (entry instanceof Date) return entry.toISOString();
    throw new Refusal('mapping/invalid', otherwise);
  });
}

/**
 * A mapping file: how one kind of CSV becomes events (docs/formats.md).
 *
 * @throws Refusal naming what is missing or of the wrong kind
 */
export function readMapping(file: string): TableMapping {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Refusal(
      'mapping/invalid',
      `cannot read the mapping file ${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
    );
  }
  return parseMapping(text, file);
}

/** As `readMapping`, of its text; `file` is its name in what is said of it. */
export function parseMapping(text: string, file: string): TableMapping {
  let doc: unknown;
  try {
    doc = load(text);
  } catch (error) {
    throw new Refusal(
      'mapping/invalid',
      `cannot read the mapping file ${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
    );
  }
  if (!isMapping(doc)) throw new Refusal('mapping/invalid', `the mapping file ${file} is not a YAML mapping`);
  const known = ['columns', 'product', 'category', 'service', 'time', 'fields'];
  const unknown = Object.keys(doc).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new Refusal('mapping/invalid', `the mapping file ${file} says “${unknown}”; known are ${known.join(', ')}`);
  const columns = Array.isArray(doc['columns'])
    ? words(doc['columns'], `the mapping file ${file} has a column that is no text`)
    : [];
  if (columns.length === 0)
    throw new Refusal('mapping/invalid', `the mapping file ${file} names no columns by which to know its table`);
  const word = (key: 'product' | 'category' | 'service') =>
    typeof doc[key] === 'string' ? { [key]: doc[key].toLowerCase() } : {};
  const fields = isMapping(doc['fields'])
    ? Object.fromEntries(
        Object.entries(doc['fields']).map(([name, value]) => [
          name,
          words([value], `the mapping file ${file} has a field that is no text`)[0] ?? '',
        ]),
      )
    : {};
  return {
    columns,
    logSource: { ...word('product'), ...word('category'), ...word('service') },
    time: typeof doc['time'] === 'string' ? doc['time'] : null,
    fields,
  };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { Refusal } from '../core/refusal.ts';

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
  let doc: unknown;
  try {
    doc = load(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Refusal(
      'mapping/invalid',
      `cannot read the site file ${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
    );
  }
  const section = typeof doc === 'object' && doc !== null && 'placeholders' in doc ? doc.placeholders : null;
  if (typeof section !== 'object' || section === null)
    throw new Refusal('mapping/invalid', `the site file ${file} has no “placeholders:” mapping`);
  const values: Record<string, string[]> = {};
  for (const [name, list] of Object.entries(section)) {
    const entries: readonly unknown[] = Array.isArray(list) ? list : [list];
    values[name] = entries.filter((entry) => entry !== null).map(String);
  }
  return values;
}

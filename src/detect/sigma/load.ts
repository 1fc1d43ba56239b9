import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../../core/refusal.ts';
import { applyFilters } from './filter.ts';
import type { Placeholders } from './item.ts';
import { mapLogSource } from './log-source.ts';
import { readRules } from './read.ts';
import {
  type CorrelationCondition,
  type CorrelationRule,
  type EventRule,
  type FilterRule,
  referenceKey,
  type Rule,
  type RuleExpression,
  type RuleProblem,
} from './rule.ts';

export interface LoadOptions {
  readonly placeholders: Placeholders;
  readonly includeDeprecated: boolean;
  /** Where compiled rules are kept between runs; `null`: nowhere. */
  readonly cacheFolder: string | null;
}

/** What came of a set of rule folders. Every document of them is in exactly one of the three lists. */
export interface LoadedRules {
  readonly rules: readonly EventRule[];
  readonly correlations: readonly CorrelationRule[];
  readonly problems: readonly RuleProblem[];
  /** Things to know that stop nothing: a filter's polarity, a level that was assumed. */
  readonly warnings: readonly string[];
  readonly filters: number;
}

/** Bump when what is read of a rule changes, so that old caches are not used. */
const CACHE_VERSION = 4;
const MAX_FILES = 100_000;

interface RuleFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * Loads every `*.yml` and `*.yaml` below the folders (or the files themselves). A file that cannot be read as rules
 * becomes a problem with its reason; the others load. From the second time on an unchanged set comes from the cache.
 */
export function loadRules(folders: readonly string[], options: LoadOptions): LoadedRules {
  const files = folders.flatMap((folder) => ruleFiles(folder));
  const key = cacheKey(files, options);
  const cached = readCache(options.cacheFolder, key);
  if (cached !== null) return cached;
  const loaded = compose(files, options);
  writeCache(options.cacheFolder, key, loaded);
  return loaded;
}

/** Reads rules from texts instead of files: for tests, and for rules that arrive in an archive. */
export function loadRuleTexts(texts: readonly { path: string; text: string }[], options: LoadOptions): LoadedRules {
  const rules: Rule[] = [];
  const problems: RuleProblem[] = [];
  const warnings: string[] = [];
  for (const { path: from, text } of texts) {
    const read = readRules(text, from, options.placeholders);
    rules.push(...read.rules);
    problems.push(...read.problems);
    warnings.push(...read.warnings);
  }
  return sortOut(rules, problems, warnings, options);
}

function compose(files: readonly RuleFile[], options: LoadOptions): LoadedRules {
  return loadRuleTexts(
    files.map((file) => ({ path: file.path, text: readFileSync(file.path, 'utf8') })),
    options,
  );
}

/** Keeps what runs, says why of the rest, and applies the filters. */
function sortOut(
  rules: readonly Rule[],
  problems: RuleProblem[],
  warnings: string[],
  options: LoadOptions,
): LoadedRules {
  const byId = new Map<string, string>();
  const kept: (EventRule | CorrelationRule)[] = [];
  const filters: FilterRule[] = [];
  for (const rule of rules) {
    if (rule.kind === 'filter') {
      filters.push(rule);
      continue;
    }
    const twin = byId.get(rule.id);
    const refusal = refusalOf(rule, options, twin);
    if (refusal === null) {
      byId.set(rule.id, rule.path);
      kept.push(rule);
    } else problems.push({ path: rule.path, id: rule.id, title: rule.title, ...refusal });
  }
  const events = kept.filter((rule) => rule.kind === 'rule');
  return {
    rules: applyFilters(events, filters, warnings),
    correlations: whole(
      events,
      kept.filter((rule) => rule.kind === 'correlation'),
      problems,
      warnings,
    ),
    problems,
    warnings,
    filters: filters.length,
  };
}

/**
 * Correlations whose rules are all there, by their ids wherever they named them. One that is taken out may take others
 * with it.
 */
function whole(
  events: readonly EventRule[],
  correlations: readonly CorrelationRule[],
  problems: RuleProblem[],
  warnings: string[],
): readonly CorrelationRule[] {
  let left = correlations;
  for (;;) {
    const idOf = idsByReference([...events, ...left]);
    const broken = new Map<CorrelationRule, string>();
    for (const rule of left) {
      const named = [...rule.rules, ...rulesIn(rule.condition)];
      const joined = new Set(rule.rules.map(idOf));
      const wrong = named.find((name) => {
        const id = idOf(name);
        return id === null || id === rule.id || !joined.has(id);
      });
      if (wrong !== undefined) broken.set(rule, wrong);
    }
    if (broken.size === 0) return left.map((rule) => byIds(rule, idOf, warnings));
    for (const [{ id, title, path: from }, wrong] of broken)
      problems.push({
        path: from,
        id,
        title,
        reason: 'missing-rule',
        detail: `it joins the rule “${wrong}”, which is not among those that are loaded and can run, is not in its list, or is itself`,
      });
    left = left.filter((rule) => !broken.has(rule));
  }
}

/** Finds the id of a rule that is named by its id or name; a name of several stays as it is, `null` is nobody. */
function idsByReference(rules: readonly (EventRule | CorrelationRule)[]): (reference: string) => string | null {
  const ids = new Map<string, string | null>();
  for (const { id, name } of rules) {
    const key = referenceKey(name ?? id);
    ids.set(key, ids.has(key) && name !== id ? null : id);
  }
  for (const { id } of rules) ids.set(referenceKey(id), id);
  return (reference) => {
    const id = ids.get(referenceKey(reference));
    return id === undefined ? null : (id ?? reference);
  };
}

function rulesIn(condition: CorrelationCondition): readonly string[] {
  const names = (expression: RuleExpression): readonly string[] =>
    expression.op === 'rule'
      ? [expression.rule]
      : expression.op === 'not'
        ? names(expression.of)
        : expression.of.flatMap(names);
  return condition.kind === 'rules' ? names(condition.expression) : [];
}

/** The correlation with its rules named by their ids: in its list, its condition and its aliases. */
function byIds(rule: CorrelationRule, idOf: (reference: string) => string | null, warnings: string[]): CorrelationRule {
  const id = (name: string) => idOf(name) ?? name;
  const rules = rule.rules.map(id);
  const aliases = Object.create(null) as Record<string, Record<string, string>>;
  for (const [alias, fields] of Object.entries(rule.aliases)) {
    const own = Object.create(null) as Record<string, string>;
    for (const [name, field] of Object.entries(fields)) {
      if (!rules.includes(id(name)))
        warnings.push(`${rule.path}: the alias “${alias}” names “${name}”, which is no rule of “${rule.title}”`);
      own[id(name)] = field;
    }
    aliases[alias] = own;
  }
  const renamed = (expression: RuleExpression): RuleExpression =>
    expression.op === 'rule'
      ? { op: 'rule', rule: id(expression.rule) }
      : expression.op === 'not'
        ? { op: 'not', of: renamed(expression.of) }
        : { op: expression.op, of: expression.of.map(renamed) };
  const condition: CorrelationCondition =
    rule.condition.kind === 'rules'
      ? { kind: 'rules', expression: renamed(rule.condition.expression) }
      : rule.condition;
  return { ...rule, rules, aliases, condition };
}

function refusalOf(
  rule: EventRule | CorrelationRule,
  options: LoadOptions,
  twin: string | undefined,
): { reason: string; detail: string } | null {
  if (twin !== undefined) return { reason: 'duplicate-id', detail: `${twin} has the same id` };
  const retired =
    rule.status === 'deprecated' ||
    rule.status === 'unsupported' ||
    /(?:^|[\\/])(?:deprecated|unsupported)[\\/]/.test(rule.path);
  if (retired && !options.includeDeprecated) {
    return {
      reason: 'deprecated',
      detail: `${rule.status === 'unsupported' ? 'its author says that no tool supports it' : 'its author retired it'}; run with --include-deprecated to use it all the same`,
    };
  }
  if (rule.kind === 'correlation') return null;
  const mapped = mapLogSource(rule.logSource);
  if (mapped.ways.length === 0 && !mapped.claimable && Object.keys(rule.logSource).length === 0) {
    return { reason: 'no-logsource', detail: 'its log source names neither product, category nor service' };
  }
  return null;
}

function ruleFiles(start: string): RuleFile[] {
  const found: RuleFile[] = [];
  const visit = (place: string, isGiven: boolean) => {
    if (found.length >= MAX_FILES) return;
    const stat = statSync(place, { throwIfNoEntry: false });
    if (stat === undefined) {
      if (isGiven) throw new Refusal('rules/not-found', `there is no file or folder ${place}`);
      return;
    }
    if (stat.isDirectory()) {
      for (const name of readdirSync(place).sort()) if (!name.startsWith('.')) visit(path.join(place, name), false);
    } else if (isGiven || /\.ya?ml$/i.test(place)) {
      if (!isSiteFile(place)) found.push({ path: place, size: stat.size, mtimeMs: stat.mtimeMs });
    }
  };
  visit(start, true);
  return found;
}

/** The site's own values lie beside the rules and are not rules. */
function isSiteFile(place: string): boolean {
  return /^site(?:-defaults)?\.ya?ml$/.test(path.basename(place));
}

function cacheKey(files: readonly RuleFile[], options: LoadOptions): string {
  const hash = createHash('sha256').update(
    JSON.stringify([CACHE_VERSION, options.includeDeprecated, options.placeholders]),
  );
  for (const file of files) hash.update(`${file.path}\0${file.size}\0${file.mtimeMs}\n`);
  return hash.digest('hex').slice(0, 32);
}

function readCache(folder: string | null, key: string): LoadedRules | null {
  if (folder === null) return null;
  try {
    // We wrote it; a damaged file does not parse and is written anew.
    return JSON.parse(readFileSync(path.join(folder, `rules-${key}.json`), 'utf8')) as LoadedRules;
  } catch {
    return null;
  }
}

/** A cache that cannot be written costs a second at the next start, nothing more. */
function writeCache(folder: string | null, key: string, loaded: LoadedRules): void {
  if (folder === null) return;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const target = path.join(folder, `rules-${key}.json`);
    writeFileSync(`${target}.${process.pid}.tmp`, JSON.stringify(loaded), { mode: 0o600 });
    renameSync(`${target}.${process.pid}.tmp`, target);
  } catch {
    return;
  }
}

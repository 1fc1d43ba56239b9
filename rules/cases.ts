import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LogEvent, LogSource } from '../src/core/event.ts';
import { FieldsView } from '../src/core/fields-view.ts';
import { Correlator, loadRules, type LoadedRules, SigmaEngine } from '../src/detect/sigma/index.ts';
import { readPlaceholders } from '../src/cli/site.ts';

/** This folder. */
export const RULES = fileURLToPath(new URL('.', import.meta.url));

/** An event of a case, as its log has it. Without a log source it is a Windows event, told by its channel. */
export interface CaseEvent {
  /** UTC, ISO 8601. */
  readonly at: string;
  /** So many of it, each `everyMs` after the last; `{n}` in a field is its number, from 1. */
  readonly times?: number;
  readonly everyMs?: number;
  readonly logSource?: LogSource;
  readonly fields: LogEvent['fields'];
}

export type Case = readonly CaseEvent[];

/** What stands in a `*.cases.json`: sequences on which the rule beside it fires, and some on which it only just does not. */
export interface Cases {
  readonly fires: readonly Case[];
  readonly nearMisses: readonly Case[];
}

/** Every rule file below this folder, relative to it, with `/`. */
export function ruleFiles(): string[] {
  return readdirSync(RULES, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith('.yml') && !name.endsWith('site-defaults.yml'))
    .sort();
}

export function casesOf(ruleFile: string): Cases {
  // Our own file; rules.test.ts holds that it is what the type says.
  return JSON.parse(readFileSync(path.join(RULES, ruleFile.replace(/\.yml$/, '.cases.json')), 'utf8')) as Cases;
}

export function loadOwnRules(): LoadedRules {
  return loadRules([RULES], { placeholders: readPlaceholders(null), includeDeprecated: false, cacheFolder: null });
}

/** Judges the sequence by all of our rules. Answers with the ids of those that fired, and how often. */
export function judge(rules: LoadedRules, engine: SigmaEngine, events: Case): Map<string, number> {
  const fired = new Map<string, number>();
  const count = (id: string) => fired.set(id, (fired.get(id) ?? 0) + 1);
  const correlator = new Correlator<null>(rules.correlations, (match) => count(match.rule.id));
  const view = new FieldsView();
  for (const event of expand(events)) {
    const at = event.at ?? 0;
    engine.judge(view.show(event), ({ rule, value }) => {
      count(rule.id);
      const fields: Record<string, string> = {};
      for (const name of correlator.fieldsNeeded(rule.id, rule.name) ?? []) {
        const text = value(name);
        if (text !== null) fields[name] = text;
      }
      correlator.push({ ruleId: rule.id, ruleName: rule.name, at, fields, reference: null });
    });
    correlator.advance(at);
  }
  correlator.end();
  return fired;
}

/** Repeated events one by one, all in the order of their times. */
function expand(events: Case): LogEvent[] {
  const all = events.flatMap((event) =>
    Array.from({ length: event.times ?? 1 }, (_, i) => eventOf(event, i)),
  );
  return all.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
}

function eventOf({ at, everyMs, logSource, fields }: CaseEvent, i: number): LogEvent {
  const numbered = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? value.replaceAll('{n}', String(i + 1)) : value]),
  );
  return {
    record: 1, at: Date.parse(at) + i * (everyMs ?? 0), atText: at, zoneAssumed: false,
    logSource: logSource ?? {}, fields: numbered, text: null,
  };
}

import { isIP } from 'node:net';
import { ok, type Result } from '../../core/result.ts';
import { compare } from './compare.ts';
import { readNetwork } from './network.ts';
import { asLiteral, compileDashedPattern, compilePattern, mapLiterals, plainDashes } from './pattern.ts';
import { compileRegex } from './regex.ts';
import type { Test } from './rule.ts';

/** One value of an event as the tests see it. The lower-case and plain-dashed forms are made when first asked for. */
export interface TestedText {
  /** `null`: the field is there, without a value. */
  readonly text: string | null;
  readonly lower: string;
  readonly lowerPlainDashes: string;
}

/** A test made ready. */
export interface CompiledTest {
  readonly holds: (value: TestedText) => boolean;
  /** Texts of which a value must hold at least one for the test to hold; `null` if there are none. */
  readonly triggers: readonly { text: string; atStart: boolean; atEnd: boolean }[] | null;
  /** How dear one test is, about: 1 is a text comparison. */
  readonly cost: number;
}

/** Tests that look at one value alone; `exists` and comparisons of two fields are the engine's own. */
export type ValueTest = Exclude<Test, { kind: 'exists' | 'field' }>;

/** @returns a failure in plain words if a regular expression is refused */
export function compileTest(test: ValueTest): Result<CompiledTest, string> {
  switch (test.kind) {
    case 'text':
      return ok(compileText(test));
    case 'regex': {
      const regex = compileRegex(test.source, test.flags);
      if (!regex.ok) return regex;
      const { test: search, required } = regex.value;
      const triggers = required?.map((text) => ({ text, atStart: false, atEnd: false })) ?? null;
      return ok({ holds: ({ text }) => text !== null && search(text), triggers, cost: 50 });
    }
    case 'cidr':
      return compileNetwork(test.network);
    case 'null':
      return ok({ holds: ({ text }) => text === null, triggers: null, cost: 1 });
    case 'compare': {
      const { operator, number } = test;
      return ok({
        holds: ({ text }) => text !== null && compare(numberOf(text), operator, number),
        triggers: null,
        cost: 2,
      });
    }
    case 'time':
      return ok(compileTime(test));
  }
}

function compileText(test: Extract<Test, { kind: 'text' }>): CompiledTest {
  const { cased, windash } = test;
  const pattern = cased ? test.pattern : mapLiterals(test.pattern, (literal) => literal.toLowerCase());
  const triggers = triggersOf(test);
  const cost = test.pattern.length > 3 ? 3 : 1;
  if (windash) {
    const matches = compileDashedPattern(pattern);
    if (cased) return { holds: ({ text }) => text !== null && matches(text, plainDashes(text)), triggers, cost: 3 };
    return {
      holds: ({ text, lower, lowerPlainDashes }) => text !== null && matches(lower, lowerPlainDashes),
      triggers,
      cost,
    };
  }
  const matches = compilePattern(pattern);
  if (cased) return { holds: ({ text }) => text !== null && matches(text), triggers, cost };
  return { holds: ({ text, lower }) => text !== null && matches(lower), triggers, cost };
}

/** The longest literal of a pattern; an empty text has the anchors alone. */
export function triggersOf(test: Extract<Test, { kind: 'text' }>): CompiledTest['triggers'] {
  const { pattern } = test;
  if (asLiteral(pattern) === '') return [{ text: '', atStart: true, atEnd: true }];
  let best: { text: string; atStart: boolean; atEnd: boolean } | null = null;
  pattern.forEach((part, index) => {
    if (typeof part !== 'string' || (best !== null && part.length <= best.text.length)) return;
    best = { text: part.toLowerCase(), atStart: index === 0, atEnd: index === pattern.length - 1 };
  });
  return best === null ? null : [best];
}

function compileNetwork(network: string): Result<CompiledTest, string> {
  const read = readNetwork(network);
  if (!read.ok) return read;
  const list = read.value;
  return ok({
    holds: ({ text }) => {
      if (text === null) return false;
      const plain = text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text;
      const kind = isIP(plain);
      return kind !== 0 && list.check(plain, kind === 4 ? 'ipv4' : 'ipv6');
    },
    triggers: null,
    cost: 10,
  });
}

/** A number as logs write it: `12`, `1.5`, `0x1f`; anything else is NaN. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** A part of a field's time. A time without a zone is taken as UTC, as Windows and Sysmon write theirs. */
function compileTime(test: Extract<Test, { kind: 'time' }>): CompiledTest {
  const { part, operator, number } = test;
  return {
    holds: ({ text }) => {
      if (text === null) return false;
      const at = timeOf(text);
      return at !== null && compare(partOf(new Date(at), part), operator, number);
    },
    triggers: null,
    cost: 10,
  };
}

function timeOf(text: string): number | null {
  if (/^\d{9,11}(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^\d{12,14}$/.test(text)) return Number(text);
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?\s*(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (match === null) return null;
  const at = Date.parse(`${match[1]}T${match[2]}${match[3]?.slice(0, 4) ?? ''}${match[4] ?? 'Z'}`);
  return Number.isNaN(at) ? null : at;
}

function partOf(date: Date, part: Extract<Test, { kind: 'time' }>['part']): number {
  switch (part) {
    case 'minute':
      return date.getUTCMinutes();
    case 'hour':
      return date.getUTCHours();
    case 'day':
      return date.getUTCDate();
    case 'week':
      return isoWeek(date);
    case 'month':
      return date.getUTCMonth() + 1;
    case 'year':
      return date.getUTCFullYear();
  }
}

/** The week of the year by ISO 8601: week 1 holds the year's first Thursday. */
function isoWeek(date: Date): number {
  const thursday = new Date(
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 4 - (date.getUTCDay() || 7)),
  );
  return Math.ceil(((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7);
}

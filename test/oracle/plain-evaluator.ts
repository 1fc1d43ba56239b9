/**
 * Sigma judged the slow way: every test of every rule on every event, one character at a time where need be, with no
 * triggers, no memory and no folding. It shares the reading of rules with the engine, and nothing of the matching.
 */
import { isIP } from 'node:net';
import { RE2JS } from 're2js';
import type { FieldValue } from '../../src/core/event.ts';
import type { Condition, Item, Pattern, Test } from '../../src/detect/sigma/rule.ts';

/** What an event is, to the oracle: a function from names to values, and all its texts. */
export interface PlainEvent {
  value(name: string): FieldValue;
  texts(): readonly string[];
}

export function holds(condition: Condition, event: PlainEvent): boolean {
  switch (condition.op) {
    case 'and':
      return condition.of.every((part) => holds(part, event));
    case 'or':
      return condition.of.some((part) => holds(part, event));
    case 'not':
      return !holds(condition.of, event);
    case 'constant':
      return condition.value;
    case 'item':
      return itemHolds(condition.item, event);
  }
}

function itemHolds(item: Item, event: PlainEvent): boolean {
  const texts = item.field === null ? [...event.texts()] : textsOf(event.value(item.field));
  const isAbsent = texts.every((text) => text === null);
  const one = (test: Test) => {
    if (test.kind === 'exists') return test.wanted ? !isAbsent : isAbsent;
    if (test.kind === 'null') return texts.length === 0 || texts.includes(null);
    return texts.some((text) => text !== null && testHolds(test, text, item.field === null, event));
  };
  const isMissing = (field: string) => textsOf(event.value(field)).every((text) => text === null);
  if (item.mode === 'none' && item.tests.some((test) => test.kind === 'field' && isMissing(test.field))) return false;
  if (item.mode === 'none') return !isAbsent && !texts.includes(null) && !item.tests.some(one);
  return item.mode === 'any' ? item.tests.some(one) : item.tests.every(one);
}

function textsOf(value: FieldValue): (string | null)[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) {
    const texts = (value as readonly FieldValue[]).map((entry) =>
      entry === null || entry === undefined ? null : typeof entry === 'object' ? JSON.stringify(entry) : String(entry),
    );
    const written = texts.filter((text) => text !== null);
    return written.length > 0 || texts.length === 0 ? written : [null];
  }
  if (value === null) return [null];
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)];
}

function testHolds(
  test: Exclude<Test, { kind: 'exists' | 'null' }>,
  text: string,
  isKeyword: boolean,
  event: PlainEvent,
): boolean {
  switch (test.kind) {
    case 'text': {
      const pattern: Pattern = isKeyword ? [0, ...test.pattern, 0] : test.pattern;
      const own = test.cased ? text : text.toLowerCase();
      const parts = pattern.flatMap((part, at): (string | number)[] => {
        if (typeof part !== 'string') return [part];
        const written = test.cased ? part : part.toLowerCase();
        return test.windash ? withOptionDashes(written, at + 1 < pattern.length) : Array.from(written);
      });
      return globHolds(parts, own);
    }
    case 'regex': {
      const flags =
        (test.flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
        (test.flags.includes('m') ? RE2JS.MULTILINE : 0) |
        (test.flags.includes('s') ? RE2JS.DOTALL : 0);
      return RE2JS.compile(test.source, flags).matcher(text).find();
    }
    case 'cidr':
      return inNetwork(text, test.network);
    case 'compare':
      return text.trim() !== '' && compare(Number(text), test.operator, test.number);
    case 'field': {
      const own = test.cased ? text : text.toLowerCase();
      return textsOf(event.value(test.field)).some((other) => {
        if (other === null) return false;
        const theirs = test.cased ? other : other.toLowerCase();
        return test.how === 'equals'
          ? own === theirs
          : test.how === 'contains'
            ? own.includes(theirs)
            : test.how === 'startswith'
              ? own.startsWith(theirs)
              : own.endsWith(theirs);
      });
    }
    case 'time':
      throw new Error('the oracle does not know times');
  }
}

/** Any of the five dashes, in a pattern. */
const ANY_DASH = 2;
const DASHES = '-/\u2013\u2014\u2015';

function withOptionDashes(literal: string, beforeWildcard: boolean): (string | number)[] {
  const chars = Array.from(literal);
  return chars.map((char, at) => {
    const before = chars[at - 1];
    const after = chars[at + 1];
    const begins = before === undefined || !/\w/.test(before);
    const isFollowed = after === undefined ? beforeWildcard : /\w/.test(after);
    return DASHES.includes(char) && begins && isFollowed ? ANY_DASH : char;
  });
}

/** A glob, by the table of which prefixes match which: slow and obvious. */
function globHolds(parts: readonly (string | number)[], whole: string): boolean {
  const text = Array.from(whole);
  let reach: boolean[] = Array.from({ length: text.length + 1 }, (_, i) => i === 0);
  for (const part of parts) {
    const next = new Array<boolean>(text.length + 1).fill(false);
    for (let i = 0; i <= text.length; i++) {
      if (part === 0) next[i] = (reach[i] ?? false) || (i > 0 && (next[i - 1] ?? false));
      else if (i > 0 && reach[i - 1] === true) {
        const char = text[i - 1] ?? '';
        next[i] = part === 1 || part === char || (part === ANY_DASH && DASHES.includes(char));
      }
    }
    reach = next;
  }
  return reach[text.length] ?? false;
}

function compare(value: number, operator: 'gt' | 'gte' | 'lt' | 'lte', number: number): boolean {
  return operator === 'gt'
    ? value > number
    : operator === 'gte'
      ? value >= number
      : operator === 'lt'
        ? value < number
        : value <= number;
}

function inNetwork(text: string, network: string): boolean {
  const [base = '', bits = '0'] = network.split('/');
  const address = text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text;
  if (isIP(address) === 0 || isIP(address) !== isIP(base)) return false;
  return bitsOf(address).slice(0, Number(bits)) === bitsOf(base).slice(0, Number(bits));
}

function bitsOf(address: string): string {
  if (isIP(address) === 4)
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}

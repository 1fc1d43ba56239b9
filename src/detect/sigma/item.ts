import { fail, ok, type Result } from '../../core/result.ts';
import { readNetwork } from './network.ts';
import { asLiteral, dashSpellings, literalPattern, openEnds, readPattern } from './pattern.ts';
import { compileRegex } from './regex.ts';
import type { Comparison, FieldRelation, Item, Pattern, Test, TimePart } from './rule.ts';

/** `%name%` → values, from the site's own file. */
export type Placeholders = Readonly<Record<string, readonly string[]>>;

/** What a rule's author may write as a value. */
export type RawValue = string | number | boolean | null;

const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  wide: utf16le,
  utf16le,
  utf16be: (text) => swapBytes(utf16le(text)),
  utf16: (text) => `\xff\xfe${utf16le(text)}`,
};
const COMPARISONS: readonly string[] = ['gt', 'gte', 'lt', 'lte'];
const TIME_PARTS: readonly string[] = ['minute', 'hour', 'day', 'week', 'month', 'year'];
/** From the least to the most that a part of a time can be. */
const TIME_RANGES: Readonly<Record<TimePart, readonly [number, number]>> = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [0, 9999],
};
const PLACES: readonly string[] = ['contains', 'startswith', 'endswith'];
const REGEX_FLAGS: Readonly<Record<string, string>> = {
  i: 'i',
  ignorecase: 'i',
  m: 'm',
  multiline: 'm',
  s: 's',
  dotall: 's',
};
/** What may stand beside a modifier that says how to compare. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  re: ['all', 'neq', 'cased', ...Object.keys(REGEX_FLAGS)],
  cidr: ['all', 'neq', 'cased'],
  exists: [],
  fieldref: ['all', 'neq', 'cased', ...PLACES],
  compare: ['all', 'neq', ...TIME_PARTS],
  time: ['all', 'neq', ...COMPARISONS],
};
const OTHERS: readonly string[] = [
  'all',
  're',
  'windash',
  'cidr',
  'base64',
  'base64offset',
  'cased',
  'exists',
  'fieldref',
  'expand',
  'neq',
];

function isModifier(word: string): boolean {
  return (
    OTHERS.includes(word) ||
    PLACES.includes(word) ||
    COMPARISONS.includes(word) ||
    TIME_PARTS.includes(word) ||
    Object.hasOwn(ENCODINGS, word) ||
    Object.hasOwn(REGEX_FLAGS, word)
  );
}

/**
 * Reads one `field|modifier|modifier: values` of a selection. Modifiers apply from left to right.
 * An empty field name is a keyword. All of the items have to hold: there is more than one where each of several values
 * has more than one reading. Source: Sigma 2.1, “Modifiers”; house decisions 2 and 3 where peers disagree.
 */
export function readItem(
  key: string,
  values: readonly RawValue[],
  placeholders: Placeholders,
): Result<readonly Item[], string> {
  const [fieldName = '', ...modifiers] = key.split('|');
  const unknown = modifiers.find((word) => !isModifier(word));
  if (unknown !== undefined) return fail(`the modifier “${unknown}” is not one of Sigma 2.1`);
  const clash = clashOf(modifiers, values, fieldName === '');
  if (clash !== null) return fail(clash);

  const readings: (readonly Test[])[] = [];
  for (const value of values) {
    const read = readTests(value, modifiers, fieldName, placeholders);
    if (!read.ok) return read;
    readings.push(read.value);
  }
  const field = fieldName === '' ? null : fieldName;
  const tests = readings.flat();
  if (modifiers.includes('neq')) return ok([{ field, mode: 'none', tests }]);
  if (!modifiers.includes('all')) return ok([{ field, mode: 'any', tests }]);
  // Each of the values in one of its readings: base64 has three, a placeholder as many as the site gives it.
  if (readings.some(({ length }) => length !== 1))
    return ok(readings.map((own) => ({ field, mode: 'any', tests: own })));
  return ok([{ field, mode: 'all', tests }]);
}

/** Why these modifiers cannot stand together, or `null`. */
function clashOf(modifiers: readonly string[], values: readonly RawValue[], isKeyword: boolean): string | null {
  const has = (word: string) => modifiers.includes(word);
  const comparators = modifiers.filter(
    (word) => ['re', 'cidr', 'exists', 'fieldref'].includes(word) || COMPARISONS.includes(word),
  );
  const parts = modifiers.filter((word) => TIME_PARTS.includes(word));
  for (const several of [comparators, parts])
    if (several.length > 1) return `the modifiers ${several.join(' and ')} exclude each other`;
  if (has('all') && has('neq')) return 'the modifiers all and neq exclude each other';
  if (has('re') && (modifiers.some((word) => PLACES.includes(word)) || has('windash'))) {
    return 'the modifier re stands alone: write the place and the dashes into the regular expression';
  }
  // What would do nothing beside another is refused: its author meant something by it.
  for (const word of [...comparators, ...parts]) {
    const fitting = FITTING[COMPARISONS.includes(word) ? 'compare' : parts.includes(word) ? 'time' : word] ?? [];
    const other = modifiers.find((candidate) => candidate !== word && !fitting.includes(candidate));
    if (other !== undefined) return `the modifier ${other} means nothing beside ${word}`;
  }
  const flags = modifiers.filter((word) => Object.hasOwn(REGEX_FLAGS, word));
  if (flags.length > 0 && !has('re')) return `the modifier ${flags[0] ?? ''} belongs to re`;
  if (modifiers.some((word) => Object.hasOwn(ENCODINGS, word)) && !has('base64') && !has('base64offset')) {
    return 'an encoding such as wide needs base64 or base64offset after it';
  }
  const encoded = modifiers.findIndex((word) => word === 'base64' || word === 'base64offset');
  if (modifiers.slice(encoded + 1).some((word) => Object.hasOwn(ENCODINGS, word)) && encoded >= 0)
    return 'the modifier of an encoding such as wide stands before base64, not after it';
  if (has('all') && values.length === 1 && values[0] === null) return 'the modifier all needs values';
  const places = modifiers.filter((word) => PLACES.includes(word));
  if (places.length > 1) return `the modifiers ${places.join(' and ')} exclude each other`;
  if (isKeyword && values.some((value) => value === null || value === ''))
    return 'a keyword is a text: nothing is in every event';
  if (has('exists') && values.length !== 1) return 'the modifier exists takes one value, true or false';
  if (has('fieldref') && values.some((value) => typeof value !== 'string'))
    return 'the modifier fieldref takes the names of fields';
  if (values.length > 1 && values.includes(null)) return 'null cannot stand in a list with other values';
  return null;
}

function readTests(
  value: RawValue,
  modifiers: readonly string[],
  fieldName: string,
  placeholders: Placeholders,
): Result<readonly Test[], string> {
  if (modifiers.includes('exists')) {
    const wanted = asBoolean(value);
    return wanted === null ? fail('the modifier exists takes true or false') : ok([{ kind: 'exists', wanted }]);
  }
  if (value === null) {
    const plain = modifiers.every((word) => word === 'neq' || word === 'cased' || word === 'all');
    return plain ? ok([{ kind: 'null' }]) : fail(`null cannot be combined with ${modifiers.join('|')}`);
  }
  const timePart = modifiers.find((word) => TIME_PARTS.includes(word));
  const comparison = modifiers.find((word) => COMPARISONS.includes(word));
  if (timePart !== undefined || comparison !== undefined) return readNumber(value, timePart, comparison, fieldName);
  if (modifiers.includes('cidr')) {
    const network = readNetwork(String(value));
    return network.ok ? ok([{ kind: 'cidr', network: String(value) }]) : network;
  }
  return readText(String(value), modifiers, placeholders);
}

function readNumber(
  value: RawValue,
  part: string | undefined,
  comparison: string | undefined,
  fieldName: string,
): Result<readonly Test[], string> {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (!Number.isFinite(number)) return fail(`the comparison of ${fieldName} needs a number`);
  // Both words were found in their lists.
  const operator = comparison as Comparison | undefined;
  if (part !== undefined) {
    const [least, most] = TIME_RANGES[part as TimePart];
    if (!Number.isInteger(number) || number < least || number > most)
      return fail(`the modifier ${part} takes a whole number from ${least} to ${most}, not ${number}`);
    return ok([{ kind: 'time', part: part as TimePart, operator: operator ?? 'eq', number }]);
  }
  return operator === undefined ? fail('no comparison') : ok([{ kind: 'compare', operator, number }]);
}

function readText(
  text: string,
  modifiers: readonly string[],
  placeholders: Placeholders,
): Result<readonly Test[], string> {
  const cased = modifiers.includes('cased');
  if (modifiers.includes('fieldref')) {
    const place = modifiers.find((word) => PLACES.includes(word)) as FieldRelation | undefined;
    return ok([{ kind: 'field', field: text, how: place ?? 'equals', cased }]);
  }
  if (modifiers.includes('re')) return readRegex(text, modifiers);

  const expanded = modifiers.includes('expand') ? expand(text, placeholders) : ok([readPattern(text)]);
  if (!expanded.ok) return expanded;
  let patterns: readonly Pattern[] = expanded.value;
  let windash = false;
  let isBytes = false;
  for (const word of modifiers) {
    const encode = Object.hasOwn(ENCODINGS, word) ? ENCODINGS[word] : undefined;
    if (encode !== undefined || word === 'base64' || word === 'base64offset') {
      const literals = patterns.map(asLiteral).filter((literal) => literal !== null);
      if (literals.length < patterns.length) return fail(`a value with wildcards cannot be encoded (${word})`);
      const texts = windash ? literals.map(dashSpellings) : [literals];
      if (texts.includes(null)) return fail(`a value with so many dashes cannot be encoded (${word})`);
      // The dashes are spelled out: what comes of them is no command line any more.
      windash = false;
      const bytesOf = (text: string) => Buffer.from(text, isBytes ? 'latin1' : 'utf8');
      const change = (text: string) =>
        encode !== undefined
          ? [encode(text)]
          : word === 'base64'
            ? base64(bytesOf(text))
            : base64Offsets(bytesOf(text));
      patterns = texts
        .flatMap((some) => some ?? [])
        .flatMap(change)
        .map(literalPattern);
      isBytes = encode !== undefined;
    } else if (word === 'windash') {
      windash = true;
    } else if (PLACES.includes(word)) {
      patterns = patterns.map((pattern) => openEnds(pattern, word !== 'startswith', word !== 'endswith'));
    }
  }
  return ok(patterns.map((pattern) => ({ kind: 'text', pattern, cased, windash })));
}

function readRegex(source: string, modifiers: readonly string[]): Result<readonly Test[], string> {
  const flags = new Set<string>();
  for (const word of modifiers) {
    const flag = Object.hasOwn(REGEX_FLAGS, word) ? REGEX_FLAGS[word] : undefined;
    if (flag !== undefined) flags.add(flag);
  }
  const test = { kind: 'regex', source, flags: [...flags].sort().join('') } as const;
  const compiled = compileRegex(source, test.flags);
  return compiled.ok ? ok([test]) : compiled;
}

const MAX_EXPANSIONS = 10_000;

/** Every reading of a text with `%name%` placeholders; `\%` is a per cent sign. Placeholder values may hold wildcards. */
function expand(text: string, placeholders: Placeholders): Result<readonly Pattern[], string> {
  const pieces = text.replaceAll('\\%', '\u0000').split(/(%[^%\s]+%)/);
  let readings: string[] = [''];
  for (const piece of pieces) {
    const name = /^%([^%\s]+)%$/.exec(piece)?.[1];
    const own = name === undefined ? undefined : Object.hasOwn(placeholders, name) ? placeholders[name] : undefined;
    if (name !== undefined && own === undefined)
      return fail(`the placeholder %${name}% has no values in the site file`);
    const choices = own ?? [piece];
    readings = readings.flatMap((start) => choices.map((choice) => start + choice));
    if (readings.length > MAX_EXPANSIONS) return fail('the placeholders give more than 10,000 values');
  }
  return ok(readings.map((reading) => readPattern(reading.replaceAll('\u0000', '%'))));
}

function asBoolean(value: RawValue): boolean | null {
  if (typeof value === 'boolean') return value;
  const word = String(value).toLowerCase();
  return word === 'true' || word === 'yes' ? true : word === 'false' || word === 'no' ? false : null;
}

/** UTF-16LE bytes, one character a byte. */
function utf16le(text: string): string {
  return Buffer.from(text, 'utf16le').toString('latin1');
}

function swapBytes(text: string): string {
  return Buffer.from(text, 'latin1').swap16().toString('latin1');
}

function base64(bytes: Buffer): string[] {
  return [bytes.toString('base64')];
}

/**
 * The three readings of bytes inside longer base64, by its offset modulo 3: the characters that its neighbours would
 * change are cut off at both ends.
 */
function base64Offsets(bytes: Buffer): string[] {
  const cutAtStart = [0, 2, 3];
  const cutAtEnd = [0, 3, 2];
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset, 0x20), bytes]).toString('base64');
    const end = encoded.length - (cutAtEnd[(bytes.length + offset) % 3] ?? 0);
    return encoded.slice(cutAtStart[offset] ?? 0, end);
  });
}

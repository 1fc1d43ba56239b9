import { ANY_RUN, ONE_CHAR, type Pattern } from './rule.ts';

/**
 * Reads a Sigma string: `*` and `?` are wildcards, a backslash makes a following `*`, `?` or backslash literal and
 * stands for itself before anything else. Source: Sigma 2.1, “Escaping”.
 */
export function readPattern(text: string): Pattern {
  const parts: (string | typeof ANY_RUN | typeof ONE_CHAR)[] = [];
  let literal = '';
  const endLiteral = () => {
    if (literal !== '') parts.push(literal);
    literal = '';
  };
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const next = text.charAt(i + 1);
    if (char === '\\' && (next === '\\' || next === '*' || next === '?')) {
      literal += next;
      i++;
    } else if (char === '*') {
      endLiteral();
      if (parts.at(-1) !== ANY_RUN) parts.push(ANY_RUN);
    } else if (char === '?') {
      endLiteral();
      parts.push(ONE_CHAR);
    } else {
      literal += char;
    }
  }
  endLiteral();
  return parts;
}

/** A pattern without wildcards. */
export function literalPattern(text: string): Pattern {
  return text === '' ? [] : [text];
}

/** The text of a pattern that has no wildcards, or `null`. */
export function asLiteral(pattern: Pattern): string | null {
  if (pattern.length === 0) return '';
  const [only] = pattern;
  return pattern.length === 1 && typeof only === 'string' ? only : null;
}

/** `*pattern`, `pattern*` or both, without doubling a wildcard that is there. */
export function openEnds(pattern: Pattern, atStart: boolean, atEnd: boolean): Pattern {
  const parts = [...pattern];
  if (atStart && parts[0] !== ANY_RUN) parts.unshift(ANY_RUN);
  if (atEnd && parts.at(-1) !== ANY_RUN) parts.push(ANY_RUN);
  return parts;
}

export function mapLiterals(pattern: Pattern, change: (literal: string) => string): Pattern {
  return pattern.map((part) => (typeof part === 'string' ? change(part) : part));
}

/** The five dashes that a Windows program takes for an option's mark. */
const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'] as const;
const EVERY_DASH = /[-/\u2013\u2014\u2015]/g;

/** Every dash made `-`, so that two spellings of a command line compare equal. */
export function plainDashes(text: string): string {
  return text.replace(EVERY_DASH, '-');
}

/**
 * Where a rule's literal has dashes that begin an option: not after a word character, and before one or before a
 * wildcard (house decision 3). Where the rule has them the event may have any; what stands before them in the event
 * does not matter, because Windows takes `cmd/c` as it takes `cmd /c`.
 */
function optionDashes(literal: string, beforeWildcard: boolean): Set<number> {
  const found = new Set<number>();
  for (const { index } of literal.matchAll(EVERY_DASH)) {
    const isFree = index === 0 || !/\w/.test(literal.charAt(index - 1));
    const next = literal.charAt(index + 1);
    if (isFree && (next === '' ? beforeWildcard : /\w/.test(next))) found.add(index);
  }
  return found;
}

/** The spellings of a text by its option dashes; `null` if there are too many. */
export function dashSpellings(text: string): string[] | null {
  const dashes = [...optionDashes(text, false)];
  if (dashes.length > MAX_SPELLED) return null;
  return dashes.reduce<string[]>(
    (texts, at) => texts.flatMap((one) => DASHES.map((dash) => one.slice(0, at) + dash + one.slice(at + 1))),
    [text],
  );
}

/** Five to the power of this are spelled out. */
const MAX_SPELLED = 4;

/**
 * A test on a text and its plain-dashed form. All option dashes and no others: the plain-dashed form tells. A dash that
 * is no option's (`a-b`) has to be that dash.
 */
export function compileDashedPattern(pattern: Pattern): (text: string, plainDashed: string) => boolean {
  const plain = compilePattern(mapLiterals(pattern, plainDashes));
  let isPlain = true;
  const characters = pattern.flatMap((part, at): (string | number)[] => {
    if (typeof part !== 'string') return [part];
    const options = optionDashes(part, at + 1 < pattern.length);
    isPlain &&= options.size === [...part.matchAll(EVERY_DASH)].length;
    // Dashes are one unit of UTF-16 each: what stands before one is counted in units.
    let unit = 0;
    return Array.from(part, (char) => {
      const isOption = options.has(unit);
      unit += char.length;
      return isOption ? ANY_DASH : char;
    });
  });
  if (isPlain) return (_, plainDashed) => plain(plainDashed);
  return (text, plainDashed) => plain(plainDashed) && holdsByCharacters(characters, Array.from(text));
}

/** In a pattern by characters: any of the five dashes. */
const ANY_DASH = 2;

/** Half of a character beyond the first 65,536, such as an emoji. */
const HALF = /[\ud800-\udfff]/;

/** A test on a whole text. `?` takes one character, also where that is two units of UTF-16. */
export function compilePattern(pattern: Pattern): (text: string) => boolean {
  const byUnits = compileUnits(pattern);
  if (!pattern.includes(ONE_CHAR)) return byUnits;
  const characters = pattern.flatMap((part): Pattern => (typeof part === 'string' ? Array.from(part) : [part]));
  // Hardly any log holds one: those that do may be slower.
  return (text) => (HALF.test(text) ? holdsByCharacters(characters, Array.from(text)) : byUnits(text));
}

/** The last `*` takes up whatever does not fit: an earlier one never has to be looked at again. */
function holdsByCharacters(pattern: readonly (string | number)[], text: readonly string[]): boolean {
  let at = 0;
  let inText = 0;
  let star = -1;
  let starText = 0;
  while (inText < text.length) {
    const part = pattern[at];
    if (part === ANY_RUN) {
      star = at++;
      starText = inText;
    } else if (part !== undefined && fits(part, text[inText])) {
      at++;
      inText++;
    } else if (star >= 0) {
      at = star + 1;
      inText = ++starText;
    } else return false;
  }
  while (pattern[at] === ANY_RUN) at++;
  return at === pattern.length;
}

function fits(part: string | number, char: string | undefined): boolean {
  if (part === ANY_DASH) return DASHES.some((dash) => dash === char);
  return part === ONE_CHAR || part === char;
}

/**
 * Linear in the text for each literal: pieces between `*` are found leftmost first, which is
 * right for globs because a later start can never help.
 */
function compileUnits(pattern: Pattern): (text: string) => boolean {
  const first = pattern[0];
  const last = pattern.at(-1);
  if (pattern.length === 0) return (text) => text === '';
  if (pattern.length === 1) {
    if (typeof first === 'string') return (text) => text === first;
    return first === ANY_RUN ? () => true : (text) => text.length === 1;
  }
  if (pattern.length === 2 && typeof first === 'string' && last === ANY_RUN) return (text) => text.startsWith(first);
  if (pattern.length === 2 && first === ANY_RUN && typeof last === 'string') return (text) => text.endsWith(last);
  const middle = pattern[1];
  if (pattern.length === 3 && first === ANY_RUN && last === ANY_RUN && typeof middle === 'string') {
    return (text) => text.includes(middle);
  }
  return compileGlob(pattern);
}

/** A run of literals and `?` between two `*`. */
type Piece = readonly (string | typeof ONE_CHAR)[];

function compileGlob(pattern: Pattern): (text: string) => boolean {
  const pieces: (string | typeof ONE_CHAR)[][] = [[]];
  for (const part of pattern) {
    if (part === ANY_RUN) pieces.push([]);
    else pieces.at(-1)?.push(part);
  }
  const head = pieces[0] ?? [];
  if (pieces.length === 1) return (text) => text.length === pieceLength(head) && pieceAt(text, head, 0);

  const tail = pieces.at(-1) ?? [];
  const inner = pieces.slice(1, -1).filter((piece) => piece.length > 0);
  const least = pieces.reduce((sum, piece) => sum + pieceLength(piece), 0);
  return (text) => {
    if (text.length < least || !pieceAt(text, head, 0)) return false;
    const end = text.length - pieceLength(tail);
    if (!pieceAt(text, tail, end)) return false;
    let from = pieceLength(head);
    for (const piece of inner) {
      const at = findPiece(text, piece, from, end);
      if (at < 0) return false;
      from = at + pieceLength(piece);
    }
    return from <= end;
  };
}

function pieceLength(piece: Piece): number {
  return piece.reduce<number>((sum, part) => sum + (typeof part === 'string' ? part.length : 1), 0);
}

function pieceAt(text: string, piece: Piece, at: number): boolean {
  let position = at;
  for (const part of piece) {
    if (typeof part === 'string') {
      if (!text.startsWith(part, position)) return false;
      position += part.length;
    } else {
      if (position >= text.length) return false;
      position++;
    }
  }
  return true;
}

function findPiece(text: string, piece: Piece, from: number, end: number): number {
  const length = pieceLength(piece);
  const [first] = piece;
  for (let at = from; at + length <= end; at++) {
    if (typeof first === 'string') {
      at = text.indexOf(first, at);
      if (at < 0 || at + length > end) return -1;
    }
    if (pieceAt(text, piece, at)) return at;
  }
  return -1;
}

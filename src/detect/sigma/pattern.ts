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

/** The five dashes that a Windows program takes for an option's mark, where one begins a word (house decision 3). */
const OPTION_DASH = /\B[-/\u2013\u2014\u2015]\b/g;

/** Every option dash made `-`, so that two spellings of a command line compare equal. */
export function plainDashes(text: string): string {
  return text.replace(OPTION_DASH, '-');
}

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
function holdsByCharacters(
  pattern: readonly (string | typeof ANY_RUN | typeof ONE_CHAR)[],
  text: readonly string[],
): boolean {
  let at = 0;
  let inText = 0;
  let star = -1;
  let starText = 0;
  while (inText < text.length) {
    const part = pattern[at];
    if (part === ANY_RUN) {
      star = at++;
      starText = inText;
    } else if (part !== undefined && (part === ONE_CHAR || part === text[inText])) {
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

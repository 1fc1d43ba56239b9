/**
 * The shape of a regular expression, read only to answer two questions about it: which literals must a match contain,
 * and can a backtracking engine ever take more than linear time on it? It is no judge of what is valid: the regex
 * engine is. What it does not understand it calls `unknown`, which answers both questions with the safe “cannot tell”.
 */

/** The characters one position can be: a bit for each of the 128 ASCII ones, and one for all others. */
export class CharSet {
  readonly #ascii = new Uint8Array(128);
  #others = false;

  static of(...chars: string[]): CharSet {
    const set = new CharSet();
    for (const char of chars) set.add(char.charCodeAt(0));
    return set;
  }

  add(code: number): void {
    if (code < 128) this.#ascii[code] = 1;
    else this.#others = true;
  }

  addRange(from: number, to: number): void {
    for (let code = from; code <= Math.min(to, 127); code++) this.#ascii[code] = 1;
    if (to >= 128) this.#others = true;
  }

  addAll(other: CharSet): void {
    for (let code = 0; code < 128; code++) if (other.#ascii[code] === 1) this.#ascii[code] = 1;
    this.#others ||= other.#others;
  }

  negated(): CharSet {
    const set = new CharSet();
    for (let code = 0; code < 128; code++) if (this.#ascii[code] === 0) set.#ascii[code] = 1;
    set.#others = true;
    return set;
  }

  /** Both cases of every letter. */
  folded(): CharSet {
    const set = new CharSet();
    set.addAll(this);
    for (let code = 0x41; code <= 0x5a; code++) {
      if (this.#ascii[code] === 1) set.add(code | 0x20);
      if (this.#ascii[code | 0x20] === 1) set.add(code);
    }
    return set;
  }

  disjoint(other: CharSet): boolean {
    for (let code = 0; code < 128; code++) if (this.#ascii[code] === 1 && other.#ascii[code] === 1) return false;
    return !(this.#others && other.#others);
  }
}

export type RegexNode =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'set'; readonly set: CharSet }
  /** Matches between characters, or not at all: anchors and word boundaries. */
  | { readonly kind: 'edge' }
  | { readonly kind: 'seq'; readonly of: readonly RegexNode[] }
  | { readonly kind: 'alt'; readonly of: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly of: RegexNode; readonly min: number; readonly max: number }
  | { readonly kind: 'unknown' };

const UNKNOWN: RegexNode = { kind: 'unknown' };
const MAX_DEPTH = 50;

const DIGIT = new CharSet();
DIGIT.addRange(0x30, 0x39);
const WORD = new CharSet();
WORD.addRange(0x30, 0x39);
WORD.addRange(0x41, 0x5a);
WORD.addRange(0x61, 0x7a);
WORD.add(0x5f);
const SPACE = CharSet.of('\t', '\n', '\v', '\f', '\r', ' ', '\u00a0');
const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: DIGIT.negated(),
  w: WORD,
  W: WORD.negated(),
  s: SPACE,
  S: SPACE.negated(),
};
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' };
const NOT_NEWLINE = CharSet.of('\n').negated();

/** Reads a pattern. Global inline flags at its start (`(?i)`) are returned apart. */
export function readRegex(source: string): { node: RegexNode; inlineFlags: string } {
  const inline = /^\(\?([ims]+)\)/.exec(source);
  const reader = new RegexReader(inline === null ? source : source.slice(inline[0].length));
  return { node: reader.whole(), inlineFlags: inline?.[1] ?? '' };
}

class RegexReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): RegexNode {
    const node = this.#alternation();
    return this.#at < this.#text.length ? UNKNOWN : node;
  }

  #alternation(): RegexNode {
    if (++this.#depth > MAX_DEPTH) return UNKNOWN;
    const of = [this.#sequence()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      of.push(this.#sequence());
    }
    this.#depth--;
    const [only] = of;
    return of.length === 1 && only !== undefined ? only : { kind: 'alt', of };
  }

  #sequence(): RegexNode {
    const of: RegexNode[] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      of.push(this.#repeated(this.#atom()));
    }
    return { kind: 'seq', of };
  }

  #repeated(atom: RegexNode): RegexNode {
    const quantifier = /^(?:([*+?])|\{(\d{1,5})(?:(,)(\d{1,5})?)?\})[?+]?/.exec(
      this.#text.slice(this.#at, this.#at + 20),
    );
    if (quantifier === null) return atom;
    this.#at += quantifier[0].length;
    const [, mark, least, comma, most] = quantifier;
    if (mark !== undefined)
      return { kind: 'repeat', of: atom, min: mark === '+' ? 1 : 0, max: mark === '?' ? 1 : Infinity };
    const min = Number(least);
    return {
      kind: 'repeat',
      of: atom,
      min,
      max: comma === undefined ? min : most === undefined ? Infinity : Number(most),
    };
  }

  #atom(): RegexNode {
    const char = this.#text[this.#at++] ?? '';
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return this.#bracket();
      case '.':
        return { kind: 'set', set: NOT_NEWLINE };
      case '^':
      case '$':
        return { kind: 'edge' };
      case '\\':
        return this.#escape();
      default:
        return { kind: 'char', char };
    }
  }

  #group(): RegexNode {
    const rest = this.#text.slice(this.#at, this.#at + 40);
    const opening = /^\?(?::|P?<[A-Za-z_]\w*>)/.exec(rest);
    if (opening !== null) this.#at += opening[0].length;
    else if (rest.startsWith('?')) {
      // Look-around and flags that change half-way: not ours to reason about.
      this.#at = this.#text.length;
      return UNKNOWN;
    }
    const inner = this.#alternation();
    if (this.#text[this.#at] !== ')') {
      this.#at = this.#text.length;
      return UNKNOWN;
    }
    this.#at++;
    return inner;
  }

  #escape(): RegexNode {
    const char = this.#text[this.#at++] ?? '';
    const set = Object.hasOwn(CLASSES, char) ? CLASSES[char] : undefined;
    if (set !== undefined) return { kind: 'set', set };
    if (char === 'b' || char === 'B') return { kind: 'edge' };
    const control = Object.hasOwn(CONTROLS, char) ? CONTROLS[char] : undefined;
    if (control !== undefined) return { kind: 'char', char: control };
    if (char === 'x' || char === 'u') return this.#hex(char);
    // A letter or digit we do not know could mean anything (back-reference, property, …).
    return /[A-Za-z0-9]/.test(char) || char === '' ? UNKNOWN : { kind: 'char', char };
  }

  #hex(mark: string): RegexNode {
    const digits = mark === 'x' ? 2 : 4;
    const hex = this.#text.slice(this.#at, this.#at + digits);
    if (hex.length !== digits || !/^[\da-fA-F]+$/.test(hex)) return UNKNOWN;
    this.#at += digits;
    return { kind: 'char', char: String.fromCharCode(Number.parseInt(hex, 16)) };
  }

  #bracket(): RegexNode {
    const set = new CharSet();
    const negated = this.#text[this.#at] === '^';
    if (negated) this.#at++;
    for (let first = true; ; first = false) {
      const char = this.#text[this.#at];
      if (char === undefined) return UNKNOWN;
      if (char === ']' && !first) break;
      if (char === '[' && this.#text[this.#at + 1] === ':') return this.#skip();
      const from = this.#member();
      if (from instanceof CharSet) set.addAll(from);
      else if (from === null) return this.#skip();
      else if (this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']' && this.#at + 1 < this.#text.length) {
        this.#at++;
        const to = this.#member();
        if (typeof to !== 'number') return this.#skip();
        set.addRange(from, to);
      } else set.add(from);
    }
    this.#at++;
    return { kind: 'set', set: negated ? set.negated() : set };
  }

  #skip(): RegexNode {
    this.#at = this.#text.length;
    return UNKNOWN;
  }

  /** One member of a bracket: a code, a class, or `null` for what we do not know. */
  #member(): number | CharSet | null {
    const char = this.#text[this.#at++] ?? '';
    if (char !== '\\') return char.charCodeAt(0);
    const node = this.#escape();
    if (node.kind === 'set') return node.set;
    return node.kind === 'char' ? node.char.charCodeAt(0) : null;
  }
}

/**
 * Texts of which every match contains at least one, or `null` if there are none to be had. Case is as written.
 * The best of the choices is taken: the set whose shortest member is longest.
 */
export function requiredLiterals(node: RegexNode): readonly string[] | null {
  switch (node.kind) {
    case 'char':
      return [node.char];
    case 'set':
    case 'edge':
    case 'unknown':
      return null;
    case 'repeat':
      return node.min > 0 ? requiredLiterals(node.of) : null;
    case 'alt': {
      const all: string[] = [];
      for (const branch of node.of) {
        const some = requiredLiterals(branch);
        if (some === null) return null;
        all.push(...some);
      }
      return all.length <= 64 ? all : null;
    }
    case 'seq':
      return bestOfSequence(node.of);
  }
}

function bestOfSequence(nodes: readonly RegexNode[]): readonly string[] | null {
  let best: readonly string[] | null = null;
  const offer = (candidate: readonly string[] | null) => {
    if (candidate !== null && candidate.length > 0 && shortest(candidate) > (best === null ? 0 : shortest(best)))
      best = candidate;
  };
  let run = '';
  for (const node of nodes) {
    if (node.kind === 'char') {
      run += node.char;
      continue;
    }
    // A word boundary does not interrupt the characters around it; an anchor inside a run never matches anyway.
    if (node.kind === 'edge') continue;
    offer(run === '' ? null : [run]);
    run = '';
    offer(requiredLiterals(node));
  }
  offer(run === '' ? null : [run]);
  return best;
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map((text) => text.length));
}

/**
 * True if a backtracking engine needs no more than linear time (times a small constant) to search any text for this.
 * Two things keep it so: every bounded repeat multiplies into a budget, and an unbounded one is of single characters
 * that neither its left nor its right neighbour can be, so that no character is looked at twice for it.
 */
export function isLinear(node: RegexNode, ignoreCase: boolean): boolean {
  return ways(node) <= MAX_WAYS && unboundedAreIsolated(node, ignoreCase);
}

const MAX_WAYS = 600;

/** In how many ways, at most, one starting point can be tried. */
function ways(node: RegexNode): number {
  switch (node.kind) {
    case 'char':
    case 'set':
    case 'edge':
      return 1;
    case 'unknown':
      return Infinity;
    case 'seq':
      return node.of.reduce((product, part) => product * ways(part), 1);
    case 'alt':
      return node.of.reduce((sum, part) => sum + ways(part), 0);
    case 'repeat': {
      const inner = ways(node.of);
      if (node.max === Infinity) return inner === 1 ? Math.max(1, node.min) : Infinity;
      return inner === 1
        ? node.max - node.min + 1 + node.max / 50
        : inner ** Math.max(node.max, 1) * (node.max - node.min + 1);
    }
  }
}

function unboundedAreIsolated(root: RegexNode, ignoreCase: boolean): boolean {
  if (!hasUnbounded(root)) return true;
  if (root.kind !== 'seq') return false;
  // At the very end of a search `x+` may stop at its first character: it cannot cost more.
  return root.of.every((node, index) => {
    if (!hasUnbounded(node)) return true;
    if (node.kind !== 'repeat' || hasUnbounded(node.of)) return false;
    const own = singleSet(node.of, ignoreCase);
    if (own === null || node.min === 0) return false;
    const before = index === 0 ? null : singleSet(root.of[index - 1] ?? UNKNOWN, ignoreCase);
    const after = index === root.of.length - 1 ? null : singleSet(root.of[index + 1] ?? UNKNOWN, ignoreCase);
    const beforeIsFine = before !== null && before.disjoint(own);
    const afterIsFine = index === root.of.length - 1 || (after !== null && after.disjoint(own));
    return beforeIsFine && afterIsFine;
  });
}

function hasUnbounded(node: RegexNode): boolean {
  if (node.kind === 'repeat') return node.max === Infinity || hasUnbounded(node.of);
  if (node.kind === 'seq' || node.kind === 'alt') return node.of.some(hasUnbounded);
  return node.kind === 'unknown';
}

/** The characters of a node that is exactly one character long, or `null`. */
function singleSet(node: RegexNode, ignoreCase: boolean): CharSet | null {
  const set = node.kind === 'char' ? CharSet.of(node.char) : node.kind === 'set' ? node.set : null;
  if (set !== null) return ignoreCase ? set.folded() : set;
  const only = node.kind === 'seq' && node.of.length === 1 ? node.of[0] : undefined;
  return only === undefined ? null : singleSet(only, ignoreCase);
}

/**
 * Finds which of many thousand literals occur in a text, in one pass over it (Aho & Corasick 1975), as the first,
 * cheap question of the engine: a rule is looked at only if one of its triggers occurs. So it may say yes too often,
 * never no: characters are put into at most 64 classes (letters by either case; `-`, `/` and the long dashes as one;
 * everything beyond ASCII as one), and literals are cut to `MAX_LITERAL`. That keeps the table in the processor's
 * cache, which is what its speed hangs on: 4.5 ns a character from L2, 12–14 from memory.
 */
export interface Literal {
  /** Compared without case. */
  readonly text: string;
  /** True if it must begin, or end, the whole text. */
  readonly atStart: boolean;
  readonly atEnd: boolean;
  /** What `scan` reports when it occurs. */
  readonly output: number;
}

const CLASS_BITS = 6;
const CLASSES = 1 << CLASS_BITS;
const NOT_IN_ANY = 0;
const BEGIN = 1;
const END = 2;
const BEYOND_ASCII = 3;
const DASH = 4;
const RARE = 5;
const FIRST_FREE = 6;

/** Cut longer literals to this: states (and so cache misses) fall by a third, candidates hardly rise. */
const MAX_LITERAL = 12;

/**
 * These are ASCII letters in another case (the long s only to a regular expression without case): a text that holds
 * one is folded before it is scanned.
 */
const KELVIN_SIGN = 0x212a;
const CAPITAL_I_WITH_DOT = 0x130;
const LONG_S = 0x17f;

function fold(text: string): string {
  return text.toLowerCase().replaceAll('\u017f', 's');
}

export class Automaton {
  /** Next state by `state << CLASS_BITS | class`. */
  readonly #next: Uint16Array | Uint32Array;
  readonly #classOf: Uint8Array;
  readonly #longest: number;
  readonly #start: number;
  /** States from this one on have outputs. */
  readonly #firstWithOutput: number;
  readonly #outputs: readonly Int32Array[];

  /** @param longest characters of a literal that are kept; fewer make a smaller table and more false answers */
  constructor(literals: readonly Literal[], longest = MAX_LITERAL) {
    this.#longest = longest;
    this.#classOf = classesFor(literals);
    const trie = new Trie();
    for (const literal of literals) trie.add(this.#sequence(literal), literal.output);
    const built = trie.build();
    this.#next = built.next;
    this.#outputs = built.outputs;
    this.#firstWithOutput = built.firstWithOutput;
    this.#start = built.next[(built.root << CLASS_BITS) | BEGIN] ?? built.root;
  }

  get states(): number {
    return this.#next.length >> CLASS_BITS;
  }

  /** Calls `found` with the outputs of what occurs; the same output may be reported more than once. */
  scan(text: string, found: (outputs: Int32Array) => void): void {
    const next = this.#next;
    const classOf = this.#classOf;
    const firstWithOutput = this.#firstWithOutput;
    let state = this.#start;
    if (state >= firstWithOutput) found(this.#outputs[state - firstWithOutput] as Int32Array);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      // Most are ASCII, and ask once.
      if (code >= 128 && (code === KELVIN_SIGN || code === CAPITAL_I_WITH_DOT || code === LONG_S))
        return this.scan(fold(text), found);
      // Indices are within the tables by construction; the checks would cost a fifth of the scan.
      const cls = code < 128 ? (classOf[code] as number) : code >= 0x2013 && code <= 0x2015 ? DASH : BEYOND_ASCII;
      state = next[(state << CLASS_BITS) | cls] as number;
      if (state >= firstWithOutput) found(this.#outputs[state - firstWithOutput] as Int32Array);
    }
    state = next[(state << CLASS_BITS) | END] as number;
    if (state >= firstWithOutput) found(this.#outputs[state - firstWithOutput] as Int32Array);
  }

  #sequence(literal: Literal): number[] {
    const sequence: number[] = [];
    if (literal.atStart) sequence.push(BEGIN);
    const folded = literal.text.replaceAll('\u017f', 's');
    for (let i = 0; i < folded.length; i++) sequence.push(this.#classOfCode(folded.charCodeAt(i)));
    if (literal.atEnd) sequence.push(END);
    // Keep the end that is tied to the text's; a literal that is tied to neither keeps its own end.
    return literal.atStart && !literal.atEnd ? sequence.slice(0, this.#longest) : sequence.slice(-this.#longest);
  }

  #classOfCode(code: number): number {
    if (code < 128) return this.#classOf[code] ?? NOT_IN_ANY;
    return code >= 0x2013 && code <= 0x2015 ? DASH : BEYOND_ASCII;
  }
}

/** True if a literal is found in bytes as surely as in text: tied to no end, plain ASCII, never written as an entity. */
export function isBytewise({ text, atStart, atEnd }: Literal): boolean {
  return !atStart && !atEnd && /^[\x20-\x7e]+$/.test(text) && !/[&<>"']/.test(text);
}

/** A class for each ASCII character that occurs; the least frequent share one. */
function classesFor(literals: readonly Literal[]): Uint8Array {
  const counts = new Uint32Array(128);
  for (const { text } of literals) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 128) counts[lowerCode(code)] = (counts[lowerCode(code)] ?? 0) + 1;
    }
  }
  const classOf = new Uint8Array(128);
  const byCount = [...counts.keys()]
    .filter((code) => (counts[code] ?? 0) > 0)
    .sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
  let free = FIRST_FREE;
  for (const code of byCount) classOf[code] = free < CLASSES ? free++ : RARE;
  classOf[0x2d] = DASH;
  classOf[0x2f] = DASH;
  for (let code = 0x41; code <= 0x5a; code++) classOf[code] = classOf[code | 0x20] ?? NOT_IN_ANY;
  return classOf;
}

function lowerCode(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

/** The tree of literals, made into a complete automaton by `build`. */
class Trie {
  #children = new Int32Array(CLASSES * 32);
  #states = 1;
  readonly #outputs: number[][] = [[]];

  add(sequence: readonly number[], output: number): void {
    let state = 0;
    for (const cls of sequence) {
      const at = (state << CLASS_BITS) | cls;
      let child = this.#children[at] ?? 0;
      if (child === 0) {
        child = this.#newState();
        this.#children[at] = child;
      }
      state = child;
    }
    const outputs = this.#outputs[state];
    if (outputs !== undefined && !outputs.includes(output)) outputs.push(output);
  }

  #newState(): number {
    const state = this.#states++;
    if (this.#states << CLASS_BITS > this.#children.length) {
      const bigger = new Int32Array(this.#children.length * 2);
      bigger.set(this.#children);
      this.#children = bigger;
    }
    this.#outputs.push([]);
    return state;
  }

  /** Fills in the failure transitions breadth first, then numbers the states so that those with outputs come last. */
  build(): { next: Uint16Array | Uint32Array; outputs: Int32Array[]; firstWithOutput: number; root: number } {
    const children = this.#children;
    const fails = new Int32Array(this.#states);
    const queue = new Int32Array(this.#states);
    let tail = 1;
    for (let head = 0; head < tail; head++) {
      const state = queue[head] ?? 0;
      const fallback = fails[state] ?? 0;
      for (let cls = 0; cls < CLASSES; cls++) {
        const at = (state << CLASS_BITS) | cls;
        const child = children[at] ?? 0;
        const other = state === 0 ? 0 : (children[(fallback << CLASS_BITS) | cls] ?? 0);
        if (child === 0) children[at] = other;
        else {
          fails[child] = other;
          queue[tail++] = child;
          const inherited = this.#outputs[other] ?? [];
          if (inherited.length > 0)
            this.#outputs[child] = [...new Set([...(this.#outputs[child] ?? []), ...inherited])];
        }
      }
    }
    return this.#renumber(children);
  }

  #renumber(children: Int32Array): {
    next: Uint16Array | Uint32Array;
    outputs: Int32Array[];
    firstWithOutput: number;
    root: number;
  } {
    const count = this.#states;
    const isOutput = (state: number) => (this.#outputs[state]?.length ?? 0) > 0;
    const number = new Int32Array(count);
    const outputs: Int32Array[] = [];
    let plain = 0;
    for (let state = 0; state < count; state++) if (!isOutput(state)) number[state] = plain++;
    for (let state = 0; state < count; state++) {
      if (!isOutput(state)) continue;
      number[state] = plain + outputs.length;
      outputs.push(Int32Array.from(this.#outputs[state] ?? []));
    }
    const next = count < 65_536 ? new Uint16Array(count << CLASS_BITS) : new Uint32Array(count << CLASS_BITS);
    for (let state = 0; state < count; state++) {
      const row = (number[state] ?? 0) << CLASS_BITS;
      for (let cls = 0; cls < CLASSES; cls++) next[row | cls] = number[children[(state << CLASS_BITS) | cls] ?? 0] ?? 0;
    }
    return { next, outputs, firstWithOutput: plain, root: number[0] ?? 0 };
  }
}

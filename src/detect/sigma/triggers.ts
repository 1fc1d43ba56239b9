import { Automaton, type Literal } from './automaton.ts';

/**
 * Finds which triggers of a field a value holds. Nearly all go through the automaton. Hashes (`IMPHASH=…`: more than
 * five thousand in SigmaHQ) would make its table ten times larger than the processor's cache for a field that holds
 * three of them: they are looked up by what follows an equals sign.
 */
export class Triggers {
  readonly #automaton: Automaton | null;
  readonly #afterEquals: ReadonlyMap<string, Int32Array> | null;

  constructor(literals: readonly Literal[]) {
    const assignments = literals.filter((literal) => keyOf(literal) !== null);
    const isWorthIt = assignments.length >= LEAST_ASSIGNMENTS;
    const others = isWorthIt ? literals.filter((literal) => keyOf(literal) === null) : literals;
    this.#afterEquals = isWorthIt ? indexOf(assignments) : null;
    this.#automaton = others.length === 0 ? null : new Automaton(others);
  }

  /** Calls `found` with the outputs of what occurs; the same output may be reported more than once. */
  scan(text: string, found: (outputs: Int32Array) => void): void {
    if (this.#afterEquals !== null) {
      for (let at = text.indexOf('='); at >= 0; at = text.indexOf('=', at + 1)) {
        const outputs = this.#afterEquals.get(text.slice(at + 1, at + 1 + KEY_LENGTH).toLowerCase());
        if (outputs !== undefined) found(outputs);
      }
    }
    this.#automaton?.scan(text, found);
  }
}

const KEY_LENGTH = 8;
const LEAST_ASSIGNMENTS = 200;

/** The eight characters after a literal's first equals sign; `null` if it has not that many, or they need more than ASCII. */
function keyOf({ text, atStart, atEnd }: Literal): string | null {
  const at = text.indexOf('=');
  const key = text.slice(at + 1, at + 1 + KEY_LENGTH);
  return at < 0 || atStart || atEnd || !/^[0-9a-f]{8}$/i.test(key) ? null : key.toLowerCase();
}

function indexOf(literals: readonly Literal[]): Map<string, Int32Array> {
  const lists = new Map<string, Set<number>>();
  for (const literal of literals) {
    const key = keyOf(literal) ?? '';
    lists.set(key, (lists.get(key) ?? new Set()).add(literal.output));
  }
  return new Map([...lists].map(([key, outputs]) => [key, Int32Array.from(outputs)]));
}

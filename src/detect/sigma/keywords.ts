import type { TextScanner } from '../../core/event.ts';
import { Automaton, isBytewise, type Literal } from './automaton.ts';
import { Prefilter, WINDOW } from './prefilter.ts';
import { asKeyword } from './route.ts';
import type { Condition, EventRule } from './rule.ts';
import { triggersOf } from './tests.ts';

/** Every text of every event goes through this table: it should fit the processor's first cache. */
const KEPT_LENGTH = 8;

/**
 * The keywords of all rules, numbered, so that a look at an event's bytes tells whether any of a route's may be there.
 */
export class KeywordScanner implements TextScanner {
  readonly #numbers = new Map<string, number>();
  readonly #automaton: Automaton;
  readonly #prefilter: Prefilter;

  constructor(rules: readonly EventRule[]) {
    const literals = rules
      .flatMap((rule) => keywordsOf(rule.condition))
      .filter((literal) => isBytewise(literal) && literal.text.length >= WINDOW);
    this.#prefilter = new Prefilter(literals.map(({ text }) => text));
    for (const { text } of literals) if (!this.#numbers.has(text)) this.#numbers.set(text, this.#numbers.size);
    this.#automaton = new Automaton(
      literals.map((literal) => ({ ...literal, output: this.#numbers.get(literal.text) ?? 0 })),
      KEPT_LENGTH,
    );
  }

  /** The numbers of these keywords; `null` if one of them cannot be found in bytes. */
  numbersOf(literals: readonly Literal[]): Int32Array | null {
    const numbers = literals.map(({ text }) => this.#numbers.get(text) ?? -1);
    return numbers.includes(-1) ? null : Int32Array.from(new Set(numbers));
  }

  get count(): number {
    return this.#numbers.size;
  }

  scanText(text: string, found: Uint8Array): boolean {
    if (!this.#prefilter.mayHold(text)) return false;
    this.#automaton.mark(text, found);
    return true;
  }

  scanUtf16(bytes: Uint8Array, from: number, to: number, found: Uint8Array): boolean {
    if (!this.#prefilter.mayHoldUtf16(bytes, from, to)) return false;
    this.#automaton.scanUtf16(bytes, from, to, found);
    return true;
  }
}

/** What a rule's keyword searches need to find, at least one of each. */
function keywordsOf(condition: Condition): Literal[] {
  switch (condition.op) {
    case 'and':
    case 'or':
      return condition.of.flatMap(keywordsOf);
    case 'not':
      return keywordsOf(condition.of);
    case 'constant':
      return [];
    case 'item': {
      if (condition.item.field !== null) return [];
      const texts = condition.item.tests.map(asKeyword).filter((test) => test.kind === 'text');
      return texts.flatMap((test) => (triggersOf(test) ?? []).map((trigger) => ({ ...trigger, output: 0 })));
    }
  }
}

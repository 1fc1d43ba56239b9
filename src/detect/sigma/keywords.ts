import type { TextSearch } from '../../core/event.ts';
import { Automaton, isBytewise, type Literal } from './automaton.ts';
import { Prefilter, WINDOW } from './prefilter.ts';

/** Every text of every event goes through this table: it should fit the processor's first cache. */
const KEPT_LENGTH = 8;

/** Says whether an event may hold one of a route's keywords, by a look at its bytes or at the JSON it was read from. */
export class KeywordSearch implements TextSearch {
  readonly #prefilter: Prefilter;
  readonly #automaton: Automaton;
  /** For the same keywords as JSON writes them. */
  readonly #jsonPrefilter: Prefilter;

  /** `null` if one of the keywords cannot be found in bytes as surely as in text. */
  static of(literals: readonly Literal[]): KeywordSearch | null {
    const isFit = literals.every((literal) => isBytewise(literal) && literal.text.length >= WINDOW);
    return isFit ? new KeywordSearch(literals) : null;
  }

  private constructor(literals: readonly Literal[]) {
    const texts = literals.map(({ text }) => text);
    this.#prefilter = new Prefilter(texts);
    this.#jsonPrefilter = new Prefilter(texts.map((text) => JSON.stringify(text).slice(1, -1)));
    this.#automaton = new Automaton(
      literals.map((literal) => ({ ...literal, output: 0 })),
      KEPT_LENGTH,
    );
  }

  mayBeIn(text: string): boolean {
    return this.#prefilter.mayHold(text) && this.#automaton.occursIn(text);
  }

  mayBeInUtf16(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#prefilter.mayHoldUtf16(bytes, from, to) && this.#automaton.occursInUtf16(bytes, from, to);
  }

  mayBeInJson(json: string): boolean {
    // Letters and slashes may be written as escapes, though hardly anything does.
    return this.#jsonPrefilter.mayHold(json) || json.includes('\\u') || json.includes('\\/');
  }
}

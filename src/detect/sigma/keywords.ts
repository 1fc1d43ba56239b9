import type { TextSearch } from '../../core/event.ts';
import { isBytewise, type Literal } from './automaton.ts';
import { LEAST_WINDOW, Prefilter } from './prefilter.ts';

/** Says whether an event may hold one of a route's keywords, by a look at its bytes or at the JSON it was read from. */
export class KeywordSearch implements TextSearch {
  readonly #asWritten: Prefilter;
  /** For the same keywords as JSON writes them. */
  readonly #inJson: Prefilter;

  /** `null` if one of the keywords cannot be found in bytes as surely as in text. */
  static of(literals: readonly Literal[]): KeywordSearch | null {
    const isFit = literals.every((literal) => isBytewise(literal) && literal.text.length >= LEAST_WINDOW);
    return isFit ? new KeywordSearch(literals.map(({ text }) => text)) : null;
  }

  private constructor(texts: readonly string[]) {
    this.#asWritten = new Prefilter(texts);
    this.#inJson = new Prefilter(texts.map((text) => JSON.stringify(text).slice(1, -1)));
  }

  mayBeIn(text: string): boolean {
    return this.#asWritten.mayHold(text);
  }

  mayBeInUtf16(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#asWritten.mayHoldUtf16(bytes, from, to);
  }

  mayBeInJson(json: string): boolean {
    // Letters and slashes may be written as escapes, though hardly anything does.
    return this.#inJson.mayHold(json) || hasOddEscapes(json);
  }
}

/** True if a character is written as `\u…` or a slash as `\/`. From one escape to the next: `C:\\users` has none of them. */
function hasOddEscapes(json: string): boolean {
  for (let at = json.indexOf('\\'); at >= 0; at = json.indexOf('\\', at + 2)) {
    const escaped = json.charCodeAt(at + 1);
    if (escaped === 0x75 || escaped === 0x2f) return true;
  }
  return false;
}

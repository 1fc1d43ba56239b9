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
    return this.#inJson.mayHold(json) || isEscaped(json, '\\u') || isEscaped(json, '\\/');
  }
}

/** True if the mark stands in the JSON as an escape, not after a backslash that is itself escaped (`C:\\\\users`). */
function isEscaped(json: string, mark: string): boolean {
  for (let at = json.indexOf(mark); at >= 0; at = json.indexOf(mark, at + 1)) {
    let start = at;
    while (start > 0 && json.charCodeAt(start - 1) === 0x5c) start--;
    if ((at - start) % 2 === 0) return true;
  }
  return false;
}

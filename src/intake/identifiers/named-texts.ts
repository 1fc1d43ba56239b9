import { isNoValue } from './named.ts';

/** A text shorter than this is replaced in its own field only: elsewhere it is not what it was. Digits may be a year, a port. */
const LEAST_ELSEWHERE = 4;
const LEAST_DIGITS_ELSEWHERE = 6;
const DIGITS = /^\d+$/;
/** So few are looked for one by one: most texts hold none, and that is known soonest so. */
const FEW = 16;
const PSEUDONYMS = /(?:pt|pi)_[0-9a-f]{20}/g;

/**
 * Texts that name patients, to be replaced wherever else they stand: in one pass, the longest first, so that nothing is
 * looked for in what was put there. Pseudonyms that are there already stay.
 */
export class NamedTexts {
  /** By its first four characters, then by length, the greatest first: what stands for a text. */
  readonly #byStart = new Map<string, Map<number, Map<string, string>>>();
  /** All of them; `null`: they are more than a few. */
  readonly #few: readonly string[] | null;

  constructor(named: ReadonlyMap<string, string>) {
    const long = [...named].filter(
      ([text]) => text.length >= (DIGITS.test(text) ? LEAST_DIGITS_ELSEWHERE : LEAST_ELSEWHERE) && !isNoValue(text),
    );
    this.#few = long.length <= FEW ? long.map(([text]) => text) : null;
    for (const [text, pseudonym] of long.sort(([a], [b]) => b.length - a.length)) {
      const start = text.slice(0, LEAST_ELSEWHERE);
      const lengths = this.#byStart.get(start) ?? new Map<number, Map<string, string>>();
      this.#byStart.set(start, lengths);
      const own = lengths.get(text.length) ?? new Map<string, string>();
      lengths.set(text.length, own.set(text, pseudonym));
    }
  }

  replaceIn(text: string): string {
    if (this.#few !== null && !this.#few.some((each) => text.includes(each))) return text;
    let result = '';
    let done = 0;
    for (const found of text.matchAll(PSEUDONYMS)) {
      result += this.#replaced(text.slice(done, found.index)) + found[0];
      done = found.index + found[0].length;
    }
    return done === 0 ? this.#replaced(text) : result + this.#replaced(text.slice(done));
  }

  #replaced(text: string): string {
    let result = '';
    let done = 0;
    for (let at = 0; at + LEAST_ELSEWHERE <= text.length; ) {
      const found = this.#at(text, at);
      if (found === null) {
        at++;
        continue;
      }
      result += text.slice(done, at) + found.pseudonym;
      at += found.length;
      done = at;
    }
    return done === 0 ? text : result + text.slice(done);
  }

  #at(text: string, at: number): { readonly length: number; readonly pseudonym: string } | null {
    const lengths = this.#byStart.get(text.slice(at, at + LEAST_ELSEWHERE));
    if (lengths === undefined) return null;
    for (const [length, own] of lengths) {
      const pseudonym = at + length <= text.length ? own.get(text.slice(at, at + length)) : undefined;
      if (pseudonym !== undefined && isWhole(text, at, length)) return { length, pseudonym };
    }
    return null;
  }
}

/** Digits are not found in a longer number. */
function isWhole(text: string, at: number, length: number): boolean {
  if (!DIGITS.test(text.slice(at, at + length))) return true;
  return !/\d/.test(text.charAt(at - 1)) && !/\d/.test(text.charAt(at + length));
}

/** A line longer than this is an attack or no line at all. */
const MAX_LINE = 1024 * 1024;

/**
 * Cuts text that comes in any pieces into lines: LF or CRLF, the last one with or without. Numbers count from 1.
 * NULs are left out: a file whose machine lost power while it was written has runs of them.
 */
export class LineReader {
  readonly #onLine: (line: string, number: number) => void;
  readonly #onTooLong: (number: number) => void;
  #rest = '';
  #number = 0;
  /** In the middle of a line that is too long: what follows is skipped up to its end. */
  #skipping = false;

  constructor(onLine: (line: string, number: number) => void, onTooLong: (number: number) => void) {
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  push(text: string): void {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#take(text.slice(from, end));
      from = end + 1;
    }
    if (from < text.length) this.#hold(text.slice(from));
  }

  /** How many lines there were so far. */
  get count(): number {
    return this.#number;
  }

  end(): void {
    if (this.#rest !== '' || this.#skipping) this.#take('');
  }

  #take(piece: string): void {
    const line = this.#rest === '' ? piece : this.#rest + piece;
    this.#rest = '';
    this.#number++;
    if (this.#skipping || line.length > MAX_LINE) {
      this.#skipping = false;
      this.#onTooLong(this.#number);
      return;
    }
    let clean = line.includes('\0') ? line.replaceAll('\0', '') : line;
    // Files put one after another bring their byte order marks along.
    if (clean.charCodeAt(0) === 0xfeff) clean = clean.slice(1);
    this.#onLine(clean.endsWith('\r') ? clean.slice(0, -1) : clean, this.#number);
  }

  #hold(piece: string): void {
    if (this.#skipping) return;
    this.#rest += piece;
    if (this.#rest.length <= MAX_LINE) return;
    this.#rest = '';
    this.#skipping = true;
  }
}

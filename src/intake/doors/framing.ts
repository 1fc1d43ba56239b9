/** The longest message that is taken. A DICOM audit message with many patients can be long; RFC 5425 asks for 8 KiB at least. */
export const MAX_MESSAGE = 1024 * 1024;
/** `1048576 `: more digits than that are no count. */
const MAX_COUNT_DIGITS = 7;
const LINE_FEED = 0x0a;
/** Wanted: a line feed, however many bytes come before it. */
const LINE = -1;
const SPACE = 0x20;

/**
 * Cuts a stream into syslog messages, each framed as its source likes: by a count of octets before it, or by a line
 * feed (or NUL) after it. Source: RFC 6587 sections 3.4.1 and 3.4.2; RFC 5425 section 4.3.
 */
export class SyslogFraming {
  readonly #onMessage: (text: string) => void;
  readonly #onTooLong: (bytes: number) => void;
  /** The beginning of a frame, in the pieces in which it came. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** Joining the pieces is no use before so many bytes are there: a client that dribbles must cost nothing. */
  #wanted = 0;
  /** Octets of a message that is too long and still to come; infinite up to the next line feed. */
  #skip = 0;

  constructor(onMessage: (text: string) => void, onTooLong: (bytes: number) => void) {
    this.#onMessage = onMessage;
    this.#onTooLong = onTooLong;
  }

  push(bytes: Buffer): void {
    if (this.#held > 0) {
      const isLine = this.#wanted === LINE;
      const isUseful = isLine
        ? bytes.includes(LINE_FEED) || this.#held + bytes.length > MAX_MESSAGE
        : this.#held + bytes.length >= this.#wanted;
      if (!isUseful) return this.#hold(bytes);
    }
    const all = this.#held === 0 ? bytes : Buffer.concat([...this.#pieces, bytes]);
    this.#drop();
    let at = 0;
    while (at < all.length) {
      const next = this.#skip > 0 ? this.#skipped(all, at) : this.#frame(all, at);
      if (next === at) break;
      at = next;
    }
    if (at < all.length) this.#hold(all.subarray(at));
  }

  /** The caller may use its bytes again. */
  #hold(bytes: Buffer): void {
    this.#pieces.push(Buffer.from(bytes));
    this.#held += bytes.length;
  }

  #drop(): void {
    this.#pieces = [];
    this.#held = 0;
  }

  /** The connection has ended: a last message may lack its line feed. */
  end(): void {
    if (this.#held > 0 && this.#skip === 0) this.#emit(Buffer.concat(this.#pieces));
    this.#drop();
  }

  /** Where the frame that begins at `at` ends; `at` itself if it has not come whole. */
  #frame(all: Buffer, at: number): number {
    const count = octetCount(all, at);
    this.#wanted = 0;
    if (count === 'unknown') return at;
    if (count === null) return this.#line(all, at);
    const { from, octets } = count;
    if (octets > MAX_MESSAGE) {
      this.#onTooLong(octets);
      this.#skip = octets;
      return from;
    }
    if (from + octets > all.length) {
      this.#wanted = from + octets - at;
      return at;
    }
    this.#emit(all.subarray(from, from + octets));
    return from + octets;
  }

  #line(all: Buffer, at: number): number {
    const end = all.indexOf(LINE_FEED, at);
    const length = (end < 0 ? all.length : end) - at;
    if (length > MAX_MESSAGE) {
      this.#onTooLong(length);
      if (end < 0) this.#skip = Number.POSITIVE_INFINITY;
      return end < 0 ? all.length : end + 1;
    }
    if (end < 0) {
      this.#wanted = LINE;
      return at;
    }
    this.#emit(all.subarray(at, end));
    return end + 1;
  }

  #skipped(all: Buffer, at: number): number {
    if (this.#skip !== Number.POSITIVE_INFINITY) {
      const skipped = Math.min(this.#skip, all.length - at);
      this.#skip -= skipped;
      return at + skipped;
    }
    const end = all.indexOf(LINE_FEED, at);
    if (end < 0) return all.length;
    this.#skip = 0;
    return end + 1;
  }

  #emit(bytes: Buffer): void {
    const text = bytes.toString('utf8').replace(/[\r\n\0]+$/, '');
    if (text !== '') this.#onMessage(text);
  }
}

/** The count that a frame begins with; `null`: it begins with none; `unknown`: too little has come to tell. */
function octetCount(all: Buffer, at: number): { from: number; octets: number } | null | 'unknown' {
  let octets = 0;
  for (let i = at; i < all.length; i++) {
    const byte = all[i] as number;
    if (byte === SPACE && i > at) return { from: i + 1, octets };
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (!isDigit || (i === at && byte === 0x30) || i - at >= MAX_COUNT_DIGITS) return null;
    octets = octets * 10 + (byte - 0x30);
  }
  return 'unknown';
}

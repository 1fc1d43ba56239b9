/** The longest message that is taken: an admission with every insurance, allergy and next of kin has some tens of KiB. */
export const MAX_HL7 = 1024 * 1024;
const START = 0x0b;
const END = 0x1c;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

export type Frame =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** Its first MiB; the rest was read over. */
  | { readonly kind: 'too-long'; readonly bytes: Buffer }
  /** A new frame began before this one ended. */
  | { readonly kind: 'cut'; readonly bytes: Buffer }
  /** So many bytes outside of any frame, that are no blank. */
  | { readonly kind: 'stray'; readonly count: number };

/**
 * Cuts a stream into HL7 messages: `<VT>` message `<FS><CR>`. The CR is not insisted on.
 *
 * **Source:** HL7, “Transport Specification: MLLP”, release 1; HL7 v2.5.1 implementation guide, appendix C.
 */
export class MllpFraming {
  readonly #onFrame: (frame: Frame) => void;
  /**
   * The beginning of a message, in front of room for more; `null`: outside of one. Not the pieces in which it came: of a
   * MiB that comes byte by byte those take 285 MB (Node 24).
   */
  #message: Buffer | null = null;
  #held = 0;
  #isTooLong = false;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; )
      at = this.#message === null ? this.#outside(bytes, at) : this.#inside(bytes, at);
  }

  /** True when a message has begun and not ended: nobody has been told that it was taken. */
  get isUnfinished(): boolean {
    return this.#message !== null;
  }

  #outside(bytes: Buffer, from: number): number {
    const start = bytes.indexOf(START, from);
    const until = start < 0 ? bytes.length : start;
    let strays = 0;
    for (let at = from; at < until; at++) if (bytes[at] !== CARRIAGE_RETURN && bytes[at] !== LINE_FEED) strays++;
    if (strays > 0) this.#onFrame({ kind: 'stray', count: strays });
    if (start < 0) return bytes.length;
    this.#begin();
    return start + 1;
  }

  #begin(): void {
    this.#message = Buffer.alloc(0);
    this.#held = 0;
    this.#isTooLong = false;
  }

  #inside(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(END, from);
    const start = bytes.subarray(from, end < 0 ? bytes.length : end).indexOf(START);
    if (start >= 0) {
      this.#hold(bytes.subarray(from, from + start));
      this.#emit('cut');
      this.#begin();
      return from + start + 1;
    }
    this.#hold(bytes.subarray(from, end < 0 ? bytes.length : end));
    if (end < 0) return bytes.length;
    this.#emit(this.#isTooLong ? 'too-long' : 'message');
    return end + 1;
  }

  /** The caller may use its bytes again. */
  #hold(bytes: Buffer): void {
    const room = MAX_HL7 - this.#held;
    if (bytes.length > room) this.#isTooLong = true;
    const kept = bytes.subarray(0, room);
    const wanted = this.#held + kept.length;
    const message = this.#message ?? Buffer.alloc(0);
    if (wanted > message.length) {
      this.#message = Buffer.allocUnsafe(Math.max(4096, wanted, message.length * 2));
      message.copy(this.#message, 0, 0, this.#held);
    }
    kept.copy(this.#message ?? message, this.#held);
    this.#held = wanted;
  }

  #emit(kind: 'message' | 'too-long' | 'cut'): void {
    const bytes = (this.#message ?? Buffer.alloc(0)).subarray(0, this.#held);
    this.#message = null;
    this.#onFrame({ kind, bytes });
  }
}

/** A message as it goes over the wire. */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(START), message, Buffer.of(END, CARRIAGE_RETURN)]);
}

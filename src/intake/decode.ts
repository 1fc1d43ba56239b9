import { StringDecoder } from 'node:string_decoder';

/** The encodings that logs arrive in, told by their byte order mark or, without one, by where the zeros are. */
export type TextEncoding = 'utf8' | 'utf16le' | 'utf16be';

export function encodingOf(head: Uint8Array): { encoding: TextEncoding; markBytes: number } {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf8', markBytes: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf16le', markBytes: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf16be', markBytes: 2 };
  const pairs = Math.min(head.length >> 1, 32);
  let evenZeros = 0;
  let oddZeros = 0;
  for (let i = 0; i < pairs; i++) {
    if (head[i * 2] === 0) evenZeros++;
    if (head[i * 2 + 1] === 0) oddZeros++;
  }
  if (pairs >= 4 && oddZeros > pairs * 0.8 && evenZeros === 0) return { encoding: 'utf16le', markBytes: 0 };
  if (pairs >= 4 && evenZeros > pairs * 0.8 && oddZeros === 0) return { encoding: 'utf16be', markBytes: 0 };
  return { encoding: 'utf8', markBytes: 0 };
}

/** Turns a file's bytes, given in order in any pieces, into text. Bytes that are not UTF-8 become U+FFFD. */
export class TextDecoding {
  readonly #decoder: StringDecoder;
  readonly #swap: boolean;
  #skip: number;
  #odd: Buffer | null = null;

  constructor(head: Uint8Array) {
    const { encoding, markBytes } = encodingOf(head);
    this.#decoder = new StringDecoder(encoding === 'utf8' ? 'utf8' : 'utf16le');
    this.#swap = encoding === 'utf16be';
    this.#skip = markBytes;
  }

  write(bytes: Buffer): string {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    const rest = skipped === 0 ? bytes : bytes.subarray(skipped);
    return this.#decoder.write(this.#swap ? this.#swapped(rest) : rest);
  }

  end(): string {
    return this.#decoder.end();
  }

  #swapped(bytes: Buffer): Buffer {
    const whole = this.#odd === null ? bytes : Buffer.concat([this.#odd, bytes]);
    const even = whole.length & ~1;
    this.#odd = even < whole.length ? Buffer.from(whole.subarray(even)) : null;
    return Buffer.from(whole.subarray(0, even)).swap16();
  }
}

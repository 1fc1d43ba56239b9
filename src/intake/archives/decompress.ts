import { Readable } from 'node:stream';
import { crc32, createInflateRaw, createZstdDecompress, type InflateRaw, type ZstdDecompress } from 'node:zlib';
import xz from 'xz-decompress';
import { ArchiveError } from './limits.ts';

/** Bytes held before a decompressor is made to wait. */
const ENOUGH = 4 * 1024 * 1024;
const CHUNK = 128 * 1024;

/**
 * Reads gzip: any number of members one after another, as they are when logs are appended. Node's own reader drops
 * what it had read when it meets damage, or something after the end; here that comes first, then the error.
 *
 * Source: RFC 1952.
 */
export async function* gunzip(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = new Input(bytes);
  for (let isFirst = true; await hasMore(input, isFirst); isFirst = false) {
    await skipHeader(input, isFirst);
    let sum = 0;
    let size = 0;
    for await (const piece of oneMember(input, createInflateRaw({ chunkSize: CHUNK }))) {
      sum = crc32(piece, sum);
      size += piece.length;
      yield piece;
    }
    const trailer = await input.take(8);
    if (trailer === null) throw cutOff();
    if (trailer.readUInt32LE(0) !== sum || trailer.readUInt32LE(4) !== size % 2 ** 32)
      throw new ArchiveError('archive-damaged', 'the checksum at its end does not agree with what is in it');
  }
}

/** Reads Zstandard: any number of frames one after another. Source: RFC 8878. */
export async function* unzstd(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = new Input(bytes);
  for (let isFirst = true; await hasMore(input, isFirst); isFirst = false)
    yield* oneMember(input, createZstdDecompress({ chunkSize: CHUNK }));
}

/** True if another member follows. Tapes and some tools fill up with zeros, which are none. */
async function hasMore(input: Input, isFirst: boolean): Promise<boolean> {
  if (!isFirst) await input.skipZeros();
  return (await input.next()) !== null;
}

function cutOff(): ArchiveError {
  return new ArchiveError('archive-damaged', 'it ends too early');
}

const FLAGS = { checksum: 2, extra: 4, name: 8, comment: 16 };

/** Goes over a gzip member's header, which says nothing that is needed. */
async function skipHeader(input: Input, isFirst: boolean): Promise<void> {
  const head = await input.take(10);
  if (head === null || head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8)
    throw isFirst ? cutOff() : new ArchiveError('archive-damaged', 'something that is not gzip stands after its end');
  const flags = head[3] ?? 0;
  if ((flags & FLAGS.extra) !== 0) {
    const length = await input.take(2);
    if (length === null || (await input.take(length.readUInt16LE(0))) === null) throw cutOff();
  }
  for (const flag of [FLAGS.name, FLAGS.comment]) if ((flags & flag) !== 0) await skipText(input);
  if ((flags & FLAGS.checksum) !== 0 && (await input.take(2)) === null) throw cutOff();
}

async function skipText(input: Input): Promise<void> {
  for (let length = 0; length < 65_536; length++) {
    const byte = await input.take(1);
    if (byte === null) throw cutOff();
    if (byte[0] === 0) return;
  }
  throw new ArchiveError('archive-damaged', 'a name in its header does not end');
}

/** What comes out of one member; what follows it is left in the input. */
async function* oneMember(input: Input, stream: InflateRaw | ZstdDecompress): AsyncGenerator<Buffer> {
  const member = new Member(stream);
  try {
    for (let chunk = await input.next(); chunk !== null; chunk = await input.next()) {
      const before = member.consumed;
      yield* member.write(chunk);
      const used = member.consumed - before;
      input.advance(used);
      if (used < chunk.length) return;
    }
    yield* member.end();
  } finally {
    member.close();
  }
}

/** Bytes that are looked at before they are taken. */
class Input {
  readonly #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  /** What comes next, at least one byte; `null` at the end. */
  async next(): Promise<Buffer | null> {
    while (this.#chunk.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return null;
      this.#chunk = next.value;
    }
    return this.#chunk;
  }

  advance(bytes: number): void {
    this.#chunk = this.#chunk.subarray(bytes);
  }

  /** So many bytes; `null` if there are not so many. */
  async take(count: number): Promise<Buffer | null> {
    const pieces: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const chunk = await this.next();
      if (chunk === null) return null;
      const piece = chunk.subarray(0, left);
      pieces.push(piece);
      left -= piece.length;
      this.advance(piece.length);
    }
    return Buffer.concat(pieces);
  }

  async skipZeros(): Promise<void> {
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) {
      const first = chunk.findIndex((byte) => byte !== 0);
      this.advance(first < 0 ? chunk.length : first);
      if (first >= 0) return;
    }
  }
}

/** One decompressor, driven by hand: written to, then emptied, so that nothing is lost when it fails. */
class Member {
  readonly #stream: InflateRaw | ZstdDecompress;
  #ready: Buffer[] = [];
  #held = 0;
  #error: Error | null = null;
  #hasEnded = false;
  #wake: () => void = () => undefined;

  constructor(stream: InflateRaw | ZstdDecompress) {
    this.#stream = stream;
    stream.on('data', (piece: Buffer) => {
      this.#ready.push(piece);
      this.#held += piece.length;
      if (this.#held > ENOUGH) stream.pause();
      this.#wake();
    });
    stream.on('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
    stream.on('error', (error) => {
      this.#error = error;
      this.#wake();
    });
  }

  /** Compressed bytes that it took. */
  get consumed(): number {
    return this.#stream.bytesWritten;
  }

  async *write(bytes: Buffer): AsyncGenerator<Buffer> {
    let isTaken = false;
    // The stream begins to hand pieces on at once only in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    this.#stream.write(bytes, () => {
      isTaken = true;
      this.#wake();
    });
    yield* this.#drain(() => isTaken && this.#stream.readableLength === 0);
  }

  async *end(): AsyncGenerator<Buffer> {
    this.#stream.end();
    yield* this.#drain(() => this.#hasEnded);
  }

  close(): void {
    this.#stream.destroy();
  }

  async *#drain(isDone: () => boolean): AsyncGenerator<Buffer> {
    for (;;) {
      const ready = this.#ready;
      this.#ready = [];
      this.#held = 0;
      yield* ready;
      if (this.#ready.length > 0) continue;
      if (this.#error !== null) throw this.#error;
      if (isDone()) return;
      this.#stream.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Streams of xz that are open now. The library reads one at a time: a second would wait for the first for ever. */
let openXz = 0;

/** False if another is being read, so that this one must go another way. */
export function mayUnxz(): boolean {
  return openXz === 0;
}

/** Reads xz: any number of streams one after another. */
export async function* unxz(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // Node's web streams and the library's differ only in their type declarations.
  const input = Readable.toWeb(Readable.from(bytes)) as unknown as ReadableStream<Uint8Array>;
  const reader = new xz.XzReadableStream(input).getReader();
  openXz++;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value.length > 0) yield Buffer.from(value);
    }
  } catch (error) {
    // What the library says is the number of an error, or that something is null.
    throw new ArchiveError(
      'archive-damaged',
      'the xz stream is damaged, ends too early, or has something after its end',
      { cause: error },
    );
  } finally {
    openXz--;
    // Without it the library would never read another.
    await reader.cancel().catch(() => undefined);
  }
}

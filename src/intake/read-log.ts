import { closeSync, openSync, readSync } from 'node:fs';
import type { EventView, LogEvent } from '../core/event.ts';
import { type Declaration, FieldsView } from '../core/fields-view.ts';
import { TextDecoding } from './decode.ts';
import { CHUNK, EvtxReader, FILE_HEADER, isEvtx } from './evtx/reader.ts';
import type { SetAside, TableMapping, TextReader } from './formats/format.ts';
import { formatOf } from './formats/index.ts';

/** What one log is read with, and where its events go. */
export interface LogReading {
  readonly timeZone: string;
  readonly referenceTime: number;
  readonly declared: Declaration | null;
  readonly mappings: readonly TableMapping[];
  /** Called for each event; the view is only right until it returns. */
  readonly onEvent: (event: EventView) => void;
  /** As `onEvent` for text formats, before it, with what only they know. */
  readonly onParsed: (event: LogEvent) => void;
  readonly setAside: (item: SetAside) => void;
}

export interface LogRead {
  /** `evtx`, a format's name, `empty`, or `unknown`. */
  readonly format: string;
  readonly bytes: number;
}

/** Text looked at to tell the format. */
const HEAD = 64 * 1024;
const HEAD_LINES = 200;
/** A file of chunks is read this much at a time. */
const STRETCH = 64 * CHUNK;

/** Reads one log from its bytes, in whatever format it turns out to be. */
export async function readLog(bytes: AsyncIterable<Buffer>, reading: LogReading): Promise<LogRead> {
  let head: Buffer = Buffer.alloc(0);
  let reader: ByteReader | null = null;
  let length = 0;
  let failure: { readonly error: unknown } | null = null;
  try {
    for await (const chunk of bytes) {
      length += chunk.length;
      if (reader !== null) {
        reader.push(chunk);
        continue;
      }
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length < HEAD) continue;
      reader = readerFor(head, reading);
      reader.push(head);
      head = Buffer.alloc(0);
    }
  } catch (error) {
    failure = { error };
  }
  // What came before the bytes failed is read all the same.
  if (reader === null && length > 0) {
    reader = readerFor(head, reading);
    reader.push(head);
  }
  reader?.end();
  if (failure !== null) throw failure.error;
  return reader === null ? { format: 'empty', bytes: 0 } : { format: reader.format, bytes: length };
}

/**
 * Reads a file on disk without going through the event loop for each piece: on a thread of its own that is a third
 * faster for files of a few chunks. `part` reads only some of an EVTX file's chunks.
 */
export function readFile(
  file: string,
  reading: LogReading,
  part: { firstChunk: number; chunks: number } | null,
): LogRead {
  const handle = openSync(file, 'r');
  try {
    const stretch = Buffer.allocUnsafe(STRETCH);
    let at = part === null ? 0 : FILE_HEADER + part.firstChunk * CHUNK;
    const end = part === null ? Number.POSITIVE_INFINITY : at + part.chunks * CHUNK;
    let reader: ByteReader | null = part === null ? null : new EvtxBytes(reading, at);
    let length = 0;
    for (;;) {
      const wanted = Math.min(STRETCH, end - at);
      const got = wanted <= 0 ? 0 : readSync(handle, stretch, 0, wanted, at);
      if (got === 0) break;
      const piece = stretch.subarray(0, got);
      reader ??= readerFor(piece, reading);
      reader.push(piece);
      at += got;
      length += got;
    }
    if (reader === null) return { format: 'empty', bytes: 0 };
    reader.end();
    return { format: reader.format, bytes: length };
  } finally {
    closeSync(handle);
  }
}

export function isEvtxFile(file: string): boolean {
  const head = Buffer.alloc(8);
  const handle = openSync(file, 'r');
  try {
    return readSync(handle, head, 0, 8, 0) === 8 && isEvtx(head);
  } finally {
    closeSync(handle);
  }
}

/** Takes a file's bytes in order. It may keep nothing of a piece after `push` returns. */
export interface ByteReader {
  readonly format: string;
  push(bytes: Buffer): void;
  end(): void;
}

/** The reader for a file that begins like this. It is given these bytes too. */
export function readerFor(head: Buffer, reading: LogReading): ByteReader {
  if (isEvtx(head)) return new EvtxBytes(reading, head.toString('latin1', 0, 7) === 'ElfChnk' ? FILE_HEADER : 0);
  const text = new TextDecoding(head).write(head.subarray(0, HEAD));
  const lines = text.split(/\r?\n/, HEAD_LINES + 1);
  if (lines.length > 1 && lines.length <= HEAD_LINES && head.length >= HEAD) lines.pop();
  const format = formatOf({ text, lines: lines.slice(0, HEAD_LINES) });
  if (format === null && head.length < HEAD && text.trim() === '') return new BlankBytes();
  if (format === null) return new UnknownBytes(reading, head);
  const view = new FieldsView(reading.declared);
  const reader = format.open({
    timeZone: reading.timeZone,
    referenceTime: reading.referenceTime,
    mappings: reading.mappings,
    emit: (event) => {
      reading.onParsed(event);
      reading.onEvent(view.show(event));
    },
    setAside: reading.setAside,
  });
  return new TextBytes(format.name, reader, head);
}

/** Text is decoded and handed on. */
class TextBytes implements ByteReader {
  readonly format: string;
  readonly #reader: TextReader;
  readonly #decoding: TextDecoding;

  constructor(format: string, reader: TextReader, head: Buffer) {
    this.format = format;
    this.#reader = reader;
    this.#decoding = new TextDecoding(head);
  }

  push(bytes: Buffer): void {
    const text = this.#decoding.write(bytes);
    if (text !== '') this.#reader.push(text);
  }

  end(): void {
    const rest = this.#decoding.end();
    if (rest !== '') this.#reader.push(rest);
    this.#reader.end();
  }
}

/** EVTX bytes are cut into chunks. */
class EvtxBytes implements ByteReader {
  readonly format = 'evtx';
  readonly #reader: EvtxReader;
  #torn: Buffer | null = null;
  /** Where in the file the next byte stands. */
  #at: number;
  #skip: number;

  constructor(reading: LogReading, startsAt: number) {
    this.#at = startsAt;
    this.#skip = startsAt === 0 ? FILE_HEADER : 0;
    this.#reader = new EvtxReader({
      onRecord: reading.onEvent,
      onDamage: (damage) => reading.setAside(damage),
    });
  }

  push(bytes: Buffer): void {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    this.#at += skipped;
    const rest = skipped === 0 ? bytes : bytes.subarray(skipped);
    const whole = this.#torn === null ? rest : Buffer.concat([this.#torn, rest]);
    const usable = whole.length - (whole.length % CHUNK);
    this.#reader.readChunks(whole.subarray(0, usable), this.#at);
    this.#at += usable;
    this.#torn = usable < whole.length ? Buffer.from(whole.subarray(usable)) : null;
  }

  end(): void {
    if (this.#torn !== null) this.#reader.readChunks(this.#torn, this.#at);
    this.#torn = null;
  }
}

/** Blank lines and nothing else. */
class BlankBytes implements ByteReader {
  readonly format = 'empty';

  push(): void {
    return;
  }

  end(): void {
    return;
  }
}

/** What we cannot read is said once, whole. */
class UnknownBytes implements ByteReader {
  readonly format = 'unknown';

  constructor(reading: LogReading, head: Buffer) {
    const isText = !head.subarray(0, 4096).includes(0);
    const reason = isText ? 'unknown-text-format' : 'unknown-binary-format';
    const detail = isText ? 'the text is in no format that is known here' : 'the file is neither text nor an event log';
    reading.setAside({ record: null, offset: 0, reason, detail });
  }

  push(): void {
    return;
  }

  end(): void {
    return;
  }
}

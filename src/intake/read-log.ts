import { closeSync, openSync, readSync } from 'node:fs';
import type { EventView, LogEvent } from '../core/event.ts';
import { type Declaration, FieldsView } from '../core/fields-view.ts';
import { encodingOf, TextDecoding } from './decode.ts';
import { CHUNK, EvtxReader, FILE_HEADER, isEvtx } from './evtx/reader.ts';
import type { Head, ReadContext, SetAside, TableMapping, TextReader } from './formats/format.ts';
import { type CountedRecords, isJsonLines, openJsonLines } from './formats/json.ts';
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
  readonly setAside: (item: SetAside, input?: string) => void;
}

export interface LogRead {
  /** `evtx`, a format's name, `empty`, or `unknown`. */
  readonly format: string;
  readonly bytes: number;
  /** Of some lines of a file. */
  readonly counted?: CountedRecords;
}

/** Some chunks of an EVTX file, or the lines of a file of JSON lines from one byte to another (`null`: its end). */
export type FilePart =
  | { readonly kind: 'chunks'; readonly first: number; readonly count: number }
  | { readonly kind: 'lines'; readonly from: number; readonly to: number | null };

/** Text looked at to tell the format. */
const HEAD = 64 * 1024;
const HEAD_LINES = 200;
/** The longest line that is read, twice: enough to see whether a file's lines are its records. */
const MOST_HEAD = 2 << 20;
const LINE_FEED = 0x0a;
/** A file of chunks is read this much at a time. */
const STRETCH = 64 * CHUNK;
/** Lines: a stretch's text stays as long as a piece of it does (500 MB by two threads: 514 MB of memory; by `STRETCH`, 846). */
const LINES_STRETCH = 256 << 10;

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
 * Reads a file on disk, or some of it, without going through the event loop for each piece: on a thread of its own that
 * is a third faster for files of a few chunks.
 */
export function readFile(file: string, reading: LogReading, part: FilePart | null): LogRead {
  if (part === null) return readBytes(file, 0, null, (head) => readerFor(head, reading));
  if (part.kind === 'lines') {
    const lines = openJsonLines(contextOf(reading));
    // The file is UTF-8, whatever a part of it begins with; its mark stands at its beginning.
    const readerOf = (head: Buffer) => new TextBytes('json', lines, part.from === 0 ? head : Buffer.alloc(0));
    const read = readBytes(file, part.from, part.to, readerOf, LINES_STRETCH);
    return { ...read, counted: lines.counted };
  }
  const from = FILE_HEADER + part.first * CHUNK;
  return readBytes(file, from, from + part.count * CHUNK, () => new EvtxBytes(reading, from));
}

function readBytes(
  file: string,
  from: number,
  to: number | null,
  readerOf: (head: Buffer) => ByteReader,
  size = STRETCH,
): LogRead {
  const handle = openSync(file, 'r');
  try {
    const stretch = Buffer.allocUnsafe(size);
    let at = from;
    const end = to ?? Number.POSITIVE_INFINITY;
    let reader: ByteReader | null = null;
    let length = 0;
    for (;;) {
      const wanted = Math.min(size, end - at);
      const got = wanted <= 0 ? 0 : readSync(handle, stretch, 0, wanted, at);
      if (got === 0) break;
      const piece = stretch.subarray(0, got);
      reader ??= readerOf(piece);
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

/** `null`: its lines cannot be told apart before it is read, or it is not large enough to be worth it. */
export function linePartsOf(file: string, size: number, partBytes: number): readonly FilePart[] | null {
  if (size < partBytes * 2) return null;
  const handle = openSync(file, 'r');
  try {
    const head = Buffer.alloc(Math.min(size, MOST_HEAD));
    const got = head.subarray(0, readSync(handle, head, 0, head.length, 0));
    const isUtf8 = encodingOf(got).encoding === 'utf8';
    if (!isUtf8 || formatOf(headOf(got))?.name !== 'json' || !isJsonLines(new TextDecoding(got).write(got)))
      return null;
    const parts: FilePart[] = [];
    let from = 0;
    for (let wanted = partBytes; wanted < size; wanted += partBytes) {
      const to = wanted > from ? afterLine(handle, wanted, head) : from;
      if (to === null) break;
      if (to > from) parts.push({ kind: 'lines', from, to });
      from = to;
    }
    return [...parts, { kind: 'lines', from, to: null }];
  } finally {
    closeSync(handle);
  }
}

/** Where the next line begins, or `null` if none does. */
function afterLine(handle: number, from: number, buffer: Buffer): number | null {
  for (let at = from; ; ) {
    const got = readSync(handle, buffer, 0, Math.min(buffer.length, HEAD), at);
    const end = buffer.subarray(0, got).indexOf(LINE_FEED);
    if (end >= 0) return at + end + 1;
    if (got === 0) return null;
    at += got;
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
  const begins = headOf(head);
  const format = formatOf(begins);
  if (format === null && head.length < HEAD && begins.text.trim() === '') return new BlankBytes();
  if (format === null) return new UnknownBytes(reading, head);
  return new TextBytes(format.name, format.open(contextOf(reading)), head);
}

function headOf(bytes: Buffer): Head {
  const text = new TextDecoding(bytes).write(bytes.subarray(0, HEAD));
  const lines = text.split(/\r?\n/, HEAD_LINES + 1);
  if (lines.length > 1 && lines.length <= HEAD_LINES && bytes.length >= HEAD) lines.pop();
  return { text, lines: lines.slice(0, HEAD_LINES) };
}

function contextOf(reading: LogReading): ReadContext {
  const view = new FieldsView(reading.declared);
  return {
    timeZone: reading.timeZone,
    referenceTime: reading.referenceTime,
    mappings: reading.mappings,
    emit: (event) => {
      reading.onParsed(event);
      reading.onEvent(view.show(event));
    },
    setAside: reading.setAside,
  };
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
    reading.setAside({ record: null, offset: 0, reason, detail }, isText ? head.toString('utf8') : undefined);
  }

  push(): void {
    return;
  }

  end(): void {
    return;
  }
}

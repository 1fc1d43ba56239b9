import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { makeFolder, syncFolder, writeAll } from './durable.ts';
import {
  FRAME_BYTES,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  piecesOf,
  readMarker,
  segmentHeader,
  segmentName,
  startOf,
  writeFrame,
  type Position,
  type SegmentFile,
} from './journal-segment.ts';

export type { Position } from './journal-segment.ts';

/** What was appended, where it stands, and where the next one does. */
export interface JournalEntry {
  readonly position: Position;
  /** Read on from here. */
  readonly next: Position;
  readonly payload: Buffer;
}

/**
 * Bytes that are not what was written.
 *
 * - `torn-tail`  the last write did not reach the disk whole. It was never acknowledged; it has been cut off.
 * - `damaged`    bytes between whole frames changed after they were written: events are lost. Left as they are.
 * - `missing`    a segment between two others is gone: events are lost.
 */
export interface JournalDamage {
  readonly kind: 'torn-tail' | 'damaged' | 'missing';
  readonly file: string;
  readonly from: Position;
  readonly to: Position;
}

export interface JournalOptions {
  /** A segment that has reached this size is followed by a new one. */
  readonly maxSegmentBytes?: number;
  /** More waiting than this, and `append` refuses with `store/busy`. */
  readonly maxPendingBytes?: number;
  /**
   * What others (the archive, judging) have seen of it. A journal that ends before has lost its end: it is told of, and
   * goes on from here, because no position may ever mean two things.
   */
  readonly reaches?: Position;
  /** Told of all damage, when it is met: on opening, or on reading. */
  readonly onDamage?: (damage: JournalDamage) => void;
}

/**
 * An append-only file of payloads that survives crashes. One process has it open at a time.
 *
 * Nothing here looks into a payload. Nothing is written twice; what is no longer needed goes by whole segments.
 */
export interface Journal {
  /**
   * Resolves once the payload is on disk (fdatasync), with its position. All that is appended while one sync runs
   * goes into the next, so many small callers cost one sync together. The bytes must stay as they are until then.
   *
   * @throws Refusal `store/disk-full` or `store/write-failed`: the payload is not kept, the journal is still whole,
   *   and a later append works once the cause is gone. `store/busy`: more is waiting than may; try again.
   */
  append(payload: Uint8Array): Promise<Position>;
  readonly folder: string;
  /** Bytes that were appended and are not on disk yet. */
  readonly pendingBytes: number;
  /** The oldest position that is kept. */
  readonly start: Position;
  /** Where the next payload goes: everything before it is on disk. */
  readonly end: Position;
  /** Ends when it has caught up with `end`, which may move on meanwhile. Begins at `start` if that is later. */
  read(from: Position): AsyncIterable<JournalEntry>;
  /** Removes the segments that lie wholly before a position. The one being written to stays. */
  forgetBefore(position: Position): Promise<void>;
  /** Waits for what is pending. */
  close(): Promise<void>;
}

const MAX_BATCH_BYTES = 8 << 20;

/** Opens a journal, or makes one. A torn tail is cut off, and `onDamage` told. */
export async function openJournal(folder: string, options: JournalOptions = {}): Promise<Journal> {
  await makeFolder(folder);
  const onDamage = options.onDamage ?? (() => undefined);
  const segments = segmentsIn(folder);
  let active: Active | null = null;
  while (active === null && segments.length > 0) {
    active = await continueSegment(segments.at(-1) as SegmentFile, onDamage);
    // A segment of which not even the header was written: the crash came while it was being made.
    if (active === null) await unlink((segments.pop() as SegmentFile).path);
  }
  const reaches = options.reaches ?? 0;
  const end = active === null ? 0 : active.file.start + active.size;
  if (end < reaches) {
    onDamage({ kind: 'missing', file: active?.file.path ?? folder, from: end, to: reaches });
    await active?.handle.close();
    active = await newSegment(folder, reaches, segments);
  }
  active ??= await newSegment(folder, 0, segments);
  return new FileJournal(folder, segments, active, { ...options, onDamage });
}

/**
 * Reads a journal as it is now, without changing it: a torn tail is told of and left. A service may have it open: what
 * it forgets meanwhile is passed by, and what it is just writing may be taken for a torn tail.
 */
export async function* readJournal(
  folder: string,
  from: Position,
  onDamage: (damage: JournalDamage) => void,
): AsyncGenerator<JournalEntry> {
  const last = existsSync(folder) ? segmentsIn(folder).at(-1) : undefined;
  if (last === undefined) return;
  const end = last.start + (statSync(last.path, { throwIfNoEntry: false })?.size ?? 0);
  yield* readSegments(
    () => segmentsIn(folder),
    () => end,
    from,
    (damage) => onDamage(damage.kind === 'damaged' && damage.to === end ? { ...damage, kind: 'torn-tail' } : damage),
  );
}

/** The oldest position in the journal of a folder; `null` if it holds none. */
export function journalStart(folder: string): Position | null {
  return existsSync(folder) ? (segmentsIn(folder)[0]?.start ?? null) : null;
}

/**
 * Reads a journal that another thread of this process writes to, up to the `end` that it has told us. Ends when it has
 * caught up.
 */
export function followJournal(
  folder: string,
  from: Position,
  end: () => Position,
  onDamage: (damage: JournalDamage) => void,
): AsyncIterable<JournalEntry> {
  return readSegments(() => segmentsIn(folder), end, from, onDamage);
}

interface Waiting {
  readonly payload: Uint8Array;
  readonly resolve: (position: Position) => void;
  readonly reject: (error: unknown) => void;
}

/** The segment that is written to. */
interface Active {
  readonly file: SegmentFile;
  readonly handle: FileHandle;
  readonly marker: Buffer;
  /** Bytes of the file that are on disk. */
  size: number;
}

class FileJournal implements Journal {
  readonly folder: string;
  readonly #segments: SegmentFile[];
  readonly #maxSegmentBytes: number;
  readonly #maxPendingBytes: number;
  readonly #onDamage: (damage: JournalDamage) => void;
  #active: Active;
  #waiting: Waiting[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;
  /** Set when a write or a sync failed: the file may hold more than we acknowledged. */
  #suspect: 'write' | 'sync' | null = null;
  #isClosed = false;

  constructor(folder: string, segments: SegmentFile[], active: Active, options: JournalOptions) {
    this.folder = folder;
    this.#segments = segments;
    this.#active = active;
    this.#maxSegmentBytes = options.maxSegmentBytes ?? 64 << 20;
    this.#maxPendingBytes = options.maxPendingBytes ?? 64 << 20;
    this.#onDamage = options.onDamage ?? (() => undefined);
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get start(): Position {
    return (this.#segments[0] ?? this.#active.file).start;
  }

  get end(): Position {
    return this.#active.file.start + this.#active.size;
  }

  append(payload: Uint8Array): Promise<Position> {
    assert(!this.#isClosed, 'append on a closed journal');
    assert(payload.length > 0 && payload.length <= MAX_PAYLOAD_BYTES, `a payload of ${payload.length} bytes`);
    if (this.#pendingBytes > 0 && this.#pendingBytes + payload.length > this.#maxPendingBytes) {
      return Promise.reject(new Refusal('store/busy', `${this.#pendingBytes} bytes already wait to be written`));
    }
    this.#pendingBytes += payload.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payload, resolve, reject });
      this.#writing ??= this.#writeAllWaiting();
    });
  }

  read(from: Position): AsyncIterable<JournalEntry> {
    return readSegments(
      () => this.#segments,
      () => this.end,
      from,
      this.#onDamage,
    );
  }

  async forgetBefore(position: Position): Promise<void> {
    let removed = 0;
    for (;;) {
      const [oldest, next] = this.#segments;
      if (oldest === undefined || next === undefined || next.start > position) break;
      // Oldest first and one by one: whatever a crash leaves has no gap.
      await unlink(oldest.path);
      this.#segments.shift();
      removed++;
    }
    if (removed > 0) await syncFolder(this.folder);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#active.handle.close();
  }

  async #writeAllWaiting(): Promise<void> {
    // One turn of the loop later, so that all who append in this one share the write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        const positions = await this.#commit(batch);
        batch.forEach(({ resolve }, index) => resolve(positions[index] as Position));
      } catch (error) {
        const refusal = writeRefusal(error, this.folder);
        // What cannot be taken back now is taken back before the next write.
        await this.#repair().catch(() => undefined);
        for (const { reject } of batch) reject(refusal);
      }
      for (const { payload } of batch) this.#pendingBytes -= payload.length;
    }
    this.#writing = null;
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { payload } of this.#waiting) {
      bytes += payload.length;
      if (count > 0 && bytes > MAX_BATCH_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** One write, one sync. Throws what the file system said; then nothing of the batch counts. */
  async #commit(batch: readonly Waiting[]): Promise<Position[]> {
    await this.#repair();
    if (this.#active.size >= this.#maxSegmentBytes) await this.#roll();
    const { file, handle, marker, size } = this.#active;
    const bytes = Buffer.allocUnsafe(batch.reduce((sum, { payload }) => sum + FRAME_BYTES + payload.length, 0));
    const positions: Position[] = [];
    let at = 0;
    for (const { payload } of batch) {
      const position = file.start + size + at;
      positions.push(position);
      at = writeFrame(bytes, at, position, marker, payload);
    }
    this.#suspect = 'write';
    await writeAll(handle, bytes, size);
    this.#suspect = 'sync';
    await handle.datasync();
    this.#suspect = null;
    this.#active.size += bytes.length;
    return positions;
  }

  /** After a failure, takes away what was written and not acknowledged. */
  async #repair(): Promise<void> {
    if (this.#suspect === null) return;
    await this.#active.handle.truncate(this.#active.size);
    await this.#active.handle.sync();
    // After a failed sync Linux may take the lost pages for written, so that file is not trusted with more.
    if (this.#suspect === 'sync' && this.#active.size > HEADER_BYTES) await this.#roll();
    this.#suspect = null;
  }

  async #roll(): Promise<void> {
    const full = this.#active;
    this.#active = await newSegment(this.folder, this.end, this.#segments);
    await full.handle.close();
  }
}

function segmentsIn(folder: string): SegmentFile[] {
  return readdirSync(folder)
    .map((name) => ({ path: path.join(folder, name), start: startOf(name) }))
    .filter((file): file is SegmentFile => file.start !== null)
    .sort((a, b) => a.start - b.start);
}

/** Makes the file of a segment, and its name survive a power cut. */
async function newSegment(folder: string, start: Position, segments: SegmentFile[]): Promise<Active> {
  const file = { path: path.join(folder, segmentName(start)), start };
  const marker = randomBytes(4);
  // A file of this name can only be left from an attempt that failed: no frame of ours lies at or after `start`.
  const handle = await open(file.path, 'w+', 0o640);
  try {
    await writeAll(handle, segmentHeader(start, marker), 0);
    await handle.sync();
    await syncFolder(folder);
  } catch (error) {
    await handle.close();
    await unlink(file.path).catch(() => undefined);
    throw error;
  }
  segments.push(file);
  return { file, handle, marker, size: HEADER_BYTES };
}

/** Opens the last segment to append to it. `null` if it holds nothing at all. */
async function continueSegment(file: SegmentFile, onDamage: (damage: JournalDamage) => void): Promise<Active | null> {
  const handle = await open(file.path, 'r+');
  const { size: fileSize } = await handle.stat();
  const known = await readMarker(handle, file.start, fileSize);
  if (known === null) {
    await handle.close();
    if (fileSize <= HEADER_BYTES) return null;
    // Neither its header nor its first frame is whole, and it has bytes: not ours to throw away.
    throw new Refusal('store/damaged', `${file.path} cannot be read as a journal`);
  }
  if (known.headerDamaged)
    onDamage({ kind: 'damaged', file: file.path, from: file.start, to: file.start + HEADER_BYTES });
  let size = HEADER_BYTES;
  for await (const piece of piecesOf(handle, file.start, known.marker, HEADER_BYTES, fileSize)) {
    if (piece.kind === 'frame') size = piece.end;
    else {
      const kind = piece.end === fileSize ? 'torn-tail' : 'damaged';
      onDamage({ kind, file: file.path, from: file.start + piece.at, to: file.start + piece.end });
    }
  }
  if (size < fileSize) {
    await handle.truncate(size);
    await handle.sync();
  }
  return { file, handle, marker: known.marker, size };
}

/** `segments` and `end` may move on while we read. */
async function* readSegments(
  segments: () => readonly SegmentFile[],
  end: () => Position,
  from: Position,
  tell: (damage: JournalDamage) => void,
): AsyncGenerator<JournalEntry> {
  for (let at = from; at < end(); ) {
    const known = segments();
    const current = known.findLast(({ start }) => start <= at) ?? known[0];
    if (current === undefined) return;
    const handle = await openUnlessForgotten(current, segments);
    if (handle === null) continue;
    try {
      const fileEnd = current.start + (await handle.stat()).size;
      const limit = Math.min(fileEnd, end());
      at = Math.max(at, current.start + HEADER_BYTES);
      for await (const found of readSegment(current, handle, at, limit)) {
        if ('payload' in found) yield found;
        else tell(found);
      }
      at = Math.max(at, limit);
      const isAtItsEnd = at >= current.start + (await handle.stat()).size;
      if (!isAtItsEnd) continue;
    } finally {
      await handle.close();
    }
    const after = segments().find(({ start }) => start > current.start)?.start;
    // Nothing behind what has just been read to its end.
    if (after === undefined) return;
    if (after > at) {
      tell({ kind: 'missing', file: current.path, from: at, to: after });
      at = after;
    }
  }
}

async function* readSegment(
  { path: file, start }: SegmentFile,
  handle: FileHandle,
  from: Position,
  to: Position,
): AsyncGenerator<JournalEntry | JournalDamage> {
  if (from >= to) return;
  const known = await readMarker(handle, start, to - start);
  if (known === null) {
    yield { kind: 'damaged', file, from, to };
    return;
  }
  for await (const piece of piecesOf(handle, start, known.marker, from - start, to - start)) {
    if (piece.kind === 'frame') yield { position: start + piece.at, next: start + piece.end, payload: piece.payload };
    else yield { kind: 'damaged', file, from: start + piece.at, to: start + piece.end };
  }
}

/** `null` if the segment was forgotten before we came to it. */
async function openUnlessForgotten(
  file: SegmentFile,
  segments: () => readonly SegmentFile[],
): Promise<FileHandle | null> {
  try {
    return await open(file.path, 'r');
  } catch (error) {
    if (segments().some(({ start }) => start === file.start)) throw error;
    return null;
  }
}

function writeRefusal(error: unknown, folder: string): Refusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new Refusal('store/disk-full', `there is no space left to keep events in ${folder}`, { cause: error })
    : new Refusal('store/write-failed', `events could not be written to ${folder}: ${code}`, { cause: error });
}

import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LogEvent } from '../../core/event.ts';
import { toJson } from '../evtx/json.ts';
import { EvtxReader, FILE_HEADER, isEvtx } from '../evtx/reader.ts';
import type { SetAside } from '../formats/format.ts';
import type { Message } from '../message-reader.ts';
import { type ByteReader, readerFor } from '../read-log.ts';
import { type DoorServices, isPressure, type Source, type Unread } from './door.ts';

/** How far a file was read. */
export interface FollowedFile {
  /** Device and inode: a log that is renamed is the same log. */
  readonly file: string;
  /** Its path, hashed: it is only compared, and a log may be called by a patient. */
  readonly path: string;
  /** Of its first bytes: another file may get the number of one that is gone. */
  readonly fingerprint: string;
  readonly fingerprintBytes: number;
  readonly bytes: number;
  /** Events and things set aside, from its beginning: passed over when it is read again. */
  readonly done: number;
}

/** Where it is written down how far each file was read. */
export interface FollowedFiles {
  of(sourceId: string): Promise<readonly FollowedFile[]>;
  save(sourceId: string, file: FollowedFile): Promise<void>;
}

export interface FolderParts {
  readonly source: Source;
  readonly folder: string;
  readonly services: DoorServices;
  readonly files: FollowedFiles;
  readonly timeZone: string;
  readonly now: () => number;
}

const STEP_BYTES = 1 << 20;
const HEAD_BYTES = 64 * 1024;
const FINGERPRINT_BYTES = 1024;
/** An event log is read whole. */
const MAX_EVTX_BYTES = 1 << 30;
/** Kept at a time. */
const BATCH = 2000;
/** A file that has not grown for so long is taken to be whole: a last line without an end counts. */
const IDLE_MS = 10_000;
const DAY_MS = 24 * 3_600_000;
/** As much is read in a tenth of a second or two. */
const MAX_REREAD_BYTES = 16 << 20;
const MAX_OPEN = 500;
const MAX_DEPTH = 4;
const MAX_FILES = 10_000;
/** What programs write before a file has its name, and what they make of old logs: those were read before. */
const NOT_OURS = /^\.|\.(?:tmp|part|swp|filepart|crdownload|gz|xz|zst|bz2|zip|7z|tar|tgz)$/i;

/** A text that is being followed. */
interface Reading {
  readonly handle: FileHandle;
  /** Where it was last seen, hashed. */
  path: string;
  /** `null`: too little has come to tell the format. */
  reader: ByteReader | null;
  events: LogEvent[];
  aside: Unread[];
  seen: number;
  done: number;
  bytes: number;
  endsWithLine: boolean;
  /** Nothing more is read of it; what it still holds waits for room. */
  isEnded: boolean;
  /** Its first bytes, as far as they have come. */
  head: Buffer;
  fingerprint: string;
  fingerprintBytes: number;
}

/**
 * A folder whose files are logs: read once, followed as they grow, through renaming, cutting and restarts. Every format of
 * `scan` but archives.
 *
 * After a restart a file is read again from its beginning, and as much is passed over as was kept: nothing is lost and
 * nothing comes twice, whatever the format and wherever a piece of it was torn.
 */
export class FolderDoor {
  readonly #parts: FolderParts;
  readonly #reading = new Map<string, Reading>();
  /** When each that was read was written to last, since our start: what was not touched is not opened. */
  readonly #restingSince = new Map<string, number>();
  #known: Map<string, FollowedFile> | null = null;
  #isClosed = false;

  constructor(parts: FolderParts) {
    this.#parts = parts;
  }

  /** Takes in what has been added. To be called again and again, not beside itself. */
  async poll(): Promise<void> {
    const { source, files, services, folder } = this.#parts;
    this.#known ??= new Map((await files.of(source.id)).map((each) => [each.file, each]));
    const seen = new Set<string>();
    for (const name of await filesIn(folder)) {
      if (this.#isClosed) return;
      try {
        seen.add(await this.#take(name));
      } catch (error) {
        if (isPressure(error)) return;
        // One that cannot be read must not keep the others from being read.
        const code = error instanceof Error && 'code' in error ? String(error.code) : null;
        services.count('folder', code === 'ENOENT' ? 'vanished' : 'unreadable');
        if (code === null) services.report(error);
      }
    }
    for (const file of this.#restingSince.keys()) if (!seen.has(file)) this.#restingSince.delete(file);
    for (const [file, reading] of this.#reading) {
      if (this.#isClosed) return;
      if (seen.has(file)) continue;
      try {
        await this.#letGo(file, reading);
      } catch (error) {
        if (!isPressure(error)) throw error;
      }
    }
  }

  /** Moved away, packed or deleted: what was written to it until then is read, and its room on the disk is free. */
  async #letGo(file: string, reading: Reading): Promise<void> {
    if (!reading.isEnded) await this.#readOn(file, reading, true);
    if (!this.#isClosed) await this.#end(file, reading);
  }

  async #end(file: string, reading: Reading): Promise<void> {
    await this.#finish(file, reading);
    this.#reading.delete(file);
    await reading.handle.close();
  }

  /** What its reader held back, until it knew what follows, is kept. */
  async #finish(file: string, reading: Reading): Promise<void> {
    if (!reading.isEnded) reading.reader?.end();
    reading.isEnded = true;
    await this.#keep(file, reading);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { handle } of this.#reading.values()) await handle.close();
    this.#reading.clear();
  }

  /** @returns which file it is */
  async #take(name: string): Promise<string> {
    const { dev, ino, size, mtimeMs } = await stat(name);
    const file = `${dev}:${ino}`;
    const path = hashOf(Buffer.from(name));
    const isIdle = this.#parts.now() - mtimeMs >= IDLE_MS;
    let reading = this.#reading.get(file);
    if (reading === undefined) {
      const known = this.#known?.get(file);
      const isAsRead = known?.bytes === size && known.path === path;
      if (size === 0 || (isAsRead && this.#restingSince.get(file) === mtimeMs)) return file;
      const handle = await open(name, 'r');
      if (await isEventLog(handle)) {
        if (isIdle) {
          await this.#takeEventLog(file, path, handle, size);
          this.#restingSince.set(file, mtimeMs);
        }
        await handle.close();
        return file;
      }
      // Of the same size it may be another all the same, under the number of one that is gone.
      if (isAsRead && known.fingerprint === (await fingerprintOf(handle, known.fingerprintBytes))) {
        this.#restingSince.set(file, mtimeMs);
        await handle.close();
        return file;
      }
      reading = await this.#begin(file, path, handle, known !== undefined && known.bytes <= size ? known : undefined);
    }
    if (reading.isEnded) {
      // It may have grown meanwhile: it is looked at anew the next time.
      await this.#end(file, reading);
      return file;
    }
    reading.path = path;
    const { handle, bytes, fingerprint, fingerprintBytes } = reading;
    if (size < bytes || (fingerprintBytes > 0 && (await fingerprintOf(handle, fingerprintBytes)) !== fingerprint)) {
      // Cut, as some rotate their logs: it begins anew.
      await this.#finish(file, reading);
      reading = await this.#begin(file, path, handle, undefined);
    }
    await this.#readOn(file, reading, isIdle);
    if (!isIdle || this.#isClosed) return file;
    // Some formats hold the last event back until they see what follows. Of a large log that grows now and then the
    // reader is kept all the same: to read it again from its beginning each time would cost more than that is worth.
    if (reading.bytes > MAX_REREAD_BYTES && reading.endsWithLine && this.#reading.size <= MAX_OPEN) return file;
    await this.#end(file, reading);
    this.#restingSince.set(file, mtimeMs);
    return file;
  }

  async #begin(file: string, path: string, handle: FileHandle, known: FollowedFile | undefined): Promise<Reading> {
    const isSame = known !== undefined && known.fingerprint === (await fingerprintOf(handle, known.fingerprintBytes));
    const reading: Reading = {
      handle,
      path,
      reader: null,
      events: [],
      aside: [],
      seen: 0,
      done: isSame ? known.done : 0,
      bytes: 0,
      endsWithLine: false,
      isEnded: false,
      head: Buffer.alloc(0),
      fingerprint: isSame ? known.fingerprint : '',
      fingerprintBytes: isSame ? known.fingerprintBytes : 0,
    };
    this.#reading.set(file, reading);
    return reading;
  }

  async #readOn(file: string, reading: Reading, isIdle: boolean): Promise<void> {
    // What there was no room for the last time.
    await this.#keep(file, reading);
    for (;;) {
      if (this.#isClosed) return;
      const step = Buffer.allocUnsafe(STEP_BYTES);
      const { bytesRead } = await reading.handle.read(step, 0, STEP_BYTES, reading.bytes);
      const bytes = step.subarray(0, bytesRead);
      if (bytesRead === 0) return;
      if (reading.reader === null) {
        // Of a piece of a line no format can be told: more will come, or it stays as it is.
        if (bytesRead < HEAD_BYTES && !bytes.includes(0x0a) && !isIdle) return;
        reading.reader = this.#readerFor(bytes, reading);
      }
      takeFingerprint(reading, bytes);
      reading.reader.push(bytes);
      reading.bytes += bytesRead;
      reading.endsWithLine = bytes[bytesRead - 1] === 0x0a;
      await this.#keep(file, reading);
    }
  }

  #readerFor(head: Buffer, reading: Reading): ByteReader {
    const isNew = () => ++reading.seen > reading.done;
    return readerFor(head, {
      timeZone: this.#parts.timeZone,
      referenceTime: this.#parts.now(),
      declared: null,
      mappings: [],
      onEvent: () => undefined,
      onParsed: (event) => {
        if (isNew()) reading.events.push(event);
      },
      setAside: (item, input) => {
        if (isNew()) reading.aside.push({ ...item, input });
      },
    });
  }

  /** What was read is kept, and then it is written down that it was. */
  async #keep(file: string, reading: Reading): Promise<void> {
    const { source, services } = this.#parts;
    const { events, aside } = reading;
    if (events.length + aside.length > 0) {
      await services.acceptRead(source, events, aside);
      reading.events = [];
      reading.aside = [];
      reading.done = reading.seen;
    }
    // Still among what was kept before: what is written down is further on.
    if (reading.seen < reading.done || reading.reader === null) return;
    const { path, fingerprint, fingerprintBytes, bytes, done } = reading;
    await this.#save({ file, path, fingerprint, fingerprintBytes, bytes, done });
  }

  async #save(followed: FollowedFile): Promise<void> {
    const before = this.#known?.get(followed.file);
    const isSame =
      before !== undefined &&
      before.bytes === followed.bytes &&
      before.done === followed.done &&
      before.path === followed.path &&
      before.fingerprint === followed.fingerprint;
    if (isSame) return;
    await this.#parts.files.save(this.#parts.source.id, followed);
    this.#known?.set(followed.file, followed);
  }

  /**
   * Windows writes into the middle of its event logs: they are read whole, when they have come to rest. A log that is full
   * forgets its oldest records for each new one: what is new is what has a higher number, or was written later, than all before.
   */
  async #takeEventLog(file: string, path: string, handle: FileHandle, size: number): Promise<void> {
    const { source, services } = this.#parts;
    const known = this.#known?.get(file);
    let done = readPosition(known?.fingerprint);
    const head = await fingerprintOf(handle, EVTX_HEAD);
    const save = (bytes: number) =>
      this.#save({
        file,
        path,
        fingerprint: writtenPosition(done, head),
        fingerprintBytes: 0,
        bytes,
        done: done.number,
      });
    // After a restart of ours its header tells whether it is as it was.
    if (known?.bytes === size && done.head === head && !this.#restingSince.has(file)) return;
    if (size > MAX_EVTX_BYTES) {
      await services.acceptRead(
        source,
        [],
        [aside('file-too-large', 'an event log over 1 GiB is for “wardwatch scan”')],
      );
      await save(size);
      return;
    }
    const bytes = Buffer.alloc(size);
    await handle.read(bytes, 0, size, 0);
    const fresh: { readonly number: number; readonly writtenAt: number; readonly message: Message }[] = [];
    const damage: SetAside[] = [];
    const before = done;
    const reader = new EvtxReader({
      onRecord: (record) => {
        const { number, writtenAt } = record.header;
        if (number > before.number || writtenAt > before.writtenAt)
          fresh.push({ number, writtenAt, message: { kind: 'object', object: toJson(record) as object } });
      },
      onDamage: (item) => damage.push(item),
    });
    reader.readChunks(bytes.subarray(FILE_HEADER), FILE_HEADER);
    fresh.sort((a, b) => a.number - b.number);
    for (let from = 0; from < fresh.length; from += BATCH) {
      const batch = fresh.slice(from, from + BATCH);
      await services.accept(
        source,
        batch.map(({ message }) => message),
      );
      for (const { number, writtenAt } of batch) {
        // A record from the future must not hide all that comes after it.
        if (writtenAt > this.#parts.now() + DAY_MS) continue;
        done = { ...done, number: Math.max(done.number, number), writtenAt: Math.max(done.writtenAt, writtenAt) };
      }
      // Whole or not, so much of it is kept.
      await save(from + BATCH >= fresh.length ? size : 0);
    }
    if (damage.length > 0 && known?.bytes !== size) await services.acceptRead(source, [], damage);
    await save(size);
  }
}

/** How far an event log was read, and what its header was then. */
interface EventLogPosition {
  readonly head: string;
  readonly number: number;
  readonly writtenAt: number;
}

/** Where the number of the next record and the checksums stand. */
const EVTX_HEAD = 128;

function readPosition(fingerprint: string | undefined): EventLogPosition {
  const [kind, head = '', number, writtenAt] = (fingerprint ?? '').split(' ');
  const isOurs = kind === 'evtx' && number !== undefined && writtenAt !== undefined;
  return isOurs
    ? { head, number: Number(number), writtenAt: Number(writtenAt) }
    : { head: '', number: -1, writtenAt: -1 };
}

function writtenPosition({ number, writtenAt }: EventLogPosition, head: string): string {
  return `evtx ${head} ${number} ${writtenAt}`;
}

function aside(reason: string, detail: string): SetAside {
  return { record: null, offset: null, reason, detail };
}

async function isEventLog(handle: FileHandle): Promise<boolean> {
  const head = Buffer.alloc(8);
  const { bytesRead } = await handle.read(head, 0, 8, 0);
  return bytesRead === 8 && isEvtx(head);
}

async function fingerprintOf(handle: FileHandle, bytes: number): Promise<string> {
  const head = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(head, 0, bytes, 0);
  return hashOf(head.subarray(0, bytesRead));
}

/** As much as has come of the first bytes: two logs may begin with the same line, and more tells them apart. */
function takeFingerprint(reading: Reading, bytes: Buffer): void {
  const { head } = reading;
  if (head.length >= FINGERPRINT_BYTES) return;
  reading.head = Buffer.concat([head, bytes.subarray(0, FINGERPRINT_BYTES - head.length)]);
  if (reading.head.length <= reading.fingerprintBytes) return;
  reading.fingerprintBytes = reading.head.length;
  reading.fingerprint = hashOf(reading.head);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

/** The files of a folder and those below it, the oldest name first; links are not followed. */
async function filesIn(folder: string, depth = 0): Promise<string[]> {
  const found: string[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (NOT_OURS.test(entry.name) || found.length >= MAX_FILES) continue;
    const name = path.join(folder, entry.name);
    if (entry.isFile()) found.push(name);
    else if (entry.isDirectory() && depth < MAX_DEPTH) found.push(...(await filesIn(name, depth + 1)));
  }
  return found.slice(0, MAX_FILES);
}

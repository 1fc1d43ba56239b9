import { crc32 } from 'node:zlib';
import { BinXmlError } from './binxml.ts';
import { EvtxRecord } from './record.ts';

/**
 * Reads the chunks of an EVTX file. Chunks are 64 KiB and independent, so a file can be read from the middle, and by
 * several threads; what is damaged costs no more than itself.
 * Source: Metz, “Windows XML Event Log (EVTX) format”; [MS-EVEN6].
 */
export const FILE_HEADER = 4096;
export const CHUNK = 65_536;
const RECORDS_START = 512;
const RECORD_MAGIC = 0x00002a2a;
const SMALLEST_RECORD = 28;

/** What could not be read: where (bytes from the start of the file) and why. */
export interface EvtxDamage {
  readonly offset: number;
  /** The ordinal that the record would have had; `null` for damage to a chunk. */
  readonly record: number | null;
  readonly reason: string;
  readonly detail: string;
}

export interface EvtxReading {
  /** Called for each record; the view is only right until it returns. */
  readonly onRecord: (record: EvtxRecord) => void;
  readonly onDamage: (damage: EvtxDamage) => void;
}

export function isEvtx(head: Uint8Array): boolean {
  return startsWith(head, 'ElfFile\0') || startsWith(head, 'ElfChnk\0');
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  if (bytes.length < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}

/**
 * A chunk is read from its beginning to its end without a pause, so one record serves all readers of a thread: making
 * one for each of many small files was a fortieth of reading them.
 */
const record = new EvtxRecord();

export class EvtxReader {
  readonly #reading: EvtxReading;
  #ordinal = 0;

  constructor(reading: EvtxReading) {
    this.#reading = reading;
  }

  /** Records read or set aside so far: the next one's ordinal is one more. */
  get ordinal(): number {
    return this.#ordinal;
  }

  /**
   * Reads whole chunks.
   *
   * @param bytes any number of chunks; a torn last one is read as far as it goes
   * @param fileOffset where `bytes` starts in the file
   */
  readChunks(bytes: Buffer, fileOffset: number): void {
    for (let at = 0; at < bytes.length; at += CHUNK) {
      this.#chunk(bytes.subarray(at, Math.min(at + CHUNK, bytes.length)), fileOffset + at);
    }
  }

  #chunk(chunk: Buffer, fileOffset: number): void {
    if (chunk.length < RECORDS_START + SMALLEST_RECORD) {
      if (!isZero(chunk, 0)) this.#damage(fileOffset, null, 'torn-chunk', 'the file ends within the header of a chunk');
      return;
    }
    if (!startsWith(chunk, 'ElfChnk\0')) {
      // Windows allocates chunks ahead: one of zeros was never used.
      if (!isZero(chunk, 0)) this.#damage(fileOffset, null, 'bad-chunk-magic', 'the chunk does not begin with ElfChnk');
      return;
    }
    record.enter(chunk);
    const damagedBefore = this.#damages;
    this.#records(chunk, fileOffset);
    if (chunk.length < CHUNK)
      this.#damage(fileOffset + chunk.length, null, 'torn-chunk', 'the file ends within a chunk');
    if (this.#damages > damagedBefore && chunk.length === CHUNK) this.#explain(chunk, fileOffset);
  }

  /**
   * Records one after another. The header says where they end, but a file that was copied while in use has a stale
   * header: beyond that end a record still counts if its number follows on, so that remnants of an older use do not.
   */
  #records(chunk: Buffer, fileOffset: number): void {
    const free = chunk.readUInt32LE(48);
    const stated = free >= RECORDS_START && free <= CHUNK ? free : CHUNK;
    const firstId = chunk.readUInt32LE(24);
    const endId = chunk.readUInt32LE(32);
    let at = RECORDS_START;
    let lastId = -1;
    let isWhole: boolean | null = null;
    while (at + SMALLEST_RECORD <= chunk.length) {
      const isInside = at < stated;
      if (chunk.readUInt32LE(at) !== RECORD_MAGIC) {
        if (!isInside || isZero(chunk, at)) return;
        const next = nextRecord(chunk, at + 8);
        this.#damage(fileOffset + at, ++this.#ordinal, 'bad-record-magic', 'a record does not begin with its mark');
        if (next < 0) return;
        at = next;
        continue;
      }
      const size = chunk.readUInt32LE(at + 4);
      const id = chunk.readUInt32LE(at + 8);
      // A header that knows of no record yet is stale, or somebody made it so: then the first follows on whatever it is.
      const followsOn = id === (lastId + 1) % 0x1_0000_0000 || (lastId < 0 && stated === RECORDS_START);
      if (!isInside && !followsOn) return;
      if (size < SMALLEST_RECORD || at + size > chunk.length) {
        if (!isInside) return;
        const next = nextRecord(chunk, at + 8);
        this.#damage(fileOffset + at, ++this.#ordinal, 'bad-record-size', `a record says it is ${size} bytes long`);
        if (next < 0) return;
        at = next;
        continue;
      }
      if (!followsOn && (id < firstId || id > endId) && endId >= firstId && endId !== 0) {
        // The header's numbers are wrong where the checksum says that these are the chunk's records. Else it was left
        // from an older use of this chunk, whose names and templates are gone: reading it could only mislead.
        isWhole ??= isAsWritten(chunk);
        if (!isWhole) {
          const detail = 'a record that does not belong to this chunk';
          this.#damage(fileOffset + at, ++this.#ordinal, 'foreign-record', detail);
          at += size;
          continue;
        }
      }
      if (this.#one(at, size, fileOffset)) this.#hidden(chunk, record.contentEnd, at + size, fileOffset);
      lastId = id;
      at += size;
    }
  }

  /**
   * Records inside the padding of another. Windows writes none there: who takes an event out of a log makes the one
   * before it so long that it covers it, and numbers and checksums are then mended (Fox-IT, “Detection and recovery of
   * NSA’s covered up tracks”, 2017).
   */
  #hidden(chunk: Buffer, from: number, end: number, fileOffset: number): void {
    for (let at = nextRecord(chunk, from); at >= 0 && at < end; at = nextRecord(chunk, at + 8)) {
      const size = chunk.readUInt32LE(at + 4);
      if (at + size > end || !this.#reads(at, size)) continue;
      const detail = 'a record lay hidden inside another, and was read: somebody may have taken it out of the log';
      this.#damage(fileOffset + at, null, 'hidden-record', detail);
      this.#one(at, size, fileOffset);
    }
  }

  #reads(at: number, size: number): boolean {
    try {
      record.read(at, size, this.#ordinal + 1);
      return true;
    } catch (error) {
      if (!(error instanceof BinXmlError) && !(error instanceof RangeError)) throw error;
      return false;
    }
  }

  /** @returns whether it could be read */
  #one(at: number, size: number, fileOffset: number): boolean {
    const ordinal = ++this.#ordinal;
    try {
      record.read(at, size, ordinal);
    } catch (error) {
      if (!(error instanceof BinXmlError) && !(error instanceof RangeError)) throw error;
      const reason = error instanceof BinXmlError ? error.reason : 'ends-too-early';
      this.#damage(fileOffset + at, ordinal, reason, 'the content of a record is not well-formed binary XML');
      return false;
    }
    this.#reading.onRecord(record);
    return true;
  }

  #damages = 0;

  #damage(offset: number, record: number | null, reason: string, detail: string): void {
    this.#damages++;
    this.#reading.onDamage({ offset, record, reason, detail });
  }

  /** Checksums cost more than reading: they are only looked at to explain what went wrong. */
  #explain(chunk: Buffer, fileOffset: number): void {
    const free = chunk.readUInt32LE(48);
    if (free < RECORDS_START || free > CHUNK) return;
    if (!isAsWritten(chunk)) {
      this.#reading.onDamage({
        offset: fileOffset,
        record: null,
        reason: 'bad-checksum',
        detail: 'the records of this chunk do not match its checksum: it was changed or copied while in use',
      });
    }
  }
}

/** True if the chunk's records are those that its checksum was made of. */
function isAsWritten(chunk: Buffer): boolean {
  const free = chunk.readUInt32LE(48);
  return (
    free >= RECORDS_START &&
    free <= chunk.length &&
    crc32(chunk.subarray(RECORDS_START, free)) === chunk.readUInt32LE(52)
  );
}

const ZEROS = Buffer.alloc(CHUNK);

function isZero(bytes: Buffer, from: number): boolean {
  return bytes.compare(ZEROS, 0, bytes.length - from, from) === 0;
}

/** Records start at multiples of eight. */
function nextRecord(chunk: Buffer, from: number): number {
  for (let at = (from + 7) & ~7; at + SMALLEST_RECORD <= chunk.length; at += 8) {
    if (chunk.readUInt32LE(at) === RECORD_MAGIC) {
      const size = chunk.readUInt32LE(at + 4);
      if (size >= SMALLEST_RECORD && at + size <= chunk.length) return at;
    }
  }
  return -1;
}

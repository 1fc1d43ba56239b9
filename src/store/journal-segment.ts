import { crc32 } from 'node:zlib';
import type { FileHandle } from 'node:fs/promises';

/**
 * One file of the journal: a header, then frames.
 *
 * Header: `WWJOURN1`, the segment's first position (float64), the marker (4 bytes), CRC-32 of these.
 * Frame: the marker, the payload's length (u32), CRC-32 of position, length and payload (u32), the payload.
 * Numbers are little-endian. The marker is drawn at random for each segment: it finds the next whole frame after a
 * damaged one, and nobody who sends us logs can put a frame of their own into a payload.
 */

/**
 * A place in the journal: bytes since its very first one, over all segments, forgotten ones included. Grows without
 * end and is never used again.
 */
export type Position = number;

export const HEADER_BYTES = 24;
export const FRAME_BYTES = 12;
/** Larger payloads are refused, and a longer length in a frame is taken for damage. */
export const MAX_PAYLOAD_BYTES = 64 << 20;

const MAGIC = Buffer.from('WWJOURN1', 'latin1');
const READ_BYTES = 1 << 20;

export interface SegmentFile {
  readonly path: string;
  /** The position of the file's first byte. */
  readonly start: Position;
}

/** What a segment holds between two offsets: a whole frame, or bytes that are none. */
export type Piece =
  | { readonly kind: 'frame'; readonly at: number; readonly end: number; readonly payload: Buffer }
  | { readonly kind: 'damage'; readonly at: number; readonly end: number };

export function segmentName(start: Position): string {
  return `${String(start).padStart(16, '0')}.journal`;
}

/** `null` if the name is not that of a segment. */
export function startOf(name: string): Position | null {
  return /^\d{16}\.journal$/.test(name) ? Number(name.slice(0, 16)) : null;
}

export function segmentHeader(start: Position, marker: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeDoubleLE(start, 8);
  marker.copy(header, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20);
  return header;
}

/** Writes one frame into `into` and returns the offset behind it. */
export function writeFrame(into: Buffer, at: number, position: Position, marker: Buffer, payload: Uint8Array): number {
  marker.copy(into, at);
  into.writeUInt32LE(payload.length, at + 4);
  into.writeUInt32LE(frameCrc(position, payload), at + 8);
  into.set(payload, at + FRAME_BYTES);
  return at + FRAME_BYTES + payload.length;
}

const scratch = Buffer.alloc(12);

function frameCrc(position: Position, payload: Uint8Array): number {
  scratch.writeDoubleLE(position, 0);
  scratch.writeUInt32LE(payload.length, 8);
  return crc32(payload, crc32(scratch));
}

/**
 * The segment's marker. A header that is damaged is made good by the first frame, which carries the marker too.
 *
 * @returns `null` if there is neither a header nor a first frame to learn it from
 */
export async function readMarker(
  handle: FileHandle,
  start: Position,
  end: number,
): Promise<{ readonly marker: Buffer; readonly headerDamaged: boolean } | null> {
  const bytes = await readExactly(handle, 0, Math.min(end, HEADER_BYTES + FRAME_BYTES));
  if (bytes.length >= HEADER_BYTES && segmentHeader(start, bytes.subarray(16, 20)).equals(bytes.subarray(0, 24)))
    return { marker: Buffer.from(bytes.subarray(16, 20)), headerDamaged: false };
  if (bytes.length < HEADER_BYTES + FRAME_BYTES) return null;
  const marker = Buffer.from(bytes.subarray(HEADER_BYTES, HEADER_BYTES + 4));
  const frame = await new Window(handle, end).frameAt(HEADER_BYTES, start, marker);
  return frame === null ? null : { marker, headerDamaged: true };
}

/** Every frame from an offset on, and every stretch that is damaged, in order. Payloads stay valid. */
export async function* piecesOf(
  handle: FileHandle,
  start: Position,
  marker: Buffer,
  from: number,
  end: number,
): AsyncGenerator<Piece> {
  const window = new Window(handle, end);
  for (let at = from; at < end; ) {
    const payload = await window.frameAt(at, start, marker);
    if (payload !== null) {
      const next = at + FRAME_BYTES + payload.length;
      yield { kind: 'frame', at, end: next, payload };
      at = next;
    } else {
      const next = await window.nextFrame(at + 1, start, marker);
      yield { kind: 'damage', at, end: next };
      at = next;
    }
  }
}

/** Looks at a file through a megabyte or so at a time. */
class Window {
  readonly #handle: FileHandle;
  readonly #end: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(handle: FileHandle, end: number) {
    this.#handle = handle;
    this.#end = end;
  }

  /** The payload of the frame at an offset, or `null` if there is no whole one. */
  async frameAt(at: number, start: Position, marker: Buffer): Promise<Buffer | null> {
    const header = await this.#look(at, FRAME_BYTES);
    if (header === null || !header.subarray(0, 4).equals(marker)) return null;
    const length = header.readUInt32LE(4);
    const crc = header.readUInt32LE(8);
    if (length === 0 || length > MAX_PAYLOAD_BYTES) return null;
    const payload = await this.#look(at + FRAME_BYTES, length);
    return payload !== null && frameCrc(start + at, payload) === crc ? payload : null;
  }

  /** The offset of the first whole frame from an offset on; the end if there is none. */
  async nextFrame(from: number, start: Position, marker: Buffer): Promise<number> {
    for (let at = from; at < this.#end; ) {
      const bytes = await this.#look(at, Math.min(READ_BYTES, this.#end - at));
      const found = bytes === null ? -1 : bytes.indexOf(marker);
      if (bytes === null || (found === -1 && at + bytes.length >= this.#end)) break;
      // A marker may lie across the border of two looks.
      at = found === -1 ? at + bytes.length - (marker.length - 1) : at + found;
      if (found === -1) continue;
      if ((await this.frameAt(at, start, marker)) !== null) return at;
      at++;
    }
    return this.#end;
  }

  /** The bytes at an offset; `null` if they reach beyond the end. */
  async #look(at: number, length: number): Promise<Buffer | null> {
    if (at + length > this.#end) return null;
    const from = at - this.#at;
    if (from < 0 || from + length > this.#bytes.length) {
      // A new buffer each time: payloads that were handed out point into the old one.
      this.#bytes = await readExactly(this.#handle, at, Math.min(Math.max(length, READ_BYTES), this.#end - at));
      this.#at = at;
      if (this.#bytes.length < length) return null;
      return this.#bytes.subarray(0, length);
    }
    return this.#bytes.subarray(from, from + length);
  }
}

/** As many bytes as there are, up to `length`. */
async function readExactly(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let have = 0;
  while (have < length) {
    const { bytesRead } = await handle.read(bytes, have, length - have, at + have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return bytes.subarray(0, have);
}

/** Windows event logs that are made here. */
import { CHUNK } from '../src/intake/evtx/reader.ts';

/** In headers: 100 ns since 1601. */
export const WRITTEN_TICKS = 133_700_000_000_000_000n;

/**
 * A record without a template: `<Event><System><EventID>N</EventID><Channel>Test</Channel></System></Event>`, and
 * `<TimeCreated SystemTime="…"/>` if it has a time of its own.
 *
 * @param id its EventID, at most two digits if records are to have one size
 * @param number as its header says, `ordinal` its place in its chunk, from 1, and `ticks` when it was written
 */
export function record(
  id: number,
  stated: string | null = null,
  { number = id, ordinal = id, ticks = WRITTEN_TICKS } = {},
): Buffer {
  const pieces: Buffer[] = [];
  const bytes = (...values: number[]) => pieces.push(Buffer.from(values));
  const u32 = (value: number) => {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32LE(value);
    pieces.push(buffer);
  };
  const length = () => pieces.reduce((sum, piece) => sum + piece.length, 0);
  const named = (name: string, start: number) => {
    // The name stands right behind its offset, which counts from the chunk’s start.
    u32(start + 24 + length() + 4);
    const text = Buffer.from(name, 'utf16le');
    const head = Buffer.alloc(8);
    head.writeUInt16LE(name.length, 6);
    pieces.push(head, text, Buffer.alloc(2));
  };
  const open = (name: string, start: number) => {
    bytes(0x01);
    u32(0);
    named(name, start);
    bytes(0x02);
  };
  const value = (text: string) => {
    bytes(0x05, 0x01, text.length, 0);
    pieces.push(Buffer.from(text, 'utf16le'));
  };
  const build = (start: number) => {
    pieces.length = 0;
    bytes(0x0f, 0x01, 0x01, 0x00);
    open('Event', start);
    open('System', start);
    open('EventID', start);
    value(String(id));
    bytes(0x04);
    open('Channel', start);
    value('Test');
    bytes(0x04);
    if (stated !== null) {
      bytes(0x41);
      u32(0);
      named('TimeCreated', start);
      u32(0);
      bytes(0x06);
      named('SystemTime', start);
      value(stated);
      bytes(0x03);
    }
    bytes(0x04, 0x04, 0x00);
    return Buffer.concat(pieces);
  };
  const first = build(0);
  const size = (24 + first.length + 4 + 7) & ~7;
  const start = 512 + (ordinal - 1) * size;
  const whole = Buffer.alloc(size);
  whole.writeUInt32LE(0x2a2a, 0);
  whole.writeUInt32LE(size, 4);
  whole.writeUInt32LE(number, 8);
  whole.writeBigUInt64LE(ticks, 16);
  build(start).copy(whole, 24);
  whole.writeUInt32LE(size, size - 4);
  return whole;
}

/** An event log of one chunk; each record by its EventID, its number and when it was written. */
export function eventLog(records: readonly { id: number; number: number; ticks: bigint }[]): Buffer {
  const header = Buffer.alloc(4096);
  header.write('ElfFile\0', 'latin1');
  header.writeUInt32LE((records.at(-1)?.number ?? 0) + 1, 24);
  const chunk = Buffer.alloc(CHUNK);
  chunk.write('ElfChnk\0', 'latin1');
  let end = 512;
  for (const [index, { id, number, ticks }] of records.entries()) {
    const bytes = record(id, null, { number, ordinal: index + 1, ticks });
    bytes.copy(chunk, end);
    end += bytes.length;
  }
  chunk.writeUInt32LE(end, 48);
  return Buffer.concat([header, chunk]);
}

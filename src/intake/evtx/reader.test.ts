/** Damaged event logs: what can be read is read, the rest is said, and nothing hangs. The file is made here. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { record, WRITTEN_TICKS } from '../../../test/event-log.ts';
import { CHUNK, EvtxReader } from './reader.ts';
import { filetimeToMs } from './value.ts';

const WRITTEN = Number(WRITTEN_TICKS / 10_000n) - 11_644_473_600_000;
const RECORDS = 5;
const SIZE = record(1).length;

function chunk(): Buffer {
  const whole = Buffer.alloc(CHUNK);
  whole.write('ElfChnk\0', 'latin1');
  whole.writeUInt32LE(1, 8);
  whole.writeUInt32LE(RECORDS, 16);
  whole.writeUInt32LE(1, 24);
  whole.writeUInt32LE(RECORDS, 32);
  for (let id = 1; id <= RECORDS; id++) record(id).copy(whole, 512 + (id - 1) * SIZE);
  whole.writeUInt32LE(512 + RECORDS * SIZE, 48);
  return whole;
}

function read(bytes: Buffer): { ids: number[]; channels: string[]; reasons: string[] } {
  const ids: number[] = [];
  const channels: string[] = [];
  const reasons: string[] = [];
  const reader = new EvtxReader({
    onRecord: ({ eventId, channel }) => {
      ids.push(eventId);
      channels.push(channel);
    },
    onDamage: ({ reason }) => reasons.push(reason),
  });
  reader.readChunks(bytes, 4096);
  return { ids, channels, reasons: reasons.filter((reason) => reason !== 'bad-checksum') };
}

const at = (id: number) => 512 + (id - 1) * SIZE;

describe('the time of an event', () => {
  const times: readonly (readonly [what: string, stated: string | null, at: number])[] = [
    [
      'is what it says itself: one that was forwarded was written here later',
      '2026-11-20T09:00:00.1234567Z',
      Date.parse('2026-11-20T09:00:00.123Z'),
    ],
    ['is when it was written, where it says nothing', null, WRITTEN],
    ['is when it was written, where it says what is no time', 'soon', WRITTEN],
    ['is when it was written, where its clock was never set', '1601-01-01T00:00:00Z', WRITTEN],
    ['is in UTC, also where it does not say so', '2026-07-20 09:00:00.5', Date.parse('2026-07-20T09:00:00.5Z')],
    ['is when it was written, where a number is all it says', 'event 2001', WRITTEN],
  ];
  for (const [what, stated, at] of times)
    test(what, () => {
      const found: (number | null)[] = [];
      const bytes = Buffer.alloc(CHUNK);
      bytes.write('ElfChnk\0', 'latin1');
      const one = record(1, stated);
      one.copy(bytes, 512);
      bytes.writeUInt32LE(512 + one.length, 48);
      new EvtxReader({ onRecord: (event) => found.push(event.at), onDamage: () => undefined }).readChunks(bytes, 4096);
      deepEqual(found, [at]);
    });
});

test('an event whose template asks for more values than it has takes no time from the one before it', () => {
  const stated = Date.parse('2026-11-20T09:00:00Z');
  const first = templated(1, 512, null, [stated]);
  const second = templated(2, 512 + first.bytes.length, first.definition, []);
  const bytes = Buffer.alloc(CHUNK);
  bytes.write('ElfChnk\0', 'latin1');
  first.bytes.copy(bytes, 512);
  second.bytes.copy(bytes, 512 + first.bytes.length);
  bytes.writeUInt32LE(512 + first.bytes.length + second.bytes.length, 48);
  const found: (number | null)[] = [];
  new EvtxReader({ onRecord: (event) => found.push(event.at), onDamage: () => undefined }).readChunks(bytes, 4096);
  deepEqual(found, [stated, WRITTEN]);
});

test('a FILETIME a tick before a millisecond is over is of that millisecond, as its text is', () => {
  for (const ms of [0, 1, 622, 999]) {
    const ticks = BigInt(Date.UTC(2026, 10, 20) + ms + 1 + 11_644_473_600_000) * 10_000n - 1n;
    equal(filetimeToMs(Number(ticks & 0xffff_ffffn), Number(ticks >> 32n)), Date.UTC(2026, 10, 20) + ms);
  }
});

/** A record by a template whose first value is its time; the template stands in it, or at `definition` of the chunk. */
function templated(id: number, start: number, definition: number | null, times: readonly number[]) {
  const pieces: Buffer[] = [];
  const bytes = (...values: number[]) => pieces.push(Buffer.from(values));
  const u32 = (value: number) => bytes(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, 0);
  const here = () => start + 24 + pieces.reduce((sum, piece) => sum + piece.length, 0);
  const named = (name: string) => {
    u32(here() + 4);
    bytes(0, 0, 0, 0, 0, 0, name.length, 0, ...Buffer.from(name, 'utf16le'), 0, 0);
  };
  const open = (token: number, name: string) => {
    bytes(token, 0xff, 0xff, 0, 0, 0, 0);
    named(name);
  };
  bytes(0x0f, 0x01, 0x01, 0x00, 0x0c, 0x01, 7, 0, 0, 0);
  const at = definition ?? here() + 4;
  u32(at);
  if (definition === null) {
    bytes(0, 0, 0, 0, ...Buffer.alloc(16, 7));
    const size = pieces.push(Buffer.alloc(4)) - 1;
    const from = here();
    bytes(0x0f, 0x01, 0x01, 0x00);
    open(0x01, 'Event');
    bytes(0x02);
    open(0x01, 'System');
    bytes(0x02);
    open(0x41, 'TimeCreated');
    u32(0);
    bytes(0x06);
    named('SystemTime');
    bytes(0x0d, 0, 0, 0x11, 0x03, 0x04, 0x04, 0x00);
    pieces[size]?.writeUInt32LE(here() - from);
  }
  u32(times.length);
  for (const _ of times) bytes(8, 0, 0x11, 0);
  for (const time of times) {
    const ticks = Buffer.alloc(8);
    ticks.writeBigUInt64LE(BigInt(time + 11_644_473_600_000) * 10_000n);
    pieces.push(ticks);
  }
  const content = Buffer.concat(pieces);
  const whole = Buffer.alloc((24 + content.length + 4 + 7) & ~7);
  whole.writeUInt32LE(0x2a2a, 0);
  whole.writeUInt32LE(whole.length, 4);
  whole.writeUInt32LE(id, 8);
  whole.writeBigUInt64LE(WRITTEN_TICKS, 16);
  content.copy(whole, 24);
  whole.writeUInt32LE(whole.length, whole.length - 4);
  return { bytes: whole, definition: at };
}

describe('an event log', () => {
  test('that is whole is read whole', () =>
    deepEqual(read(chunk()), { ids: [1, 2, 3, 4, 5], channels: Array.from({ length: 5 }, () => 'test'), reasons: [] }));

  const damaged: readonly (readonly [
    what: string,
    harm: (bytes: Buffer) => Buffer,
    ids: number[],
    reasons: string[],
  ])[] = [
    ['whose chunk lost its magic', (bytes) => (bytes.fill(0x41, 0, 8), bytes), [], ['bad-chunk-magic']],
    ['whose chunk was never used', () => Buffer.alloc(CHUNK), [], []],
    [
      'whose record lost its magic',
      (bytes) => (bytes.writeUInt32LE(0, at(2)), bytes),
      [1, 3, 4, 5],
      ['bad-record-magic'],
    ],
    [
      'whose record says it is 0 bytes long',
      (bytes) => (bytes.writeUInt32LE(0, at(3) + 4), bytes),
      [1, 2, 4, 5],
      ['bad-record-size'],
    ],
    [
      'whose record says it is huge',
      (bytes) => (bytes.writeUInt32LE(0xffff_fff0, at(3) + 4), bytes),
      [1, 2, 4, 5],
      ['bad-record-size'],
    ],
    [
      'whose record holds nonsense',
      (bytes) => (bytes.fill(0xff, at(4) + 28, at(4) + 60), bytes),
      [1, 2, 3, 5],
      ['no-elements'],
    ],
    [
      'whose name points out of the chunk',
      (bytes) => (bytes.writeUInt32LE(0xfff_ffff, at(1) + 24 + 4 + 5), bytes),
      [2, 3, 4, 5],
      ['name-out-of-range'],
    ],
    ['whose chunk is torn', (bytes) => bytes.subarray(0, at(4) + 10), [1, 2, 3], ['torn-chunk']],
    [
      'that was copied in use: the header is behind',
      (bytes) => (bytes.writeUInt32LE(at(3), 48), bytes.writeUInt32LE(2, 32), bytes),
      [1, 2, 3, 4, 5],
      [],
    ],
    [
      'with remnants of an older use behind its end',
      (bytes) => (
        bytes.writeUInt32LE(at(3), 48), bytes.writeUInt32LE(2, 32), bytes.writeUInt32LE(77, at(3) + 8), bytes
      ),
      [1, 2],
      [],
    ],
    [
      'whose header knows of no record, because it is stale or somebody made it so',
      (bytes) => (
        bytes.writeUInt32LE(512, 48), bytes.writeUInt32LE(40, at(1) + 8), bytes.writeUInt32LE(41, at(2) + 8), bytes
      ),
      [1, 2],
      [],
    ],
    [
      'whose header names other records than those that its checksum is of',
      (bytes) => (
        bytes.writeUInt32LE(1000, 24),
        bytes.writeUInt32LE(1001, 32),
        bytes.writeUInt32LE(crc32(bytes.subarray(512, at(6))), 52),
        bytes
      ),
      [1, 2, 3, 4, 5],
      [],
    ],
    [
      'of which somebody took two records out, by making the one before them longer',
      (bytes) => (bytes.writeUInt32LE(3 * SIZE, at(2) + 4), bytes),
      [1, 2, 3, 4, 5],
      ['hidden-record', 'hidden-record'],
    ],
    ['whose free space offset is wrong', (bytes) => (bytes.writeUInt32LE(0xffff_ffff, 48), bytes), [1, 2, 3, 4, 5], []],
  ];
  for (const [what, harm, ids, reasons] of damaged) {
    test(what, () => {
      const got = read(Buffer.from(harm(chunk())));
      deepEqual(got.ids, ids);
      deepEqual(got.reasons, reasons);
    });
  }

  test('whose bytes are changed anywhere never hangs and never throws', () => {
    let state = 20261124;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    for (let round = 0; round < 300; round++) {
      const bytes = chunk();
      for (let i = 0; i < 8; i++) bytes[512 + random(RECORDS * SIZE)] = random(256);
      const { ids } = read(bytes);
      ok(ids.length <= CHUNK / 28);
    }
    equal(state > 0, true);
  });
});

/**
 * BinXML values as text, in the form that Windows shows them. Source: [MS-EVEN6] 2.2.12–2.2.20 (BinXml) and
 * Metz, “Windows XML Event Log (EVTX) format”, section “Value types”.
 */

/** The value types that are treated by name here. 0x80 marks an array of the type below it. */
export const TYPE = {
  null: 0x00,
  string: 0x01,
  ansi: 0x02,
  filetime: 0x11,
  binXml: 0x21,
  array: 0x80,
} as const;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const SMALL_NUMBERS = Array.from({ length: 4096 }, (_, number) => String(number));

/**
 * The value of `size` bytes at `start`, all of which lie inside `bytes` (the caller has checked).
 *
 * @returns text; a list for an array type; `null` for the null type and for sizes that the type cannot have
 */
export function readValue(bytes: Buffer, start: number, size: number, type: number): string | string[] | null {
  switch (type) {
    case 0x00:
      return null;
    case 0x01:
      return readUtf16(bytes, start, size);
    case 0x02:
      return trimNul(bytes.toString('latin1', start, start + size));
    case 0x03:
      return size < 1 ? null : String(bytes.readInt8(start));
    case 0x04:
      return size < 1 ? null : numberText(bytes[start] ?? 0);
    case 0x05:
      return size < 2 ? null : String(bytes.readInt16LE(start));
    case 0x06:
      return size < 2 ? null : numberText(bytes.readUInt16LE(start));
    case 0x07:
      return size < 4 ? null : numberText(bytes.readInt32LE(start));
    case 0x08:
      return size < 4 ? null : numberText(bytes.readUInt32LE(start));
    case 0x09:
      return size < 8 ? null : bytes.readBigInt64LE(start).toString();
    case 0x0a:
      return size < 8 ? null : readUInt64(bytes, start);
    case 0x0b:
      return size < 4 ? null : String(bytes.readFloatLE(start));
    case 0x0c:
      return size < 8 ? null : String(bytes.readDoubleLE(start));
    case 0x0d:
      return readBoolean(bytes, start, size);
    case 0x0e:
      return bytes.toString('hex', start, start + size).toUpperCase();
    case 0x0f:
      return size < 16 ? null : readGuid(bytes, start);
    case 0x10:
      return size === 4
        ? `0x${bytes.readUInt32LE(start).toString(16)}`
        : size < 8
          ? null
          : `0x${bytes.readBigUInt64LE(start).toString(16)}`;
    case 0x11:
      return size < 8 ? null : readFiletime(bytes, start);
    case 0x12:
      return size < 16 ? null : readSystemTime(bytes, start);
    case 0x13:
      return readSid(bytes, start, size);
    case 0x14:
      return size < 4 ? null : `0x${bytes.readUInt32LE(start).toString(16)}`;
    case 0x15:
      return size < 8 ? null : `0x${bytes.readBigUInt64LE(start).toString(16)}`;
    default:
      return type >= TYPE.array
        ? readArray(bytes, start, size, type & 0x7f)
        : bytes.toString('hex', start, start + size).toUpperCase();
  }
}

/** Strings may carry their terminating NUL; what follows one is not part of the value. */
function readUtf16(bytes: Buffer, start: number, size: number): string {
  return size > MAX_KEPT * 2
    ? trimNul(bytes.toString('utf16le', start, start + (size & ~1)))
    : keptUtf16(bytes, start, size >> 1);
}

/**
 * Logs repeat themselves, so short strings are kept by a hash of some of their characters, and compared before they
 * are used. Finding one again costs less than decoding it, and a detector that has met the same string object before
 * need not hash it: together that halves the time from record to verdict on the attack samples.
 */
const MAX_KEPT = 200;
const KEPT_BITS = 14;
const kept: string[] = new Array<string>(1 << KEPT_BITS).fill('');

function keptUtf16(bytes: Buffer, start: number, length: number): string {
  const last = start + (length - 1) * 2;
  let hash = length;
  // The ends tell most values apart; every eighth character in between does the rest.
  for (let at = start, step = 2; at <= last; at += step) {
    hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    step = at - start < 16 || last - at < 34 ? 2 : 16;
  }
  const slot = (hash ^ (hash >>> KEPT_BITS)) & ((1 << KEPT_BITS) - 1);
  const known = kept[slot] as string;
  if (isText(bytes, start, length, known)) return known;
  const text = trimNul(bytes.toString('utf16le', start, start + length * 2));
  kept[slot] = text;
  return text;
}

/** Compares as bytes: a string with a NUL was cut and so is never found, only decoded again. */
function isText(bytes: Buffer, start: number, length: number, text: string): boolean {
  if (text.length !== length) return false;
  for (let i = 0, at = start; i < length; i++, at += 2) {
    if (text.charCodeAt(i) !== ((bytes[at] as number) | ((bytes[at + 1] as number) << 8))) return false;
  }
  return true;
}

function trimNul(text: string): string {
  // Nearly always there is none, and a look at the end settles the usual one.
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

function numberText(number: number): string {
  return SMALL_NUMBERS[number] ?? String(number);
}

function readUInt64(bytes: Buffer, start: number): string {
  const high = bytes.readUInt32LE(start + 4);
  // Below 2^53 a double is exact, and a BigInt three times dearer.
  return high < 0x20_0000
    ? String(high * 0x1_0000_0000 + bytes.readUInt32LE(start))
    : bytes.readBigUInt64LE(start).toString();
}

/** A BOOL has four bytes in Windows, but some writers use one or eight: any that is not zero is true. */
function readBoolean(bytes: Buffer, start: number, size: number): string | null {
  if (size < 1) return null;
  for (let i = start; i < start + size; i++) if (bytes[i] !== 0) return 'true';
  return 'false';
}

function readGuid(bytes: Buffer, start: number): string {
  const hex = (offset: number) => HEX[bytes[start + offset] ?? 0] ?? '00';
  return (
    `{${hex(3)}${hex(2)}${hex(1)}${hex(0)}-${hex(5)}${hex(4)}-${hex(7)}${hex(6)}-${hex(8)}${hex(9)}-` +
    `${hex(10)}${hex(11)}${hex(12)}${hex(13)}${hex(14)}${hex(15)}}`
  );
}

/** 100 ns since 1601 to milliseconds since 1970, or NaN for a time beyond what a Date can hold. */
export function filetimeToMs(low: number, high: number): number {
  // 2^32 ticks are 429,496 ms and 7,296 ticks; all of them in one number would be rounded, some up to the next millisecond.
  const ms = high * 429_496 + Math.floor((high * 7296 + low) / 10_000) - 11_644_473_600_000;
  return ms > 8.64e15 ? Number.NaN : ms;
}

/** `2026-11-02T09:49:00.1234567Z`: all seven digits that a FILETIME has. */
function readFiletime(bytes: Buffer, start: number): string {
  const ticks = bytes.readBigUInt64LE(start);
  const ms = Number(ticks / 10_000n) - 11_644_473_600_000;
  if (ms > 8.64e15) return ticks.toString();
  const rest = Number(ticks % 10_000n);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(4, '0')}Z`;
}

function readSystemTime(bytes: Buffer, start: number): string {
  const part = (index: number) => bytes.readUInt16LE(start + index * 2);
  const two = (number: number) => String(number).padStart(2, '0');
  const ms = String(part(7)).padStart(3, '0');
  return `${String(part(0)).padStart(4, '0')}-${two(part(1))}-${two(part(3))}T${two(part(4))}:${two(part(5))}:${two(part(6))}.${ms}Z`;
}

/** `S-1-5-21-…`: revision, six bytes of authority (big-endian), then the sub-authorities. */
function readSid(bytes: Buffer, start: number, size: number): string | null {
  const count = bytes[start + 1] ?? 0;
  if (size < 8 || size < 8 + count * 4) return null;
  let text = `S-${bytes[start] ?? 0}-${bytes.readUIntBE(start + 2, 6)}`;
  for (let i = 0; i < count; i++) text += `-${bytes.readUInt32LE(start + 8 + i * 4)}`;
  return text;
}

const FIXED_SIZES: Readonly<Record<number, number>> = {
  0x03: 1,
  0x04: 1,
  0x05: 2,
  0x06: 2,
  0x07: 4,
  0x08: 4,
  0x09: 8,
  0x0a: 8,
  0x0b: 4,
  0x0c: 8,
  0x0d: 4,
  0x0f: 16,
  0x11: 8,
  0x12: 16,
  0x14: 4,
  0x15: 8,
};

function readArray(bytes: Buffer, start: number, size: number, type: number): string[] {
  if (type === TYPE.string || type === TYPE.ansi) {
    const text =
      type === TYPE.string
        ? bytes.toString('utf16le', start, start + (size & ~1))
        : bytes.toString('latin1', start, start + size);
    const parts = text.split('\0');
    // The last string is terminated too: what follows its NUL is nothing.
    if (parts.at(-1) === '') parts.pop();
    return parts;
  }
  const width = type === 0x10 ? (size % 8 === 0 ? 8 : 4) : FIXED_SIZES[type];
  if (width === undefined)
    return type === 0x13 ? readSids(bytes, start, size) : [bytes.toString('hex', start, start + size).toUpperCase()];
  const values: string[] = [];
  for (let at = start; at + width <= start + size; at += width) {
    const value = readValue(bytes, at, width, type);
    values.push(typeof value === 'string' ? value : '');
  }
  return values;
}

/** SIDs say their own length. */
function readSids(bytes: Buffer, start: number, size: number): string[] {
  const values: string[] = [];
  const end = start + size;
  for (let at = start; at + 8 <= end; ) {
    const width = 8 + (bytes[at + 1] ?? 0) * 4;
    const sid = readSid(bytes, at, Math.min(width, end - at));
    if (sid === null) break;
    values.push(sid);
    at += width;
  }
  return values;
}

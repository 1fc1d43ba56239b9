import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { Refusal } from '../core/refusal.ts';

const PIECE = 1 << 20;
/** A quote that never closes must not swallow the file. */
const MAX_ROW = 1 << 16;
/** Characters of a line. A file without any line end must not be held in memory. */
const MAX_LINE = 1 << 20;
/** Why a line is set aside whose names cannot be told. */
export const NOT_UTF8 = 'it is not UTF-8';
const TOO_LONG = 'it is longer than a line may be (1,048,576 characters)';

/** What the bytes mean. Excel’s plain “CSV” is Windows-1252 here. */
export const ENCODINGS = ['utf-8', 'windows-1252'] as const;
export type CsvEncoding = (typeof ENCODINGS)[number];

/** @param line the physical line on which the row begins, counted from 1 (the header is line 1) */
export type OnRow = (fields: readonly string[], line: number) => void;

/**
 * Reads a CSV file in one pass: RFC 4180 quotes, LF or CRLF, a byte-order mark allowed, blank lines passed over.
 * `fields` is the same array each time: take what is needed before returning.
 * @throws Refusal `records/bad-table` for UTF-16
 * @param delimiter one character, a comma unless it is said
 * @param encoding UTF-8 unless it is said; a file with UTF-8’s mark is UTF-8 whatever is said
 * @param onBad a row whose quotes do not close or stand within a cell, that is not UTF-8, or a line that is longer than 1 MiB:
 *   reading goes on at the next line
 */
export function readCsv(
  path: string,
  onRow: OnRow,
  onBad: (line: number, why: string) => void,
  delimiter = ',',
  encoding: CsvEncoding = 'utf-8',
): void {
  const handle = openSync(path, 'r');
  try {
    let decode = utf8Pieces();
    const buffer = Buffer.allocUnsafe(PIECE);
    const fields: string[] = [];
    let rest = '';
    let line = 1;
    let isFirst = true;
    let isWhole = true;
    let isPassing = false;
    const give = (line: number): void => {
      // Two names in another encoding would become one.
      if (!isWhole && fields.some((field) => field.includes('\uFFFD'))) onBad(line, NOT_UTF8);
      else onRow(fields, line);
    };
    for (;;) {
      const size = readSync(handle, buffer, 0, PIECE, null);
      if (isFirst && isUtf16(buffer.subarray(0, Math.min(size, 512))))
        throw new Refusal('records/bad-table', `${basename(path)} is UTF-16: save it as “CSV UTF-8”`);
      if (isFirst && encoding === 'windows-1252' && !hasUtf8Mark(buffer.subarray(0, size))) decode = windowsPieces();
      let text = rest + decode(buffer.subarray(0, size));
      if (isFirst && text.startsWith('\uFEFF')) text = text.slice(1);
      isFirst = false;
      if (size === 0 && text.length > 0 && !text.endsWith('\n')) text += '\n';
      isWhole = !text.includes('\uFFFD');
      let at = 0;
      // Looked for again only once it is passed: most files hold no quote at all.
      let quote = -1;
      while (at < text.length) {
        const end = text.indexOf('\n', at);
        if (end < 0) break;
        if (isPassing || end - at > MAX_LINE) {
          if (!isPassing) onBad(line, TOO_LONG);
          isPassing = false;
          at = end + 1;
          line++;
          continue;
        }
        if (quote < at) {
          quote = text.indexOf('"', at);
          if (quote < 0) quote = Number.POSITIVE_INFINITY;
        }
        if (quote > end) {
          const stop = end > at && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
          if (stop > at) {
            split(text, at, stop, fields, delimiter);
            give(line);
          }
          at = end + 1;
          line++;
          continue;
        }
        const next = readQuoted(text, at, fields, delimiter);
        if (next === 'more' && text.length - at < MAX_ROW && size > 0) break;
        if (next === 'more' || next === 'bad') {
          onBad(line, next === 'more' ? 'a quote is opened and not closed' : 'text follows a closing quote');
          at = end + 1;
          line++;
          continue;
        }
        give(line);
        for (let i = at; i < next; i++) if (text.charCodeAt(i) === 10) line++;
        at = next;
      }
      rest = isPassing ? '' : text.slice(at);
      if (rest.length > MAX_LINE) {
        onBad(line, TOO_LONG);
        rest = '';
        isPassing = true;
      }
      if (size === 0) return;
    }
  } finally {
    closeSync(handle);
  }
}

/** Piece by piece; an empty piece is the end. */
function utf8Pieces(): (bytes: Buffer) => string {
  const decoder = new StringDecoder('utf8');
  return (bytes) => (bytes.length === 0 ? decoder.end() : decoder.write(bytes));
}

/** A byte is a character. */
function windowsPieces(): (bytes: Buffer) => string {
  const decoder = new TextDecoder('windows-1252');
  return (bytes) => decoder.decode(bytes);
}

function hasUtf8Mark(head: Buffer): boolean {
  return head.length >= 3 && head.readUIntBE(0, 3) === 0xefbbbf;
}

/** By its mark, or because every other byte is empty. */
function isUtf16(head: Buffer): boolean {
  const mark = head.length < 2 ? 0 : head.readUInt16BE(0);
  return mark === 0xfffe || mark === 0xfeff || head.filter((byte) => byte === 0).length > head.length / 3;
}

function split(text: string, from: number, to: number, fields: string[], delimiter: string): void {
  let count = 0;
  let at = from;
  for (;;) {
    let comma = text.indexOf(delimiter, at);
    if (comma < 0 || comma > to) comma = to;
    fields[count++] = text.slice(at, comma);
    if (comma === to) break;
    at = comma + 1;
  }
  fields.length = count;
}

/** @returns where the next row begins; `more` when the row is not whole, `bad` when its quotes are not those of RFC 4180 */
function readQuoted(text: string, from: number, fields: string[], delimiter: string): number | 'more' | 'bad' {
  const mark = delimiter.charCodeAt(0);
  fields.length = 0;
  let at = from;
  for (;;) {
    let value = '';
    const isQuoted = text.charCodeAt(at) === 34;
    if (isQuoted) {
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0 || quote - from > MAX_ROW) return 'more';
        value += text.slice(at, quote);
        at = quote + 1;
        if (text.charCodeAt(at) !== 34) break;
        value += '"';
        at++;
      }
    }
    const start = at;
    while (at < text.length && text.charCodeAt(at) !== mark && text.charCodeAt(at) !== 10) at++;
    if (at >= text.length) return 'more';
    const tail = text.slice(start, at);
    if (isQuoted && tail !== '' && !(tail === '\r' && text.charCodeAt(at) === 10)) return 'bad';
    value += tail;
    const ends = text.charCodeAt(at) === 10;
    fields.push(ends && value.endsWith('\r') ? value.slice(0, -1) : value);
    at++;
    if (ends) return at;
  }
}

/** One cell as CSV. */
export function cell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

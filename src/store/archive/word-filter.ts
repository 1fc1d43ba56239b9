import { isAscii } from 'node:buffer';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { makeFolder, publish } from '../durable.ts';
import type { Predicate } from './predicate.ts';

/**
 * Which words a seal's segments may hold: a bit for each four letters (a to z, whatever their case) that stand side by
 * side somewhere in its events. A search for a word passes over segments that lack four of its letters, without reading
 * them. Digits are left out: numbers and ids of every kind come with every event, and would only fill it.
 *
 * It never says no wrongly: whatever a predicate finds stands in the events’ payload, letter by letter.
 */

/** Four letters of five bits; zero: no letter. */
const GRAMS = 1 << 20;
const BYTES = GRAMS / 8;
const LETTERS = 4;

function codeOf(byte: number): number {
  const lower = byte | 0x20;
  return byte < 0x80 && lower >= 0x61 && lower <= 0x7a ? lower - 0x60 : 0;
}

/** By two bytes as they lie in memory, on machines that put the lower first, as all that we run on do: their two codes. */
const PAIRS = Uint16Array.from({ length: 1 << 16 }, (_, pair) => (codeOf(pair & 0xff) << 5) | codeOf(pair >> 8));

/** Letters that searches without case take for one of ours: the long s, the Kelvin sign, the dotted I. */
const LOOKALIKES = [
  ['ſ', 's'],
  ['\u212a', 'k'],
  ['İ', 'i'],
] as const;

/** The words of events that are not sealed yet. */
export class Words {
  // A byte for each: 1.6 µs an event of 1.4 kB, with bits a third more.
  readonly #seen = new Uint8Array(GRAMS);

  /** @param payload as the journal has it: columns, fields and raw text in UTF-8 */
  add(payload: Buffer): void {
    this.#addBytes(payload);
    if (isAscii(payload) || !LOOKALIKES.some(([lookalike]) => payload.includes(lookalike))) return;
    let text = payload.toString('utf8');
    for (const [lookalike, letter] of LOOKALIKES) text = text.replaceAll(lookalike, letter);
    this.#addBytes(Buffer.from(text));
  }

  #addBytes(bytes: Buffer): void {
    // What is odd at either end is the first byte of a payload’s first line, or the end of its last: no letter of an event.
    const skipped = bytes.byteOffset & 1;
    const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + skipped, (bytes.length - skipped) >> 1);
    const seen = this.#seen;
    let last = 0;
    for (let index = 0; index < pairs.length; index++) {
      last = (last << 10) | (PAIRS[pairs[index] as number] as number);
      // Where fewer than four letters stand together, what is noted is nothing that is ever asked for.
      seen[(last >>> 5) & (GRAMS - 1)] = 1;
      seen[last & (GRAMS - 1)] = 1;
    }
  }

  /** As it lies on the disk: 2 to 20 kB for 64 MB of events, 128 at the most. */
  write(): Buffer {
    const bits = Buffer.alloc(BYTES);
    for (let gram = 0; gram < GRAMS; gram++)
      if (this.#seen[gram] === 1 && isWhole(gram)) bits[gram >> 3] = (bits[gram >> 3] ?? 0) | (1 << (gram & 7));
    return deflateRawSync(bits);
  }
}

function isWhole(gram: number): boolean {
  return (gram & 31) !== 0 && (gram & (31 << 5)) !== 0 && (gram & (31 << 10)) !== 0 && gram >= 1 << 15;
}

export function wordsFolder(archiveFolder: string): string {
  return path.join(archiveFolder, 'words');
}

/** @param line the number in the names of the segments that the words are of */
export function wordsFile(line: number): string {
  return `${line}.words`;
}

/** The number in the name of a file of words; `null` if it is no such name. */
export function wordsNumber(name: string): number | null {
  const [, number] = /^(\d{1,15})\.words$/.exec(name) ?? [];
  return number === undefined ? null : Number(number);
}

/** Writes words so that they are on disk. @returns their SHA-256 */
export async function writeWords(folder: string, line: number, words: Words): Promise<string> {
  await makeFolder(folder);
  const file = path.join(folder, wordsFile(line));
  const bytes = words.write();
  await writeFile(`${file}.part`, bytes, { mode: 0o640 });
  await publish(`${file}.part`, file);
  return hash('sha256', bytes, 'hex');
}

/** What a predicate needs: all of these grams, all or any of the needs. */
export type Need =
  | { readonly kind: 'grams'; readonly grams: readonly number[] }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Need[] };

/** `null`: there is no word by which anything could be passed over. */
export function needOf(predicate: Predicate): Need | null {
  switch (predicate.kind) {
    case 'and': {
      const needs = predicate.of.map(needOf).filter((need) => need !== null);
      return needs.length === 0 ? null : { kind: 'all', of: needs };
    }
    case 'or': {
      const needs = predicate.of.map(needOf);
      return needs.every((need) => need !== null) ? { kind: 'any', of: needs } : null;
    }
    case 'anywhere':
      // It is looked for in JSON, where `\n` puts a letter before what follows.
      return needOfTexts([JSON.stringify(predicate.value.toWellFormed())]);
    case 'contains':
    case 'startsWith':
    case 'equals':
      return needOfTexts([String(predicate.value)]);
    case 'wildcard':
      return needOfTexts(predicate.pattern.split(/[*?]/));
    default:
      return null;
  }
}

function needOfTexts(texts: readonly string[]): Need | null {
  const grams = texts.flatMap(gramsOf);
  return grams.length === 0 ? null : { kind: 'grams', grams };
}

function gramsOf(text: string): number[] {
  const grams: number[] = [];
  let last = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    last = ((last << 5) | (unit < 0x80 ? codeOf(unit) : 0)) & (GRAMS - 1);
    if (index >= LETTERS - 1 && isWhole(last)) grams.push(last);
  }
  return grams;
}

/** Bits of a file of words; `null` if it is not there, or not what was written: then nothing is known. */
export function readWords(folder: string, line: number, sha256: string): Buffer | null {
  let bytes: Buffer;
  try {
    // A few kilobytes: handing them to another thread takes three times as long as reading them.
    bytes = readFileSync(path.join(folder, wordsFile(line)));
  } catch {
    // All that is lost is time: `verify` says that it is gone.
    return null;
  }
  if (hash('sha256', bytes, 'hex') !== sha256) return null;
  const bits = inflateRawSync(bytes, { maxOutputLength: BYTES });
  return bits.length === BYTES ? bits : null;
}

/** False if no event of these words can fulfil the predicate. */
export function mayFulfil(bits: Buffer, need: Need): boolean {
  switch (need.kind) {
    case 'grams':
      return need.grams.every((gram) => ((bits[gram >> 3] ?? 0) & (1 << (gram & 7))) !== 0);
    case 'all':
      return need.of.every((part) => mayFulfil(bits, part));
    case 'any':
      return need.of.some((part) => mayFulfil(bits, part));
  }
}

import { writeSync } from 'node:fs';
import { Refusal } from '../core/refusal.ts';
import { UNSEEN } from '../core/unseen.ts';

/**
 * Standard output, written whole before we go on: a pipe that closes early (`| head`) ends the work quietly, and
 * process.exit never cuts a long result short.
 */
export function print(text: string): void {
  writeAll(1, text);
}

/** NDJSON, some hundred lines a write: a write a line takes longer than making it. */
export function printLines(values: readonly object[]): void {
  let text = '';
  for (const value of values) {
    text += `${JSON.stringify(value)}\n`;
    if (text.length < 65_536) continue;
    print(text);
    text = '';
  }
  if (text !== '') print(text);
}

/**
 * Progress, warnings and refusals go to standard error: standard output carries only the result, and does not depend on
 * whether anybody reads the rest.
 */
export function say(text: string): void {
  try {
    writeAll(2, text);
  } catch {
    // There is nowhere left to say so.
  }
}

/** As it can be shown on a terminal: control characters but for line ends, and marks that turn the order of text, are left out. */
export function withoutControls(text: string): string {
  return text.replaceAll(UNSEEN, ' ').replaceAll('\t', ' ');
}

/** The reader of our output went away. */
export class OutputClosed extends Error {}

const RETRY = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of a text: a single write may stop half way. */
export function writeAll(handle: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(handle, bytes, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code === 'EPIPE') throw new OutputClosed();
      if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
        throw new Refusal('output/not-writable', 'cannot write all of the result: no space is left where it goes');
      if (code !== 'EAGAIN') throw error;
      // A full pipe that does not block: wait a little for its reader.
      Atomics.wait(RETRY, 0, 0, 5);
    }
  }
}

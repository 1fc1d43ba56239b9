import { writeSync } from 'node:fs';
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

/** Progress, warnings and refusals go to standard error: standard output carries only the result. */
export function say(text: string): void {
  writeAll(2, text);
}

/** As it can be shown on a terminal: control characters but for line ends, and marks that turn the order of text, are left out. */
export function withoutControls(text: string): string {
  return text.replaceAll(UNSEEN, ' ').replaceAll('\t', ' ');
}

/** The reader of our output went away. */
export class OutputClosed extends Error {}

const RETRY = new Int32Array(new SharedArrayBuffer(4));

function writeAll(handle: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(handle, bytes, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code === 'EPIPE') throw new OutputClosed();
      if (code !== 'EAGAIN') throw error;
      // A full pipe that does not block: wait a little for its reader.
      Atomics.wait(RETRY, 0, 0, 5);
    }
  }
}

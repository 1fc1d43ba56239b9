import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { LineReader } from './lines.ts';

/** The lines with their numbers; a number alone for a line that is too long. */
function linesOf(pieces: readonly string[]): (string | number)[] {
  const seen: (string | number)[] = [];
  const reader = new LineReader(
    (line, number) => seen.push(`${number}:${line}`),
    (number) => seen.push(number),
  );
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return seen;
}

const cases: readonly (readonly [what: string, pieces: readonly string[], lines: readonly (string | number)[]])[] = [
  ['LF', ['a\nb\n'], ['1:a', '2:b']],
  ['CRLF', ['a\r\nb\r\n'], ['1:a', '2:b']],
  ['a last line without an end', ['a\nb'], ['1:a', '2:b']],
  ['blank lines, which count', ['a\n\n\nb'], ['1:a', '2:', '3:', '4:b']],
  ['a line in pieces', ['a', 'b', 'c\nd'], ['1:abc', '2:d']],
  ['CR and LF in two pieces', ['a\r', '\nb'], ['1:a', '2:b']],
  ['NULs', ['\0\0a\0b\0\n'], ['1:ab']],
  ['byte order marks of files put together', ['\uFEFFa\n\uFEFFb\n'], ['1:a', '2:b']],
  ['nothing', [''], []],
  ['a line that is too long, between two that are not', ['a\n', 'x'.repeat(1_048_577), '\nb'], ['1:a', 2, '3:b']],
  ['a too long line that never ends', ['a\n', 'x'.repeat(1_000_000), 'x'.repeat(1_000_000)], ['1:a', 2]],
];
for (const [what, pieces, lines] of cases) {
  test(`cuts ${what}`, () => deepEqual(linesOf(pieces), lines));
}

test('a line of any length costs no more memory than the longest that is read', () => {
  const reader = new LineReader(
    () => undefined,
    () => undefined,
  );
  const piece = 'x'.repeat(65_536);
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 4096; i++) reader.push(piece);
  const grown = process.memoryUsage().heapUsed - before;
  deepEqual(grown < 32 * 1024 * 1024, true, `${grown} bytes more for a line of 256 MiB`);
});

import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_MESSAGE, SyslogFraming } from './framing.ts';

/** The messages, and the size of each that was too long. */
function framed(pieces: readonly (string | Buffer)[]): (string | number)[] {
  const seen: (string | number)[] = [];
  const framing = new SyslogFraming(
    (text) => seen.push(text),
    (bytes) => seen.push(bytes),
  );
  for (const piece of pieces) framing.push(Buffer.from(piece));
  framing.end();
  return seen;
}

const cases: readonly (readonly [what: string, stream: string, messages: readonly string[]])[] = [
  ['lines', '<34>a\n<35>b\r\n', ['<34>a', '<35>b']],
  ['counted octets', '5 <34>a6 <35>bc', ['<34>a', '<35>bc']],
  ['counted octets with a line feed inside', '8 <34>a\nbc5 <35>d', ['<34>a\nbc', '<35>d']],
  ['both in one stream', '5 <34>a<35>b\n5 <36>c', ['<34>a', '<35>b', '<36>c']],
  ['a last line without its end', '<34>a\n<35>b', ['<34>a', '<35>b']],
  ['a line that begins with digits', '2026-11-02 09:49 hello\n', ['2026-11-02 09:49 hello']],
  ['characters of several bytes', '7 <34>é!', ['<34>é!']],
  ['empty lines', '\n\n<34>a\n\n', ['<34>a']],
  ['a NUL for the line feed, before one', '<34>a\0\n', ['<34>a']],
];
for (const [what, stream, messages] of cases) {
  test(`cuts ${what}, wherever the stream is torn`, () => {
    const bytes = Buffer.from(stream);
    deepEqual(framed([bytes]), messages);
    for (let at = 1; at < bytes.length; at++) deepEqual(framed([bytes.subarray(0, at), bytes.subarray(at)]), messages);
    deepEqual(framed([...bytes].map((byte) => Buffer.from([byte]))), messages);
  });
}

test('says that a message is too long and goes on behind it', () => {
  const long = 'x'.repeat(MAX_MESSAGE + 1);
  deepEqual(framed([`${MAX_MESSAGE + 1} ${long}5 <34>a`]), [MAX_MESSAGE + 1, '<34>a']);
  deepEqual(framed([long, long, '\n<34>a\n']), [MAX_MESSAGE + 1, '<34>a']);
  deepEqual(framed(['9999999 ', 'y'.repeat(100)]), [9_999_999]);
});

test('takes any bytes in any pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (pieces) => {
      framed(pieces.map((piece) => Buffer.from(piece)));
    }),
    { numRuns: 2000, seed: 3 },
  );
});

import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { type Frame, framed, MAX_HL7, MllpFraming } from './mllp-framing.ts';

function framesOf(...pieces: readonly (string | Buffer)[]): { frames: string[]; isUnfinished: boolean } {
  const found: Frame[] = [];
  const framing = new MllpFraming((frame) => found.push(frame));
  for (const piece of pieces) framing.push(Buffer.from(piece));
  const text = (frame: Frame) =>
    frame.kind === 'stray'
      ? `stray ${frame.count}`
      : `${frame.kind} ${frame.bytes.length > 99 ? frame.bytes.length : frame.bytes.toString()}`;
  return { frames: found.map(text), isUnfinished: framing.isUnfinished };
}

for (const [what, bytes, frames] of [
  ['one message', '\x0bone\x1c\r', ['message one']],
  ['two in one piece', '\x0bone\x1c\r\x0btwo\x1c\r', ['message one', 'message two']],
  ['one that has no CR behind it', '\x0bone\x1c\x0btwo\x1c', ['message one', 'message two']],
  ['line feeds between messages', '\n\x0bone\x1c\r\n\x0btwo\x1c\r\n', ['message one', 'message two']],
  ['one that was cut by the next', '\x0bon\x0btwo\x1c\r', ['cut on', 'message two']],
  ['what is in no frame', 'GET /\r\n\x0bone\x1c\r', ['stray 5', 'message one']],
  ['an empty frame', '\x0b\x1c\r', ['message ']],
] as const)
  test(`cuts out ${what}, however the bytes are cut`, () => {
    deepEqual(framesOf(bytes).frames, frames);
    const single = framesOf(...[...Buffer.from(bytes)].map((byte) => Buffer.of(byte))).frames;
    const strays = single.filter((frame) => frame === 'stray 1').length;
    const together = strays === 0 ? single : [`stray ${strays}`, ...single.filter((frame) => frame !== 'stray 1')];
    deepEqual(together, frames);
  });

test('a message that is too long is read over, its beginning kept, and the next one read', () => {
  const long = 'x'.repeat(MAX_HL7 + 5);
  deepEqual(framesOf(`\x0b${long}`, `${long}\x1c\r\x0btwo\x1c\r`).frames, [`too-long ${MAX_HL7}`, 'message two']);
});

test('a message that comes byte by byte is whole, as long as it may be', () => {
  const frames: Frame[] = [];
  const framing = new MllpFraming((frame) => frames.push(frame));
  const sent = Buffer.alloc(MAX_HL7, 'ab');
  for (const byte of framed(sent)) framing.push(Buffer.of(byte));
  deepEqual(frames, [{ kind: 'message', bytes: sent }]);
});

test('a message that never ends is no message', () => {
  deepEqual(framesOf('\x0bone'), { frames: [], isUnfinished: true });
});

test('what is framed is cut out again', () => {
  equal(framesOf(framed(Buffer.from('MSH|'))).frames[0], 'message MSH|');
});

import { deepEqual, doesNotThrow, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LogEvent } from '../../core/event.ts';
import { FieldsView } from '../../core/fields-view.ts';
import type { Format, SetAside } from './format.ts';

export interface ReadAll {
  readonly events: LogEvent[];
  readonly aside: SetAside[];
}

/** Reads pieces of text with a format. */
export function readPieces(format: Format, pieces: readonly string[], timeZone = 'Europe/London'): ReadAll {
  const read: ReadAll = { events: [], aside: [] };
  const reader = format.open({
    timeZone,
    referenceTime: Date.parse('2026-11-24T12:00:00Z'),
    mappings: [],
    emit: (event) => read.events.push(event),
    setAside: (item) => read.aside.push(item),
  });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return read;
}

/** Input that no format can make sense of, each of it a way in which parsers have failed. */
const GARBAGE: readonly string[] = [
  '',
  '\n',
  '\0\0\0\n\0',
  '\r\r\r\n',
  '\uFEFF\uFFFD\ud800x\n',
  '<'.repeat(5000),
  '[['.repeat(5000),
  '=='.repeat(5000),
  '"\\'.repeat(5000),
  'a=b '.repeat(5000),
  '<34>1 '.repeat(2000),
  '__proto__=1 constructor=2 toString=3\n',
  '9'.repeat(5000),
  ', '.repeat(5000),
  ' '.repeat(100_000),
  '{"a":'.repeat(3000),
  '#Fields:\n#\n- -\n',
  '%ASA-6-302013: %ASA-6-302013:\n',
];

/** What every format owes the reader of files. `samples` are whole files that it reads. Call it from the format's test. */
export function formatContract(format: Format, samples: readonly string[]): void {
  void describe(`${format.name} as a format`, () => {
    void test('gives the same events wherever its input is torn', () => {
      for (const sample of samples) {
        const whole = readPieces(format, [sample]);
        ok(whole.events.length + whole.aside.length > 0, 'the sample holds something');
        for (let at = 1; at < sample.length; at++)
          deepEqual(readPieces(format, [sample.slice(0, at), sample.slice(at)]), whole, `torn at ${at}`);
        deepEqual(readPieces(format, sample.split('')), whole, 'one character at a time');
      }
    });

    void test('claims its own samples', () => {
      for (const sample of samples)
        ok(format.claims({ text: sample, lines: sample.split(/\r?\n/).filter((line) => line !== '') }) >= 20, sample);
    });

    void test('never throws, whatever the input holds', () => {
      for (const text of GARBAGE)
        doesNotThrow(() => {
          format.claims({ text, lines: text.split('\n') });
          readPieces(format, [text]);
        });
    });

    void test('gives no field that a prototype would have, numbers records from 1 and gives reasons that can be counted', () => {
      for (const sample of [...samples, ...GARBAGE]) {
        const { events, aside } = readPieces(format, [sample]);
        for (const event of events) {
          const view = new FieldsView().show(event);
          if (!Object.hasOwn(event.fields, 'constructor'))
            equal(view.valueAt(view.layout.slotOf('constructor')), undefined);
          ok(Number.isInteger(event.record) && event.record >= 1);
        }
        for (const { reason, detail } of aside) {
          ok(/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(reason), reason);
          ok(detail.length > 5);
        }
      }
    });
  });
}

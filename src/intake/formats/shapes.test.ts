import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { FieldsView } from '../../core/fields-view.ts';
import { readPieces } from './format-contract.ts';
import { FORMATS, formatOf } from './index.ts';
import { json } from './json.ts';
import { SHAPE_SAMPLES } from './shape-samples.ts';

for (const { what, text, format, source, fields } of SHAPE_SAMPLES) {
  test(`${what} is recognised, with the fields that rules ask for`, () => {
    equal(formatOf({ text, lines: text.split(/\r?\n/) })?.name, format);
    const reader = FORMATS.find(({ name }) => name === format);
    ok(reader !== undefined);
    const whole = readPieces(reader, [text]);
    deepEqual(whole.aside, []);
    const [event] = whole.events;
    ok(event !== undefined && whole.events.length === 1, 'it is one event');
    const { product = '', category = '', service = '' } = event.logSource;
    equal(`${product}/${category}/${service}`, source);
    const view = new FieldsView().show(event);
    const seen = Object.fromEntries(Object.keys(fields).map((name) => [name, view.valueAt(view.layout.slotOf(name))]));
    deepEqual(seen, fields);
    // Summer: a time that is UTC must not be taken for London's.
    equal(event.at === null ? null : new Date(event.at).toISOString().slice(0, 19), '2026-07-02T09:49:00');
    for (let at = 7; at < text.length; at += 7)
      deepEqual(readPieces(reader, [text.slice(0, at), text.slice(at)]), whole, `torn at ${at}`);
  });
}

test('what is searched for is found in an event that stands as text in another', () => {
  const text = `${JSON.stringify({ message: JSON.stringify({ Channel: 'Security', EventID: 4688, CommandLine: 'C:\\tmp\\a.exe' }) })}\n`;
  const [event] = readPieces(json, [text]).events;
  ok(event !== undefined);
  const view = new FieldsView().show(event);
  ok(
    view.textsMayHold({
      mayBeIn: (value) => value.includes('C:\\tmp\\a.exe'),
      mayBeInUtf16: () => false,
      mayBeInJson: (value) => value.includes('C:\\\\tmp\\\\a.exe"'),
    }),
  );
});

test('what an event is does not depend on the one before it', () => {
  const process = {
    event: { category: ['process'] },
    host: { os: { type: 'linux' } },
    process: { executable: '/bin/sh' },
  };
  const ecs = JSON.stringify({ '@timestamp': '2026-07-02T09:49:00Z', ...process });
  // Winlogbeat's own modules put Elastic's categories beside what Windows said.
  const windows = JSON.stringify({
    '@timestamp': '2026-07-02T09:49:00Z',
    event: { category: ['process'] },
    winlog: { channel: 'Security', event_id: '4688', event_data: { NewProcessName: 'C:\\a.exe' } },
  });
  const lines = SHAPE_SAMPLES.filter(({ format, text }) => format === 'json' && text.indexOf('\n') === text.length - 1);
  const texts = [ecs, windows, ...lines.map(({ text }) => text.trim())].filter((text) => text.startsWith('{'));
  ok(texts.length > 20);
  const eventsOf = (...read: readonly string[]) =>
    readPieces(json, [`{"a":1}\n${read.join('\n')}\n`]).events.map((event) => ({ ...event, record: 0 }));
  for (const before of texts)
    for (const text of texts)
      deepEqual(
        eventsOf(before, text).slice(-eventsOf(text).length + 1),
        eventsOf(text).slice(1),
        `${text} after ${before}`,
      );
});

import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { FieldsView } from '../../core/fields-view.ts';
import { readPieces } from './format-contract.ts';
import { FORMATS, formatOf } from './index.ts';
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

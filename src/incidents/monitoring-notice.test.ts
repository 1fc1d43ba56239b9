import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RETENTION } from '../store/archive/retention.ts';
import { filledWith } from './monitoring-notice.ts';

function words(values: Readonly<Record<string, string>>): string {
  return filledWith(values, DEFAULT_RETENTION)
    .sections.flatMap(({ title, lines }) => [title, ...lines.map((line) => line.map(({ text }) => text).join(''))])
    .join('\n');
}

test('each thing that the organisation has to say stands in the notice, or beside it, and what it says takes its place', () => {
  const empty = filledWith({}, DEFAULT_RETENTION);
  const missing = empty.sections.flatMap(({ lines }) => lines.flat().filter(({ isMissing }) => isMissing));
  const labels = empty.fields.map(({ label }) => label);
  ok(missing.every(({ text }) => labels.includes(text)));
  const filled = Object.fromEntries(empty.fields.map(({ id }) => [id, `<${id}>`]));
  const text = words(filled);
  for (const { id } of empty.fields.filter((field) => field.id !== 'urgent')) ok(text.includes(`<${id}>`), id);
  equal(filledWith(filled, DEFAULT_RETENTION).urgent, '<urgent>');
  equal(filledWith({}, DEFAULT_RETENTION).urgent, null);
  equal(
    filledWith(filled, DEFAULT_RETENTION).sections.flatMap(({ lines }) =>
      lines.flat().filter(({ isMissing }) => isMissing),
    ).length,
    0,
  );
});

test('how long things are kept is what the archive does', () => {
  const text = words({});
  for (const days of ['2,928 days', '400 days', '28 days']) ok(text.includes(days), days);
  ok(!/[{}]/.test(text), 'no place is left over');
});

test('what is no field, or only looks like one, does nothing', () => {
  deepEqual(
    filledWith({ 'days:security': '1', constructor: 'x', organisation: '{ask}' }, DEFAULT_RETENTION).fields[0]?.value,
    '{ask}',
  );
  ok(words({ organisation: '{ask}' }).includes('{ask} uses a program'), 'a value is no template');
});

/** Objects in every arrangement: each is numbered as the contract says, and what is no object is set aside. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { readPieces } from './format-contract.ts';
import { formatOf } from './index.ts';
import { json } from './json.ts';

const cases: readonly (readonly [what: string, text: string, records: readonly (number | string)[]])[] = [
  ['lines', '{"a":1}\n{"a":2}\n', [1, 2]],
  ['lines with blank ones between', '{"a":1}\r\n\r\n{"a":2}', [1, 3]],
  ['lines after a remark', '# exported\n{"a":1}\n{"a":2}\n', ['1 bad-json', 2, 3]],
  ['lines after a damaged one', '{"a":\n{"a":1}\n', ['1 bad-json', 2]],
  ['lines after null', 'null\n{"a":1}\n', ['1 not-an-object', 2]],
  ['lines after zeros', '\0\0\0{"a":1}\n{"a":2}\0\n', [1, 2]],
  ['lines with marks of several files', '{"a":1}\n\uFEFF{"a":2}\n', [1, 2]],
  ['a list', '[{"a":1},\n{"a":2}]\n', [1, 2]],
  [
    'a list with what is no object',
    '[1, "x{,}", null, {"a":1}, [2]]',
    ['1 not-an-object', '2 not-an-object', '3 not-an-object', 4, '5 not-an-object'],
  ],
  ['a list that does not end', '[{"a":1},{"a":2},', [1, 2, '3 bad-json']],
  ['lists one after another', '[{"a":1}]\n[{"a":2},{"a":3}]', [1, 2, 3]],
  ['objects one after another', '{"a":1}{"a":2} {"a":3}', [1, 2, 3]],
  ['objects with commas between', '{\n"a":1},\n{\n"a":2},\n', [1, 2]],
  ['objects over many lines', '{\n"a":1\n}\n{\n"a":2\n}', [1, 2]],
  ['objects with something between', '{\n"a":1\n}\nhello\n{\n"a":2\n}', [1, '2 not-an-object', 2]],
  ['an object that does not end', '{\n"a":1\n}\n{\n"a":', [1, '2 bad-json']],
  ['an envelope', '{"Records":[{"a":1},{"a":2}]}', [1, 2]],
  ['envelopes, whose elements count on', '{"Records":[{"a":1},{"a":2}]}\n{"Records":[{"a":3}]}\n', [1, 2, 3]],
  ['an envelope with what is no object', '{"value":[{"a":1},null]}', [1, '2 not-an-object']],
  ['an empty envelope', '{"value":[]}', []],
  ['an event with an empty list of that name', '{"msg":"x","data":[]}\n{"msg":"y"}\n', [1, 2]],
  ['an event with a list of that name', '{"msg":"x","items":[{"a":1}]}\n{"msg":"y"}\n', [1, 1, 2]],
  [
    'CloudWatch’s envelope',
    '{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[{"message":"a"}]}',
    [1],
  ],
  ['Elastic’s hits', '{"took":1,"hits":{"hits":[{"_source":{"a":1}}]}}', [1]],
  ['Splunk’s results', '{"preview":false,"init_offset":0,"messages":[],"fields":[],"results":[{"a":1}]}', [1]],
];

test('JSON: a value of nothing but brackets is set aside before it fills the memory', () => {
  const { events, aside } = readPieces(json, [`{"a":\n[${'{},'.repeat(4_000_001)}{}]}\n{"a":1}\n`]);
  deepEqual([events.length, aside.map(({ reason }) => reason)], [1, ['too-many-parts']]);
});

for (const [what, text, records] of cases) {
  test(`JSON: ${what}`, () => {
    equal(formatOf({ text, lines: text.split(/\r?\n/) })?.name, 'json');
    const read = readPieces(json, [text]);
    const seen = [
      ...read.events.map(({ record }) => ({ record, said: record as number | string })),
      ...read.aside.map(({ record, reason }) => ({ record: record ?? 0, said: `${record} ${reason}` })),
    ].sort((a, b) => a.record - b.record || String(a.said).localeCompare(String(b.said)));
    const order = [...records].sort(
      (a, b) => Number.parseInt(String(a)) - Number.parseInt(String(b)) || String(a).localeCompare(String(b)),
    );
    deepEqual(
      seen.map(({ said }) => said),
      order,
    );
    for (let at = 1; at < text.length; at++)
      deepEqual(readPieces(json, [text.slice(0, at), text.slice(at)]), read, `torn at ${at}`);
  });
}

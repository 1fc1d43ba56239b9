import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { readLog } from './read-log.ts';

const LINE = '{"Channel":"Security","EventID":1102}\n';

/** Reads bytes that come in pieces; `error` ends them. */
async function read(pieces: readonly (string | Buffer)[], error?: Error) {
  const records: number[] = [];
  const aside: string[] = [];
  const bytes = async function* () {
    await Promise.resolve();
    for (const piece of pieces) yield Buffer.from(piece);
    if (error !== undefined) throw error;
  };
  const done = readLog(bytes(), {
    timeZone: 'UTC',
    referenceTime: 0,
    declared: null,
    mappings: [],
    onEvent: ({ record }) => records.push(record),
    onParsed: () => undefined,
    setAside: ({ reason }) => aside.push(reason),
  });
  return { done, records, aside };
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const cases: readonly (readonly [
  what: string,
  pieces: readonly (string | Buffer)[],
  format: string,
  records: readonly number[],
])[] = [
  ['nothing', [], 'empty', []],
  ['blank lines', ['\n \r\n'], 'empty', []],
  ['UTF-8 with a mark', ['\uFEFF', LINE, LINE], 'json', [1, 2]],
  ['UTF-16 with a mark', [utf16(`\uFEFF${LINE}${LINE}`)], 'json', [1, 2]],
  ['UTF-16 without a mark', [utf16(`${LINE}${LINE}`)], 'json', [1, 2]],
  ['UTF-16, big-endian', [utf16(`\uFEFF${LINE}${LINE}`).swap16()], 'json', [1, 2]],
  ['UTF-16 in odd pieces', [...utf16(`\uFEFF${LINE}${LINE}`)].map((byte) => Buffer.from([byte])), 'json', [1, 2]],
  ['bytes that are no UTF-8', [Buffer.from(`{"a":"caf\u00e9"}\n${LINE}`, 'latin1')], 'json', [1, 2]],
  ['words', ['hello there\n'], 'unknown', []],
];
for (const [what, pieces, format, records] of cases)
  test(`reads ${what}`, async () => {
    const { done, records: seen, aside } = await read(pieces);
    deepEqual((await done).format, format);
    deepEqual(seen, records);
    deepEqual(aside, format === 'unknown' ? ['unknown-text-format'] : []);
  });

test('what came before the bytes failed is read, however little it is', async () => {
  const { done, records } = await read([LINE, LINE], new Error('torn'));
  await rejects(done, /torn/);
  deepEqual(records, [1, 2]);
});

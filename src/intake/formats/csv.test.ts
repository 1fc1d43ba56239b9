import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { csv } from './csv.ts';
import { readPieces } from './format-contract.ts';

const cases: readonly (readonly [what: string, text: string, rows: readonly (number | string)[]])[] = [
  ['lines', 'a,b,c\n1,2,3\n4,5,6\n', [2, 3]],
  ['cells over many lines, by the line they begin at', 'a,b,c\r\n1,"x\r\ny\r\n",3\r\n4,5,6', [2, 5]],
  ['blank lines', 'a,b,c\n\n1,2,3\n\n\n4,5,6\n', [3, 6]],
  ['more cells than its header has', 'a,b,c\n1,2,3,4\n4,5,6\n', ['2 wrong-columns', 3]],
  ['a quote that is not closed', 'a,b,c\n1,2,3\n4,"5,6\n7,8,9\n', [2, '3 quote-not-closed']],
  ['Excel’s own line', 'sep=;\na;b;c\n1;2;3\n', [3]],
];
for (const [what, text, rows] of cases)
  test(`CSV: ${what}`, () => {
    const { events, aside } = readPieces(csv, [text]);
    const seen = [
      ...events.map(({ record }) => [record, record] as const),
      ...aside.map(({ record, reason }) => [record ?? 0, `${record} ${reason}`] as const),
    ].sort((a, b) => a[0] - b[0]);
    deepEqual(
      seen.map(([, said]) => said),
      rows,
    );
  });

test('CSV: quotes in quoted cells', () => {
  const [event] = readPieces(csv, ['a,b,c\n"say ""hi""","",x\n']).events;
  deepEqual({ ...event?.fields }, { a: 'say "hi"', c: 'x' });
});

import { deepEqual, equal } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { writeFolder } from '../../test/records-folder.ts';
import { cell, readCsv } from './csv.ts';

function rowsOf(text: string | Buffer): { rows: [number, string[]][]; bad: number[] } {
  const folder = writeFolder({});
  const file = path.join(folder, 'a.csv');
  writeFileSync(file, text);
  const rows: [number, string[]][] = [];
  const bad: number[] = [];
  readCsv(
    file,
    (fields, line) => rows.push([line, [...fields]]),
    (line) => bad.push(line),
  );
  return { rows, bad };
}

test('reads LF, CRLF, a byte-order mark, and a last line without an end', () => {
  deepEqual(rowsOf('\uFEFFa,b\r\n1,2\r\n3,4').rows, [
    [1, ['a', 'b']],
    [2, ['1', '2']],
    [3, ['3', '4']],
  ]);
});

test('quoted cells keep commas, quotes and line ends; line numbers stay physical', () => {
  deepEqual(rowsOf('a,b\n"x,1","y ""z"""\n"two\nlines",2\nlast,3\n').rows, [
    [1, ['a', 'b']],
    [2, ['x,1', 'y "z"']],
    [3, ['two\nlines', '2']],
    [5, ['last', '3']],
  ]);
});

test('blank lines are passed over and counted', () => {
  deepEqual(rowsOf('a\n\n1\n\n\n2\n').rows, [
    [1, ['a']],
    [3, ['1']],
    [6, ['2']],
  ]);
});

test('a quote that never closes costs its line, not the file', () => {
  const { rows, bad } = rowsOf('a,b\n1,"open\n2,3\n');
  deepEqual(bad, [2]);
  deepEqual(rows.at(-1), [3, ['2', '3']]);
});

test('a quote that closes in a later row costs its line: the rows between are read', () => {
  const { rows, bad } = rowsOf('a,b\n1,"p1\n1,p2\n1,p3\n1,"p4"\n1,p5\n');
  deepEqual(bad, [2]);
  deepEqual(
    rows.map(([line, [, b]]) => [line, b]),
    [
      [1, 'b'],
      [3, 'p2'],
      [4, 'p3'],
      [5, 'p4'],
      [6, 'p5'],
    ],
  );
});

test('bytes that are not UTF-8 cost their line: two names must not become one', () => {
  const { rows, bad } = rowsOf(Buffer.from('a,b\n1,p\xe9\n1,p\xe8\n1,pé\n', 'latin1'));
  deepEqual(bad, [2, 3, 4]);
  deepEqual(rows, [[1, ['a', 'b']]]);
});

test('a line of megabytes costs itself alone, with or without an end', () => {
  const long = 'x,'.repeat(2_000_000);
  const { rows, bad } = rowsOf(`a,b\n${long}\n1,2\n"${long}"\n3,4\n${'y'.repeat(1_100_000)}\n5,6\n${long}`);
  deepEqual(bad, [2, 4, 6, 8]);
  deepEqual(rows, [
    [1, ['a', 'b']],
    [3, ['1', '2']],
    [5, ['3', '4']],
    [7, ['5', '6']],
  ]);
});

test('a file larger than one piece is read whole', () => {
  const lines = Array.from({ length: 90_000 }, (_, i) => `${i},${'é'.repeat(5)},x${i}`);
  const { rows } = rowsOf(`${lines.join('\n')}\n`);
  equal(rows.length, lines.length);
  deepEqual(
    rows.map(([, fields]) => fields.join(',')),
    lines,
  );
});

test('a cell written is the cell read', () => {
  const values = ['plain', 'a,b', 'say "so"', 'two\nlines', ''];
  deepEqual(rowsOf(`${values.map(cell).join(',')}\n`).rows[0]?.[1], values);
});

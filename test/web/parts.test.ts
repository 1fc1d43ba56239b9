import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery } from '../../src/store/query/query.ts';
import { cellsOf, edgesOf, type Point } from '../../src/web/parts/chart-points.ts';
import { GLOSSARY, piecesOf } from '../../src/web/parts/glossary.ts';
import { type Edge, layoutOf, MAX_OF_KIND } from '../../src/web/parts/graph-layout.ts';
import { toCsv } from '../../src/web/parts/csv.ts';
import { termOf } from '../../src/web/parts/query.ts';
import { ENDPOINTS } from '../../src/api/endpoints.ts';
import { WORDS as TRAIL_WORDS } from '../../src/web/parts/trail-words.ts';
import { UNSEEN } from '../../src/core/unseen.ts';
import {
  asSeen,
  counted,
  dateText,
  dayBegins,
  dayText,
  fieldMoment,
  fieldText,
  namesText,
  spanText,
  withDates,
} from '../../src/web/parts/text.ts';
import { heardTime, serviceNow } from '../../src/web/client/clock.ts';

const NOW = Date.UTC(2026, 10, 2, 9, 49);
const HOUR_MS = 3_600_000;

test('times are said as people in the United Kingdom say them, with the zone', () => {
  equal(dateText(NOW), '2 November 2026, 9:49am GMT');
  equal(dateText('2026-07-02T11:05:00Z'), '2 July 2026, 12:05pm BST');
  equal(dayText('2026-11-02'), '2 November 2026');
  equal(
    withDates(
      'From 2026-11-02 to 2026-11-03T09:49:00.000Z; account svc-2026-11-02, 2026-11-02_x, 2026-19-99; on 2026-11-02: x.',
    ),
    'From 2 November 2026 to 3 November 2026, 9:49am GMT; account svc-2026-11-02, 2026-11-02_x, 2026-19-99; on 2 November 2026: x.',
  );
  equal(counted(1, 'finding'), '1 finding');
  equal(counted(1234, 'finding'), '1,234 findings');
  equal(spanText(NOW, NOW + 5 * 60_000), '5 minutes');
  equal(spanText(NOW, NOW + 70.9 * HOUR_MS), '70 hours');
  equal(spanText(NOW, NOW + 119 * HOUR_MS), '4 days');
});

test('names with commas and quotes are asked for as they are', () => {
  const names = ['kim', 'Shah, Priya', 'O"Neill, "Sé"', 'a "b" c'];
  const input = Object.fromEntries(ENDPOINTS.map((each) => [`${each.method} ${each.path}`, each.input]))[
    'GET /api/v1/scope/counts'
  ];
  const parsed = input?.parse({ account: namesText(names), from: '2026-11-02T00:00:00Z', to: '2026-11-03T00:00:00Z' });
  deepEqual((parsed as { account: string[] } | undefined)?.account, [...names].sort());
  deepEqual(
    (
      input?.parse({ host: ' pc1 ,"pc2"x, ,pc1', from: '2026-11-02T00:00:00Z', to: '2026-11-03T00:00:00Z' }) as
        | { host: string[] }
        | undefined
    )?.host,
    ['"pc2"x', 'pc1'],
  );
});

test('a time that is typed is UK time, on the days when the clocks change too, whatever the zone of the computer', () => {
  const typed: readonly (readonly [text: string, utc: string])[] = [
    ['2026-11-25T09:49', '2026-11-25T09:49:00.000Z'],
    ['2026-07-02T12:05', '2026-07-02T11:05:00.000Z'],
    ['2026-03-29T00:59', '2026-03-29T00:59:00.000Z'],
    ['2026-03-29T02:00', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25T00:59', '2026-10-24T23:59:00.000Z'],
    ['2026-10-25T01:30', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T02:00', '2026-10-25T02:00:00.000Z'],
  ];
  for (const [text, utc] of typed) {
    equal(new Date(fieldMoment(text)).toISOString(), utc, text);
    equal(fieldText(Date.parse(utc)), text);
  }
  ok(Number.isNaN(fieldMoment('')));
  equal(new Date(dayBegins('2026-07-02')).toISOString(), '2026-07-01T23:00:00.000Z');
  equal(new Date(dayBegins('2026-10-24', 1)).toISOString(), '2026-10-24T23:00:00.000Z');
  equal(new Date(dayBegins('2026-10-25', 1)).toISOString(), '2026-10-26T00:00:00.000Z');
});

test('what is left until a deadline is told by the service’s clock', () => {
  heardTime(new Date(Date.now() + 26 * HOUR_MS).toUTCString());
  equal(Math.round((serviceNow() - Date.now()) / HOUR_MS), 26);
  heardTime('nonsense');
  equal(Math.round((serviceNow() - Date.now()) / HOUR_MS), 26);
  heardTime(new Date(Date.now() + 2000).toUTCString());
  ok(Math.abs(serviceNow() - Date.now()) < 100, 'a clock that is right is left alone');
});

test('no cell of a CSV runs as a formula, each stays one cell, and what cannot be seen is written out', () => {
  const csv = toCsv([
    { host: '=cmd|"/c calc"!A1', account: '+1', address: '-1', text: '@x', tab: '\tx', plain: 'a,b\n"c"' },
    { host: ' =1', account: '＝1', address: '\n=1', text: 'x\u202Efdp.exe', tab: '', plain: 'ok' },
  ]);
  const lines = [
    'host,account,address,text,tab,plain',
    `"'=cmd|""/c calc""!A1",'+1,'-1,'@x,'\tx,"a,b\n""c"""`,
    `' =1,'＝1,"'\n=1",x[U+202E]fdp.exe,,ok`,
  ];
  equal(csv, lines.map((line) => `${line}\r\n`).join(''));
});

test('whatever a log says becomes one term of a query, and finds just that', () => {
  const hostile = ['dc1', 'RX1\\jsmith', 'a b', 'x) OR (y', '*', '-user:x', 'last 7d', 'a,b', '<b>'];
  for (const value of hostile) {
    const parsed = parseQuery(termOf('host', value) ?? '', { now: NOW, timeZone: 'Europe/London' });
    ok(parsed.ok, `${value}: ${JSON.stringify(parsed)}`);
    deepEqual(parsed.value.where, { kind: 'equals', field: 'host', value }, value);
  }
  equal(termOf('host', 'a" OR host:"b'), null);
});

test('words of the glossary are found whole, once each, and nothing of a text is lost', () => {
  const rows: readonly [text: string, terms: readonly string[]][] = [
    ['Sysmon, or Audit Policy; sysmon again', ['Sysmon', 'audit policy']],
    ['Domain controllers, NTDS.dit and ATT&CK.', ['NTDS', 'ATT&CK']],
    ['a nis or an epr is none; the EPR is one', ['EPR']],
    ['My-Sysmon-tool, sysmonitor', []],
    ['', []],
    ['<b>SACL</b>', ['SACL']],
    ['constructor __proto__ toString', []],
  ];
  for (const [text, terms] of rows) {
    const pieces = piecesOf(text);
    equal(pieces.map((piece) => piece.text).join(''), text);
    deepEqual(
      pieces.flatMap(({ term }) => (term === null ? [] : [term])),
      terms,
      text,
    );
  }
  for (const [word, meaning] of Object.entries(GLOSSARY)) ok(meaning.endsWith('.') && meaning.length < 260, word);
});

function edge(host: string | null, account: string | null, address: string | null, findings = 1, points = 1): Edge {
  return { host, account, address, findings, points };
}

test('a graph has each entity once, and a line for what was found together', () => {
  const { nodes, lines, left } = layoutOf([
    edge('dc1', 'jsmith', '203.0.113.7', 2, 3),
    edge('dc1', 'jsmith', null),
    edge(null, 'kim', '203.0.113.7'),
    edge('ws-1', null, null),
    // As an account may be called like a machine.
    edge('same', 'same', null),
  ]);
  deepEqual(
    nodes.map(({ kind, name }) => `${kind} ${name}`),
    ['address 203.0.113.7', 'host dc1', 'host same', 'host ws-1', 'account jsmith', 'account kim', 'account same'],
  );
  deepEqual(
    lines.map(({ from, to, findings, points }) => [from.name, to.name, findings, points]),
    [
      ['203.0.113.7', 'dc1', 2, 3],
      ['dc1', 'jsmith', 3, 3],
      ['203.0.113.7', 'kim', 1, 1],
      ['same', 'same', 1, 1],
    ],
  );
  equal(left, 0);
  const places = nodes.map(({ x, y }) => `${x} ${y}`);
  equal(new Set(places).size, places.length, 'no two at one place');
});

test('a graph of many shows those with the most findings, and says how many it leaves out', () => {
  const many = Array.from({ length: 40 }, (_, index) => edge(`h${index}`, 'kim', null, index + 1));
  const { nodes, left, lines } = layoutOf(many);
  deepEqual([nodes.length, left, lines.length], [MAX_OF_KIND + 1, 40 - MAX_OF_KIND, MAX_OF_KIND]);
  equal(nodes[0]?.name, 'h39');
  deepEqual(layoutOf([]).nodes, []);
});

function point(over: Partial<Point>): Point {
  return {
    id: 'fnd_1',
    at: new Date(NOW).toISOString(),
    parameter: 'impact',
    points: 2,
    closedAt: null,
    plain: '',
    ...over,
  };
}

const DAY_MS = 24 * HOUR_MS;

test('a box of the chart has the highest points that counted in its time, and those alone', () => {
  const from = NOW - 7 * DAY_MS;
  const at = (days: number) => new Date(from + days * DAY_MS).toISOString();
  const rows: readonly [what: string, findings: readonly Point[], points: readonly number[]][] = [
    ['nothing', [], [0, 0, 0, 0, 0, 0, 0]],
    ['open until now', [point({ at: at(4.5) })], [0, 0, 0, 0, 2, 2, 2]],
    ['closed after two days', [point({ at: at(1.5), closedAt: at(3.2) })], [0, 2, 2, 2, 0, 0, 0]],
    ['closed at once: it counts for a day', [point({ at: at(1.5), closedAt: at(1.6) })], [0, 2, 2, 0, 0, 0, 0]],
    ['the higher of two', [point({ at: at(5.5) }), point({ at: at(6.5), points: 3 })], [0, 0, 0, 0, 0, 2, 3]],
    ['of another parameter', [point({ at: at(1), parameter: 'data' })], [0, 0, 0, 0, 0, 0, 0]],
    ['without a time', [point({ at: null })], [0, 0, 0, 0, 0, 0, 0]],
  ];
  for (const [what, findings, points] of rows)
    deepEqual(
      cellsOf(
        findings,
        'impact',
        Array.from({ length: 8 }, (_, day) => from + day * DAY_MS),
      ).map((cell) => cell.points),
      points,
      what,
    );
});

for (const [what, now, daysEach, count, edges] of [
  [
    'a week ends with the day that runs',
    '2026-11-02T09:49:00Z',
    1,
    3,
    ['2026-10-31T00:00:00Z', '2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z', '2026-11-02T09:49:00Z'],
  ],
  [
    'the day on which the clocks go back has 25 hours',
    '2026-10-26T09:00:00Z',
    1,
    3,
    ['2026-10-23T23:00:00Z', '2026-10-24T23:00:00Z', '2026-10-26T00:00:00Z', '2026-10-26T09:00:00Z'],
  ],
  [
    'also when it is today',
    '2026-10-25T09:00:00Z',
    1,
    2,
    ['2026-10-23T23:00:00Z', '2026-10-24T23:00:00Z', '2026-10-25T09:00:00Z'],
  ],
  [
    'and when they went forward today',
    '2026-03-29T09:00:00Z',
    2,
    2,
    ['2026-03-27T00:00:00Z', '2026-03-29T00:00:00Z', '2026-03-29T09:00:00Z'],
  ],
  [
    'a day goes by pairs of hours',
    '2026-07-02T09:49:00Z',
    0,
    2,
    ['2026-07-02T07:00:00Z', '2026-07-02T09:00:00Z', '2026-07-02T09:49:00Z'],
  ],
] as const)
  test(`boxes of the chart: ${what}`, () =>
    deepEqual(
      edgesOf(Date.parse(now), daysEach, count).map((edge) => new Date(edge).toISOString().replace('.000', '')),
      edges,
    ));

test('whatever is recorded in the trail is said in words', () => {
  const recorded = ENDPOINTS.filter(
    ({ isRecorded, method, audience }) => (isRecorded || method === 'POST') && audience !== 'anyone',
  );
  deepEqual(
    recorded.map(({ method, path }) => `${method} ${path}`).filter((action) => !Object.hasOwn(TRAIL_WORDS, action)),
    [],
  );
});

test('what cannot be seen is the same to the page as to the service', () => {
  for (let code = 0; code < 0x3000; code++) {
    const char = String.fromCharCode(code);
    equal(asSeen(char) !== char, char.replaceAll(UNSEEN, '') === '', code.toString(16));
  }
});

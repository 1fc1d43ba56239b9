/** What a system exports, as accesses.csv. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { scopeOf } from '../scope.ts';
import { newReport } from '../table.ts';
import { convertExports } from './convert.ts';
import { isoOf } from './dates.ts';
import { parseExportMapping } from './mapping.ts';
import { proposeMapping } from './propose.ts';

for (const [text, order, iso] of [
  ['02/11/2026 09:49', 'day-first', '2026-11-02T09:49:00'],
  ['02/11/2026 09:49', 'month-first', '2026-02-11T09:49:00'],
  ['2.11.26 9:49:07', 'day-first', '2026-11-02T09:49:07'],
  ['2026-11-02 09:49:07.123456', 'day-first', '2026-11-02T09:49:07.123'],
  ['2026-11-02T09:49:07Z', 'day-first', '2026-11-02T09:49:07Z'],
  ['2026-11-02T09:49:07+01:00', 'year-first', '2026-11-02T09:49:07+01:00'],
  ['02-Nov-2026 12:05 AM', 'month-first', '2026-11-02T00:05:00'],
  ['02 November 2026, 12:05pm', 'day-first', '2026-11-02T12:05:00'],
  ['Mon, 02 Nov 2026 09:49', 'day-first', '2026-11-02T09:49:00'],
  ['02/11/2026', 'day-first', '2026-11-02'],
  ['31/02/2026 09:49', 'day-first', null],
  ['13/13/2026', 'day-first', null],
  ['02/11/2026 25:00', 'day-first', null],
  ['yesterday', 'day-first', null],
  ['', 'day-first', null],
] as const)
  test(`“${text}”, ${order}: ${iso ?? 'no time'}`, () => equal(isoOf(text, order), iso));

test('any moment that is written with the day first is read as itself', () => {
  const two = (value: number) => String(value).padStart(2, '0');
  fc.assert(
    fc.property(fc.date({ min: new Date('1990-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }), (at) => {
      const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
      const written = `${two(at.getUTCDate())}/${two(at.getUTCMonth() + 1)}/${at.getUTCFullYear()} ${clock}`;
      equal(isoOf(written, 'day-first'), at.toISOString().slice(0, 19));
    }),
  );
});

function file(t: TestContext, text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-export-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'export.csv'), text);
  return path.join(folder, 'export.csv');
}

/** As the command line does it: proposed, read, written. */
function imported(t: TestContext, text: string) {
  const from = file(t, text);
  const { yaml, doubts } = proposeMapping(from);
  const report = newReport();
  const to = path.join(path.dirname(from), 'accesses.csv');
  const mapping = parseExportMapping(yaml, 'proposed');
  const count = convertExports([from], to, mapping, report);
  return { yaml, doubts, report, count, lines: readFileSync(to, 'utf8').trim().split('\n') };
}

test('a report with its title above, a date and a time apart, and words of its own becomes accesses.csv', (t) => {
  const { lines, count, report, doubts } = imported(
    t,
    [
      'Audit of record access',
      'Printed 02/11/2026',
      '',
      'Date,Time,User Name,NHS Number,Event Type,Workstation ID,Colour',
      '02/11/2026,09:49,jsmith,999 000 0018,Viewed record,PC1,red',
      '13/11/2026,10:00:05,"Smith, J",999 000 0026,Printed letter,PC2,red',
      '31/02/2026,10:00,akhan,999 000 0034,Frobnicated,PC2,red',
      '14/11/2026,10:00,,999 000 0034,Frobnicated,PC2,red',
      '14/11/2026,10:00',
    ].join('\r\n'),
  );
  deepEqual(lines, [
    'time,user,patient,action,host',
    '2026-11-02T09:49:00,jsmith,999 000 0018,read,PC1',
    '2026-11-13T10:00:05,"Smith, J",999 000 0026,print,PC2',
  ]);
  equal(count, 2);
  deepEqual(
    report.setAside.map(({ line, reason }) => [line, reason]),
    [
      [7, 'time is no time that we can read'],
      [8, 'user is empty'],
      [9, 'it has 2 cells, the header 7'],
    ],
  );
  match(doubts.join('\n'), /'frobnicated'/);
  match(doubts.join('\n'), /not used: 'Colour'/);
  ok(!/999 ?000/.test(doubts.join('\n')), 'no patient is named');
});

for (const [title, text, expected] of [
  [
    'semicolons',
    'Access Time;Staff ID;MRN;Activity\n2026-11-02 09:49;u1;p1;Export',
    '2026-11-02T09:49:00,u1,p1,export',
  ],
  ['tabs', 'EVENT_DT_TM\tPRSNL_NAME\tPERSON_ID\n02/11/2026 09:49\tu1\tp1', '2026-11-02T09:49:00,u1,p1'],
  ['months first', 'When,Who,Whom\n11/02/2026 9:49,u1,p1\n11/13/2026 9:49,u1,p1', '2026-11-02T09:49:00,u1,p1'],
  ['a patient without a name for it', 'Date,User,Number\n02/11/2026,u1,9990000018', '2026-11-02,u1,9990000018'],
] as const)
  test(`a mapping is proposed for ${title}`, (t) => equal(imported(t, text).lines[1], expected));

test('Windows-1252 is seen and read, so that no row is lost; a file with UTF-8’s mark is UTF-8', (t) => {
  const text = 'Date;User;Patient;Event\n02/11/2026;Ren\xe9e;p1;Viewed\n02/11/2026;Ren\xe8e;p2;Viewed\n';
  const from = file(t, '');
  writeFileSync(from, Buffer.from(text, 'latin1'));
  const { yaml, doubts } = proposeMapping(from);
  match(yaml, /^encoding: windows-1252$/m);
  match(doubts.join('\n'), /taken for Windows-1252/);
  const marked = file(t, `\uFEFF${text}`);
  const to = path.join(path.dirname(from), 'a.csv');
  const report = newReport();
  convertExports([from, marked], to, parseExportMapping(yaml, 'm'), report);
  equal(readFileSync(to, 'utf8').match(/Renée/g)?.length, 2);
  equal(report.setAsideCount, 0);
});

test('a number as Excel keeps it is the number; one that Excel has rounded is nobody’s', (t) => {
  const { lines, report } = imported(
    t,
    'Date,User,Patient\n02/11/2026,u1,="9990000018"\n02/11/2026,u1,9.99E+09\n13/11/2026,u1,H-17',
  );
  deepEqual(lines.slice(1), ['2026-11-02,u1,9990000018', '2026-11-13,u1,H-17']);
  deepEqual(
    report.setAside.map(({ line }) => line),
    [3],
  );
  match(report.setAside[0]?.reason ?? '', /rounded/);
});

test('what an import could not read is missing in what is asked of it later', (t) => {
  const from = file(t, 'Date,User,Patient\n02/11/2026 09:00,u1,p1\n31/02/2026 09:00,u1,p2\nTotal: 2\n');
  const folder = path.dirname(from);
  const { yaml } = proposeMapping(from);
  convertExports([from], path.join(folder, 'accesses.csv'), parseExportMapping(yaml, 'm'), newReport());
  const question = {
    accounts: ['u1'],
    hosts: [],
    addresses: [],
    from: Date.UTC(2026, 10, 2),
    to: Date.UTC(2026, 10, 3),
  };
  const options = { zone: 'Europe/London', pseudonymKey: null };
  const { total, report } = scopeOf(folder, question, options);
  deepEqual(total.patients, { exact: null, atLeast: 1, upTo: 3 });
  deepEqual(total.gaps, [{ kind: 'unreadable-rows', count: 2 }]);
  deepEqual(report.setAside[0], { file: 'export.csv', line: 3, reason: 'time is no time that we can read' });
  rmSync(path.join(folder, 'set-aside.csv'));
  equal(scopeOf(folder, question, options).total.patients.exact, 1);
});

test('what is not sure is said', (t) => {
  match(
    imported(t, 'Date,User,Patient\n02/11/2026,u1,p1').doubts.join('\n'),
    /whether the day or the month stands first/,
  );
  match(imported(t, 'Date,User,Patient\n02/11/2026,u1,p1').doubts.join('\n'), /printing and exporting cannot be told/);
  match(
    imported(t, 'Date,User,Patient,Status\n02/11/2026,u1,p1,4\n02/11/2026,u1,p1,Complete').doubts.join('\n'),
    /'Status' was taken for the outcome; of its values in the sample '4' means that nobody was let in/,
  );
});

test('what is no export of accesses is refused, and nothing is written over', (t) => {
  throws(
    () => proposeMapping(file(t, 'x'.repeat(3_000_000))),
    /\.csv: line 1: it is longer than a line may be \(1,048,576 characters\)/,
  );
  throws(() => proposeMapping(file(t, 'Name,Price\nx,1\n')), /no line of the first 30 looks like the header/);
  const from = file(t, 'Date,User,Patient\n02/11/2026,u1,p1\n');
  const mapping = parseExportMapping('columns: {time: Date, user: User, patient: Patient}', 'm');
  const other = parseExportMapping('columns: {time: When, user: User, patient: Patient}', 'm');
  const to = path.join(path.dirname(from), 'a.csv');
  equal(convertExports([from], to, mapping, newReport()), 1);
  throws(() => convertExports([from], to, mapping, newReport()), /is there already/);
  throws(() => convertExports([from], `${to}2`, other, newReport()), /“When”/);
  equal(convertExports([from], `${to}2`, mapping, newReport()), 1, 'nothing of the failed try is left');
});

test('UTF-16 is called by its name, with a mark or without', (t) => {
  for (const text of ['\uFEFFDate,User,Patient\n', 'Date,User,Patient\n']) {
    const from = file(t, '');
    writeFileSync(from, Buffer.from(text, 'utf16le'));
    throws(() => proposeMapping(from), /is UTF-16: save it as “CSV UTF-8”/);
  }
});

for (const [yaml, why] of [
  ['[]', /is not a YAML mapping/],
  ['colums: {}', /says “colums”/],
  ['columns: {time: a, user: b}', /which column is the patient/],
  ["columns: {time: a, user: b, patient: ''}", /says nothing for “patient”/],
  ['columns: {time: a, user: b, patient: c, colour: d}', /has a column “colour”/],
  ['delimiter: dot\ncolumns: {}', /delimiter/],
  ['encoding: ebcdic\ncolumns: {}', /encoding/],
  ['dates: backwards\ncolumns: {}', /dates/],
  ['a: [', /is no YAML/],
] as const)
  test(`a mapping is refused: ${yaml}`, () => throws(() => parseExportMapping(yaml, 'm.yml'), why));

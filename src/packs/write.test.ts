/** A draft as a file. */
import { equal, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parseXml } from '../intake/formats/xml-tree.ts';
import { draftFile } from './write.ts';

const UNZIP = '/usr/bin/unzip';
const PDFTOTEXT = '/usr/bin/pdftotext';
const HAS_READER = existsSync(PDFTOTEXT);
if (!HAS_READER) process.stderr.write('SKIPPED: pdftotext is not here, so names in PDFs are not proved.\n');

test('a name stands in a PDF as its owner writes it', { skip: !HAS_READER }, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-pdf-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const names = ['Siân Ŵyn ŵy', 'Łódź Żółw', 'Şükrü Ağaoğlu', 'Ελένη', 'Иван', 'O’Neill “Bob” …'];
  const draft = { name: 'letter', title: 'Letter', isLetter: true, sections: [{ heading: 'Dear', lines: names }] };
  const file = path.join(folder, 'letter.pdf');
  writeFileSync(file, await draftFile(draft, 'pdf'));
  const { status, stdout } = spawnSync(PDFTOTEXT, ['-layout', file, '-'], { encoding: 'utf8' });
  equal(status, 0);
  for (const name of names) ok(stdout.includes(name), `${name}: ${stdout}`);
});

test('a name from a log with characters that XML does not have leaves a DOCX that opens', {
  skip: !existsSync(UNZIP),
}, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-docx-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const lines = ['ward\u00007-pc\u000b1', 'lone \ud800 half', 'no character \uffff', '<w:t>&amp;</w:t>', 'Łukasz 😀'];
  const draft = { name: 'a', title: 'T\u0001', isLetter: false, sections: [{ heading: 'H\u0002', lines }] };
  const file = path.join(folder, 'a.docx');
  writeFileSync(file, await draftFile(draft, 'docx'));
  const { stdout } = spawnSync(UNZIP, ['-p', file, 'word/document.xml'], { encoding: 'utf8' });
  ok(parseXml(stdout) !== null, 'it is well-formed');
  // XML 1.0, production 2: tab, line feed, carriage return, and from the blank on.
  ok(!/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(stdout));
  ok(stdout.includes('ward7-pc1') && stdout.includes('Łukasz 😀') && stdout.includes('&lt;w:t&gt;&amp;amp;'));
});

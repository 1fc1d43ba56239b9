/** A draft as a file. */
import { equal, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { draftFile } from './write.ts';

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

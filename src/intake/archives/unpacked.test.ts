import { equal } from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { removeUnpacked, unpackedFolder } from './unpacked.ts';

test('an interrupt leaves nothing that was unpacked, and takes nothing of another process', (t) => {
  const others = mkdtempSync(path.join(tmpdir(), `wardwatch-7z-${process.pid}0-`));
  t.after(() => rmSync(others, { recursive: true }));
  const own = unpackedFolder();
  writeFileSync(path.join(own, 'a.log'), 'x');
  removeUnpacked();
  equal(existsSync(own), false);
  equal(existsSync(others), true);
});

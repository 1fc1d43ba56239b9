import { deepEqual, rejects } from 'node:assert/strict';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { servicePseudonyms } from './kept-records.ts';

test('a folder that holds no key is refused, and no key is made in it: “nobody looked” would be a lie', async () => {
  const base = mkdtempSync(path.join(tmpdir(), 'wardwatch-wrong-keys-'));
  await rejects(servicePseudonyms(base, path.join(base, 'data')), { code: 'keys/missing' });
  deepEqual(readdirSync(base), []);
});

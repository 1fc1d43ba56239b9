import { deepEqual, rejects } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { servicePseudonyms } from './kept-records.ts';

test('a folder that holds no key is refused, and no key is made in it: “nobody looked” would be a lie', async () => {
  const base = mkdtempSync(path.join(tmpdir(), 'wardwatch-wrong-keys-'));
  const [data, keys] = [path.join(base, 'data'), path.join(base, 'keys')];
  mkdirSync(path.join(data, 'archive'), { recursive: true });
  mkdirSync(keys);
  await rejects(servicePseudonyms(keys, data), { code: 'keys/missing' });
  deepEqual(readdirSync(keys), []);
});

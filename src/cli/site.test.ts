import { deepEqual, throws } from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Refusal } from '../core/refusal.ts';
import { readDomains, readPlaceholders } from './site.ts';

const file = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-site-')), 'site.yml');

function siteOf(text: string): string {
  writeFileSync(file, text);
  return file;
}

test('domains are read by the names that stand behind an @, and the other parts of the file know of them', () => {
  const site = siteOf('domains:\n  HOSPICE: [Hospice.example, hospice.local]\n  LAB: [lab.example]\n');
  deepEqual(readDomains(site), { 'hospice.example': 'HOSPICE', 'hospice.local': 'HOSPICE', 'lab.example': 'LAB' });
  readPlaceholders(site);
  deepEqual(readDomains(siteOf('placeholders: {}')), {});
  deepEqual(readDomains(null), {});
});

for (const [what, text] of [
  ['no mapping', 'domains: [hospice.example]'],
  ['no list', 'domains: {HOSPICE: hospice.example}'],
  ['a long name without a dot', 'domains: {HOSPICE: [hospice]}'],
  ['a name with an @', 'domains: {HOSPICE: ["@hospice.example"]}'],
  ['a short name that is long', 'domains: {hospice.local: [hospice.example]}'],
  ['one name under two domains', 'domains: {HOSPICE: [hospice.example], LAB: [HOSPICE.example]}'],
] as const)
  test(`domains that are ${what} are refused`, () => {
    throws(
      () => readDomains(siteOf(text)),
      (error) => error instanceof Refusal && error.code === 'mapping/invalid',
    );
  });

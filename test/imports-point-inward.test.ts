import { deepEqual } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const SRC = path.join(import.meta.dirname, '..', 'src');

/** What each folder may import, besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  intake: ['core', 'intake/evtx'],
  'intake/evtx': ['core'],
  detect: ['core'],
  'detect/sigma': ['core'],
  content: [],
  store: ['core'],
  findings: ['core', 'detect', 'detect/sigma', 'content'],
  ops: ['core', 'store'],
  people: ['core', 'store', 'ops'],
  incidents: ['core', 'store'],
  notices: ['core', 'store', 'incidents'],
  simulate: ['core', 'records'],
  packs: ['core', 'store', 'incidents', 'records'],
  records: ['core'],
  watch: ['core', 'intake', 'detect', 'detect/sigma', 'records', 'findings', 'store', 'ops'],
  api: ['core', 'store', 'ops', 'people', 'incidents', 'notices', 'packs', 'records', 'watch'],
  serve: [
    'scan',
    'report',
    'core',
    'intake',
    'detect',
    'detect/sigma',
    'store',
    'ops',
    'people',
    'incidents',
    'notices',
    'packs',
    'records',
    'watch',
    'api',
    'web',
  ],
  // The page knows the service by the written types of its client only.
  web: [],
  scan: ['core', 'intake', 'intake/evtx', 'detect', 'detect/sigma', 'findings'],
  report: ['core', 'detect/sigma', 'findings', 'scan'],
  cli: [
    'core',
    'intake',
    'intake/evtx',
    'detect',
    'detect/sigma',
    'findings',
    'scan',
    'report',
    'records',
    'store',
    'ops',
    'people',
    'incidents',
    'notices',
    'packs',
    'simulate',
    'watch',
    'serve',
  ],
  '': ['core', 'cli'],
};

function folderOf(file: string): string {
  const folder = path.relative(SRC, path.dirname(file)).split(path.sep).join('/');
  const known = Object.keys(ALLOWED)
    .filter((name) => folder === name || folder.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length);
  return known[0] ?? '';
}

test('imports point inward', () => {
  const wrong: string[] = [];
  for (const name of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !file.endsWith('.test.ts'),
  )) {
    const file = path.join(SRC, name);
    const from = folderOf(file);
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const to = folderOf(path.resolve(path.dirname(file), target));
      if (to !== from && !(ALLOWED[from] ?? []).includes(to)) wrong.push(`${name} imports ${target}`);
    }
  }
  deepEqual(wrong, []);
});

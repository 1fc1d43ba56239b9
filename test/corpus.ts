import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const BASE = process.env['WARDWATCH_CORPUS'] ?? path.join(homedir(), '.cache', 'wardwatch-corpus');
/** Beside the checkout, where the material for tests lies; absent on most machines. */
const SHARED = path.join(import.meta.dirname, '..', '..', 'shared');

/** The folder of one set of real logs that nobody here wrote, or `null` (with a loud line) where it is absent. */
export function corpusDir(name: string): string | null {
  const unpack = path.join(SHARED, 'data', 'unpack');
  if (!existsSync(path.join(BASE, name)) && existsSync(unpack))
    spawnSync(unpack, { stdio: ['ignore', 'ignore', 'inherit'] });
  const dir = path.join(BASE, name);
  return existsSync(dir) ? dir : skip(`the corpus “${name}”`);
}

/** A reference file, parsed, or `null` (with a loud line) where it is absent. */
export function reference(name: string): unknown {
  const file = path.join(SHARED, 'reference', name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : skip(`the reference “${name}”`);
}

function skip(what: string): null {
  process.stderr.write(`SKIPPED: ${what} is not here, so what it would have proved is not proved.\n`);
  return null;
}

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const BASE = process.env['WARDWATCH_CORPUS'] ?? path.join(homedir(), '.cache', 'wardwatch-corpus');

/** The folder of one set of real logs that nobody here wrote, or `null` (with a loud line) where it is absent. */
export function corpusDir(name: string): string | null {
  const dir = path.join(BASE, name);
  if (existsSync(dir)) return dir;
  process.stderr.write(`SKIPPED: the corpus “${name}” is not here, so what it would have proved is not proved.\n`);
  return null;
}

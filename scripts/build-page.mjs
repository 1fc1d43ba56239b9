// Builds the page (src/web) into build/web when it is not there, or older than what it is made of: a second or two.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pinnedNode, root } from './pinned-node.mjs';

const built = path.join(root, 'build', 'web');

/** Its output goes to standard error. @returns false if the page could not be built: one that was built before stays */
export function buildPage() {
  if (isNew()) return true;
  process.stderr.write('wardwatch: building the page…\n');
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const config = path.join(root, 'src', 'web', 'vite.config.ts');
  const { status } = spawnSync(pinnedNode(), [vite, 'build', '--config', config, '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.stderr.write('wardwatch: the page could not be built (see above).\n');
  return status === 0;
}

/** What a first visit loads, in bytes: each file as it is, and as it travels. */
export function pageSizes() {
  const files = ['index.html', ...readdirSync(path.join(built, 'assets')).map((name) => path.join('assets', name))];
  return files.map((name) => {
    const body = readFileSync(path.join(built, name));
    return { name, bytes: body.length, zipped: gzipSync(body, { level: 9 }).length };
  });
}

function isNew() {
  const index = path.join(built, 'index.html');
  if (!existsSync(index)) return false;
  const made = statSync(index).mtimeMs;
  const sources = readdirSync(path.join(root, 'src', 'web'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return [...sources, path.join(root, 'package-lock.json')].every((file) => statSync(file).mtimeMs <= made);
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

/** A file system of its own with so many bytes, gone after the test; `null`, with a loud line, where none can be made. */
export function smallDisk(t: TestContext, bytes: number): string | null {
  const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir]).status === 0;
  t.after(() => {
    if (mounted) spawnSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true, force: true });
  });
  if (mounted) return dir;
  process.stderr.write('SKIPPED: only root can make a small disk here, so what a full one does is not proved.\n');
  t.skip('needs root');
  return null;
}

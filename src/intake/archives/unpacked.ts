import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The process is part of the name: all its threads unpack, and one of them clears up. */
const PREFIX = `wardwatch-7z-${process.pid}-`;

/** A private folder for what an archive holds. Whoever makes one removes it. */
export function unpackedFolder(): string {
  return mkdtempSync(path.join(tmpdir(), PREFIX));
}

/** Removes what this process has unpacked: an interrupt must leave no logs behind. */
export function removeUnpacked(): void {
  for (const name of readdirSync(tmpdir()))
    if (name.startsWith(PREFIX)) rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
}

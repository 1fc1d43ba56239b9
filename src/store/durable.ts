import { open, rename, type FileHandle } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

/** Makes names in a folder (new, renamed, removed files) survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder, and its name in the one above it survive a power cut. Does nothing if it is there. */
export async function makeFolder(folder: string, mode = 0o750): Promise<void> {
  if (mkdirSync(folder, { recursive: true, mode }) !== undefined) await syncFolder(path.dirname(folder));
}

/** Makes a finished file's bytes survive a power cut, then gives it its name. Afterwards it is whole or not there. */
export async function publish(written: string, name: string): Promise<void> {
  const handle = await open(written, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(written, name);
  await syncFolder(path.dirname(name));
}

/** Writes all of the bytes at an offset: a single write may take fewer when the disk is nearly full. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

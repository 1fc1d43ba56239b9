import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { Decrypter } from 'age-encryption';
import { extract } from 'tar-stream';
import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { isSegmentName } from '../archive/catalog.ts';
import { verify, type VerifyReport } from '../archive/verify.ts';
import { wordsNumber } from '../archive/word-filter.ts';
import { syncFolder, writeAll } from '../durable.ts';
import { startOf } from '../journal-segment.ts';
import type { Manifest } from './backup.ts';

const MANIFEST = z.object({
  schema: z.literal('wardwatch.backup/1'),
  version: z.string(),
  at: z.iso.datetime(),
  state: z.enum(['sqlite', 'postgres']),
  damaged: z.array(z.string()),
  files: z.array(z.object({ name: z.string(), bytes: z.number().int().min(0), sha256: z.string() })),
});

/**
 * Restores a backup into a folder that is not there or empty. Until everything in it has been checked (every file against
 * its hash, the archive against its chain) nothing has the folder's name.
 *
 * @param options `isDamageAccepted`: also what was damaged already when it was backed up; the report then names it
 * @throws Refusal `input/not-found`, `backup/not-empty`, `backup/wrong-passphrase`, `backup/damaged`, `backup/of-damage`
 */
export async function restoreBackup(
  from: string,
  passphrase: string,
  data: string,
  { isDamageAccepted = false } = {},
): Promise<{ readonly manifest: Manifest; readonly report: VerifyReport }> {
  if (!existsSync(from)) throw new Refusal('input/not-found', `there is no ${from}`);
  if (existsSync(data) && readdirSync(data).length > 0)
    throw new Refusal('backup/not-empty', `${data} is not empty: nothing is restored over what is there`);
  const work = `${data.replace(/[/\\]+$/, '')}.restoring`;
  rmSync(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true, mode: 0o750 });
  try {
    const manifest = await unpack(from, passphrase, work);
    const report = await verify(work);
    if (!report.ok && !isDamageAccepted) {
      const [{ what, detail } = { what: '', detail: '' }] = report.problems;
      throw new Refusal(
        'backup/of-damage',
        `it holds what was there, and that was not whole: ${what}: ${detail} (${report.problems.length} in all)`,
      );
    }
    rmSync(data, { recursive: true, force: true });
    await rename(work, data);
    await syncFolder(path.dirname(path.resolve(data)));
    return { manifest, report };
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
}

async function unpack(from: string, passphrase: string, into: string): Promise<Manifest> {
  const bytes = Readable.toWeb(createReadStream(from)) as ReadableStream<Uint8Array>;
  const plain = Readable.fromWeb((await decrypted(bytes, passphrase)) as Parameters<typeof Readable.fromWeb>[0]);
  const tar = extract();
  plain.on('error', (error) => tar.destroy(error));
  const unzipped = plain.pipe(createZstdDecompress());
  unzipped.on('error', (error) => tar.destroy(error));
  unzipped.pipe(tar);
  const found = new Map<string, { bytes: number; sha256: string }>();
  let manifest: Manifest | null = null;
  try {
    for await (const entry of tar) {
      const { name } = entry.header;
      if (name === 'manifest.json') {
        manifest = MANIFEST.parse(JSON.parse(await textOf(entry)));
        continue;
      }
      // A name out of a file is never trusted to be a path.
      if (!isOurs(name)) throw new Refusal('backup/damaged', 'it holds a file that no backup of ours has');
      found.set(name, await writeFile(path.join(into, ...name.split('/')), entry));
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('backup/damaged', 'it was cut off or changed', { cause: error });
  }
  if (manifest === null) throw new Refusal('backup/damaged', 'it was cut off: its end is missing');
  for (const { name, bytes: size, sha256 } of manifest.files) {
    const own = found.get(name);
    if (own?.bytes !== size || own.sha256 !== sha256)
      throw new Refusal('backup/damaged', `${name} is not as it was backed up`);
  }
  if (found.size !== manifest.files.length) throw new Refusal('backup/damaged', 'it holds more than it says');
  return manifest;
}

/** @throws Refusal `backup/wrong-passphrase` */
async function decrypted(bytes: ReadableStream<Uint8Array>, passphrase: string): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(bytes);
  } catch (error) {
    throw new Refusal('backup/wrong-passphrase', 'it does not open with this passphrase, or is no backup', {
      cause: error,
    });
  }
}

function isOurs(name: string): boolean {
  if (name === 'state.db' || name === 'learned/behaviour.json') return true;
  if (name === 'archive/chain.log' || name === 'archive/head.json') return true;
  if (name.startsWith('archive/words/')) return wordsNumber(name.slice('archive/words/'.length)) !== null;
  const [folder = '', ...rest] = name.split('/');
  if (folder === 'journal') return rest.length === 1 && startOf(rest[0] ?? '') !== null;
  return name.startsWith('archive/segments/') && isSegmentName(name.slice('archive/segments/'.length));
}

async function writeFile(file: string, pieces: AsyncIterable<unknown>): Promise<{ bytes: number; sha256: string }> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o750 });
  const handle = await open(file, 'wx', 0o640);
  const hash = createHash('sha256');
  let at = 0;
  try {
    for await (const piece of pieces) {
      const bytes = piece as Buffer;
      hash.update(bytes);
      await writeAll(handle, bytes, at);
      at += bytes.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes: at, sha256: hash.digest('hex') };
}

const MAX_MANIFEST = 256 << 20;

async function textOf(pieces: AsyncIterable<unknown>): Promise<string> {
  const all: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    all.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes > MAX_MANIFEST) throw new Refusal('backup/damaged', 'its list of files is larger than any of ours');
  }
  return Buffer.concat(all).toString('utf8');
}

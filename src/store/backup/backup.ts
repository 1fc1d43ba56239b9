import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { Encrypter } from 'age-encryption';
import BetterSqlite from 'better-sqlite3';
import { pack, type Pack } from 'tar-stream';
import { Refusal } from '../../core/refusal.ts';
import { segmentsFolder } from '../archive/archive.ts';
import { Catalog } from '../archive/catalog.ts';
import { readChain } from '../archive/chain.ts';
import { syncFolder } from '../durable.ts';
import { startOf } from '../journal-segment.ts';
import { placesIn } from '../places.ts';

/** What is in a backup: its last file, so that a backup without one was cut off. */
export interface Manifest {
  readonly schema: 'wardwatch.backup/1';
  readonly version: string;
  readonly at: string;
  /** `postgres`: the state lies there, and is not in here. */
  readonly state: 'sqlite' | 'postgres';
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

export interface BackupOptions {
  readonly data: string;
  readonly to: string;
  readonly passphrase: string;
  readonly state: Manifest['state'];
  readonly version: string;
  readonly now: number;
  /** Only for tests: a weaker work factor of scrypt. */
  readonly workFactor?: number;
}

/** The service may seal and forget while we copy; then what was copied has a hole and is copied again. */
const MAX_ATTEMPTS = 5;

/**
 * Writes a backup of a data folder, whether or not a service runs on it: state, sealed segments with their chain, and
 * the journal. It holds no key; the file is encrypted to a passphrase in the age format (`age -d FILE | zstd -d | tar t`).
 *
 * Order makes it whole: the state first, then the chain, then the journal. Whatever the state knows of, the journal or
 * a segment holds.
 *
 * @throws Refusal `store/not-found`, `backup/exists`, `store/busy` if the service seals faster than we copy
 */
export async function writeBackup(options: BackupOptions): Promise<Manifest> {
  const { data, to } = options;
  if (!existsSync(placesIn(data).archive)) throw new Refusal('store/not-found', `${data} holds no archive`);
  if (existsSync(to)) throw new Refusal('backup/exists', `${to} is there already`);
  const work = mkdtempSync(`${to}.`);
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const manifest = await attemptBackup(options, path.join(work, 'backup'), work);
      if (manifest === null) continue;
      await rename(path.join(work, 'backup'), to);
      await syncFolder(path.dirname(to));
      return manifest;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  throw new Refusal('store/busy', 'the service seals faster than we can copy');
}

/** `null`: something went away while it was copied. */
async function attemptBackup(options: BackupOptions, to: string, work: string): Promise<Manifest | null> {
  const { data, passphrase, state, version, now, workFactor } = options;
  const places = placesIn(data);
  const stateCopy = path.join(work, 'state.db');
  if (state === 'sqlite') await copyState(path.join(data, 'state.db'), stateCopy);
  const { lines, head, bytes } = readChain(places.archive);
  const catalog = new Catalog(lines);
  const writing = new Writing();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  if (workFactor !== undefined) encrypter.setScryptWorkFactor(workFactor);
  const packed = Readable.toWeb(writing.tar.pipe(createZstdCompress())) as ReadableStream<Uint8Array>;
  const encrypted = await encrypter.encrypt(packed);
  await rm(to, { force: true });
  const file = await open(to, 'wx', 0o600);
  const written = pipeline(
    Readable.fromWeb(encrypted as Parameters<typeof Readable.fromWeb>[0]),
    file.createWriteStream(),
  );
  const copying = (async () => {
    try {
      if (state === 'sqlite') await writing.file('state.db', stateCopy);
      if (existsSync(places.learned)) await writing.file('learned/behaviour.json', places.learned);
      await writing.bytes('archive/chain.log', bytes);
      await writing.bytes('archive/head.json', Buffer.from(`${JSON.stringify(head)}\n`));
      for (const name of catalog.live.keys()) {
        const named = path.join(segmentsFolder(places.archive), name);
        await writing.file(`archive/segments/${name}`, existsSync(named) ? named : `${named}.part`);
      }
      const journal = readdirSync(places.journal)
        .filter((name) => startOf(name) !== null)
        .sort();
      // What was sealed and forgotten since the chain was read would be in neither.
      if ((startOf(journal[0] ?? '') ?? 0) > catalog.sealedTo) throw new Gone();
      for (const name of journal) await writing.file(`journal/${name}`, path.join(places.journal, name));
      const manifest: Manifest = {
        schema: 'wardwatch.backup/1',
        version,
        at: new Date(now).toISOString(),
        state,
        files: writing.files,
      };
      await writing.bytes('manifest.json', Buffer.from(JSON.stringify(manifest)));
      writing.tar.finalize();
      return manifest;
    } catch (error) {
      writing.tar.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  })();
  const [copied, ended] = await Promise.allSettled([copying, written]);
  if (copied.status === 'rejected') {
    if (isGone(copied.reason)) return null;
    throw copied.reason;
  }
  if (ended.status === 'rejected') throw ended.reason;
  const handle = await open(to, 'r');
  await handle.sync();
  await handle.close();
  return copied.value;
}

/** A copy of one moment, while others write. */
async function copyState(from: string, to: string): Promise<void> {
  rmSync(to, { force: true });
  const database = new BetterSqlite(from, { readonly: true, fileMustExist: true });
  try {
    await database.backup(to);
  } finally {
    database.close();
  }
}

class Gone extends Error {}

function isGone(error: unknown): boolean {
  return error instanceof Gone || (error instanceof Error && 'code' in error && error.code === 'ENOENT');
}

/** A tar that is written file by file, with what is written hashed on the way. */
class Writing {
  readonly tar: Pack = pack();
  readonly files: { name: string; bytes: number; sha256: string }[] = [];

  async bytes(name: string, bytes: Buffer): Promise<void> {
    this.files.push({ name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    await new Promise<void>((resolve, reject) => {
      this.tar.entry({ name, mode: 0o600 }, bytes, (error) => (error == null ? resolve() : reject(error)));
    });
  }

  /** So much as the file holds now: the journal may grow while it is read. */
  async file(name: string, from: string): Promise<void> {
    const { size } = statSync(from);
    if (size === 0) return this.bytes(name, Buffer.alloc(0));
    const hash = createHash('sha256');
    const entry = this.tar.entry({ name, size, mode: 0o600 });
    await pipeline(
      createReadStream(from, { end: size - 1 }),
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          hash.update(piece);
          yield piece;
        }
      },
      entry,
    );
    this.files.push({ name, bytes: size, sha256: hash.digest('hex') });
  }
}

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { Encrypter } from 'age-encryption';
import BetterSqlite from 'better-sqlite3';
import { pack, type Pack } from 'tar-stream';
import { Refusal } from '../../core/refusal.ts';
import { PART, segmentsFolder } from '../archive/segment-files.ts';
import { Catalog, isSegmentName, sealedTo, segmentNumber } from '../archive/catalog.ts';
import { readChain } from '../archive/chain.ts';
import { chainProblems } from '../archive/verify.ts';
import { wordsFile, wordsFolder } from '../archive/word-filter.ts';
import { syncFolder } from '../durable.ts';
import { startOf } from '../journal-segment.ts';
import { journalStart, readJournal, type Position } from '../journal.ts';
import { type Places, placesIn } from '../places.ts';

/** What is in a backup: its last file, so that a backup without one was cut off. */
export interface Manifest {
  readonly schema: 'wardwatch.backup/1';
  readonly version: string;
  readonly at: string;
  /** `postgres`: the state lies there, and is not in here. */
  readonly state: 'sqlite' | 'postgres';
  /** What was not whole when it was backed up, in words; a segment by its name. */
  readonly damaged: readonly string[];
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
const COPY = 'backup-copy-';
const DAY_MS = 86_400_000;

/**
 * Writes a backup of a data folder, whether or not a service runs on it: state, sealed segments with their chain, and
 * the journal. It holds no key; the file is encrypted to a passphrase in the age format (`age -d FILE | zstd -d | tar t`).
 *
 * Order makes it whole: the state first, then the chain, then the journal, then segments. Whatever the state knows of,
 * the journal or a segment holds. What is not whole itself is copied as it is, and named.
 *
 * @throws Refusal `store/not-found`, `backup/exists`, `backup/no-space`, `store/busy` if things go faster than we copy
 */
export async function writeBackup(options: BackupOptions): Promise<Manifest> {
  const { data, to, now } = options;
  if (!existsSync(placesIn(data).archive)) throw new Refusal('store/not-found', `${data} holds no archive`);
  if (existsSync(to)) throw new Refusal('backup/exists', `${to} is there already`);
  const folder = path.dirname(path.resolve(to));
  if (!existsSync(folder)) throw new Refusal('input/not-found', `there is no folder ${folder}`);
  removeStaleCopies(data, now);
  // The state's copy is not encrypted: it lies where the state does, and never where backups are kept.
  const work = mkdtempSync(path.join(data, COPY));
  const part = `${to}.${path.basename(work).slice(COPY.length)}.part`;
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const manifest = await attemptBackup(options, part, work);
      if (manifest === null) continue;
      await rename(part, to);
      await syncFolder(folder);
      return manifest;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(part, { force: true });
  }
  throw new Refusal('store/busy', 'the service seals and deletes faster than we can copy');
}

/** Those of backups that were killed. */
function removeStaleCopies(data: string, now: number): void {
  for (const name of readdirSync(data)) {
    const folder = path.join(data, name);
    if (name.startsWith(COPY) && now - statSync(folder).mtimeMs > DAY_MS)
      rmSync(folder, { recursive: true, force: true });
  }
}

/** `null`: something went away while it was copied. */
async function attemptBackup(options: BackupOptions, to: string, work: string): Promise<Manifest | null> {
  const { passphrase, workFactor } = options;
  const writing = new Writing();
  const compress = createZstdCompress();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  if (workFactor !== undefined) encrypter.setScryptWorkFactor(workFactor);
  const encrypted = await encrypter.encrypt(Readable.toWeb(compress) as ReadableStream<Uint8Array>);
  await rm(to, { force: true });
  const file = await open(to, 'wx', 0o600);
  // Each ends with an error as soon as one before it does.
  const written = Promise.all([
    pipeline(writing.tar, compress),
    pipeline(
      Readable.fromWeb(encrypted as Parameters<typeof Readable.fromWeb>[0]),
      file.createWriteStream({ flush: true }),
    ),
  ]);
  const copying = copyAll(options, writing, work).catch((error: unknown) => {
    writing.tar.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  const [copied, ended] = await Promise.allSettled([copying, written]);
  if (copied.status === 'rejected' && copied.reason instanceof Gone) return null;
  // If the disk of the backup is full, that is what broke the copying too.
  if (ended.status === 'rejected' && isFull(ended.reason))
    throw new Refusal('backup/no-space', `there is no space left for ${options.to}`, { cause: ended.reason });
  if (copied.status === 'rejected') throw copied.reason;
  if (ended.status === 'rejected') throw ended.reason;
  return copied.value;
}

async function copyAll(options: BackupOptions, writing: Writing, work: string): Promise<Manifest> {
  const { data, state, version, now } = options;
  const places = placesIn(data);
  const stateCopy = path.join(work, 'state.db');
  if (state === 'sqlite') await copyState(path.join(data, 'state.db'), stateCopy);
  const chain = readChain(places.archive);
  const catalog = new Catalog(chain.lines);
  const damaged = chainProblems(chain).map(({ what, detail }) => `chain, ${what}: ${detail}`);
  // The journal right after the chain: it is forgotten as it is sealed, and segments take their time.
  damaged.push(...(await copyJournal(places, catalog.sealedTo, writing)));
  if (state === 'sqlite') await writing.file('state.db', stateCopy);
  if (existsSync(places.learned)) await writing.file('learned/behaviour.json', places.learned);
  await writing.bytes('archive/chain.log', chain.bytes);
  await writing.bytes('archive/head.json', Buffer.from(`${JSON.stringify(chain.head)}\n`));
  for (const { name, sha256 } of catalog.live.values()) {
    if ((await copySegment(places.archive, name, writing)) !== sha256) damaged.push(name);
  }
  // Without them searches for words take longer, and nothing is lost: one that is gone is no damage.
  for (const name of new Set([...catalog.live.keys()].map((segment) => wordsFile(segmentNumber(segment)))))
    await writing.fileIfThere(`archive/words/${name}`, path.join(wordsFolder(places.archive), name));
  const manifest: Manifest = {
    schema: 'wardwatch.backup/1',
    version,
    at: new Date(now).toISOString(),
    state,
    damaged,
    files: writing.files,
  };
  await writing.bytes('manifest.json', Buffer.from(JSON.stringify(manifest)));
  writing.tar.finalize();
  return manifest;
}

/** @returns what is wrong with it */
async function copyJournal({ archive, journal }: Places, sealed: Position, writing: Writing): Promise<string[]> {
  const damaged: string[] = [];
  const start = journalStart(journal);
  if (start !== null && start > sealed) {
    if (start <= sealedTo(archive)) throw new Gone('the journal was forgotten meanwhile');
    damaged.push(`journal: what it held from ${sealed} to ${start} is gone`);
  }
  for (const name of existsSync(journal) ? readdirSync(journal).sort() : []) {
    if (startOf(name) === null) continue;
    if ((await writing.fileIfThere(`journal/${name}`, path.join(journal, name))) === null)
      throw new Gone('the journal was forgotten meanwhile');
  }
  const entries = readJournal(journal, sealed, ({ kind, from, to }) => {
    if (kind !== 'torn-tail') damaged.push(`journal: ${kind} from ${from} to ${to}`);
  });
  for await (const _entry of entries) {
    // Read for its damage only.
  }
  return damaged;
}

/** @returns its SHA-256; `null` if it is not there though it should be */
async function copySegment(archive: string, name: string, writing: Writing): Promise<string | null> {
  if (!isSegmentName(name)) return null;
  const named = path.join(segmentsFolder(archive), name);
  // It may be given its name between two looks.
  for (const file of [named, named + PART, named]) {
    const sha256 = await writing.fileIfThere(`archive/segments/${name}`, file);
    if (sha256 !== null) return sha256;
  }
  if (new Catalog(readChain(archive).lines).deleted.has(name)) throw new Gone('a segment was deleted meanwhile');
  return null;
}

/** A copy of one moment, while others write. */
async function copyState(from: string, to: string): Promise<void> {
  rmSync(to, { force: true });
  const database = new BetterSqlite(from, { readonly: true, fileMustExist: true });
  try {
    // All pages in one step: a copy in several begins anew whenever somebody writes in between, and might never end.
    await database.backup(to, { progress: () => ALL_PAGES });
  } finally {
    database.close();
  }
}

const ALL_PAGES = 0x7fff_ffff;

/** What was to be copied was sealed, forgotten or deleted meanwhile. */
class Gone extends Error {}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

function isFull(error: unknown): boolean {
  return codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
}

/** A tar that is written file by file, with what is written hashed on the way. */
class Writing {
  readonly tar: Pack = pack();
  readonly files: { name: string; bytes: number; sha256: string }[] = [];

  async bytes(name: string, bytes: Buffer): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await new Promise<void>((resolve, reject) => {
      this.tar.entry({ name, mode: 0o600 }, bytes, (error) => (error == null ? resolve() : reject(error)));
    });
    this.files.push({ name, bytes: bytes.length, sha256 });
    return sha256;
  }

  async file(name: string, from: string): Promise<string> {
    const sha256 = await this.fileIfThere(name, from);
    if (sha256 === null) throw new Gone(`${name} went away`);
    return sha256;
  }

  /** So much as the file holds now: the journal may grow while it is read. @returns its SHA-256; `null` if it is not there */
  async fileIfThere(name: string, from: string): Promise<string | null> {
    let handle: FileHandle;
    try {
      handle = await open(from, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
    try {
      const { size } = await handle.stat();
      if (size === 0) return await this.bytes(name, Buffer.alloc(0));
      const hash = createHash('sha256');
      let read = 0;
      await pipeline(
        handle.createReadStream({ end: size - 1, autoClose: false }),
        async function* (pieces: AsyncIterable<Buffer>) {
          for await (const piece of pieces) {
            read += piece.length;
            hash.update(piece);
            yield piece;
          }
          if (read < size) throw new Gone(`${name} became shorter`);
        },
        this.tar.entry({ name, size, mode: 0o600 }),
      );
      const sha256 = hash.digest('hex');
      this.files.push({ name, bytes: size, sha256 });
      return sha256;
    } finally {
      await handle.close();
    }
  }
}

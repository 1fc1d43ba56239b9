import { createReadStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import sevenZipModule, { type SevenZipModuleFactory } from '7z-wasm';
import tar from 'tar-stream';
import xz from 'xz-decompress';
import yauzl from 'yauzl';

/**
 * A log as bytes, wherever it lies: a file, or a member of an archive. `path` is as given, then `!member` for each
 * archive level.
 */
export interface Member {
  readonly path: string;
  /** When the file was last written, UTC ms. */
  readonly modifiedAt: number;
  readonly bytes: AsyncIterable<Buffer>;
}

/** What an archive keeps from us, and why. */
export interface ArchiveProblem {
  readonly path: string;
  readonly reason: string;
  readonly detail: string;
}

/** A zip of zips of logs is common, more is an attack or a mistake. */
const MAX_DEPTH = 2;
/** `.tar.gz` inside a zip is two layers, and about as far as honest files go. */
const MAX_LAYERS = 4;
const MAX_MEMBERS = 200_000;
/** An archive may grow this much whatever it holds; event logs hold long runs of zeros. */
const FREE_GROWTH = 100 * 1024 * 1024;
const MAX_RATIO = 500;
const MAX_TOTAL = 256 * 1024 * 1024 * 1024;
/** An archive inside another is held in memory, because a zip is read from its end. */
const MAX_NESTED = 512 * 1024 * 1024;
/** 7-Zip runs inside 32-bit memory. */
const MAX_SEVEN_ZIP = 1024 * 1024 * 1024;
const HEAD = 512;

// The package's types describe its ES module, Node loads its other build: the default export is the factory itself.
const SevenZip = sevenZipModule as unknown as SevenZipModuleFactory;

class ArchiveError extends Error {
  readonly reason: string;

  constructor(reason: string, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Counts what comes out of one file on disk, through all the archives in it. */
class Meter {
  readonly #input: number;
  #output = 0;
  #members = 0;

  constructor(inputBytes: number) {
    this.#input = Math.max(1, inputBytes);
  }

  /** @throws ArchiveError where so much from so little can only be a bomb */
  add(bytes: number): void {
    this.#output += bytes;
    this.#check(this.#output);
  }

  /** As `add`, for what an archive says of itself before it is opened. */
  announce(bytes: number): void {
    this.#check(this.#output + bytes);
  }

  member(): void {
    if (++this.#members > MAX_MEMBERS)
      throw new ArchiveError('too-many-members', 'the archive has more than 200,000 members');
  }

  #check(output: number): void {
    const isBomb = output > FREE_GROWTH && output / this.#input > MAX_RATIO;
    if (isBomb || output > MAX_TOTAL)
      throw new ArchiveError('archive-bomb', 'the archive grows beyond reason when it is opened');
  }
}

type Kind = 'zip' | 'tar' | 'gzip' | 'xz' | 'zstd' | '7z' | 'none';

function kindOf(head: Buffer): Kind {
  const starts = (...bytes: number[]) => head.length >= bytes.length && bytes.every((byte, i) => head[i] === byte);
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x50, 0x4b, 0x05, 0x06)) return 'zip';
  if (starts(0x1f, 0x8b, 0x08)) return 'gzip';
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if (starts(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c)) return '7z';
  return head.toString('latin1', 257, 262) === 'ustar' ? 'tar' : 'none';
}

/**
 * The logs in a file on disk: itself, or the members of the archive it is. Each member's bytes must be read (or left)
 * before the next is asked for. What cannot be opened is reported and skipped; only a caller's mistake throws.
 */
export async function* membersOf(
  file: string,
  given: string,
  problem: (problem: ArchiveProblem) => void,
): AsyncGenerator<Member> {
  const { size, mtimeMs } = statSync(file);
  const head = await readHead(file);
  const opening: Opening = { meter: new Meter(size), modifiedAt: mtimeMs, layers: 0, problem };
  const source: Source = { path: given, file, bytes: () => createReadStream(file, { highWaterMark: 1 << 20 }) };
  yield* guarded(source, opening, () => expand(source, kindOf(head), 0, opening));
}

interface Opening {
  readonly meter: Meter;
  readonly modifiedAt: number;
  /** Archives and compressions opened on the way here. */
  readonly layers: number;
  readonly problem: (problem: ArchiveProblem) => void;
}

interface Source {
  readonly path: string;
  /** The file on disk, where there is one. */
  readonly file: string | null;
  readonly bytes: () => AsyncIterable<Buffer>;
}

async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(HEAD);
    const { bytesRead } = await handle.read(head, 0, HEAD, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Turns whatever goes wrong inside an archive into a problem of that archive. */
async function* guarded(
  source: Source,
  opening: Opening,
  members: () => AsyncGenerator<Member>,
): AsyncGenerator<Member> {
  try {
    yield* members();
  } catch (error) {
    const reason = error instanceof ArchiveError ? error.reason : 'archive-damaged';
    // A library's message says what is wrong with the archive's structure, never what is in it.
    opening.problem({
      path: source.path,
      reason,
      detail: error instanceof Error ? error.message : 'the archive cannot be read',
    });
  }
}

async function* expand(source: Source, kind: Kind, depth: number, opening: Opening): AsyncGenerator<Member> {
  if (kind === 'none') {
    yield { path: source.path, modifiedAt: opening.modifiedAt, bytes: source.bytes() };
    return;
  }
  const isContainer = kind === 'zip' || kind === 'tar' || kind === '7z';
  if (isContainer && depth >= MAX_DEPTH)
    throw new ArchiveError('archive-too-deep', 'archives are opened inside an archive once, not deeper');
  switch (kind) {
    case 'zip':
      return yield* zipMembers(source, depth, opening);
    case 'tar':
      return yield* tarMembers(source, depth, opening);
    case '7z':
      return yield* sevenZipMembers(source, depth, opening);
    case 'gzip':
      return yield* inner(source.path, decompressed(source, createGunzip(), opening), depth, opening);
    case 'zstd':
      return yield* inner(source.path, decompressed(source, createZstdDecompress(), opening), depth, opening);
    case 'xz':
      return yield* inner(source.path, metered(unxz(source.bytes()), opening.meter), depth, opening);
  }
}

/** What came out of one layer may be an archive again: a look at its first bytes tells. */
async function* inner(
  at: string,
  bytes: AsyncIterable<Buffer>,
  depth: number,
  opening: Opening,
): AsyncGenerator<Member> {
  const iterator = bytes[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let length = 0;
  while (length < HEAD) {
    const next = await iterator.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  const head = Buffer.concat(first);
  const rest = async function* (): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  };
  const source: Source = { path: at, file: null, bytes: rest };
  const kind = kindOf(head);
  if (kind === 'none') yield* expand(source, kind, depth, opening);
  else if (opening.layers >= MAX_LAYERS)
    throw new ArchiveError('archive-too-deep', 'compression inside compression inside compression is not opened');
  else yield* guarded(source, opening, () => expand(source, kind, depth, { ...opening, layers: opening.layers + 1 }));
}

async function* metered(bytes: AsyncIterable<Buffer>, meter: Meter): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    meter.add(chunk.length);
    yield chunk;
  }
}

function decompressed(source: Source, through: NodeJS.ReadWriteStream, opening: Opening): AsyncGenerator<Buffer> {
  const input = Readable.from(source.bytes());
  input.on('error', (error) => through.emit('error', error));
  input.pipe(through);
  // The stream is also readable as an async iterable of buffers.
  return metered(through as unknown as AsyncIterable<Buffer>, opening.meter);
}

async function* unxz(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // Node's web streams and the library's differ only in their type declarations.
  const input = Readable.toWeb(Readable.from(bytes)) as unknown as ReadableStream<Uint8Array>;
  const reader = new xz.XzReadableStream(input).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield Buffer.from(value);
  }
}

async function* zipMembers(source: Source, depth: number, opening: Opening): AsyncGenerator<Member> {
  const zip = await openZip(source);
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      const at = `${source.path}!${entry.fileName}`;
      opening.meter.member();
      if (entry.isEncrypted()) {
        opening.problem({
          path: at,
          reason: 'archive-encrypted',
          detail: 'the member is protected by a password: unpack it first',
        });
        continue;
      }
      const member: Source = { path: at, file: null, bytes: () => Readable.from([]) };
      yield* guarded(member, opening, async function* () {
        opening.meter.announce(entry.uncompressedSize);
        const stream = await zip.openReadStreamPromise(entry);
        yield* inner(at, metered(stream, opening.meter), depth + 1, opening);
        stream.destroy();
      });
    }
  } finally {
    zip.close();
  }
}

/** A zip whose end says a wrong length for its comment is common enough, and nothing else in it need be wrong. */
async function openZip(source: Source): Promise<yauzl.ZipFile> {
  if (source.file !== null) {
    try {
      return await yauzl.openPromise(source.file, ZIP);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('comment length')) throw error;
    }
  }
  const bytes = await collect(source.bytes());
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end >= 0 && end + 22 <= bytes.length) bytes.writeUInt16LE(Math.min(0xffff, bytes.length - end - 22), end + 20);
  return yauzl.fromBufferPromise(bytes, ZIP);
}

const ZIP = { lazyEntries: true, autoClose: false, validateEntrySizes: true } as const;

async function* tarMembers(source: Source, depth: number, opening: Opening): AsyncGenerator<Member> {
  const extract = tar.extract();
  const input = Readable.from(source.bytes());
  input.on('error', (error) => extract.destroy(error));
  input.pipe(extract);
  for await (const entry of extract) {
    if (entry.header.type === 'file') {
      opening.meter.member();
      // A tar entry is a stream of buffers; its declared type says less.
      yield* inner(
        `${source.path}!${entry.header.name}`,
        entry as unknown as AsyncIterable<Buffer>,
        depth + 1,
        opening,
      );
    }
    // What was not read is skipped, so that the next entry can come.
    entry.resume();
  }
}

/** 7-Zip unpacks into a private temporary folder, after its list says how large that will be. */
async function* sevenZipMembers(source: Source, depth: number, opening: Opening): AsyncGenerator<Member> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-7z-'));
  try {
    const lines: string[] = [];
    const seven = await SevenZip({ print: (line) => void lines.push(line), printErr: () => undefined });
    const bytes = await collect(source.bytes(), MAX_SEVEN_ZIP);
    const stream = seven.FS.open('/in.7z', 'w+');
    seven.FS.write(stream, bytes, 0, bytes.length);
    seven.FS.close(stream);
    run(seven, ['l', '-slt', '-pnone', '/in.7z']);
    const sizes = lines.map((line) => /^Size = (\d+)$/.exec(line)?.[1]).filter((size) => size !== undefined);
    opening.meter.announce(sizes.reduce((sum, size) => sum + Number(size), 0));
    seven.FS.mkdir('/out');
    seven.FS.mount(seven.NODEFS, { root: folder }, '/out');
    run(seven, ['x', '-y', '-pnone', '-snl-', '-o/out', '/in.7z']);
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      const file = path.join(folder, name);
      if (!statSync(file).isFile()) continue;
      opening.meter.member();
      const member = createReadStream(file, { highWaterMark: 1 << 20 });
      yield* inner(
        `${source.path}!${name.split(path.sep).join('/')}`,
        metered(member, opening.meter),
        depth + 1,
        opening,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(seven: { callMain(args: string[]): void }, args: string[]): void {
  try {
    seven.callMain(args);
  } catch {
    throw new ArchiveError('archive-damaged', '7-Zip could not read the archive (damaged, or protected by a password)');
  }
}

async function collect(bytes: AsyncIterable<Buffer>, limit = MAX_NESTED): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > limit)
      throw new ArchiveError('archive-too-large', 'the archive is too large to be opened here: unpack it first');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

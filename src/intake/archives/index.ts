import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { gunzip, mayUnxz, unxz, unzstd } from './decompress.ts';
import { HEAD, type Kind, kindOf } from './kind.ts';
import { ArchiveError, MAX_DEPTH, MAX_LAYERS, MAX_NESTED, MAX_SEVEN_ZIP, Meter } from './limits.ts';
import { sevenZip } from './seven-zip.ts';
import { tarMembersOf } from './tar.ts';
import { isPlain, memberBytes, nameOf, openZip } from './zip.ts';

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

/** What went wrong with an archive, or with a member while it was read, as it is told to a person. */
export function archiveProblem(path: string, error: unknown): ArchiveProblem {
  // A library's message says what is wrong with the archive's structure, never what is in it.
  return {
    path,
    reason: error instanceof ArchiveError ? error.reason : 'archive-damaged',
    detail: error instanceof Error ? error.message : 'it could not be read to its end',
  };
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
  const source: Source = { path: given, file, bytes: () => stream(file, size) };
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

/** A buffer of a megabyte costs a small file more than its reading. */
function stream(file: string, size: number): AsyncIterable<Buffer> {
  return createReadStream(file, { highWaterMark: Math.max(4096, Math.min(1 << 20, size)) });
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
    opening.problem(archiveProblem(source.path, error));
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
      return yield* sevenZipMembers(source, kind, depth, opening, null);
    case 'gzip':
      return yield* inner(source.path, metered(gunzip(source.bytes()), opening.meter), depth, opening);
    case 'zstd':
      return yield* inner(source.path, metered(unzstd(source.bytes()), opening.meter), depth, opening);
    case 'xz':
      if (mayUnxz()) return yield* inner(source.path, metered(unxz(source.bytes()), opening.meter), depth, opening);
      return yield* sevenZipMembers(source, kind, depth, opening, null);
    case 'bzip2':
      return yield* sevenZipMembers(source, kind, depth, opening, null);
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
  let failure: { readonly error: unknown } | null = null;
  let isDone = false;
  try {
    while (length < HEAD && !isDone) {
      const next = await iterator.next();
      if (next.done === true) isDone = true;
      else {
        first.push(next.value);
        length += next.value.length;
      }
    }
  } catch (error) {
    // What came before the damage is read; the damage is told after it.
    if (length === 0) throw error;
    failure = { error };
  }
  const head = Buffer.concat(first);
  const rest = async function* (): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      if (failure !== null) throw failure.error;
      while (!isDone) {
        const next = await iterator.next();
        if (next.done === true) isDone = true;
        else yield next.value;
      }
    } finally {
      if (!isDone) await iterator.return?.();
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

async function* zipMembers(source: Source, depth: number, opening: Opening): AsyncGenerator<Member> {
  const zip = await openZip(source.file, () => collect(source.bytes(), MAX_NESTED));
  /** Compressed as only 7-Zip knows: Windows itself does so with what is larger than 2 GB. */
  const others = new Set<string>();
  try {
    for await (const entry of zip.eachEntry()) {
      const name = nameOf(entry);
      if (name.endsWith('/')) continue;
      const at = `${source.path}!${name}`;
      opening.meter.member();
      if (entry.isEncrypted()) {
        const why = new ArchiveError('archive-encrypted', 'the member is protected by a password: unpack it first');
        opening.problem(archiveProblem(at, why));
        continue;
      }
      if (!isPlain(entry)) {
        others.add(name);
        continue;
      }
      const member: Source = { path: at, file: null, bytes: () => metered(memberBytes(zip, entry), opening.meter) };
      yield* guarded(member, opening, async function* () {
        opening.meter.announce(entry.uncompressedSize);
        yield* inner(at, member.bytes(), depth + 1, opening);
      });
    }
  } finally {
    zip.close();
  }
  if (others.size > 0) yield* guarded(source, opening, () => sevenZipMembers(source, 'zip', depth, opening, others));
}

async function* tarMembers(source: Source, depth: number, opening: Opening): AsyncGenerator<Member> {
  for await (const { name, bytes } of tarMembersOf(source.bytes())) {
    const at = `${source.path}!${name}`;
    opening.meter.member();
    if (bytes !== null) yield* inner(at, bytes, depth + 1, opening);
    else
      opening.problem({
        path: at,
        reason: 'archive-member-kind',
        detail: 'the member is a sparse file or of a kind that is not known: unpack it first',
      });
  }
}

/** @param only the members that are wanted; `null`: all */
async function* sevenZipMembers(
  source: Source,
  kind: Kind,
  depth: number,
  opening: Opening,
  only: ReadonlySet<string> | null,
): AsyncGenerator<Member> {
  const { meter } = opening;
  const isContainer = kind === 'zip' || kind === '7z';
  const bytes = await collect(source.bytes(), MAX_SEVEN_ZIP);
  const pathOf = (name: string) => (isContainer ? `${source.path}!${name}` : source.path);
  const files = sevenZip(bytes, kind === 'bzip2' ? 'bz2' : kind, {
    announce: (size) => meter.announce(size),
    problem: (name, error) => {
      if (name === null || only === null || only.has(name))
        opening.problem(archiveProblem(name === null ? source.path : pathOf(name), error));
    },
  });
  for await (const { name, bytes: unpacked } of files) {
    if (only !== null && !only.has(name)) continue;
    meter.member();
    yield* inner(pathOf(name), metered(unpacked(), meter), depth + (isContainer ? 1 : 0), opening);
  }
}

async function collect(bytes: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
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

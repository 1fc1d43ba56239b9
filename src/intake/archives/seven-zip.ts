import { createReadStream, lstatSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import sevenZipModule, { type SevenZipModuleFactory } from '7z-wasm';
import { ArchiveError } from './limits.ts';
import { unpackedFolder } from './unpacked.ts';

// The package's types describe its ES module, Node loads its other build: the default export is the factory itself.
const SevenZip = sevenZipModule as unknown as SevenZipModuleFactory;

/** A file that 7-Zip unpacked. `name` is as in the archive. */
export interface Unpacked {
  readonly name: string;
  readonly bytes: () => AsyncIterable<Buffer>;
}

export interface SevenZipReport {
  /** Called before anything is written: the size that the archive says it will grow to. */
  readonly announce: (bytes: number) => void;
  /** A member that could not be unpacked whole; `name` is `null` if it is the archive. */
  readonly problem: (name: string | null, error: ArchiveError) => void;
}

/** Unpacks an archive into a private temporary folder, which is removed when the iteration ends. */
export async function* sevenZip(bytes: Buffer, extension: string, report: SevenZipReport): AsyncGenerator<Unpacked> {
  if (hidesItsNames(bytes))
    throw new ArchiveError('archive-encrypted', 'the archive is protected by a password: unpack it first');
  const folder = unpackedFolder();
  try {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const seven = await SevenZip({ print: say, printErr: say });
    const file = `/in.${extension}`;
    const stream = seven.FS.open(file, 'w+');
    seven.FS.write(stream, bytes, 0, bytes.length);
    seven.FS.close(stream);
    run(seven, ['l', '-slt', '-pnone', file], said);
    const sizes = said.map((line) => /^Size = (\d+)$/.exec(line)?.[1]).filter((size) => size !== undefined);
    report.announce(sizes.reduce((sum, size) => sum + Number(size), 0));
    seven.FS.mkdir('/out');
    seven.FS.mount(seven.NODEFS, { root: folder }, '/out');
    said.length = 0;
    const reasonToStop = limitWrites(seven as unknown as Insides, report);
    try {
      run(seven, ['x', '-y', '-pnone', '-snl-', '-o/out', file], said);
    } catch (error) {
      throw reasonToStop() ?? error;
    }
    // What 7-Zip says of a disk that it finds full is not the reason.
    const reason = reasonToStop();
    if (reason !== null) throw reason;
    const failed = problemsIn(said, report);
    for (const found of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      const place = path.join(folder, found);
      const name = found.split(path.sep).join('/');
      // A link would lead out of the archive.
      if (!lstatSync(place).isFile() || failed.has(name)) continue;
      yield { name, bytes: () => createReadStream(place, { highWaterMark: 1 << 20 }) };
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What Emscripten calls a full disk. */
const ENOSPC = 51;

/**
 * Not every kind of archive says how large it will be (bzip2 never does): what is written is counted, and the disk is
 * full to 7-Zip from where it can only be a bomb.
 *
 * @returns what tells, afterwards, whether that happened: the reason, or `null`
 */
function limitWrites(seven: Insides, report: SevenZipReport): () => ArchiveError | null {
  const operations = seven.NODEFS.stream_ops;
  const write = operations.write.bind(operations);
  let written = 0;
  let reason: ArchiveError | null = null;
  operations.write = (...args) => {
    if (reason === null) {
      try {
        report.announce((written += args[3]));
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        reason = error;
      }
    }
    if (reason !== null) throw new seven.FS.ErrnoError(ENOSPC);
    return write(...args);
  };
  return () => reason;
}

/** Of the module, what its types leave out. */
interface Insides {
  readonly NODEFS: {
    readonly stream_ops: {
      write: (stream: unknown, buffer: unknown, offset: number, length: number, position: number) => number;
    };
  };
  readonly FS: { readonly ErrnoError: new (code: number) => Error };
}

/** A 7z whose list of names is itself encrypted, on which 7-Zip fails without a word. Source: 7-Zip's `7zFormat.txt`. */
function hidesItsNames(bytes: Buffer): boolean {
  if (bytes.length < 32 || bytes.toString('latin1', 0, 2) !== '7z') return false;
  const from = 32 + Number(bytes.readBigUInt64LE(12));
  const to = from + Number(bytes.readBigUInt64LE(20));
  const header = bytes.subarray(from, to);
  // An encoded header (0x17) one of whose coders is AES (06F10701).
  return header[0] === 0x17 && header.includes(Buffer.from([0x06, 0xf1, 0x07, 0x01]));
}

function run(seven: { callMain(args: string[]): void }, args: string[], said: readonly string[]): void {
  let hasFailed = false;
  const { exitCode } = process;
  try {
    seven.callMain(args);
  } catch {
    hasFailed = true;
  } finally {
    // It sets the code of the whole process, as if it were alone in it.
    process.exitCode = exitCode;
  }
  // It ends without an exit code that could be relied on: what it says is all there is.
  if (said.some((line) => /(?:Cannot|Can ?not) open encrypted|Enter password|Headers Error.*password/i.test(line)))
    throw new ArchiveError('archive-encrypted', 'the archive is protected by a password: unpack it first');
  if (said.some((line) => /(?:Can't|Cannot|Can not) open (?:the file )?as .*archive|Open ERROR/i.test(line)))
    throw new ArchiveError('archive-damaged', '7-Zip cannot open it: it is damaged or cut off');
  if (hasFailed) throw new ArchiveError('archive-damaged', '7-Zip could not read the archive');
}

/** @returns the members that were left empty, because they are protected */
function problemsIn(said: readonly string[], report: SevenZipReport): ReadonlySet<string> {
  const failed = new Set<string>();
  let count = 0;
  for (const line of said) {
    const [, what = '', name] = /^ERROR: (.*?)(?: : (.+))?$/.exec(line) ?? [];
    if (what === '') continue;
    count++;
    const isProtected = /password|encrypted/i.test(what);
    if (isProtected && name !== undefined) failed.add(name);
    report.problem(
      name ?? null,
      isProtected
        ? new ArchiveError('archive-encrypted', 'the member is protected by a password: unpack it first')
        : new ArchiveError('archive-damaged', `7-Zip says: ${what.toLowerCase()}`),
    );
  }
  if (count === 0 && !said.some((line) => line.includes('Everything is Ok')))
    report.problem(null, new ArchiveError('archive-damaged', '7-Zip could not unpack all of the archive'));
  return failed;
}

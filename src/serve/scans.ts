import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { Placeholders } from '../detect/sigma/index.ts';

/** What is asked of the process that reads a file. */
export interface ScanOrder {
  /** Within its working folder: as people named it, so that the report says it so. */
  readonly file: string;
  readonly report: string;
  readonly ruleFolders: readonly string[];
  readonly placeholders: Placeholders;
  readonly cacheFolder: string | null;
  readonly timeZone: string;
  readonly threads: number;
}

export type ScanMessage =
  | { readonly kind: 'progress'; readonly part: number; readonly events: number; readonly findings: number }
  | {
      readonly kind: 'done';
      readonly verdict: string;
      readonly events: number;
      readonly setAside: number;
      readonly levels: Readonly<Record<'critical' | 'high' | 'medium' | 'low', number>>;
    }
  | { readonly kind: 'failed'; readonly code: RefusalCode | null };

/** A file that somebody dropped on the page. */
export interface DroppedScan {
  readonly id: `scn_${string}`;
  readonly name: string;
  readonly bytes: number;
  readonly by: string;
  readonly at: number;
  readonly state:
    | { readonly is: 'waiting' }
    | { readonly is: 'reading'; readonly part: number; readonly events: number; readonly findings: number }
    | (Omit<Extract<ScanMessage, { kind: 'done' }>, 'kind'> & { readonly is: 'done' })
    | { readonly is: 'failed'; readonly why: string };
}

export interface ScansParts {
  readonly dataFolder: string;
  readonly rules: Pick<ScanOrder, 'ruleFolders' | 'placeholders' | 'cacheFolder'>;
  readonly timeZone: string;
  /** Puts pseudonyms for what names a patient. */
  readonly pseudonymise: (text: string) => string;
  readonly now: () => number;
  readonly onBug: (error: unknown) => void;
}

export const MAX_UPLOAD = 2 * 1024 ** 3;
/** What must stay free beside it, for the journal and for what is unpacked. */
const KEEP_FREE = 2 * 1024 ** 3;
const MAX_WAITING = 5;
/** Reports that are kept, in memory: the oldest goes. */
const MAX_KEPT = 10;
const MAX_REPORT = 32 * 1024 ** 2;
/** Of a report, in characters, that is worked on at once. */
const PIECE = 64 * 1024;
/** Of a name, in bytes. */
const MAX_NAME = 200;
const MAX_SECONDS = 3600;
const MAX_HEAP_MB = 2048;

/**
 * Files that are dropped on the page: read as `wardwatch scan` reads them, one after the other, in a process of its own,
 * apart from all that is kept. The file is gone when it has been read; its report is held in memory until it is one of too
 * many or the service ends.
 */
export class Scans {
  readonly #parts: ScansParts;
  readonly #folder: string;
  readonly #scans = new Map<string, { scan: DroppedScan; report: string | null }>();
  #turn: Promise<void> = Promise.resolve();
  #child: ChildProcess | null = null;
  #isStopping = false;
  /** Files that are on their way. */
  #coming = 0;

  constructor(parts: ScansParts) {
    this.#parts = parts;
    this.#folder = path.join(parts.dataFolder, 'dropped');
    // Of a service that was killed.
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Takes a file in; it is read when its turn comes. @throws Refusal `scans/too-large`, `scans/busy`, `scans/broken-off`, `store/disk-full` */
  async add(given: string, by: string, bytes: Readable): Promise<DroppedScan> {
    const waiting = [...this.#scans.values()].filter(({ scan: { state } }) => state.is === 'waiting').length;
    if (waiting + this.#coming >= MAX_WAITING) throw new Refusal('scans/busy', `${MAX_WAITING} files wait already`);
    this.#coming++;
    try {
      return await this.#take(given, by, bytes);
    } finally {
      this.#coming--;
    }
  }

  async #take(given: string, by: string, bytes: Readable): Promise<DroppedScan> {
    const id = `scn_${randomBytes(9).toString('hex')}` as const;
    const name = plainName(given);
    const folder = path.join(this.#folder, id);
    mkdirSync(path.join(folder, 'in'), { recursive: true, mode: 0o700 });
    // Apart from what is written beside it, whatever it is called.
    const file = path.join(folder, 'in', name);
    try {
      await pipeline(bytes, (pieces) => this.#bounded(pieces), createWriteStream(file, { mode: 0o600 }));
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw asRefusal(error);
    }
    const { now } = this.#parts;
    const scan: DroppedScan = { id, name, bytes: statSync(file).size, by, at: now(), state: { is: 'waiting' } };
    const entry = { scan, report: null };
    this.#scans.set(id, entry);
    const [oldest] = this.#scans.keys();
    if (this.#scans.size > MAX_KEPT + MAX_WAITING && oldest !== undefined) this.#scans.delete(oldest);
    this.#turn = this.#turn.then(() => this.#readAndRemove(entry, folder));
    return scan;
  }

  /** Whatever goes wrong ends this file only: those that wait behind it have their turn. */
  async #readAndRemove(entry: { scan: DroppedScan; report: string | null }, folder: string): Promise<void> {
    try {
      await this.#read(entry, folder);
    } catch (error) {
      this.#parts.onBug(error);
      entry.scan = { ...entry.scan, state: { is: 'failed', why: 'The reading broke off.' } };
    }
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      this.#parts.onBug(error);
    }
  }

  /** The newest first. */
  list(): readonly DroppedScan[] {
    return [...this.#scans.values()].map(({ scan }) => scan).toReversed();
  }

  /** One page of HTML that needs nothing else. @throws Refusal `scans/not-found` */
  report(id: string): string {
    const report = this.#scans.get(id)?.report ?? null;
    if (report === null) throw new Refusal('scans/not-found', `there is no report of ${id} any more, or not yet`);
    return report;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#child?.kill();
    await this.#turn;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async *#bounded(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let total = 0;
    let checked = 0;
    for await (const piece of pieces) {
      total += piece.length;
      if (total > MAX_UPLOAD) throw new Refusal('scans/too-large', 'a file may have at most 2 GiB here');
      if (total - checked >= 64 * 1024 ** 2 || checked === 0) {
        checked = total;
        const { bavail, bsize } = await statfs(this.#parts.dataFolder);
        if (bavail * bsize < KEEP_FREE)
          throw new Refusal('store/disk-full', 'too little space is left to take a file in');
      }
      yield piece;
    }
  }

  async #read(entry: { scan: DroppedScan; report: string | null }, folder: string): Promise<void> {
    if (this.#isStopping) return;
    const become = (state: DroppedScan['state']) => {
      entry.scan = { ...entry.scan, state };
    };
    become({ is: 'reading', part: 0, events: 0, findings: 0 });
    const report = path.join(folder, 'report.html');
    const ended = await this.#run(
      { ...this.#parts.rules, file: entry.scan.name, report, timeZone: this.#parts.timeZone, threads: 1 },
      folder,
      become,
    );
    if (ended.kind === 'failed')
      return become({
        is: 'failed',
        why: ended.code === null ? 'The reading broke off.' : new Refusal(ended.code, ended.code).message,
      });
    if (!existsSync(report) || statSync(report).size > MAX_REPORT)
      return become({
        is: 'failed',
        why: 'The report is too large for the page. Drop a part of the file; or have whoever runs the service read it on the machine itself.',
      });
    // It is shown to people who may not know who a patient is.
    entry.report = await this.#pseudonymised(readFileSync(report, 'utf8'));
    const { kind: _, verdict, ...rest } = ended;
    become({ is: 'done', verdict: this.#parts.pseudonymise(verdict), ...rest });
    const withReports = [...this.#scans.values()].filter((each) => each.report !== null);
    const [oldest] = withReports;
    if (withReports.length > MAX_KEPT && oldest !== undefined) this.#scans.delete(oldest.scan.id);
  }

  /** Piece by piece: 32 MiB at once would hold up for seconds whoever sends or asks. No number goes over a line's end. */
  async #pseudonymised(text: string): Promise<string> {
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf('\n', at + PIECE) + 1 || text.length;
      pieces.push(this.#parts.pseudonymise(text.slice(at, end)));
      at = end;
      await setImmediate();
    }
    return pieces.join('');
  }

  #run(
    order: ScanOrder,
    folder: string,
    become: (state: DroppedScan['state']) => void,
  ): Promise<Extract<ScanMessage, { kind: 'done' | 'failed' }>> {
    return new Promise((resolve) => {
      const child = fork(path.join(import.meta.dirname, 'scan-worker.ts'), [], {
        cwd: path.join(folder, 'in'),
        execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${MAX_HEAP_MB}`],
        // What it says when it breaks may hold what a log said.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      this.#child = child;
      const timer = setTimeout(() => child.kill('SIGKILL'), MAX_SECONDS * 1000).unref();
      let answer: Extract<ScanMessage, { kind: 'done' | 'failed' }> = { kind: 'failed', code: null };
      child.on('message', (message: ScanMessage) => {
        if (message.kind === 'progress') {
          const { part, events, findings } = message;
          become({ is: 'reading', part, events, findings });
        } else answer = message;
      });
      child.on('error', () => resolve(answer));
      child.on('close', () => {
        clearTimeout(timer);
        this.#child = null;
        resolve(answer);
      });
      if (child.pid !== undefined) child.send(order);
    });
  }
}

/** A name that is safe anywhere, and still the one that people know. */
function plainName(given: string): string {
  const own = given.split(/[/\\]/).at(-1) ?? '';
  const plain = own.replaceAll(/[^\p{L}\p{N}._ -]/gu, '_').replace(/^[.\s-]+/, '');
  // The end is what tells what it is. File systems count bytes: 255 of them.
  const kept = Array.from(plain.toWellFormed()).slice(-MAX_NAME);
  while (Buffer.byteLength(kept.join('')) > MAX_NAME) kept.shift();
  return kept.length === 0 ? 'file' : kept.join('');
}

/** Who goes away in the middle of it has nothing to be told, and we nothing to look for. */
function asRefusal(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return new Refusal('scans/broken-off', 'the file did not come whole', { cause: error });
  if (code === 'ENOSPC') return new Refusal('store/disk-full', 'no space is left to take a file in', { cause: error });
  return error;
}

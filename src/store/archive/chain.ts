import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { open, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { publish, writeAll } from '../durable.ts';
import type { ColumnsInfo } from './access-columns.ts';
import type { LegalHold, RetentionKind } from './retention.ts';

/**
 * The chain: a file to which one line is added for everything that happens to sealed segments. A line is the SHA-256
 * of its JSON, a space, the JSON. The JSON holds its number and the hash of the line before it, so that the last hash
 * (the head) vouches for all of them. The head lies beside, and is worth most where we cannot change it: with a
 * partner, or on paper.
 */

/** A file of events that never changes. */
export interface SegmentInfo {
  /** Its path below the segments' folder: `2026-11-25/security-42.parquet`. */
  readonly name: string;
  readonly kind: RetentionKind;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** The times of its first and last event, UTC milliseconds. */
  readonly timeFrom: number;
  readonly timeTo: number;
  readonly receivedFrom: number;
  readonly receivedTo: number;
  readonly sources: readonly string[];
  /** Which hosts it may hold: a `HostFilter`. Absent in segments of the first builds. */
  readonly hosts?: string;
  /**
   * SHA-256 of the file that says which words it may hold (word-filter.ts), the same for all segments that were sealed
   * with it. Absent in segments of earlier releases.
   */
  readonly words?: string;
}

export type ChainEntry =
  | {
      readonly kind: 'sealed';
      readonly segments: readonly SegmentInfo[];
      /** The part of the journal that they hold: from the first position, to before the second. */
      readonly journal: readonly [from: number, to: number];
    }
  /** Tombstones: these segments are gone, and that is right. */
  | { readonly kind: 'deleted'; readonly segments: readonly string[]; readonly reason: 'retention' | 'space' }
  | { readonly kind: 'hold'; readonly hold: LegalHold }
  | { readonly kind: 'hold-lifted'; readonly hold: string; readonly reason?: string }
  /** What the segments of a day say of accesses lies in columns beside them. */
  | { readonly kind: 'columns'; readonly columns: ColumnsInfo }
  /** From here on another key is used: for pseudonyms or for sealing, whichever the keys of these ids are for. */
  | { readonly kind: 'keys-rotated'; readonly from: string; readonly to: string }
  /** On opening, lines that had stood behind the one before were gone. `missing`: the last of them; `null`: not known. */
  | { readonly kind: 'cut-found'; readonly missing: ChainHead | null };

export type ChainLine = ChainEntry & { readonly number: number; readonly prev: string; readonly at: number };

export interface ChainHead {
  readonly number: number;
  readonly hash: string;
}

export interface ChainProblem {
  /** `cut` if lines are missing at the end. */
  readonly kind: 'altered' | 'unlinked' | 'cut';
  /** Counted from 1. */
  readonly line: number;
  readonly detail: string;
}

export interface ChainRead {
  /** Every line that can be read. */
  readonly lines: readonly ChainLine[];
  /** What vouches for the last one. */
  readonly head: ChainHead;
  readonly problems: readonly ChainProblem[];
  /** Those of all lines. */
  readonly hashes: ReadonlySet<string>;
  /** The lines as they lie on the disk, without one behind them whose writing was interrupted. */
  readonly bytes: Buffer;
  /** What the head beside the chain says; `null` if there is none. */
  readonly knownHead: ChainHead | null;
}

const NO_HASH = '0'.repeat(64);
const CHAIN = 'chain.log';
const HEAD = 'head.json';

/** Reads the chain of an archive, checking each link. An archive without one has an empty chain. */
export function readChain(folder: string): ChainRead {
  const file = path.join(folder, CHAIN);
  // The head first: it is written after the line that it names, so a service that adds one meanwhile does no harm.
  const found = readHead(folder);
  const known = found === 'unreadable' ? null : found;
  const all = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const bytes = all.subarray(0, all.lastIndexOf(0x0a) + 1);
  const texts = bytes.toString('utf8').split('\n').slice(0, -1);
  const lines: ChainLine[] = [];
  const problems: ChainProblem[] = [];
  let head: ChainHead = { number: 0, hash: NO_HASH };
  const hashes = new Set([NO_HASH]);
  texts.forEach((text, index) => {
    const number = index + 1;
    const [own, json] = [text.slice(0, 64), text.slice(65)];
    const line = parseLine(json);
    if (hash('sha256', json, 'hex') !== own || line === null) {
      problems.push({ kind: 'altered', line: number, detail: 'the line does not match its own hash' });
    } else if (line.prev !== head.hash || line.number !== head.number + 1) {
      const detail = `it says it is line ${line.number} behind ${line.prev.slice(0, 12)}, but stands behind ${head.hash.slice(0, 12)}`;
      problems.push({ kind: 'unlinked', line: number, detail });
    }
    if (line !== null) lines.push(line);
    head = { number: line?.number ?? number, hash: own };
    hashes.add(own);
  });
  if (known !== null && !hashes.has(known.hash))
    problems.push({
      kind: 'cut',
      line: texts.length + 1,
      detail: `the head names line ${known.number}, ${known.hash.slice(0, 12)}, which is not there`,
    });
  else if (found === 'unreadable')
    problems.push({ kind: 'cut', line: texts.length, detail: 'the head beside it cannot be read: it was altered' });
  else if (known === null && texts.length > 1)
    problems.push({ kind: 'cut', line: texts.length, detail: 'the head is missing' });
  return { lines, head, problems, hashes, bytes, knownHead: known };
}

function parseLine(json: string): ChainLine | null {
  try {
    const line: unknown = JSON.parse(json);
    return typeof line === 'object' && line !== null && 'kind' in line && 'prev' in line ? (line as ChainLine) : null;
  } catch {
    return null;
  }
}

/** `null`: there is none. It is written whole or not at all, so what cannot be read was altered. */
function readHead(folder: string): ChainHead | 'unreadable' | null {
  const file = path.join(folder, HEAD);
  if (!existsSync(file)) return null;
  try {
    const head: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isHead(head) ? head : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

function isHead(value: unknown): value is ChainHead {
  if (typeof value !== 'object' || value === null || !('number' in value) || !('hash' in value)) return false;
  return Number.isSafeInteger(value.number) && typeof value.hash === 'string' && /^[0-9a-f]{64}$/.test(value.hash);
}

/** The chain, open to be added to. */
export class Chain {
  readonly #folder: string;
  readonly #handle: FileHandle;
  #size: number;
  #head: ChainHead;
  #lastAt: number | null;
  /** True if a line that failed may still stand behind `#size`. */
  #isSuspect = false;
  readonly #onHeadTrouble: (reason: string) => void;

  private constructor(
    folder: string,
    handle: FileHandle,
    size: number,
    head: ChainHead,
    lastAt: number | null,
    onHeadTrouble: (reason: string) => void,
  ) {
    this.#lastAt = lastAt;
    this.#onHeadTrouble = onHeadTrouble;
    this.#folder = folder;
    this.#handle = handle;
    this.#size = size;
    this.#head = head;
  }

  /**
   * A last line whose writing was interrupted is cut off: what it was about to say is done again. If lines are missing
   * that the head knew of, a line says so before the head is written anew: it is told of for good.
   *
   * @param onHeadTrouble told when the head could not be written. The line that it would name holds all the same; until
   *   it is written, lines cut off the end would not be missed
   */
  static async open(
    folder: string,
    { bytes, lines, head, problems, knownHead }: ChainRead,
    now: number,
    onHeadTrouble: (reason: string) => void,
  ): Promise<Chain> {
    const handle = await open(path.join(folder, CHAIN), existsSync(path.join(folder, CHAIN)) ? 'r+' : 'w+', 0o640);
    try {
      await handle.truncate(bytes.length);
      await handle.sync();
      const chain = new Chain(folder, handle, bytes.length, head, lines.at(-1)?.at ?? null, onHeadTrouble);
      if (problems.some(({ kind }) => kind === 'cut')) await chain.add({ kind: 'cut-found', missing: knownHead }, now);
      else await chain.#writeHead();
      return chain;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get head(): ChainHead {
    return this.#head;
  }

  /** When the last line was added; `null` if there is none. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** Resolves when the line is on disk: then it holds, whatever crashes. */
  async add(entry: ChainEntry, at: number): Promise<ChainLine> {
    const line: ChainLine = { number: this.#head.number + 1, prev: this.#head.hash, at, ...entry };
    const json = JSON.stringify(line);
    const own = hash('sha256', json, 'hex');
    const bytes = Buffer.from(`${own} ${json}\n`, 'utf8');
    if (this.#isSuspect) await this.#handle.truncate(this.#size);
    this.#isSuspect = true;
    try {
      await writeAll(this.#handle, bytes, this.#size);
      await this.#handle.datasync();
    } catch (error) {
      // What cannot be taken back now is taken back before the next line.
      await this.#handle.truncate(this.#size).catch(() => undefined);
      throw error;
    }
    this.#isSuspect = false;
    this.#size += bytes.length;
    this.#head = { number: line.number, hash: own };
    this.#lastAt = at;
    // The line is on disk and holds: whoever asked for it must not ask again because of its head.
    await this.#writeHead().catch((error: unknown) =>
      this.#onHeadTrouble(error instanceof Error ? error.message : String(error)),
    );
    return line;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #writeHead(): Promise<void> {
    const file = path.join(this.#folder, HEAD);
    await writeFile(`${file}.part`, `${JSON.stringify(this.#head)}\n`, { mode: 0o640 });
    await publish(`${file}.part`, file);
  }
}

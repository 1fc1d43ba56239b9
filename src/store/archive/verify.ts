import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../../core/refusal.ts';
import { journalStart, readJournal } from '../journal.ts';
import { placesIn } from '../places.ts';
import { PART, segmentsFolder } from './segment-files.ts';
import { columnsFolder, isColumnFile } from './access-columns.ts';
import { Catalog, isSegmentName, segmentNumber } from './catalog.ts';
import { type ChainHead, type ChainLine, type ChainRead, readChain, type SegmentInfo } from './chain.ts';
import { wordsFile, wordsFolder } from './word-filter.ts';
import { sha256Of } from './write-segments.ts';

/** Something that is not as it was sealed. */
export interface VerifyProblem {
  readonly kind:
    | 'segment-altered'
    | 'segment-missing'
    /** It holds what belongs under another name. */
    | 'segment-reordered'
    | 'segment-added'
    /** Files of accesses in columns that are not what was written. They can be made again of the segments. */
    | 'columns-altered'
    /** A file that says which words segments may hold is not what was written: searches do not believe it. */
    | 'words-altered'
    | 'chain-altered'
    | 'chain-unlinked'
    | 'chain-cut'
    | 'journal-damaged'
    | 'journal-missing';
  /** The segment's name, the chain's line (`line 12`), or the journal's file. */
  readonly what: string;
  readonly detail: string;
}

export interface VerifyReport {
  readonly schema: 'wardwatch.verify/1';
  /** True if there is no problem. */
  readonly ok: boolean;
  readonly head: ChainHead;
  /** Segments that are there, and the rows and bytes that the chain says they hold. */
  readonly segments: number;
  readonly rows: number;
  readonly bytes: number;
  /** Segments that were deleted and have their tombstone. */
  readonly deleted: number;
  /** Payloads in the journal that are not sealed yet. */
  readonly journalEntries: number;
  readonly problems: readonly VerifyProblem[];
  /** What a crash leaves and the next start puts in order. */
  readonly notes: readonly string[];
}

/**
 * Proves that what is kept in a data folder is what was sealed.
 *
 * @param knownHead a hash that somebody else kept: the chain must lead through it. `null`: only the one beside it
 * @throws Refusal `store/not-found` if there is no archive
 */
export async function verify(data: string, knownHead: string | null = null): Promise<VerifyReport> {
  const { archive, journal } = placesIn(data);
  if (!existsSync(archive)) throw new Refusal('store/not-found', `${data} holds no archive`);
  const chain = readChain(archive);
  const catalog = new Catalog(chain.lines);
  const problems = chainProblems(chain);
  const notes: string[] = [];
  if (knownHead !== null && !chain.hashes.has(knownHead))
    problems.push({ kind: 'chain-cut', what: 'the head given', detail: 'the chain does not lead through it' });
  const segmentProblems = await checkSegments(segmentsFolder(archive), catalog, notes);
  const columnProblems = await checkColumns(columnsFolder(archive), catalog, notes);
  const wordProblems = await checkWords(wordsFolder(archive), catalog, notes);
  const start = journalStart(journal);
  // A service may be running: what it sealed, deleted and forgot while we looked is in its chain by now.
  const after = new Catalog(readChain(archive).lines);
  problems.push(
    ...segmentProblems.filter((problem) => !isExplained(problem, after)),
    ...columnProblems,
    ...wordProblems,
  );
  if (start !== null && start > after.sealedTo)
    problems.push({
      kind: 'journal-missing',
      what: journal,
      detail: `it begins at ${start}, sealed is everything before ${after.sealedTo}`,
    });
  let journalEntries = 0;
  const entries = readJournal(journal, after.sealedTo, ({ kind, file, from, to }) => {
    if (kind === 'torn-tail')
      notes.push(`the last write to ${file} is going on, or was interrupted: it was not acknowledged`);
    else problems.push({ kind: `journal-${kind}`, what: file, detail: `from position ${from} to ${to}` });
  });
  for await (const _entry of entries) {
    journalEntries++;
  }
  const live = [...catalog.live.values()];
  return {
    schema: 'wardwatch.verify/1',
    ok: problems.length === 0,
    head: chain.head,
    segments: live.length,
    rows: live.reduce((sum, { rows }) => sum + rows, 0),
    bytes: live.reduce((sum, { bytes }) => sum + bytes, 0),
    deleted: catalog.deleted.size,
    journalEntries,
    problems,
    notes,
  };
}

/** What is wrong with a chain by itself. */
export function chainProblems({ problems, lines }: ChainRead): VerifyProblem[] {
  return [
    ...problems.map(({ kind, line, detail }) => ({ kind: `chain-${kind}` as const, what: `line ${line}`, detail })),
    ...journalGaps(lines),
    ...cutsFound(lines),
  ];
}

/** Sealed lines follow each other without a gap in the journal: a line that was left out shows here too. */
function journalGaps(lines: readonly ChainLine[]): VerifyProblem[] {
  const problems: VerifyProblem[] = [];
  let reached = 0;
  for (const line of lines) {
    if (line.kind !== 'sealed') continue;
    if (line.journal[0] !== reached)
      problems.push({
        kind: 'chain-unlinked',
        what: `line ${line.number}`,
        detail: `it holds the journal from ${line.journal[0]}, the one before it ends at ${reached}`,
      });
    reached = line.journal[1];
  }
  return problems;
}

/** A service that opened a chain without its end has said so in it. */
function cutsFound(lines: readonly ChainLine[]): VerifyProblem[] {
  return lines.flatMap((line): VerifyProblem[] => {
    if (line.kind !== 'cut-found') return [];
    const upTo = line.missing === null ? '' : `, up to line ${line.missing.number}, ${line.missing.hash.slice(0, 12)}`;
    const detail = `the lines that had stood here${upTo}, were found gone on ${new Date(line.at).toISOString()}`;
    return [{ kind: 'chain-cut', what: `line ${line.number}`, detail }];
  });
}

/** True if what a segment was found to be is right by a chain that was read later. */
function isExplained({ kind, what }: VerifyProblem, after: Catalog): boolean {
  const isDeleted = after.deleted.has(what);
  if (kind === 'segment-missing') return isDeleted;
  return kind === 'segment-added' && (isDeleted || after.live.has(what));
}

async function checkColumns(folder: string, catalog: Catalog, notes: string[]): Promise<VerifyProblem[]> {
  const problems: VerifyProblem[] = [];
  let gone = 0;
  for (const { name, sha256 } of [...catalog.columns.values()].flatMap(({ files }) => files)) {
    const found = isColumnFile(name) ? await sha256IfThere(path.join(folder, name)) : null;
    if (found === null) gone++;
    else if (found !== sha256)
      problems.push({
        kind: 'columns-altered',
        what: name,
        detail: `its SHA-256 is ${found}, it was written as ${sha256}`,
      });
  }
  if (gone > 0) notes.push(`${gone} files of accesses in columns are not there: they will be made again`);
  return problems;
}

async function checkWords(folder: string, catalog: Catalog, notes: string[]): Promise<VerifyProblem[]> {
  const problems: VerifyProblem[] = [];
  let gone = 0;
  const sealed = new Map<string, string>();
  for (const { name, words } of catalog.live.values())
    if (words !== undefined) sealed.set(wordsFile(segmentNumber(name)), words);
  for (const [name, sha256] of sealed) {
    const found = await sha256IfThere(path.join(folder, name));
    if (found === null) gone++;
    else if (found !== sha256)
      problems.push({
        kind: 'words-altered',
        what: name,
        detail: `its SHA-256 is ${found}, it was written as ${sha256}`,
      });
  }
  if (gone > 0) notes.push(`${gone} files of words are not there: searches for words take longer`);
  return problems;
}

async function sha256IfThere(file: string): Promise<string | null> {
  try {
    return await sha256Of(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function checkSegments(folder: string, catalog: Catalog, notes: string[]): Promise<VerifyProblem[]> {
  const problems: VerifyProblem[] = [];
  const bySha = new Map([...catalog.live.values()].map(({ sha256, name }) => [sha256, name]));
  for (const segment of catalog.live.values()) {
    const problem = await checkSegment(folder, segment, bySha, notes);
    if (problem !== null) problems.push(problem);
  }
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  for (const file of files) {
    if (file.isDirectory()) continue;
    const name = path.relative(folder, path.join(file.parentPath, file.name)).split(path.sep).join('/');
    if (catalog.live.has(name) || (name.endsWith(PART) && catalog.live.has(name.slice(0, -PART.length)))) continue;
    if (catalog.deleted.has(name)) notes.push(`${name} was deleted, but its file is still there`);
    else if (name.endsWith(PART)) notes.push(`${name} is what an interrupted sealing left`);
    else problems.push({ kind: 'segment-added', what: name, detail: 'the chain does not know it' });
  }
  return problems;
}

async function checkSegment(
  folder: string,
  segment: SegmentInfo,
  bySha: ReadonlyMap<string, string>,
  notes: string[],
): Promise<VerifyProblem | null> {
  const { name, sha256 } = segment;
  if (!isSegmentName(name)) return { kind: 'segment-missing', what: name, detail: 'that is no name of a segment' };
  let file = path.join(folder, name);
  if (!existsSync(file) && existsSync(file + PART)) {
    notes.push(`${name} was sealed and has not got its name yet`);
    file += PART;
  }
  if (!existsSync(file))
    return { kind: 'segment-missing', what: name, detail: 'there is neither a file nor a tombstone' };
  let found: string;
  try {
    found = await sha256Of(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    // Named or deleted by a running service since we looked.
    return checkSegment(folder, segment, bySha, notes);
  }
  if (found === sha256) return null;
  const other = bySha.get(found);
  return other === undefined
    ? { kind: 'segment-altered', what: name, detail: `its SHA-256 is ${found}, it was sealed as ${sha256}` }
    : { kind: 'segment-reordered', what: name, detail: `it holds what belongs in ${other}` };
}

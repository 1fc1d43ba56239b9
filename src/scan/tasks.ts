import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { CHUNK, FILE_HEADER } from '../intake/evtx/reader.ts';
import { type FilePart, isEvtxFile, linePartsOf } from '../intake/read-log.ts';
import type { AsideItem, ScanTask } from './task.ts';

/** A file larger than this is read by several threads, if it is EVTX: its chunks are independent. */
const PART_CHUNKS = 512;
/** One twice as large as this, if it is JSON lines: its lines are. A thread needs a third of a second to begin. */
const PART_BYTES = 32 << 20;

/** Whatever is to be read below the paths, the large files in parts if there are several threads to read them. */
export function tasksFor(paths: readonly string[], threads: number, aside: (item: AsideItem) => void): ScanTask[] {
  const tasks: ScanTask[] = [];
  const seen = new Set<string>();
  const add = (file: string, given: string, size: number) => {
    const parts = threads > 1 ? partsOf(file, size) : [null];
    for (const part of parts) tasks.push({ id: tasks.length, file, given, size: sizeOf(part, size), part });
  };
  for (const given of paths) walk(given, seen, add, aside);
  return tasks;
}

function partsOf(file: string, size: number): readonly (FilePart | null)[] {
  const chunks = Math.ceil((size - FILE_HEADER) / CHUNK);
  if (chunks <= PART_CHUNKS) return [null];
  if (!isEvtxFile(file)) return linePartsOf(file, size, PART_BYTES) ?? [null];
  return Array.from({ length: Math.ceil(chunks / PART_CHUNKS) }, (_, index) => {
    const first = index * PART_CHUNKS;
    return { kind: 'chunks', first, count: Math.min(PART_CHUNKS, chunks - first) };
  });
}

function sizeOf(part: FilePart | null, size: number): number {
  if (part === null) return size;
  return part.kind === 'chunks' ? part.count * CHUNK : (part.to ?? size) - part.from;
}

/**
 * Every file below a path. Links are followed, but what was met already, by whatever way, is not read again: one event
 * is one finding. A folder that cannot be read is set aside.
 */
function walk(
  given: string,
  seen: Set<string>,
  add: (file: string, given: string, size: number) => void,
  aside: (item: AsideItem) => void,
): void {
  const visit = (place: string, isGiven: boolean) => {
    try {
      const stat = statSync(place);
      const real = realpathSync(place);
      if (seen.has(real)) return;
      seen.add(real);
      if (stat.isDirectory()) {
        for (const name of namesIn(place)) visit(`${place.replace(/[\\/]+$/, '')}${path.sep}${name}`, false);
      } else if (stat.isFile()) {
        accessSync(place, constants.R_OK);
        add(place, place, stat.size);
      } else
        aside({
          path: place,
          record: null,
          offset: null,
          reason: 'not-a-file',
          detail: 'it is neither a file nor a folder',
        });
    } catch (error) {
      if (isGiven) throw new Refusal('input/not-found', `cannot read ${given}: ${reasonOf(error)}`);
      const detail = place.includes('\uFFFD') ? 'its name is not UTF-8: rename it' : reasonOf(error);
      aside({ path: place, record: null, offset: null, reason: 'not-readable', detail });
    }
  };
  visit(given, true);
}

/** In order; links last, so that what they lead to is read by its own name where it has one here. */
function namesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const names = (isLink: boolean) =>
    entries
      .filter((entry) => entry.isSymbolicLink() === isLink)
      .map(({ name }) => name)
      .sort();
  return [...names(false), ...names(true)];
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return 'there is nothing of that name';
  if (code === 'EACCES' || code === 'EPERM') return 'this account may not read it';
  return error instanceof Error ? error.message : 'it cannot be read';
}

import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Refusal } from '../../core/refusal.ts';
import { type Position, readJournal } from '../journal.ts';
import { placesIn } from '../places.ts';
import {
  type AccessPart,
  type ColumnsInfo,
  columnsFolder,
  columnTables,
  dropTables,
  isColumnFile,
  partOf,
  SORTED_BY,
  writeColumns,
} from './access-columns.ts';
import { type AccessReader, AccessStage } from './access-rows.ts';
import { AccessSearch } from './access-search.ts';
import { PART, segmentsFolder } from './segment-files.ts';
import { Catalog } from './catalog.ts';
import { readChain, type SegmentInfo } from './chain.ts';
import { openDatabase } from './database.ts';
import { decodeEvents } from './payload.ts';

/** What of the kept accesses is not there any more or cannot be read, and what had to be read the long way. */
export interface KeptAccessNews {
  /** Segments that retention has removed. */
  readonly deleted: readonly SegmentInfo[];
  /** In plain words, what could not be read. */
  readonly losses: readonly string[];
  /** Days in columns, and days that were read from segments and journal. */
  readonly days: { readonly inColumns: number; readonly fromSegments: number };
  /** Everything in the journal before this was read. */
  readonly to: Position;
}

const DAY_MS = 86_400_000;
const MAX_ATTEMPTS = 8;
/** Besides what this program holds, within 2 GB. */
export const ASK_MEMORY_MB = 1024;
export const ASK_THREADS = 2;
/** Receiving goes on into the next day until what came is sealed, an hour later at most. */
const SETTLED_MS = 3 * 3_600_000;

/**
 * Asks about the accesses that a data folder keeps, whether or not a service runs on it: nothing is locked and nothing is
 * changed. Days of which there are columns are asked there; today, and what no columns have been made of yet, is read from
 * segments and journal.
 *
 * @param ask may be called again: what it was told before is then void
 * @throws Refusal `store/not-found`; `store/busy` if the service seals faster than we read
 */
export async function askKeptAccesses<T>(
  data: string,
  reader: AccessReader,
  ask: (search: AccessSearch) => Promise<T>,
): Promise<KeptAccessNews & { readonly answer: T }> {
  const { archive } = placesIn(data);
  if (!existsSync(archive)) throw new Refusal('store/not-found', `${data} holds no archive`);
  let useColumns = true;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const database = await openDatabase(archive, ASK_MEMORY_MB, ASK_THREADS);
    const connection = await database.connect();
    try {
      const found = await partsIn(connection, data, reader, useColumns);
      // The service may have sealed and forgotten while we read: then what was read is thrown away and read again.
      if (found === null) continue;
      try {
        const { parts, ...news } = found;
        return { ...news, answer: await ask(await AccessSearch.make(connection, parts)) };
      } catch (error) {
        // Columns can be gone, or damaged: what they were made of is still there.
        if (!useColumns || found.days.inColumns === 0 || error instanceof Refusal) throw error;
        useColumns = false;
      }
    } finally {
      connection.closeSync();
      database.closeSync();
    }
  }
  throw new Refusal('store/busy', 'the service seals faster than we can read');
}

/** `null`: the service has changed what there is meanwhile. */
async function partsIn(
  connection: DuckDBConnection,
  data: string,
  reader: AccessReader,
  useColumns: boolean,
): Promise<(KeptAccessNews & { readonly parts: readonly AccessPart[] }) | null> {
  const { archive, journal } = placesIn(data);
  const losses: string[] = [];
  const { lines, problems } = readChain(archive);
  for (const { line, detail } of problems) losses.push(`line ${line} of the chain: ${detail}`);
  const catalog = new Catalog(lines);
  const stage = await AccessStage.make(connection, 'staged', reader);
  const openDays = new Set<number>();
  const entries = readJournal(journal, catalog.sealedTo, ({ kind, file, from, to }) => {
    // The service may be writing there.
    if (kind !== 'torn-tail') losses.push(`${path.basename(file)} is ${kind} from position ${from} to ${to}`);
  });
  let to = catalog.sealedTo;
  for await (const { payload, next } of entries) {
    for (const event of decodeEvents(payload)) {
      if (event.category !== reader.category) continue;
      openDays.add(Math.floor(event.receivedAt / DAY_MS));
      await stage.addEvent(event);
    }
    to = next;
  }
  const parts: AccessPart[] = [];
  const byDay = segmentsByDay(catalog);
  for (const [day, segments] of byDay) {
    const columns = useColumns && !openDays.has(day) ? wholeColumns(archive, catalog, day, segments) : null;
    if (columns !== null) parts.push(partOf(columns, columnsFolder(archive)));
    else for (const { name } of segments) await addSegment(stage, archive, name, (what) => losses.push(what));
  }
  const inColumns = parts.length;
  const days = await stage.join();
  for (const day of days)
    parts.push(await columnTables(connection, `day_${day}`, stage.table, day, reader.believed, []));
  await connection.run(`drop table ${stage.table}`);
  if (readChain(archive).lines.length !== lines.length) return null;
  const sealed = lines.flatMap((line) => (line.kind === 'sealed' ? line.segments : []));
  const deleted = sealed.filter(({ name }) => catalog.deleted.has(name));
  return { parts, deleted, losses, to, days: { inColumns, fromSegments: days.length } };
}

/** Segments that may hold accesses, by the UTC day on which it was received. */
function segmentsByDay(catalog: Catalog): Map<number, SegmentInfo[]> {
  const byDay = new Map<number, SegmentInfo[]>();
  for (const segment of catalog.live.values()) {
    if (segment.kind !== 'clinical') continue;
    const day = Math.floor(segment.receivedFrom / DAY_MS);
    const own = byDay.get(day);
    if (own === undefined) byDay.set(day, [segment]);
    else own.push(segment);
  }
  return byDay;
}

/** The columns of exactly these segments, if they and the segments are there; `null`: the day has none. */
function wholeColumns(
  archive: string,
  catalog: Catalog,
  day: number,
  segments: readonly SegmentInfo[],
): ColumnsInfo | null {
  const columns = catalog.columns.get(day);
  if (columns?.given.includes(SORTED_BY) !== true) return null;
  const names = new Set(columns.segments);
  const isOfThese = names.size === segments.length && segments.every(({ name }) => names.has(name));
  const areThere = columns.files.every(
    ({ name }) => isColumnFile(name) && existsSync(path.join(columnsFolder(archive), name)),
  );
  // Of a segment that is lost its columns would still tell; but what tells of the loss is that it cannot be read.
  return isOfThese && areThere && segments.every(({ name }) => fileOf(archive, name) !== null) ? columns : null;
}

async function addSegment(
  stage: AccessStage,
  archive: string,
  name: string,
  onLoss: (what: string) => void,
): Promise<void> {
  const file = fileOf(archive, name);
  if (file === null) {
    onLoss(`${name} is missing`);
    return;
  }
  try {
    await stage.addSegment(file);
  } catch (error) {
    onLoss(`${name} cannot be read: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`);
  }
}

function fileOf(archive: string, name: string): string | null {
  const named = path.join(segmentsFolder(archive), name);
  // A crash may have come between the chain's line and the name.
  return [named, named + PART].find((candidate) => existsSync(candidate)) ?? null;
}

/**
 * Makes columns of days that have none, or have become others since, and are over; and removes what is left of others.
 * Nobody else may do so at the same time.
 *
 * @param onMade told of each day once its files are on disk: they count from when the chain names them
 * @param atMost days
 * @returns `isMore`: there may be more to do; `failed`: days of which none could be made, and that are asked as segments; `why`: a code
 *   for the first of them, which holds nothing of an access
 */
export async function makeColumns(
  data: string,
  reader: AccessReader,
  now: number,
  atMost: number,
  onMade: (columns: ColumnsInfo) => unknown,
): Promise<{ readonly isMore: boolean; readonly failed: number; readonly why: string | null }> {
  const { archive } = placesIn(data);
  const folder = columnsFolder(archive);
  const chain = readChain(archive);
  const catalog = new Catalog(chain.lines);
  removeOthers(folder, new Set([...catalog.columns.values()].flatMap(({ files }) => files.map(({ name }) => name))));
  const due = [...segmentsByDay(catalog)]
    .filter(([day]) => (day + 1) * DAY_MS + SETTLED_MS <= now)
    .filter(([day, segments]) => wholeColumns(archive, catalog, day, segments) === null)
    .sort(([a], [b]) => b - a);
  if (due.length === 0) return { isMore: false, failed: 0, why: null };
  let [made, failed] = [0, 0];
  let why: string | null = null;
  const database = await openDatabase(archive, ASK_MEMORY_MB, ASK_THREADS);
  const connection = await database.connect();
  try {
    for (const [day, segments] of due) {
      if (made === atMost) break;
      const others = [...catalog.columns.values()]
        .filter((each) => each.day !== day)
        .map((each) => partOf(each, folder))
        .filter(({ rows }) => existsSync(rows));
      let columns: ColumnsInfo;
      try {
        const part = await readDay(connection, archive, reader, day, segments, others);
        const names = segments.map(({ name }) => name);
        columns = await writeColumns(connection, part, names, folder, chain.head.number + 1);
      } catch (error) {
        // Of such a day questions read what there is, and say what there is not.
        failed++;
        why ??= codeOf(error);
        continue;
      }
      await onMade(columns);
      catalog.columns.set(day, columns);
      made++;
      await dropTables(connection, MADE);
    }
  } finally {
    connection.closeSync();
    database.closeSync();
  }
  return { isMore: made + failed < due.length, failed, why };
}

/** Of the database's words nothing is told: they may repeat a value. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error && error.message.includes('No space left') ? 'ENOSPC' : 'unreadable';
}

const MADE = 'made';

/** @throws if a segment is missing, or what the database says of one that is damaged */
async function readDay(
  connection: DuckDBConnection,
  archive: string,
  reader: AccessReader,
  day: number,
  segments: readonly SegmentInfo[],
  others: readonly AccessPart[],
): Promise<AccessPart> {
  const stage = await AccessStage.make(connection, 'staged', reader);
  for (const { name } of segments) {
    const file = fileOf(archive, name);
    if (file === null) throw new Error(`${name} is missing`);
    await stage.addSegment(file);
  }
  await stage.join();
  return columnTables(connection, MADE, stage.table, day, reader.believed, others);
}

/** Files of columns that no line of the chain names: made by a run that was interrupted, or of segments that are gone. */
function removeOthers(folder: string, known: ReadonlySet<string>): void {
  if (!existsSync(folder)) return;
  for (const found of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const name = found.replaceAll(path.sep, '/');
    if (isColumnFile(name) && !known.has(name)) rmSync(path.join(folder, name), { force: true });
  }
}

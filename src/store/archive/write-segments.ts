import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { makeFolder, syncFolder } from '../durable.ts';
import type { SegmentInfo } from './chain.ts';
import { COLUMN_LIST, quoted } from './database.ts';
import { HostFilter } from './host-filter.ts';
import { RETENTION_KIND_SQL, type RetentionKind } from './retention.ts';
import { PART } from './segment-files.ts';

/**
 * One host's events lie together and blocks are small, so that a search for a host reads little: of a segment that has some,
 * 1.5 ms of processor time (5.3 with blocks of 16,384 rows, which take 0.4 % fewer bytes; smaller ones than these gain nothing).
 */
const ORDER = 'host_key, product, event_id, "time"';
const BLOCK_ROWS = 8192;
/** How segments are written: options of `copy … to`. */
export const SEGMENT_FORMAT = `format parquet, compression zstd, row_group_size ${BLOCK_ROWS}, parquet_version v2`;
const DAY_MS = 86_400_000;

/**
 * Writes a table's rows as segments, one for each day (on which they were received) and kind. When it resolves they are
 * on disk, under names that end in `.part`.
 *
 * @throws what the database or the disk says; then nothing is left
 */
export async function writeParts(
  connection: DuckDBConnection,
  table: string,
  folder: string,
  line: number,
): Promise<SegmentInfo[]> {
  const groups = await connection.runAndReadAll(
    `select received_at // ${DAY_MS} as day, ${RETENTION_KIND_SQL} as kind, count(*), min("time"), max("time"),
      min(received_at), max(received_at), list_sort(list(distinct source_id))
    from ${table} group by all order by all`,
  );
  const written: SegmentInfo[] = [];
  const begun: string[] = [];
  try {
    for (const row of groups.getRowsJS()) {
      const [day, kindText, rows, timeFrom, timeTo, receivedFrom, receivedTo, sources] = row;
      const kind = kindText as RetentionKind;
      const name = `${dayName(Number(day))}/${kind}-${line}.parquet`;
      const file = path.join(folder, name + PART);
      await makeFolder(path.dirname(file));
      begun.push(file);
      const where = `received_at // ${DAY_MS} = ${Number(day)} and ${RETENTION_KIND_SQL} = ${quoted(kind)}`;
      const hosts = await connection.runAndReadAll(
        `select distinct lower(host) from ${table} where host is not null and ${where}`,
      );
      await connection.run(
        `copy (select ${COLUMN_LIST}, lower(host) as host_key from ${table} where ${where} order by ${ORDER})
        to ${quoted(file)} (${SEGMENT_FORMAT})`,
      );
      await syncFile(file);
      written.push({
        name,
        kind,
        sha256: await sha256Of(file),
        bytes: (await stat(file)).size,
        rows: Number(rows),
        timeFrom: Number(timeFrom),
        timeTo: Number(timeTo),
        receivedFrom: Number(receivedFrom),
        receivedTo: Number(receivedTo),
        sources: sources as string[],
        hosts: HostFilter.of(hosts.getRowsJS().map(([host]) => host as string)).write(),
      });
    }
    for (const day of daysOf(written)) await syncFolder(path.join(folder, day));
    return written;
  } catch (error) {
    for (const file of begun) await rm(file, { force: true });
    throw error;
  }
}

/** Gives segments that the chain names their names. Those that have them already stay. */
export async function nameParts(segments: readonly SegmentInfo[], folder: string): Promise<void> {
  for (const { name } of segments) {
    const part = path.join(folder, name + PART);
    if (existsSync(part)) await rename(part, path.join(folder, name));
  }
  for (const day of daysOf(segments)) await syncFolder(path.join(folder, day));
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

function daysOf(segments: readonly SegmentInfo[]): Set<string> {
  return new Set(segments.map(({ name }) => path.dirname(name)));
}

function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import path from 'node:path';
import { BIGINT, BOOLEAN, DuckDBInstance, type DuckDBValue, INTEGER, VARCHAR } from '@duckdb/node-api';
import type { StoredEvent } from './stored-event.ts';

/** The columns of an event, in the database and in segments. `at` is told by `time` and whether the event had one. */
export const COLUMNS = [
  ['id', VARCHAR],
  ['time', BIGINT],
  ['has_time', BOOLEAN],
  ['received_at', BIGINT],
  ['source_id', VARCHAR],
  ['product', VARCHAR],
  ['category', VARCHAR],
  ['service', VARCHAR],
  ['channel', VARCHAR],
  ['event_id', INTEGER],
  ['host', VARCHAR],
  ['account', VARCHAR],
  ['address', VARCHAR],
  ['fields', VARCHAR],
  ['text', VARCHAR],
] as const;

export const COLUMN_LIST = COLUMNS.map(([name]) => `"${name}"`).join(', ');
export const COLUMN_DEFINITIONS = COLUMNS.map(([name, type]) => `"${name}" ${type.toString()}`).join(', ');

/**
 * A database in memory that may read and write below one folder, and nowhere else: no network, no extensions, no
 * setting of it can be changed afterwards.
 *
 * @param memoryMb what it may hold; sorting a segment spills to `folder/tmp` beyond that
 */
export async function openDatabase(folder: string, memoryMb: number, threads: number): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMb}MB`,
    temp_directory: path.join(folder, 'tmp'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  // Reading a segment's footer again takes a tenth of a millisecond; keeping it takes 50 kB, as many times as there are segments.
  await connection.run('set global parquet_metadata_cache = false');
  // What a sealed table held goes back to the system at once: 150 to 200 MB less at full load, at no cost in time.
  await connection.run("set global allocator_flush_threshold = '16MB'");
  await connection.run("set global allocator_bulk_deallocation_flush_threshold = '16MB'");
  await connection.run(`set global allowed_directories = [${quoted(folder)}]`);
  await connection.run('set global enable_external_access = false');
  await connection.run('set global lock_configuration = true');
  connection.closeSync();
  return instance;
}

/** A text of our own as an SQL literal: names of files. What people type goes in as parameters. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The rows of hot tables and of segments together, with `host_key`. */
export function rowsOf(tables: readonly string[], files: readonly string[]): string {
  const parts = tables.map((table) => `select ${COLUMN_LIST}, lower(host) as host_key from ${table}`);
  if (files.length > 0)
    parts.push(`select ${COLUMN_LIST}, host_key from read_parquet([${files.map(quoted).join(', ')}])`);
  return parts.length === 0
    ? `select ${COLUMNS.map(([name, type]) => `null::${type.toString()} as "${name}"`).join(', ')}, null as host_key where false`
    : parts.join(' union all ');
}

type Text = string | null;

/** A row in the order of `COLUMNS`. */
export function eventOf(row: readonly DuckDBValue[]): StoredEvent {
  const [id, time, hasTime, receivedAt, sourceId, product, category, service, channel, eventId, host, account] = row;
  const [address, fields, text] = row.slice(12);
  return {
    id: id as string,
    receivedAt: Number(receivedAt),
    at: hasTime === true ? Number(time) : null,
    sourceId: sourceId as string,
    product: product as Text,
    category: category as Text,
    service: service as Text,
    channel: channel as Text,
    eventId: eventId as number | null,
    host: host as Text,
    account: account as Text,
    address: address as Text,
    // Written by `encodeEvents`.
    fields: JSON.parse(fields as string) as StoredEvent['fields'],
    text: text as Text,
  };
}

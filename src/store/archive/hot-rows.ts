import { type DuckDBAppender, type DuckDBConnection, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
import type { UtcMs } from '../../core/event.ts';
import { COLUMN_DEFINITIONS, COLUMNS } from './database.ts';
import type { EventLine } from './payload.ts';
import { Words } from './word-filter.ts';

/** DuckDB's own size of a vector: a chunk cannot hold more. */
const CHUNK_ROWS = 2048;
const TYPES = COLUMNS.map(([, type]) => type);

/** Events that are not sealed yet: a table in memory. Lost in a crash, and made again from the journal. */
export class HotRows {
  readonly table: string;
  rows = 0;
  /** Characters of text in all rows: a measure of the memory that they take. */
  bytes = 0;
  /** When the first of them came here; `null` if there is none. Not when it was received: that may be long ago. */
  since: UtcMs | null = null;
  /** Of every payload that came here. */
  readonly words = new Words();
  readonly #appender: DuckDBAppender;
  #columns: DuckDBValue[][] = TYPES.map(() => []);

  private constructor(table: string, appender: DuckDBAppender) {
    this.table = table;
    this.#appender = appender;
  }

  static async make(connection: DuckDBConnection, generation: number): Promise<HotRows> {
    const table = `hot_${generation}`;
    await connection.run(`create table ${table} (${COLUMN_DEFINITIONS})`);
    return new HotRows(table, await connection.createAppender(table));
  }

  /** Found by searches after the next `show`. */
  add({ event, fieldsJson }: EventLine): void {
    const columns = this.#columns as [DuckDBValue[], ...DuckDBValue[][]];
    const row: readonly DuckDBValue[] = [
      event.id,
      BigInt(event.at ?? event.receivedAt),
      event.at !== null,
      BigInt(event.receivedAt),
      event.sourceId,
      event.product,
      event.category,
      event.service,
      event.channel,
      event.eventId,
      event.host,
      event.account,
      event.address,
      fieldsJson,
      event.text,
    ];
    for (let index = 0; index < row.length; index++) columns[index]?.push(row[index] ?? null);
    this.rows++;
    this.bytes += 150 + fieldsJson.length + (event.text?.length ?? 0);
    this.since ??= Date.now();
    if (columns[0].length === CHUNK_ROWS) this.#hand();
  }

  show(): void {
    this.#hand();
    this.#appender.flushSync();
  }

  async drop(connection: DuckDBConnection): Promise<void> {
    this.#appender.closeSync();
    await connection.run(`drop table ${this.table}`);
  }

  #hand(): void {
    const count = this.#columns[0]?.length ?? 0;
    if (count === 0) return;
    const chunk = DuckDBDataChunk.create(TYPES, count);
    chunk.setColumns(this.#columns);
    this.#appender.appendDataChunk(chunk);
    this.#columns = TYPES.map(() => []);
  }
}

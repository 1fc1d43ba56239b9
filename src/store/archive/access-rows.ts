import {
  BIGINT,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBValue,
  VARCHAR,
} from '@duckdb/node-api';
import { COLUMN_LIST, eventOf, quoted, rowsOf } from './database.ts';
import type { StoredEvent } from './stored-event.ts';

/** One access to one patient’s record. Texts are `''` where nothing is said. */
export interface AccessRow {
  /** UTC ms. */
  readonly at: number;
  readonly user: string;
  readonly patient: string;
  readonly action: string;
  readonly resource: string;
  readonly device: string;
  readonly location: string;
  readonly purpose: string;
  readonly breakGlass: string;
  readonly host: string;
  readonly address: string;
  readonly session: string;
  readonly sequence: string;
  readonly outcome: string;
}

/** What an event says of accesses: whoever judges them knows; the archive does not. */
export interface AccessReader {
  readonly category: string;
  accessesOf(event: StoredEvent): readonly AccessRow[];
  /** The id of the request that the event is about; `''`: none. */
  requestOf(event: StoredEvent): string;
  /** The accesses that the records of one request come to. */
  joined(records: readonly AccessRow[]): readonly AccessRow[];
  /** Times that are believed, UTC ms, half-open. */
  readonly believed: readonly [from: number, to: number];
}

/** The texts of a row, by the names of our columns, in the order in which they are staged. */
const TEXTS = [
  ['account', 'user'],
  ['patient', 'patient'],
  ['action', 'action'],
  ['resource', 'resource'],
  ['device', 'device'],
  ['location', 'location'],
  ['purpose', 'purpose'],
  ['glass', 'breakGlass'],
  ['host', 'host'],
  ['address', 'address'],
  ['session', 'session'],
  ['sequence', 'sequence'],
  ['outcome', 'outcome'],
] as const satisfies readonly (readonly [string, keyof AccessRow])[];
const TEXT_LIST = TEXTS.map(([name]) => name).join(', ');
/** Everything that is said of an access: two that agree in all of it are one that was sent again. */
export const ACCESS_COLUMNS = `t, ${TEXT_LIST}`;
const TYPES = [BIGINT, VARCHAR, BIGINT, ...TEXTS.map(() => VARCHAR)];
const DAY_MS = 86_400_000;
const CHUNK_ROWS = 2048;

/** Fields of an event that are read, as JSON pointers. */
const FIELDS = [
  'user',
  'patient',
  'action',
  'resource_type',
  'device',
  'location',
  'purpose',
  'break_glass',
  'address',
  'session',
  'sequence',
  'outcome',
  'request_id',
] as const;
/** Of these, lists with one text are common. */
const LISTS = ['patient', 'resource_type'] as const;
const POINTERS = [...FIELDS, ...LISTS.flatMap((name) => [`${name}/0`, `${name}/1`])];
const POINTER_LIST = `[${POINTERS.map((name) => quoted(`/${name}`)).join(', ')}]`;

/** DuckDB counts from 1. */
function place(name: string): number {
  return POINTERS.indexOf(name) + 1;
}

function isText(name: (typeof FIELDS)[number]): string {
  const own = `(y[${place(name)}] is null or y[${place(name)}] = 'VARCHAR')`;
  const list = LISTS.find((each) => each === name);
  if (list === undefined) return own;
  return `(${own} or (y[${place(name)}] = 'ARRAY' and y[${place(`${name}/0`)}] = 'VARCHAR' and y[${place(`${name}/1`)}] is null))`;
}

const IS_PLAIN = FIELDS.map(isText).join(' and ');

function text(name: (typeof FIELDS)[number]): string {
  const list = LISTS.find((each) => each === name);
  if (list === undefined) return `coalesce(v[${place(name)}], '')`;
  return `coalesce(case when y[${place(name)}] = 'ARRAY' then v[${place(`${name}/0`)}] else v[${place(name)}] end, '')`;
}

/**
 * Accesses on their way out of events: a table in which the records of each request are joined. Events in which each field
 * is one text, as nearly all are, never leave the database (a million: 11 s of processor time instead of 20).
 */
export class AccessStage {
  readonly table: string;
  readonly #connection: DuckDBConnection;
  readonly #reader: AccessReader;
  #rows: DuckDBValue[][] = TYPES.map(() => []);

  private constructor(connection: DuckDBConnection, table: string, reader: AccessReader) {
    this.#connection = connection;
    this.table = table;
    this.#reader = reader;
  }

  static async make(connection: DuckDBConnection, table: string, reader: AccessReader): Promise<AccessStage> {
    const texts = TEXTS.map(([name]) => `${name} varchar`).join(', ');
    await connection.run(`create or replace table ${table} (day bigint, request varchar, t bigint, ${texts})`);
    return new AccessStage(connection, table, reader);
  }

  /** @throws what the database says of a file that is damaged; some of its rows may be in by then */
  async addSegment(file: string): Promise<void> {
    const events = `(${rowsOf([], [file])}) where category = ${quoted(this.#reader.category)}`;
    // In a table of its own: else the fields of each event are taken apart anew for every condition on them, which takes
    // thirty times as long.
    await this.#connection.run(
      `create or replace table taken_apart as select id, "time" as t, received_at // ${DAY_MS} as day, host, address,
        json_type(fields, ${POINTER_LIST}) as y, json_extract_string(fields, ${POINTER_LIST}) as v from ${events}`,
    );
    await this.#connection.run(
      `create or replace table plain as select id, day, t, ${text('request_id')} as request, ${text('user')} as account,
        ${text('patient')} as patient, ${text('action')} as action, ${text('resource_type')} as resource,
        ${text('device')} as device, ${text('location')} as location, ${text('purpose')} as purpose,
        case when ${text('break_glass')} = 'true' then '1' else '' end as glass, coalesce(host, ${text('device')}) as host,
        case when ${text('address')} = '' then coalesce(address, '') else ${text('address')} end as address,
        ${text('session')} as session, ${text('sequence')} as sequence, ${text('outcome')} as outcome
      from taken_apart where ${IS_PLAIN}`,
    );
    const untyped = `coalesce(nullif(regexp_extract(host, '^[A-Z][A-Za-z]+/(.+)$', 1), ''), host) as host`;
    await this.#connection.run(
      `insert into ${this.table} select day, request, ${ACCESS_COLUMNS} from (select * replace (${untyped}) from plain)`,
    );
    const others = `select ${COLUMN_LIST} from ${events} and id in (select id from taken_apart where not (${IS_PLAIN}))`;
    for await (const rows of (await this.#connection.stream(others)).yieldRows())
      for (const row of rows) await this.addEvent(eventOf(row));
    await this.#connection.run('drop table taken_apart');
    await this.#connection.run('drop table plain');
  }

  async addEvent(event: StoredEvent): Promise<void> {
    if (event.category !== this.#reader.category) return;
    const [day, request] = [Math.floor(event.receivedAt / DAY_MS), this.#reader.requestOf(event)];
    for (const access of this.#reader.accessesOf(event)) this.#add(day, request, access);
    if ((this.#rows[0]?.length ?? 0) >= CHUNK_ROWS) await this.#flush();
  }

  /** Joins what belongs together. Resolves to the UTC days on which something was received. */
  async join(): Promise<readonly number[]> {
    await this.#flush();
    const table = this.table;
    const several = `select day, request from ${table} where request <> '' group by all having count(*) > 1`;
    await this.#connection.run(`create or replace table ${table}_several as ${several}`);
    const records = `select day, request, ${ACCESS_COLUMNS} from ${table} semi join ${table}_several using (day, request)
      order by day, request`;
    // Read to the end before anything is changed: it is the same table.
    const rows = (await this.#connection.runAndReadAll(records)).getRows();
    await this.#connection.run(
      `delete from ${table} where (day, request) in (select (day, request) from ${table}_several)`,
    );
    for (let first = 0; first < rows.length; ) {
      const [day, request] = rows[first] ?? [];
      let end = first + 1;
      while (rows[end]?.[0] === day && rows[end]?.[1] === request) end++;
      const records = rows.slice(first, end).map((row) => accessOf(row.slice(2)));
      for (const access of this.#reader.joined(records)) this.#add(Number(day), '', access);
      first = end;
    }
    await this.#flush();
    await this.#connection.run(`drop table ${table}_several`);
    const days = await this.#connection.runAndReadAll(`select distinct day from ${table} order by day`);
    return days.getRows().map(([day]) => Number(day));
  }

  #add(day: number, request: string, access: AccessRow): void {
    const row = [BigInt(day), request, BigInt(access.at), ...TEXTS.map(([, name]) => access[name])];
    for (const [index, value] of row.entries()) this.#rows[index]?.push(value);
  }

  async #flush(): Promise<void> {
    const count = this.#rows[0]?.length ?? 0;
    if (count === 0) return;
    const appender: DuckDBAppender = await this.#connection.createAppender(this.table);
    for (let from = 0; from < count; from += CHUNK_ROWS) {
      const columns = this.#rows.map((column) => column.slice(from, from + CHUNK_ROWS));
      const chunk = DuckDBDataChunk.create(TYPES, columns[0]?.length ?? 0);
      chunk.setColumns(columns);
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    this.#rows = TYPES.map(() => []);
  }
}

/** SQL of a row as `AccessStage` had it: what `accessOf` reads. @param rows a table, or a query in brackets, of columns as they are kept */
export function keptRows(rows: string): string {
  const sequence = `case when number is not null and sequence = '' then number::varchar else sequence end as sequence`;
  return `select ${ACCESS_COLUMNS.replace('sequence', sequence)} from ${rows}`;
}

/** @param columns those of `keptRows` */
export function accessIn(columns: readonly (readonly DuckDBValue[])[], row: number): AccessRow {
  // By hand: one object for each of millions of rows.
  const text = (column: number) => columns[column]?.[row] as string;
  return {
    at: Number(columns[0]?.[row]),
    user: text(1),
    patient: text(2),
    action: text(3),
    resource: text(4),
    device: text(5),
    location: text(6),
    purpose: text(7),
    breakGlass: text(8),
    host: text(9),
    address: text(10),
    session: text(11),
    sequence: text(12),
    outcome: text(13),
  };
}

function accessOf([at, ...texts]: readonly DuckDBValue[]): AccessRow {
  const named = Object.fromEntries(TEXTS.map(([, name], index) => [name, texts[index] as string]));
  return { at: Number(at), ...named } as unknown as AccessRow;
}

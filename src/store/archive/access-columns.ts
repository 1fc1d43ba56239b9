import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { makeFolder, syncFolder } from '../durable.ts';
import { ACCESS_COLUMNS } from './access-rows.ts';
import { quoted } from './database.ts';
import { sha256Of, syncFile } from './write-segments.ts';

/**
 * Accesses in columns, for questions over years: what the segments of one day (of receipt) say of accesses, with nothing
 * that segments do not say. They can be thrown away and made again at any time.
 *
 * Two or three files. `rows`: sorted by the account’s usual machine, then by account and time, so that a question about an account reads
 * one block of each day, and one about a machine those of the people who work there. An account’s usual machine is, of those that it
 * used that day, the one that most people used: a ward’s, before somebody’s laptop. `names`: which accounts, machines and addresses
 * there are, each account’s usual machine, who used each machine and address, and which sessions more than one account used, or went on
 * over midnight. `numbers`: the log’s own numbering as runs without a hole.
 */
export interface ColumnsInfo {
  /** Since 1970, UTC. */
  readonly day: number;
  /** The segments that they sum up: all of that day’s that hold accesses. */
  readonly segments: readonly string[];
  readonly files: readonly ColumnFile[];
  readonly rows: number;
  /** Accesses whose time is not believed. They are in no file. */
  readonly unreadable: number;
  /** Quarter-hours since 1970 in which there was an access, as runs: first and last. */
  readonly quarters: readonly (readonly [first: number, last: number])[];
  /** As `quarters`, of accesses that name no patient. */
  readonly unnamedQuarters: readonly (readonly [first: number, last: number])[];
  /**
   * Which of `host`, `address`, `session` there is; what some accesses leave out (`blank-user`); `unreadable-number`; `usual`, in all
   * that are sorted by it.
   */
  readonly given: readonly string[];
  readonly isNumbered: boolean;
}

export interface ColumnFile {
  readonly kind: 'rows' | 'names' | 'numbers';
  /** Its path below the columns’ folder: `2026-11-25/rows-42.parquet`. */
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

export const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

/**
 * Large enough that few are read whole for nothing, small enough for one account of a day: 32,768 rows are a quarter of a
 * megabyte.
 */
const BLOCK_ROWS = 32_768;
const NAME_BLOCK_ROWS = 8192;

/** How files of a kind are written. */
export function parquetOptions(kind: ColumnFile['kind']): string {
  const rows = kind === 'names' ? NAME_BLOCK_ROWS : BLOCK_ROWS;
  return `format parquet, compression zstd, row_group_size ${rows}, parquet_version v2`;
}

/** `2026-11-25/rows-42.parquet` and nothing else: a name out of the chain is never trusted to be a path. */
export function isColumnFile(name: string): boolean {
  return /^\d{4,6}-\d{2}-\d{2}\/(?:rows|names|numbers)-\d+\.parquet$/.test(name);
}

export function columnsFolder(archiveFolder: string): string {
  return path.join(archiveFolder, 'columns');
}

/** Where the accesses of one day lie. */
export interface AccessPart extends Pick<ColumnsInfo, 'day' | 'quarters' | 'unnamedQuarters' | 'given' | 'unreadable'> {
  /** Names of tables, or of files. */
  readonly rows: string;
  readonly names: string;
  /** `null`: the log has no numbers. */
  readonly numbers: string | null;
  /** In tables: reading all of it costs little. */
  readonly isLoose: boolean;
}

/** What columns that are made now have: those without it are made again. */
export const SORTED_BY = 'usual';

/** Columns of `rows`, besides `part` and `usual`. */
export const ROW_COLUMNS = ACCESS_COLUMNS.replace('sequence', 'number, sequence');

/** SQL of what several days hold, that can stand behind `from`. */
export function together(parts: readonly AccessPart[], kind: 'rows' | 'names' | 'numbers'): string {
  const columns = {
    rows: `part, usual, ${ROW_COLUMNS}`,
    names: 'part, kind, key, name, is_named',
    numbers: NUMBER_COLUMNS,
  }[kind];
  const files = parts.filter(({ isLoose }) => !isLoose).flatMap((part) => part[kind] ?? []);
  const tables = parts.filter(({ isLoose }) => isLoose).flatMap((part) => part[kind] ?? []);
  const all = [
    ...tables,
    ...(files.length === 0 ? [] : [`read_parquet([${files.map(quoted).join(', ')}], union_by_name = false)`]),
  ];
  return `(${all.map((each) => `select ${columns} from ${each}`).join(' union all ')})`;
}

/**
 * How names are looked up. Must say the same as `accountKey` and `hostKeys` of records/same-name.ts: a test compares them.
 */
const TRIMMED = (column: string) => `regexp_replace(${column}, '^[\\s\\p{Z}]+|[\\s\\p{Z}]+$', '', 'g')`;
const UNTYPED = (sql: string) => `coalesce(nullif(regexp_extract(${sql}, '^[A-Z][A-Za-z]+/(.+)$', 1), ''), ${sql})`;
const PLAIN = (column: string) => `lower(${UNTYPED(TRIMMED(column))})`;
const ACCOUNT_KEY = `coalesce(nullif(regexp_extract(${PLAIN('account')}, '^[^\\\\]+\\\\(.+)$', 1), ''),
  nullif(regexp_extract(${PLAIN('account')}, '^([^@]+)@.+$', 1), ''), ${PLAIN('account')})`;
const HOST_KEY = `split_part(${PLAIN('host')}, '.', 1)`;

/** What counts as one of the log’s numbers, as records/sequence.ts has it. */
const NUMBER = `case when regexp_full_match(sequence, '0*[0-9]{1,15}') then sequence::bigint end`;
/** Said by the number alone. */
const IS_SAID = `regexp_full_match(sequence, '0|[1-9][0-9]{0,14}')`;
/** Something else stands where the log has its numbers. */
export const IS_UNREADABLE_NUMBER = `(number is null and regexp_matches(sequence, '[^\\s]'))`;

/**
 * Makes tables of what was staged of one day: `<name>_rows`, `<name>_names`, `<name>_numbers`.
 *
 * @param staged a table of `AccessStage`, joined
 * @param others what is in columns of other days: sessions may go on there
 */
export async function columnTables(
  connection: DuckDBConnection,
  name: string,
  staged: string,
  day: number,
  believed: readonly [from: number, to: number],
  others: readonly AccessPart[],
): Promise<AccessPart> {
  const isBelieved = `t >= ${believed[0]} and t < ${believed[1]}`;
  const [rows, names, numbers] = [`${name}_rows`, `${name}_names`, `${name}_numbers`];
  const columns = ACCESS_COLUMNS.replace(
    'sequence',
    `${NUMBER} as number, case when ${IS_SAID} then '' else sequence end as sequence`,
  );
  await connection.run(
    `create or replace table ${rows} as with seen as materialized (
      select distinct ${ACCESS_COLUMNS} from ${staged} where day = ${day} and patient <> '' and ${isBelieved}
      union all select ${ACCESS_COLUMNS} from ${staged} where day = ${day} and patient = '')
    select ${day}::integer as part, coalesce(usual, '') as usual, ${columns} from seen left join (
      select account, host as usual from (select account, host, count(*) as times from seen where host <> '' group by all)
        join (select host, count(distinct account) as users from seen where host <> '' group by host) using (host)
      qualify row_number() over (partition by account order by users desc, times desc, host) = 1) using (account)`,
  );
  const quarters = await quartersOf(connection, rows, `patient <> ''`);
  const around = [
    rows,
    ...others.filter((each) => areNear({ quarters }, each)).map((each) => together([each], 'rows')),
  ];
  const sessions = `select session, min(one) <> max(other) as is_shared, min(first) <> max(last) as is_long from (${around
    .map(
      (each) =>
        `select session, min(account) as one, max(account) as other, min(t) // ${DAY_MS} as first, max(t) // ${DAY_MS} as last
        from ${each} where session <> '' and patient <> '' group by session`,
    )
    .join(' union all ')}) group by session having is_shared or is_long`;
  const distinct = (column: string) =>
    `select ${column}, bool_or(patient <> '') as is_named from ${rows} where ${column} <> '' group by ${column}`;
  await connection.run(
    `create or replace table ${names} as select ${day}::integer as part, kind, key, name, is_named from (
      select 'account' as kind, ${ACCOUNT_KEY} as key, account as name, is_named from (${distinct('account')})
      union all select 'host', ${HOST_KEY}, host, is_named from (${distinct('host')})
      union all select 'address', address, address, is_named from (${distinct('address')})
      union all select distinct 'usual', account, usual, true from ${rows}
      union all select distinct 'user-of-host', host, account, true from ${rows} where host <> ''
      union all select distinct 'user-of-address', address, account, true from ${rows} where address <> ''
      union all select unnest(list_filter([case when is_shared then 'shared' end, case when is_long then 'long' end], kind -> kind is not null)),
        session, session, true from (${sessions}) semi join (select session from ${rows} where patient <> '') using (session))`,
  );
  const [counts] = (
    await connection.runAndReadAll(
      `select (select count(*) from ${staged} where day = ${day} and patient <> '' and not (${isBelieved})),
        bool_or(host <> ''), bool_or(address <> ''), bool_or(session <> ''), bool_or(number is not null),
        bool_or(${IS_UNREADABLE_NUMBER}), bool_or(account = ''), bool_or(host = ''), bool_or(address = '')
      from ${rows} where patient <> ''`,
    )
  ).getRows();
  const [unreadable, hasHost, hasAddress, hasSession, isNumbered, hasOthers, ...isBlank] = counts ?? [];
  if (isNumbered === true) await numberRuns(connection, day, rows, numbers);
  return {
    day,
    rows,
    names,
    numbers: isNumbered === true ? numbers : null,
    quarters,
    unnamedQuarters: await quartersOf(connection, rows, `patient = ''`),
    given: [
      SORTED_BY,
      ...(hasHost === true ? ['host'] : []),
      ...(hasAddress === true ? ['address'] : []),
      ...(hasSession === true ? ['session'] : []),
      ...(hasOthers === true ? ['unreadable-number'] : []),
      ...['blank-user', 'blank-host', 'blank-address'].filter((_, index) => isBlank[index] === true),
    ],
    unreadable: Number(unreadable),
    isLoose: true,
  };
}

const NUMBER_COLUMNS = 'part, scope, key, first, last, t_first, t_last, followed, broken, rows';

/** What a run of numbers may be counted by, the widest first, as `SequenceWatch` of records/sequence.ts has it. */
export const NUMBER_SCOPES = [
  ['log', `''`],
  ['host', 'host'],
  ['user', 'account'],
  ['session', 'session'],
] as const;

/** SQL of the runs of numbers that have no hole, counted by one thing. `broken`, `followed`: pairs of rows inside. */
export function runsOf(rows: string, scope: string, key: string): string {
  return `select '${scope}' as scope, key, min(number) as first, max(number) as last, min_by(t, place) as t_first,
      max_by(t, place) as t_last, count(*) filter (step = 1) as followed,
      count(*) filter (step is not null and (step = 0 or t < before)) as broken, count(*) as rows
    from (select *, sum(case when step is null then 1 else 0 end) over (partition by key order by place) as run from (
      select *, case when number - previous <= 1 then number - previous end as step from (
        select *, row_number() over (partition by key order by number, t) as place, lag(number) over (partition by key order by number, t)
            as previous, lag(t) over (partition by key order by number, t) as before from (
          select ${key} as key, number, t from ${rows} where number is not null and patient <> ''))))
    group by key, run`;
}

/** As in records/sequence.ts: with more runs, the numbers do not count by this. They are not kept. */
export const FEWEST_ROWS_A_RUN = 16;
export const FEW_RUNS = 1000;

async function numberRuns(connection: DuckDBConnection, day: number, rows: string, numbers: string): Promise<void> {
  const columns = `part integer, scope varchar, key varchar, first bigint, last bigint, t_first bigint, t_last bigint, followed bigint, broken bigint, rows bigint`;
  await connection.run(`create or replace table ${numbers} (${columns})`);
  for (const [scope, key] of NUMBER_SCOPES) {
    await connection.run(`insert into ${numbers} select ${day}, * from (${runsOf(rows, scope, key)})`);
    const found = await connection.runAndReadAll(
      `select count(*), (select count(number) from ${rows}) from ${numbers} where scope = '${scope}'`,
    );
    const [count, all] = (found.getRows()[0] ?? []).map(Number);
    if ((count ?? 0) * FEWEST_ROWS_A_RUN > Math.max(FEW_RUNS, all ?? 0))
      await connection.run(`delete from ${numbers} where scope = '${scope}'`);
  }
}

async function quartersOf(connection: DuckDBConnection, rows: string, where: string): Promise<[number, number][]> {
  const found = await connection.runAndReadAll(
    `select min(quarter), max(quarter) from (
      select quarter, quarter - row_number() over (order by quarter) as run from (
        select distinct t // ${QUARTER_MS} as quarter from ${rows} where ${where}))
    group by run order by 1`,
  );
  return found.getRows().map(([first, last]) => [Number(first), Number(last)]);
}

/** Writes the tables of a day as files. When it resolves they are on disk. @throws what the database or the disk says; then nothing is left */
export async function writeColumns(
  connection: DuckDBConnection,
  part: AccessPart,
  segments: readonly string[],
  folder: string,
  number: number,
): Promise<ColumnsInfo> {
  const dayName = new Date(part.day * DAY_MS).toISOString().slice(0, 10);
  await makeFolder(path.join(folder, dayName));
  const tables = [
    ['rows', part.rows, 'usual, account, t'],
    ['names', part.names, 'kind, key, name'],
    ...(part.numbers === null ? [] : [['numbers', part.numbers, 'scope, key, first'] as const]),
  ] as const;
  const files: ColumnFile[] = [];
  try {
    for (const [kind, table, order] of tables) {
      const name = `${dayName}/${kind}-${number}.parquet`;
      const file = path.join(folder, name);
      files.push({ kind, name, sha256: '', bytes: 0 });
      await connection.run(
        `copy (select * from ${table} order by ${order}) to ${quoted(file)}
        (${parquetOptions(kind)})`,
      );
      await syncFile(file);
      files[files.length - 1] = { kind, name, sha256: await sha256Of(file), bytes: (await stat(file)).size };
    }
    await syncFolder(path.join(folder, dayName));
  } catch (error) {
    for (const { name } of files) await rm(path.join(folder, name), { force: true });
    throw error;
  }
  const [[rows] = []] = (await connection.runAndReadAll(`select count(*) from ${part.rows}`)).getRows();
  const { day, unreadable, quarters, unnamedQuarters, given } = part;
  return {
    day,
    segments,
    files,
    rows: Number(rows),
    unreadable,
    quarters,
    unnamedQuarters,
    given,
    isNumbered: part.numbers !== null,
  };
}

/** True if a session may go on from one to the other: see `Session` in records/scope.ts. */
export function areNear(one: Pick<AccessPart, 'quarters'>, other: Pick<AccessPart, 'quarters'>): boolean {
  const days = daysOf(one);
  return [...daysOf(other)].some((day) => days.has(day - 1) || days.has(day) || days.has(day + 1));
}

const QUARTERS_A_DAY = 96;

function daysOf({ quarters }: Pick<AccessPart, 'quarters'>): Set<number> {
  const days = new Set<number>();
  for (const [first, last] of quarters)
    for (let day = Math.floor(first / QUARTERS_A_DAY); day <= Math.floor(last / QUARTERS_A_DAY); day++) days.add(day);
  return days;
}

/** The files of a day as they are asked. */
export function partOf(info: ColumnsInfo, folder: string): AccessPart {
  const of = (kind: ColumnFile['kind']) => {
    const file = info.files.find((each) => each.kind === kind);
    return file === undefined ? null : path.join(folder, file.name);
  };
  const { day, quarters, unnamedQuarters, given, unreadable } = info;
  const [rows, names] = [of('rows') ?? '', of('names') ?? ''];
  return { day, rows, names, numbers: of('numbers'), quarters, unnamedQuarters, given, unreadable, isLoose: false };
}

export async function dropTables(connection: DuckDBConnection, name: string): Promise<void> {
  for (const kind of ['rows', 'names', 'numbers']) await connection.run(`drop table if exists ${name}_${kind}`);
}

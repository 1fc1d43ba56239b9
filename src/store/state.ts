import { chmodSync } from 'node:fs';
import path from 'node:path';
import BetterSqlite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  PostgresDialect,
  SqliteDialect,
  SqliteDriver,
  type SqliteDatabase,
  type SqliteDialectConfig,
  type Transaction,
} from 'kysely';
import pg from 'pg';
import { Refusal } from '../core/refusal.ts';
import { CleanText } from './clean-text.ts';
import { makeFolder } from './durable.ts';
import { migrate, readMigrations } from './migrate.ts';
import type { Tables } from './tables.ts';

/** Where the state lies: incidents, sources, users, exceptions, settings. Small, and changed in place. */
export type StatePlace =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** The state, open and at our schema. */
export interface State {
  /** For single statements. Each is a transaction of its own, on disk when it resolves. */
  readonly db: Kysely<Tables>;
  /**
   * All that `work` does with what it is handed is kept, or if it throws none of it. Not to be nested; on SQLite,
   * `work` would wait for ever for an answer to a question that it asks `db`.
   */
  transaction<T>(work: (within: Transaction<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How long to wait for another process (`wardwatch sources add` beside the service) to finish its change. */
const BUSY_MS = 5000;
const MIGRATIONS = path.join(import.meta.dirname, '..', '..', 'migrations');

/**
 * @param setting `WARDWATCH_STATE`: `null` for SQLite in the data folder, or `postgres://…`
 * @throws Refusal `state/bad-address` for anything else
 */
export function statePlace(setting: string | null, dataFolder: string): StatePlace {
  if (setting === null) return { kind: 'sqlite', file: path.join(dataFolder, 'state.db') };
  if (/^postgres(ql)?:\/\//.test(setting)) return { kind: 'postgres', url: setting };
  // The address may hold a password, so it is not repeated.
  throw new Refusal('state/bad-address', 'WARDWATCH_STATE does not begin with postgres://');
}

/**
 * Opens the state and brings it to our schema. Once in a process: SQLite waits for others without letting go of the
 * thread, so two in one process would wait for each other.
 *
 * @throws Refusal `state/newer-schema` if a later release has been at it; `state/changed-migration` if it was made by
 *   other migrations than ours; `state/unreachable` if the server does not answer or does not let us in
 */
export async function openState(place: StatePlace, migrations = MIGRATIONS): Promise<State> {
  const wanted = readMigrations(migrations);
  if (place.kind === 'sqlite') await makeFolder(path.dirname(place.file));
  const db = new Kysely<Tables>({ dialect: dialectOf(place), plugins: [new CleanText()] });
  try {
    await migrate(db, place.kind, wanted);
  } catch (error) {
    await db.destroy();
    throw unreachableRefusal(error) ?? error;
  }
  return {
    db,
    transaction: (work) => db.transaction().execute(work),
    close: () => db.destroy(),
  };
}

/** True if a statement failed because such a row is there already. */
export function isAlreadyThere(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

function dialectOf(place: StatePlace): Dialect {
  if (place.kind === 'sqlite') return new ImmediateSqlite({ database: preparedOnce(openSqlite(place.file)) });
  const pool = new pg.Pool({ connectionString: place.url, max: 8, types: { getTypeParser } });
  // A connection that breaks while nobody uses it is replaced at the next question, which then fails if it must.
  pool.on('error', () => undefined);
  return new PostgresDialect({ pool });
}

function openSqlite(file: string): BetterSqlite.Database {
  const database = new BetterSqlite(file, { timeout: BUSY_MS });
  chmodSync(file, 0o640);
  database.pragma('journal_mode = WAL');
  // What was acknowledged survives a power cut, not only a crash of ours.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  return database;
}

/** Texts of statements differ where lists of values differ in length; beyond so many the first is made again. */
const MAX_PREPARED = 500;

/**
 * The database with each statement prepared once: preparing is what most of them cost. None is ever run while it runs:
 * we never stream rows.
 */
function preparedOnce(database: BetterSqlite.Database): SqliteDatabase {
  const prepared = new Map<string, BetterSqlite.Statement>();
  return {
    prepare: (sql) => {
      let statement = prepared.get(sql);
      if (statement === undefined) {
        statement = database.prepare(sql);
        for (const oldest of prepared.keys()) {
          if (prepared.size < MAX_PREPARED) break;
          prepared.delete(oldest);
        }
        prepared.set(sql, statement);
      }
      return statement;
    },
    close: () => database.close(),
  };
}

/** `null` unless it is about the way to the server, or the door (SQLSTATE classes 08, 28 and 3D). */
function unreachableRefusal(error: unknown): Refusal | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^(E[A-Z_]+|08...|28...|3D...|57P03)$/.test(code)) return null;
  return new Refusal('state/unreachable', `the database of WARDWATCH_STATE cannot be used: ${code}`, { cause: error });
}

const INT8 = 20;

/** `bigint` columns and counts are numbers, as on SQLite: ours are times and counts, far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 && format !== 'binary' ? Number : (pg.types.getTypeParser as ParserOf)(oid, format);

type ParserOf = (oid: number, format?: 'text' | 'binary') => unknown;

class ImmediateSqlite extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver(this.#config);
  }
}

/**
 * A transaction that begins with a question takes the write lock only at its first change, and fails at once if
 * another process changed something in between. Ours take it when they begin, and wait for it.
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

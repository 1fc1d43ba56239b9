import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Kysely, sql, type Transaction } from 'kysely';
import { Refusal } from '../core/refusal.ts';
import type { MigrationRow, Tables } from './tables.ts';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly hash: string;
  readonly statements: readonly string[];
}

/** The migrations of a folder, in order. Their form is described in `migrations/README.md`. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file, index) => {
      const text = readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n');
      const [, number = '', name = ''] = /^(\d{4})_([a-z0-9-]+)\.sql$/.exec(file) ?? [];
      assert(Number(number) === index + 1, `${file}: the migration after ${index} is expected here`);
      assert(/^-- breaking: \S/.test(text), `${file}: its first line says whether it is breaking`);
      return { number: Number(number), name, hash: hash('sha256', text, 'hex'), statements: statementsOf(text) };
    });
}

function statementsOf(text: string): string[] {
  return text
    .replaceAll(/--.*$/gm, '')
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** Applies what has not been applied, each in one transaction. Two who start at once take turns. */
export async function migrate(
  db: Kysely<Tables>,
  kind: 'sqlite' | 'postgres',
  migrations: readonly Migration[],
): Promise<void> {
  await inTurn(db, kind, async (within) => {
    await sql`create table if not exists migrations (
      number integer primary key, name text not null, hash text not null, applied_at bigint not null)`.execute(within);
    checkHistory(await within.selectFrom('migrations').selectAll().orderBy('number').execute(), migrations);
  });
  for (const migration of migrations) await inTurn(db, kind, (within) => applyOnce(within, migration));
}

async function applyOnce(within: Transaction<Tables>, { number, name, hash, statements }: Migration): Promise<void> {
  const { numInsertedOrUpdatedRows: isNew } = await within
    .insertInto('migrations')
    .values({ number, name, hash, applied_at: Date.now() })
    .onConflict((conflict) => conflict.column('number').doNothing())
    .executeTakeFirstOrThrow();
  if (isNew === 0n) return;
  for (const statement of statements) await sql.raw(statement).execute(within);
}

function checkHistory(applied: readonly MigrationRow[], known: readonly Migration[]): void {
  for (const { number, name, hash } of applied) {
    const ours = known[number - 1];
    if (ours === undefined)
      throw new Refusal('state/newer-schema', `the state is at schema ${number} (${name}), we know ${known.length}`);
    if (ours.hash !== hash)
      throw new Refusal(
        'state/changed-migration',
        `migration ${number} was applied as another text (${name}) than ours`,
      );
  }
}

/** Any number will do, as long as nobody else's is the same. */
const LOCK = 7_392_011_401;

function inTurn(
  db: Kysely<Tables>,
  kind: 'sqlite' | 'postgres',
  work: (within: Transaction<Tables>) => Promise<void>,
): Promise<void> {
  return db.transaction().execute(async (within) => {
    // SQLite's transactions take turns anyhow.
    if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${LOCK})`.execute(within);
    await work(within);
  });
}

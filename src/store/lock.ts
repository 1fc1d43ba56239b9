import BetterSqlite from 'better-sqlite3';
import { Refusal } from '../core/refusal.ts';
import { makeFolder } from './durable.ts';
import { placesIn } from './places.ts';

/**
 * Makes sure that one process at a time works on a data folder. The lock is SQLite's on a file that holds nothing: the
 * system takes it away from a process that dies, however it dies.
 *
 * @returns what gives it back
 * @throws Refusal `store/in-use`
 */
export async function lockData(data: string): Promise<() => void> {
  await makeFolder(data);
  const database = new BetterSqlite(placesIn(data).lock, { timeout: 0 });
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    const isTaken = error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
    throw isTaken ? new Refusal('store/in-use', `${data} is in use by a running service`) : error;
  }
  return () => database.close();
}

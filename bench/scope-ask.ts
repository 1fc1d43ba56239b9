/** Asks one question of columns, in a process of its own: see scope.ts. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ScopeQuestion } from '../src/records/scope-answer.ts';
import { judgeColumns } from '../src/records/scope-columns.ts';
import { type ColumnsInfo, partOf } from '../src/store/archive/access-columns.ts';
import { AccessSearch } from '../src/store/archive/access-search.ts';
import { ASK_MEMORY_MB, ASK_THREADS } from '../src/store/archive/kept-accesses.ts';
import { openDatabase } from '../src/store/archive/database.ts';

export interface Asked {
  readonly folder: string;
  /** Of how many days. */
  readonly count: number;
  readonly question: ScopeQuestion;
}

export interface Told {
  readonly seconds: number;
  /** Of all threads: on a machine that others use, a truer measure. */
  readonly cpuSeconds: number;
  readonly megabytes: number;
  readonly patients: number;
  readonly accesses: number;
}

process.once('message', ({ folder, count, question }: Asked) => {
  answer(folder, count, question).then(
    (told) => process.send?.(told, () => process.disconnect()),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function answer(folder: string, count: number, question: ScopeQuestion): Promise<Told> {
  const days = (JSON.parse(readFileSync(path.join(folder, 'days.json'), 'utf8')) as ColumnsInfo[]).slice(0, count);
  const began = performance.now();
  const before = process.cpuUsage();
  const database = await openDatabase(folder, ASK_MEMORY_MB, ASK_THREADS);
  const connection = await database.connect();
  const search = await AccessSearch.make(
    connection,
    days.map((day) => partOf(day, folder)),
  );
  const { patients, total } = (await judgeColumns(search, question, 'Europe/London'))([]);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  connection.closeSync();
  database.closeSync();
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    megabytes: process.resourceUsage().maxRSS / 1000,
    patients: patients.length,
    accesses: total.accesses,
  };
}

import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type ScopeQuestion } from '../src/records/scope-answer.ts';
import { scopeOf } from '../src/records/scope.ts';
import {
  type ColumnFile,
  type ColumnsInfo,
  columnTables,
  parquetOptions,
  partOf,
  QUARTER_MS,
  writeColumns,
} from '../src/store/archive/access-columns.ts';
import { AccessStage } from '../src/store/archive/access-rows.ts';
import { quoted } from '../src/store/archive/database.ts';
import { ACCESS_READER } from '../src/watch/access-reader.ts';
import { report } from './figures.ts';
import { dayOfRegion, loadWeek, type Week, WEEK } from './region.ts';
import type { Asked, Told } from './scope-ask.ts';

/**
 * `npm run bench -- scope --accesses 1e9`: how long scope takes over so many accesses in columns, and what they take on
 * disk. `--folder DIR` keeps them there, and uses those that are there already.
 *
 * A region of many hospitals, a million accesses a day: each hospital has the days of one that the simulator made, under
 * names of its own. The first week goes through the code that a service uses. The later ones are that week again, whole
 * weeks later, with other patients and sessions: sorted as it is, they need not be sorted again, and a thousand days take
 * a quarter of an hour instead of two.
 */
const DAY_MS = 86_400_000;
const A_DAY = 1_000_000;
const RUNS = 5;

export async function benchScope(args: readonly string[]): Promise<void> {
  const option = (name: string) => {
    const index = args.indexOf(name);
    return index < 0 ? undefined : args[index + 1];
  };
  const accesses = Number(option('--accesses') ?? 1e7);
  const kept = option('--folder');
  const folder = kept ?? mkdtempSync(path.join(process.env['WARDWATCH_BENCH_DIR'] ?? tmpdir(), 'wardwatch-scope-'));
  mkdirSync(folder, { recursive: true });
  try {
    const days = await writeDays(folder, Math.max(1, Math.round(accesses / A_DAY)));
    await measure(folder, days);
  } finally {
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function writeDays(folder: string, count: number): Promise<ColumnsInfo[]> {
  const list = path.join(folder, 'days.json');
  const days = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as ColumnsInfo[]) : [];
  if (days.length >= count) return days.slice(0, count);
  // As the service opens it, but for the order of rows, which copies keep.
  const database = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: '1024MB',
    temp_directory: path.join(folder, 'tmp'),
  });
  const connection = await database.connect();
  const began = performance.now();
  const before = days.length;
  try {
    const week = await loadWeek(connection, folder, A_DAY);
    const stage = await AccessStage.make(connection, 'staged', ACCESS_READER);
    for (let index = before; index < count; index++) {
      const earlier = days[index % WEEK];
      if (index < WEEK || earlier === undefined) {
        const day = week.firstDay + index;
        await connection.run(`delete from ${stage.table}`);
        await connection.run(`insert into ${stage.table} ${dayOfRegion(day, week)}`);
        const others = days.slice(-1).map((each) => partOf(each, folder));
        const part = await columnTables(connection, 'made', stage.table, day, ACCESS_READER.believed, others);
        days.push(await writeColumns(connection, part, [], folder, index + 1));
      } else days.push(await weeksLater(connection, folder, earlier, index, week));
      writeFileSync(list, JSON.stringify(days));
    }
  } finally {
    connection.closeSync();
    database.closeSync();
  }
  const seconds = (performance.now() - began) / 1000;
  process.stderr.write(`${count - before} days written in ${Math.round(seconds)} s\n`);
  return days;
}

/** As `dayOfRegion` of the same weekday, whole weeks later. */
async function weeksLater(
  connection: DuckDBConnection,
  folder: string,
  from: ColumnsInfo,
  index: number,
  week: Week,
): Promise<ColumnsInfo> {
  const weeks = Math.floor(index / WEEK);
  const day = from.day + weeks * WEEK;
  const dayName = new Date(day * DAY_MS).toISOString().slice(0, 10);
  mkdirSync(path.join(folder, dayName), { recursive: true });
  const shift = weeks * WEEK * DAY_MS;
  // Numbers go on where those of the week before ended.
  const numbers = weeks * week.accesses;
  const changes = {
    rows: `${day}::integer as part, t + ${shift} as t, 'pt_' || left(md5(patient || ${weeks}), 20) as patient,
      session || '-' || ${weeks} as session, number + ${numbers} as number`,
    names: `${day}::integer as part`,
    numbers: `${day}::integer as part, first + ${numbers} as first, last + ${numbers} as last, t_first + ${shift} as t_first,
      t_last + ${shift} as t_last`,
  };
  const files: ColumnFile[] = [];
  for (const { kind, name: old } of from.files) {
    const name = `${dayName}/${kind}-${index + 1}.parquet`;
    const file = path.join(folder, name);
    await connection.run(
      `copy (select * replace (${changes[kind]}) from read_parquet(${quoted(path.join(folder, old))}))
      to ${quoted(file)} (${parquetOptions(kind)})`,
    );
    files.push({ kind, name, sha256: '', bytes: statSync(file).size });
  }
  const later = (runs: ColumnsInfo['quarters']) =>
    runs.map(([first, last]) => [first + shift / QUARTER_MS, last + shift / QUARTER_MS] as const);
  return { ...from, day, files, quarters: later(from.quarters), unnamedQuarters: later(from.unnamedQuarters) };
}

async function measure(folder: string, days: readonly ColumnsInfo[]): Promise<void> {
  const rows = days.reduce((sum, day) => sum + day.rows, 0);
  const millions = (rows / 1e6).toLocaleString('en-GB', { maximumFractionDigits: 0 });
  const bytes = days.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
  const yardstick = { name: 'scope of a folder of CSV files in memory, s a million', values: await fromMemory(folder) };
  const line = (what: string, unit: string, values: readonly number[], must: number | null, aim: number | null) =>
    report({ name: `scope: ${what}, ${millions} M accesses`, unit, values, yardstick, must, aim });
  const [must, aim] = rows >= 5e8 ? [5, 2] : [1, null];
  const peaks: number[] = [];
  for (const [what, question] of questionsOver(days)) {
    const told: Told[] = [];
    for (let run = 0; run < RUNS; run++) told.push(await askApart({ folder, count: days.length, question }));
    const [first] = told;
    const said = `${what} (${first?.accesses} accesses, ${first?.patients} patients)`;
    line(
      said,
      's',
      told.map(({ seconds }) => seconds),
      must,
      aim,
    );
    line(
      `processor time of ${said}`,
      's',
      told.map(({ cpuSeconds }) => cpuSeconds),
      null,
      null,
    );
    peaks.push(...told.map(({ megabytes }) => megabytes));
  }
  line('memory at its highest, of all these, this program and DuckDB', 'MB', [Math.max(...peaks)], 2000, null);
  line('size on disk', 'GB', [bytes / 1e9], null, null);
  line('size on disk', 'bytes an access', [bytes / rows], null, null);
}

function questionsOver(days: readonly ColumnsInfo[]): [what: string, question: ScopeQuestion][] {
  const first = (days[0]?.day ?? 0) * DAY_MS;
  const end = first + days.length * DAY_MS;
  const middle = first + Math.floor(days.length / 2) * DAY_MS;
  const none = { accounts: [], hosts: [], addresses: [] };
  const window = (count: number) => ({ from: middle, to: Math.min(end, middle + count * DAY_MS) });
  const account = { ...none, accounts: ['u00722-3'] };
  const host = { ...none, hosts: ['S1-ward-9-pc0-3'] };
  return [
    ['an account, a week', { ...account, ...window(7) }],
    ['an account, all time', { ...account, from: first, to: end }],
    [
      'two accounts, a machine and an address, three days',
      { accounts: ['u00722-3', 'u00017-8'], hosts: host.hosts, addresses: ['10.0.35.3.9'], ...window(3) },
    ],
    ['a machine and whom its sessions reach, a week', { ...host, ...window(7) }],
    ['a machine and whom its sessions reach, a month', { ...host, ...window(30) }],
  ];
}

/** In a process of its own, as the command is: nothing is known of the files. */
function askApart(asked: Asked): Promise<Told> {
  return new Promise((resolve, reject) => {
    const child = fork(path.join(import.meta.dirname, 'scope-ask.ts'), [], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    child.on('message', (told: Told) => resolve(told));
    child.on('error', reject);
    child.on('exit', (code) => code !== 0 && reject(new Error(`it ended with ${code}`)));
    child.send(asked);
  });
}

/** Seconds for a million accesses. */
async function fromMemory(folder: string): Promise<number[]> {
  const week = path.join(folder, 'week');
  const rows = readFileSync(path.join(week, 'accesses.csv'), 'utf8').split('\n').length - 2;
  const question = { accounts: ['u00722'], hosts: [], addresses: [], from: 0, to: Date.UTC(2100, 0, 1) };
  return Array.from({ length: 3 }, () => {
    const began = performance.now();
    scopeOf(week, question, { zone: 'Europe/London', pseudonymKey: null });
    return ((performance.now() - began) / 1000 / rows) * 1e6;
  });
}

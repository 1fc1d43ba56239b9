import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { simulateHospital } from '../src/records/simulate/hospital.ts';
import { FAMILIES } from '../src/records/simulate/parameters.ts';
import { quoted } from '../src/store/archive/database.ts';

/**
 * Record accesses of a region of many hospitals. Each has the days of one that the simulator made, under names of its own.
 */
const DAY_MS = 86_400_000;
export const WEEK = 7;
const STAFF = 2000;
const PATIENTS = 60_000;

export interface Week {
  /** Number of its first day. */
  readonly firstDay: number;
  /** How many hospitals make up the region, and how many accesses all of them make in a week. */
  readonly hospitals: number;
  readonly accesses: number;
}

/** The simulator's week, as it wrote it. */
export async function loadWeek(connection: DuckDBConnection, folder: string, aDay: number): Promise<Week> {
  const parameters = FAMILIES['D'];
  if (parameters === undefined) throw new Error('the simulator has parameters');
  const week = path.join(folder, 'week');
  const { accesses } = simulateHospital({
    seed: 5,
    days: WEEK,
    staff: STAFF,
    patients: PATIENTS,
    folder: week,
    parameters,
  });
  const columns =
    'time,user,patient,action,resource,device,location,purpose,break_glass,host,address,session,sequence,outcome'
      .split(',')
      .map((column) => `'${column}': 'varchar'`);
  await connection.run(
    `create table week as select epoch_ms(time::timestamp) as t, columns(* exclude (time)) from (select coalesce(columns(*), '') from
      read_csv(${quoted(path.join(week, 'accesses.csv'))}, header = true, columns = {${columns.join(', ')}}))`,
  );
  const [[first] = []] = (await connection.runAndReadAll(`select min(t) // ${DAY_MS} from week`)).getRows();
  const hospitals = Math.max(1, Math.round((aDay * WEEK) / accesses));
  return { firstDay: Number(first), hospitals, accesses: hospitals * accesses };
}

/** The rows of one day, of all hospitals. Pseudonyms are as long as ours, and as little to be compressed. */
export function dayOfRegion(day: number, { hospitals }: Week): string {
  return `select ${day} as day, '' as request, t, "user" || '-' || h, 'pt_' || left(md5(patient || h), 20), action, resource, device,
      location, purpose, case when break_glass <> '' then '1' else '' end, host || '-' || h,
      address || '.' || h, session || '-' || h, (sequence::bigint * ${hospitals} + h)::varchar, 'success'
    from week, range(${hospitals}) as hospitals(h) where t // ${DAY_MS} = ${day}`;
}

import { appendFileSync, closeSync, openSync, rmSync } from 'node:fs';
import { Refusal } from '../../core/refusal.ts';
import { cell, readCsv } from '../csv.ts';
import { type ReadReport, setAside } from '../table.ts';
import { isoOf } from './dates.ts';
import { ACCESS_COLUMNS, type AccessColumn, DELIMITERS, type ExportMapping, NEEDED } from './mapping.ts';

/** A report may have so many lines above its header. */
const MAX_ABOVE = 30;
const FLUSH = 1 << 20;

/**
 * Writes an export as accesses.csv. Rows that cannot be read are set aside in `report`, by their lines.
 *
 * @param to the file; it must not be there yet
 * @returns how many accesses were written
 * @throws Refusal `records/bad-table` if the export lacks a column of the mapping; `input/exists`
 */
export function convertExports(
  files: readonly string[],
  to: string,
  mapping: ExportMapping,
  report: ReadReport,
): number {
  let handle: number;
  try {
    handle = openSync(to, 'wx', 0o640);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new Refusal('records/exists', `${to} is there already`);
    throw error;
  }
  try {
    const given = ACCESS_COLUMNS.filter((name) => mapping.columns[name] !== undefined);
    appendFileSync(handle, `${given.join(',')}\n`);
    let written = 0;
    let waiting = '';
    for (const file of files)
      convertOne(file, mapping, given, report, (row) => {
        waiting += row;
        written++;
        if (waiting.length < FLUSH) return;
        appendFileSync(handle, waiting);
        waiting = '';
      });
    appendFileSync(handle, waiting);
    return written;
  } catch (error) {
    // Half of it would be taken for all of it, and stand in the way of the next try.
    rmSync(to);
    throw error;
  } finally {
    closeSync(handle);
  }
}

function convertOne(
  file: string,
  mapping: ExportMapping,
  given: readonly AccessColumn[],
  report: ReadReport,
  write: (row: string) => void,
): void {
  let places: ReadonlyMap<AccessColumn, readonly number[]> | null = null;
  let width = 0;
  readCsv(
    file,
    (fields, line) => {
      if (places === null) {
        places = placesIn(fields, mapping, given);
        width = fields.length;
        if (places === null && line > MAX_ABOVE) throw lacking(file, fields, mapping, given);
        return;
      }
      if (fields.length !== width) {
        setAside(report, file, line, `it has ${fields.length} cells, the header ${width}`);
        return;
      }
      const row = rowOf(fields, places, mapping, given);
      if (typeof row === 'string') setAside(report, file, line, row);
      else write(`${row.map(cell).join(',')}\n`);
    },
    (line, why) => setAside(report, file, line, why),
    DELIMITERS[mapping.delimiter],
  );
  if (places === null) throw lacking(file, [], mapping, given);
}

/** `null`: this line is not the header. */
function placesIn(
  fields: readonly string[],
  { columns }: ExportMapping,
  given: readonly AccessColumn[],
): ReadonlyMap<AccessColumn, readonly number[]> | null {
  const header = fields.map((field) => field.trim().toLowerCase());
  const places = given.map(
    (name) => [name, (columns[name] ?? []).map((theirs) => header.indexOf(theirs.trim().toLowerCase()))] as const,
  );
  return places.some(([, at]) => at.includes(-1)) ? null : new Map(places);
}

/** @returns why it cannot be read, without what it says */
function rowOf(
  fields: readonly string[],
  places: ReadonlyMap<AccessColumn, readonly number[]>,
  { dates, actions }: ExportMapping,
  given: readonly AccessColumn[],
): readonly string[] | string {
  const row: string[] = [];
  for (const name of given) {
    const value = (places.get(name) ?? [])
      .map((at) => (fields[at] ?? '').trim())
      .join(' ')
      .trim();
    if (value === '' && NEEDED.includes(name)) return `${name} is empty`;
    if (name === 'time') {
      const time = isoOf(value, dates);
      if (time === null) return 'time is no time that we can read';
      row.push(time);
    } else row.push(name === 'action' ? (actions[value.toLowerCase()] ?? value.toLowerCase()) : value);
  }
  return row;
}

function lacking(
  file: string,
  fields: readonly string[],
  { columns }: ExportMapping,
  given: readonly AccessColumn[],
): Refusal {
  const header = new Set(fields.map((field) => field.trim().toLowerCase()));
  const missing = given
    .flatMap((name) => columns[name] ?? [])
    .filter((theirs) => !header.has(theirs.trim().toLowerCase()))
    .map((theirs) => `“${theirs}”`);
  return new Refusal(
    'records/bad-table',
    `${file}: none of the first ${MAX_ABOVE} lines is a header with all columns of the mapping (${missing.join(', ')})`,
  );
}

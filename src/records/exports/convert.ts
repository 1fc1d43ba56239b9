import { appendFileSync, closeSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../../core/refusal.ts';
import { cell, readCsv } from '../csv.ts';
import { isRounded } from '../nhs-number.ts';
import { type ReadReport, ROUNDED, SET_ASIDE_FILE, setAside } from '../table.ts';
import { isoOf } from './dates.ts';
import { ACCESS_COLUMNS, type AccessColumn, DELIMITERS, type ExportMapping, NEEDED } from './mapping.ts';

/** A report may have so many lines above its header. */
const MAX_ABOVE = 30;
const FLUSH = 1 << 20;

/**
 * Writes exports as accesses.csv. Rows that cannot be read are set aside in `report`, by their lines, and listed in
 * set-aside.csv beside it: whoever asks accesses.csv later must not take what is there for all there was.
 *
 * @param to the file; it must not be there yet
 * @returns how many accesses were written
 * @throws Refusal `records/bad-table` if the export lacks a column of the mapping; `records/exists`
 */
export function convertExports(
  files: readonly string[],
  to: string,
  mapping: ExportMapping,
  report: ReadReport,
): number {
  const accesses = newFile(to);
  const aside = path.join(path.dirname(to), SET_ASIDE_FILE);
  // Of an earlier import, whose accesses.csv is gone.
  rmSync(aside, { force: true });
  let lost: Pieces | null = null;
  try {
    const given = ACCESS_COLUMNS.filter((name) => mapping.columns[name] !== undefined);
    accesses.write(`${given.join(',')}\n`);
    let written = 0;
    for (const file of files)
      convertOne(file, mapping, given, {
        write: (row) => {
          accesses.write(row);
          written++;
        },
        setAside: (line, why) => {
          setAside(report, file, line, why);
          if (lost === null) {
            lost = newFile(aside);
            lost.write('file,line,reason\n');
          }
          lost.write(`${[path.basename(file), String(line), why].map(cell).join(',')}\n`);
        },
      });
    accesses.flush();
    (lost as Pieces | null)?.flush();
    return written;
  } catch (error) {
    // Half of it would be taken for all of it, and stand in the way of the next try.
    rmSync(to);
    rmSync(aside, { force: true });
    throw error;
  } finally {
    accesses.close();
    (lost as Pieces | null)?.close();
  }
}

/** A file that is written in large pieces. */
interface Pieces {
  write(text: string): void;
  flush(): void;
  close(): void;
}

/** @throws Refusal `records/exists` */
function newFile(file: string): Pieces {
  let handle: number;
  try {
    handle = openSync(file, 'wx', 0o640);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new Refusal('records/exists', `${file} is there already`);
    throw error;
  }
  let waiting = '';
  const flush = () => {
    appendFileSync(handle, waiting);
    waiting = '';
  };
  return {
    write: (text) => {
      waiting += text;
      if (waiting.length >= FLUSH) flush();
    },
    flush,
    close: () => closeSync(handle),
  };
}

/** What becomes of each row. */
interface Outcome {
  write(row: string): void;
  setAside(line: number, why: string): void;
}

function convertOne(file: string, mapping: ExportMapping, given: readonly AccessColumn[], outcome: Outcome): void {
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
        outcome.setAside(line, `it has ${fields.length} cells, the header ${width}`);
        return;
      }
      const row = rowOf(fields, places, mapping, given);
      if (typeof row === 'string') outcome.setAside(line, row);
      else outcome.write(`${row.map(cell).join(',')}\n`);
    },
    (line, why) => outcome.setAside(line, why),
    DELIMITERS[mapping.delimiter],
    mapping.encoding,
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

/** `="0123"`: how a spreadsheet is told that a number is a text. */
function unwrapped(cell: string): string {
  return /^="(.*)"$/.exec(cell)?.[1] ?? cell;
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
      .map((at) => unwrapped((fields[at] ?? '').trim()))
      .join(' ')
      .trim();
    if (value === '' && NEEDED.includes(name)) return `${name} is empty`;
    if (name === 'patient' && isRounded(value)) return ROUNDED;
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

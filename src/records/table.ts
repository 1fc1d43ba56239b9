import { statSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { readCsv } from './csv.ts';
import { isRounded } from './nhs-number.ts';

/** A row that could not be read. Reasons never repeat a patient's key. */
export interface SetAside {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** What reading the folder brought to light, besides the rows. */
export interface ReadReport {
  setAsideCount: number;
  /** The first of them; all are counted. */
  readonly setAside: SetAside[];
  /** `accesses.csv: colour` */
  readonly unknownColumns: string[];
  /** Files and columns that were not given: `rota.csv`, `accesses.csv: host`. */
  readonly missing: string[];
  /** Codes of places in messages that no file names as a department, the most frequent first. */
  readonly unknownLocations: string[];
}

const SHOWN = 1000;
/** Rows of exports that `records import` could not read, beside the accesses.csv that it wrote: `file,line,reason`. */
export const SET_ASIDE_FILE = 'set-aside.csv';
/** Why a row is set aside of whose patient nothing can be told. */
export const ROUNDED = 'patient is a number that a spreadsheet has rounded (9.99E+09): export it again, as text';

export function newReport(): ReadReport {
  return { setAsideCount: 0, setAside: [], unknownColumns: [], missing: [], unknownLocations: [] };
}

export function setAside(report: ReadReport, file: string, line: number, reason: string): void {
  report.setAsideCount++;
  if (report.setAside.length < SHOWN) report.setAside.push({ file, line, reason });
}

/** What another report says, too. */
export function addReport(report: ReadReport, other: ReadReport): void {
  report.setAsideCount += other.setAsideCount;
  report.setAside.push(...other.setAside.slice(0, SHOWN - report.setAside.length));
  for (const list of ['unknownColumns', 'missing', 'unknownLocations'] as const) report[list].push(...other[list]);
}

const YES = new Set(['1', 'true', 'yes', 'y']);
const NO = new Set(['', '0', 'false', 'no', 'n']);

export function isYes(cell: string): boolean {
  return YES.has(cell.trim().toLowerCase());
}

export function isNo(cell: string): boolean {
  return NO.has(cell.trim().toLowerCase());
}

/** One row: the cell of a column, `''` when empty or not given. */
export type Row<Column extends string> = Record<Column, string>;

export interface TableForm<Required extends string, Optional extends string> {
  readonly file: string;
  readonly required: readonly Required[];
  readonly optional: readonly Optional[];
  /** Without this file there is nothing to do. */
  readonly isNeeded?: boolean;
}

/** Where each column stands in a row, -1 when it is not given. */
export type Positions<Column extends string> = Readonly<Record<Column, number>>;

/**
 * Reads one file of the folder, row by row; without a folder, none is given. `row` is the same object each time.
 * @param onRow returns why the row is set aside, or null when it was read
 * @throws Refusal when a needed file is not there, or a required column is missing
 */
export function readTable<Required extends string, Optional extends string>(
  folder: string | null,
  form: TableForm<Required, Optional>,
  report: ReadReport,
  onRow: (row: Row<Required | Optional>, line: number) => string | null,
): void {
  const columns: readonly (Required | Optional)[] = [...form.required, ...form.optional];
  const row = Object.fromEntries(columns.map((name) => [name, ''])) as Row<Required | Optional>;
  readRows(folder, form, report, (fields, at, line) => {
    for (const name of columns) row[name] = at[name] < 0 ? '' : (fields[at[name]] ?? '');
    return onRow(row, line);
  });
}

/** As `readTable`, but the cells as they stand in the line: for the file with millions of rows. */
export function readRows<Required extends string, Optional extends string>(
  folder: string | null,
  form: TableForm<Required, Optional>,
  report: ReadReport,
  onRow: (fields: readonly string[], at: Positions<Required | Optional>, line: number) => string | null,
): void {
  if (folder === null) {
    report.missing.push(form.file);
    return;
  }
  const file = path.join(folder, form.file);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) throw new Refusal('records/bad-table', `${form.file} is a folder, not a file`);
  if (found === undefined) {
    if (form.isNeeded === true) throw new Refusal('input/not-found', `there is no ${form.file} in ${folder}`);
    report.missing.push(form.file);
    return;
  }
  let at: Positions<Required | Optional> | null = null;
  let width = 0;
  let needed: readonly (readonly [name: string, position: number])[] = [];
  let patient = -1;
  readCsv(
    file,
    (fields, line) => {
      if (at === null) {
        at = readHeader(fields, form, report);
        width = fields.length;
        const positions = at;
        needed = form.required.map((name) => [name, positions[name]]);
        patient = 'patient' in positions ? (positions.patient as number) : -1;
        return;
      }
      if (fields.length !== width) {
        setAside(report, form.file, line, `it has ${fields.length} cells, the header ${width}`);
        return;
      }
      for (const [name, position] of needed) {
        if (fields[position] === '') {
          setAside(report, form.file, line, `${name} is empty`);
          return;
        }
      }
      if (patient >= 0 && isRounded(fields[patient] ?? '')) {
        setAside(report, form.file, line, ROUNDED);
        return;
      }
      const why = onRow(fields, at, line);
      if (why !== null) setAside(report, form.file, line, why);
    },
    (line, why) => setAside(report, form.file, line, why),
  );
  if (at === null) throw new Refusal('records/bad-table', `${form.file} is empty: it needs at least its header`);
}

function readHeader<Required extends string, Optional extends string>(
  fields: readonly string[],
  form: TableForm<Required, Optional>,
  report: ReadReport,
): Positions<Required | Optional> {
  const given = fields.map((field) => field.trim().toLowerCase());
  for (const name of form.required)
    if (!given.includes(name)) throw new Refusal('records/bad-table', `${form.file} has no column “${name}”`);
  for (const name of form.optional) if (!given.includes(name)) report.missing.push(`${form.file}: ${name}`);
  const columns: readonly (Required | Optional)[] = [...form.required, ...form.optional];
  const names: readonly string[] = columns;
  given.forEach((name, i) => {
    if (given.indexOf(name) !== i)
      throw new Refusal('records/bad-table', `${form.file} has the column “${name}” twice`);
    if (!names.includes(name)) report.unknownColumns.push(`${form.file}: ${name}`);
  });
  return Object.fromEntries(columns.map((name) => [name, given.indexOf(name)])) as Record<Required | Optional, number>;
}

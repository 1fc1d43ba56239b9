import { existsSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { readCsv } from './csv.ts';

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
}

const SHOWN = 1000;

export function newReport(): ReadReport {
  return { setAsideCount: 0, setAside: [], unknownColumns: [], missing: [] };
}

export function setAside(report: ReadReport, file: string, line: number, reason: string): void {
  report.setAsideCount++;
  if (report.setAside.length < SHOWN) report.setAside.push({ file, line, reason });
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

/**
 * Reads one file of the folder, row by row. `row` is the same object each time.
 * @param onRow returns why the row is set aside, or null when it was read
 * @throws Refusal when a needed file is not there, or a required column is missing
 */
export function readTable<Required extends string, Optional extends string>(
  folder: string,
  form: TableForm<Required, Optional>,
  report: ReadReport,
  onRow: (row: Row<Required | Optional>, line: number) => string | null,
): void {
  const file = path.join(folder, form.file);
  if (!existsSync(file)) {
    if (form.isNeeded === true) throw new Refusal('input/not-found', `there is no ${form.file} in ${folder}`);
    report.missing.push(form.file);
    return;
  }
  const columns: readonly (Required | Optional)[] = [...form.required, ...form.optional];
  // Of one shape from the start: the reader fills it millions of times.
  const row = Object.fromEntries(columns.map((name) => [name, ''])) as Row<Required | Optional>;
  let header: { readonly name: Required | Optional | null }[] | null = null;
  readCsv(
    file,
    (fields, line) => {
      if (header === null) {
        header = readHeader(fields, form, columns, report);
        return;
      }
      if (fields.length !== header.length) {
        setAside(report, form.file, line, `it has ${fields.length} cells, the header ${header.length}`);
        return;
      }
      for (let i = 0; i < fields.length; i++) {
        const name = header[i]?.name ?? null;
        if (name !== null) row[name] = fields[i] ?? '';
      }
      for (const name of form.required) {
        if (row[name] === '') {
          setAside(report, form.file, line, `${name} is empty`);
          return;
        }
      }
      const why = onRow(row, line);
      if (why !== null) setAside(report, form.file, line, why);
    },
    (line, why) => setAside(report, form.file, line, why),
  );
  if (header === null) throw new Refusal('records/bad-table', `${form.file} is empty: it needs at least its header`);
}

function readHeader<Required extends string, Optional extends string>(
  fields: readonly string[],
  form: TableForm<Required, Optional>,
  columns: readonly (Required | Optional)[],
  report: ReadReport,
): { readonly name: Required | Optional | null }[] {
  const given = fields.map((field) => field.trim().toLowerCase());
  for (const name of form.required)
    if (!given.includes(name)) throw new Refusal('records/bad-table', `${form.file} has no column “${name}”`);
  for (const name of form.optional) if (!given.includes(name)) report.missing.push(`${form.file}: ${name}`);
  const seen = new Set<string>();
  return given.map((name) => {
    if (seen.has(name)) throw new Refusal('records/bad-table', `${form.file} has the column “${name}” twice`);
    seen.add(name);
    const known = columns.find((column) => column === name) ?? null;
    if (known === null) report.unknownColumns.push(`${form.file}: ${name}`);
    return { name: known };
  });
}

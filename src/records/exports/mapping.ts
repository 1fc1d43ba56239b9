import { load } from 'js-yaml';
import { Refusal } from '../../core/refusal.ts';
import { NEEDED_COLUMNS, OPTIONAL_COLUMNS } from '../accesses.ts';
import { type CsvEncoding, ENCODINGS } from '../csv.ts';

/** The columns of accesses.csv, in their order; the first three are needed. */
export const ACCESS_COLUMNS = [...NEEDED_COLUMNS, ...OPTIONAL_COLUMNS] as const;
export type AccessColumn = (typeof ACCESS_COLUMNS)[number];

export const NEEDED: readonly AccessColumn[] = NEEDED_COLUMNS;
export const DATE_ORDERS = ['day-first', 'month-first', 'year-first'] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];
export const DELIMITERS: Readonly<Record<string, string>> = { comma: ',', semicolon: ';', tab: '\t', bar: '|' };

/** How one system's export of record accesses becomes accesses.csv. */
export interface ExportMapping {
  readonly encoding: CsvEncoding;
  /** One of the names of `DELIMITERS`. */
  readonly delimiter: string;
  readonly dates: DateOrder;
  /** Which columns of theirs make ours, joined by a blank: a date and a time may be two. */
  readonly columns: Readonly<Partial<Record<AccessColumn, readonly string[]>>>;
  /** Their word for an action, in lower case: ours. What is not here stays as it is. */
  readonly actions: Readonly<Record<string, string>>;
}

const KEYS = ['encoding', 'delimiter', 'dates', 'columns', 'actions'];

/** @throws Refusal `mapping/invalid`, naming what is wrong; `file` is its name in that */
export function parseExportMapping(text: string, file: string): ExportMapping {
  const invalid = (why: string) => new Refusal('mapping/invalid', `the mapping ${file} ${why}`);
  let doc: unknown;
  try {
    doc = load(text);
  } catch (error) {
    throw invalid(`is no YAML: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`);
  }
  if (!isRecord(doc)) throw invalid('is not a YAML mapping');
  const unknown = Object.keys(doc).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw invalid(`says “${unknown}”; known are ${KEYS.join(', ')}`);
  const { encoding = 'utf-8', delimiter = 'comma', dates = 'day-first', columns, actions = {} } = doc;
  const bytes = ENCODINGS.find((each) => each === encoding);
  if (bytes === undefined) throw invalid(`has an encoding that is none of ${ENCODINGS.join(', ')}`);
  if (typeof delimiter !== 'string' || !Object.hasOwn(DELIMITERS, delimiter))
    throw invalid(`has a delimiter that is none of ${Object.keys(DELIMITERS).join(', ')}`);
  const order = DATE_ORDERS.find((each) => each === dates);
  if (order === undefined) throw invalid(`has dates that are none of ${DATE_ORDERS.join(', ')}`);
  if (!isRecord(columns)) throw invalid('has no “columns:”, ours to theirs');
  const theirs: Partial<Record<AccessColumn, readonly string[]>> = {};
  for (const [name, value] of Object.entries(columns)) {
    const own = ACCESS_COLUMNS.find((each) => each === name);
    if (own === undefined) throw invalid(`has a column “${name}”; ours are ${ACCESS_COLUMNS.join(', ')}`);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.length === 0 || !list.every((each) => typeof each === 'string' && each !== ''))
      throw invalid(`says nothing for “${name}”: name a column of the export, or a list of them`);
    theirs[own] = list as readonly string[];
  }
  for (const name of NEEDED) if (theirs[name] === undefined) throw invalid(`does not say which column is the ${name}`);
  if (!isRecord(actions) || !Object.values(actions).every((value) => typeof value === 'string'))
    throw invalid('has “actions:” that are not words to words');
  return {
    encoding: bytes,
    delimiter,
    dates: order,
    columns: theirs,
    actions: Object.fromEntries(Object.entries(actions).map(([name, value]) => [name.toLowerCase(), String(value)])),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

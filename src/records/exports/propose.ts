import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { Refusal } from '../../core/refusal.ts';
import { hasFailed } from '../accesses.ts';
import { type CsvEncoding, readCsv } from '../csv.ts';
import { isNhsNumber } from '../nhs-number.ts';
import { partsOf } from './dates.ts';
import { ACCESS_COLUMNS, type AccessColumn, type DateOrder, DELIMITERS, NEEDED } from './mapping.ts';

/** Names that exports give the columns of accesses.csv, and words that they have for actions. Ours; see src/content/record-columns.json. */
interface KnownColumns {
  readonly columns: Readonly<Record<AccessColumn, readonly string[]>>;
  readonly actions: Readonly<Record<string, readonly string[]>>;
}

/** A mapping that was guessed from a sample, as YAML for a person to correct, and what to look at. */
export interface Proposal {
  readonly yaml: string;
  /** Where it is not sure, in words. No value of the sample is in them. */
  readonly doubts: readonly string[];
}

/** Rows that are looked at, and lines above the header that a report may have. */
const SAMPLE = 500;
const MAX_ABOVE = 30;
const MAX_ACTIONS = 60;

/** @throws Refusal `records/bad-table` if no line of it looks like a header with a time, a user and a patient */
export function proposeMapping(file: string): Proposal {
  const known = knownColumns();
  const encoding = encodingOf(file);
  const [best] = Object.entries(DELIMITERS)
    .map(([delimiter, mark]) => ({ delimiter, table: readSample(file, mark, encoding, known) }))
    .sort((a, b) => b.table.fit - a.table.fit);
  const [bad] = best?.table.bad ?? [];
  if (best === undefined || best.table.fit < 2)
    throw new Refusal(
      'records/bad-table',
      `${path.basename(file)}: ${bad === undefined ? '' : `${bad}; `}no line of the first ${MAX_ABOVE} looks like the header of an export of accesses: it needs columns for a time, a user and a patient`,
    );
  const { header, rows } = best.table;
  const doubts: string[] =
    bad === undefined
      ? []
      : [`${best.table.bad.length} of the lines that were looked at cannot be read, the first: ${bad}`];
  if (encoding !== 'utf-8')
    doubts.push(
      'it is not UTF-8: it was taken for Windows-1252, as Excel saves “CSV”; see whether names with accents are right',
    );
  const columns = chosenColumns(header, rows, known, doubts);
  const dates = dateOrder(rows, header, columns.time ?? [], doubts);
  const actions = actionWords(rows, header, columns.action?.[0], known, doubts);
  const [outcome] = columns.outcome ?? [];
  if (outcome !== undefined) doubts.push(outcomeDoubt(outcome, cellsOf(rows, header, outcome)));
  const used = new Set(Object.values(columns).flat());
  const unused = header.filter((name) => name !== '' && !used.has(name));
  if (unused.length > 0) doubts.push(`not used: ${unused.map(quoted).join(', ')}`);
  for (const name of NEEDED)
    if (columns[name] === undefined) doubts.push(`no column looks like the ${name}: fill it in`);
  const lines = [
    '# How this export becomes accesses.csv: proposed from a sample, to be checked by somebody who knows the system.',
    `encoding: ${encoding}`,
    `delimiter: ${best.delimiter}`,
    `dates: ${dates}`,
    'columns:',
    ...ACCESS_COLUMNS.flatMap((name) => {
      const theirs = columns[name];
      if (theirs === undefined) return NEEDED.includes(name) ? [`  ${name}: ''   # fill in`] : [];
      return [`  ${name}: ${theirs.length === 1 ? quoted(theirs[0] ?? '') : `[${theirs.map(quoted).join(', ')}]`}`];
    }),
    ...(actions.length === 0 ? [] : ['actions:', ...actions]),
  ];
  return { yaml: `${lines.join('\n')}\n`, doubts };
}

interface Sample {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many of the needed columns the header names. */
  readonly fit: number;
  /** Lines that cannot be read, in words. */
  readonly bad: readonly string[];
}

/** So much of a file is looked at for bytes that are no UTF-8. */
const LOOKED_AT = 16 * 1024 * 1024;

function encodingOf(file: string): CsvEncoding {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.allocUnsafe(1 << 20);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for (let seen = 0; seen < LOOKED_AT; ) {
      const size = readSync(handle, bytes, 0, bytes.length, null);
      decoder.decode(bytes.subarray(0, size), { stream: size > 0 });
      if (size === 0) break;
      seen += size;
    }
    return 'utf-8';
  } catch (error) {
    if (error instanceof TypeError) return 'windows-1252';
    throw error;
  } finally {
    closeSync(handle);
  }
}

function readSample(file: string, mark: string, encoding: CsvEncoding, known: KnownColumns): Sample {
  const all: (readonly string[])[] = [];
  const bad: string[] = [];
  const enough = new Error('enough');
  try {
    readCsv(
      file,
      (fields) => {
        all.push([...fields]);
        if (all.length > SAMPLE + MAX_ABOVE) throw enough;
      },
      (line, why) => {
        bad.push(`line ${line}: ${why}`);
        if (bad.length > SAMPLE) throw enough;
      },
      mark,
      encoding,
    );
  } catch (error) {
    if (error !== enough) throw error;
  }
  const fitOf = (fields: readonly string[]) =>
    NEEDED.filter((name) => fields.some((field) => known.columns[name].includes(plain(field)))).length;
  const at = all
    .slice(0, MAX_ABOVE)
    .reduce((best, fields, index) => (fitOf(fields) > fitOf(all[best] ?? []) ? index : best), 0);
  const header = all[at] ?? [];
  return {
    header: header.map((field) => field.trim()),
    rows: all.slice(at + 1).filter(({ length }) => length === header.length),
    fit: fitOf(header),
    bad,
  };
}

/** By name first; a patient by what the cells hold, where no name says it. */
function chosenColumns(
  header: readonly string[],
  rows: Sample['rows'],
  known: KnownColumns,
  doubts: string[],
): Partial<Record<AccessColumn, readonly string[]>> {
  const columns: Partial<Record<AccessColumn, readonly string[]>> = {};
  const taken = new Set<string>();
  for (const name of ACCESS_COLUMNS) {
    const found = known.columns[name]
      .map((alias) => header.find((field) => plain(field) === alias && !taken.has(field)))
      .find((field) => field !== undefined);
    if (found === undefined) continue;
    columns[name] = [found];
    taken.add(found);
  }
  const [time] = columns.time ?? [];
  const clock = header.find((field) => plain(field) === 'time' && field !== time);
  if (time !== undefined && clock !== undefined && plain(time).endsWith('date')) columns.time = [time, clock];
  const share = (field: string, is: (cell: string) => boolean) => {
    const cells = cellsOf(rows, header, field).filter((cell) => cell !== '');
    return cells.length === 0 ? 0 : cells.filter(is).length / cells.length;
  };
  if (columns.patient === undefined) {
    const numbers = header.find((field) => share(field, (cell) => isNhsNumber(cell.replaceAll(' ', ''))) > 0.5);
    if (numbers !== undefined) {
      columns.patient = [numbers];
      doubts.push(`${quoted(numbers)} holds NHS numbers, so it was taken for the patient`);
    }
  }
  if (columns.address === undefined) {
    const addresses = header.find((field) => share(field, (cell) => isIP(cell) !== 0) > 0.5);
    if (addresses !== undefined) columns.address = [addresses];
  }
  for (const [name, theirs] of Object.entries(columns))
    for (const field of theirs) {
      const empty = 1 - filledShare(rows, header, field);
      if (NEEDED.some((each) => each === name) && empty > 0)
        doubts.push(`${quoted(field)} is empty in ${Math.ceil(empty * 100)} of 100 rows: those will be set aside`);
    }
  return columns;
}

/** How much of a column is filled. */
function filledShare(rows: Sample['rows'], header: readonly string[], field: string): number {
  const cells = cellsOf(rows, header, field);
  return cells.length === 0 ? 1 : cells.filter((cell) => cell !== '').length / cells.length;
}

function dateOrder(
  rows: Sample['rows'],
  header: readonly string[],
  [field]: readonly string[],
  doubts: string[],
): DateOrder {
  const parts = field === undefined ? [] : cellsOf(rows, header, field).flatMap((cell) => partsOf(cell) ?? []);
  if (field !== undefined && parts.length < rows.length)
    doubts.push(`${rows.length - parts.length} of ${rows.length} times in ${quoted(field)} cannot be read`);
  if (parts.some(({ first }) => first > 999)) return 'year-first';
  const isDayFirst = parts.some(({ first, second }) => first > 12 && second !== null);
  const isMonthFirst = parts.some(({ second }) => second !== null && second > 12);
  if (isDayFirst && isMonthFirst)
    doubts.push('some dates have the day first and some the month: they cannot all be right');
  if (isMonthFirst && !isDayFirst) return 'month-first';
  if (!isDayFirst && parts.some(({ second }) => second !== null))
    doubts.push(
      'no date of the sample says whether the day or the month stands first: the day was taken, as in the UK',
    );
  return 'day-first';
}

function actionWords(
  rows: Sample['rows'],
  header: readonly string[],
  field: string | undefined,
  known: KnownColumns,
  doubts: string[],
): readonly string[] {
  if (field === undefined) {
    doubts.push('nothing says what was done: printing and exporting cannot be told from reading');
    return [];
  }
  const words = [...new Set(cellsOf(rows, header, field).map((cell) => cell.toLowerCase()))].filter(
    (word) => word !== '',
  );
  if (words.length > MAX_ACTIONS) {
    doubts.push(`${quoted(field)} has more than ${MAX_ACTIONS} different values: it may not be the action`);
    return [];
  }
  const strange: string[] = [];
  const lines = words.sort().flatMap((word) => {
    // The first of its words that we know: “View record”, “record viewed”.
    const own = word.split(/[^a-z]+/).flatMap((part) => actionOf(part, known) ?? []);
    // What takes data away goes before what only looks at it.
    const action = own.find((each) => each === 'export' || each === 'print') ?? own[0];
    if (action === undefined) strange.push(word);
    return [`  ${quoted(word)}: ${action ?? 'read   # check'}`];
  });
  if (strange.length > 0) doubts.push(`not known, taken for read: ${strange.map(quoted).join(', ')}`);
  return lines;
}

/** What counts as refused is in no scope: whoever knows the system says whether that is so. */
function outcomeDoubt(field: string, cells: readonly string[]): string {
  const failed = [...new Set(cells)].filter(hasFailed);
  return `${quoted(field)} was taken for the outcome; of its values in the sample ${failed.length === 0 ? 'none means' : `${failed.slice(0, 5).map(quoted).join(', ')} ${failed.length === 1 ? 'means' : 'mean'}`} that nobody was let in and nothing was seen: 4, 8, 12, failure, denied and the like do`;
}

function actionOf(word: string, known: KnownColumns): string | null {
  return Object.entries(known.actions).find(([, words]) => words.includes(word))?.[0] ?? null;
}

function cellsOf(rows: Sample['rows'], header: readonly string[], field: string): readonly string[] {
  const at = header.indexOf(field);
  return rows.map((row) => (row[at] ?? '').trim());
}

function knownColumns(): KnownColumns {
  // Our own file, tested to hold what the type says.
  return JSON.parse(
    readFileSync(new URL('../../content/record-columns.json', import.meta.url), 'utf8'),
  ) as KnownColumns;
}

/** Without blanks, signs and case. */
export function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

import { type Fields, newFields } from '../../core/event.ts';
import type { Format, Head, ReadContext, TextReader } from './format.ts';
import { parseTime } from '../time.ts';
import { firstAt, TIMES } from './shape.ts';
import { ShapeReader } from './shapes.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
const MAX_CELL = 1024 * 1024;
const MAX_COLUMNS = 2000;

/** Comma-separated values with a header (RFC 4180, and the other delimiters that programs use). */
export const csv: Format = {
  name: 'csv',
  claims: ({ text, lines }) =>
    delimiterOf({ text, lines: PREAMBLE.test(text) ? lines.slice(1) : lines }) === null ? 0 : 40,
  open: (context) => new CsvReader(context),
};

/** A line that some programs put before the header: Excel's delimiter, PowerShell's type. */
const PREAMBLE = /^\uFEFF?(?:sep=.|#TYPE [^\r\n]*)\r?\n/;

/** The columns' names. Event Viewer writes none for the last, which is the message. */
function headerOf(cells: readonly string[]): string[] {
  const names = cells.map((name) => name.trim().replace(/^\uFEFF/, ''));
  const isEventViewer = names.includes('Event ID') && names.at(-1) === 'Task Category';
  return isEventViewer ? [...names, 'Message'] : names;
}

/** The delimiter that the header and the lines after it agree on; `null` if there is none. */
function delimiterOf({ lines }: Head): string | null {
  const [header = '', ...rest] = lines;
  for (const delimiter of DELIMITERS) {
    const names = cellsOf(header, delimiter);
    const isHeader =
      names.length >= 3 && names.every((name) => /^[\p{L}_@#(][\p{L}\p{N}\s_.@()/#:-]{0,100}$/u.test(name.trim()));
    if (!isHeader || new Set(names).size !== names.length) continue;
    if (
      rest.length === 0 ||
      rest.slice(0, 5).some((line) => cellsOf(line, delimiter).length === names.length || line.includes('"'))
    )
      return delimiter;
  }
  return null;
}

function cellsOf(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === '"') quoted = !quoted;
    else if (char === delimiter && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += char;
  }
  return [...cells, cell];
}

function until(text: string, from: number, char: string): number {
  const at = text.indexOf(char, from);
  return at < 0 ? text.length : at;
}

/** Where the next quote, delimiter or line end stands. */
function plainUntil(text: string, from: number, delimiter: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === delimiter || code === 0x22 || code === 0x0a || code === 0x0d) break;
  }
  return at;
}

class CsvReader implements TextReader {
  readonly #context: ReadContext;
  readonly #shapes: ShapeReader;
  #delimiter: string | null = null;
  #head = '';
  #names: string[] | null = null;
  #cells: string[] = [];
  #cell = '';
  #quoted = false;
  #afterQuote = false;
  #line = 1;
  #rowLine = 1;
  #tooLong = false;

  constructor(context: ReadContext) {
    this.#context = context;
    this.#shapes = new ShapeReader(context);
  }

  push(text: string): void {
    if (this.#delimiter !== null) return this.#feed(text);
    this.#head += text;
    if (this.#head.length > 65_536 || this.#head.split('\n').length > 6) this.#start();
  }

  end(): void {
    if (this.#delimiter === null) this.#start();
    if (this.#quoted) this.#aside('quote-not-closed', 'a quoted cell does not end');
    else if (this.#cell !== '' || this.#cells.length > 0) this.#endRow();
  }

  #start(): void {
    const preamble = PREAMBLE.exec(this.#head)?.[0] ?? '';
    const text = this.#head.slice(preamble.length);
    this.#head = '';
    if (preamble !== '') this.#rowLine = ++this.#line;
    this.#delimiter = delimiterOf({ text, lines: text.split(/\r?\n/).slice(0, 7) }) ?? ',';
    this.#feed(text);
  }

  #feed(text: string): void {
    const delimiter = this.#delimiter ?? ',';
    for (let i = 0; i < text.length; ) {
      // What has no meaning of its own is taken in one piece: 83 MB/s where a character at a time is 14.
      const end = this.#quoted ? until(text, i, '"') : plainUntil(text, i, delimiter.charCodeAt(0));
      if (end > i) {
        this.#afterQuote = false;
        this.#keep(text.slice(i, end));
        i = end;
        continue;
      }
      this.#special(text.charAt(i), delimiter);
      i++;
    }
  }

  /** A character with a meaning: a quote, the delimiter, or the end of a line. */
  #special(char: string, delimiter: string): void {
    if (char === '"') {
      // Two quotes inside a quoted cell are one.
      if (!this.#quoted && this.#afterQuote) this.#keep('"');
      this.#afterQuote = this.#quoted;
      this.#quoted = !this.#quoted;
    } else if (char === delimiter) this.#endCell();
    else if (char === '\n') {
      this.#line++;
      this.#endRow();
    }
  }

  #keep(piece: string): void {
    if (this.#quoted) for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) this.#line++;
    if (this.#cell.length + piece.length <= MAX_CELL) this.#cell += piece;
    else this.#tooLong = true;
  }

  #endCell(): void {
    if (this.#cells.length < MAX_COLUMNS) this.#cells.push(this.#cell);
    this.#cell = '';
    this.#afterQuote = false;
  }

  #endRow(): void {
    this.#endCell();
    const cells = this.#cells;
    const record = this.#rowLine;
    this.#cells = [];
    this.#rowLine = this.#line;
    if (cells.length === 1 && cells[0] === '') return;
    if (this.#names === null) this.#names = headerOf(cells);
    else if (this.#tooLong) this.#aside('cell-too-long', 'a cell is longer than 1 MiB', record);
    else if (cells.length > this.#names.length)
      this.#aside(
        'wrong-columns',
        `the row has ${cells.length} cells, its header ${this.#names.length}`,
        record,
        cells,
      );
    else this.#emit(this.#names, cells, record);
    this.#tooLong = false;
  }

  #emit(names: readonly string[], cells: readonly string[], record: number): void {
    const mapping = this.#context.mappings.find(({ columns }) => columns.every((column) => names.includes(column)));
    if (mapping === undefined) return this.#shapes.read(this.#row(names, cells), record, null);
    const theirs = this.#row(names, cells);
    const fields = newFields();
    for (const [name, value] of Object.entries(theirs))
      fields[Object.hasOwn(mapping.fields, name) ? (mapping.fields[name] ?? name) : name] = value;
    const text = mapping.time === null ? firstAt(theirs, TIMES) : theirs[mapping.time];
    const time = parseTime(text, this.#context.timeZone);
    this.#context.emit({
      record,
      at: time?.at ?? null,
      atText: typeof text === 'string' ? text : null,
      zoneAssumed: time?.zoneAssumed ?? false,
      logSource: mapping.logSource,
      fields,
      text: null,
    });
  }

  #row(names: readonly string[], cells: readonly string[]): Fields {
    const fields = newFields();
    names.forEach((name, i) => {
      const cell = cells[i];
      if (cell !== undefined && cell !== '') fields[name] = cell;
    });
    return windowsExport(fields);
  }

  #aside(reason: string, detail: string, record = this.#rowLine, cells: readonly string[] = []): void {
    this.#context.setAside({ record, offset: null, reason, detail }, cells.length === 0 ? undefined : cells.join(','));
  }
}

/** Event Viewer's own column names, in those of the event. */
function windowsExport(fields: Fields): Fields {
  if (fields['Event ID'] === undefined || fields['Source'] === undefined) return fields;
  fields['EventID'] ??= fields['Event ID'];
  fields['Provider_Name'] ??= fields['Source'];
  fields['EventTime'] ??= fields['Date and Time'];
  return fields;
}

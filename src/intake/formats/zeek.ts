import { type FieldValue, newFields } from '../../core/event.ts';
import { parseTime } from '../time.ts';
import type { Format, ReadContext } from './format.ts';
import { lineReader, type LineResult } from './line-format.ts';
import { zeekSource } from './shapes-network.ts';
import { addZeekNames } from './sigma-names.ts';

/** Zeek's tab-separated logs. Source: Zeek documentation, “Log Formats: TSV”. */
export const zeekTsv: Format = {
  name: 'zeek-tsv',
  claims: ({ lines }) =>
    lines.slice(0, 12).some((line) => line.startsWith('#separator') || line.startsWith('#fields\t')) ||
    (lines[0]?.startsWith('#fields\t') ?? false)
      ? 99
      : 0,
  open: (context) => {
    const header = newHeader();
    return lineReader(context, (line) => parse(line, header, context));
  },
};

interface Header {
  separator: string;
  setSeparator: string;
  empty: string;
  unset: string;
  path: string | null;
  fields: string[];
  types: string[];
}

function newHeader(): Header {
  return { separator: '\t', setSeparator: ',', empty: '(empty)', unset: '-', path: null, fields: [], types: [] };
}

function parse(line: string, header: Header, context: ReadContext): LineResult {
  if (line.startsWith('#')) {
    readHeader(line, header);
    return null;
  }
  if (header.fields.length === 0) return { reason: 'no-header', detail: 'a line stands before the #fields header' };
  const cells = line.split(header.separator);
  if (cells.length !== header.fields.length)
    return {
      reason: 'wrong-columns',
      detail: `the line has ${cells.length} columns, its header ${header.fields.length}`,
    };
  const fields = newFields();
  header.fields.forEach((name, i) => {
    const value = valueOf(cells[i] ?? '', header.types[i] ?? 'string', header);
    if (value !== undefined) fields[name] = value;
  });
  addZeekNames(fields, header.path);
  const time = parseTime(fields['ts'], context.timeZone);
  return {
    fields,
    logSource: zeekSource(header.path),
    time,
    atText: typeof fields['ts'] === 'string' ? fields['ts'] : null,
  };
}

function readHeader(line: string, header: Header): void {
  const separator = /^#separator (.+)$/.exec(line)?.[1];
  if (separator !== undefined) {
    Object.assign(header, newHeader(), { separator: unescape(separator) });
    return;
  }
  const [name = '', ...values] = line.slice(1).split(header.separator);
  if (name === 'set_separator') header.setSeparator = values[0] ?? ',';
  else if (name === 'empty_field') header.empty = values[0] ?? '(empty)';
  else if (name === 'unset_field') header.unset = values[0] ?? '-';
  else if (name === 'path') header.path = values[0] ?? null;
  else if (name === 'fields') header.fields = values;
  else if (name === 'types') header.types = values;
}

function valueOf(cell: string, type: string, header: Header): FieldValue {
  if (cell === header.unset) return undefined;
  const isList = /^(?:set|vector|table)\[/.test(type);
  if (cell === header.empty) return isList ? [] : '';
  if (isList) return cell.split(header.setSeparator).map(unescape);
  if (type === 'bool') return cell === 'T' ? 'true' : 'false';
  return unescape(cell);
}

/** `\x09` and the like. */
function unescape(text: string): string {
  return text.includes('\\x')
    ? text.replace(/\\x([\da-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
}

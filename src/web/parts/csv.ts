import { asSeen } from './text.ts';

/**
 * Rows as CSV, with the names of the first as its header. A cell that a spreadsheet would run as a formula begins with
 * `'`. Source: OWASP, “CSV Injection”.
 */
export function toCsv(rows: readonly Readonly<Record<string, string>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => names.map((name) => cell(row[name] ?? '')).join(','));
  return `${[names.map(cell).join(','), ...lines].join('\r\n')}\r\n`;
}

function cell(text: string): string {
  const value = asSeen(text);
  const safe = /^\s*[=+\-@\t\r＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

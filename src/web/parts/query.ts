/**
 * A term of a query that finds just this value; `null` if there is none: a query has no way to write a quotation mark
 * within quotes.
 */
export function termOf(field: string, value: string): string | null {
  if (/^[\w.@$-]+$/.test(value)) return `${field}:${value}`;
  return value.includes('"') ? null : `${field}:"${value}"`;
}

import type { ReadReport } from './table.ts';

const SHOWN = 20;

/** What reading brought to light, for standard error: rows set aside with their lines, columns that we do not know. */
export function noticesOf({ setAside, setAsideCount, unknownColumns, missing, unknownLocations }: ReadReport): string {
  const lines = setAside.slice(0, SHOWN).map(({ file, line, reason }) => `set aside: ${file}, line ${line}: ${reason}`);
  if (setAsideCount > SHOWN) lines.push(`set aside: ${setAsideCount} rows in all`);
  if (unknownColumns.length > 0) lines.push(`columns that we do not know, not read: ${unknownColumns.join(', ')}`);
  if (missing.length > 0) lines.push(`not given: ${missing.join(', ')}`);
  if (unknownLocations.length > 0)
    lines.push(`places in messages that no file names, each a department by itself: ${unknownLocations.join(', ')}`);
  return lines.map((line) => `${line}\n`).join('');
}

import { equal } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');
const DAY_MS = 24 * 3_600_000;
const DAYS = 33;

function wardwatch(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, ...args],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  equal(status, 0, stderr);
  return stdout;
}

/**
 * A hospital whose last day was in the last week: whole weeks later than it was made. Its accesses as rows of
 * accesses.csv, and a folder of what is known beside them.
 */
export function recentHospital(): { readonly relationships: string; readonly rows: readonly (readonly string[])[] } {
  const made = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-review-')), 'h');
  const size = ['--days', String(DAYS), '--staff', '60', '--patients', '500'];
  wardwatch('simulate', 'hospital', '--seed', '5', ...size, made);
  const last = Date.parse('2026-03-02T00:00:00Z') + (DAYS - 1) * DAY_MS;
  const weeks = Math.floor((Date.now() - DAY_MS - last) / (7 * DAY_MS));
  const later = (text: string) => new Date(Date.parse(text) + weeks * 7 * DAY_MS).toISOString();
  for (const name of readdirSync(made)) {
    const text = readFileSync(path.join(made, name), 'utf8');
    writeFileSync(
      path.join(made, name),
      text.replaceAll(/\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?/g, (time) =>
        time.length === 10 ? later(time).slice(0, 10) : later(time),
      ),
    );
  }
  const relationships = mkdtempSync(path.join(tmpdir(), 'wardwatch-relationships-'));
  for (const name of readdirSync(made).filter((each) => each !== 'accesses.csv' && each !== 'labels.csv'))
    writeFileSync(path.join(relationships, name), readFileSync(path.join(made, name)));
  const rows = readFileSync(path.join(made, 'accesses.csv'), 'utf8').trim().split('\n').slice(1);
  return { relationships, rows: rows.map((row) => row.split(',')) };
}

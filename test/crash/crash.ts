/**
 * `npm run crash`: kills the store at random moments (`WARDWATCH_CRASHES` times, 10 if not set) and proves that nothing
 * acknowledged is lost, nothing doubled, and that `verify` finds all whole each time. Prints one JSON object; ends with
 * 1 if anything is wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crashStore } from './store.ts';

const data = mkdtempSync(path.join(tmpdir(), 'wardwatch-crash-'));
const report = await crashStore(data, Number(process.env['WARDWATCH_CRASHES'] ?? 10), Math.random);
process.stdout.write(`${JSON.stringify({ name: 'store', ...report })}\n`);
const isWhole = report.lost.length + report.doubled.length + report.problems.length === 0;
if (isWhole) rmSync(data, { recursive: true, force: true });
else process.stdout.write(`what is wrong can be looked at in ${data}\n`);
process.exitCode = isWhole ? 0 : 1;

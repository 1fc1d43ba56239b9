import { spawn } from 'node:child_process';
import path from 'node:path';
import { exportEvents } from '../../src/store/archive/export-events.ts';
import { verify } from '../../src/store/archive/verify.ts';

/** What came of killing the store again and again. */
export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly exported: number;
  /** Acknowledged, and not there afterwards. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly doubled: readonly string[];
  /** What `verify` found after any of the kills. */
  readonly problems: readonly string[];
  /** Kills after which there was something to put in order: those that hit a moment that matters. */
  readonly midway: number;
  readonly sealedLines: number;
}

/**
 * Starts a process that keeps events, kills it (SIGKILL) at a random moment, looks at what it left, and starts it again
 * on that, so many times.
 *
 * @param random numbers from 0 to 1, for the moments
 */
export async function crashStore(data: string, kills: number, random: () => number): Promise<CrashReport> {
  const acknowledged = new Set<string>();
  const problems: string[] = [];
  let midway = 0;
  let sealedLines = 0;
  for (let run = 0; run < kills; run++) {
    for (const id of await runUntilKilled(data, String(run), 20 + random() * 600)) acknowledged.add(id);
    const report = await verify(data);
    for (const { kind, what, detail } of report.problems)
      problems.push(`after kill ${run}: ${kind}: ${what}: ${detail}`);
    if (report.notes.length > 0) midway++;
    sealedLines = report.head.number;
  }
  const times = new Map<string, number>();
  for await (const page of exportEvents(data, (what) => problems.push(what)))
    for (const { id } of page) times.set(id, (times.get(id) ?? 0) + 1);
  return {
    kills,
    acknowledged: acknowledged.size,
    exported: times.size,
    lost: [...acknowledged].filter((id) => !times.has(id)),
    doubled: [...times].filter(([, count]) => count > 1).map(([id]) => id),
    problems,
    midway,
    sealedLines,
  };
}

/** Resolves to the ids that were acknowledged. The moment counts from the first of them. */
function runUntilKilled(data: string, run: string, afterMs: number): Promise<string[]> {
  const writer = path.join(import.meta.dirname, 'store-writer.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', writer, data, run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (piece: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    output += piece;
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code !== null) reject(new Error(`the writer ended by itself with ${code}`));
      // A line that was cut short was not acknowledged to anybody.
      const lines = output.split('\n').slice(0, -1);
      resolve(
        lines.flatMap((line) => {
          const [first = 0, last = 0] = line.split(' ').map(Number);
          return Array.from({ length: last - first + 1 }, (_, index) => `run${run}-${first + index}`);
        }),
      );
    });
  });
}

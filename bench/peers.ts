/**
 * `npm run bench:peers`: other tools and ours on the same files in the same run, each as a whole process on one core,
 * in turn. Installs the peers that their registries have (Rust's `evtx` and `rsigma`; libevtx from Debian). What cannot
 * be installed here is said, and left out. One JSON object a line.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { corpusDir } from '../test/corpus.ts';

const ROOT = path.join(import.meta.dirname, '..');
const PEERS = path.join(ROOT, '.cache', 'peers');
const MAIN = path.join(ROOT, 'src', 'main.ts');
const RUNS = 3;

interface Contender {
  readonly name: string;
  readonly version: string;
  readonly command: string;
  readonly args: readonly string[];
}

function install(crate: string, binary: string): string | null {
  const file = path.join(PEERS, 'bin', binary);
  if (existsSync(file)) return file;
  mkdirSync(PEERS, { recursive: true });
  process.stderr.write(`installing ${crate} (once)…\n`);
  spawnSync('cargo', ['install', '--locked', ...crate.split(' '), '--root', PEERS], { stdio: ['ignore', 2, 2] });
  if (existsSync(file)) return file;
  process.stderr.write(`SKIPPED: ${crate} could not be installed here, so nothing is said of it.\n`);
  return null;
}

function versionOf(command: string): string {
  return spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout.trim().split('\n')[0] ?? '';
}

/** Seconds of each run, the contenders taking turns so that the machine's moods fall on all of them. */
function race(work: string, things: number, contenders: readonly Contender[]): void {
  const times = contenders.map((): number[] => []);
  for (let run = 0; run < RUNS; run++) {
    contenders.forEach(({ command, args }, i) => {
      const started = performance.now();
      spawnSync('taskset', ['-c', '0', command, ...args], { stdio: 'ignore' });
      times[i]?.push((performance.now() - started) / 1000);
    });
  }
  const medians = times.map((values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN);
  contenders.forEach(({ name, version }, i) => {
    const own = medians[i] ?? Number.NaN;
    const line = {
      work,
      name,
      version,
      seconds: Number(own.toFixed(3)),
      perSecond: Math.round(things / own),
      timesOurs: Number(((medians[0] ?? 0) / own).toFixed(2)),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  });
}

const sets = ['hayabusa-sample-evtx', 'ts-evtx-fixtures', 'evtx-parser-samples']
  .map(corpusDir)
  .filter((dir) => dir !== null);
const sigma = corpusDir('sigma-rules');
if (sets.length === 0 || sigma === null) process.exit(0);
const windows = path.join(sigma, 'rules', 'windows');
const files = sets.flatMap((dir) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.evtx'))
    .map((name) => path.join(dir, name)),
);
const ours = (name: string, args: readonly string[]): Contender => ({
  name,
  version: versionOf(process.execPath),
  command: process.execPath,
  args: ['--max-semi-space-size=8', MAIN, ...args],
});
const cache = mkdtempSync(path.join(tmpdir(), 'wardwatch-peers-'));
process.env['WARDWATCH_CACHE'] = cache;
process.env['NODE_COMPILE_CACHE'] = path.join(cache, 'code');

// The longest log, sixty times, so that starting a process is little of it.
const longest = files.find((file) => file.includes('fixtures/Security.evtx')) ?? files[0] ?? '';
const many = Array.from({ length: 60 }, () => longest);
const evtxDump = install('evtx', 'evtx_dump');
const contenders = [
  ours('wardwatch scan, EVTX to findings of SigmaHQ’s Windows rules', [
    'scan',
    ...many,
    '--no-own-rules',
    '--rules',
    windows,
    '--threads',
    '1',
    '--format',
    'ndjson',
  ]),
  ours('wardwatch convert, EVTX to JSON', ['convert', ...many]),
];
spawnSync(contenders[0]?.command ?? '', contenders[0]?.args ?? [], { stdio: 'ignore' });
if (evtxDump !== null)
  contenders.push({
    name: 'evtx_dump, EVTX to JSON',
    version: versionOf(evtxDump),
    command: 'bash',
    args: ['-c', `for f in "$@"; do ${evtxDump} -t 1 -o jsonl "$f"; done`, 'bash', ...many],
  });
if (existsSync('/usr/bin/evtxexport'))
  contenders.push({
    name: 'evtxexport, EVTX to XML',
    version: 'libevtx of Debian',
    command: 'bash',
    args: ['-c', 'for f in "$@"; do evtxexport -f xml "$f"; done', 'bash', ...many],
  });
race('sixty times one Security log of 1,715 records', 102_900, contenders);

const rsigma = install('rsigma@0.23.0', 'rsigma');
if (rsigma !== null) {
  const events = path.join(cache, 'events.ndjson');
  writeFileSync(events, processCreations(150_000).join('\n'));
  race('150,000 process creations as NDJSON, SigmaHQ’s Windows rules', 150_000, [
    ours('wardwatch scan', [
      'scan',
      events,
      '--no-own-rules',
      '--rules',
      windows,
      '--threads',
      '1',
      '--format',
      'ndjson',
    ]),
    {
      name: 'rsigma',
      version: versionOf(rsigma),
      command: 'bash',
      args: ['-c', `${rsigma} engine eval -r ${windows} -e @${events}`],
    },
  ]);
}

function processCreations(count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      Channel: 'Microsoft-Windows-Sysmon/Operational',
      EventID: 1,
      Computer: `pc${i % 500}.rx1.local`,
      UtcTime: '2026-11-02 09:49:00.123',
      Image: `C:\\Program Files\\Vendor\\program${i % 97}.exe`,
      CommandLine: `"C:\\Program Files\\Vendor\\program.exe" --session=${i} --lang=en-GB`,
      User: `RX1\\user${i % 300}`,
      ParentImage: 'C:\\Windows\\explorer.exe',
      OriginalFileName: 'program.exe',
      IntegrityLevel: 'Medium',
    }),
  );
}

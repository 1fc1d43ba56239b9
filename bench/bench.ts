/**
 * `npm run bench`: one JSON object a line, `{"name","unit","median","min","max","runs","yardstick","ratio","must","aim"}`.
 * The ratio is to a yardstick measured in the same run, so that figures from different days and machines can be compared.
 * Real rules and logs are needed: without them it says so and ends. `npm run bench -- evtx` (or `ndjson`, `correlation`,
 * `start`) measures that part alone. `npm run bench -- store` measures what is kept
 * instead (./store.ts), `npm run bench -- records` the record-access model (./records/bench.ts), `-- records-live` accesses
 * judged as they come (./records/live.ts), `-- incidents` what joins (./incidents.ts), `-- traffic` what is sent and asked for
 * (./traffic.ts), `-- live` the whole service under load (./live.ts), `-- page` how soon a page is useful (./page.ts),
 * `-- local-rules` rules that were made of searches (./local-rules.ts), `-- scope --accesses 1e9` breach scope (./scope.ts).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { newFields } from '../src/core/event.ts';
import { FieldsView } from '../src/core/fields-view.ts';
import { Correlator, loadRules, loadRuleTexts, type LoadedRules, SigmaEngine } from '../src/detect/sigma/index.ts';
import { EvtxReader, FILE_HEADER } from '../src/intake/evtx/reader.ts';
import { json } from '../src/intake/formats/json.ts';
import { corpusDir } from '../test/corpus.ts';
import { median, report } from './figures.ts';

if (process.argv[2] === 'records-live') {
  await import('./records/live.ts');
  process.exit(0);
}
if (process.argv[2] === 'page') {
  await import('./page.ts');
  process.exit(0);
}
if (process.argv[2] === 'local-rules') {
  (await import('./local-rules.ts')).benchLocalRules();
  process.exit(0);
}
if (process.argv[2] === 'records') {
  await import('./records/bench.ts');
  process.exit(0);
}

const RUNS = 5;
const PARTS: readonly string[] = ['evtx', 'ndjson', 'correlation', 'start'];
const only = process.argv[2];
if (only !== undefined && ![...PARTS, 'live', 'incidents', 'scope', 'store'].includes(only)) {
  process.stderr.write(
    `bench: ${[...PARTS, 'live', 'incidents', 'scope', 'store', 'records', 'records-live', 'page', 'local-rules'].join(', ')}, or nothing for the first four\n`,
  );
  process.exit(2);
}
/** True if this part of the figures was asked for, by its name or by none. */
const wants = (part: string) => only === undefined || only === part;
const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');

/** Rates of `work` in things a second, after one run to warm up. */
function rates(things: number, work: () => void, runs = RUNS): number[] {
  work();
  return Array.from({ length: runs }, () => {
    const started = performance.now();
    work();
    return things / ((performance.now() - started) / 1000);
  });
}

if (process.argv[2] === 'live') {
  const { benchLive } = await import('./live.ts');
  await benchLive();
  process.exit(0);
}
if (process.argv[2] === 'incidents') {
  const { benchIncidents } = await import('./incidents.ts');
  await benchIncidents();
  process.exit(0);
}
if (process.argv[2] === 'traffic') {
  const { benchTraffic } = await import('./traffic.ts');
  await benchTraffic();
  process.exit(0);
}
if (process.argv[2] === 'scope') {
  const { benchScope } = await import('./scope.ts');
  await benchScope(process.argv.slice(3));
  process.exit(0);
}
if (process.argv[2] === 'store') {
  const { benchStore } = await import('./store.ts');
  await benchStore();
  process.exit(0);
}

const sigma = corpusDir('sigma-rules');
const evtxSets = [
  'evtx-attack-samples',
  'hayabusa-sample-evtx',
  'sigma-regression',
  'ts-evtx-fixtures',
  'evtx-parser-samples',
]
  .map(corpusDir)
  .filter((dir) => dir !== null);
if (sigma === null || evtxSets.length === 0) process.exit(0);
const windows = path.join(sigma, 'rules', 'windows');
const cacheFolder = mkdtempSync(path.join(tmpdir(), 'wardwatch-bench-'));
const rules = loadRules([windows], { placeholders: {}, includeDeprecated: false, cacheFolder });
const files = evtxSets.flatMap((dir) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.evtx'))
    .map((name) => path.join(dir, name)),
);
const logs = files.map((file) => readFileSync(file).subarray(FILE_HEADER));

// ── The yardstick: bare JSON.parse of records like these ───────────────────────────────────────────────────────────

const lines = processCreations(20_000, true);
const hostile = processCreations(20_000, false);
const parseRate = (of: readonly string[]) => rates(of.length, () => of.forEach((line) => void JSON.parse(line)));
const yardstick = { name: 'JSON.parse of 700-byte lines, lines/s', values: parseRate(lines) };
const yardstickHostile = { name: 'JSON.parse of the same lines, lines/s', values: parseRate(hostile) };

// ── EVTX ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const engine = new SigmaEngine(rules.rules);
let hits = 0;
let records = 0;
function readAll(judge: boolean): void {
  records = 0;
  for (const log of logs) {
    const reader = new EvtxReader({
      onRecord: (record) => {
        records++;
        if (judge) engine.judge(record, ({ matched }) => void (matched(), hits++));
      },
      onDamage: () => undefined,
    });
    reader.readChunks(log, FILE_HEADER);
  }
}
readAll(true);
if (wants('evtx')) {
  report({
    name: 'EVTX to all findings, one core',
    unit: 'records/s',
    values: rates(records, () => readAll(true), 9),
    yardstick,
    must: 150_000,
    aim: 250_000,
  });
  report({
    name: 'EVTX structure, one core',
    unit: 'records/s',
    values: rates(records, () => readAll(false), 9),
    yardstick,
    must: 500_000,
    aim: 900_000,
  });
}

const PASSES = 8;
if (wants('evtx')) {
  const { values, bare } = await twoWorkers();
  report({
    name: 'EVTX to all findings, two workers',
    unit: 'x one worker',
    values,
    yardstick: { name: 'a bare loop on two workers, x one', values: bare },
    must: 1.7,
    aim: 1.9,
  });
}

/**
 * How much more two workers do than one, of judging all files and of an empty loop, which is all that the machine's
 * second core can give. One and two take turns: a machine that others use changes within seconds.
 */
async function twoWorkers(): Promise<{ values: number[]; bare: number[] }> {
  const workerData = { windows, cacheFolder, files, passes: PASSES };
  const pool = [1, 2].map(() => new Worker(new URL('./evtx-worker.ts', import.meta.url), { workerData }));
  const answer = (worker: Worker) => new Promise((resolve) => worker.once('message', resolve));
  await Promise.all(pool.map(answer));
  const seconds = async (count: number, work: 'judge' | 'loop') => {
    const started = performance.now();
    const busy = pool.slice(0, count);
    const done = Promise.all(busy.map(answer));
    for (const worker of busy) worker.postMessage(work);
    await done;
    return (performance.now() - started) / 1000;
  };
  const values: number[] = [];
  const bare: number[] = [];
  for (let run = 0; run < 9; run++) {
    values.push((2 * (await seconds(1, 'judge'))) / (await seconds(2, 'judge')));
    bare.push((2 * (await seconds(1, 'loop'))) / (await seconds(2, 'loop')));
  }
  await Promise.all(pool.map((worker) => worker.terminate()));
  return { values, bare };
}

// ── NDJSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function judgeLines(of: readonly string[]): () => void {
  const text = `${of.join('\n')}\n`;
  return () => {
    const view = new FieldsView();
    const reader = json.open({
      timeZone: 'UTC',
      referenceTime: 0,
      mappings: [],
      emit: (event) => engine.judge(view.show(event), ({ matched }) => void (matched(), hits++)),
      setAside: () => undefined,
    });
    for (let at = 0; at < text.length; at += 65_536) reader.push(text.slice(at, at + 65_536));
    reader.end();
  };
}
const relative = (values: readonly number[], to: { readonly values: readonly number[] }) =>
  values.map((value) => value / median(to.values));
if (wants('ndjson')) {
  report({
    name: 'NDJSON to all findings, command lines repeating',
    unit: 'x JSON.parse',
    values: relative(rates(lines.length, judgeLines(lines)), yardstick),
    yardstick,
    must: 0.35,
    aim: 0.6,
  });
  report({
    name: 'NDJSON to all findings, every command line unlike',
    unit: 'x JSON.parse',
    values: relative(rates(hostile.length, judgeLines(hostile)), yardstickHostile),
    yardstick: yardstickHostile,
    must: 0.2,
    aim: 0.35,
  });

  const unlike = hostile.map((line) => Object.assign(newFields(), JSON.parse(line) as object));
  const view = new FieldsView();
  const judgeAll = (own: SigmaEngine) => () => {
    for (const fields of unlike)
      own.judge(
        view.show({ record: 1, at: null, atText: null, zoneAssumed: false, logSource: {}, fields, text: null }),
        () => hits++,
      );
  };
  const single = rates(unlike.length, judgeAll(engine));
  report({
    name: 'process_creation, every value unlike, one core',
    unit: 'events/s',
    values: single,
    yardstick: yardstickHostile,
    must: 100_000,
    aim: 180_000,
  });

  const doubled: LoadedRules['rules'] = [
    ...rules.rules,
    ...rules.rules.map((rule) => ({ ...rule, id: `${rule.id}-again` })),
  ];
  const double = rates(unlike.length, judgeAll(new SigmaEngine(doubled)));
  report({
    name: 'twice the rules',
    unit: 'x the time',
    values: double.map((rate) => median(single) / rate),
    yardstick: { name: 'the rules once, events/s', values: single },
    must: 1.25,
    aim: 1.15,
  });
}

// ── Correlation ────────────────────────────────────────────────────────────────────────────────────────────────────

const correlation = (body: object) =>
  loadRuleTexts(
    [
      ...['a', 'b', 'c'].map((id) => ({
        title: id,
        id,
        logsource: { category: 'test' },
        detection: { s: { F: id }, condition: 's' },
      })),
      { title: 'join', id: 'join', correlation: { 'group-by': ['user'], timespan: '5m', ...body } },
    ].map((rule) => ({ path: rule.id, text: JSON.stringify(rule) })),
    { placeholders: {}, includeDeprecated: false, cacheFolder: null },
  ).correlations;
const EVENTS = 300_000;
function correlate(body: object, make: (i: number) => { rule: string; fields: Record<string, string> }): number[] {
  const inputs = Array.from({ length: EVENTS }, (_, i) => ({ ...make(i), at: i * 10 }));
  const found = correlation(body);
  return rates(EVENTS, () => {
    const correlator = new Correlator<number>(found, () => hits++);
    inputs.forEach(({ rule, fields, at }, i) =>
      correlator.push({ ruleId: rule, ruleName: null, at, event: i, fields, reference: i }),
    );
  });
}
const user = (i: number) => `u${i % 1000}`;
if (wants('correlation')) {
  report({
    name: 'correlation event_count',
    unit: 'events/s',
    values: correlate({ type: 'event_count', rules: ['a'], condition: { gte: 1000 } }, (i) => ({
      rule: 'a',
      fields: { user: user(i) },
    })),
    yardstick,
    must: 500_000,
    aim: 1_500_000,
  });
  report({
    name: 'correlation temporal',
    unit: 'events/s',
    values: correlate({ type: 'temporal', rules: ['a', 'b', 'c'] }, (i) => ({
      rule: i % 2 === 0 ? 'a' : 'b',
      fields: { user: user(i) },
    })),
    yardstick,
    must: 500_000,
    aim: 1_500_000,
  });
  report({
    name: 'correlation value_count, 2,000 distinct values',
    unit: 'events/s',
    values: correlate({ type: 'value_count', rules: ['a'], condition: { field: 'v', gte: 100_000 } }, (i) => ({
      rule: 'a',
      fields: { user: 'one', v: `v${i % 2000}` },
    })),
    yardstick,
    must: 500_000,
    aim: 1_000_000,
  });
}

// ── The program as a whole ─────────────────────────────────────────────────────────────────────────────────────────

// As the start script has it.
const code = mkdtempSync(path.join(tmpdir(), 'wardwatch-bench-code-'));
const small = files.find((file) => file.includes('sigma-regression')) ?? files[0] ?? '';
function whole(args: readonly string[], env: NodeJS.ProcessEnv): { seconds: number; megabytes: number } {
  const started = performance.now();
  const { stderr } = spawnSync(
    process.execPath,
    ['--max-semi-space-size=8', path.join(import.meta.dirname, 'peak.ts'), MAIN, ...args],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: code, ...env },
    },
  );
  return { seconds: (performance.now() - started) / 1000, megabytes: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1000 };
}
const cache = mkdtempSync(path.join(tmpdir(), 'wardwatch-bench-cache-'));
const args = ['scan', '--no-own-rules', '--rules', windows, '--format', 'ndjson', '--threads', '1'];
if (wants('start')) {
  const nodeStart = Array.from({ length: RUNS }, () => {
    const started = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return (performance.now() - started) / 1000;
  });
  const bare = { name: 'node starting and ending, s', values: nodeStart };
  const cold = Array.from({ length: RUNS }, () => whole([...args, '--no-cache', small], {}).seconds);
  report({
    name: 'start to first event judged and out, from YAML',
    unit: 's',
    values: cold,
    yardstick: bare,
    must: 2,
    aim: 1.2,
  });
  whole([...args, small], { WARDWATCH_CACHE: cache });
  const warm = Array.from({ length: RUNS }, () => whole([...args, small], { WARDWATCH_CACHE: cache }).seconds);
  report({
    name: 'start to first event judged and out, warm cache',
    unit: 's',
    values: warm,
    yardstick: bare,
    must: 0.6,
    aim: 0.3,
  });
  for (const [threads, must, aim] of [
    [1, 400, 220],
    [2, 700, 380],
  ] as const) {
    const peaks = Array.from(
      { length: 3 },
      () => whole([...args.slice(0, -1), String(threads), ...evtxSets], { WARDWATCH_CACHE: cache }).megabytes,
    );
    report({
      name: `peak memory, ${threads === 1 ? 'one thread' : 'two workers'}`,
      unit: 'MB',
      values: peaks,
      yardstick: { name: 'records read', values: [records] },
      must,
      aim,
    });
  }
}
process.stderr.write(`${hits} hits in all; ${rules.rules.length} rules; ${records} records in ${files.length} files\n`);

/** Sysmon process creations of about 700 bytes. Repeating: 300 different command lines; else every value is unlike. */
function processCreations(count: number, repeating: boolean): string[] {
  const programs = [
    'svchost',
    'chrome',
    'winword',
    'msedge',
    'teams',
    'emisweb',
    'systmone',
    'outlook',
    'onedrive',
    'searchindexer',
  ];
  return Array.from({ length: count }, (_, i) => {
    const n = repeating ? i % 300 : i;
    const unique = repeating ? '' : `${(i * 2_654_435_761) % 4_294_967_296}`;
    const program = programs[n % programs.length] ?? '';
    const hex = (repeating ? n : i).toString(16).padStart(8, '0');
    return JSON.stringify({
      Channel: 'Microsoft-Windows-Sysmon/Operational',
      EventID: 1,
      Computer: repeating ? 'ward7-pc.rx1.local' : `pc${i}.rx1.local`,
      UtcTime: '2026-11-02 09:49:00.123',
      ProcessGuid: `{${hex}-0000-0000-0000-000000000000}`,
      ProcessId: String(1000 + (i % 60_000)),
      Image: `C:\\Program Files\\Vendor${unique}\\${program}.exe`,
      Description: `${program} client ${unique}`,
      Product: `${program} suite ${unique}`,
      Company: `Vendor ${unique}`,
      OriginalFileName: `${program}.exe`,
      CommandLine: `"C:\\Program Files\\Vendor\\${program}.exe" --type=renderer --lang=en-GB --device=${n} --session=${unique}${hex} --handle=${n * 17}`,
      CurrentDirectory: `C:\\Users\\user${n}\\`,
      User: `RX1\\user${n}`,
      IntegrityLevel: 'Medium',
      Hashes: `SHA256=${hex.repeat(8)},IMPHASH=${hex.repeat(4)}`,
      ParentImage: 'C:\\Windows\\explorer.exe',
      ParentCommandLine: `C:\\Windows\\explorer.exe ${unique}`,
      ParentUser: `RX1\\user${n}`,
    });
  });
}

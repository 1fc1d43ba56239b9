import { open } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { allCounts } from '../src/store/archive/event-store.ts';
import { type EmbeddedArchive, openArchive } from '../src/store/archive/open-archive.ts';
import { encodeEvents } from '../src/store/archive/payload.ts';
import type { Predicate } from '../src/store/archive/predicate.ts';
import type { StoredEvent } from '../src/store/archive/stored-event.ts';
import { type Journal, openJournal } from '../src/store/journal.ts';
import { placesIn } from '../src/store/places.ts';
import { copySegments } from './copies.ts';
import { report } from './figures.ts';
import { HospitalEvents } from './hospital-events.ts';

/** How many events are kept: `WARDWATCH_BENCH_EVENTS`. 10 million take a quarter of an hour. */
const EVENTS = Number(process.env['WARDWATCH_BENCH_EVENTS'] ?? 1_000_000);
/** So many times as many are searched, see `copySegments`: `WARDWATCH_BENCH_TIMES`. 5 million, 20 times, are 100 million. */
const TIMES = Number(process.env['WARDWATCH_BENCH_TIMES'] ?? 1);
const BATCH = 100;
const START = Date.parse('2026-11-01T00:00:00Z');
const PER_SECOND = 1000;
const DAYS = Math.ceil(EVENTS / PER_SECOND / 86_400);

/** What `npm run bench -- store` prints. */
export async function benchStore(): Promise<void> {
  const data = mkdtempSync(path.join(process.env['WARDWATCH_BENCH_DIR'] ?? tmpdir(), 'wardwatch-bench-'));
  try {
    await benchJournal(data);
    await benchArchive(data);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function benchJournal(data: string): Promise<void> {
  const payload = Buffer.alloc(BATCH * 1000, 'x');
  const bare = await repeat(5, () => bareSyncs(path.join(data, 'bare'), payload, 1000));
  const yardstick = { name: 'bare write + fdatasync of 100 kB, a second', values: bare };
  for (const callers of [1, 8]) {
    const values = await repeat(5, () => appendFor(path.join(data, 'bench-journal'), payload, callers, 1000));
    report({
      name: `journal: batches of 100 events of 1 kB on disk, ${callers} at a time`,
      unit: 'appends/s',
      values,
      yardstick,
      must: 200,
      aim: 350,
    });
    rmSync(path.join(data, 'bench-journal'), { recursive: true, force: true });
  }
}

/** Rounds a second. */
async function bareSyncs(file: string, bytes: Buffer, forMs: number): Promise<number> {
  const handle = await open(file, 'w');
  const started = performance.now();
  let rounds = 0;
  while (performance.now() - started < forMs) {
    await handle.write(bytes, 0, bytes.length, rounds++ * bytes.length);
    await handle.datasync();
  }
  await handle.close();
  rmSync(file);
  return (rounds / (performance.now() - started)) * 1000;
}

async function appendFor(folder: string, payload: Buffer, callers: number, forMs: number): Promise<number> {
  const journal = await openJournal(folder);
  const started = performance.now();
  let appends = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() - started < forMs) {
        await journal.append(payload);
        appends++;
      }
    }),
  );
  const rate = (appends / (performance.now() - started)) * 1000;
  await journal.close();
  return rate;
}

async function benchArchive(data: string): Promise<void> {
  const places = placesIn(data);
  let journal = await openJournal(places.journal);
  let archive = await openArchive({ folder: places.archive, journal });
  const events = new HospitalEvents(7, START);
  const parse = { name: 'JSON.parse of their fields, events/s', values: parseRates(events) };
  const rates: number[] = [];
  let rawBytes = 0;
  let peakRss = 0;
  for (let kept = 0; kept < EVENTS; ) {
    const payloads: Buffer[] = [];
    const round = Math.min(200_000, EVENTS - kept);
    for (let made = 0; made < round; made += BATCH) {
      const batch: StoredEvent[] = [];
      for (let index = 0; index < BATCH; index++) {
        const { event, rawBytes: bytes } = events.next(PER_SECOND);
        batch.push(event);
        rawBytes += bytes;
      }
      payloads.push(encodeEvents(batch));
    }
    const started = performance.now();
    for (const payload of payloads) await journal.append(payload);
    await archive.sealNow();
    rates.push((round / (performance.now() - started)) * 1000);
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
    kept += round;
  }
  const nameOf = (events: number) => (what: string) => `${what}, ${(events / 1e6).toLocaleString('en-GB')} M events`;
  let name = nameOf(EVENTS);
  report({
    name: name('archive: on disk in the journal, then sealed'),
    unit: 'events/s',
    values: rates,
    yardstick: parse,
    must: 20_000,
    aim: 35_000,
  });
  const { sealedBytes, segments } = await archive.status();
  const raw = { name: 'raw bytes an event', values: [rawBytes / EVENTS] };
  report({
    name: name('archive: size'),
    unit: 'bytes an event',
    values: [sealedBytes / EVENTS],
    yardstick: raw,
    must: null,
    aim: null,
  });
  report({
    name: name('archive: size'),
    unit: '% of raw',
    values: [(100 * sealedBytes) / rawBytes],
    yardstick: raw,
    must: 8,
    aim: 5,
  });
  report({
    name: name('archive: memory at its highest, this program included'),
    unit: 'MB',
    values: [peakRss / 1e6],
    yardstick: { name: 'segments', values: [segments] },
    must: null,
    aim: null,
  });

  if (TIMES > 1) {
    await archive.close();
    await journal.close();
    await copySegments(places.archive, TIMES, DAYS);
    [journal, archive] = await reopen(data);
    name = nameOf(EVENTS * TIMES);
  }
  const opening = await repeat(3, async () => {
    await archive.close();
    await journal.close();
    const started = performance.now();
    [journal, archive] = await reopen(data);
    return performance.now() - started;
  });
  report({ name: name('restart: open again'), unit: 'ms', values: opening, yardstick: parse, must: 3000, aim: null });
  await benchSearches(archive, name);
  await archive.close();
  await journal.close();
}

async function reopen(data: string): Promise<[Journal, EmbeddedArchive]> {
  const places = placesIn(data);
  const journal = await openJournal(places.journal);
  const archive = await openArchive({ folder: places.archive, journal });
  await archive.caughtUp();
  return [journal, archive];
}

async function benchSearches(archive: EmbeddedArchive, name: (what: string) => string): Promise<void> {
  const host = (value: string): Predicate => ({ kind: 'equals', field: 'host', value });
  const whole = { from: START, to: START + TIMES * DAYS * 86_400_000 };
  const bare = {
    name: 'the same with a host that never was, ms',
    values: await repeat(5, () => search(archive, host('nobody'), 100)),
  };
  const searches: readonly (readonly [what: string, where: Predicate, limit: number, must?: number])[] = [
    ['newest 100 events of a busy host', host('ws-0003'), 100],
    ['newest 100 events of a rare host', host('ws-1020'), 100],
    ['1,000 events of one account', { kind: 'equals', field: 'account', value: 'user42' }, 1000],
    [
      'newest 100 with a field',
      { kind: 'equals', field: 'NewProcessName', value: 'C:\\Program Files\\Common\\emis.exe' },
      100,
    ],
    ['a word anywhere that never was', { kind: 'anywhere', value: 'mimikatz' }, 100, 1000],
    ['newest 100 with a word that is everywhere', { kind: 'anywhere', value: 'emis' }, 100, 1000],
    ['newest 100 with a common word and a rare number', { kind: 'anywhere', value: 'letter4711' }, 100],
  ];
  for (const [what, where, limit, must = null] of searches) {
    const isOfHost = what.includes('host');
    // The others read everything, and are stopped after 30 seconds.
    if (TIMES > 1 && !isOfHost && must === null) continue;
    report({
      name: name(`search: ${what}`),
      unit: 'ms',
      values: await repeat(5, () => search(archive, where, limit)),
      yardstick: bare,
      must: isOfHost ? 1000 : must,
      aim: isOfHost ? 300 : null,
    });
  }
  const values = await repeat(5, async () => {
    const started = performance.now();
    await allCounts(archive, { where: host('ws-0003'), ...whole, bucketMs: Math.ceil((whole.to - whole.from) / 50) });
    return performance.now() - started;
  });
  report({
    name: name('counts of a busy host over all time'),
    unit: 'ms',
    values,
    yardstick: bare,
    must: 1000,
    aim: 300,
  });
}

/** Milliseconds. */
async function search(archive: EmbeddedArchive, where: Predicate, limit: number): Promise<number> {
  const started = performance.now();
  const found = archive.search({ where, from: null, to: null, order: 'newest', limit, cursor: null });
  for await (const _event of found) continue;
  return performance.now() - started;
}

function parseRates(events: HospitalEvents): number[] {
  const lines = Array.from({ length: 5000 }, () => JSON.stringify(events.next(PER_SECOND).event.fields));
  return Array.from({ length: 5 }, () => {
    const started = performance.now();
    for (const line of lines) JSON.parse(line);
    return (lines.length / (performance.now() - started)) * 1000;
  });
}

async function repeat(times: number, measure: () => Promise<number>): Promise<number[]> {
  await measure();
  const values: number[] = [];
  for (let time = 0; time < times; time++) values.push(await measure());
  return values;
}

import { deepEqual, equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openArchive } from '../src/store/archive/open-archive.ts';
import { encodeEvents } from '../src/store/archive/payload.ts';
import type { VerifyReport } from '../src/store/archive/verify.ts';
import { openJournal } from '../src/store/journal.ts';
import { lockData } from '../src/store/lock.ts';
import { placesIn } from '../src/store/places.ts';
import { numberedEvent } from './crash/numbered-event.ts';

const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');
const data = mkdtempSync(path.join(tmpdir(), 'wardwatch-kept-'));
after(() => rmSync(data, { recursive: true, force: true }));

function wardwatch(...args: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const done = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    encoding: 'utf8',
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

const events = Array.from({ length: 30 }, (_, number) => numberedEvent('0', number));

before(async () => {
  const places = placesIn(data);
  const journal = await openJournal(places.journal);
  const archive = await openArchive({ folder: places.archive, journal, minFreeBytes: 0 });
  await journal.append(encodeEvents(events.slice(0, 20)));
  await archive.sealNow();
  await journal.append(encodeEvents(events.slice(20)));
  await archive.close();
  await journal.close();
});

test('export prints every event once, the sealed and those in the journal', () => {
  const { code, out, err } = wardwatch('export', 'events', '--data', data, '--format', 'ndjson');
  deepEqual([code, err], [0, '']);
  const found = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly id: string });
  const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1);
  deepEqual(found.sort(byId), JSON.parse(JSON.stringify([...events].sort(byId))));
});

test('export refuses while a service runs, and what it does not know', async () => {
  const unlock = await lockData(data);
  equal(wardwatch('export', 'events', '--data', data).code, 2);
  unlock();
  equal(wardwatch('export', 'everything', '--data', data).code, 2);
  equal(wardwatch('export', 'events').code, 2);
  equal(wardwatch('export', 'events', '--data', data, '--format', 'pdf').code, 2);
  equal(wardwatch('export', 'events', '--data', path.join(data, 'nothing')).code, 2);
});

test('verify says that all is whole, and what is not', () => {
  const whole = wardwatch('verify', '--data', data, '--json');
  equal(whole.code, 0);
  const report = JSON.parse(whole.out) as VerifyReport;
  deepEqual([report.schema, report.ok, report.rows, report.journalEntries], ['wardwatch.verify/1', true, 20, 1]);
  match(wardwatch('verify', '--data', data).out, /^Whole: 20 events in 2 segments/);
  equal(wardwatch('verify', '--data', data, '--head', report.head.hash).code, 0);
  equal(wardwatch('verify', '--data', data, '--head', 'f'.repeat(64)).code, 1);
  const segments = path.join(placesIn(data).archive, 'segments');
  const [name = ''] = readdirSync(segments, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.parquet'),
  );
  rmSync(path.join(segments, name));
  const { code, out } = wardwatch('verify', '--data', data);
  equal(code, 1);
  match(out, new RegExp(`NOT WHOLE  segment-missing: ${name}`));
  equal(wardwatch('verify').code, 2);
  equal(wardwatch('verify', '--data', path.join(data, 'nothing')).code, 2);
});

test('both explain themselves', () => {
  for (const verb of ['verify', 'export']) {
    const { code, out } = wardwatch(verb, '--help');
    equal(code, 0);
    match(out, /Examples/);
  }
});

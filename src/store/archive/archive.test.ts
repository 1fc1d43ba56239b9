import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { smallDisk } from '../../../test/small-disk.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Journal, openJournal } from '../journal.ts';
import { lockData } from '../lock.ts';
import { placesIn } from '../places.ts';
import type { ArchiveDamage } from './archive.ts';
import { readChain } from './chain.ts';
import { allCounts } from './event-store.ts';
import { all, eventStoreContract, sampleEvent } from './event-store-contract.ts';
import { exportEvents } from './export-events.ts';
import { type ArchiveOptions, type EmbeddedArchive, openArchive } from './open-archive.ts';
import { encodeEvents } from './payload.ts';
import { ANYTHING } from './predicate.ts';
import { retentionWith } from './retention.ts';
import type { StoredEvent } from './stored-event.ts';
import { verify } from './verify.ts';

eventStoreContract('the embedded archive', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-archive-'));
  const journal = await openJournal(path.join(dir, 'journal'));
  const store = await openArchive({ folder: path.join(dir, 'archive'), journal, minFreeBytes: 0 });
  t.after(async () => {
    await store.close();
    await journal.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    store,
    keep: async (events) => void (await journal.append(encodeEvents(events))),
    settle: () => store.sealNow(),
  };
});

const dirs: string[] = [];
after(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

interface Data {
  readonly data: string;
  readonly archive: string;
  readonly segments: string;
}

function newData(): Data {
  const data = mkdtempSync(path.join(tmpdir(), 'wardwatch-archive-'));
  dirs.push(data);
  const { archive } = placesIn(data);
  return { data, archive, segments: path.join(archive, 'segments') };
}

async function withArchive<T>(
  { data }: Data,
  work: (archive: EmbeddedArchive, journal: Journal) => Promise<T>,
  options: Partial<ArchiveOptions> = {},
): Promise<T> {
  const places = placesIn(data);
  const journal = await openJournal(places.journal, { maxSegmentBytes: 2000 });
  // Times in here are made up.
  const settings = { minFreeBytes: 0, maxClockGapMs: Number.POSITIVE_INFINITY };
  const archive = await openArchive({ folder: places.archive, journal, ...settings, ...options });
  try {
    return await work(archive, journal);
  } finally {
    await archive.close();
    await journal.close();
  }
}

/** Three sealed rounds of two kinds, then some events that are not sealed. */
async function filled(place: Data): Promise<StoredEvent[]> {
  template ??= fill();
  const { from, events } = await template;
  cpSync(from.data, place.data, { recursive: true });
  return events;
}

/** Made once: every test changes a copy. */
let template: Promise<{ readonly from: Data; readonly events: StoredEvent[] }> | null = null;

async function fill(): Promise<{ readonly from: Data; readonly events: StoredEvent[] }> {
  const from = newData();
  const events = Array.from({ length: 80 }, (_, number) =>
    sampleEvent(number, number % 2 === 0 ? {} : { product: 'zeek', sourceId: 'src_zeek' }),
  );
  await withArchive(from, async (archive, journal) => {
    for (let round = 0; round < 4; round++) {
      for (let first = round * 20; first < round * 20 + 20; first += 5)
        await journal.append(encodeEvents(events.slice(first, first + 5)));
      if (round < 3) await archive.sealNow();
    }
  });
  return { from, events };
}

async function exported(place: Data): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of exportEvents(place.data, (what) => ok(false, what))) events.push(...page);
  return events.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function files({ segments }: Data): string[] {
  return readdirSync(segments, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('.parquet'))
    .sort();
}

function chainLines({ archive }: Data): string[] {
  return readFileSync(path.join(archive, 'chain.log'), 'utf8').split('\n').slice(0, -1);
}

function writeChain({ archive }: Data, lines: readonly string[]): void {
  writeFileSync(path.join(archive, 'chain.log'), lines.map((line) => `${line}\n`).join(''));
}

test('everything is exported once, sealed or still in the journal, and verify finds all whole', async () => {
  const place = newData();
  const events = await filled(place);
  deepEqual(await exported(place), events);
  const report = await verify(place.data);
  deepEqual([report.ok, report.problems, report.notes], [true, [], []]);
  deepEqual([report.segments, report.rows, report.journalEntries], [6, 60, 4]);
  equal(readdirSync(placesIn(place.data).journal).length < 5, true, 'what is sealed is forgotten in the journal');
  await withArchive(place, async (archive) => {
    await archive.caughtUp();
    deepEqual(await all(archive, { order: 'oldest' }), events, 'the journal gives the rest again');
  });
});

/** What may be done to an archive behind our back, and how verify names it. */
const TAMPERED: readonly (readonly [what: string, how: (place: Data) => void, problems: readonly string[]])[] = [
  [
    'one bit of a segment',
    (place) => {
      const file = path.join(place.segments, files(place)[2] ?? '');
      const bytes = readFileSync(file);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    },
    ['segment-altered 2026-11-20/network-3.parquet'],
  ],
  [
    'a segment gone',
    (place) => rmSync(path.join(place.segments, files(place)[3] ?? '')),
    ['segment-missing 2026-11-20/security-1.parquet'],
  ],
  [
    'two segments that changed places',
    (place) => {
      const [a = '', b = ''] = files(place).map((name) => path.join(place.segments, name));
      renameSync(a, `${a}.x`);
      renameSync(b, a);
      renameSync(`${a}.x`, b);
    },
    ['segment-reordered 2026-11-20/network-1.parquet', 'segment-reordered 2026-11-20/network-2.parquet'],
  ],
  [
    'a segment more',
    (place) =>
      cpSync(
        path.join(place.segments, files(place)[0] ?? ''),
        path.join(place.segments, '2026-11-20', 'security-9.parquet'),
      ),
    ['segment-added 2026-11-20/security-9.parquet'],
  ],
  [
    'a line of the chain, naively',
    (place) =>
      writeChain(
        place,
        chainLines(place).map((line, index) => (index === 1 ? line.replace('"rows":10', '"rows":9') : line)),
      ),
    ['chain-altered line 2'],
  ],
  [
    'a line of the chain, with its own hash made good',
    (place) => {
      const lines = chainLines(place);
      const json = (lines[1] ?? '').slice(65).replace('"rows":10', '"rows":9');
      lines[1] = `${hash('sha256', json, 'hex')} ${json}`;
      writeChain(place, lines);
    },
    ['chain-unlinked line 3'],
  ],
  [
    'the last line cut off',
    (place) => writeChain(place, chainLines(place).slice(0, -1)),
    [
      'chain-cut line 3',
      'segment-added 2026-11-20/network-3.parquet',
      'segment-added 2026-11-20/security-3.parquet',
      'journal-missing',
    ],
  ],
  [
    'a line in the middle taken out',
    (place) =>
      writeChain(
        place,
        chainLines(place).filter((_, index) => index !== 1),
      ),
    [
      'chain-unlinked line 2',
      'chain-unlinked line 3',
      'segment-added 2026-11-20/network-2.parquet',
      'segment-added 2026-11-20/security-2.parquet',
    ],
  ],
  [
    'two lines that changed places',
    (place) => {
      const [a = '', b = '', c = ''] = chainLines(place);
      writeChain(place, [a, c, b]);
    },
    ['chain-unlinked line 2', 'chain-unlinked line 3', 'chain-unlinked line 3', 'chain-unlinked line 2'],
  ],
];

for (const [what, how, problems] of TAMPERED) {
  test(`verify names ${what}`, async () => {
    const place = newData();
    await filled(place);
    how(place);
    const report = await verify(place.data);
    equal(report.ok, false);
    deepEqual(
      report.problems.map(({ kind, what: where }) => (kind === 'journal-missing' ? kind : `${kind} ${where}`)),
      problems,
    );
  });
}

test('verify holds the chain against a head that was kept elsewhere', async () => {
  const place = newData();
  await filled(place);
  const { head } = await verify(place.data);
  // Cut off with care: the head beside it, the segments and all.
  const [first = '', second = ''] = chainLines(place);
  writeChain(place, [first, second]);
  writeFileSync(path.join(place.archive, 'head.json'), JSON.stringify({ number: 2, hash: second.slice(0, 64) }));
  for (const name of files(place)) if (name.includes('-3.')) rmSync(path.join(place.segments, name));
  rmSync(placesIn(place.data).journal, { recursive: true });
  equal((await verify(place.data)).ok, true, 'nothing beside it tells');
  const report = await verify(place.data, head.hash);
  deepEqual(
    report.problems.map(({ kind, what }) => [kind, what]),
    [['chain-cut', 'the head given']],
  );
});

test('what a crash leaves between the steps of sealing is put in order, and nothing is lost or doubled', async () => {
  const place = newData();
  const events = await filled(place);
  const [one = '', two = '', three = ''] = files(place).map((name) => path.join(place.segments, name));
  // After the line, before the names.
  renameSync(one, `${one}.part`);
  renameSync(two, `${two}.part`);
  // Before the line.
  cpSync(three, path.join(place.segments, '2026-11-20', 'network-99.parquet.part'));
  // In the line.
  writeFileSync(path.join(place.archive, 'chain.log'), '0123 {"kind":"sea', { flag: 'a' });
  // Before the head.
  const second = chainLines(place)[1]?.slice(0, 64);
  writeFileSync(path.join(place.archive, 'head.json'), JSON.stringify({ number: 2, hash: second }));
  const report = await verify(place.data);
  deepEqual(report.problems, []);
  equal(report.notes.length, 3);
  deepEqual(await exported(place), events);
  await withArchive(
    place,
    async (archive) => {
      await archive.sealNow();
      deepEqual(await all(archive, { order: 'oldest' }), events);
    },
    { onDamage: (damage) => ok(false, JSON.stringify(damage)) },
  );
  deepEqual(await exported(place), events);
  const repaired = await verify(place.data);
  deepEqual([repaired.ok, repaired.notes, repaired.journalEntries], [true, [], 0]);
});

test('damage is told of, and the rest is kept on being searched', async () => {
  const place = newData();
  await filled(place);
  const name = files(place)[0] ?? '';
  rmSync(path.join(place.segments, name));
  const damage: ArchiveDamage[] = [];
  await withArchive(
    place,
    async (archive) => {
      await archive.caughtUp();
      equal((await all(archive)).length, 70);
    },
    { onDamage: (found) => damage.push(found) },
  );
  deepEqual(damage, [{ kind: 'segment-missing', name }]);
});

const DAY = 86_400_000;
const EVERYTHING = { where: ANYTHING, from: null, to: null, order: 'newest', limit: null, cursor: null } as const;

test('each kind goes when it is due, never before; held events stay; tombstones satisfy verify', async () => {
  const place = newData();
  await filled(place);
  const last = sampleEvent(79).receivedAt;
  await withArchive(place, async (archive) => {
    equal(await archive.applyRetention(last + 28 * DAY - 60_000), 0);
    await archive.hold({ id: 'hold_1', sourceIds: ['src_zeek'], from: last - 30_000, to: null, reason: 'police' });
    equal(await archive.applyRetention(last + 29 * DAY), 2, 'the network segments that the hold does not touch');
    equal(await archive.applyRetention(last + 399 * DAY), 0);
    equal(await archive.applyRetention(last + 401 * DAY), 3, 'security');
    await archive.liftHold('hold_1', 'case closed');
    equal(await archive.applyRetention(last + 401 * DAY), 1);
    await archive.caughtUp();
    equal((await all(archive)).length, 20, 'what is not sealed stays');
  });
  deepEqual(files(place), []);
  const report = await verify(place.data);
  deepEqual([report.ok, report.deleted, report.segments, report.notes], [true, 6, 0, []]);
});

test('deleting waits for those who read, and is made good at the next start if it did not come to it', async () => {
  const place = newData();
  const events = await filled(place);
  const last = sampleEvent(79).receivedAt;
  await withArchive(place, async (archive) => {
    await archive.caughtUp();
    const reading = archive.search({
      where: ANYTHING,
      from: null,
      to: null,
      order: 'oldest',
      limit: null,
      cursor: null,
    });
    const seen: StoredEvent[] = [];
    for await (const event of reading) {
      if (seen.length === 0) equal(await archive.applyRetention(last + 500 * DAY), 6);
      seen.push(event);
    }
    deepEqual(seen, events);
    equal((await all(archive)).length, 20);
  });
  deepEqual(files(place), []);
  writeFileSync(path.join(place.segments, '2026-11-20', 'security-1.parquet'), 'left');
  equal((await verify(place.data)).notes.length, 1);
  await withArchive(place, () => Promise.resolve());
  deepEqual(files(place), []);
});

test('sealing while somebody reads shows each event once, and closing right after is clean', async () => {
  const place = newData();
  const events = await filled(place);
  await withArchive(place, async (archive, journal) => {
    await archive.caughtUp();
    const seen: StoredEvent[] = [];
    for await (const event of archive.search({ ...EVERYTHING, order: 'oldest' })) {
      if (seen.length === 0) {
        const sealing = archive.sealNow();
        await journal.append(encodeEvents([sampleEvent(80)]));
        await sealing;
      }
      seen.push(event);
    }
    deepEqual(seen, events);
    await archive.caughtUp();
    const again = archive.sealNow();
    equal((await all(archive)).length, 81);
    await again;
  });
  equal((await exported(place)).length, 81);
});

test('a full disk takes the oldest segments past their minimum, then says that it is pressed', async () => {
  const place = newData();
  await filled(place);
  const last = sampleEvent(79).receivedAt;
  const pressed: boolean[] = [];
  await withArchive(
    place,
    async (archive) => {
      deepEqual(await archive.keepSpace(last + 6 * DAY), { deleted: 0, isEnough: false });
      deepEqual(await archive.keepSpace(last + 8 * DAY), { deleted: 3, isEnough: false });
      deepEqual(await archive.keepSpace(last + 185 * DAY), { deleted: 3, isEnough: false });
    },
    { minFreeBytes: Number.MAX_SAFE_INTEGER, onPressure: (isPressed) => pressed.push(isPressed) },
  );
  deepEqual(pressed, [true]);
  equal((await verify(place.data)).ok, true);
});

test('no setting undercuts a minimum', () => {
  throws(
    () => retentionWith({ security: 30 }),
    (error) => error instanceof Refusal && error.code === 'retention/below-minimum',
  );
  throws(() => retentionWith({ security: Number.NaN }));
  equal(retentionWith({ security: 184 }).security.keepDays, 184);
  equal(retentionWith({}).clinical.keepDays > 2900, true);
});

test('one process at a time: an export from a running service is refused', async () => {
  const place = newData();
  await filled(place);
  const unlock = await lockData(place.data);
  await rejects(exported(place), (error) => error instanceof Refusal && error.code === 'store/in-use');
  unlock();
  equal((await exported(place)).length, 80);
});

test('texts that are no texts come back as the nearest that are', async () => {
  const place = newData();
  const odd = sampleEvent(0, {
    host: 'a\ud800b',
    eventId: 2 ** 40,
    at: Number.NaN,
    fields: { '\udc00key': ['\ud800', 'C:\\udata', { deep: 'x\udfff' }], nul: '\0' },
    text: 'line\nwith\r\n\u2028breaks',
  });
  await withArchive(place, async (archive, journal) => {
    await journal.append(encodeEvents([odd]));
    await archive.sealNow();
    const [found] = await all(archive, { where: { kind: 'equals', field: 'nul', value: '\0' } });
    deepEqual(found, {
      ...odd,
      host: 'a\ufffdb',
      eventId: null,
      at: null,
      fields: { '\ufffdkey': ['\ufffd', 'C:\\udata', { deep: 'x\ufffd' }], nul: '\0' },
    });
  });
});

test('payloads of other kinds pass by, and do not keep the journal from being forgotten', async () => {
  const place = newData();
  await withArchive(place, async (archive, journal) => {
    await journal.append(Buffer.from('something else'));
    await journal.append(encodeEvents([sampleEvent(0)]));
    await archive.sealNow();
    equal((await all(archive)).length, 1);
    equal((await archive.status()).sealedTo, journal.end);
  });
});

test('a full disk takes no more segments than it must', async (t) => {
  const disk = smallDisk(t, 64 << 20);
  if (disk === null) return;
  const place: Data = {
    data: disk,
    archive: placesIn(disk).archive,
    segments: path.join(placesIn(disk).archive, 'segments'),
  };
  await filled(place);
  const last = sampleEvent(79).receivedAt;
  const { bavail, bsize } = statfsSync(disk);
  const deleted = await withArchive(
    place,
    async (archive) => {
      await archive.caughtUp();
      return (await archive.keepSpace(last + 185 * DAY)).deleted;
    },
    // One segment is enough to be above it again.
    { minFreeBytes: bavail * bsize + 4096 },
  );
  ok(deleted >= 1 && deleted <= 3, `${deleted} of 6`);
});

test('a head that cannot be written is told of, and nothing is sealed twice', async () => {
  const place = newData();
  const events = await filled(place);
  const troubles: string[] = [];
  await withArchive(
    place,
    async (archive) => {
      await archive.caughtUp();
      mkdirSync(path.join(place.archive, 'head.json.part'));
      await archive.sealNow();
      equal((await all(archive)).length, 80);
      rmdirSync(path.join(place.archive, 'head.json.part'));
    },
    { onDamage: ({ kind }) => troubles.push(kind) },
  );
  deepEqual(troubles, ['head-not-written']);
  deepEqual(await exported(place), events);
  await withArchive(place, () => Promise.resolve());
  deepEqual((await verify(place.data)).problems, []);
});

test('a name that a segment cannot be given is tried again, and nothing is sealed twice', async () => {
  const place = newData();
  const events = await filled(place);
  const before = files(place);
  const pressed: boolean[] = [];
  await withArchive(
    place,
    async (archive) => {
      await archive.caughtUp();
      const blocker = path.join(place.segments, '2026-11-20', 'security-4.parquet');
      mkdirSync(path.join(blocker, 'in-the-way'), { recursive: true });
      const sealing = archive.sealNow();
      for (let tries = 0; tries < 500 && pressed.length === 0; tries++) await pause(10);
      deepEqual(pressed, [true], 'intake is asked to wait meanwhile');
      equal((await all(archive)).length, 80);
      rmSync(blocker, { recursive: true });
      await sealing;
      equal((await all(archive)).length, 80);
    },
    { onPressure: (isPressed) => pressed.push(isPressed) },
  );
  ok(files(place).length > before.length);
  deepEqual(await exported(place), events);
  deepEqual((await verify(place.data)).problems, []);
});

test('a file that cannot be removed is told of, stops no other, and does not keep the archive from opening', async () => {
  const place = newData();
  await filled(place);
  const last = sampleEvent(79).receivedAt;
  const troubles: ArchiveDamage[] = [];
  const pressed: boolean[] = [];
  const options: Partial<ArchiveOptions> = {
    onDamage: (damage) => troubles.push(damage),
    onPressure: (isPressed) => pressed.push(isPressed),
  };
  const [stuck = ''] = files(place);
  await withArchive(
    place,
    async (archive) => {
      await archive.caughtUp();
      rmSync(path.join(place.segments, stuck));
      mkdirSync(path.join(place.segments, stuck, 'in-the-way'), { recursive: true });
      equal(await archive.applyRetention(last + 500 * DAY), 6);
      await archive.caughtUp();
    },
    options,
  );
  deepEqual(
    troubles.map(({ kind }) => kind),
    ['not-removed'],
  );
  deepEqual(pressed, [], 'it is no reason to take nothing in');
  deepEqual(
    files(place).filter((name) => !name.startsWith(stuck)),
    [],
  );
  await withArchive(place, () => Promise.resolve(), options);
  equal(troubles.at(-1)?.kind, 'not-removed');
});

test('an archive that cannot be opened ends what it began: the program is not kept from ending', () => {
  const place = newData();
  mkdirSync(path.join(place.archive, 'chain.log'), { recursive: true });
  const script = `
    import { openArchive } from ${JSON.stringify(path.join(import.meta.dirname, 'open-archive.ts'))};
    import { openJournal } from ${JSON.stringify(path.join(import.meta.dirname, '..', 'journal.ts'))};
    const journal = await openJournal(${JSON.stringify(placesIn(place.data).journal)});
    await openArchive({ folder: ${JSON.stringify(place.archive)}, journal }).catch((error) => console.log('refused', error.message.length > 0));
    await journal.close();
  `;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  equal(signal, null, 'it ended by itself');
  equal(stdout.trim(), 'refused true');
});

test('a chain that lost its end is named by verify for good, and what the lost lines had sealed is not written over', async () => {
  const place = newData();
  await filled(place);
  const before = files(place).map((name) => [name, readFileSync(path.join(place.segments, name))] as const);
  const [first = ''] = chainLines(place);
  writeChain(place, [first]);
  const damage: string[] = [];
  await withArchive(
    place,
    async (archive, journal) => {
      for (let round = 0; round < 3; round++) {
        await journal.append(encodeEvents([sampleEvent(80 + round), sampleEvent(90 + round, { product: 'zeek' })]));
        await archive.sealNow();
      }
    },
    { onDamage: (found) => damage.push(found.kind === 'chain' ? found.problem.kind : found.kind) },
  );
  deepEqual(damage, ['cut', 'journal']);
  for (const [name, bytes] of before) ok(bytes.equals(readFileSync(path.join(place.segments, name))), name);
  await withArchive(place, () => Promise.resolve());
  deepEqual(
    (await verify(place.data)).problems.map(({ kind, what }) => `${kind} ${what}`),
    ['chain-cut line 2', ...before.filter(([name]) => !name.includes('-1.')).map(([name]) => `segment-added ${name}`)],
  );
});

test('a chain is read whole while another process adds to it', async () => {
  const place = newData();
  mkdirSync(place.archive, { recursive: true });
  let prev = '0'.repeat(64);
  const lines = Array.from({ length: 400 }, (_, index) => {
    const json = JSON.stringify({ number: index + 1, prev, at: 0, kind: 'hold-lifted', hold: `hold_${index}` });
    prev = hash('sha256', json, 'hex');
    return `${prev} ${json}`;
  });
  writeChain(place, lines);
  writeFileSync(path.join(place.archive, 'head.json'), JSON.stringify({ number: 400, hash: prev }));
  const script = `
    import { Chain, readChain } from ${JSON.stringify(path.join(import.meta.dirname, 'chain.ts'))};
    const folder = ${JSON.stringify(place.archive)};
    const chain = await Chain.open(folder, readChain(folder), console.error);
    console.log('open');
    process.stdin.once('data', () => (process.exitCode = 0, goesOn = false));
    let goesOn = true;
    while (goesOn) await chain.add({ kind: 'hold-lifted', hold: 'hold_x' }, 0);
    await chain.close();
    process.stdin.destroy();
  `;
  const adding = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(adding.stdout, 'data');
  const problems = Array.from({ length: 200 }, () => readChain(place.archive).problems).flat();
  adding.stdin.write('stop');
  await once(adding, 'exit');
  ok(chainLines(place).length > 400);
  deepEqual(problems, []);
});

test('verify beside a running service takes what was sealed, deleted and forgotten meanwhile for what it is', async () => {
  const place = newData();
  await filled(place);
  // A pipe in a segment's place: verify stands still in the middle until its bytes come.
  const slow = path.join(place.segments, '2026-11-20', 'security-1.parquet');
  const bytes = readFileSync(slow);
  rmSync(slow);
  equal(spawnSync('mkfifo', [slow]).status, 0);
  const last = sampleEvent(79).receivedAt;
  await withArchive(place, async (archive, journal) => {
    await archive.caughtUp();
    const verifying = verify(place.data);
    for (let round = 0; round < 2; round++) {
      await journal.append(encodeEvents(Array.from({ length: 20 }, (_, i) => sampleEvent(80 + round * 20 + i))));
      await archive.sealNow();
    }
    equal(await archive.applyRetention(last + 29 * DAY), 4);
    await archive.caughtUp();
    await appendFile(slow, bytes);
    const report = await verifying;
    deepEqual(report.problems, []);
    rmSync(slow);
    writeFileSync(slow, bytes);
    writeFileSync(path.join(place.segments, '2026-11-20', 'security-77.parquet'), 'not ours');
    deepEqual(
      (await verify(place.data)).problems.map(({ kind }) => kind),
      ['segment-added'],
    );
  });
});

test('a full disk whose files cannot be removed does not take one segment after another from the searches', async (t) => {
  const disk = smallDisk(t, 64 << 20);
  if (disk === null) return;
  const { archive: folder } = placesIn(disk);
  const place: Data = { data: disk, archive: folder, segments: path.join(folder, 'segments') };
  await filled(place);
  const last = sampleEvent(79).receivedAt;
  const { bavail, bsize } = statfsSync(disk);
  const names = files(place);
  await withArchive(
    place,
    async (archive) => {
      await archive.caughtUp();
      for (const name of names) {
        rmSync(path.join(place.segments, name));
        mkdirSync(path.join(place.segments, name, 'in-the-way'), { recursive: true });
      }
      for (let poll = 0; poll < 6; poll++) {
        await archive.keepSpace(last + 185 * DAY);
        await archive.caughtUp();
      }
      const { segments } = await archive.status();
      ok(segments >= 3, `${segments} of 6 can still be searched`);
      // Once they can go, they go without a restart.
      for (const name of names) {
        rmSync(path.join(place.segments, name), { recursive: true });
        writeFileSync(path.join(place.segments, name), 'x');
      }
      await archive.keepSpace(last);
      equal(files(place).length, segments);
    },
    // One segment would be enough.
    { minFreeBytes: bavail * bsize + 1024 },
  );
});

test('a clock that is far ahead deletes nothing, is told of once, and is believed once something was sealed by it', async () => {
  const place = newData();
  await filled(place);
  const damage: ArchiveDamage[] = [];
  const ahead = Date.now() + 3000 * DAY;
  await withArchive(
    place,
    async (archive) => {
      await archive.caughtUp();
      equal(await archive.applyRetention(ahead), 0);
      deepEqual(await archive.keepSpace(ahead), { deleted: 0, isEnough: false });
      equal((await archive.status()).segments, 6);
      equal(damage.length, 1);
      // A line of that time: the service has run by this clock for a while.
      await archive.sealNow();
      equal(await archive.applyRetention(Date.now() + 30 * DAY), 4, 'network');
    },
    { minFreeBytes: Number.MAX_SAFE_INTEGER, maxClockGapMs: 31 * DAY, onDamage: (found) => damage.push(found) },
  );
  deepEqual(
    damage.map(({ kind }) => kind),
    ['clock-ahead'],
  );
});

test('a sealing that a full disk broke off leaves nothing of itself', async (t) => {
  const disk = smallDisk(t, 16 << 20);
  if (disk === null) return;
  const place = newData();
  const { archive: folder } = placesIn(disk);
  const small: Data = { data: disk, archive: folder, segments: path.join(folder, 'segments') };
  const pressed: boolean[] = [];
  const journal = await openJournal(placesIn(place.data).journal);
  const archive = await openArchive({
    folder,
    journal,
    minFreeBytes: 0,
    onPressure: (isPressed) => pressed.push(isPressed),
  });
  t.after(async () => {
    await archive.close();
    await journal.close();
  });
  const events = Array.from({ length: 3000 }, (_, number) =>
    sampleEvent(number, { text: randomBytes(1500).toString('base64'), product: number < 20 ? 'zeek' : 'windows' }),
  );
  await journal.append(encodeEvents(events));
  await archive.caughtUp();
  const filler = path.join(disk, 'filler');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(bavail * bsize - (1 << 20)));
  const sealing = archive.sealNow();
  for (let tries = 0; tries < 1000 && pressed.length === 0; tries++) await pause(10);
  deepEqual(pressed, [true]);
  deepEqual(files(small), []);
  rmSync(filler);
  await sealing;
  equal((await all(archive)).length, 3000);
  deepEqual((await verify(disk)).problems, []);
});

test('traffic is kept for weeks; who signed in to a firewall or through it, and what was changed in it, as security logs are', async () => {
  const place = newData();
  const sources = {
    network: [
      { product: 'fortigate', category: 'firewall', service: 'traffic' },
      { product: 'zeek', category: null, service: 'conn' },
    ],
    security: [
      { product: 'fortigate', category: 'vpn', service: 'event' },
      { product: 'cisco', category: null, service: 'aaa' },
      { product: 'paloalto', category: null, service: 'config' },
    ],
    clinical: [{ product: 'clinical', category: 'record_access', service: 'fhir' }],
  };
  await withArchive(place, async (archive, journal) => {
    const events = Object.values(sources).flat();
    await journal.append(encodeEvents(events.map((source, index) => sampleEvent(index, source))));
    await archive.sealNow();
    const { lines } = readChain(place.archive);
    const rows = lines.flatMap((line) => (line.kind === 'sealed' ? line.segments : []));
    for (const [kind, { length }] of Object.entries(sources))
      equal(rows.find((each) => each.kind === kind)?.rows, length, kind);
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test('a question that takes too long ends with a word about it', async () => {
  const place = newData();
  const events = await filled(place);
  const limits = { timeoutMs: 0, atOnce: 4 };
  const slow = { code: 'search/too-slow' };
  await withArchive(
    place,
    async (archive) => {
      await rejects(all(archive), slow);
      await rejects(allCounts(archive, { where: ANYTHING, from: 0, to: 2e12, bucketMs: 1e12 }), slow);
    },
    { search: limits },
  );
  await withArchive(place, async (archive) => {
    await archive.caughtUp();
    equal((await all(archive)).length, events.length);
  });
});

test('a search for a word reads no segment without it; a file of words that is altered, gone or of no release is not needed', async () => {
  const place = newData();
  const word = (value: string) => ({ where: { kind: 'anywhere', value } as const });
  await withArchive(place, async (archive, journal) => {
    await journal.append(encodeEvents([sampleEvent(1, { fields: { CommandLine: 'mimikatz.exe' } })]));
    await archive.sealNow();
    await journal.append(encodeEvents([sampleEvent(2, { fields: { CommandLine: 'notepad.exe' } })]));
    await archive.sealNow();
  });
  const words = path.join(place.archive, 'words');
  deepEqual(readdirSync(words).sort(), ['1.words', '2.words']);
  equal((await verify(place.data)).ok, true);

  // What is not read cannot fail.
  const segment = path.join(place.segments, '2026-11-20', 'security-2.parquet');
  const whole = readFileSync(segment);
  writeFileSync(segment, 'no segment');
  await withArchive(place, async (archive) => {
    equal((await all(archive, word('mimikatz'))).length, 1);
    equal((await all(archive, word('bloodhound'))).length, 0);
    await rejects(all(archive, word('notepad')));
  });
  writeFileSync(segment, whole);

  // Whoever takes a word out of the filter hides nothing.
  writeFileSync(path.join(words, '1.words'), readFileSync(path.join(words, '2.words')));
  deepEqual(
    (await verify(place.data)).problems.map(({ kind, what }) => [kind, what]),
    [['words-altered', '1.words']],
  );
  rmSync(path.join(words, '2.words'));
  writeFileSync(path.join(words, '9.words'), 'of a sealing that was interrupted');
  equal((await verify(place.data)).notes.length, 1);
  await withArchive(place, async (archive) => {
    equal((await all(archive, word('mimikatz'))).length, 1);
    equal((await all(archive, word('notepad'))).length, 1);
    const buckets = await allCounts(archive, { ...word('notepad'), from: 0, to: 2e12, bucketMs: 1e12 });
    equal(buckets[0]?.count, 1);
    deepEqual(readdirSync(words), ['1.words']);
    equal(await archive.applyRetention(Date.parse('2029-01-01')), 2);
  });
  deepEqual(readdirSync(words), []);
});

import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Refusal } from '../../src/core/refusal.ts';
import { exportEvents } from '../../src/store/archive/export-events.ts';
import { openArchive } from '../../src/store/archive/open-archive.ts';
import { encodeEvents } from '../../src/store/archive/payload.ts';
import { verify } from '../../src/store/archive/verify.ts';
import { openJournal } from '../../src/store/journal.ts';
import { placesIn } from '../../src/store/places.ts';
import { smallDisk } from '../small-disk.ts';
import { numberedEvent } from './numbered-event.ts';
import { crashStore } from './store.ts';

test('killed ten times at random moments, the store loses and doubles nothing, and verify finds it whole', async (t) => {
  const data = mkdtempSync(path.join(tmpdir(), 'wardwatch-crash-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const { lost, doubled, problems, acknowledged, kills } = await crashStore(data, 10, Math.random);
  deepEqual({ lost, doubled, problems }, { lost: [], doubled: [], problems: [] });
  ok(acknowledged >= kills * 10);
});

test('a full disk presses, refuses, keeps what was acknowledged, and all goes on when there is space', async (t) => {
  const data = smallDisk(t, 24 << 20);
  if (data === null) return;
  const places = placesIn(data);
  const ballast = path.join(data, 'ballast');
  writeFileSync(ballast, Buffer.alloc(8 << 20));
  const pressed: boolean[] = [];
  const journal = await openJournal(places.journal, { maxSegmentBytes: 1 << 20 });
  const archive = await openArchive({
    folder: places.archive,
    journal,
    sealBytes: 1 << 20,
    minFreeBytes: 2 << 20,
    onPressure: (isPressed) => pressed.push(isPressed),
  });
  const acknowledged: string[] = [];
  let next = 0;
  const keep = async () => {
    const events = Array.from({ length: 100 }, () => numberedEvent('0', next++));
    const salted = events.map((event) => ({ ...event, text: randomText(event.receivedAt, 300) }));
    await journal.append(encodeEvents(salted));
    acknowledged.push(...events.map(({ id }) => id));
  };
  let refused = 0;
  while (refused < 3) {
    try {
      await keep();
    } catch (error) {
      ok(error instanceof Refusal && error.code === 'store/disk-full', String(error));
      refused++;
    }
    if (acknowledged.length % 1000 === 0) await archive.keepSpace(Date.parse('2026-11-21T00:00:00Z'));
  }
  ok(pressed.includes(true), 'it said so before');
  rmSync(ballast);
  for (let more = 0; more < 10; more++) await keep();
  await archive.sealNow();
  await archive.keepSpace(Date.parse('2026-11-21T00:00:00Z'));
  equal(pressed.at(-1), false);
  await archive.close();
  await journal.close();
  const report = await verify(data);
  deepEqual(report.problems, []);
  const exported: string[] = [];
  for await (const page of exportEvents(data, (what) => ok(false, what))) exported.push(...page.map(({ id }) => id));
  equal(new Set(exported).size, exported.length, 'none twice');
  const there = new Set(exported);
  deepEqual(
    acknowledged.filter((id) => !there.has(id)),
    [],
  );
});

/** Text that does not compress, the same for the same seed. */
function randomText(seed: number, length: number): string {
  let state = seed % 2_147_483_647;
  let text = '';
  while (text.length < length) {
    state = (state * 48_271) % 2_147_483_647;
    text += state.toString(36);
  }
  return text;
}

/** How the service says how it is, asked again and again. */
import { equal, ok, rejects } from 'node:assert/strict';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DEFAULT_RETENTION } from '../store/archive/retention.ts';
import { openState } from '../store/state.ts';
import { Counters } from '../watch/counters.ts';
import { Health } from './health.ts';

test('what broke the look at the disk is told once, and the next look is a new one; two at once share one', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-health-'));
  const state = await openState({ kind: 'sqlite', file: path.join(folder, 'state.db') });
  const dataFolder = path.join(folder, 'unplugged');
  const health = new Health({
    state,
    dataFolder,
    keysFolder: folder,
    sources: { list: () => Promise.resolve([]) },
    silentSince: () => new Map(),
    judging: { rules: [], backlogBytes: 0, isRunning: true },
    journal: { end: 0 },
    archive: { status: () => Promise.resolve({ hotRows: 0, shownTo: 0 }) },
    retention: () => DEFAULT_RETENTION,
    counters: new Counters(),
    undelivered: () => Promise.resolve(0),
    pressure: () => null,
    now: () => Date.UTC(2036, 1, 1),
  });
  t.after(async () => {
    health.stop();
    await state.close();
  });
  await rejects(health.report(), /unplugged/);
  mkdirSync(dataFolder);
  const [one, other] = await Promise.all([health.report(), health.report()]);
  equal(one, other);
  ok(one.checks.some(({ what, state: is }) => what === 'data folder' && is !== undefined));
  const later = await health.report();
  ok(later !== one && later.room.totalBytes > 0);
});

/** Folders as sources, on a real disk and a real state. */
import { equal } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { DoorServices } from '../intake/doors/door.ts';
import { openState } from '../store/state.ts';
import { Folders } from './folders.ts';
import { Sources } from './sources.ts';

test('a folder that takes long, or does not answer, keeps no other from being read', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-folders-'));
  const state = await openState({ kind: 'sqlite', file: path.join(dir, 'state.db') });
  const sources = new Sources(state, Date.now);
  for (const name of ['slow', 'quick']) {
    const folder = path.join(dir, name);
    mkdirSync(folder);
    const line = JSON.stringify({ '@timestamp': '2026-11-02T09:00:00Z', message: name });
    writeFileSync(path.join(folder, 'a.log'), `${line}\n${line}\n`);
    await sources.add(name, 'files', null, { folder });
  }
  let release: () => void = () => undefined;
  const stuck = new Promise<void>((resolve) => (release = resolve));
  let heard: () => void = () => undefined;
  const isHeard = new Promise<void>((resolve) => (heard = resolve));
  const services = {
    acceptRead: ({ name }: { name: string }) => {
      if (name === 'slow') return stuck;
      heard();
      return Promise.resolve();
    },
    count: () => undefined,
    report: (error: unknown) => {
      throw error;
    },
  } as unknown as DoorServices;
  const folders = new Folders({ state, sources, services, timeZone: 'UTC', now: Date.now, onTrouble: () => undefined });
  t.after(async () => {
    release();
    await folders.stop();
    await state.close();
  });
  folders.start();
  equal(
    await Promise.race([isHeard.then(() => 'heard'), new Promise((resolve) => setTimeout(resolve, 20_000, 'no'))]),
    'heard',
  );
});

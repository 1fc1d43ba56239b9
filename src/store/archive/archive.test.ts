import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventStoreContract } from './event-store-contract.ts';
import { openJournal } from '../journal.ts';
import { openArchive } from './open-archive.ts';
import { encodeEvents } from './payload.ts';

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

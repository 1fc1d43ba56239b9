/**
 * `node store-writer.ts DATA RUN`: keeps events as fast as it can until it is killed. Says on standard output, a line
 * each, which batches were acknowledged: their first and last number.
 */
import { writeSync } from 'node:fs';
import { openArchive } from '../../src/store/archive/open-archive.ts';
import { encodeEvents } from '../../src/store/archive/payload.ts';
import { openJournal } from '../../src/store/journal.ts';
import { lockData } from '../../src/store/lock.ts';
import { placesIn } from '../../src/store/places.ts';
import { numberedEvent } from './numbered-event.ts';

const [data = '', run = '0'] = process.argv.slice(2);
const CALLERS = 4;
const BATCH = 10;

const places = placesIn(data);
await lockData(data);
const bad = (what: unknown): void => {
  process.stderr.write(`the store says: ${JSON.stringify(what)}\n`);
  process.exit(3);
};
const journal = await openJournal(places.journal, {
  // Small, so that most moments are in the middle of something.
  maxSegmentBytes: 100_000,
  onDamage: (damage) => (damage.kind === 'torn-tail' ? undefined : bad(damage)),
});
const archive = await openArchive({
  folder: places.archive,
  journal,
  sealRows: 400,
  minFreeBytes: 0,
  onDamage: bad,
  onFailure: bad,
  onPressure: (isPressed, reason) => (isPressed ? bad(reason) : undefined),
});
await archive.caughtUp();

let next = 0;
async function call(): Promise<void> {
  for (;;) {
    const first = next;
    next += BATCH;
    const events = Array.from({ length: BATCH }, (_, index) => numberedEvent(run, first + index));
    await journal.append(encodeEvents(events));
    writeSync(1, `${first} ${first + BATCH - 1}\n`);
    // The archive keeps up, so that it is in the middle of something too.
    if (journal.end - (await archive.status()).shownTo > 500_000) await archive.caughtUp();
  }
}
await Promise.all(Array.from({ length: CALLERS }, call));

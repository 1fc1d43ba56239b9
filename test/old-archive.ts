import { openArchive } from '../src/store/archive/open-archive.ts';
import { encodeEvents } from '../src/store/archive/payload.ts';
import { openJournal } from '../src/store/journal.ts';
import { placesIn } from '../src/store/places.ts';
import { numberedEvent } from './crash/numbered-event.ts';

/** An archive in a data folder that no service has run on, with sealed events of a firewall that came so many days ago. */
export async function fillOldArchive(
  data: string,
  sets: readonly { readonly daysAgo: number; readonly count: number; readonly sourceId: string }[],
): Promise<void> {
  const places = placesIn(data);
  const journal = await openJournal(places.journal);
  const archive = await openArchive({ folder: places.archive, journal, minFreeBytes: 0 });
  for (const { daysAgo, count, sourceId } of sets) {
    const receivedAt = Date.now() - daysAgo * 86_400_000;
    const events = Array.from({ length: count }, (_, number) => ({
      ...numberedEvent(`${daysAgo}`, number),
      product: 'zeek',
      sourceId,
      receivedAt,
      at: receivedAt,
    }));
    await journal.append(encodeEvents(events));
    await archive.sealNow();
  }
  await archive.close();
  await journal.close();
}

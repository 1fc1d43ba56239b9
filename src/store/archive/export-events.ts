import { existsSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../../core/refusal.ts';
import { lockData } from '../lock.ts';
import { readJournal } from '../journal.ts';
import { placesIn } from '../places.ts';
import { segmentsFolder } from './segment-files.ts';
import { Catalog } from './catalog.ts';
import { readChain } from './chain.ts';
import { COLUMN_LIST, eventOf, openDatabase, rowsOf } from './database.ts';
import { decodeEvents } from './payload.ts';
import type { StoredEvent } from './stored-event.ts';

/**
 * Every event that is kept in a data folder whose service is stopped: those of each segment in order of time, the
 * segments in the order in which they were sealed, then those that are still in the journal.
 *
 * @param onLoss told of what cannot be read
 * @throws Refusal `store/not-found`, `store/in-use`
 */
export async function* exportEvents(data: string, onLoss: (what: string) => void): AsyncGenerator<StoredEvent[]> {
  const { archive, journal } = placesIn(data);
  if (!existsSync(archive)) throw new Refusal('store/not-found', `${data} holds no archive`);
  const unlock = await lockData(data);
  try {
    const { lines, problems } = readChain(archive);
    for (const { line, detail } of problems) onLoss(`line ${line} of the chain: ${detail}`);
    const catalog = new Catalog(lines);
    yield* sealedEvents(archive, catalog, onLoss);
    const entries = readJournal(journal, catalog.sealedTo, ({ kind, file, from, to }) => {
      if (kind !== 'torn-tail') onLoss(`${file} is ${kind} from position ${from} to ${to}`);
    });
    for await (const { payload } of entries) yield decodeEvents(payload);
  } finally {
    unlock();
  }
}

async function* sealedEvents(
  archive: string,
  catalog: Catalog,
  onLoss: (what: string) => void,
): AsyncGenerator<StoredEvent[]> {
  const database = await openDatabase(archive, 512, 2);
  const connection = await database.connect();
  try {
    for (const { name } of catalog.live.values()) {
      const named = path.join(segmentsFolder(archive), name);
      // A crash may have come between the chain's line and the name.
      const file = [named, `${named}.part`].find((candidate) => existsSync(candidate));
      if (file === undefined) {
        onLoss(`${name} is missing`);
        continue;
      }
      const sql = `select ${COLUMN_LIST} from (${rowsOf([], [file])}) order by "time", id`;
      for await (const rows of (await connection.stream(sql)).yieldRows()) yield rows.map(eventOf);
    }
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

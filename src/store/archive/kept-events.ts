import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Refusal } from '../../core/refusal.ts';
import { type Position, readJournal } from '../journal.ts';
import { placesIn } from '../places.ts';
import { segmentsFolder } from './segment-files.ts';
import { Catalog } from './catalog.ts';
import { readChain, type SegmentInfo } from './chain.ts';
import { COLUMN_LIST, eventOf, openDatabase, quoted, rowsOf } from './database.ts';
import { decodeEvents } from './payload.ts';
import type { StoredEvent } from './stored-event.ts';

/** What is kept of one category, and what of it is not there any more or cannot be read. */
export interface KeptEvents {
  /** Segments that retention has removed. */
  readonly deleted: readonly SegmentInfo[];
  /** In plain words, what could not be read. */
  readonly losses: readonly string[];
  /** Everything in the journal before this was read. */
  readonly to: Position;
}

/** The service may seal and forget while we read: then what was read is thrown away and read again. */
const MAX_ATTEMPTS = 8;

/**
 * Hands on every kept event of a category, in no order, whether or not the service runs on the data folder: nothing is
 * locked and nothing is changed.
 *
 * @param begin called before the first event, and again whenever reading begins anew: what was handed on before is void
 * @param receivedFrom UTC ms: what was received before it may be left out, or not
 * @throws Refusal `store/not-found`; `store/busy` if the service seals faster than we read
 */
export async function readKeptEvents(
  data: string,
  category: string,
  begin: () => void,
  onEvent: (event: StoredEvent) => void,
  receivedFrom = Number.NEGATIVE_INFINITY,
): Promise<KeptEvents> {
  const { archive, journal } = placesIn(data);
  if (!existsSync(archive)) throw new Refusal('store/not-found', `${data} holds no archive`);
  const database = await openDatabase(archive, 512, 2);
  const connection = await database.connect();
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      begin();
      const losses: string[] = [];
      const { lines, problems } = readChain(archive);
      for (const { line, detail } of problems) losses.push(`line ${line} of the chain: ${detail}`);
      const catalog = new Catalog(lines);
      const live = [...catalog.live.values()].filter(({ receivedTo }) => receivedTo >= receivedFrom);
      await readSegments(connection, archive, live, category, onEvent, (what) => losses.push(what));
      let to = catalog.sealedTo;
      const entries = readJournal(journal, catalog.sealedTo, ({ kind, file, from, to }) => {
        // The service may be writing there.
        if (kind !== 'torn-tail') losses.push(`${path.basename(file)} is ${kind} from position ${from} to ${to}`);
      });
      for await (const { payload, next } of entries) {
        for (const event of decodeEvents(payload)) if (event.category === category) onEvent(event);
        to = next;
      }
      if (readChain(archive).lines.length !== lines.length) continue;
      const sealed = lines.flatMap((line) => (line.kind === 'sealed' ? line.segments : []));
      return { deleted: sealed.filter(({ name }) => catalog.deleted.has(name)), losses, to };
    }
  } finally {
    connection.closeSync();
    database.closeSync();
  }
  throw new Refusal('store/busy', 'the service seals faster than we can read');
}

async function readSegments(
  connection: DuckDBConnection,
  archive: string,
  segments: readonly SegmentInfo[],
  category: string,
  onEvent: (event: StoredEvent) => void,
  onLoss: (what: string) => void,
): Promise<void> {
  for (const { name } of segments) {
    const named = path.join(segmentsFolder(archive), name);
    // A crash may have come between the chain's line and the name.
    const file = [named, `${named}.part`].find((candidate) => existsSync(candidate));
    if (file === undefined) {
      onLoss(`${name} is missing`);
      continue;
    }
    try {
      const sql = `select ${COLUMN_LIST} from (${rowsOf([], [file])}) where category = ${quoted(category)}`;
      for await (const rows of (await connection.stream(sql)).yieldRows())
        for (const row of rows) onEvent(eventOf(row));
    } catch (error) {
      onLoss(`${name} cannot be read: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`);
    }
  }
}

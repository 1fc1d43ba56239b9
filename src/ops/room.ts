import { lstatSync, readdirSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { segmentsFolder } from '../store/archive/segment-files.ts';
import { Catalog } from '../store/archive/catalog.ts';
import { type ChainHead, readChain } from '../store/archive/chain.ts';
import {
  isHeld,
  type LegalHold,
  RETENTION_KINDS,
  type RetentionByKind,
  type RetentionKind,
} from '../store/archive/retention.ts';
import { placesIn } from '../store/places.ts';

/** What is kept of one kind of source, and for how long. */
export interface KeptKind {
  readonly kind: RetentionKind;
  readonly keepDays: number;
  /** A full disk does not make it less. */
  readonly minimumDays: number;
  readonly bytes: number;
  readonly events: number;
  /** When the oldest was received; `null`: there is none. */
  readonly oldestAt: number | null;
  readonly bytesADay: number;
}

/** How much room there is, and what takes it. */
export interface Room {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly parts: readonly { readonly what: 'archive' | 'journal' | 'rest'; readonly bytes: number }[];
  readonly kinds: readonly KeptKind[];
  /** Days until nothing more is taken in, at the rate of the last week. `null`: as much goes as comes before that. */
  readonly fullInDays: number | null;
  /** Over how many days the rate was measured; less than one says little. */
  readonly measuredDays: number;
  /** `events`: how many each keeps; whole segments, so a few beside those that it names. */
  readonly holds: readonly (LegalHold & { readonly events: number })[];
  readonly chainLines: number;
  readonly head: ChainHead;
}

const DAY_MS = 86_400_000;
/** With less, nothing more is taken in: see `ArchiveSettings.minFreeBytes`. */
const RESERVE = 1 << 30;
const RATE_DAYS = 7;

/** Reads the chain and looks at the disk: for a thread that nobody waits for. */
export function roomOf(data: string, retention: RetentionByKind, now: number): Room {
  const { journal, archive } = placesIn(data);
  const { lines, head } = readChain(archive);
  const catalog = new Catalog(lines);
  const live = [...catalog.live.values()];
  const first = live.reduce((oldest, { receivedFrom }) => Math.min(oldest, receivedFrom), now);
  const measuredDays = Math.min(RATE_DAYS, (now - first) / DAY_MS);
  const kinds = RETENTION_KINDS.map((kind): KeptKind => {
    const own = live.filter((segment) => segment.kind === kind);
    const lately = own.filter(({ receivedTo }) => receivedTo > now - RATE_DAYS * DAY_MS);
    const sum = (segments: typeof own) => segments.reduce((bytes, segment) => bytes + segment.bytes, 0);
    return {
      kind,
      ...retention[kind],
      bytes: sum(own),
      events: own.reduce((rows, segment) => rows + segment.rows, 0),
      oldestAt: own.length === 0 ? null : Math.min(...own.map(({ receivedFrom }) => receivedFrom)),
      // What came within an hour says nothing of a day.
      bytesADay: measuredDays < 1 / 24 ? 0 : sum(lately) / Math.max(measuredDays, 1 / 24),
    };
  });
  const { bavail, bsize, blocks } = statfsSync(data);
  const freeBytes = bavail * bsize;
  const archived = kinds.reduce((bytes, kind) => bytes + kind.bytes, 0);
  const journalled = bytesBelow(journal, []);
  return {
    totalBytes: blocks * bsize,
    freeBytes,
    parts: [
      { what: 'archive', bytes: archived },
      { what: 'journal', bytes: journalled },
      { what: 'rest', bytes: bytesBelow(data, [journal, segmentsFolder(archive)]) },
    ],
    kinds,
    fullInDays: daysUntilFull(freeBytes - RESERVE, kinds),
    measuredDays,
    holds: [...catalog.holds.values()].map((hold) => ({
      ...hold,
      events: live.reduce((rows, segment) => rows + (isHeld(segment, hold) ? segment.rows : 0), 0),
    })),
    chainLines: lines.length,
    head,
  };
}

/**
 * Whole days until so many more bytes are used, if each kind goes on as it does and goes when it has been kept long
 * enough; `null`: never.
 */
export function daysUntilFull(
  room: number,
  kinds: readonly Pick<KeptKind, 'bytes' | 'bytesADay' | 'keepDays'>[],
): number | null {
  const longest = Math.max(...kinds.map(({ keepDays }) => keepDays));
  for (let day = 0; day <= longest; day += 1) {
    const more = kinds.reduce(
      (sum, { bytes, bytesADay, keepDays }) =>
        sum + Math.max(0, Math.min(bytes + bytesADay * day, bytesADay * keepDays) - bytes),
      0,
    );
    if (more >= room) return day;
  }
  return null;
}

function bytesBelow(folder: string, except: readonly string[]): number {
  let bytes = 0;
  for (const name of listed(folder)) {
    const place = path.join(folder, name);
    if (except.includes(place)) continue;
    // It may be gone by now.
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) bytes += bytesBelow(place, except);
    else bytes += found?.size ?? 0;
  }
  return bytes;
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Gone since we looked, or not ours to read: what it takes is not ours either.
    return [];
  }
}

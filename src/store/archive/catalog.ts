import type { Position } from '../journal.ts';
import type { ColumnsInfo } from './access-columns.ts';
import { type ChainEntry, readChain, type SegmentInfo } from './chain.ts';
import { holdOf, type LegalHold } from './retention.ts';

/** What the chain's lines come to: which segments there are, and what holds for them. */
export class Catalog {
  readonly live = new Map<string, SegmentInfo>();
  readonly deleted = new Set<string>();
  /** By day: accesses in columns. They hold for as long as all segments that they sum up are there. */
  readonly columns = new Map<number, ColumnsInfo>();
  readonly holds = new Map<string, LegalHold>();
  /** Everything in the journal before this is in sealed segments. */
  sealedTo: Position = 0;

  constructor(lines: Iterable<ChainEntry> = []) {
    for (const line of lines) this.apply(line);
  }

  apply(line: ChainEntry): void {
    switch (line.kind) {
      case 'sealed':
        for (const segment of line.segments) this.live.set(segment.name, segment);
        this.sealedTo = Math.max(this.sealedTo, line.journal[1]);
        break;
      case 'deleted':
        for (const name of line.segments) {
          this.live.delete(name);
          this.deleted.add(name);
        }
        for (const { day, segments } of this.columns.values())
          if (segments.some((name) => this.deleted.has(name))) this.columns.delete(day);
        break;
      case 'columns':
        // Their segments may have been deleted while they were being made.
        if (line.columns.segments.every((name) => this.live.has(name)))
          this.columns.set(line.columns.day, line.columns);
        break;
      case 'hold':
        this.holds.set(line.hold.id, holdOf(line.hold));
        break;
      case 'hold-lifted':
        this.holds.delete(line.hold);
        break;
      case 'keys-rotated':
      case 'cut-found':
        break;
      default:
        // A kind that a later release added: it is none of our business.
        line satisfies never;
    }
  }
}

/** Everything in the journal before this is in sealed segments of an archive, by its chain; 0 without one. */
export function sealedTo(archiveFolder: string): Position {
  return new Catalog(readChain(archiveFolder).lines).sealedTo;
}

/** The number in a segment's name: 42 in `2026-11-25/security-42.parquet`; 0 if it is no such name. */
export function segmentNumber(name: string): number {
  return isSegmentName(name) ? Number(/(\d+)\.parquet$/.exec(name)?.[1]) : 0;
}

/** `2026-11-25/security-42.parquet` and nothing else: a name out of the chain is never trusted to be a path. */
export function isSegmentName(name: string): boolean {
  return /^\d{4,6}-\d{2}-\d{2}\/[a-z]+-\d+\.parquet$/.test(name);
}

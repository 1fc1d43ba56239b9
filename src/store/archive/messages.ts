import type { Position } from '../journal.ts';
import type { ColumnsInfo } from './access-columns.ts';
import type { ArchiveDamage } from './archive.ts';
import type { ChainHead } from './chain.ts';
import type { CountRequest, SearchRequest } from './event-store.ts';
import type { LegalHold, RetentionByKind } from './retention.ts';

/** What is asked of the archive's thread. `id` comes back with the answer. */
export type Question =
  | { readonly kind: 'journal-end'; readonly end: Position }
  | { readonly kind: 'stop'; readonly id: number }
  | { readonly kind: 'search'; readonly id: number; readonly request: SearchRequest }
  | { readonly kind: 'counts'; readonly id: number; readonly request: CountRequest }
  /** Of a search or of counts: what it has next, `null` at its end. */
  | { readonly kind: 'next' | 'end'; readonly id: number; readonly of: number }
  | { readonly kind: 'caught-up' | 'seal'; readonly id: number; readonly end: Position }
  | { readonly kind: 'status' | 'holds' | 'close'; readonly id: number }
  | { readonly kind: 'hold'; readonly id: number; readonly hold: LegalHold }
  | { readonly kind: 'lift-hold'; readonly id: number; readonly hold: string; readonly reason: string }
  | { readonly kind: 'set-retention'; readonly id: number; readonly retention: RetentionByKind }
  | {
      readonly kind: 'would-delete';
      readonly id: number;
      readonly retention: RetentionByKind;
      readonly withoutHold: string | null;
      readonly now: number;
    }
  | { readonly kind: 'keys-rotated'; readonly id: number; readonly from: string; readonly to: string }
  | { readonly kind: 'columns-made'; readonly id: number; readonly columns: ColumnsInfo }
  | { readonly kind: 'retention' | 'space'; readonly id: number; readonly now: number };

export type Answer =
  | { readonly kind: 'open' }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string | null; readonly message: string }
  | { readonly kind: 'sealed'; readonly sealedTo: Position; readonly head: ChainHead }
  | { readonly kind: 'damage'; readonly damage: ArchiveDamage }
  | { readonly kind: 'seal-failed'; readonly reason: string };

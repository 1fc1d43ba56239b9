import type { ReviewItem } from '../records/review-items.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { Held } from '../store/held.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { RecordItemRow } from '../store/tables.ts';

export interface RecordItem {
  readonly id: RecordItemRow['id'];
  /** UTC ms. */
  readonly firstAt: number;
  /** When it was last filled in: whether care followed is known later. */
  readonly seenAt: number;
  readonly item: ReviewItem;
}

/**
 * What policy wants looked at, whatever its score: uses of break-glass, and sealed records that were opened without a direct
 * relationship. Sealed, with keyed ids, as cases are. The only writer of the table `record_items`.
 */
export class RecordItems {
  readonly #state: State;
  readonly #seals: Keyring;
  readonly #idOf: (text: string) => string;
  readonly #now: () => number;

  /** @param mac a keyed hash */
  constructor(state: State, seals: Keyring, mac: (text: string) => Buffer, now: () => number) {
    this.#state = state;
    this.#seals = seals;
    this.#idOf = (text) => mac(text).toString('hex', 0, 10);
    this.#now = now;
  }

  /** Keeps items, or fills in what is known of them: the same item is the same however often it is found. */
  async keep(items: readonly ReviewItem[]): Promise<void> {
    if (items.length === 0) return;
    const now = this.#now();
    await this.#state.transaction(async (within) => {
      for (const item of items) {
        const { kind, user, patient, day, reason } = item;
        const id: RecordItemRow['id'] = `rit_${this.#idOf([kind, user, patient, day, reason ?? ''].join('\0'))}`;
        const row = { day, sealed: this.#seals.seal(Buffer.from(JSON.stringify(item)), contextOf(id)), seen_at: now };
        await within
          .insertInto('record_items')
          .values({ id, ...row, first_at: now })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
      }
    });
  }

  /** Forgets some that were last filled in before a time. @returns how many */
  async forget(before: number, isHeld: Held, limit: number): Promise<number> {
    const { db } = this.#state;
    const old = db
      .selectFrom('record_items')
      .select('id')
      .where('seen_at', '<', before)
      .where((where) => where.not(isHeld(where, 'first_at', null)))
      .limit(limit);
    const gone = await db.deleteFrom('record_items').where('id', 'in', old).executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  /** A page of items, the newest first. */
  async page(cursor: Cursor | null, limit: number): Promise<readonly { one: RecordItem; cursor: Cursor }[]> {
    const rows = await this.#state.db
      .selectFrom('record_items')
      .selectAll()
      .where(behind(cursor, 'first_at'))
      .orderBy('first_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(({ id, first_at: firstAt, seen_at: seenAt, sealed }) => ({
      // Written above.
      one: {
        id,
        firstAt,
        seenAt,
        item: JSON.parse(this.#seals.open(sealed, contextOf(id)).toString('utf8')) as ReviewItem,
      },
      cursor: { at: firstAt, id },
    }));
  }
}

function contextOf(id: string): string {
  return `record-item/${id}`;
}

import type { Keyring } from '../store/seal.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { State } from '../store/state.ts';
import { newId } from './credentials.ts';

/** Something we could not read, as it may be shown: without what arrived. */
export interface SetAsideEntry {
  readonly id: string;
  readonly sourceId: string | null;
  readonly receivedAt: number;
  readonly reason: string;
  readonly detail: string;
  readonly bytes: number;
}

/** The most that is kept of one thing set aside. */
const MAX_KEPT = 1024 * 1024;

/** What could not be read, sealed: we could not clean it of patients' names. The only writer of the table `set_aside`. */
export class SetAsides {
  readonly #state: State;
  readonly #keys: Keyring;

  constructor(state: State, keys: Keyring) {
    this.#state = state;
    this.#keys = keys;
  }

  async keep(
    sourceId: string | null,
    receivedAt: number,
    items: readonly { bytes: Buffer; reason: string; detail: string }[],
  ): Promise<void> {
    if (items.length === 0) return;
    await this.#state.transaction(async (within) => {
      for (const { bytes, reason, detail } of items) {
        const id = newId('asd');
        await within
          .insertInto('set_aside')
          .values({
            id,
            source_id: sourceId,
            received_at: receivedAt,
            reason,
            detail,
            sealed: this.#keys.seal(bytes.subarray(0, MAX_KEPT), `set-aside/${id}`),
          })
          .execute();
      }
    });
  }

  /** A page of what was set aside, the newest first. */
  async page(cursor: Cursor | null, limit: number): Promise<readonly { entry: SetAsideEntry; cursor: Cursor }[]> {
    const rows = await this.#state.db
      .selectFrom('set_aside')
      .select(({ fn }) => [
        'id',
        'source_id',
        'received_at',
        'reason',
        'detail',
        fn<number>('length', ['sealed']).as('bytes'),
      ])
      .orderBy('received_at', 'desc')
      .orderBy('id', 'desc')
      .where(behind(cursor, 'received_at'))
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      entry: {
        id: row.id,
        sourceId: row.source_id,
        receivedAt: row.received_at,
        reason: row.reason,
        detail: row.detail,
        bytes: row.bytes,
      },
      cursor: { at: row.received_at, id: row.id },
    }));
  }
}

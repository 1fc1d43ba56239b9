import type { State } from '../store/state.ts';
import { newId } from './credentials.ts';
import type { Cursor } from './findings-store.ts';

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
  readonly #seal: (bytes: Buffer) => Buffer;

  constructor(state: State, seal: (bytes: Buffer) => Buffer) {
    this.#state = state;
    this.#seal = seal;
  }

  async keep(
    sourceId: string | null,
    receivedAt: number,
    items: readonly { bytes: Buffer; reason: string; detail: string }[],
  ): Promise<void> {
    if (items.length === 0) return;
    await this.#state.transaction(async (within) => {
      for (const { bytes, reason, detail } of items)
        await within
          .insertInto('set_aside')
          .values({
            id: newId('asd'),
            source_id: sourceId,
            received_at: receivedAt,
            reason,
            detail,
            sealed: this.#seal(bytes.subarray(0, MAX_KEPT)),
          })
          .execute();
    });
  }

  /** A page of what was set aside, the newest first. */
  async page(cursor: Cursor | null, limit: number): Promise<readonly { entry: SetAsideEntry; cursor: Cursor }[]> {
    let query = this.#state.db
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
      .limit(limit);
    if (cursor !== null)
      query = query.where((where) =>
        where.or([
          where('received_at', '<', cursor.at),
          where.and([where('received_at', '=', cursor.at), where('id', '<', cursor.id as `asd_${string}`)]),
        ]),
      );
    const rows = await query.execute();
    return rows.map((row) => ({
      entry: {
        id: row.id,
        sourceId: row.source_id,
        receivedAt: row.received_at,
        reason: row.reason,
        detail: row.detail,
        bytes: Number(row.bytes),
      },
      cursor: { at: row.received_at, id: row.id },
    }));
  }
}

import type { Keyring } from '../store/seal.ts';
import { behind, type Cursor } from '../store/page.ts';
import { Refusal } from '../core/refusal.ts';
import type { State } from '../store/state.ts';
import type { SetAsideRow } from '../store/tables.ts';
import { newId } from '../core/credentials.ts';

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
/** At one go. */
const MAX_REPLAYED = 10_000;

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

  /** What arrived, as it came. @throws Refusal `setaside/not-found`; `keys/unknown` */
  async open(id: string): Promise<Buffer> {
    const row = await this.#state.db
      .selectFrom('set_aside')
      .select('sealed')
      .where('id', '=', id as SetAsideRow['id'])
      .executeTakeFirst();
    if (row === undefined) throw new Refusal('setaside/not-found', `nothing of the id ${id} is set aside`);
    return this.#keys.open(row.sealed, `set-aside/${id}`);
  }

  /**
   * Hands each thing set aside to `read`, and removes those that it has read.
   *
   * @param reason only those; `null`: all
   */
  async replay(
    reason: string | null,
    read: (sourceId: string | null, bytes: Buffer) => Promise<boolean>,
  ): Promise<{ readonly read: number; readonly still: number }> {
    let query = this.#state.db
      .selectFrom('set_aside')
      .select(['id', 'source_id'])
      .orderBy('received_at')
      .limit(MAX_REPLAYED);
    if (reason !== null) query = query.where('reason', '=', reason);
    let done = 0;
    let still = 0;
    for (const { id, source_id: source } of await query.execute()) {
      const bytes = await this.open(id);
      // What was cut off is not read as if it were whole.
      if (bytes.length < MAX_KEPT && (await read(source, bytes))) {
        await this.#state.db.deleteFrom('set_aside').where('id', '=', id).execute();
        done++;
      } else still++;
    }
    return { read: done, still };
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

/** How many things of each source were set aside in a time. */
export async function setAsideCounts(
  { db }: State,
  from: number,
  to: number,
): Promise<readonly { readonly source: string; readonly count: number }[]> {
  return db
    .selectFrom('set_aside')
    .innerJoin('sources', 'sources.id', 'set_aside.source_id')
    .select(['sources.name as source', ({ fn }) => fn.countAll<number>().as('count')])
    .where('received_at', '>=', from)
    .where('received_at', '<', to)
    .groupBy('sources.name')
    .orderBy('sources.name')
    .execute();
}

import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Keyring } from '../store/seal.ts';
import type { LegalHold } from '../store/archive/retention.ts';
import { type Held, heldBy } from '../store/held.ts';
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
/** Of one source, sealed: what sends nothing but what cannot be read must not take the room of all that can be. */
const ROOM = 256 << 20;
/** What a message takes besides: its row, and its place in three indexes (SQLite: 180 bytes). */
const ROW = 200;
/** What a message takes of the room. */
const TAKEN = sql<number>`(length(sealed) + ${sql.lit(ROW)})`;
/** Down to this share of its room: not one message goes for each that comes. */
const CLEARED = 0.9;
/** In one statement. */
const GOES_AT_ONCE = 500;

export interface SetAsideParts {
  readonly holds: () => Promise<readonly LegalHold[]>;
  /** Room could not be made. What came is kept all the same. */
  readonly onBug: (error: unknown) => void;
}

/** How much of a source went because there was no room for more. */
export interface SetAsideGone {
  readonly sourceId: string | null;
  readonly messages: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/**
 * What could not be read, sealed: we could not clean it of patients' names. Each source has its room; when that is full the
 * oldest go, but for what a legal hold keeps, and are counted. The only writer of the tables `set_aside` and `set_aside_gone`.
 */
export class SetAsides {
  readonly #state: State;
  readonly #keys: Keyring;
  readonly #parts: SetAsideParts;
  readonly #room: number;
  /** Bytes by source; asked for once. */
  #kept: Promise<Map<string, number>> | null = null;
  readonly #clearing = new Set<string>();

  /** @param room bytes that are kept of one source */
  constructor(state: State, keys: Keyring, parts: SetAsideParts, room = ROOM) {
    this.#state = state;
    this.#keys = keys;
    this.#parts = parts;
    this.#room = room;
  }

  async keep(
    sourceId: string | null,
    receivedAt: number,
    items: readonly { bytes: Buffer; reason: string; detail: string }[],
  ): Promise<void> {
    if (items.length === 0) return;
    const kept = await this.#bytesKept();
    const rows = items.map(({ bytes, reason, detail }) => {
      const id = newId('asd');
      const sealed = this.#keys.seal(bytes.subarray(0, MAX_KEPT), `set-aside/${id}`);
      return { id, source_id: sourceId, received_at: receivedAt, reason, detail, sealed };
    });
    await this.#state.transaction(async (within) => {
      for (const row of rows) await within.insertInto('set_aside').values(row).execute();
    });
    const source = sourceId ?? '';
    const now = (kept.get(source) ?? 0) + rows.reduce((sum, { sealed }) => sum + sealed.length + ROW, 0);
    kept.set(source, now);
    if (now > this.#room && !this.#clearing.has(source))
      await this.#clear(source, receivedAt, kept).catch(this.#parts.onBug);
  }

  /** The oldest of a source go until there is room again. What a hold keeps takes none. */
  async #clear(source: string, at: number, kept: Map<string, number>): Promise<void> {
    this.#clearing.add(source);
    try {
      const isHeldNow = async () => heldBy(await this.#parts.holds());
      const isHeld = await isHeldNow();
      const { bytes } = await this.#state.db
        .selectFrom('set_aside')
        .select(({ fn }) => fn.sum<number | null>(TAKEN).as('bytes'))
        .where((where) => where(where.fn.coalesce('source_id', where.val('')), '=', source))
        .where((where) => where.not(isHeld(where, 'received_at', 'source_id')))
        .executeTakeFirstOrThrow();
      kept.set(source, bytes ?? 0);
      for (;;) {
        const tooMuch = (kept.get(source) ?? 0) - this.#room * CLEARED;
        // A hold may have come meanwhile.
        const freed = tooMuch > 0 ? await this.#clearSome(source, tooMuch, at, await isHeldNow()) : 0;
        if (freed === 0) return;
        kept.set(source, (kept.get(source) ?? 0) - freed);
        // Small messages are many: others have their turn.
        await setImmediate();
      }
    } finally {
      this.#clearing.delete(source);
    }
  }

  /** @returns how many bytes went */
  #clearSome(source: string, tooMuch: number, at: number, isHeld: Held): Promise<number> {
    return this.#state.transaction(async (within) => {
      const oldest = await within
        .selectFrom('set_aside')
        .select(['id', TAKEN.as('bytes')])
        .where((where) => where(where.fn.coalesce('source_id', where.val('')), '=', source))
        .where((where) => where.not(isHeld(where, 'received_at', 'source_id')))
        .orderBy('received_at')
        .orderBy('id')
        .limit(GOES_AT_ONCE)
        .execute();
      const ids: SetAsideRow['id'][] = [];
      let freed = 0;
      for (const { id, bytes } of oldest) {
        if (freed >= tooMuch) break;
        ids.push(id);
        freed += bytes;
      }
      if (ids.length === 0) return 0;
      await within.deleteFrom('set_aside').where('id', 'in', ids).execute();
      await within
        .insertInto('set_aside_gone')
        .values({ source_id: source, messages: ids.length, first_at: at, last_at: at })
        .onConflict((conflict) =>
          conflict.column('source_id').doUpdateSet((was) => ({
            messages: was('set_aside_gone.messages', '+', ids.length),
            last_at: at,
          })),
        )
        .execute();
      return freed;
    });
  }

  #bytesKept(): Promise<Map<string, number>> {
    this.#kept ??= this.#state.db
      .selectFrom('set_aside')
      .select(({ fn }) => ['source_id', fn.sum<number>(TAKEN).as('bytes')])
      .groupBy('source_id')
      .execute()
      .then(
        (rows) => new Map(rows.map(({ source_id: source, bytes }) => [source ?? '', bytes])),
        (error: unknown) => {
          this.#kept = null;
          throw error;
        },
      );
    return this.#kept;
  }

  /** Forgets some of those that came before a time. @returns how many */
  async forget(before: number, isHeld: Held, limit: number): Promise<number> {
    const { db } = this.#state;
    const old = db
      .selectFrom('set_aside')
      .select('set_aside.id')
      .where('received_at', '<', before)
      .where((where) => where.not(isHeld(where, 'received_at', 'source_id')))
      .limit(limit);
    const { numDeletedRows } = await db.deleteFrom('set_aside').where('id', 'in', old).executeTakeFirst();
    // Counted anew when it is asked for next.
    if (numDeletedRows > 0n) this.#kept = null;
    return Number(numDeletedRows);
  }

  /** What arrived, as it came. @throws Refusal `setaside/not-found`; `keys/unknown` */
  async open(id: string): Promise<Buffer> {
    const bytes = await this.#openIfThere(id);
    if (bytes === null) throw new Refusal('setaside/not-found', `nothing of the id ${id} is set aside`);
    return bytes;
  }

  async #openIfThere(id: string): Promise<Buffer | null> {
    const row = await this.#state.db
      .selectFrom('set_aside')
      .select('sealed')
      .where('id', '=', id as SetAsideRow['id'])
      .executeTakeFirst();
    return row === undefined ? null : this.#keys.open(row.sealed, `set-aside/${id}`);
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
      const bytes = await this.#openIfThere(id);
      // It went meanwhile: there was no room, or somebody else has it read again.
      if (bytes === null) continue;
      // What was cut off is not read as if it were whole.
      if (bytes.length < MAX_KEPT && (await read(source, bytes))) {
        await this.#state.db.deleteFrom('set_aside').where('id', '=', id).execute();
        done++;
      } else still++;
    }
    // Counted anew when it is asked for next.
    this.#kept = null;
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

/** What went for want of room, by source. */
export async function setAsideGone({ db }: State): Promise<readonly SetAsideGone[]> {
  const rows = await db.selectFrom('set_aside_gone').selectAll().orderBy('source_id').execute();
  return rows.map(({ source_id: source, messages, first_at, last_at }) => ({
    sourceId: source === '' ? null : source,
    messages,
    firstAt: first_at,
    lastAt: last_at,
  }));
}

import type { ReviewItem } from '../records/review-items.ts';
import { accountKey } from '../records/same-name.ts';
import { Zone } from '../records/zone.ts';
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

/** Why somebody broke the glass, as an event said it beside its fields. */
export interface GlassReason {
  readonly user: string;
  /** A pseudonym. */
  readonly patient: string;
  /** UTC ms. */
  readonly at: number;
  readonly reason: string;
}

/** One of them, as it is kept: by person and local day. `at`: `YYYY-MM-DD HH:MM`, as in the item. */
interface KeptReason {
  readonly patient: string;
  readonly at: string;
  readonly reason: string;
}

/** Of one person’s day; more, nobody reads. */
const MAX_REASONS = 100;
const REASONS = 'rit_reasons_';

/**
 * What policy wants looked at, whatever its score: uses of break-glass, and sealed records that were opened without a direct
 * relationship. Sealed, with keyed ids, as cases are. The only writer of the table `record_items`.
 */
export class RecordItems {
  readonly #state: State;
  readonly #seals: Keyring;
  readonly #idOf: (text: string) => string;
  readonly #now: () => number;
  readonly #zone: Zone;

  /** @param mac a keyed hash */
  constructor(state: State, seals: Keyring, mac: (text: string) => Buffer, now: () => number, timeZone: string) {
    this.#zone = new Zone(timeZone);
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

  /** Keeps why somebody broke the glass, until the items tell it: sealed, and told with them alone. */
  async keepReasons(reasons: readonly GlassReason[]): Promise<void> {
    const now = this.#now();
    await this.#state.transaction(async (within) => {
      for (const { user, patient, at, reason } of reasons) {
        const text = this.#zone.clockText(at);
        const day = text.slice(0, 10);
        const id = this.#reasonsId(user, day);
        const before = await within.selectFrom('record_items').select('sealed').where('id', '=', id).executeTakeFirst();
        const known = before === undefined ? [] : this.#reasonsIn(id, before.sealed);
        const one: KeptReason = { patient, at: text, reason };
        if (known.length >= MAX_REASONS || known.some((each) => isSame(each, one))) continue;
        const sealed = this.#seals.seal(Buffer.from(JSON.stringify([...known, one])), contextOf(id));
        await within
          .insertInto('record_items')
          .values({ id, day, sealed, first_at: now, seen_at: now })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ sealed, seen_at: now }))
          .execute();
      }
    });
  }

  #reasonsId(user: string, day: string): RecordItemRow['id'] {
    return `${REASONS}${this.#idOf(`reasons\0${accountKey(user)}\0${day}`)}`;
  }

  #reasonsIn(id: string, sealed: Buffer): readonly KeptReason[] {
    // Written above.
    return JSON.parse(this.#seals.open(sealed, contextOf(id)).toString('utf8')) as KeptReason[];
  }

  /** The item with what was typed, where the access itself did not say it. */
  async #withReason(item: ReviewItem): Promise<ReviewItem> {
    if (item.kind !== 'break-glass' || item.reason !== null) return item;
    const id = this.#reasonsId(item.user, item.day);
    const row = await this.#state.db
      .selectFrom('record_items')
      .select('sealed')
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return item;
    const all = this.#reasonsIn(id, row.sealed);
    const own = all.filter(({ patient }) => patient === item.patient);
    // A patient may be known by another id by now; the minute is the same.
    const told = own.length > 0 ? own : all.filter(({ at }) => at === item.at);
    const texts = [...new Set(told.map(({ reason }) => reason))];
    return texts.length === 0 ? item : { ...item, reason: texts.join(' · ') };
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
      .where('id', 'not like', `${REASONS}%`)
      .where(behind(cursor, 'first_at'))
      .orderBy('first_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    const page: { one: RecordItem; cursor: Cursor }[] = [];
    for (const { id, first_at: firstAt, seen_at: seenAt, sealed } of rows) {
      // Written above.
      const item = JSON.parse(this.#seals.open(sealed, contextOf(id)).toString('utf8')) as ReviewItem;
      page.push({ one: { id, firstAt, seenAt, item: await this.#withReason(item) }, cursor: { at: firstAt, id } });
    }
    return page;
  }
}

function isSame(one: KeptReason, other: KeptReason): boolean {
  return one.patient === other.patient && one.at === other.at && one.reason === other.reason;
}

function contextOf(id: string): string {
  return `record-item/${id}`;
}

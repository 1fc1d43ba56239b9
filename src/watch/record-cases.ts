import { Refusal } from '../core/refusal.ts';
import type { ReviewCase } from '../records/case.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { RecordCaseRow } from '../store/tables.ts';

export const VERDICTS = ['explained', 'not-explained', 'undecided'] as const;

/** What a person made of a case. */
export interface Decision {
  readonly verdict: (typeof VERDICTS)[number];
  readonly reason: string;
  readonly by: string;
  /** UTC ms. */
  readonly at: number;
}

export interface RecordCase {
  readonly id: RecordCaseRow['id'];
  readonly firstAt: number;
  /** Since when a review no longer finds it; `null`: it does. */
  readonly explainedAt: number | null;
  readonly decision: Decision | null;
  readonly case: ReviewCase;
}

/**
 * The cases of the nightly review: sealed, because they say who opened whose record, and their ids are keyed, because
 * else whoever sees an id could try every name. The only writer of the table `record_cases`.
 */
export class RecordCases {
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

  /**
   * Keeps what a review found of the days from `since` on. What it no longer finds there is explained by what has come in
   * since, if all could be read that was there before; what a person has decided stays as that person saw it.
   *
   * @param isWhole false: part of the accesses could not be read, so that nothing follows from what is not found
   * @returns those within the budget that nobody has decided
   */
  async keep(
    found: readonly ReviewCase[],
    since: string,
    isWhole: boolean,
  ): Promise<readonly { id: string; case: ReviewCase }[]> {
    const now = this.#now();
    const alerts: { id: string; case: ReviewCase }[] = [];
    await this.#state.transaction(async (within) => {
      alerts.length = 0;
      const decided = new Set(
        (
          await within
            .selectFrom('record_cases')
            .select('id')
            .where('decided_at', 'is not', null)
            .where('day', '>=', since)
            .execute()
        ).map(({ id }) => id),
      );
      for (const one of found) {
        const day = dayOf(one);
        if (day < since) continue;
        const id = this.#caseId(one);
        if (decided.has(id)) continue;
        const row = {
          day,
          // What was told once stays in the list, though the budget of a later night lies elsewhere.
          ...(one.alert ? { alert: 1 } : {}),
          sealed: this.#seals.seal(Buffer.from(JSON.stringify(one)), contextOf(id)),
          seen_at: now,
          explained_at: null,
        };
        await within
          .insertInto('record_cases')
          .values({ id, alert: 0, ...row, first_at: now, decided_at: null, decision: null })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
        if (one.alert) alerts.push({ id, case: one });
      }
      if (!isWhole) return;
      await within
        .updateTable('record_cases')
        .set({ explained_at: now })
        .where('day', '>=', since)
        .where('seen_at', '<', now)
        .where('decided_at', 'is', null)
        .where('explained_at', 'is', null)
        .execute();
    });
    return alerts;
  }

  /** A page of cases, the newest first. @param below those beneath the budget too */
  async page(
    below: boolean,
    cursor: Cursor | null,
    limit: number,
  ): Promise<readonly { one: RecordCase; cursor: Cursor }[]> {
    const rows = await this.#state.db
      .selectFrom('record_cases')
      .selectAll()
      .where('alert', '>=', below ? 0 : 1)
      .where(behind(cursor, 'first_at'))
      .orderBy('first_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ one: this.#opened(row), cursor: { at: row.first_at, id: row.id } }));
  }

  /** @throws Refusal `records/no-such-case` */
  async decide(id: string, { verdict, reason, by }: Omit<Decision, 'at'>): Promise<RecordCase> {
    const at = this.#now();
    const decision: Decision = { verdict, reason, by, at };
    const row = await this.#state.db
      .updateTable('record_cases')
      .set({
        decided_at: at,
        decision: this.#seals.seal(Buffer.from(JSON.stringify(decision)), contextOf(`${id}/decision`)),
      })
      .where('id', '=', id as RecordCaseRow['id'])
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw new Refusal('records/no-such-case', `there is no case ${id}`);
    return this.#opened(row);
  }

  #opened({ id, first_at: firstAt, explained_at: explainedAt, sealed, decision }: RecordCaseRow): RecordCase {
    const opened = (bytes: Buffer, context: string) => this.#seals.open(bytes, context).toString('utf8');
    // Both were written above.
    return {
      id,
      firstAt,
      explainedAt,
      decision: decision === null ? null : (JSON.parse(opened(decision, contextOf(`${id}/decision`))) as Decision),
      case: JSON.parse(opened(sealed, contextOf(id))) as ReviewCase,
    };
  }

  /** A case is one person's day, or one patient's crowd since it began. */
  #caseId(one: ReviewCase): RecordCaseRow['id'] {
    return `rac_${this.#idOf('user' in one ? `access\0${one.user}\0${one.day}` : `crowd\0${one.patient}\0${one.from}`)}`;
  }
}

export function dayOf(one: ReviewCase): string {
  return 'user' in one ? one.day : one.to;
}

function contextOf(id: string): string {
  return `record-case/${id}`;
}

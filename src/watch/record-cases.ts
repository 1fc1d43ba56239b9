import { Refusal } from '../core/refusal.ts';
import type { ReviewCase } from '../records/case.ts';
import { ABSORB_DAYS } from '../records/model/calibration.ts';
import { DAY_MS } from '../records/zone.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { Held } from '../store/held.ts';
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

/**
 * - `first-look`  made while the day went on, by what was known then
 * - `confirmed`   a review of the whole day found it too
 * - `lowered`     the review ranks it beneath the budget
 * - `withdrawn`   with what has come in since it is explained
 */
export type Said = 'first-look' | 'confirmed' | 'lowered' | 'withdrawn';

export interface HistoryEntry {
  /** UTC ms. */
  readonly at: number;
  readonly said: Said;
}

export interface RecordCase {
  readonly id: RecordCaseRow['id'];
  readonly firstAt: number;
  /** Made while its day went on; `null`: a review found it first. */
  readonly firstLookAt: number | null;
  /** No review has judged its day yet. */
  readonly isProvisional: boolean;
  /** Of a first look: what was said of it, the oldest first. */
  readonly history: readonly HistoryEntry[];
  /** Since when a review no longer finds it; `null`: it does. */
  readonly explainedAt: number | null;
  readonly decision: Decision | null;
  readonly case: ReviewCase;
}

/** Of a case that is lowered and found again all day long, the newest entries are kept. */
const MAX_HISTORY = 50;

/**
 * The cases of the nightly review, and those made before it while a day goes on: sealed, because they say who opened whose record, and their ids are keyed, because
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
   * @param until the first day that was not reviewed: first looks of it stay as they are
   * @param isWhole false: part of the accesses could not be read, so that nothing follows from what is not found
   * @returns those within the budget that nobody has decided
   */
  async keep(
    found: readonly ReviewCase[],
    since: string,
    until: string,
    isWhole: boolean,
  ): Promise<readonly { id: string; case: ReviewCase }[]> {
    const now = this.#now();
    const alerts: { id: string; case: ReviewCase }[] = [];
    await this.#state.transaction(async (within) => {
      alerts.length = 0;
      const rows = await within
        .selectFrom('record_cases')
        .select(['id', 'day', 'decided_at', 'explained_at', 'first_look_at', 'history'])
        .where('day', '>=', since)
        .execute();
      const known = new Map(rows.map((row) => [row.id, row]));
      const seen = new Set<string>();
      for (const one of found) {
        const day = dayOf(one);
        if (day < since) continue;
        const id = this.#caseId(one);
        const before = known.get(id);
        if (before !== undefined && before.decided_at !== null) continue;
        seen.add(id);
        const said = one.alert || 'joins' in one ? 'confirmed' : 'lowered';
        const row = {
          day,
          // What was told once stays in the list, though the budget of a later night lies elsewhere.
          ...(one.alert ? { alert: 1 } : {}),
          sealed: this.#sealed(id, one),
          seen_at: now,
          explained_at: null,
          is_provisional: 0,
          ...(before?.first_look_at == null ? {} : { history: withSaid(before.history, said, now) }),
        };
        await within
          .insertInto('record_cases')
          .values({ ...NEW_ROW, id, ...row, first_at: now })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
        if (one.alert) alerts.push({ id, case: one });
      }
      if (!isWhole) return;
      for (const { id, day, decided_at, explained_at, first_look_at, history } of rows) {
        if (day >= until || seen.has(id) || decided_at !== null || explained_at !== null) continue;
        await within
          .updateTable('record_cases')
          .set({
            explained_at: now,
            is_provisional: 0,
            ...(first_look_at === null ? {} : { history: withSaid(history, 'withdrawn', now) }),
          })
          .where('id', '=', id)
          .execute();
      }
    });
    return alerts;
  }

  /**
   * Keeps a case that was made while its day goes on. Of days that a review has judged nothing is changed.
   *
   * @param until the first day that was not reviewed
   * @returns its id, if it is to be told: the same for each look at the same case; `null`: there is nothing to tell
   */
  async firstLook(one: ReviewCase, until: string): Promise<string | null> {
    if (dayOf(one) < until) return null;
    const now = this.#now();
    const id = this.#caseId(one);
    return this.#state.transaction(async (within) => {
      const before = await within.selectFrom('record_cases').selectAll().where('id', '=', id).executeTakeFirst();
      if (before !== undefined && (before.decided_at !== null || before.first_look_at === null)) return null;
      // A case of the last days asks this person already, whatever the model of today makes of those days.
      const open = await within
        .selectFrom('record_cases')
        .select('id')
        .where('id', 'in', this.#idsBefore(one))
        .where('alert', '=', 1)
        .where('explained_at', 'is', null)
        .executeTakeFirst();
      const isAsked = before === undefined && open !== undefined;
      const row = {
        day: dayOf(one),
        ...(isAsked ? {} : { alert: before?.alert ?? 1 }),
        sealed: this.#sealed(id, one),
        seen_at: now,
        explained_at: null,
        is_provisional: 1,
        history: withSaid(before?.history ?? '[]', 'first-look', now),
      };
      await within
        .insertInto('record_cases')
        .values({ ...NEW_ROW, id, ...row, first_at: now, first_look_at: now })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
      return isAsked || before?.alert === 0 ? null : id;
    });
  }

  /** Those of the days from `since` on that are explained by now. */
  async explained(since: string): Promise<readonly string[]> {
    const rows = await this.#state.db
      .selectFrom('record_cases')
      .select('id')
      .where('day', '>=', since)
      .where('explained_at', 'is not', null)
      .execute();
    return rows.map(({ id }) => id);
  }

  /** With what has come in since, a first look does not pass any more. @returns its id; `null`: there is none to take back */
  async withdraw(one: ReviewCase): Promise<string | null> {
    const now = this.#now();
    const id = this.#caseId(one);
    return this.#state.transaction(async (within) => {
      const row = await within
        .selectFrom('record_cases')
        .select('history')
        .where('id', '=', id)
        .where('is_provisional', '=', 1)
        .where('decided_at', 'is', null)
        .where('explained_at', 'is', null)
        .executeTakeFirst();
      if (row === undefined) return null;
      const history = withSaid(row.history, 'withdrawn', now);
      await within.updateTable('record_cases').set({ explained_at: now, history }).where('id', '=', id).execute();
      return id;
    });
  }

  /** The cases of the same person or patient by which this one would be absorbed. */
  #idsBefore(one: ReviewCase): RecordCaseRow['id'][] {
    const day = Date.parse(`${'user' in one ? one.day : one.from}T00:00:00Z`);
    return Array.from({ length: ABSORB_DAYS }, (_, back) => {
      const earlier = new Date(day - (back + 1) * DAY_MS).toISOString().slice(0, 10);
      return this.#caseId('user' in one ? { ...one, day: earlier } : { ...one, from: earlier });
    });
  }

  #sealed(id: string, one: ReviewCase): Buffer {
    return this.#seals.seal(Buffer.from(JSON.stringify(one)), contextOf(id));
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

  /**
   * Forgets some of those that no review and nobody has said anything of since a time, but for those within the budget that
   * still wait for an answer.
   *
   * @returns how many
   */
  async forget(before: number, isHeld: Held, limit: number): Promise<number> {
    const { db } = this.#state;
    const old = db
      .selectFrom('record_cases')
      .select('id')
      .where('seen_at', '<', before)
      .where((where) => where.or([where('decided_at', 'is', null), where('decided_at', '<', before)]))
      .where((where) =>
        where.or([where('alert', '=', 0), where('decided_at', 'is not', null), where('explained_at', 'is not', null)]),
      )
      .where((where) => where.not(isHeld(where, 'first_at', null)))
      .limit(limit);
    const gone = await db.deleteFrom('record_cases').where('id', 'in', old).executeTakeFirst();
    return Number(gone.numDeletedRows);
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

  #opened(row: RecordCaseRow): RecordCase {
    const { id, first_at: firstAt, explained_at: explainedAt, first_look_at: firstLookAt, sealed, decision } = row;
    const opened = (bytes: Buffer, context: string) => this.#seals.open(bytes, context).toString('utf8');
    // All were written above.
    return {
      id,
      firstAt,
      firstLookAt,
      isProvisional: row.is_provisional === 1,
      history: JSON.parse(row.history) as HistoryEntry[],
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

const NEW_ROW = {
  alert: 0,
  explained_at: null,
  decided_at: null,
  decision: null,
  first_look_at: null,
  is_provisional: 0,
  history: '[]',
} as const;

/** The history with one more entry, unless that only says what was said last. */
function withSaid(history: string, said: Said, at: number): string {
  const entries = JSON.parse(history) as HistoryEntry[];
  return entries.at(-1)?.said === said ? history : JSON.stringify([...entries, { at, said }].slice(-MAX_HISTORY));
}

export function dayOf(one: ReviewCase): string {
  return 'user' in one ? one.day : one.to;
}

function contextOf(id: string): string {
  return `record-case/${id}`;
}

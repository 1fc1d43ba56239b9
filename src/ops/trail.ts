import { randomBytes } from 'node:crypto';
import type { Held } from '../store/held.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { State } from '../store/state.ts';
import type { AuditRow } from '../store/tables.ts';

/** What our own users did: the only writer of the table `audit`. */
export class Trail {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  async record(actor: string, action: string, subject: string | null, detail: object): Promise<void> {
    await this.#state.db
      .insertInto('audit')
      .values({
        id: `aud_${randomBytes(9).toString('hex')}`,
        at: this.#now(),
        actor,
        action,
        subject,
        detail: JSON.stringify(detail),
      })
      .execute();
  }

  /** Forgets some of what was done before a time. @returns how many */
  async forget(before: number, isHeld: Held, limit: number): Promise<number> {
    const { db } = this.#state;
    const old = db
      .selectFrom('audit')
      .select('audit.id')
      .where('at', '<', before)
      .where((where) => where.not(isHeld(where, 'at', null)))
      .limit(limit);
    const { numDeletedRows } = await db.deleteFrom('audit').where('id', 'in', old).executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** The newest first, from behind a place. @param actor of one person or program; `null`: of all */
  page(
    cursor: Cursor | null,
    limit: number,
    actor: string | null,
    without: readonly string[] = [],
  ): Promise<readonly AuditRow[]> {
    const all = this.#state.db
      .selectFrom('audit')
      .selectAll()
      .where(behind(cursor, 'at'))
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .$if(without.length > 0, (some) => some.where('action', 'not in', without))
      .limit(limit);
    return (actor === null ? all : all.where('actor', '=', actor)).execute();
  }
}

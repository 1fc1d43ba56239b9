import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import { OPEN_STATES } from '../incidents/life.ts';
import type { Held } from '../store/held.ts';
import type { State } from '../store/state.ts';
import type { OutboxRow, Tables } from '../store/tables.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** After so long nobody waits for it any more. */
const GIVE_UP_MS = 24 * HOUR_MS;

/** Something to tell. */
export interface Letter {
  readonly channel: string;
  readonly incidentId: string | null;
  readonly subject: string;
  readonly body: string;
}

/** What has to be sent and has not been: kept, so that neither a crash nor a mail server that is down loses it. */
export class Outbox {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** @param notBefore when it may be sent */
  async put(within: Transaction<Tables>, letter: Letter, notBefore: number): Promise<void> {
    await within
      .insertInto('outbox')
      .values({
        id: `ntc_${randomBytes(9).toString('hex')}`,
        channel: letter.channel,
        incident_id: letter.incidentId,
        subject: letter.subject,
        body: letter.body,
        created_at: this.#now(),
        next_at: notBefore,
        tries: 0,
        sent_at: null,
        failed_at: null,
      })
      .execute();
  }

  async due(limit: number): Promise<readonly OutboxRow[]> {
    return this.#state.db
      .selectFrom('outbox')
      .selectAll()
      .where('sent_at', 'is', null)
      .where('failed_at', 'is', null)
      .where('next_at', '<=', this.#now())
      .orderBy('next_at')
      .limit(limit)
      .execute();
  }

  async sent(id: OutboxRow['id']): Promise<void> {
    await this.#state.db.updateTable('outbox').set({ sent_at: this.#now() }).where('id', '=', id).execute();
  }

  /** @returns true if it is given up */
  async notSent({ id, tries, created_at: createdAt }: OutboxRow): Promise<boolean> {
    const now = this.#now();
    const isGivenUp = now - createdAt >= GIVE_UP_MS;
    // 1, 2, 4, … minutes, at most an hour.
    const waitMs = Math.min(HOUR_MS, MINUTE_MS * 2 ** Math.min(tries, 6));
    await this.#state.db
      .updateTable('outbox')
      .set({ tries: tries + 1, next_at: now + waitMs, failed_at: isGivenUp ? now : null })
      .where('id', '=', id)
      .execute();
    return isGivenUp;
  }

  /** Nothing more is tried on these channels of what waits. */
  async giveUp(channels: readonly string[]): Promise<void> {
    if (channels.length === 0) return;
    await this.#state.db
      .updateTable('outbox')
      .set({ failed_at: this.#now() })
      .where('channel', 'in', channels)
      .where('sent_at', 'is', null)
      .where('failed_at', 'is', null)
      .execute();
  }

  /** The newest first. */
  async latest(limit: number): Promise<readonly Omit<OutboxRow, 'subject' | 'body'>[]> {
    return this.#state.db
      .selectFrom('outbox')
      .select(['id', 'channel', 'incident_id', 'created_at', 'next_at', 'tries', 'sent_at', 'failed_at'])
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
  }

  /**
   * Forgets some of what was done with before a time, but for what is about an open incident.
   *
   * @param isHeld what has to stay, by when it was made
   * @returns how many
   */
  async forget(before: number, isHeld: Held, limit: number): Promise<number> {
    const { db } = this.#state;
    const old = db
      .selectFrom('outbox')
      .select('id')
      .where((where) => where.or([where('sent_at', '<', before), where('failed_at', '<', before)]))
      .where((where) =>
        where.or([
          where('incident_id', 'is', null),
          where('incident_id', 'not in', db.selectFrom('incidents').select('id').where('state', 'in', OPEN_STATES)),
        ]),
      )
      .where((where) => where.not(isHeld(where, 'created_at', null)))
      .limit(limit);
    const gone = await db.deleteFrom('outbox').where('id', 'in', old).executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  /** How many could not be sent at their last try, or were given up in the last day. */
  async undelivered(): Promise<number> {
    const { count } = await this.#state.db
      .selectFrom('outbox')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('sent_at', 'is', null)
      .where('tries', '>', 0)
      .where((where) => where.or([where('failed_at', 'is', null), where('failed_at', '>', this.#now() - GIVE_UP_MS)]))
      .executeTakeFirstOrThrow();
    return count;
  }
}

import { newToken, tokenHash } from '../core/credentials.ts';
import { Refusal } from '../core/refusal.ts';
import type { State } from '../store/state.ts';
import type { PersonRow } from '../store/tables.ts';
import { type Person, personOf, stateOf } from './people.ts';

/** Without anything asked. Source: NIST SP 800-63B-4, AAL2: 1 hour at most; a ward PC is left sooner. */
const IDLE_MS = 30 * 60_000;
/** Whatever is asked: a long shift. */
const MAX_MS = 12 * 3_600_000;
/** What lets somebody in for good is made only so soon after signing in: whoever finds an open page must not make it theirs. */
const FRESH_MS = 15 * 60_000;
/** How exact “last asked” is: not every question is a write. */
const NOTE_MS = 60_000;
/** Of one person. The oldest goes. */
const MAX_SESSIONS = 10;

/** Who is signed in: the only writer of `sessions`. A token is new at each sign-in, and kept as its hash. */
export class Sessions {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** @returns its token, for the cookie */
  async begin(person: PersonRow['id']): Promise<string> {
    const token = newToken();
    const now = this.#now();
    await this.#state.transaction(async (within) => {
      await within
        .deleteFrom('sessions')
        .where((where) => where.or([where('seen_at', '<=', now - IDLE_MS), where('begun_at', '<=', now - MAX_MS)]))
        .execute();
      const older = await within
        .selectFrom('sessions')
        .select('token_hash')
        .where('person_id', '=', person)
        .orderBy('begun_at', 'desc')
        .offset(MAX_SESSIONS - 1)
        .limit(1000)
        .execute();
      for (const { token_hash } of older)
        await within.deleteFrom('sessions').where('token_hash', '=', token_hash).execute();
      await within
        .insertInto('sessions')
        .values({ token_hash: tokenHash(token), person_id: person, begun_at: now, seen_at: now })
        .execute();
      await within.updateTable('people').set({ seen_at: now }).where('id', '=', person).execute();
    });
    return token;
  }

  /**
   * Whose session it is; `null` once it is over, or its person was ended.
   *
   * @param isAsked false for what a page asks by itself: a page that is left open is not somebody who is there
   */
  async holder(token: string, isAsked: boolean): Promise<Person | null> {
    const now = this.#now();
    const session = await this.#state.db
      .selectFrom('sessions')
      .selectAll()
      .where('token_hash', '=', tokenHash(token))
      .executeTakeFirst();
    if (session === undefined || session.seen_at <= now - IDLE_MS || session.begun_at <= now - MAX_MS) return null;
    const row = await this.#state.db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', session.person_id)
      .executeTakeFirst();
    if (row === undefined || stateOf(row, now) !== 'active') return null;
    if (isAsked && now - session.seen_at > NOTE_MS) {
      await this.#state.db
        .updateTable('sessions')
        .set({ seen_at: now })
        .where('token_hash', '=', session.token_hash)
        .execute();
      await this.#state.db.updateTable('people').set({ seen_at: now }).where('id', '=', row.id).execute();
    }
    return personOf(row);
  }

  /** @throws Refusal `sign-in/not-fresh` unless its person has signed in just now */
  async mustBeFresh(token: string): Promise<void> {
    const session = await this.#state.db
      .selectFrom('sessions')
      .select('begun_at')
      .where('token_hash', '=', tokenHash(token))
      .executeTakeFirst();
    if (session === undefined || this.#now() - session.begun_at > FRESH_MS)
      throw new Refusal('sign-in/not-fresh', 'you signed in more than 15 minutes ago');
  }

  async end(token: string): Promise<void> {
    await this.#state.db.deleteFrom('sessions').where('token_hash', '=', tokenHash(token)).execute();
  }

  /** All of one person, but for one. */
  async endOthers(person: string, but: string | null): Promise<void> {
    await this.#state.db
      .deleteFrom('sessions')
      .where('person_id', '=', person as PersonRow['id'])
      .where('token_hash', '!=', but === null ? '' : tokenHash(but))
      .execute();
  }
}

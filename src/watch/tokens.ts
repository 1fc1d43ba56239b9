import type { State } from '../store/state.ts';
import type { TokenRow } from '../store/tables.ts';
import { newId, newToken, tokenHash } from './credentials.ts';

/**
 * Who may ask what. `admin` runs the service and sees no finding's contents; `analyst` and `partner` see findings and
 * events, pseudonymised; `privacy` reviews record accesses and may reveal; `board` sees summaries; `staff` may report.
 * None implies another.
 */
export const ROLES = ['admin', 'analyst', 'partner', 'privacy', 'board', 'staff'] as const;
export type Role = (typeof ROLES)[number];

/** The users of the API: the only writer of the table `tokens`. */
export class Tokens {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** The token is not kept and cannot be shown again. */
  async add(
    role: Role,
    expiresAt: number | null,
    name: string | null = null,
  ): Promise<{ id: TokenRow['id']; token: string }> {
    const token = newToken();
    const id = newId('tok');
    await this.#state.db
      .insertInto('tokens')
      .values({ id, role, token_hash: tokenHash(token), created_at: this.#now(), expires_at: expiresAt, name })
      .execute();
    return { id, token };
  }

  /** `null` for a token that is nobody's or has expired. */
  async holder(token: string): Promise<{ id: TokenRow['id']; role: Role; name: string | null } | null> {
    const row = await this.#state.db
      .selectFrom('tokens')
      .select(['id', 'role', 'expires_at', 'name'])
      .where('token_hash', '=', tokenHash(token))
      .executeTakeFirst();
    if (row === undefined || (row.expires_at !== null && row.expires_at <= this.#now())) return null;
    const role = ROLES.find((known) => known === row.role);
    return role === undefined ? null : { id: row.id, role, name: row.name };
  }
}

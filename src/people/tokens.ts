import { newId, newToken, tokenHash } from '../core/credentials.ts';
import { ROLES, type Role } from '../core/role.ts';
import type { State } from '../store/state.ts';
import type { TokenRow } from '../store/tables.ts';

/** Programs that use the API, and people by a token: the only writer of the table `tokens`. */
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

  list(): Promise<readonly Pick<TokenRow, 'id' | 'name' | 'role'>[]> {
    return this.#state.db.selectFrom('tokens').select(['id', 'name', 'role']).execute();
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

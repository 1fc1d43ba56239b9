import type { Transaction } from 'kysely';
import { newId, newToken, tokenHash } from '../core/credentials.ts';
import { Refusal } from '../core/refusal.ts';
import { type Role, rolesIn } from '../core/role.ts';
import type { State } from '../store/state.ts';
import type { PersonRow, Tables } from '../store/tables.ts';
import type { Vouched } from './oidc.ts';
import { hashPassword } from './passwords.ts';

/** Somebody who uses the page. */
export interface Person {
  readonly id: PersonRow['id'];
  readonly name: string;
  readonly roles: readonly Role[];
  readonly hasSecondFactor: boolean;
}

export type PersonState = 'active' | 'invited' | 'expired' | 'ended';

export interface ListedPerson extends Person {
  readonly state: PersonState;
  readonly seenAt: number | null;
  readonly expiresAt: number | null;
}

const HOUR_MS = 3_600_000;
const FIRST_LINK_MS = 24 * HOUR_MS;
const LINK_MS = 72 * HOUR_MS;
/** An administrator alone sees no finding: the first person, often the whole team, is an analyst too. */
const FIRST_ROLES: readonly Role[] = ['admin', 'analyst'];

/** The accounts of people and their invitations: the only writer of `people` (but for what signing in notes) and `invitations`. */
export class People {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** True until an administrator can sign in. */
  isNew(): Promise<boolean> {
    return hasNoAdmin(this.#state.db);
  }

  /**
   * The token of a new link for the first administrator, good for 24 hours; older ones no longer are. `null` if there are
   * people already.
   */
  async firstInvitation(): Promise<string | null> {
    if (!(await this.isNew())) return null;
    return this.#state.transaction(async (within) => {
      await within.deleteFrom('invitations').where('person_id', 'is', null).execute();
      const token = newToken();
      await within
        .insertInto('invitations')
        .values({ token_hash: tokenHash(token), person_id: null, expires_at: this.#now() + FIRST_LINK_MS })
        .execute();
      return token;
    });
  }

  /**
   * Makes an account that is used once its link has been opened, within 72 hours.
   *
   * @throws Refusal `people/name-taken`, `people/bad-name`, `people/no-role`
   */
  async invite(
    name: string,
    roles: readonly Role[],
    expiresAt: number | null,
  ): Promise<{ readonly id: PersonRow['id']; readonly token: string }> {
    if (roles.length === 0) throw new Refusal('people/no-role', `say what ${name} is to do`);
    const id = newId('per');
    const row = this.#newRow(id, name, roles, expiresAt, null);
    await this.#state.transaction(async (within) => {
      const inserted = await within
        .insertInto('people')
        .values(row)
        .onConflict((conflict) => conflict.column('name_key').doNothing())
        .returning('id')
        .executeTakeFirst();
      if (inserted === undefined) throw new Refusal('people/name-taken', `${row.name} has an account already`);
    });
    return { id, token: await this.#link(id) };
  }

  /**
   * A new link for somebody who cannot sign in: password, second factor, passkeys and sessions are no longer good.
   *
   * @throws Refusal `people/not-found`, also for an account that was ended
   */
  async reset(id: string): Promise<string> {
    const row = await this.#row(id);
    if (row.ended_at !== null) throw new Refusal('people/not-found', `the account of ${row.name} was ended`);
    await this.#state.transaction(async (within) => {
      await within
        .updateTable('people')
        .set({ password: null, second_factor: null, second_factor_new: null, second_factor_step: null })
        .where('id', '=', row.id)
        .execute();
      await within.deleteFrom('sessions').where('person_id', '=', row.id).execute();
      await within.deleteFrom('passkeys').where('person_id', '=', row.id).execute();
    });
    return this.#link(row.id);
  }

  /**
   * Whom a link is for, before it is used.
   *
   * @returns their name; `null`: the first administrator, who gives one
   * @throws Refusal `people/bad-link`
   */
  async invited(token: string): Promise<string | null> {
    const { person_id: id } = await this.#invitation(tokenHash(token));
    return id === null ? null : (await this.#row(id)).name;
  }

  /**
   * Opens a link: sets the password of the account; for the first administrator makes it.
   *
   * @param name of the first administrator; ignored for others
   * @throws Refusal `people/bad-link`, `people/weak-password`, `people/bad-name`, `people/name-taken`
   */
  async accept(token: string, name: string, password: string): Promise<Person> {
    const hash = tokenHash(token);
    const invitation = await this.#invitation(hash);
    const invited = invitation.person_id === null ? null : await this.#row(invitation.person_id);
    const kept = await hashPassword(password, invited?.name ?? name);
    const row = invited ?? this.#newRow(newId('per'), name, FIRST_ROLES, null, kept);
    await this.#state.transaction(async (within) => {
      // Whoever deletes it has used it: two at once cannot both.
      const used = await within
        .deleteFrom('invitations')
        .where('token_hash', '=', hash)
        .returning('token_hash')
        .executeTakeFirst();
      if (used === undefined) throw badLink();
      if (invited !== null)
        await within.updateTable('people').set({ password: kept }).where('id', '=', row.id).execute();
      else {
        if (!(await hasNoAdmin(within))) throw badLink();
        const inserted = await within
          .insertInto('people')
          .values(row)
          .onConflict((conflict) => conflict.column('name_key').doNothing())
          .returning('id')
          .executeTakeFirst();
        if (inserted === undefined) throw new Refusal('people/name-taken', `${row.name} has an account already`);
      }
    });
    return personOf(row);
  }

  /** Whoever asks has shown the one that holds. @throws Refusal `people/not-found`, `people/weak-password` */
  async setPassword(id: string, password: string): Promise<void> {
    const { id: own, name } = await this.#row(id);
    const kept = await hashPassword(password, name);
    await this.#state.db.updateTable('people').set({ password: kept }).where('id', '=', own).execute();
  }

  /** @throws Refusal `people/bad-link` */
  async #invitation(hash: string) {
    const invitation = await this.#state.db
      .selectFrom('invitations')
      .selectAll()
      .where('token_hash', '=', hash)
      .where('expires_at', '>', this.#now())
      .executeTakeFirst();
    if (invitation === undefined) throw badLink();
    return invitation;
  }

  /**
   * The account of somebody whom the identity provider vouches for: made at their first sign-in. It is never joined to
   * one with a password by its name alone.
   *
   * @returns them with the roles that the provider says; the last administrator stays one besides, or a group that was
   *   renamed there would leave nobody who can let anybody in
   * @throws Refusal `sign-in/ended`, `people/name-taken`, `people/bad-name`
   */
  async vouchedFor({ subject, name, roles }: Vouched): Promise<Person> {
    const known = await this.#state.db
      .selectFrom('people')
      .selectAll()
      .where('oidc_subject', '=', subject)
      .executeTakeFirst();
    if (known === undefined) {
      const row = { ...this.#newRow(newId('per'), name, roles ?? [], null, null), oidc_subject: subject };
      const inserted = await this.#state.db
        .insertInto('people')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      if (inserted === undefined) throw new Refusal('people/name-taken', `${row.name} has an account already`);
      return personOf(row);
    }
    if (stateOf(known, this.#now()) !== 'active') throw new Refusal('sign-in/ended', 'this account was ended');
    if (roles === null) return personOf(known);
    return this.#state.transaction(async (within) => {
      const isKept = !roles.includes('admin') && (await this.#isLastAdmin(within, known.id));
      const given = JSON.stringify(isKept ? ['admin', ...roles] : roles);
      await within.updateTable('people').set({ roles: given }).where('id', '=', known.id).execute();
      return personOf({ ...known, roles: given });
    });
  }

  async list(): Promise<readonly ListedPerson[]> {
    const rows = await this.#state.db.selectFrom('people').selectAll().orderBy('name_key').execute();
    return rows.map((row) => ({
      ...personOf(row),
      state: stateOf(row, this.#now()),
      seenAt: row.seen_at,
      expiresAt: row.expires_at,
    }));
  }

  /** @throws Refusal `people/not-found` */
  async byId(id: string): Promise<Person> {
    return personOf(await this.#row(id));
  }

  /** By name, without case. @throws Refusal `people/not-found` */
  async byName(name: string): Promise<Person> {
    const row = await this.#state.db
      .selectFrom('people')
      .selectAll()
      .where('name_key', '=', nameKey(name))
      .executeTakeFirst();
    if (row === undefined) throw new Refusal('people/not-found', `nobody here is called ${name}`);
    return personOf(row);
  }

  /** Counts from the next call on. @throws Refusal `people/not-found`, `people/last-admin`, `people/no-role` */
  async setRoles(id: string, roles: readonly Role[]): Promise<void> {
    if (roles.length === 0) throw new Refusal('people/no-role', 'say at least one role, or end the account');
    const row = await this.#row(id);
    await this.#state.transaction(async (within) => {
      if (!roles.includes('admin')) await this.#keepAnAdmin(within, row.id);
      await within
        .updateTable('people')
        .set({ roles: JSON.stringify(roles) })
        .where('id', '=', row.id)
        .execute();
    });
  }

  /** Signs them out for good. The row stays: what they did is theirs. @throws Refusal `people/not-found`, `people/last-admin` */
  async end(id: string): Promise<void> {
    const row = await this.#row(id);
    await this.#state.transaction(async (within) => {
      await this.#keepAnAdmin(within, row.id);
      await within
        .updateTable('people')
        .set({ ended_at: this.#now(), password: null, second_factor: null, second_factor_new: null })
        .where('id', '=', row.id)
        .execute();
      await within.deleteFrom('sessions').where('person_id', '=', row.id).execute();
      await within.deleteFrom('passkeys').where('person_id', '=', row.id).execute();
      await within.deleteFrom('invitations').where('person_id', '=', row.id).execute();
    });
  }

  /** Of one who could let others in again, and is not the one to go. @throws Refusal `people/last-admin` */
  async #keepAnAdmin(within: Transaction<Tables>, id: string): Promise<void> {
    if (await this.#isLastAdmin(within, id))
      throw new Refusal('people/last-admin', 'nobody could let anybody in any more');
  }

  async #isLastAdmin(within: Transaction<Tables>, id: string): Promise<boolean> {
    // On PostgreSQL two would each see that the other stays. Rows of people are never deleted, so all who come here wait for
    // each other at the oldest, and look once it is theirs.
    await within
      .updateTable('people')
      .set((set) => ({ name_key: set.ref('name_key') }))
      .where('id', '=', (first) =>
        first.selectFrom('people').select('people.id').orderBy('created_at').orderBy('people.id').limit(1),
      )
      .execute();
    const rows = await within.selectFrom('people').selectAll().execute();
    const isAdmin = (row: PersonRow) => personOf(row).roles.includes('admin') && stateOf(row, this.#now()) === 'active';
    return rows.some((row) => row.id === id && isAdmin(row)) && !rows.some((row) => row.id !== id && isAdmin(row));
  }

  async #row(id: string): Promise<PersonRow> {
    const row = await this.#state.db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', id as PersonRow['id'])
      .executeTakeFirst();
    if (row === undefined) throw new Refusal('people/not-found', `there is no account ${id}`);
    return row;
  }

  async #link(id: PersonRow['id']): Promise<string> {
    const token = newToken();
    await this.#state.transaction(async (within) => {
      await within.deleteFrom('invitations').where('person_id', '=', id).execute();
      await within
        .insertInto('invitations')
        .values({ token_hash: tokenHash(token), person_id: id, expires_at: this.#now() + LINK_MS })
        .execute();
    });
    return token;
  }

  #newRow(
    id: PersonRow['id'],
    given: string,
    roles: readonly Role[],
    expiresAt: number | null,
    password: string | null,
  ): PersonRow {
    const name = given.normalize('NFKC').trim().replaceAll(/\s+/gu, ' ');
    if (!/^[\p{L}\p{N}][\p{L}\p{M}\p{N} .’'@_-]{0,99}$/u.test(name))
      throw new Refusal('people/bad-name', 'a name has letters, digits, spaces, dots, dashes and @, at most 100');
    return {
      id,
      name,
      name_key: nameKey(name),
      roles: JSON.stringify(roles),
      password,
      second_factor: null,
      second_factor_new: null,
      second_factor_step: null,
      oidc_subject: null,
      created_at: this.#now(),
      expires_at: expiresAt,
      ended_at: null,
      seen_at: null,
    };
  }
}

export function nameKey(name: string): string {
  return name.normalize('NFKC').trim().replaceAll(/\s+/gu, ' ').toLowerCase();
}

export function personOf({ id, name, roles, second_factor }: PersonRow): Person {
  return { id, name, roles: rolesIn(JSON.parse(roles) as unknown[]), hasSecondFactor: second_factor !== null };
}

/** In all the time that the state tells of. */
async function hasNoAdmin(db: Pick<State['db'], 'selectFrom'>): Promise<boolean> {
  const rows = await db
    .selectFrom('people')
    .selectAll()
    .where((where) => where.or([where('password', 'is not', null), where('oidc_subject', 'is not', null)]))
    .execute();
  return !rows.some((row) => personOf(row).roles.includes('admin'));
}

export function stateOf({ ended_at, expires_at, password, oidc_subject }: PersonRow, now: number): PersonState {
  if (ended_at !== null) return 'ended';
  if (expires_at !== null && expires_at <= now) return 'expired';
  return password === null && oidc_subject === null ? 'invited' : 'active';
}

function badLink(): Refusal {
  return new Refusal('people/bad-link', 'this link was used, is too old, or was replaced by another');
}

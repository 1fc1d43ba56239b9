import { Secret, TOTP } from 'otpauth';
import { Refusal } from '../core/refusal.ts';
import type { Trail } from '../ops/trail.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { PersonRow } from '../store/tables.ts';
import { AddressLimit } from './address-limit.ts';
import { isPassword } from './passwords.ts';
import { nameKey, type Person, personOf, stateOf } from './people.ts';

/** Wrong tries before a name is locked, and for how long. */
const MAX_TRIES = 5;
const LOCK_MS = 15 * 60_000;
/** Names that are counted at once: beyond it, unknown ones are not. */
const MAX_NAMES = 10_000;
const PERIOD_SECONDS = 30;

/** Lets people in: the only writer of `sign_in_tries`, and of the second factor in `people`. */
export class SignIn {
  readonly #state: State;
  readonly #keys: Keyring;
  readonly #trail: Trail;
  readonly #now: () => number;
  readonly #addresses: AddressLimit;

  constructor(state: State, keys: Keyring, trail: Trail, now: () => number) {
    this.#state = state;
    this.#keys = keys;
    this.#trail = trail;
    this.#now = now;
    this.#addresses = new AddressLimit(now);
  }

  /**
   * An unknown name is answered as a wrong password is, after as long, and locked as a known one: nobody learns who has
   * an account.
   *
   * @param code of the second factor; `null` if none was given
   * @param address from where they try; '' if that is not known
   * @throws Refusal `sign-in/wrong`, `sign-in/code-needed`, `sign-in/wrong-code`, `sign-in/locked`, `sign-in/busy`, `sign-in/too-many`
   */
  async signIn(name: string, password: string, code: string | null, address = ''): Promise<Person> {
    if (this.#addresses.isOver(address)) {
      await this.#trail.record('unknown', 'sign-in refused', null, { why: 'address' });
      throw new Refusal('sign-in/too-many', 'too many wrong tries came from this address');
    }
    const row = await this.#rowOf(name);
    const who = row?.id ?? 'unknown';
    const mac = this.#macOf(name);
    if (!(await this.#countTry(mac))) {
      await this.#trail.record(who, 'sign-in refused', null, { why: 'locked' });
      throw new Refusal('sign-in/locked', 'after five wrong tries this name is locked');
    }
    const isRight = await isPassword(password, row?.password ?? null).catch(async (error: unknown) => {
      await this.#giveBack(mac);
      throw error;
    });
    if (row === null || !isRight) {
      this.#addresses.wrong(address);
      await this.#trail.record(who, 'sign-in refused', null, { why: 'password' });
      throw new Refusal('sign-in/wrong', 'the name or the password is not right');
    }
    if (row.second_factor !== null) {
      if (code === null) {
        // Not a wrong try, and not the end of those that were: else each guess of a code would be the first.
        await this.#giveBack(mac);
        throw new Refusal('sign-in/code-needed', 'the six digits of the second factor are needed too');
      }
      if (!(await this.#useCode(row, code))) {
        this.#addresses.wrong(address);
        await this.#trail.record(who, 'sign-in refused', null, { why: 'code' });
        throw new Refusal('sign-in/wrong-code', 'the six digits are not right, or were used already');
      }
    }
    await this.#forget(mac);
    await this.#trail.record(row.id, 'sign-in', null, { secondFactor: row.second_factor !== null });
    return personOf(row);
  }

  /** Somebody came in by another way. */
  note(id: string, by: 'provider'): Promise<void> {
    return this.#trail.record(id, 'sign-in', null, { by });
  }

  /** Lets somebody try again at once. */
  async unlock(name: string): Promise<void> {
    await this.#forget(this.#macOf(name));
  }

  async isLocked(name: string): Promise<boolean> {
    const row = await this.#state.db
      .selectFrom('sign_in_tries')
      .select('locked_until')
      .where('name_mac', '=', this.#macOf(name))
      .executeTakeFirst();
    return (row?.locked_until ?? 0) > this.#now();
  }

  /** A new secret for an authenticator app. It counts once a code of it has been given. @throws Refusal `people/not-found` */
  async newSecondFactor(id: string): Promise<{ readonly secret: string; readonly uri: string }> {
    const secret = new Secret({ size: 20 });
    const row = await this.#state.db
      .updateTable('people')
      .set({ second_factor_new: this.#keys.seal(Buffer.from(secret.base32), contextOf(id)) })
      .where('id', '=', id as PersonRow['id'])
      .returning('name')
      .executeTakeFirst();
    if (row === undefined) throw new Refusal('people/not-found', `there is no account ${id}`);
    return { secret: secret.base32, uri: totpOf(secret.base32, row.name).toString() };
  }

  /** @throws Refusal `sign-in/wrong-code` */
  async confirmSecondFactor(id: string, code: string): Promise<void> {
    const row = await this.#state.db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', id as PersonRow['id'])
      .executeTakeFirst();
    const step = row?.second_factor_new == null ? null : this.#stepOf(row.id, row.second_factor_new, code);
    if (row === undefined || step === null) throw new Refusal('sign-in/wrong-code', 'the six digits are not right');
    await this.#state.db
      .updateTable('people')
      .set({ second_factor: row.second_factor_new, second_factor_new: null, second_factor_step: step })
      .where('id', '=', row.id)
      .execute();
  }

  async #rowOf(name: string): Promise<PersonRow | null> {
    const row = await this.#state.db
      .selectFrom('people')
      .selectAll()
      .where('name_key', '=', nameKey(name))
      .executeTakeFirst();
    return row === undefined || stateOf(row, this.#now()) !== 'active' ? null : row;
  }

  /** No code counts twice, also not for two who ask at once. */
  async #useCode(row: PersonRow, code: string): Promise<boolean> {
    const step = row.second_factor === null ? null : this.#stepOf(row.id, row.second_factor, code);
    if (step === null) return false;
    const used = await this.#state.db
      .updateTable('people')
      .set({ second_factor_step: step })
      .where('id', '=', row.id)
      .where((where) => where.or([where('second_factor_step', 'is', null), where('second_factor_step', '<', step)]))
      .returning('id')
      .executeTakeFirst();
    return used !== undefined;
  }

  /** Whose 30 seconds a code is, one before and one after now allowed; `null`: it is none. */
  #stepOf(id: string, sealed: Buffer, code: string): number | null {
    const secret = this.#keys.open(sealed, contextOf(id)).toString('utf8');
    const timestamp = this.#now();
    const delta = totpOf(secret, '').validate({ token: code.replaceAll(/\s/g, ''), timestamp, window: 1 });
    return delta === null ? null : Math.floor(timestamp / 1000 / PERIOD_SECONDS) + delta;
  }

  /** Counted before it is looked at, so that many at once are not more than five. @returns false if the name is locked */
  async #countTry(mac: string): Promise<boolean> {
    const { db } = this.#state;
    const now = this.#now();
    await db
      .deleteFrom('sign_in_tries')
      .where('last_at', '<=', now - LOCK_MS)
      .execute();
    const counted = await db
      .updateTable('sign_in_tries')
      .set((set) => ({ tries: set('tries', '+', 1), last_at: now }))
      .where('name_mac', '=', mac)
      .where('locked_until', 'is', null)
      .returning('tries')
      .executeTakeFirst();
    if (counted !== undefined) {
      if (counted.tries >= MAX_TRIES)
        await db
          .updateTable('sign_in_tries')
          .set({ locked_until: now + LOCK_MS })
          .where('name_mac', '=', mac)
          .execute();
      return counted.tries <= MAX_TRIES;
    }
    const { count } = await db
      .selectFrom('sign_in_tries')
      .select((select) => select.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_NAMES) return !(await this.#isKept(mac));
    const inserted = await db
      .insertInto('sign_in_tries')
      .values({ name_mac: mac, tries: 1, last_at: now, locked_until: null })
      .onConflict((conflict) => conflict.column('name_mac').doNothing())
      .returning('tries')
      .executeTakeFirst();
    // It was there and not counted: locked, or begun by another at this moment, who tries in our stead.
    return inserted !== undefined;
  }

  async #isKept(mac: string): Promise<boolean> {
    const row = await this.#state.db
      .selectFrom('sign_in_tries')
      .select('name_mac')
      .where('name_mac', '=', mac)
      .executeTakeFirst();
    return row !== undefined;
  }

  async #giveBack(mac: string): Promise<void> {
    await this.#state.db
      .updateTable('sign_in_tries')
      .set((set) => ({ tries: set('tries', '-', 1), locked_until: null }))
      .where('name_mac', '=', mac)
      .where('tries', '>', 0)
      .execute();
  }

  async #forget(mac: string): Promise<void> {
    await this.#state.db.deleteFrom('sign_in_tries').where('name_mac', '=', mac).execute();
  }

  #macOf(name: string): string {
    return this.#keys.mac(nameKey(name), 'sign-in-name').toString('hex');
  }
}

function totpOf(secret: string, label: string): TOTP {
  return new TOTP({
    issuer: 'Wardwatch',
    label: label === '' ? 'Wardwatch' : label,
    secret: Secret.fromBase32(secret),
    period: PERIOD_SECONDS,
    digits: 6,
    algorithm: 'SHA1',
  });
}

function contextOf(id: string): string {
  return `second-factor/${id}`;
}

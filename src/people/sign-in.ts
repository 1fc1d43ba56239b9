import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { Refusal } from '../core/refusal.ts';
import type { Trail } from '../ops/trail.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { PersonRow } from '../store/tables.ts';
import { AddressLimit } from './address-limit.ts';
import { networkOf } from './network.ts';
import { isPassword } from './passwords.ts';
import { nameKey, type Person, personOf, stateOf } from './people.ts';
import { Tries, type TryKey } from './tries.ts';

/** Wrong tries for one name from one address, or in a browser that is known, before who tries has to wait. */
const MAX_TRIES = 5;
/** Wrong tries for one name in all browsers that are not known. Source: NIST SP 800-63B-4, 3.2.2: 100 at most. */
const MAX_TRIES_OF_STRANGERS = 100;
const PERIOD_SECONDS = 30;
/** People whom one browser is known by: a ward’s machine is shared. */
const MAX_KNOWN = 4;
/** A refusal is written into the trail once in this time, however often it is given. */
const SAY_AGAIN_MS = 15 * 60_000;
const MAX_SAID = 1000;

/** From where somebody tries to sign in. */
export interface TryFrom {
  /** '' if it is not known. */
  readonly address: string;
  /** What `SignIn.knownBrowser` gave the browser; `null`: nothing. */
  readonly browser: string | null;
}

/**
 * Lets people in: the only writer of the second factor in `people`.
 *
 * Who guesses is slowed down by name and address, and all strangers together by name. In a browser in which somebody
 * has signed in before, their tries are counted apart, so that no stranger can lock them out of it.
 *
 * Source: OWASP, “Slow Down Online Guessing Attacks with Device Cookies”.
 */
export class SignIn {
  readonly #state: State;
  readonly #keys: Keyring;
  readonly #trail: Trail;
  readonly #now: () => number;
  readonly #addresses: AddressLimit;
  readonly #tries: Tries;
  readonly #said = new Map<string, number>();

  constructor(state: State, keys: Keyring, trail: Trail, now: () => number) {
    this.#state = state;
    this.#keys = keys;
    this.#trail = trail;
    this.#now = now;
    this.#addresses = new AddressLimit(now);
    this.#tries = new Tries(state, now);
  }

  /**
   * An unknown name is answered as a wrong password is, after as long, and locked as a known one: nobody learns who has
   * an account.
   *
   * @param code of the second factor; `null` if none was given
   * @throws Refusal `sign-in/wrong`, `sign-in/code-needed`, `sign-in/wrong-code`, `sign-in/locked`, `sign-in/busy`, `sign-in/too-many`
   */
  async signIn(
    name: string,
    password: string,
    code: string | null,
    { address, browser }: TryFrom = { address: '', browser: null },
  ): Promise<Person> {
    const row = await this.#rowOf(name);
    const who = row?.id ?? 'unknown';
    const network = networkOf(address);
    const mark = row === null ? null : this.#markOf(row, browser);
    // Whom strangers at the same address would else keep waiting.
    const isCounted = mark === null;
    if (isCounted && this.#addresses.isOver(network)) {
      await this.#sayOnce('unknown', 'address', network);
      throw new Refusal('sign-in/too-many', 'too many wrong tries came from this address');
    }
    const mac = this.#macOf(name);
    const keys = mark === null ? strangerKeys(mac, network, row !== null) : [browserKey(mac, mark)];
    if (!(await this.#count(keys))) {
      await this.#sayOnce(who, 'locked', keys.map(({ key }) => key).join());
      throw new Refusal('sign-in/locked', 'after so many wrong tries you have to wait');
    }
    const giveBack = async () => {
      for (const { key } of keys) await this.#tries.giveBack(key);
    };
    const isRight = await isPassword(password, row?.password ?? null).catch(async (error: unknown) => {
      await giveBack();
      throw error;
    });
    if (row === null || !isRight) {
      if (isCounted) this.#addresses.wrong(network);
      await this.#trail.record(who, 'sign-in refused', null, { why: 'password' });
      throw new Refusal('sign-in/wrong', 'the name or the password is not right');
    }
    if (row.second_factor !== null) {
      if (code === null) {
        // Not a wrong try, and not the end of those that were: else each guess of a code would be the first.
        await giveBack();
        throw new Refusal('sign-in/code-needed', 'the six digits of the second factor are needed too');
      }
      if (!(await this.#useCode(row, code))) {
        if (isCounted) this.#addresses.wrong(network);
        await this.#trail.record(who, 'sign-in refused', null, { why: 'code' });
        throw new Refusal('sign-in/wrong-code', 'the six digits are not right, or were used already');
      }
    }
    await this.#tries.forget(keys.map(({ key }) => key));
    await this.#trail.record(row.id, 'sign-in', null, { secondFactor: row.second_factor !== null });
    return personOf(row);
  }

  /**
   * By what a browser is known from now on, in which somebody has given their password. It lets nobody in, says nothing
   * about anybody, and is good until the password is another.
   *
   * @param former what it was known by so far; `null`: it was not
   * @returns `null`: they have no password
   */
  async knownBrowser(id: string, former: string | null): Promise<string | null> {
    const row = await this.#state.db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', id as PersonRow['id'])
      .executeTakeFirst();
    if (row?.password == null) return null;
    const own = this.#markOf(row, former);
    const others = marksIn(former).filter((mark) => mark !== own);
    const mark = own ?? this.#newMark(row, randomBytes(MARK_NONCE_BYTES).toString('base64url'));
    return [mark, ...others].slice(0, MAX_KNOWN).join('.');
  }

  /** Somebody came in by another way. */
  note(id: string, by: 'provider'): Promise<void> {
    return this.#trail.record(id, 'sign-in', null, { by });
  }

  /** Lets somebody try again at once, wherever they are. */
  async unlock(name: string): Promise<void> {
    await this.#tries.forgetAll(this.#macOf(name));
  }

  /** True if somebody has to wait who tried this name, wherever they are. */
  isLocked(name: string): Promise<boolean> {
    return this.#tries.isAnyLocked(this.#macOf(name));
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

  /** @returns false if one of them has to wait; then none was counted */
  async #count(keys: readonly TryKey[]): Promise<boolean> {
    const counted: string[] = [];
    for (const each of keys) {
      if (await this.#tries.count(each)) {
        counted.push(each.key);
        continue;
      }
      for (const key of counted) await this.#tries.giveBack(key);
      return false;
    }
    return true;
  }

  /** Who has to wait asks as often as they like: that must not fill the disk. */
  async #sayOnce(who: string, why: 'address' | 'locked', what: string): Promise<void> {
    const said = this.#said.get(what);
    if (said !== undefined && this.#now() - said < SAY_AGAIN_MS) return;
    const [oldest] = this.#said.keys();
    if (this.#said.size >= MAX_SAID && oldest !== undefined) this.#said.delete(oldest);
    this.#said.delete(what);
    this.#said.set(what, this.#now());
    await this.#trail.record(who, 'sign-in refused', null, { why });
  }

  /** Of the marks that a browser is known by, the one of this person and password; `null`: it has none. */
  #markOf(row: PersonRow, browser: string | null): string | null {
    for (const mark of marksIn(browser)) {
      const own = Buffer.from(this.#newMark(row, mark.slice(0, MARK_NONCE_LENGTH)));
      const given = Buffer.from(mark);
      if (own.length === given.length && timingSafeEqual(own, given)) return mark;
    }
    return null;
  }

  #newMark({ id, password }: PersonRow, nonce: string): string {
    return `${nonce}${this.#keys.mac(`${nonce} ${id} ${password ?? ''}`, 'known-browser').toString('base64url')}`;
  }

  #macOf(name: string): string {
    return this.#keys.mac(nameKey(name), 'sign-in-name').toString('hex');
  }
}

const MARK_NONCE_BYTES = 18;
const MARK_NONCE_LENGTH = 24;

function marksIn(browser: string | null): readonly string[] {
  return browser === null ? [] : browser.split('.').slice(0, MAX_KNOWN);
}

function strangerKeys(mac: string, network: string, isPerson: boolean): readonly TryKey[] {
  return [
    { key: `${mac}/from ${network}`, max: MAX_TRIES, isAlways: false },
    // As many as there are people; of names that nobody has, as many as there is room for.
    { key: mac, max: MAX_TRIES_OF_STRANGERS, isAlways: isPerson },
  ];
}

function browserKey(mac: string, mark: string): TryKey {
  return { key: `${mac}/in ${mark.slice(0, MARK_NONCE_LENGTH)}`, max: MAX_TRIES, isAlways: true };
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

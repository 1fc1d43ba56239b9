import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { Refusal } from '../core/refusal.ts';
import type { Trail } from '../ops/trail.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { PasskeyRow, PersonRow } from '../store/tables.ts';
import { Challenges } from './challenges.ts';
import { type Person, personOf, stateOf } from './people.ts';

const MAX_PASSKEYS = 10;

/**
 * Passkeys: the only writer of `passkeys`. A device shows them to the site alone that they were made for, and only after a
 * finger, a face or a PIN: they are both factors at once, and no other site can ask for them.
 *
 * **Source:** W3C Web Authentication, Level 3.
 */
export class Passkeys {
  readonly #state: State;
  readonly #trail: Trail;
  readonly #now: () => number;
  readonly #challenges: Challenges;

  constructor(state: State, keys: Keyring, trail: Trail, now: () => number) {
    this.#state = state;
    this.#challenges = new Challenges(keys, now);
    this.#trail = trail;
    this.#now = now;
  }

  /** @param origin of the page, as the browser says it. @throws Refusal `passkeys/no-site`, `passkeys/too-many` */
  async beginMaking(person: Person, origin: string | null): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const site = siteOf(origin);
    const own = await this.of(person.id);
    if (own.length >= MAX_PASSKEYS) throw new Refusal('passkeys/too-many', `${MAX_PASSKEYS} passkeys are enough`);
    return generateRegistrationOptions({
      rpName: 'Wardwatch',
      rpID: site,
      challenge: this.#challenges.make(person.id, site),
      userName: person.name,
      userID: Buffer.from(person.id),
      attestationType: 'none',
      excludeCredentials: own.filter((each) => each.site === site).map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  }

  /** @throws Refusal `passkeys/refused` */
  async finishMaking(person: Person, origin: string | null, response: RegistrationResponseJSON): Promise<void> {
    const site = siteOf(origin);
    let asked = '';
    const verified = await verifyRegistrationResponse({
      response,
      expectedChallenge: (challenge) => {
        asked = challenge;
        return this.#challenges.isOpen(challenge, person.id, site);
      },
      expectedOrigin: origin ?? '',
      expectedRPID: site,
    }).catch((error: unknown) => {
      throw refused(error);
    });
    if (!verified.verified || !this.#challenges.answer(asked)) throw refused(null);
    const { id, publicKey, counter } = verified.registrationInfo.credential;
    const made = await this.#state.db
      .insertInto('passkeys')
      .values({
        id,
        person_id: person.id,
        site,
        public_key: Buffer.from(publicKey),
        counter,
        made_at: this.#now(),
        used_at: null,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (made === undefined) throw refused(null);
  }

  /** @throws Refusal `passkeys/no-site` */
  async beginSignIn(origin: string | null): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const site = siteOf(origin);
    const challenge = this.#challenges.make(null, site);
    return generateAuthenticationOptions({ rpID: site, challenge, userVerification: 'required' });
  }

  /** @throws Refusal `passkeys/refused`, whoever it may be */
  async signIn(origin: string | null, response: AuthenticationResponseJSON): Promise<Person> {
    const site = siteOf(origin);
    const key = await this.#state.db
      .selectFrom('passkeys')
      .selectAll()
      .where('id', '=', response.id)
      .where('site', '=', site)
      .executeTakeFirst();
    if (key === undefined) throw refused(null);
    let asked = '';
    const verified = await verifyAuthenticationResponse({
      response,
      expectedChallenge: (challenge) => {
        asked = challenge;
        return this.#challenges.isOpen(challenge, null, site);
      },
      expectedOrigin: origin ?? '',
      expectedRPID: site,
      credential: { id: key.id, publicKey: new Uint8Array(key.public_key), counter: key.counter },
    }).catch((error: unknown) => {
      throw refused(error);
    });
    // Two who send the same at once: the first.
    if (!verified.verified || !this.#challenges.answer(asked)) throw refused(null);
    const row = await this.#state.db
      .selectFrom('people')
      .selectAll()
      .where('id', '=', key.person_id)
      .executeTakeFirst();
    if (row === undefined || stateOf(row, this.#now()) !== 'active') throw refused(null);
    await this.#state.db
      .updateTable('passkeys')
      .set({ counter: verified.authenticationInfo.newCounter, used_at: this.#now() })
      .where('id', '=', key.id)
      .execute();
    await this.#trail.record(row.id, 'sign-in', null, { by: 'passkey' });
    return personOf(row);
  }

  /** The newest first. */
  of(person: string): Promise<readonly PasskeyRow[]> {
    return this.#state.db
      .selectFrom('passkeys')
      .selectAll()
      .where('person_id', '=', person as PersonRow['id'])
      .orderBy('made_at', 'desc')
      .execute();
  }

  /** One of one’s own. */
  async remove(person: string, id: string): Promise<void> {
    await this.#state.db
      .deleteFrom('passkeys')
      .where('person_id', '=', person as PersonRow['id'])
      .where('id', '=', id)
      .execute();
  }
}

/** @throws Refusal `passkeys/no-site`: browsers make none for an address of digits */
function siteOf(origin: string | null): string {
  const hostname = origin === null || !URL.canParse(origin) ? '' : new URL(origin).hostname;
  if (hostname === '' || /^[\d.]+$|^\[/.test(hostname))
    throw new Refusal('passkeys/no-site', 'the page was opened by the number of its address, and passkeys need a name');
  return hostname;
}

function refused(cause: unknown): Refusal {
  return new Refusal('passkeys/refused', 'this passkey does not sign anybody in here', { cause });
}

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
import type { State } from '../store/state.ts';
import type { PasskeyRow, PersonRow } from '../store/tables.ts';
import { type Person, personOf, stateOf } from './people.ts';

/** What was asked of a device, and by whom: it has to be in its answer. */
interface Challenge {
  /** `null`: whoever can answer signs in. */
  readonly person: string | null;
  readonly site: string;
  readonly at: number;
}

const CHALLENGE_MS = 5 * 60_000;
/** Anybody may ask: the oldest is forgotten. */
const MAX_CHALLENGES = 1000;
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
  readonly #challenges = new Map<string, Challenge>();

  constructor(state: State, trail: Trail, now: () => number) {
    this.#state = state;
    this.#trail = trail;
    this.#now = now;
  }

  /** @param origin of the page, as the browser says it. @throws Refusal `passkeys/no-site`, `passkeys/too-many` */
  async beginMaking(person: Person, origin: string | null): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const site = siteOf(origin);
    const own = await this.of(person.id);
    if (own.length >= MAX_PASSKEYS) throw new Refusal('passkeys/too-many', `${MAX_PASSKEYS} passkeys are enough`);
    const options = await generateRegistrationOptions({
      rpName: 'Wardwatch',
      rpID: site,
      userName: person.name,
      userID: Buffer.from(person.id),
      attestationType: 'none',
      excludeCredentials: own.filter((each) => each.site === site).map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    this.#remember(options.challenge, { person: person.id, site, at: this.#now() });
    return options;
  }

  /** @throws Refusal `passkeys/refused` */
  async finishMaking(person: Person, origin: string | null, response: RegistrationResponseJSON): Promise<void> {
    const site = siteOf(origin);
    const verified = await verifyRegistrationResponse({
      response,
      expectedChallenge: (challenge) => this.#use(challenge, person.id, site),
      expectedOrigin: origin ?? '',
      expectedRPID: site,
    }).catch((error: unknown) => {
      throw refused(error);
    });
    if (!verified.verified) throw refused(null);
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
    const options = await generateAuthenticationOptions({ rpID: site, userVerification: 'required' });
    this.#remember(options.challenge, { person: null, site, at: this.#now() });
    return options;
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
    const verified = await verifyAuthenticationResponse({
      response,
      expectedChallenge: (challenge) => this.#use(challenge, null, site),
      expectedOrigin: origin ?? '',
      expectedRPID: site,
      credential: { id: key.id, publicKey: new Uint8Array(key.public_key), counter: key.counter },
    }).catch((error: unknown) => {
      throw refused(error);
    });
    if (!verified.verified) throw refused(null);
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

  #remember(challenge: string, asked: Challenge): void {
    const [oldest] = this.#challenges.keys();
    if (this.#challenges.size >= MAX_CHALLENGES && oldest !== undefined) this.#challenges.delete(oldest);
    this.#challenges.set(challenge, asked);
  }

  /** Once, by whom and where it was asked, and not for long. */
  #use(challenge: string, person: string | null, site: string): boolean {
    const asked = this.#challenges.get(challenge);
    this.#challenges.delete(challenge);
    return asked?.person === person && asked.site === site && this.#now() - asked.at <= CHALLENGE_MS;
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

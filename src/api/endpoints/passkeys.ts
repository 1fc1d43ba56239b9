import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { ROLES } from '../../core/role.ts';
import type { Person } from '../../people/people.ts';
import { type ApiServices, type Caller, endpoint, SessionChange } from '../endpoint.ts';
import { PERSON, shownPerson } from './session.ts';

const DONE = z.object({ done: z.literal(true) });
const OPTIONS = z.object({ options: z.record(z.string(), z.unknown()).describe('for the browser, as they are') });
/** What a browser makes of a credential. It is checked by what reads it. */
const RESPONSE = z.object({ id: z.string().max(2000), rawId: z.string().max(2000), type: z.string().max(50) }).loose();

const list = endpoint({
  audience: ROLES,
  method: 'GET',
  path: '/api/v1/passkeys',
  summary: 'One’s own passkeys.',
  input: z.object({}),
  answer: z.object({
    passkeys: z.array(z.object({ id: z.string(), madeAt: z.iso.datetime(), usedAt: z.iso.datetime().nullable() })),
  }),
  isRecorded: false,
  handle: async (_input, { passkeys }, _signal, caller) => ({
    // A program has none.
    passkeys: (caller?.session == null ? [] : await passkeys.of(caller.id)).map(({ id, made_at, used_at }) => ({
      id,
      madeAt: new Date(made_at).toISOString(),
      usedAt: used_at === null ? null : new Date(used_at).toISOString(),
    })),
  }),
});

const beginMaking = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/passkeys',
  summary: 'Begins to make a passkey on this device, within 15 minutes of signing in.',
  input: z.object({}),
  answer: OPTIONS,
  isRecorded: true,
  handle: async (_input, services, _signal, caller, { origin }) => {
    const person = await personOf(services, caller);
    await services.sessions.mustBeFresh(caller?.session ?? '');
    return { options: await services.passkeys.beginMaking(person, origin) };
  },
});

const finishMaking = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/passkeys/confirm',
  summary: 'Keeps the passkey that the device made.',
  input: z.object({ response: RESPONSE }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ response }, services, _signal, caller, { origin }) => {
    const person = await personOf(services, caller);
    await services.passkeys.finishMaking(person, origin, response as unknown as RegistrationResponseJSON);
    return { done: true };
  },
});

const remove = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/passkeys/:id/remove',
  summary: 'Makes one of one’s own passkeys good for nothing.',
  input: z.object({ id: z.string().max(2000) }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id }, { passkeys }, _signal, caller) => {
    await passkeys.remove(signedIn(caller), id);
    return { done: true };
  },
});

const beginSignIn = endpoint({
  audience: 'anyone',
  method: 'POST',
  path: '/api/v1/session/passkey',
  summary: 'Begins to sign in with a passkey.',
  input: z.object({}),
  answer: OPTIONS,
  isRecorded: false,
  handle: async (_input, { passkeys }, _signal, _caller, { origin }) => ({
    options: await passkeys.beginSignIn(origin),
  }),
});

const finishSignIn = endpoint({
  audience: 'anyone',
  method: 'POST',
  path: '/api/v1/session/passkey/finish',
  summary: 'Signs in whose passkey it is.',
  input: z.object({ response: RESPONSE }),
  answer: z.object({ person: PERSON }),
  isRecorded: false,
  handle: async ({ response }, services, _signal, caller, { origin }) => {
    const person = await services.passkeys.signIn(origin, response as unknown as AuthenticationResponseJSON);
    if (caller?.session != null) await services.sessions.end(caller.session);
    return new SessionChange(await services.sessions.begin(person.id), { person: shownPerson(person) });
  },
});

export const passkeys = [list, beginMaking, finishMaking, remove, beginSignIn, finishSignIn];

/** @throws Refusal `api/bad-request` for a program */
function signedIn(caller: Caller | null): string {
  if (caller?.session == null)
    throw new Refusal('api/bad-request', 'a token has no passkeys: they are for people who signed in');
  return caller.id;
}

function personOf({ people }: ApiServices, caller: Caller | null): Promise<Person> {
  return people.byId(signedIn(caller));
}

import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import type { Oidc } from '../../people/oidc.ts';
import { type ApiServices, endpoint, Redirect } from '../endpoint.ts';

const begin = endpoint({
  audience: 'anyone',
  method: 'GET',
  path: '/api/v1/oidc/begin',
  summary: 'Sends the browser to the organisation’s identity provider.',
  input: z.object({}),
  answer: 'text/html',
  isRecorded: false,
  handle: async (_input, services) => {
    const { to, begun } = await provider(services).begin();
    return new Redirect(to, { state: begun });
  },
});

const finish = endpoint({
  audience: 'anyone',
  method: 'GET',
  path: '/api/v1/oidc/callback',
  summary: 'Where the identity provider sends the browser back to.',
  input: z.object({
    state: z.string().max(200).default(''),
    code: z.string().max(5000).optional(),
    error: z.string().max(200).optional(),
    iss: z.string().max(500).optional(),
    session_state: z.string().max(500).optional(),
  }),
  answer: 'text/html',
  isRecorded: false,
  handle: async ({ code, error, iss, state }, services, _signal, caller, { begunState }) => {
    const home = provider(services).settings.publicUrl;
    try {
      const query = new URLSearchParams({
        state,
        ...(code === undefined ? {} : { code }),
        ...(error === undefined ? {} : { error }),
        ...(iss === undefined ? {} : { iss }),
      });
      const vouched = await provider(services).finish(query.toString(), begunState);
      const person = await services.people.vouchedFor(vouched);
      await services.signIn.note(person.id, 'provider');
      if (vouched.roles?.includes('admin') === false && person.roles.includes('admin'))
        await services.trail.record(person.id, 'kept as last administrator', person.id, { provider: vouched.roles });
      if (caller?.session != null) await services.sessions.end(caller.session);
      return new Redirect(`${home}/`, { session: await services.sessions.begin(person.id), state: null });
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      // Words are the page's: what comes back from elsewhere is not repeated.
      return new Redirect(`${home}/?refused=${encodeURIComponent(refusal.code)}`, { state: null });
    }
  },
});

export const oidc = [begin, finish];

/** @throws Refusal `sign-in/no-provider` */
function provider({ oidc: known }: ApiServices): Oidc {
  if (known === null) throw new Refusal('sign-in/no-provider', 'no identity provider is set up here');
  return known;
}

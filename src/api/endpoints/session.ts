import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { ROLES } from '../../core/role.ts';
import type { Person } from '../../people/people.ts';
import { type ApiServices, type Caller, endpoint, SessionChange } from '../endpoint.ts';

export const PERSON = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  hasSecondFactor: z.boolean(),
});
const SIGNED_IN = z.object({ person: PERSON });
const PASSWORD = z.string().max(1000);
const CODE = z.string().max(20).describe('the six digits of the second factor');
const DONE = z.object({ done: z.literal(true) });

const whoAmI = endpoint({
  audience: 'anyone',
  method: 'GET',
  path: '/api/v1/session',
  summary: 'Who is signed in here.',
  input: z.object({}),
  answer: z.object({
    person: PERSON.nullable(),
    provider: z.string().nullable().describe('who else can sign people in, at /api/v1/oidc/begin'),
    isSimulated: z.boolean().describe('this is the made-up hospital: nothing in it is real'),
    isNew: z.boolean().describe('nobody has been set up yet: the first link was printed where the service was started'),
  }),
  isRecorded: false,
  handle: async (_input, { people, oidc, simulation }, _signal, caller) => {
    const person = caller?.session == null ? null : shownPerson(await people.byId(caller.id));
    return {
      person,
      provider: oidc?.settings.label ?? null,
      isSimulated: simulation === null,
      isNew: await people.isNew(),
    };
  },
});

const signIn = endpoint({
  audience: 'anyone',
  method: 'POST',
  path: '/api/v1/session',
  summary: 'Signs a person in: the answer sets the cookie of a session.',
  input: z.object({ name: z.string().max(200), password: PASSWORD, code: CODE.optional() }),
  answer: SIGNED_IN,
  isRecorded: true,
  handle: async ({ name, password, code }, services, _signal, caller, { address, browser }) =>
    begun(await services.signIn.signIn(name, password, code ?? null, { address, browser }), services, caller, browser),
});

const acceptInvitation = endpoint({
  audience: 'anyone',
  method: 'POST',
  path: '/api/v1/invitations/accept',
  summary: 'Opens a link: sets a password, and signs in.',
  input: z.object({
    token: z.string().max(100).describe('behind # in the link'),
    name: z.string().max(200).default('').describe('of the first administrator; others have theirs already'),
    password: PASSWORD,
  }),
  answer: SIGNED_IN,
  isRecorded: true,
  handle: async ({ token, name, password }, services, _signal, caller, { browser }) =>
    begun(await services.people.accept(token, name, password), services, caller, browser),
});

const lookAtInvitation = endpoint({
  audience: 'anyone',
  method: 'POST',
  path: '/api/v1/invitations/look',
  summary: 'Whom a link is for, before it is used.',
  input: z.object({ token: z.string().max(100).describe('behind # in the link') }),
  answer: z.object({ name: z.string().nullable().describe('null: the first administrator, who gives one') }),
  isRecorded: false,
  handle: async ({ token }, { people }) => ({ name: await people.invited(token) }),
});

const signOut = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/session/end',
  summary: 'Signs out.',
  input: z.object({}),
  answer: DONE,
  isRecorded: true,
  handle: async (_input, { sessions }, _signal, caller) => {
    await sessions.end(personOf(caller).session);
    return new SessionChange(null, { done: true });
  },
});

const newSecondFactor = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/session/second-factor',
  summary:
    'A new secret for an authenticator app, within 15 minutes of signing in. It counts once a code of it has been given.',
  input: z.object({}),
  answer: z.object({ secret: z.string(), uri: z.string().describe('for a picture that the app reads') }),
  isRecorded: true,
  handle: async (_input, services, _signal, caller) => {
    const { id, session: own } = personOf(caller);
    await services.sessions.mustBeFresh(own);
    return services.signIn.newSecondFactor(id);
  },
});

const confirmSecondFactor = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/session/second-factor/confirm',
  summary: 'From here on signing in needs a code of it. Ends the person’s other sessions.',
  input: z.object({ code: CODE }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ code }, services, _signal, caller) => {
    const { id, session: own } = personOf(caller);
    await services.signIn.confirmSecondFactor(id, code);
    await services.sessions.endOthers(id, own);
    return { done: true };
  },
});

const changePassword = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/session/password',
  summary:
    'Another password of one’s own, by the one that holds (and a code, if there is a second factor). Ends the person’s other sessions.',
  input: z.object({ password: PASSWORD, newPassword: PASSWORD, code: CODE.optional() }),
  answer: SIGNED_IN,
  isRecorded: true,
  handle: async ({ password, newPassword, code }, services, _signal, caller, { address, browser }) => {
    const { id, session: own } = personOf(caller);
    const { name } = await services.people.byId(id);
    // Guesses are slowed down as those of who signs in.
    const person = await services.signIn.signIn(name, password, code ?? null, { address, browser });
    await services.people.setPassword(id, newPassword);
    await services.sessions.endOthers(id, own);
    return begun(person, services, caller, browser);
  },
});

export const session = [
  whoAmI,
  signIn,
  lookAtInvitation,
  acceptInvitation,
  signOut,
  newSecondFactor,
  confirmSecondFactor,
  changePassword,
];

/** The token is a new one each time, and one that the browser came with is over: nobody can know it beforehand. */
async function begun(
  person: Person,
  { sessions, signIn: signing }: ApiServices,
  caller: Caller | null,
  browser: string | null,
): Promise<SessionChange> {
  if (caller?.session != null) await sessions.end(caller.session);
  const known = await signing.knownBrowser(person.id, browser);
  return new SessionChange(await sessions.begin(person.id), { person: shownPerson(person) }, known);
}

export function shownPerson({ id, name, roles, hasSecondFactor }: Person): z.infer<typeof PERSON> {
  return { id, name, roles: [...roles], hasSecondFactor };
}

/** @throws Refusal `api/bad-request` for a program, which has no session */
function personOf(caller: Caller | null): { readonly id: string; readonly session: string } {
  if (caller?.session == null)
    throw new Refusal('api/bad-request', 'a token is no session: this is for people who signed in');
  return { id: caller.id, session: caller.session };
}

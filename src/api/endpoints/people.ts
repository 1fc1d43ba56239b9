import { z } from 'zod';
import { ROLES } from '../../core/role.ts';
import { endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

const ID = z.string().max(100).describe('of the person');
const ROLE_LIST = z.array(z.enum(ROLES)).max(ROLES.length);
const LINK = z.string().describe('shown only now, good for 72 hours; to be put behind the address of the page');
const PAGE = z
  .string()
  .nullable()
  .describe('where people open the page, as it is set up; null: nobody said, take the address that this page has');
const DONE = z.object({ done: z.literal(true) });
const DAY_MS = 86_400_000;
const PARTNER_DAYS = 90;

const listPeople = endpoint({
  audience: ['admin'],
  method: 'GET',
  path: '/api/v1/people',
  summary: 'Who may use the page, and as what.',
  input: z.object({}),
  answer: z.object({
    people: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        roles: ROLE_LIST,
        state: z.enum(['active', 'invited', 'locked', 'expired', 'ended']),
        hasSecondFactor: z.boolean(),
        seenAt: z.iso.datetime().nullable(),
        expiresAt: z.iso.datetime().nullable(),
      }),
    ),
  }),
  isRecorded: true,
  handle: async (_input, { people: accounts, signIn }) => ({
    people: await Promise.all(
      (await accounts.list()).map(async ({ id, name, roles, state, hasSecondFactor, seenAt, expiresAt }) => ({
        id,
        name,
        roles,
        state: state === 'active' && (await signIn.isLocked(name)) ? 'locked' : state,
        hasSecondFactor,
        seenAt: iso(seenAt),
        expiresAt: iso(expiresAt),
      })),
    ),
  }),
});

const invite = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/people',
  summary: 'Makes an account, and the link with which its owner sets a password.',
  input: z.object({
    name: z.string().max(200),
    roles: ROLE_LIST,
    expiresAt: z.iso
      .datetime()
      .optional()
      .describe('when it ends by itself; of a partner after 90 days unless it is said'),
  }),
  answer: z.object({ id: z.string(), link: LINK, page: PAGE }),
  isRecorded: true,
  handle: async ({ name, roles, expiresAt }, { people: accounts, pageUrl, now }) => {
    const partnerEnd = roles.includes('partner') ? now() + PARTNER_DAYS * DAY_MS : null;
    const { id, token } = await accounts.invite(
      name,
      roles,
      expiresAt === undefined ? partnerEnd : Date.parse(expiresAt),
    );
    return { id, link: linkOf(token), page: pageUrl() };
  },
});

const setRoles = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/people/:id/roles',
  summary: 'Changes what somebody may do, from their next click on.',
  input: z.object({ id: ID, roles: ROLE_LIST }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id, roles }, { people: accounts }) => {
    await accounts.setRoles(id, roles);
    return { done: true };
  },
});

const reset = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/people/:id/reset',
  summary: 'A new link for somebody who cannot sign in; password, second factor and sessions are no longer good.',
  input: z.object({ id: ID }),
  answer: z.object({ link: LINK, page: PAGE }),
  isRecorded: true,
  handle: async ({ id }, { people: accounts, pageUrl }) => ({
    link: linkOf(await accounts.reset(id)),
    page: pageUrl(),
  }),
});

const unlock = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/people/:id/unlock',
  summary: 'Lets somebody try again who has to wait after wrong tries.',
  input: z.object({ id: ID }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id }, { people: accounts, signIn }) => {
    await signIn.unlock((await accounts.byId(id)).name);
    return { done: true };
  },
});

const end = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/people/:id/end',
  summary: 'Ends an account for good, and its sessions at once. What its owner did stays on record.',
  input: z.object({ id: ID, reason: typed().min(1).max(1000) }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id }, { people: accounts }) => {
    await accounts.end(id);
    return { done: true };
  },
});

export const people = [listPeople, invite, setRoles, reset, unlock, end];

function linkOf(token: string): string {
  return `/welcome#${token}`;
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

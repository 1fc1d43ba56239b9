import { z } from 'zod';
import { isoTime } from '../../core/finding.ts';
import { Refusal } from '../../core/refusal.ts';
import type { RevealRequest } from '../../people/reveals.ts';
import { type ApiServices, type Caller, endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

const REASON = typed().trim().min(10).max(2000).describe('why you have to know: it goes into the trail with your name');
const PSEUDONYM = z.string().regex(/^p[ti]_[0-9a-f]{20}$/, 'is no pseudonym');
const PSEUDONYMS = z.array(PSEUDONYM).min(1).max(100);
const ITEMS = z.array(z.object({ pseudonym: z.string(), value: z.string().nullable() }));
const ID = z.string().max(100).describe('of the request');
const SET_ASIDE = z.string().regex(/^asd_[0-9a-f]{1,40}$/, 'is no id of what was set aside');
const DONE = z.object({ done: z.literal(true) });

export const reveal = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/reveal',
  summary:
    'Who pseudonyms are. Each call is recorded with its reason; what it shows is not. Not where a second person has to agree.',
  input: z.object({ pseudonyms: PSEUDONYMS, reason: REASON }),
  answer: z.object({ items: ITEMS }),
  isRecorded: true,
  handle: async ({ pseudonyms }, services, _signal, caller) => {
    await refuseAlone(services, caller);
    return { items: await services.identities.reveal(pseudonyms) };
  },
});

export const revealSetAside = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/setaside/:id/reveal',
  summary:
    'What arrived and could not be read, as it came: it may name patients. Not where a second person has to agree.',
  input: z.object({ id: z.string().max(100), reason: REASON }),
  answer: z.object({ text: z.string() }),
  isRecorded: true,
  handle: async ({ id }, services, _signal, caller) => {
    await refuseAlone(services, caller);
    return { text: await setAsideText(id, services) };
  },
});

const REQUEST = z.object({
  id: z.string(),
  askedBy: z.string(),
  isMine: z.boolean().describe('asked by whoever reads this'),
  askedAt: z.iso.datetime(),
  reason: z.string(),
  patients: z.int().describe('how many pseudonyms; 0: a message that was set aside'),
  setAside: z.string().nullable(),
  state: z.enum(['waiting', 'agreed', 'refused', 'over']),
  decidedBy: z.string().nullable(),
  decidedAt: z.iso.datetime().nullable(),
});

const list = endpoint({
  audience: ['privacy'],
  method: 'GET',
  path: '/api/v1/reveals',
  summary: 'Requests of the last 30 days to be shown who patients are, where a second person has to agree.',
  input: z.object({}),
  answer: z.object({ secondPerson: z.boolean(), items: z.array(REQUEST) }),
  isRecorded: false,
  handle: async (_input, { reveals }, _signal, caller) => ({
    secondPerson: await reveals.needsSecond(),
    items: (await reveals.list()).map((request) => shownTo(caller, request)),
  }),
});

const ask = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/reveals',
  summary: 'Asks to be shown who pseudonyms are, or what was set aside. It waits a day for another privacy officer.',
  input: z
    .object({ pseudonyms: z.array(PSEUDONYM).max(100).default([]), setAside: SET_ASIDE.optional(), reason: REASON })
    .refine(
      ({ pseudonyms, setAside }) => (pseudonyms.length === 0) !== (setAside === undefined),
      'name pseudonyms, or what was set aside',
    ),
  answer: z.object({ id: z.string() }),
  isRecorded: true,
  handle: async ({ pseudonyms, setAside, reason }, { reveals, pseudonymise, tellPrivacy }, _signal, caller) => {
    const wanted = { pseudonyms, setAside: setAside ?? null };
    const id = await reveals.ask(wanted, pseudonymise(reason), personOf(caller));
    await tellPrivacy({ kind: 'reveal' });
    return { id };
  },
});

const decide = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/reveals/:id/decision',
  summary: 'Agrees to another’s request, or refuses it. Whoever asked may look for an hour.',
  input: z.object({ id: ID, agree: z.boolean() }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id, agree }, { reveals }, _signal, caller) => {
    await reveals.decide(id, agree, personOf(caller));
    return { done: true } as const;
  },
});

const show = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/reveals/:id/show',
  summary: 'What was asked for and agreed to, to whoever asked. Each call is recorded; what it shows is not.',
  input: z.object({ id: ID }),
  answer: z.object({ items: ITEMS, text: z.string().nullable() }),
  isRecorded: true,
  handle: async ({ id }, services, _signal, caller) => {
    const person = personOf(caller);
    const { pseudonyms, setAside, decidedBy } = await services.reveals.agreed(id, person);
    const items = await services.identities.reveal(pseudonyms);
    const text = setAside === null ? null : await setAsideText(setAside, services);
    // The request is gone in a month, and the call alone says neither what it was about nor that it was let through.
    const detail = { pseudonyms, setAside, agreedBy: decidedBy };
    await services.trail.record(person.id, 'shown with a second person', id, detail);
    return { items, text };
  },
});

const policy = endpoint({
  audience: ['admin', 'privacy'],
  method: 'GET',
  path: '/api/v1/reveals/policy',
  summary: 'Whether a second privacy officer has to agree before anybody is shown who a patient is.',
  input: z.object({}),
  answer: z.object({ secondPerson: z.boolean() }),
  isRecorded: false,
  handle: async (_input, { reveals }) => ({ secondPerson: await reveals.needsSecond() }),
});

const setPolicy = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/reveals/policy',
  summary: 'Sets it. Administrators do: those who are shown names cannot free themselves of it.',
  input: z.object({
    secondPerson: z.boolean(),
    reason: typed().trim().min(10).max(2000).describe('why: it goes into the trail with your name'),
  }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ secondPerson }, { reveals, people }, _signal, caller) => {
    const officers = (await people.list()).filter(
      ({ state, roles }) => state === 'active' && roles.includes('privacy'),
    );
    if (secondPerson && officers.length < 2)
      throw new Refusal('reveal/too-few', 'there are not two people with the privacy role');
    await reveals.setNeedsSecond(secondPerson, caller?.name ?? '');
    return { done: true } as const;
  },
});

export const reveals = [list, ask, decide, show, policy, setPolicy];

/** The trail has the call as if it were let through. @throws Refusal `reveal/second-person` */
async function refuseAlone({ reveals: kept, trail }: ApiServices, caller: Caller | null): Promise<void> {
  if (!(await kept.needsSecond())) return;
  await trail.record(caller?.id ?? 'unknown', 'not shown alone', null, {});
  throw new Refusal('reveal/second-person', 'a second privacy officer has to agree before this is shown');
}

async function setAsideText(id: string, { setAsides }: ApiServices): Promise<string> {
  return (await setAsides.open(id)).toString('utf8');
}

/** A program is nobody who could know why. @throws Refusal `reveal/second-person` */
function personOf(caller: Caller | null): { readonly id: string; readonly name: string } {
  if (caller === null || caller.session === null)
    throw new Refusal(
      'reveal/second-person',
      'only people with accounts can ask and agree, not a program with a token',
    );
  return { id: caller.id, name: caller.name };
}

function shownTo(caller: Caller | null, request: RevealRequest) {
  const { id, askedBy, askedAt, reason, pseudonyms, setAside, state, decidedBy, decidedAt } = request;
  return {
    id,
    askedBy: askedBy.name,
    isMine: askedBy.id === caller?.id,
    askedAt: new Date(askedAt).toISOString(),
    reason,
    patients: pseudonyms.length,
    setAside,
    state,
    decidedBy,
    decidedAt: isoTime(decidedAt),
  };
}

export const replaySetAside = endpoint({
  audience: ['admin'],
  method: 'POST',
  path: '/api/v1/setaside/replay',
  summary: 'Reads again what was set aside, after a parser was mended. What can be read now is kept and judged.',
  input: z.object({ reason: z.string().max(100).optional().describe('only those set aside for this reason') }),
  answer: z.object({
    read: z.number().int(),
    still: z.number().int().describe('cannot be read now either'),
  }),
  isRecorded: true,
  handle: ({ reason }, services) => services.replaySetAside(reason ?? null),
});

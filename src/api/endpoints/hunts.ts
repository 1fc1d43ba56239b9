import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { type Caller, endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';
import { meaningOf } from './events.ts';

const DONE = z.object({ done: z.literal(true) });

const list = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/hunts',
  summary: 'Searches that somebody has saved, for all who hunt.',
  input: z.object({}),
  answer: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        query: z.string(),
        by: z.string(),
        at: z.iso.datetime(),
        mayRemove: z.boolean(),
      }),
    ),
  }),
  isRecorded: false,
  handle: async (_input, { savedHunts }, _signal, caller) => ({
    items: (await savedHunts.list()).map(({ id, name, query, created_by: by, created_at: at }) => ({
      id,
      name,
      query,
      by,
      at: new Date(at).toISOString(),
      mayRemove: mayRemove(caller, by),
    })),
  }),
});

const save = endpoint({
  audience: ['analyst', 'partner'],
  method: 'POST',
  path: '/api/v1/hunts',
  summary: 'Saves a search, as for /api/v1/events. Numbers of patients become pseudonyms.',
  input: z.object({ name: typed().trim().min(1).max(100), query: z.string().trim().min(1).max(2000) }),
  answer: z.object({ id: z.string() }),
  isRecorded: true,
  handle: async ({ name, query }, services, _signal, caller) => {
    const clean = services.pseudonymise(query);
    meaningOf(clean, services);
    return { id: await services.savedHunts.add(services.pseudonymise(name), clean, caller?.name ?? '') };
  },
});

const remove = endpoint({
  audience: ['analyst', 'partner', 'admin'],
  method: 'POST',
  path: '/api/v1/hunts/:id/remove',
  summary: 'Takes a saved search away: for who saved it, and administrators.',
  input: z.object({ id: z.string().max(100) }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id }, { savedHunts }, _signal, caller) => {
    const { created_by: by } = await savedHunts.find(id);
    if (!mayRemove(caller, by)) throw new Refusal('hunts/not-yours', `${by} saved this search`);
    await savedHunts.remove(id);
    return { done: true };
  },
});

/** No two people have one name. */
function mayRemove(caller: Caller | null, by: string): boolean {
  return caller !== null && (caller.name === by || caller.roles.includes('admin'));
}

export const hunts = [list, save, remove];

import { z } from 'zod';
import { Refusal } from '../core/refusal.ts';
import type { Cursor } from '../store/page.ts';

/** How lists are asked for: a page after another, each with the cursor that the one before gave. */
export const PAGING = z.object({
  cursor: z.string().max(200).optional().describe('where to go on: `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('how many at most'),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe('null: this was the last page'),
  });
}

/** @throws Refusal `api/bad-request` if it is none of ours */
export function readCursor(text: string | undefined): Cursor | null {
  if (text === undefined || text === '') return null;
  const [, at, id] = /^(\d{1,16})\.([\w-]{1,64})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || id === undefined)
    throw new Refusal('api/bad-request', 'cursor is not one that a page before has given');
  return { at: Number(at), id };
}

export function writeCursor({ at, id }: Cursor): string {
  return Buffer.from(`${at}.${id}`, 'latin1').toString('base64url');
}

/** A page: one more row than wanted was asked for, to know whether there is a next. */
export function asPage<Item>(rows: readonly { item: Item; cursor: Cursor }[], limit: number) {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ item }) => item),
    next: rows.length > limit && last !== undefined ? writeCursor(last.cursor) : null,
  };
}

import { useState } from 'react';

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** What comes after the first page of a list, as it is asked for. */
export interface More<Item> extends PageOf<Item> {
  /** Adds about `MORE`. @throws Problem */
  readonly add: () => Promise<void>;
}

/** Whoever wants more wants many; from pages of as many as the service gives. */
export const MORE = 5000;
export const PAGE = 1000;

/**
 * @param from where the first page ended; `null`: it was the last
 * @param ask for the page that begins at a cursor
 */
export function useMore<Item>(from: string | null, ask: (cursor: string) => Promise<PageOf<Item>>): More<Item> {
  const [more, setMore] = useState<PageOf<Item> | null>(null);
  const { items, next } = more ?? { items: [], next: from };
  const add = async () => {
    const all = [...items];
    let cursor = next;
    for (let added = 0; added < MORE && cursor !== null; ) {
      const page = await ask(cursor);
      all.push(...page.items);
      added += page.items.length;
      cursor = page.next;
    }
    setMore({ items: all, next: cursor });
  };
  return { items, next, add };
}

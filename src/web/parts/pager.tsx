import { useState } from 'react';

/** Of a list that is shown a page at a time: how each page was come to, the newest first. */
export interface Pages {
  /** Of the page that is shown; `undefined`: the first. */
  readonly cursor: string | undefined;
  readonly isFirst: boolean;
  readonly back: () => void;
  readonly on: (next: string) => void;
}

export function usePages(): Pages {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  return {
    cursor: cursors.at(-1),
    isFirst: cursors.length === 0,
    back: () => setCursors(cursors.slice(0, -1)),
    on: (next) => setCursors([...cursors, next]),
  };
}

/** @param next where the next page begins; `null`: this is the last */
export function Pager({ pages, next }: { readonly pages: Pages; readonly next: string | null }) {
  return (
    <>
      {!pages.isFirst && (
        <button type="button" className="ww-back" onClick={pages.back}>
          Newer
        </button>
      )}{' '}
      {next !== null && (
        <button type="button" className="ww-back" onClick={() => pages.on(next)}>
          Earlier
        </button>
      )}
    </>
  );
}

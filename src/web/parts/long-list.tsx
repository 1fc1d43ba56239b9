import { Fragment, memo, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

const PER_BLOCK = 50;
/** How far beyond the screen rows are drawn before they are scrolled to. */
const AHEAD = '1500px';
/** Of a row that nobody has seen yet, pixels. */
const GUESSED_HEIGHT = 60;

/** More than these nobody prints; a browser would not come back from it. */
const MAX_PRINTED = 5000;

export interface LongListProps<Item> {
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  readonly draw: (item: Item) => ReactNode;
  /** Rows of a table stand in parts of it; `null`: they are no table's. */
  readonly columns?: number | null;
}

/**
 * Draws of a long list what is near the screen, in blocks; the others keep their height as one empty box. So 100,000 rows neither take a
 * minute to draw nor stop the scrolling (`npm run bench -- page`). What somebody has opened, or is in, stays drawn. Another list is
 * given another `key`.
 */
export function LongList<Item>({ items, keyOf, draw, columns = null }: LongListProps<Item>) {
  const count = Math.ceil(items.length / PER_BLOCK);
  const [near, setNear] = useState<ReadonlySet<number>>(FIRST);
  const [observer, setObserver] = useState<IntersectionObserver | null>(null);
  const heights = useRef(new Map<number, number>());
  useLayoutEffect(() => {
    const made = new IntersectionObserver((entries) => setNear((before) => changed(before, entries, heights.current)), {
      rootMargin: AHEAD,
    });
    setObserver(made);
    return () => made.disconnect();
  }, []);
  const isPrinting = usePrinting() && items.length <= MAX_PRINTED;
  return Array.from({ length: count }, (_, index) => (
    <Block
      key={index}
      index={index}
      observer={observer}
      height={isPrinting || near.has(index) ? null : heightOf(index, heights.current, items.length)}
      columns={columns}
      items={items}
      keyOf={keyOf as (item: unknown) => string}
      draw={draw as (item: unknown) => ReactNode}
    />
  ));
}

/** A page that is printed has all its rows. */
function usePrinting(): boolean {
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    // At once: the browser takes the page as it is when this is over.
    const begin = () => flushSync(() => setPrinting(true));
    const end = () => setPrinting(false);
    addEventListener('beforeprint', begin);
    addEventListener('afterprint', end);
    return () => {
      removeEventListener('beforeprint', begin);
      removeEventListener('afterprint', end);
    };
  }, []);
  return isPrinting;
}

const FIRST: ReadonlySet<number> = new Set([0]);

function changed(
  before: ReadonlySet<number>,
  entries: readonly IntersectionObserverEntry[],
  heights: Map<number, number>,
): ReadonlySet<number> {
  const now = new Set(before);
  for (const { target, isIntersecting, boundingClientRect } of entries) {
    const index = Number(target.getAttribute('data-block'));
    if (isIntersecting) now.add(index);
    else if (now.has(index) && !isInUse(target)) {
      heights.set(index, boundingClientRect.height);
      // Whoever comes by keyboard finds its beginning.
      if (index > 0) now.delete(index);
    }
  }
  return now.size === before.size && [...now].every((index) => before.has(index)) ? before : now;
}

function isInUse(block: Element): boolean {
  return block.contains(document.activeElement) || block.querySelector('details[open]') !== null;
}

/** As it was when it was drawn; of one that never was, as the others are on the whole. */
function heightOf(index: number, heights: ReadonlyMap<number, number>, rows: number): number {
  const known = heights.get(index);
  if (known !== undefined) return known;
  const own = Math.min(PER_BLOCK, rows - index * PER_BLOCK);
  const first = heights.get(0);
  return first === undefined ? own * GUESSED_HEIGHT : (first / PER_BLOCK) * own;
}

interface BlockProps {
  readonly index: number;
  readonly observer: IntersectionObserver | null;
  /** `null`: it is drawn. */
  readonly height: number | null;
  readonly columns: number | null;
  readonly items: readonly unknown[];
  readonly keyOf: (item: unknown) => string;
  readonly draw: (item: unknown) => ReactNode;
}

const Block = memo(function Block({ index, observer, height, columns, items, keyOf, draw }: BlockProps) {
  const box = useRef<Element>(null);
  useLayoutEffect(() => {
    const own = box.current;
    if (own === null || observer === null) return;
    observer.observe(own);
    return () => observer.unobserve(own);
  }, [observer]);
  const ref = (own: Element | null) => {
    box.current = own;
  };
  const rows =
    height === null &&
    items
      .slice(index * PER_BLOCK, (index + 1) * PER_BLOCK)
      .map((item) => <Fragment key={keyOf(item)}>{draw(item)}</Fragment>);
  if (columns === null)
    return (
      <div ref={ref} data-block={index} style={height === null ? undefined : { height }}>
        {rows}
      </div>
    );
  return (
    <tbody ref={ref} data-block={index} role="rowgroup">
      {height === null ? (
        rows
      ) : (
        <tr aria-hidden="true">
          <td colSpan={columns} style={{ height, padding: 0 }} />
        </tr>
      )}
    </tbody>
  );
});

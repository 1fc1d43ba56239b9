import { type RefObject, useEffect, useRef, useState } from 'react';

const FIRST = 100;
const MORE = 200;

/**
 * How many of a long list to draw: more of it as the reader comes near the end, so that thousands neither take a second
 * to draw nor stop the scrolling.
 *
 * @param key what is listed: another list begins at its top
 * @returns how many, and what is to be put behind the last that is drawn
 */
export function useGrowing(
  total: number,
  key: string,
): readonly [shown: number, end: RefObject<HTMLDivElement | null>] {
  const [grown, setGrown] = useState({ key, shown: FIRST });
  const shown = Math.min(total, grown.key === key ? grown.shown : FIRST);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const mark = end.current;
    if (mark === null || shown >= total) return;
    const watch = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) setGrown({ key, shown: shown + MORE });
      },
      { rootMargin: '1500px' },
    );
    watch.observe(mark);
    return () => watch.disconnect();
  }, [key, shown, total]);
  return [shown, end];
}

import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';

export interface SectionProps {
  readonly title: string;
  /** By which a link on the same page leads to it. */
  readonly id?: string;
  readonly children: ReactNode;
}

export function Section({ title, id, children }: SectionProps) {
  return (
    <section className="ww-section" aria-label={title}>
      <h2 className="nhsuk-heading-m" id={id} tabIndex={id === undefined ? undefined : -1}>
        {title}
      </h2>
      {children}
    </section>
  );
}

export interface ScrollProps extends Omit<SectionProps, 'id'> {
  /** What is out of sight at first: “earlier days”. */
  readonly hidden: string;
  /** Begins at its right end, where the newest is. */
  readonly isFromEnd?: boolean;
}

/** Less than this hides nothing that anybody reads. */
const HARDLY_PX = 13;

/** What may be wider than the page, as a picture: then it says so, and by keyboard too it is moved to its end. */
export function Scroll({ title, hidden, isFromEnd = false, children }: ScrollProps) {
  const box = useRef<HTMLDivElement>(null);
  const [isWider, setWider] = useState(false);
  useLayoutEffect(() => {
    const shown = box.current;
    if (shown === null) return;
    if (isFromEnd) shown.scrollLeft = shown.scrollWidth;
    // Of what is in it: words for screen readers alone may stand beyond its edge.
    const width = () => shown.firstElementChild?.getBoundingClientRect().width ?? 0;
    const watch = new ResizeObserver(() => setWider(width() > shown.clientWidth + HARDLY_PX));
    watch.observe(shown);
    if (shown.firstElementChild !== null) watch.observe(shown.firstElementChild);
    return () => watch.disconnect();
  }, [isFromEnd]);
  return (
    <>
      {isWider && (
        <p className="ww-quiet ww-no-print">It is wider than the screen: move it sideways to see {hidden}.</p>
      )}
      <div className="ww-scroll" role="region" aria-label={title} tabIndex={isWider ? 0 : undefined} ref={box}>
        {children}
      </div>
    </>
  );
}

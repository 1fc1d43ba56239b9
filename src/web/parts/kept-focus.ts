import { type RefObject, useEffect } from 'react';

/**
 * Whoever presses something that is then gone (a form that was sent, “show the others”) is left nowhere: a screen reader begins
 * at the top again. Within `area` they are put at the heading of what it stood in, which also says where they are.
 */
export function useKeptFocus(area: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const within = area.current;
    if (within === null) return;
    let last: { readonly element: Element; readonly around: readonly Element[]; readonly isByKey: boolean } | null =
      null;
    const came = ({ target }: FocusEvent) => {
      if (!(target instanceof Element)) return;
      last = { element: target, around: around(target, within), isByKey: target.matches(':focus-visible') };
    };
    // Some browsers say this of what is taken away, too: then it is no longer there a moment later.
    const left = () => {
      const before = last;
      queueMicrotask(() => {
        if (last === before && before?.element.isConnected === true) last = null;
      });
    };
    const changed = () => {
      if (last === null || last.element.isConnected) return;
      const { around: stood, isByKey } = last;
      last = null;
      if (document.activeElement !== document.body) return;
      const place = stood.find((each) => each.isConnected) ?? within;
      const heading = headingOf(place, within);
      if (heading === null) return;
      heading.tabIndex = -1;
      // Somebody with a mouse sees what they did, and is not moved.
      heading.focus({ preventScroll: !isByKey });
    };
    const observer = new MutationObserver(changed);
    observer.observe(within, { childList: true, subtree: true });
    within.addEventListener('focusin', came);
    within.addEventListener('focusout', left);
    return () => {
      observer.disconnect();
      within.removeEventListener('focusin', came);
      within.removeEventListener('focusout', left);
    };
  }, [area]);
}

/** What it stands in, the innermost first. */
function around(element: Element, area: Element): readonly Element[] {
  const found: Element[] = [];
  for (let each = element.parentElement; each !== null && area.contains(each); each = each.parentElement)
    found.push(each);
  return found;
}

function headingOf(place: Element, area: HTMLElement): HTMLElement | null {
  for (let each: Element | null = place; each !== null && area.contains(each); each = each.parentElement) {
    const heading = each.querySelector<HTMLElement>('h1, h2, h3');
    if (heading !== null) return heading;
  }
  return null;
}

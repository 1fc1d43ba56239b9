import { createContext, type MouseEvent, type ReactNode, useContext, useEffect, useState } from 'react';
import { isPageName, type PageName } from '../page-names.ts';
import { keepScroll, noteScroll } from './kept-scroll.ts';

/** Where the reader is: which page, and what it shows. */
export interface Place {
  /** `null`: the address is no page of ours. */
  readonly page: PageName | 'home' | null;
  readonly query: URLSearchParams;
}

const PlaceContext = createContext<Place>({ page: 'home', query: new URLSearchParams() });

function placeNow(): Place {
  const name = location.pathname.split('/').at(-1) ?? '';
  return { page: name === '' ? 'home' : isPageName(name) ? name : null, query: new URLSearchParams(location.search) };
}

export function Router({ children }: { readonly children: ReactNode }) {
  const [place, setPlace] = useState(placeNow);
  useEffect(() => {
    const moved = () => setPlace(placeNow());
    addEventListener('popstate', moved);
    const letGo = keepScroll();
    return () => {
      removeEventListener('popstate', moved);
      letGo();
    };
  }, []);
  return <PlaceContext value={place}>{children}</PlaceContext>;
}

export function usePlace(): Place {
  return useContext(PlaceContext);
}

/** Relative, so that it holds under any path. Values are encoded: what a log says cannot leave the query. */
export function addressOf(page: PageName, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? page : `${page}?${text}`;
}

export function go(page: PageName, query: Readonly<Record<string, string>> = {}): void {
  noteScroll();
  history.pushState(null, '', addressOf(page, query));
  dispatchEvent(new PopStateEvent('popstate'));
  scrollTo(0, 0);
}

/** To where whoever is signed in begins. */
export function goHome(): void {
  history.pushState(null, '', './');
  dispatchEvent(new PopStateEvent('popstate'));
}

export interface LinkProps {
  readonly to: PageName;
  readonly query?: Readonly<Record<string, string>>;
  readonly className?: string;
  readonly isCurrent?: boolean;
  readonly children: ReactNode;
}

export function Link({ to, query, className, isCurrent = false, children }: LinkProps) {
  const follow = (event: MouseEvent) => {
    // In a new tab, as the browser does it.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(to, query);
  };
  return (
    <a href={addressOf(to, query)} className={className} aria-current={isCurrent ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}

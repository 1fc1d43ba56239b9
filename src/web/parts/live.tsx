import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { serviceNow } from '../client/clock.ts';
import { useRoles, useSession } from './session.tsx';

/** How new things reach the page. */
export interface Live {
  /** `off`: this person is not told as it happens; lists ask once a minute. */
  readonly is: 'off' | 'connecting' | 'connected' | 'lost';
  /** Since when it is so. */
  readonly since: number;
  /** Grows when something new was found. */
  readonly pulse: number;
}

const LiveContext = createContext<Live>({ is: 'off', since: 0, pulse: 0 });
/** Many findings at once ask for the lists once. */
const GATHER_MS = 1000;
const AGAIN_MS = 5000;
/** Whoever was away for as long sees the page brought up to date. */
const AWAY_MS = 60_000;
/** The service lets hear of itself every 15 seconds. A connection that died without a word is noticed by this. */
const DEAD_MS = 40_000;

export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const roles = useRoles();
  const { check } = useSession();
  const isTold = roles.includes('analyst') || roles.includes('partner');
  const [{ is, since }, setState] = useState<Pick<Live, 'is' | 'since'>>({ is: 'off', since: serviceNow() });
  const [pulse, setPulse] = useState(0);

  useEffect(() => {
    if (!isTold) return;
    let source: EventSource;
    let again: ReturnType<typeof setTimeout> | undefined;
    let gathering: ReturnType<typeof setTimeout> | undefined;
    let dead: ReturnType<typeof setTimeout> | undefined;
    const become = (next: Live['is']) =>
      setState((before) => (before.is === next ? before : { is: next, since: serviceNow() }));
    const lose = () => {
      become('lost');
      // A browser tries again by itself only after some kinds of failure.
      source.close();
      clearTimeout(dead);
      clearTimeout(again);
      again = setTimeout(open, AGAIN_MS);
      // It ends with the session, too, and does not say why.
      check();
    };
    const heard = () => {
      clearTimeout(dead);
      dead = setTimeout(lose, DEAD_MS);
    };
    const open = () => {
      source = new EventSource('api/v1/live');
      heard();
      source.addEventListener('beat', heard);
      source.addEventListener('open', () => {
        become('connected');
        heard();
        // Whatever was missed meanwhile.
        setPulse((before) => before + 1);
      });
      source.addEventListener('finding', () => {
        heard();
        gathering ??= setTimeout(() => {
          gathering = undefined;
          setPulse((before) => before + 1);
        }, GATHER_MS);
      });
      source.addEventListener('error', lose);
    };
    become('connecting');
    open();
    return () => {
      source.close();
      clearTimeout(again);
      clearTimeout(gathering);
      clearTimeout(dead);
      become('off');
    };
  }, [isTold, check]);

  // Who is not told live is told at least that nothing reaches them; and whoever comes back sees how things are, not how they were.
  useEffect(() => {
    let leftAt = Number.POSITIVE_INFINITY;
    const refresh = () => {
      check();
      setPulse((before) => before + 1);
    };
    const turned = () => {
      if (document.visibilityState === 'hidden') leftAt = Date.now();
      else if (Date.now() - leftAt > AWAY_MS) refresh();
    };
    const offline = () => setState((before) => (before.is === 'off' ? { is: 'lost', since: serviceNow() } : before));
    const online = () => {
      if (!isTold) setState({ is: 'off', since: serviceNow() });
      refresh();
    };
    document.addEventListener('visibilitychange', turned);
    addEventListener('offline', offline);
    addEventListener('online', online);
    return () => {
      document.removeEventListener('visibilitychange', turned);
      removeEventListener('offline', offline);
      removeEventListener('online', online);
    };
  }, [isTold, check]);

  const live = useMemo(() => ({ is, since, pulse }), [is, since, pulse]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  return useContext(LiveContext);
}

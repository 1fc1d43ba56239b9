import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { ask, asProblem, type Person, type Problem } from '../client/ask.ts';
import { forgetTyped } from './typed-text.ts';

export type SessionState =
  | { readonly is: 'loading' }
  | { readonly is: 'failed'; readonly problem: Problem }
  | {
      readonly is: 'nobody';
      readonly isNew: boolean;
      /** They were signed in, and are no longer. */
      readonly hasExpired: boolean;
    }
  | { readonly is: 'signed-in'; readonly person: Person };

export interface Session {
  readonly state: SessionState;
  /** This is the made-up hospital. */
  readonly isSimulated: boolean;
  /** Who else can sign people in; `null`: nobody. */
  readonly provider: string | null;
  readonly reload: () => void;
  /** Whether whoever is shown here is still signed in; asked by the page itself, and of no consequence if nobody answers. */
  readonly check: () => void;
  readonly signedIn: (person: Person) => void;
  /** The service no longer knows us. */
  readonly lost: () => void;
  /** Whoever was here has signed out. */
  readonly signedOut: () => void;
}

const LOST: SessionState = { is: 'nobody', isNew: false, hasExpired: true };

const SessionContext = createContext<Session>({
  state: { is: 'loading' },
  isSimulated: false,
  provider: null,
  reload: () => undefined,
  check: () => undefined,
  signedIn: () => undefined,
  lost: () => undefined,
  signedOut: () => undefined,
});

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ is: 'loading' });
  const [house, setHouse] = useState<Pick<Session, 'isSimulated' | 'provider'>>({ isSimulated: false, provider: null });
  const last = useRef<string | null>(null);
  /** Who is signed in now. What another has typed is not for them. */
  const become = useCallback((person: Person) => {
    if (last.current !== null && last.current !== person.id) forgetTyped();
    last.current = person.id;
    setState({ is: 'signed-in', person });
  }, []);
  const reload = useCallback(() => {
    setState((before) => (before.is === 'signed-in' ? before : { is: 'loading' }));
    ask('GET /api/v1/session', {}).then(
      ({ person, isNew, isSimulated, provider }) => {
        setHouse({ isSimulated, provider });
        if (person === null) setState({ is: 'nobody', isNew, hasExpired: last.current !== null });
        else become(person);
      },
      (error: unknown) => setState({ is: 'failed', problem: asProblem(error) }),
    );
  }, [become]);
  const lost = useCallback(() => setState(LOST), []);
  const check = useCallback(() => {
    ask('GET /api/v1/session', {}, undefined, 'background').then(
      ({ person }) => {
        if (person === null) setState((before) => (before.is === 'signed-in' ? LOST : before));
        else become(person);
      },
      // Nobody answers: that is said where something was to be loaded.
      () => undefined,
    );
  }, [become]);
  const others = useRef<BroadcastChannel | null>(null);
  const leave = useCallback(() => {
    forgetTyped();
    last.current = null;
    setState({ is: 'nobody', isNew: false, hasExpired: false });
  }, []);
  const signedIn = useCallback(
    (person: Person) => {
      become(person);
      others.current?.postMessage('signed-in');
    },
    [become],
  );
  const signedOut = useCallback(() => {
    leave();
    others.current?.postMessage('signed-out');
  }, [leave]);
  useEffect(() => {
    // One cookie signs all tabs in: none may go on as somebody else, or show what it showed to whoever has left.
    const channel = new BroadcastChannel(`wardwatch ${new URL('.', location.href).pathname}`);
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) =>
      data === 'signed-out' ? leave() : check(),
    );
    others.current = channel;
    return () => channel.close();
  }, [leave, check]);
  useEffect(reload, [reload]);
  useEffect(() => {
    // A browser that goes back to a page which it kept shows it as it was, whoever has signed out since.
    const shown = ({ persisted }: PageTransitionEvent) => {
      if (persisted) check();
    };
    addEventListener('pageshow', shown);
    return () => removeEventListener('pageshow', shown);
  }, [check]);
  const session = useMemo(
    () => ({ state, ...house, reload, check, signedIn, lost, signedOut }),
    [state, house, reload, check, signedIn, lost, signedOut],
  );
  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSession(): Session {
  return useContext(SessionContext);
}

/** The roles of who is signed in; none if nobody is. */
export function useRoles(): readonly string[] {
  const { state } = useSession();
  return state.is === 'signed-in' ? state.person.roles : [];
}

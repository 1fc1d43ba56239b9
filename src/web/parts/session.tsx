import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { ask, asProblem, type Person, type Problem } from '../client/ask.ts';

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
  readonly signedIn: (person: Person) => void;
  /** The service no longer knows us. */
  readonly lost: () => void;
  /** Whoever was here has signed out. */
  readonly signedOut: () => void;
}

const SessionContext = createContext<Session>({
  state: { is: 'loading' },
  isSimulated: false,
  provider: null,
  reload: () => undefined,
  signedIn: () => undefined,
  lost: () => undefined,
  signedOut: () => undefined,
});

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ is: 'loading' });
  const [house, setHouse] = useState<Pick<Session, 'isSimulated' | 'provider'>>({ isSimulated: false, provider: null });
  const reload = useCallback(() => {
    setState((before) => (before.is === 'signed-in' ? before : { is: 'loading' }));
    ask('GET /api/v1/session', {}).then(
      ({ person, isNew, isSimulated, provider }) => {
        setHouse({ isSimulated, provider });
        setState(person === null ? { is: 'nobody', isNew, hasExpired: false } : { is: 'signed-in', person });
      },
      (error: unknown) => setState({ is: 'failed', problem: asProblem(error) }),
    );
  }, []);
  const signedIn = useCallback((person: Person) => setState({ is: 'signed-in', person }), []);
  const lost = useCallback(() => setState({ is: 'nobody', isNew: false, hasExpired: true }), []);
  const signedOut = useCallback(() => setState({ is: 'nobody', isNew: false, hasExpired: false }), []);
  useEffect(reload, [reload]);
  const session = useMemo(
    () => ({ state, ...house, reload, signedIn, lost, signedOut }),
    [state, house, reload, signedIn, lost, signedOut],
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

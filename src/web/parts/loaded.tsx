import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { type Answer, ask, type Asker, asProblem, type Input, type Problem, type Question } from '../client/ask.ts';
import { serviceNow } from '../client/clock.ts';
import { useLive } from './live.tsx';
import { useSession } from './session.tsx';
import { When } from './words.tsx';

/** What a part of a page can be showing. “Nothing yet”, “nothing at all”, “not for you” and “we failed” are different news. */
export type Loaded<T> =
  | { readonly is: 'loading' }
  | { readonly is: 'failed'; readonly problem: Problem; readonly retry: () => void }
  | { readonly is: 'not-allowed'; readonly problem: Problem }
  | {
      readonly is: 'ready';
      readonly data: T;
      /** When it was so. */
      readonly at: number;
      /** Why it could not be brought up to date; `null`: it is as new as can be. */
      readonly stale: Problem | null;
      readonly reload: () => void;
    };

/** What is new comes at once by the live connection; this is for clocks that run, and for who is not told live. */
export const EVERY_MS = 5 * 60_000;

/** Asks, and again when the question changes, when something new was found, and each `everyMs`. */
export function useAsk<Name extends Question>(
  name: Name,
  input: Input<Name>,
  { everyMs = EVERY_MS, isWanted = true }: { readonly everyMs?: number | null; readonly isWanted?: boolean } = {},
): Loaded<Answer<Name>> {
  const question = JSON.stringify(input);
  return useLoaded<Answer<Name>>(
    `${name} ${question}`,
    (signal, asker) => ask(name, JSON.parse(question) as Input<Name>, signal, asker),
    { everyMs, isWanted },
  );
}

/**
 * @param key what is loaded: another key begins anew
 * @param load may say with `soFar` what is known already; that is shown
 */
export function useLoaded<T>(
  key: string,
  load: (signal: AbortSignal, asker: Asker, soFar: (data: T) => void) => Promise<T>,
  { everyMs, isWanted = true }: { readonly everyMs: number | null; readonly isWanted?: boolean },
): Loaded<T> {
  const [state, setState] = useState<{ readonly key: string; readonly loaded: Loaded<T> }>({
    key,
    loaded: { is: 'loading' },
  });
  const [turn, setTurn] = useState<{ readonly count: number; readonly asker: Asker }>({ count: 0, asker: 'page' });
  const { pulse } = useLive();
  const { lost } = useSession();
  const reload = useCallback(() => setTurn(({ count }) => ({ count: count + 1, asker: 'page' })), []);
  const loading = useRef(load);
  loading.current = load;
  const beat = everyMs === null ? 0 : pulse;
  const askedBeat = useRef(beat);

  useEffect(() => {
    if (!isWanted) return;
    const abort = new AbortController();
    const asker = askedBeat.current === beat ? turn.asker : 'background';
    askedBeat.current = beat;
    const show = (data: T) => {
      if (!abort.signal.aborted)
        setState({ key, loaded: { is: 'ready', data, at: serviceNow(), stale: null, reload } });
    };
    loading.current(abort.signal, asker, show).then(show, (error: unknown) => {
      if (abort.signal.aborted) return;
      const problem = asProblem(error);
      if (problem.code === 'api/no-token') lost();
      setState((before) => {
        if (before.key === key && before.loaded.is === 'ready' && !isNotAllowed(problem))
          return { key, loaded: { ...before.loaded, stale: problem } };
        return {
          key,
          loaded: isNotAllowed(problem) ? { is: 'not-allowed', problem } : { is: 'failed', problem, retry: reload },
        };
      });
    });
    return () => abort.abort();
  }, [key, turn, beat, isWanted, reload, lost]);

  useEffect(() => {
    if (everyMs === null) return;
    const again = () => setTurn(({ count }) => ({ count: count + 1, asker: 'background' }));
    const timer = setInterval(again, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  return state.key === key ? state.loaded : { is: 'loading' };
}

function isNotAllowed({ code }: Problem): boolean {
  return code === 'api/not-for-this-role';
}

export interface ShowProps<T> {
  readonly of: Loaded<T>;
  /** “the incidents”: for the sentences about loading and failing. */
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}

/** Shows what was loaded, or says in words why it is not there. */
export function Show<T>({ of, what, children }: ShowProps<T>) {
  switch (of.is) {
    case 'loading':
      return (
        <p role="status" className="ww-loading">
          Loading {what}…
        </p>
      );
    case 'failed':
      return (
        <div role="alert" className="ww-trouble">
          <p>
            <strong>We could not load {what}, so this page cannot tell you how things are.</strong>
          </p>
          <p>
            {of.problem.message} {of.problem.hint}
          </p>
          <button type="button" className="nhsuk-button nhsuk-button--secondary" onClick={of.retry}>
            Try again
          </button>
        </div>
      );
    case 'not-allowed':
      return (
        <div role="alert" className="ww-trouble">
          <p>
            <strong>You may not see {what}.</strong>
          </p>
          <p>{of.problem.hint} Ask an administrator if you need it for your work.</p>
        </div>
      );
    case 'ready':
      return (
        <div className={of.stale === null ? undefined : 'ww-old'}>
          {of.stale !== null && (
            <div role="alert" className="ww-trouble">
              <p>
                <strong>
                  This is old: it is how things were on <When at={of.at} />.
                </strong>{' '}
                {of.stale.message} {of.stale.hint}
              </p>
            </div>
          )}
          {children(of.data)}
        </div>
      );
  }
}

import { useCallback, useState } from 'react';

/**
 * What somebody has typed and not sent yet. It is in memory alone, and for them alone: gone when the page is closed, when they
 * sign out, and when somebody else signs in.
 */
const kept = new Map<string, string>();

/**
 * As `useState` of a text, which is still there after their session has ended under it, or another page was looked at.
 *
 * @param key which field of what: `note inc_…`
 */
export function useTyped(key: string): readonly [text: string, setText: (text: string) => void] {
  const [state, setState] = useState({ key, text: kept.get(key) ?? '' });
  const setText = useCallback(
    (text: string) => {
      if (text === '') kept.delete(key);
      else kept.set(key, text);
      setState({ key, text });
    },
    [key],
  );
  return [state.key === key ? state.text : (kept.get(key) ?? ''), setText];
}

export function forgetTyped(): void {
  kept.clear();
}

/**
 * The life of an incident. Pure: the store applies the answer, the page shows `allowedActions`.
 *
 * - `new`            opened by a finding; nobody has looked.
 * - `investigating`  someone owns it.
 * - `contained`      harm has stopped; the cause may still be open.
 * - `closed`         done, with a reason.
 * - `merged`         its findings turned out to belong to an older incident, which has them now.
 */
export type IncidentState = 'new' | 'investigating' | 'contained' | 'closed' | 'merged';
export type IncidentAction = 'take' | 'contain' | 'close' | 'reopen' | 'merge';

const NEXT: Readonly<Record<IncidentState, Partial<Record<IncidentAction, IncidentState>>>> = {
  new: { take: 'investigating', close: 'closed', merge: 'merged' },
  // Taking it over from somebody leaves it where it is.
  investigating: { take: 'investigating', contain: 'contained', close: 'closed', merge: 'merged' },
  contained: { take: 'contained', close: 'closed', reopen: 'investigating', merge: 'merged' },
  closed: { reopen: 'investigating' },
  merged: {},
};

export function allowedActions(state: IncidentState): IncidentAction[] {
  return Object.keys(NEXT[state]) as IncidentAction[];
}

/** `null`: not from this state. */
export function nextState(state: IncidentState, action: IncidentAction): IncidentState | null {
  return NEXT[state][action] ?? null;
}

/** Those that further findings may join. */
export const OPEN_STATES: readonly IncidentState[] = ['new', 'investigating', 'contained'];

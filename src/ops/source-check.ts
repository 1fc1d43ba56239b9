import type { Check } from './checks.ts';

/** One active source; times in epoch milliseconds. */
export interface HeardSource {
  readonly name: string;
  readonly created_at: number;
  readonly last_heard_at: number | null;
  /** Silent for longer than it ever is, though perhaps not for a day; absent where nobody has learned that. */
  readonly isSilent?: boolean;
}

const DAY_MS = 24 * 3_600_000;
const MAX_NAMED = 6;

/**
 * Are all sources heard? One that was never heard is never called well: somebody set it up and believes that it is watched.
 *
 * @param sources the active ones
 */
export function sourcesCheck(sources: readonly HeardSource[], now: number): Check {
  const what = 'sources';
  if (sources.length === 0)
    return {
      what,
      state: 'bad',
      detail: 'none is registered: nothing is watched',
      mend: 'Register one on the page (Sources), or: wardwatch sources add NAME --kind KIND',
    };
  const silent = sources.filter(
    ({ last_heard_at: at, isSilent = false }) => at !== null && (isSilent || now - at > DAY_MS),
  );
  const never = sources.filter(({ last_heard_at: at }) => at === null);
  const isOld = never.some(({ created_at: made }) => now - made > DAY_MS);
  const heard = sources.length - silent.length - never.length;
  const parts = [
    `${heard} of ${sources.length} ${heard === 1 ? 'was' : 'were'} heard in the last 24 hours`,
    silent.length > 0 ? `silent for too long: ${named(silent)}` : '',
    never.length > 0 ? `never heard: ${named(never)}` : '',
  ].filter((part) => part !== '');
  const isWell = silent.length + never.length === 0;
  return {
    what,
    state: isWell ? 'well' : silent.length > 0 || isOld ? 'bad' : 'watch',
    detail: parts.join('; '),
    mend: isWell ? '' : 'Check that each is on, and that its shipper runs and reaches this service.',
  };
}

function named(sources: readonly HeardSource[]): string {
  const names = sources.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = sources.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

import { setImmediate } from 'node:timers/promises';
import type { ArchiveStatus } from '../store/archive/archive.ts';
import { type LegalHold, STATE_RETENTION } from '../store/archive/retention.ts';
import { type Held, heldBy } from '../store/held.ts';

/** What keeps things that age; each says itself what it still needs. */
interface Ageing {
  forget(before: number, isHeld: Held, limit: number): Promise<number>;
}

export interface StateRetentionParts {
  readonly notices: Ageing;
  readonly findings: Ageing;
  readonly cases: Ageing;
  readonly items: Ageing;
  readonly setAsides: Ageing;
  readonly trail: Ageing;
  readonly archive: {
    holds(): Promise<readonly LegalHold[]>;
    status(): Promise<Pick<ArchiveStatus, 'lastLineAt'>>;
  };
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
/** In one statement: nobody who asks meanwhile waits for long. */
const AT_ONCE = 500;
/** As the archive: a clock that is so far ahead of what was sealed last deletes nothing. */
const MAX_CLOCK_GAP_MS = 31 * DAY_MS;

/**
 * Forgets what was made of events and is too old, but for what an open incident, a case that waits for an answer, a duty to
 * tell somebody or a legal hold needs.
 *
 * @returns how many of each are gone
 */
export async function forgetOld({
  archive,
  now,
  ...kinds
}: StateRetentionParts): Promise<Readonly<Record<keyof typeof STATE_RETENTION, number>>> {
  const gone = { notices: 0, findings: 0, cases: 0, setAsides: 0, trail: 0 };
  const { lastLineAt } = await archive.status();
  if (lastLineAt === null || now() - lastLineAt > MAX_CLOCK_GAP_MS) return gone;
  const isHeld = heldBy(await archive.holds());
  const all = [
    ['notices', kinds.notices],
    ['findings', kinds.findings],
    ['cases', kinds.cases],
    ['cases', kinds.items],
    ['setAsides', kinds.setAsides],
    ['trail', kinds.trail],
  ] as const;
  for (const [kind, from] of all) {
    const before = now() - STATE_RETENTION[kind] * DAY_MS;
    for (let count = AT_ONCE; count === AT_ONCE; ) {
      count = await from.forget(before, isHeld, AT_ONCE);
      gone[kind] += count;
      await setImmediate();
    }
  }
  return gone;
}

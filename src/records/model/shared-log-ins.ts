import type { LocalDay } from '../zone.ts';
import type { LookDay } from './looks.ts';

/** From one machine to another and back in so short a time is two people. Assumed. */
const AT_ONCE_MS = 2 * 60_000;
/** So often a day: a trolley that is pushed along is not often two machines at once. Assumed. */
const TIMES = 3;
/** So many of the last days, and at least half of those worked: an intruder beside the owner is there on few. Assumed. */
const DAYS = 5;
const WINDOW = 28;

interface Own {
  /** Days with a look, and those on which two machines were used at once: bit n is n days before `last`. */
  worked: number;
  atOnce: number;
  last: LocalDay;
}

/**
 * Finds log-ins that several people use, whatever the directory says: looks that go from one machine to another and back
 * within two minutes, day after day. A case about one is never a person's.
 */
export class SharedLogIns {
  readonly #own = new Map<number, Own>();

  /** @param day in order of time */
  learn(day: LookDay): void {
    const lately = new Map<number, { hosts: [number, number]; at: [number, number]; times: number }>();
    for (let look = 0; look < day.count; look++) {
      const [user, host, at] = [day.user.at(look), day.host.at(look), day.first.at(look)];
      if (host < 0) continue;
      const own = lately.get(user);
      if (own === undefined) {
        lately.set(user, { hosts: [-1, host], at: [0, at], times: 0 });
        continue;
      }
      if (own.hosts[0] === host && own.hosts[1] !== host && at - own.at[0] <= AT_ONCE_MS) own.times++;
      own.hosts = [own.hosts[1], host];
      own.at = [own.at[1], at];
    }
    for (const [user, { times }] of lately) this.#note(user, day.day, times >= TIMES);
  }

  #note(user: number, day: LocalDay, isAtOnce: boolean): void {
    const own = this.#own.get(user) ?? { worked: 0, atOnce: 0, last: day };
    const passed = Math.min(31, Math.max(0, day - own.last));
    const window = (1 << WINDOW) - 1;
    own.worked = ((own.worked << passed) & window) | 1;
    own.atOnce = ((own.atOnce << passed) & window) | (isAtOnce ? 1 : 0);
    own.last = day;
    this.#own.set(user, own);
  }

  isFound(user: number): boolean {
    const own = this.#own.get(user);
    if (own === undefined) return false;
    const days = bitsOf(own.atOnce);
    return days >= DAYS && 2 * days >= bitsOf(own.worked);
  }
}

function bitsOf(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

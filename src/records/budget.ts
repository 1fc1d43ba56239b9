import { ABSORB_DAYS } from './model/calibration.ts';
import type { LocalDay } from './zone.ts';

export interface Verdict {
  readonly alert: boolean;
  /** The day of the open case that absorbs this one; null when it stands alone. */
  readonly joins: LocalDay | null;
}

/** Decides, in order of days, what costs an alert. */
export class Budget {
  readonly #rate: number;
  readonly #open = new Map<string, LocalDay>();

  /** @param perThousand false alerts a day per 1,000 staff */
  constructor(perThousand: number) {
    this.#rate = Math.log(perThousand / 1000);
  }

  /** @param rate log of the cases per member of staff and day that would rank so high when all is well */
  decide(who: string, day: LocalDay, rate: number): Verdict {
    const verdict = this.peek(who, day, rate);
    if (verdict.alert) this.#open.set(who, day);
    return verdict;
  }

  /** What `decide` would say; no case is opened by it. */
  peek(who: string, day: LocalDay, rate: number): Verdict {
    if (rate > this.#rate) return { alert: false, joins: null };
    const opened = this.#open.get(who);
    if (opened !== undefined && day - opened <= ABSORB_DAYS) return { alert: false, joins: opened };
    return { alert: true, joins: null };
  }
}

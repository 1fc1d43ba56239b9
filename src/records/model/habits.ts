import type { JudgedDay } from './judge.ts';
import { DayMap } from './pair-map.ts';

/** Looks of a user before their usual hours and machines say anything. */
const ENOUGH = 30;
/** A share of the looks below which an hour, with its neighbours, is unusual. */
const RARE = 0.02;
/** A machine not used for so long is new again. */
const DAYS = 60;

/** When and where each user usually works: learned from explained looks only, so that misuse does not become habit. */
export class Habits {
  readonly #hours: (Uint16Array | undefined)[] = [];
  /** By machine and user: the last day. */
  readonly #machines = new DayMap();
  #daysSincePrune = 0;

  isUnusualHour(user: number, hours: number): boolean {
    const own = this.#hours[user];
    if (own === undefined || hours === 0) return false;
    let total = 0;
    for (const count of own) total += count;
    if (total < ENOUGH) return false;
    let near = 0;
    for (let hour = 0; hour < 24; hour++) {
      if ((hours & (1 << hour)) === 0) continue;
      near = Math.max(near, (own[(hour + 23) % 24] ?? 0) + (own[hour] ?? 0) + (own[(hour + 1) % 24] ?? 0));
    }
    return near < RARE * total;
  }

  isNewMachine(user: number, host: number): boolean {
    if (host < 0) return false;
    const own = this.#hours[user];
    if (own === undefined) return false;
    return this.#machines.at(host * 1_048_576 + user) === 0;
  }

  learn({ day, explained }: JudgedDay): void {
    for (let look = 0; look < day.count; look++) {
      if ((explained[look] ?? 0) < 0.5) continue;
      const user = day.user.at(look);
      const own = (this.#hours[user] ??= new Uint16Array(24));
      const hours = day.hours.at(look);
      for (let hour = 0; hour < 24; hour++)
        if ((hours & (1 << hour)) !== 0 && (own[hour] ?? 0) < 60_000) own[hour] = (own[hour] ?? 0) + 1;
      const host = day.host.at(look);
      if (host >= 0) this.#machines.set(host * 1_048_576 + user, day.day);
    }
    if (++this.#daysSincePrune < 20) return;
    this.#daysSincePrune = 0;
    this.#machines.forgetBefore(day.day - DAYS);
  }
}

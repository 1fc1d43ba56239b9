import type { JudgedDay } from './judge.ts';
import { DayMap } from './pair-map.ts';

/** Looks of a user before their usual hours and machines say anything. */
const ENOUGH = 30;
/** A share of the looks below which an hour, with its neighbours, is unusual. */
const RARE = 0.02;
/** A machine not used for so long is new again. */
const DAYS = 60;
const HOURS = 24;
const ANY = 24;
const SLOTS = 25;

/** When and where each user usually works: learned from explained looks only, so that misuse does not become habit. */
export class Habits {
  /** Of each user: the looks of each hour, then whether there was any. */
  #hours = new Uint16Array(256 * SLOTS);
  /** By machine and user: the last day. */
  readonly #machines = new DayMap();
  #daysSincePrune = 0;

  isUnusualHour(user: number, hours: number): boolean {
    const own = this.#hoursOf(user);
    if (hours === 0) return false;
    let total = 0;
    for (let hour = 0; hour < HOURS; hour++) total += own[hour] ?? 0;
    if (total < ENOUGH) return false;
    let near = 0;
    for (let hour = 0; hour < HOURS; hour++) {
      if ((hours & (1 << hour)) === 0) continue;
      near = Math.max(near, (own[(hour + 23) % 24] ?? 0) + (own[hour] ?? 0) + (own[(hour + 1) % 24] ?? 0));
    }
    return near < RARE * total;
  }

  isNewMachine(user: number, host: number): boolean {
    if (host < 0 || (this.#hoursOf(user)[ANY] ?? 0) === 0) return false;
    return this.#machines.at(host * 1_048_576 + user) === 0;
  }

  learn({ day, explained }: JudgedDay): void {
    for (let look = 0; look < day.count; look++) {
      if ((explained[look] ?? 0) < 0.5) continue;
      const user = day.user.at(look);
      this.#makeRoom(user);
      const own = this.#hoursOf(user);
      own[ANY] = 1;
      const hours = day.hours.at(look);
      for (let hour = 0; hour < HOURS; hour++)
        if ((hours & (1 << hour)) !== 0 && (own[hour] ?? 0) < 60_000) own[hour] = (own[hour] ?? 0) + 1;
      const host = day.host.at(look);
      if (host >= 0) this.#machines.set(host * 1_048_576 + user, day.day);
    }
    if (++this.#daysSincePrune < 20) return;
    this.#daysSincePrune = 0;
    this.#machines.forgetBefore(day.day - DAYS);
  }

  #hoursOf(user: number): Uint16Array {
    return this.#hours.subarray(user * SLOTS, (user + 1) * SLOTS);
  }

  #makeRoom(user: number): void {
    if ((user + 1) * SLOTS <= this.#hours.length) return;
    const larger = new Uint16Array(Math.ceil((user + 1) * 1.5) * SLOTS);
    larger.set(this.#hours);
    this.#hours = larger;
  }
}

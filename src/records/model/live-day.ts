import { type Growing, int32 } from '../growing.ts';
import type { Hospital } from '../hospital.ts';
import type { LocalDay } from '../zone.ts';
import type { Crowd } from './crowds.ts';
import { type Engine, personRate } from './engine.ts';
import { type Place, placesOfUser } from './groups.ts';
import { type JudgedDay, unjudged } from './judge.ts';
import { LookDay } from './looks.ts';
import type { PersonDays } from './person-days.ts';

/** Up to so many looks a day, each one has its person's day summed up anew; of a longer day every 32nd part. */
const EACH_LOOK = 64;
const PART = 5;
/** Looks in one other department before it may be where somebody works today: as for whole days. */
const ROAMING = 4;

/**
 * A day while it goes on: each look is judged when it comes, by what the model has learned of the days before and the company
 * so far, and its person's day summed up. Nothing is learned of it: that is done when the day is over, of the day as a whole.
 *
 * Memory: some 170 bytes for each look, so about 20 MB for 15,000 staff who open 7 records each.
 */
export class LiveDay {
  readonly day: LookDay;
  readonly #hospital: Hospital;
  readonly #engine: Engine;
  readonly #places: (readonly Place[] | undefined)[] = [];
  #judged: JudgedDay;
  #lookScores = new Float64Array(1024);
  /** By user: the last look and how many; by look: the same user’s one before. */
  readonly #lastOf = new Map<number, number>();
  readonly #countOf = new Map<number, number>();
  readonly #before: Growing<Int32Array> = int32();

  constructor(hospital: Hospital, engine: Engine, day: LocalDay) {
    this.#hospital = hospital;
    this.#engine = engine;
    this.day = new LookDay(day);
    this.#judged = unjudged(this.day, this.#places, 1024);
    engine.judge.openDay(this.day);
  }

  get judged(): JudgedDay {
    return this.#judged;
  }

  /**
   * Judges the newest look of `day`.
   * @returns what its person’s day comes to; `null` if it was not summed up this time
   */
  arrive(look: number): PersonDays | null {
    const user = this.day.user.at(look);
    this.#makeRoom(look + 1);
    this.#before.push(this.#lastOf.get(user) ?? -1);
    this.#lastOf.set(user, look);
    const count = (this.#countOf.get(user) ?? 0) + 1;
    this.#countOf.set(user, count);
    const place = this.day.place.at(look);
    if (this.#places[user] === undefined || (place >= 0 && count >= ROAMING && !this.#worksIn(user, place)))
      this.#place(user, count <= EACH_LOOK || count % ROAMING === 0 ? this.#looksOf(user) : null);
    const { judge } = this.#engine;
    judge.arrive(this.day, look, this.#places[user]?.[0]?.group ?? 0);
    judge.peek(look, this.#judged);
    return count <= EACH_LOOK || count % (count >> PART) === 0 ? this.#sum(user) : null;
  }

  /** Judges all looks of a person anew: by the company, and the relationships, as they are now. */
  again(user: number): PersonDays {
    const looks = this.#looksOf(user);
    this.#place(user, looks);
    for (const look of looks) this.#engine.judge.peek(look, this.#judged);
    return this.#sum(user);
  }

  /** log of the cases per member of staff and day that would rank so high when all is well. */
  rateOf(persons: PersonDays): number {
    return personRate(this.#engine.calibration, persons, 0);
  }

  /** The crowd at one patient, as far as it has come; `null`: there is none. */
  crowdAt(patient: number): Crowd | null {
    const { judge, crowds } = this.#engine;
    return crowds.peek(patient, this.#judged, (onLook) => judge.eachLookAt(patient, this.day.day, onLook));
  }

  #sum(user: number): PersonDays {
    return this.#engine.persons.peek(this.#judged, user, this.#looksOf(user), this.#lookScores);
  }

  #looksOf(user: number): Int32Array {
    const looks = new Int32Array(this.#countOf.get(user) ?? 0);
    let look = this.#lastOf.get(user) ?? -1;
    for (let i = looks.length - 1; i >= 0; i--) {
      looks[i] = look;
      look = this.#before.at(look);
    }
    return looks;
  }

  #worksIn(user: number, department: number): boolean {
    const { groups } = this.#engine.judge;
    return this.#places[user]?.some(({ group }) => groups.department[group] === department) === true;
  }

  /** @param looks `null`: too many to look at again for this one */
  #place(user: number, looks: Int32Array | null): void {
    if (looks === null) return;
    const counts = new Map<number, number>();
    for (const look of looks) {
      const place = this.day.place.at(look);
      if (place >= 0) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    const { zone } = this.#hospital;
    const start = zone.startOf(this.day.day);
    const end = zone.startOf(this.day.day + 1);
    this.#places[user] = placesOfUser(
      user,
      looks.length,
      counts,
      start,
      end,
      this.#hospital,
      this.#engine.judge.groups,
    );
  }

  #makeRoom(count: number): void {
    if (count <= this.#lookScores.length) return;
    const size = 2 * count;
    const larger = unjudged(this.day, this.#places, size);
    const old = this.#judged;
    for (const column of ['explained', 'motive', 'repeatEvidence', 'foreign'] as const) larger[column].set(old[column]);
    for (const column of ['ties', 'repeats', 'cause', 'direct', 'others', 'team', 'foreignDepartment'] as const)
      larger[column].set(old[column]);
    this.#judged = larger;
    const scores = new Float64Array(size);
    scores.set(this.#lookScores);
    this.#lookScores = scores;
  }
}

/**
 * The highest that each person’s day would have come to while it went on, as its looks came: −log of the rate, by user.
 * @param from what lies below is not looked at again, and left out
 */
export function replayDay(hospital: Hospital, engine: Engine, past: LookDay, from: number): Map<number, number> {
  const live = new LiveDay(hospital, engine, past.day);
  const peaks = new Map<number, number>();
  for (let look = 0; look < past.count; look++) {
    const persons = live.arrive(live.day.copyLook(past, look));
    if (persons === null || -live.rateOf(persons) < from) continue;
    const user = past.user.at(look);
    const score = -live.rateOf(live.again(user));
    if (score >= from && score > (peaks.get(user) ?? Number.NEGATIVE_INFINITY)) peaks.set(user, score);
  }
  return peaks;
}

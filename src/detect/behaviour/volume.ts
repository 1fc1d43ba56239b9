import type { UtcMs } from '../../core/event.ts';
import { forgetOldest } from './forget-oldest.ts';

/** How unusual an hour of a subject has become. */
export interface Reading {
  /** `-log10 p`, as in `Sighting`. */
  readonly surprise: number;
  readonly told: number;
  readonly isNews: boolean;
  /** What the hour holds so far. */
  readonly amount: number;
  /** What an hour of it at this time of the week usually holds; `null`: it is not known yet. */
  readonly usual: number | null;
  /** Of the hours of all subjects that had any, the share that holds as much. */
  readonly peers: number;
  readonly hourKey: string;
}

/** What is known of one subject. Amounts are kept by their logarithm, less what is usual at that time of the week. */
interface Course {
  /** Since 1970: the one that is being counted; all before it are learned. */
  hour: number;
  amount: number;
  /** No look is worth it before the amount has come so far. */
  next: number;
  told: number;
  /** Hours before this one that had any, faded to `hour`. */
  weight: number;
  mean: number;
  spread: number;
  /** How many hours of each kind had any: 24 of working days, 24 of weekends. Halved when one of them is full. */
  readonly present: number[];
  /** The hour from which `present` counts; when they are halved, half of the time is gone too. */
  since: number;
}

const HOUR_MS = 3_600_000;
const WEEK_HOURS = 168;
/** As in `Rhythm` (design: record-access.md 3.0). */
const HALF_LIFE_HOURS = 60 * 24;
/** A subject's own history counts as much as everybody's once it is so long, as in `Rhythm`. */
const PRIOR_HOURS = 2;
/** At a time at which nobody ever has any: as if a fiftieth of one hour had, as in `Rhythm`. */
const UNSEEN_HOURS = 0.02;
/** Half of the spread of a quantity whose hours differ by a factor of two: what is regular is not taken for exact. */
const MIN_VARIANCE = 0.12;
/** What one hour can teach ends so far from the mean (design: record-access.md 3.0, learning caps). */
const MAX_LESSON = 3;
/** A time of the week is known when so many hours of it have been seen; until then it is drawn to no difference. */
const SEASON_PRIOR = 8;
const MAX_PRESENT = 60;
const LOOK_AGAIN = 1.25;
const STEP = 0.5;
const MAX_SURPRISE = 12;
/** About 500 bytes each: 15 MB for a measure. The subject longest without any is forgotten first. */
const MAX_COURSES = 30_000;
/** Logs of one subject come from several sources, some later than others. */
const CLOSE_AFTER_HOURS = 6;
/** Of the logarithm of amounts, for everybody's distribution: quarter steps, up to e^30 (ten million million). */
const BIN = 0.25;
const BINS = 120;

/**
 * How much there is of one thing (bytes sent, files read) in each hour of each subject, against the subject's own past
 * and against all others. Seasonal: how amounts differ over the hours of the week is learned from everybody, at which
 * hours a subject has any from itself. Robust: an hour teaches once, and no more than three deviations.
 *
 * An amount's chance is that in the subject's own history (Student's t with four degrees of freedom, the usual choice
 * for quantities with heavy tails: Lange, Little and Taylor 1989) mixed with its rank among the hours of all subjects,
 * which needs no assumption: what is new here but common elsewhere is no surprise, and who has no history is judged as
 * the others. Hours are those of UTC: after a change of the clocks the season is one hour off for some weeks.
 */
export class Volume {
  readonly #courses = new Map<string, Course>();
  /** For each hour of the week: the mean difference of its amounts from the subjects' own means, and from how many. */
  readonly #season: number[];
  readonly #seasonWeight: number[];
  /** Hours that had any, by the logarithm of the amount less the season. Halved now and then, so that they fade. */
  readonly #reached: number[];
  #hours = 0;
  #at = 0;
  #startedHour: number | null = null;
  /** Less than this is of no account, however unusual. */
  readonly #floor: number;

  constructor(floor: number) {
    this.#floor = floor;
    this.#season = new Array<number>(WEEK_HOURS).fill(0);
    this.#seasonWeight = new Array<number>(WEEK_HOURS).fill(0);
    this.#reached = new Array<number>(BINS).fill(0);
  }

  /** @returns `null` if that hardly changes the hour, or belongs to one that was already learned */
  see(subject: string, at: UtcMs, amount: number): Reading | null {
    const hour = Math.floor(at / HOUR_MS);
    this.#startedHour ??= hour;
    if (hour > this.#at) this.#turn(hour);
    const course = this.#courses.get(subject) ?? this.#begin(subject, hour);
    if (hour > course.hour) this.#close(subject, course, hour);
    // The logs of a day that come at once must not look like a flood.
    else if (hour < course.hour) return null;
    course.amount += amount;
    if (course.amount < this.#floor || course.amount < course.next) return null;
    course.next = course.amount * LOOK_AGAIN;
    const level = Math.log(course.amount) - this.#seasonal(course.hour);
    const peers = this.#peersChance(level);
    const own = tailOf(level, course);
    const { weight } = course;
    const chance = this.#anyChance(course) * ((weight * own + PRIOR_HOURS * peers) / (weight + PRIOR_HOURS));
    const surprise = Math.min(MAX_SURPRISE, -Math.log10(chance));
    const { told } = course;
    const isNews = surprise - told >= STEP;
    if (isNews) course.told = surprise;
    return {
      surprise,
      told,
      isNews,
      amount: course.amount,
      usual: weight < PRIOR_HOURS ? null : Math.exp(course.mean + this.#seasonal(course.hour)),
      peers,
      hourKey: `${subject}\0${course.hour}`,
    };
  }

  #begin(subject: string, hour: number): Course {
    forgetOldest(this.#courses, MAX_COURSES, (course) => this.#learn(course));
    const course: Course = {
      hour,
      amount: 0,
      next: 0,
      told: -1,
      weight: 0,
      mean: 0,
      spread: 0,
      present: new Array<number>(48).fill(0),
      since: hour,
    };
    this.#courses.set(subject, course);
    return course;
  }

  /** The clock goes on: what has not been heard of for hours is learned too, or those that come once never were. */
  #turn(hour: number): void {
    this.#at = hour;
    for (const course of this.#courses.values())
      if (course.amount > 0 && course.hour < hour - CLOSE_AFTER_HOURS) this.#learn(course);
  }

  #close(subject: string, course: Course, hour: number): void {
    this.#learn(course);
    const fade = 0.5 ** ((hour - course.hour) / HALF_LIFE_HOURS);
    course.weight *= fade;
    course.spread *= fade;
    course.hour = hour;
    // The map's order is that of last use.
    this.#courses.delete(subject);
    this.#courses.set(subject, course);
  }

  /** Learns the hour that is over; nothing if it had none. */
  #learn(course: Course): void {
    const { hour, amount, weight } = course;
    course.amount = 0;
    course.next = 0;
    course.told = -1;
    if (amount <= 0) return;
    const slot = hour % WEEK_HOURS;
    const log = Math.log(Math.max(1, amount));
    const level = log - this.#seasonal(hour);
    if (weight >= PRIOR_HOURS) {
      const before = this.#seasonWeight[slot] ?? 0;
      const lesson = clipped(log - course.mean, MAX_LESSON * Math.sqrt(varianceOf(course)));
      this.#season[slot] = (this.#season[slot] ?? 0) + (lesson - (this.#season[slot] ?? 0)) / (before + 1);
      this.#seasonWeight[slot] = Math.min(before + 1, 10_000);
    }
    const difference =
      weight < PRIOR_HOURS
        ? level - course.mean
        : clipped(level - course.mean, MAX_LESSON * Math.sqrt(varianceOf(course)));
    course.weight = weight + 1;
    course.mean += difference / course.weight;
    course.spread += difference * (difference - difference / course.weight);
    const kind = kindOf(hour);
    course.present[kind] = (course.present[kind] ?? 0) + 1;
    if ((course.present[kind] ?? 0) >= MAX_PRESENT) {
      for (let each = 0; each < 48; each++) course.present[each] = (course.present[each] ?? 0) / 2;
      course.since = hour - (hour - course.since) / 2;
    }
    const bin = binOf(level);
    this.#reached[bin] = (this.#reached[bin] ?? 0) + 1;
    this.#hours++;
    // Half of what was learned is gone when as much has come again as two million hours: 3,000 hosts for a month.
    if (this.#hours < 2_000_000) return;
    for (let each = 0; each < BINS; each++) this.#reached[each] = (this.#reached[each] ?? 0) / 2;
    this.#hours /= 2;
  }

  /** What is usual at this hour of the week, more than the mean of all hours. */
  #seasonal(hour: number): number {
    const slot = hour % WEEK_HOURS;
    const weight = this.#seasonWeight[slot] ?? 0;
    return ((this.#season[slot] ?? 0) * weight) / (weight + SEASON_PRIOR);
  }

  /** A conformal p-value: valid whatever the distribution is. */
  #peersChance(level: number): number {
    let count = 1;
    for (let bin = binOf(level); bin < BINS; bin++) count += this.#reached[bin] ?? 0;
    return count / (this.#hours + 1);
  }

  /** That an hour at this time of the day, of a working day or a weekend, has any of it. */
  #anyChance({ present, since, hour }: Course): number {
    const kind = kindOf(hour);
    const isWeekend = kind >= 24;
    const first = isWeekend ? 24 : 0;
    // Nobody keeps to the clock: if there is more in the hours before and after, their mean counts.
    const three = [kind + 23, kind, kind + 1].reduce((sum, each) => sum + (present[first + (each % 24)] ?? 0), 0);
    const near = Math.max(present[kind] ?? 0, three / 3);
    const watched = ((hour - since) / 24) * (isWeekend ? 2 / 7 : 5 / 7);
    const everyones =
      (this.#hours + UNSEEN_HOURS) / ((hour - (this.#startedHour ?? hour) + 1) * this.#courses.size + 1);
    return Math.min(1, (near + PRIOR_HOURS * Math.min(1, everyones)) / (watched + PRIOR_HOURS));
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    const hour = Math.floor(to / HOUR_MS);
    this.#at = Math.min(this.#at, hour);
    if (this.#startedHour !== null) this.#startedHour = Math.min(this.#startedHour, hour);
    for (const course of this.#courses.values()) {
      course.since = Math.min(course.since, hour);
      if (course.hour <= hour) continue;
      // What faded on the way ahead did not fade.
      const weight = Math.min(course.weight * 2 ** ((course.hour - hour) / HALF_LIFE_HOURS), hour - course.since);
      course.spread *= weight / Math.max(1e-9, course.weight);
      course.weight = weight;
      course.hour = hour;
      course.amount = 0;
      course.next = 0;
      course.told = -1;
    }
  }

  /** All that was learned, as plain data for `Volume.from`. */
  save(): SavedVolume {
    return {
      startedHour: this.#startedHour,
      at: this.#at,
      hours: this.#hours,
      season: this.#season,
      seasonWeight: this.#seasonWeight,
      reached: this.#reached,
      courses: [...this.#courses],
    };
  }

  static from(saved: SavedVolume | undefined, floor: number): Volume {
    const volume = new Volume(floor);
    if (saved === undefined) return volume;
    volume.#startedHour = saved.startedHour;
    volume.#at = saved.at;
    volume.#hours = saved.hours;
    for (const [to, from] of [
      [volume.#season, saved.season],
      [volume.#seasonWeight, saved.seasonWeight],
      [volume.#reached, saved.reached],
    ] as const)
      for (const [each, value] of from.entries()) to[each] = value;
    for (const [subject, course] of saved.courses) volume.#courses.set(subject, course);
    return volume;
  }
}

export interface SavedVolume {
  readonly startedHour: number | null;
  readonly at: number;
  readonly hours: number;
  readonly season: readonly number[];
  readonly seasonWeight: readonly number[];
  readonly reached: readonly number[];
  readonly courses: readonly (readonly [subject: string, course: Course])[];
}

function clipped(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

function binOf(level: number): number {
  return Math.min(BINS - 1, Math.max(0, Math.floor(level / BIN)));
}

/** 0 to 23: the hour of a working day; 24 to 47: of a weekend. 1970 began on a Thursday. */
function kindOf(hour: number): number {
  const weekday = (Math.floor(hour / 24) + 4) % 7;
  return (hour % 24) + (weekday === 0 || weekday === 6 ? 24 : 0);
}

function varianceOf({ weight, spread }: Course): number {
  return Math.max(MIN_VARIANCE, spread / Math.max(1, weight - 1)) * (1 + 1 / Math.max(1, weight));
}

/** The chance that an hour of the subject which has any has at least so much. */
function tailOf(level: number, course: Course): number {
  if (course.weight === 0) return 1;
  return studentTail((level - course.mean) / Math.sqrt(varianceOf(course)));
}

/** The upper tail of Student's t with four degrees of freedom, in closed form. */
export function studentTail(t: number): number {
  const x = t / Math.sqrt(t * t + 4);
  return Math.max(1e-12, 0.5 - 0.75 * (x - (x * x * x) / 3));
}

import type { UtcMs } from '../../core/event.ts';
import { forgetOldest } from './forget-oldest.ts';

/** One more of a signal, and how unusual that makes this hour. */
export interface Sighting {
  /**
   * `-log10 p`: p is the chance, by what was learned, that an hour of this subject holds at least so much of this
   * signal. 1.6 is one hour in 40, 3 one in 1,000.
   */
  readonly surprise: number;
  /** What was already told of this hour; -1 if nothing. */
  readonly told: number;
  /** True if this hour has become so much more unusual that it is worth telling again. */
  readonly isNews: boolean;
  /** How much of it this hour has so far. */
  readonly amount: number;
  /** In how many of the hours that were watched there was any of it. Both fade with the years. */
  readonly hoursWith: number;
  readonly hoursWatched: number;
  /** The same for all sightings of one signal, subject and hour. */
  readonly hourKey: string;
}

/** What is known of one signal of one subject. Amounts are kept by their logarithm: bursts are not bell-shaped. */
interface Beat {
  /** Of the hour that is being counted, since 1970. */
  hour: number;
  amount: number;
  told: number;
  /** Hours before this one that had any, faded to `hour`. */
  hoursWith: number;
  meanLog: number;
  /** Sum of squared differences from `meanLog`, faded as `hoursWith`. */
  spreadLog: number;
}

const HOUR_MS = 3_600_000;
/** What was learned fades: half of it is gone after 60 days (design: record-access.md 3.0). */
const HALF_LIFE_HOURS = 60 * 24;
/** A subject that has no history of its own is judged by so many hours of everybody's. */
const PRIOR_HOURS = 2;
/** Nobody has seen the signal yet: as if a fiftieth of one hour had. */
const UNSEEN_HOURS = 0.02;
/** A first burst is compared with amounts of about one. */
const PRIOR_MEAN_LOG = 0;
const PRIOR_SPREAD_LOG = 0.1;
const MIN_VARIANCE = 0.05;
/** An hour is told again when it has become three times less likely. */
const STEP = 0.5;
const MAX_SURPRISE = 12;
/** Bytes are about 300 each: 60 MB. The subject longest without a signal is forgotten first. */
const MAX_BEATS = 200_000;
/** Names beyond these are not learned: whoever can make names up must not fill the memory. */
const MAX_SIGNALS = 20_000;
const MAX_SUBJECTS = 200_000;

/**
 * Learns how often each signal (an alert's name, a rule, a first sign-in somewhere) comes to each subject (a host, an
 * account), hour by hour, and says how unusual the present hour is. Signals that a subject has not given before are
 * judged by how often others give them: what is new here and common elsewhere is no surprise.
 *
 * An hour is learned when the next one of it begins, and counts once however much it held: a flood teaches no more than
 * an hour of it.
 */
export class Rhythm {
  readonly #beats = new Map<string, Beat>();
  /** Hours with the signal, over all subjects. */
  readonly #signals = new Map<string, number>();
  readonly #subjects = new Set<string>();
  #startedAt: UtcMs | null = null;

  /** Since when anything is watched; `null`: nothing is. */
  get startedAt(): UtcMs | null {
    return this.#startedAt;
  }

  /** Something is watched from here on, whether it gives signals or not. */
  begin(at: UtcMs): void {
    this.#startedAt ??= at;
  }

  /**
   * @param signal without NUL
   * @param amount how much of it: 1 for a thing that happened, or a volume
   */
  see(signal: string, subject: string, at: UtcMs, amount = 1): Sighting {
    this.#startedAt ??= at;
    const hour = Math.floor(at / HOUR_MS);
    const watched = faded(Math.max(1, (at - this.#startedAt) / HOUR_MS));
    if (this.#subjects.size < MAX_SUBJECTS) this.#subjects.add(subject);
    const key = `${signal}\0${subject}`;
    const beat = this.#beats.get(key) ?? this.#begin(key, hour);
    if (hour > beat.hour) this.#close(key, beat, signal, hour);
    beat.amount += amount;
    const everyones = ((this.#signals.get(signal) ?? 0) + UNSEEN_HOURS) / (watched * this.#subjects.size + 1);
    const anyChance = Math.min(1, (beat.hoursWith + PRIOR_HOURS * everyones) / (watched + PRIOR_HOURS));
    const chance = anyChance * (beat.amount <= 1 ? 1 : soMuchChance(beat));
    const surprise = Math.min(MAX_SURPRISE, -Math.log10(chance));
    const { told } = beat;
    const isNews = surprise - told >= STEP;
    if (isNews) beat.told = surprise;
    return {
      surprise,
      told,
      isNews,
      amount: beat.amount,
      hoursWith: beat.hoursWith,
      hoursWatched: watched,
      hourKey: `${key}\0${beat.hour}`,
    };
  }

  #begin(key: string, hour: number): Beat {
    forgetOldest(this.#beats, MAX_BEATS);
    const beat: Beat = { hour, amount: 0, told: -1, hoursWith: 0, meanLog: 0, spreadLog: 0 };
    this.#beats.set(key, beat);
    return beat;
  }

  /** Learns the hour that is over, and begins the next. */
  #close(key: string, beat: Beat, signal: string, hour: number): void {
    const hours = this.#signals.get(signal);
    if (hours !== undefined || this.#signals.size < MAX_SIGNALS) this.#signals.set(signal, (hours ?? 0) + 1);
    const fade = 0.5 ** ((hour - beat.hour) / HALF_LIFE_HOURS);
    const weight = beat.hoursWith + 1;
    const difference = Math.log(Math.max(1, beat.amount)) - beat.meanLog;
    beat.meanLog += difference / weight;
    beat.spreadLog = (beat.spreadLog + difference * (Math.log(Math.max(1, beat.amount)) - beat.meanLog)) * fade;
    beat.hoursWith = weight * fade;
    beat.hour = hour;
    beat.amount = 0;
    beat.told = -1;
    // The map's order is that of last use.
    this.#beats.delete(key);
    this.#beats.set(key, beat);
  }

  /** The clock was ahead and has been set back: what claims to be later did not happen later. */
  setBack(to: UtcMs): void {
    if (this.#startedAt !== null) this.#startedAt = Math.min(this.#startedAt, to);
    const hour = Math.floor(to / HOUR_MS);
    const watched = (to - (this.#startedAt ?? to)) / HOUR_MS;
    for (const beat of this.#beats.values())
      if (beat.hour > hour) {
        // What faded on the way ahead did not fade.
        const unfade = 2 ** ((beat.hour - hour) / HALF_LIFE_HOURS);
        const hoursWith = Math.min(beat.hoursWith * unfade, watched);
        beat.spreadLog *= hoursWith / Math.max(1e-9, beat.hoursWith);
        beat.hoursWith = hoursWith;
        beat.hour = hour;
        beat.amount = 0;
        beat.told = -1;
      }
  }

  /** All that was learned, as plain data for `Rhythm.from`. */
  save(): SavedRhythm {
    return {
      startedAt: this.#startedAt,
      subjects: [...this.#subjects],
      signals: [...this.#signals],
      beats: Array.from(this.#beats, ([key, { hour, amount, told, hoursWith, meanLog, spreadLog }]) => [
        key,
        hour,
        amount,
        told,
        hoursWith,
        meanLog,
        spreadLog,
      ]),
    };
  }

  static from({ startedAt, subjects, signals, beats }: SavedRhythm): Rhythm {
    const rhythm = new Rhythm();
    rhythm.#startedAt = startedAt;
    for (const subject of subjects) rhythm.#subjects.add(subject);
    for (const [signal, hours] of signals) rhythm.#signals.set(signal, hours);
    for (const [key, hour, amount, told, hoursWith, meanLog, spreadLog] of beats)
      rhythm.#beats.set(key, { hour, amount, told, hoursWith, meanLog, spreadLog });
    return rhythm;
  }
}

export interface SavedRhythm {
  readonly startedAt: UtcMs | null;
  readonly subjects: readonly string[];
  readonly signals: readonly (readonly [signal: string, hours: number])[];
  readonly beats: readonly (readonly [
    key: string,
    hour: number,
    amount: number,
    told: number,
    hoursWith: number,
    meanLog: number,
    spreadLog: number,
  ])[];
}

/** Hours that were watched, with those long ago counting less. */
function faded(hours: number): number {
  return (HALF_LIFE_HOURS / Math.LN2) * (1 - 0.5 ** (hours / HALF_LIFE_HOURS));
}

/** The chance that an hour which has any has at least so much: the upper tail of a log-normal. */
function soMuchChance({ amount, hoursWith, meanLog, spreadLog }: Beat): number {
  const weight = hoursWith + 1;
  const mean = (meanLog * hoursWith + PRIOR_MEAN_LOG) / weight;
  // Even what is perfectly regular varies as much as chance alone lets it: the logarithm of a Poisson count by 1/mean.
  const variance = ((spreadLog + PRIOR_SPREAD_LOG) / weight + MIN_VARIANCE) * (1 + 1 / weight) + Math.exp(-mean);
  const z = (Math.log(amount) - mean) / Math.sqrt(variance);
  // Within a factor of two of the normal tail from the mean on, which is all that is asked of it.
  return z <= 0 ? 1 : Math.max(1e-12, Math.exp(-0.5 * z * z) / (1 + z));
}

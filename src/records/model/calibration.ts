import { COMPONENTS, type Component, type PersonDays } from './person-days.ts';
import type { Judge, JudgedDay } from './judge.ts';
import { RoleTails } from './role-tails.ts';
import { SnoopTail } from './snoop-tail.ts';
import { Tail } from './tail.ts';

/** How the four kinds of evidence share the budget. Assumed; they add up to 1. */
const LOG_SHARES: Readonly<Record<Component, number>> = {
  snoop: Math.log(0.6),
  mass: Math.log(0.12),
  sustained: Math.log(0.14),
  foreign: Math.log(0.14),
};
/** Of the alert budget, what goes to persons and what to crowds on one patient. */
export const PERSON_SHARE = 0.85;
export const CROWD_SHARE = 0.15;

/** An open case absorbs the same person's, or patient's, further days for so long. */
export const ABSORB_DAYS = 7;

/** A score of one person or patient on one day, while the training time is collected. */
interface Reading {
  readonly who: number;
  readonly day: number;
  readonly score: number;
}

type Smooth = Exclude<Component, 'snoop'>;

/** Combined evidence from which runs of days are counted: e^−4, one or two person-days in a hundred. */
const RUN_FROM = 4;
/** As one who counts (k + 1) of (n + 1), but never by more than this: a small site would be told of nothing. Assumed. */
const MAX_DOUBT = 0.3;

/**
 * Turns scores into rates: how many cases for each member of staff and day reach so much when all is well. Learned from
 * the training days.
 */
export class Calibration {
  readonly #collected: Readonly<Record<Component, number[]>> = { snoop: [], mass: [], sustained: [], foreign: [] };
  readonly #who: number[] = [];
  readonly #days: number[] = [];
  readonly #crowds: Reading[] = [];
  readonly #roles = new RoleTails();
  readonly #snoop = new SnoopTail();
  #staffDays = 0;
  #tails: Readonly<Record<Smooth, Tail>> | null = null;
  /** log of person-days for each staff-day, less what open cases absorb. */
  #perStaffDay = 0;
  #crowd: Tail | null = null;

  collect(
    judged: JudgedDay,
    staff: number,
    persons: PersonDays,
    crowds: readonly { patient: number; score: number }[],
    judge: Judge,
  ): void {
    const { day } = judged.day;
    this.#staffDays += staff;
    for (let i = 0; i < persons.users.length; i++) {
      this.#who.push(persons.users[i] ?? 0);
      this.#roles.looked(persons.users[i] ?? 0, persons.roles[i] ?? -1, persons.looks[i] ?? 0);
      this.#days.push(day);
      for (const component of COMPONENTS) this.#collected[component].push(persons.scores[component][i] ?? 0);
    }
    this.#snoop.collect(
      judged,
      persons,
      judge.motives,
      (user) => judge.groups.department[judged.places[user]?.[0]?.group ?? 0] ?? -1,
    );
    for (const { patient, score } of crowds) this.#crowds.push({ who: patient, day, score });
  }

  /** Ends the collecting. */
  settle(): void {
    const size = this.#who.length;
    const tail = (component: Smooth) => new Tail(this.#collected[component], size);
    this.#tails = { mass: tail('mass'), sustained: tail('sustained'), foreign: tail('foreign') };
    this.#snoop.settle();
    const readings: Reading[] = [];
    for (let i = 0; i < size; i++) {
      const score = this.combine((component) => this.#collected[component][i] ?? 0);
      if (score > RUN_FROM) readings.push({ who: this.#who[i] ?? 0, day: this.#days[i] ?? 0, score });
    }
    // What stays up for days is one case: of so many person-days that stand out, so many would open one.
    const opened = peaks(readings);
    const opening = (opened.length + 10) / (readings.length + 10);
    this.#roles.settle(opened.map(({ who }) => who));
    this.#perStaffDay = size === 0 ? 0 : Math.log((opening * size) / Math.max(1, this.#staffDays));
    this.#crowd = new Tail(
      peaks(this.#crowds).map(({ score }) => score),
      this.#staffDays,
    );
    for (const component of COMPONENTS) this.#collected[component].length = 0;
    this.#who.length = 0;
    this.#days.length = 0;
    this.#crowds.length = 0;
  }

  /**
   * The four kinds of evidence as one: minus the log of the weighted harmonic mean of their p-values, which holds when
   * they depend on each other. Source: Gui et al., Biometrika 2025; Liu & Xie 2020.
   */
  combine(scoreOf: (component: Component) => number): number {
    // A sum of exponentials, kept in logs: p-values of bulk work would leave the range of numbers.
    let highest = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (const component of COMPONENTS) {
      const part = LOG_SHARES[component] - this.#logP(component, scoreOf(component));
      if (part > highest) {
        sum = sum * Math.exp(highest - part) + 1;
        highest = part;
      } else sum += Math.exp(part - highest);
    }
    return highest + Math.log(sum);
  }

  /** Which kind of evidence weighs most. */
  leading(scoreOf: (component: Component) => number): Component {
    let best: Component = 'snoop';
    let least = Number.POSITIVE_INFINITY;
    for (const component of COMPONENTS) {
      const p = this.#logP(component, scoreOf(component)) - LOG_SHARES[component];
      if (p < least) {
        least = p;
        best = component;
      }
    }
    return best;
  }

  #logP(component: Component, score: number): number {
    if (component === 'snoop') return this.#snoop.logRate(score);
    return this.#tails?.[component].logRate(score) ?? 0;
  }

  /**
   * log of the cases per member of staff and day that would be opened at this score or above when all is well. The
   * combined evidence is minus the log of a p-value, so e^−score of the person-days reach it.
   */
  personRate(combined: number, role: number): number {
    const rate = Math.min(0, this.#perStaffDay - combined + this.#roles.logFactor(role)) - Math.log(PERSON_SHARE);
    // What the training time would have shown once or never is believed to be a little more frequent than the fit says: without, a
    // budget of 0.2 was overrun by a third, and one of 1 by a seventh (8 seeds of 1,000 staff).
    return rate + Math.log1p(Math.min(MAX_DOUBT, 1 / (Math.exp(rate) * Math.max(1, this.#staffDays))));
  }

  crowdRate(score: number): number {
    return (this.#crowd?.logRate(score) ?? 0) - Math.log(CROWD_SHARE);
  }
}

/** Of each one's readings, the highest in any seven days: what an open case absorbs costs no alert. */
function peaks(readings: readonly Reading[]): Reading[] {
  const own = new Map<number, Reading[]>();
  for (const reading of readings) {
    const list = own.get(reading.who);
    if (list === undefined) own.set(reading.who, [reading]);
    else list.push(reading);
  }
  const kept: Reading[] = [];
  for (const list of own.values()) {
    list.sort((a, b) => b.score - a.score);
    const days: number[] = [];
    for (const reading of list) {
      if (days.some((taken) => Math.abs(taken - reading.day) <= ABSORB_DAYS)) continue;
      days.push(reading.day);
      kept.push(reading);
    }
  }
  return kept;
}

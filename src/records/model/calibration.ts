import { COMPONENTS, type Component, type PersonDays } from './person-days.ts';
import { Tail } from './tail.ts';

/** How the four kinds of evidence share the budget. Assumed; they add up to 1. */
const SHARES: Readonly<Record<Component, number>> = { snoop: 0.6, mass: 0.12, sustained: 0.14, foreign: 0.14 };
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

/**
 * Turns scores into rates: how many person-days per member of staff reach so much when all is well. Learned from the
 * training days.
 */
export class Calibration {
  readonly #collected: Readonly<Record<Component, number[]>> = { snoop: [], mass: [], sustained: [], foreign: [] };
  readonly #who: number[] = [];
  readonly #days: number[] = [];
  readonly #crowds: Reading[] = [];
  #staffDays = 0;
  #tails: Readonly<Record<Component, Tail>> | null = null;
  #combined: Tail | null = null;
  #crowd: Tail | null = null;

  collect(
    day: number,
    staff: number,
    persons: PersonDays,
    crowds: readonly { patient: number; score: number }[],
  ): void {
    this.#staffDays += staff;
    for (let i = 0; i < persons.users.length; i++) {
      this.#who.push(persons.users[i] ?? 0);
      this.#days.push(day);
      for (const component of COMPONENTS) this.#collected[component].push(persons.scores[component][i] ?? 0);
    }
    for (const { patient, score } of crowds) this.#crowds.push({ who: patient, day, score });
  }

  /** Ends the collecting. */
  settle(): void {
    const size = this.#who.length;
    this.#tails = {
      snoop: new Tail(this.#collected.snoop, size),
      mass: new Tail(this.#collected.mass, size),
      sustained: new Tail(this.#collected.sustained, size),
      foreign: new Tail(this.#collected.foreign, size),
    };
    const readings: Reading[] = [];
    for (let i = 0; i < size; i++) {
      const score = this.combine((component) => this.#collected[component][i] ?? 0);
      if (score > 2) readings.push({ who: this.#who[i] ?? 0, day: this.#days[i] ?? 0, score });
    }
    this.#combined = new Tail(peaks(readings), this.#staffDays);
    this.#crowd = new Tail(peaks(this.#crowds), this.#staffDays);
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
      const part = Math.log(SHARES[component]) - this.#logP(component, scoreOf(component));
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
      const p = this.#logP(component, scoreOf(component)) - Math.log(SHARES[component]);
      if (p < least) {
        least = p;
        best = component;
      }
    }
    return best;
  }

  #logP(component: Component, score: number): number {
    return this.#tails?.[component].logRate(score) ?? 0;
  }

  /** log of the cases per member of staff and day that would be opened at this score or above when all is well. */
  personRate(combined: number): number {
    return (this.#combined?.logRate(combined) ?? 0) - Math.log(PERSON_SHARE);
  }

  crowdRate(score: number): number {
    return (this.#crowd?.logRate(score) ?? 0) - Math.log(CROWD_SHARE);
  }
}

/** Of each one's readings, the highest in any seven days: what an open case absorbs costs no alert. */
function peaks(readings: readonly Reading[]): number[] {
  const own = new Map<number, Reading[]>();
  for (const reading of readings) {
    const list = own.get(reading.who);
    if (list === undefined) own.set(reading.who, [reading]);
    else list.push(reading);
  }
  const kept: number[] = [];
  for (const list of own.values()) {
    list.sort((a, b) => b.score - a.score);
    const days: number[] = [];
    for (const { day, score } of list) {
      if (days.some((taken) => Math.abs(taken - day) <= ABSORB_DAYS)) continue;
      days.push(day);
      kept.push(score);
    }
  }
  return kept;
}

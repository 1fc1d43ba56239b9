import type { JudgedDay } from './judge.ts';
import type { Motives } from './motives.ts';
import type { PersonDays } from './person-days.ts';
import { Tail } from './tail.ts';

const LOWEST = -5;
const STEP = 0.1;
const BINS = 400;
/** Of ties seen more often than accident gives, so much is believed to be work; the rest may be misuse in the training time. */
const BELIEVED = 0.5;
/** Counts of looks without a tie are believed soon: repetition at work makes a bump that no fit shows. */
const FIT_LEADS = 6;

/**
 * How often honest days show a motive. A household or a rare surname is met by accident now and then: a bump far out in
 * the tail, too thin to count in a month. So it is worked out: every look of the training time, with the chance that it
 * had met each tie. Misuse in the training time then changes little: its ties are not counted, only its looks.
 */
export class SnoopTail {
  readonly #accidents = new Float64Array(BINS);
  readonly #tied = new Float64Array(BINS);
  #untied: number[] = [];
  #size = 0;
  #tail: Tail | null = null;

  collect(judged: JudgedDay, persons: PersonDays, motives: Motives, departmentOf: (user: number) => number): void {
    for (let i = 0; i < persons.users.length; i++) {
      const user = persons.users[i] ?? 0;
      this.#untied.push(persons.untied[i] ?? 0);
      this.#size++;
      if ((persons.scores.snoop[i] ?? 0) > (persons.untied[i] ?? 0) + 0.01)
        add(this.#tied, persons.scores.snoop[i] ?? 0, 1);
      const accidents = motives.accidents(user, departmentOf(user));
      for (let j = persons.start[i] ?? 0; j < (persons.start[i + 1] ?? 0); j++) {
        const look = persons.order[j] ?? 0;
        if (persons.lookScores[look] === Number.NEGATIVE_INFINITY) continue;
        const explained = Math.min(6, Math.max(-6, judged.explained[look] ?? 0));
        const base = (judged.repeatEvidence[look] ?? 0) - explained;
        for (const { chance, evidence } of accidents) add(this.#accidents, base + evidence, chance);
      }
    }
  }

  settle(): void {
    this.#tail = new Tail(this.#untied, this.#size, FIT_LEADS);
    this.#untied = [];
    for (let bin = BINS - 2; bin >= 0; bin--) {
      this.#accidents[bin] = (this.#accidents[bin] ?? 0) + (this.#accidents[bin + 1] ?? 0);
      this.#tied[bin] = (this.#tied[bin] ?? 0) + (this.#tied[bin + 1] ?? 0);
    }
  }

  /** log P(score ≥ s) */
  logRate(score: number): number {
    const untied = this.#tail?.logRate(score) ?? 0;
    if (this.#size === 0) return untied;
    const bin = binOf(score);
    const accidents = this.#accidents[bin] ?? 0;
    const more = Math.max(0, (this.#tied[bin] ?? 0) - accidents);
    // Beyond the last accident that was met nothing is impossible, only rarer.
    const beyond = Math.max(0, score - (LOWEST + STEP * (BINS - 1)));
    return Math.min(0, Math.log(Math.exp(untied) + (accidents + BELIEVED * more) / this.#size + 1e-300)) - beyond;
  }
}

function binOf(score: number): number {
  return Math.min(BINS - 1, Math.max(0, Math.ceil((score - LOWEST) / STEP)));
}

function add(bins: Float64Array, score: number, weight: number): void {
  const bin = Math.min(BINS - 1, Math.max(0, Math.floor((score - LOWEST) / STEP)));
  bins[bin] = (bins[bin] ?? 0) + weight;
}

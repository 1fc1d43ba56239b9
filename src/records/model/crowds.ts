import { type Hospital, WATCHED } from '../hospital.ts';
import type { LocalDay } from '../zone.ts';
import type { Groups } from './groups.ts';
import type { JudgedDay } from './judge.ts';
import { OWN } from './motives.ts';

/** Days that one crowd spans (record-access.md 3.1, A5). */
const SPAN = 4;
/** A look is without a reason when work is no likelier than curiosity (record-access.md: LLR < 0.5). */
const WEAK = 0;
/** Of several from one department each counts less: a team that comes as one has its reason together. Assumed. */
const TEAM_FADE = 0.4;

/** Patients are compared with those whom as many people saw with a reason. */
const REASON_EDGES = [1, 3, 6, 11, 21, 41, 81];

/** One look at a patient, as a crowd sees it. */
export interface Eye {
  readonly user: number;
  readonly day: LocalDay;
  readonly look: number;
  readonly judged: JudgedDay;
  readonly explained: number;
  readonly department: number;
}

export interface Crowd {
  readonly patient: number;
  readonly from: LocalDay;
  readonly to: LocalDay;
  readonly score: number;
  /** Estimated number of users without a reason. */
  readonly expected: number;
  /** Least explained first; each user once. */
  readonly eyes: readonly Eye[];
}

/** Many people without a reason at one patient: scored by patient and span of days. */
export class CrowdScorer {
  readonly #hospital: Hospital;
  readonly #groups: Groups;
  readonly #recent: JudgedDay[] = [];
  /** By how many users had a reason: patient-spans, weak departments in all, and their squares. */
  readonly #usual = Array.from({ length: REASON_EDGES.length + 1 }, () => ({ spans: 50, sum: 1, square: 2 }));

  constructor(hospital: Hospital, groups: Groups) {
    this.#hospital = hospital;
    this.#groups = groups;
  }

  #departmentOf(judged: JudgedDay, user: number): number {
    return this.#groups.department[judged.places[user]?.[0]?.group ?? 0] ?? -1;
  }

  /** The crowds that end on this day. */
  score(judged: JudgedDay, learn: boolean): Crowd[] {
    this.#recent.push(judged);
    while ((this.#recent[0]?.day.day ?? judged.day.day) <= judged.day.day - SPAN) this.#recent.shift();
    const weak = new Map<number, number>();
    for (let look = 0; look < judged.day.count; look++)
      if ((judged.explained[look] ?? 0) < WEAK && isSeen(judged, look))
        weak.set(judged.day.patient.at(look), (weak.get(judged.day.patient.at(look)) ?? 0) + 1);
    const eyes = new Map<number, Eye[]>();
    const strong = new Map<number, Set<number>>();
    for (const past of this.#recent) {
      const { day } = past;
      for (let look = 0; look < day.count; look++) {
        const patient = day.patient.at(look);
        if (!weak.has(patient) || day.isRefused(look)) continue;
        const explained = past.explained[look] ?? 0;
        const user = day.user.at(look);
        if (explained >= WEAK) {
          const users = strong.get(patient);
          if (users === undefined) strong.set(patient, new Set([user]));
          else users.add(user);
          continue;
        }
        if (!isSeen(past, look)) continue;
        const list = eyes.get(patient);
        const eye = { user, day: day.day, look, judged: past, explained, department: this.#departmentOf(past, user) };
        if (list === undefined) eyes.set(patient, [eye]);
        else list.push(eye);
      }
    }
    const crowds: Crowd[] = [];
    for (const [patient, list] of eyes) {
      const withReason = strong.get(patient) ?? new Set<number>();
      const own = new Map<number, Eye>();
      for (const eye of list) {
        if (withReason.has(eye.user)) continue;
        const known = own.get(eye.user);
        if (known === undefined || eye.explained < known.explained) own.set(eye.user, eye);
      }
      const crowd = this.#scoreOne(patient, [...own.values()], withReason.size, judged.day.day, learn);
      if (crowd !== null) crowds.push(crowd);
    }
    return crowds;
  }

  /**
   * The crowd at one patient while its last day goes on; nothing is learned of it yet. `null`: there is none.
   * @param eachLook calls back for each look at the patient on the days of the span
   */
  peek(
    patient: number,
    today: JudgedDay,
    eachLook: (onLook: (day: LocalDay, look: number) => void) => void,
  ): Crowd | null {
    const own = new Map<number, Eye>();
    const withReason = new Set<number>();
    eachLook((on, look) => {
      const judged = on === today.day.day ? today : this.#recent.find(({ day }) => day.day === on);
      if (judged === undefined || on <= today.day.day - SPAN) return;
      const user = judged.day.user.at(look);
      const explained = judged.explained[look] ?? 0;
      if (explained >= WEAK) withReason.add(user);
      else if (isSeen(judged, look) && explained < (own.get(user)?.explained ?? Number.POSITIVE_INFINITY))
        own.set(user, { user, day: on, look, judged, explained, department: this.#departmentOf(judged, user) });
    });
    const eyes = [...own.values()].filter(({ user }) => !withReason.has(user));
    return eyes.length < 2 ? null : this.#scoreOne(patient, eyes, withReason.size, today.day.day, false);
  }

  #scoreOne(patient: number, eyes: Eye[], withReason: number, today: LocalDay, learn: boolean): Crowd | null {
    const byDepartment = new Map<number, number>();
    let count = 0;
    let expected = 0;
    eyes.sort((a, b) => a.explained - b.explained || a.user - b.user);
    for (const { department, explained } of eyes) {
      const before = byDepartment.get(department) ?? 0;
      byDepartment.set(department, before + 1);
      count += TEAM_FADE ** before / (1 + Math.exp(1.5 * (explained + 1)));
      expected += 1 / (1 + Math.exp(explained));
    }
    const usual = this.#usual[binOf(withReason)];
    if (usual === undefined) return null;
    // One look brought us here; what counts is how many more there are than such a patient usually has.
    count = Math.max(0, count - 1);
    const mean = usual.sum / usual.spans;
    const variance = Math.max(mean, usual.square / usual.spans - mean * mean);
    if (learn) {
      const capped = Math.min(count, 6);
      usual.spans++;
      usual.sum += capped;
      usual.square += capped * capped;
    }
    if (count < 1) return null;
    const isWatched = (this.#hospital.keys.flags.at(patient) & WATCHED) !== 0;
    const scatter = Math.max(1, variance / mean);
    const score = (count * Math.log(count / mean) - (count - mean)) / Math.sqrt(scatter) + (isWatched ? 2 : 0);
    if (score < 0) return null;
    return {
      patient,
      from: eyes.reduce((first, { day }) => Math.min(first, day), today),
      to: today,
      score,
      expected,
      eyes,
    };
  }
}

/** Somebody else's record, and it was opened. */
function isSeen({ day, ties }: JudgedDay, look: number): boolean {
  return ((ties[look] ?? 0) & OWN) === 0 && !day.isRefused(look);
}

function binOf(withReason: number): number {
  let bin = 0;
  for (const edge of REASON_EDGES) if (withReason >= edge) bin++;
  return bin;
}

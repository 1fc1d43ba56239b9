import type { Hospital } from '../hospital.ts';
import { Calibration } from './calibration.ts';
import { CauseBook } from './causes.ts';
import { type Crowd, CrowdScorer } from './crowds.ts';
import { staffOn } from './groups.ts';
import { Judge, type JudgedDay } from './judge.ts';
import { type LookBook, type LookDay, spanOf } from './looks.ts';
import { type PersonDays, PersonDayScorer } from './person-days.ts';

/** Parts of the training time: first groups are learned, then weights too, then each day is also scored before it is learned from. */
const WEIGHTS_FROM = 0.15;
const CALIBRATE_FROM = 0.4;

/** Evidence so rare (log rate) counts as asked about, whatever the budget: it starts again from nothing. */
const SPENT = Math.log(0.5 / 1000);

/** One scored day, given to the caller as it comes. */
export interface ScoredDay {
  readonly judged: JudgedDay;
  readonly persons: PersonDays;
  readonly crowds: readonly Crowd[];
  /** Members of staff on the directory. */
  readonly staff: number;
}

export interface Engine {
  readonly judge: Judge;
  readonly causes: CauseBook;
  readonly calibration: Calibration;
  readonly persons: PersonDayScorer;
  readonly crowds: CrowdScorer;
  /** Members of staff on the directory; without one, those who opened a record so far. */
  readonly staffAt: (day: LookDay) => number;
}

export interface EngineHooks {
  /** Sees each day that is scored. */
  readonly onDay: (scored: ScoredDay, engine: Engine) => void;
  /** Sees the days that are not scored. */
  readonly onTrained?: (judged: JudgedDay) => void;
  /** Sees each day that will be scored, by the state that the days before it left. */
  readonly beforeDay?: (day: LookDay, engine: Engine) => void;
  /** Days after the last that relationships are laid out for: those that are yet to come. */
  readonly daysAhead?: number;
}

/**
 * Learns from the training days, then scores the others in order. Every day is scored before it is learned from, the later
 * training days too: how high those score says how high honest days score. Days that a wrong clock put weeks away from the
 * log are not scored.
 */
export function runEngine(
  hospital: Hospital,
  book: Pick<LookBook, 'days'>,
  trainDays: number,
  { onDay, onTrained = () => undefined, beforeDay = () => undefined, daysAhead = 0 }: EngineHooks,
): Engine | null {
  const span = spanOf(book.days);
  if (span === null) return null;
  const { first, last } = span;
  const causes = new CauseBook(hospital, first, last + daysAhead);
  const judge = new Judge(hospital, causes);
  const met = new Set<number>();
  const engine: Engine = {
    judge,
    causes,
    calibration: new Calibration(),
    persons: new PersonDayScorer(judge.groups),
    crowds: new CrowdScorer(hospital, judge.groups),
    staffAt: (day) => {
      if (hospital.posts.length > 0) return staffOn(day.day, hospital, hospital.zone);
      for (const user of day.user.view()) met.add(user);
      return met.size;
    },
  };
  const { calibration, persons, crowds, staffAt } = engine;
  const isStray = ({ day }: LookDay): boolean => day < first || day > last;
  const days = book.days.filter((day) => !isStray(day));
  const training = days.filter(({ day }) => day < first + trainDays);

  for (const day of training) {
    const age = day.day - first;
    const judged = judge.judgeDay(day, { learnGroups: true, learnWeights: age >= trainDays * WEIGHTS_FROM });
    const scored = persons.score(judged, true);
    const found = crowds.score(judged, true);
    onTrained(judged);
    const staff = staffAt(day);
    if (age >= trainDays * CALIBRATE_FROM) calibration.collect(judged, staff, scored, found, judge);
  }
  calibration.settle();
  for (const day of days.slice(training.length)) {
    beforeDay(day, engine);
    scoreDay(engine, day, onDay);
  }
  for (const day of book.days.filter(isStray))
    onTrained(judge.judgeDay(day, { learnGroups: false, learnWeights: false }));
  return engine;
}

/** Scores the next day, and learns from it. */
export function scoreDay(engine: Engine, day: LookDay, onDay: EngineHooks['onDay']): void {
  const { judge, persons, crowds, calibration, staffAt } = engine;
  const judged = judge.judgeDay(day, { learnGroups: true, learnWeights: true });
  const scored = persons.score(judged, true);
  const staff = staffAt(day);
  onDay({ judged, persons: scored, crowds: crowds.score(judged, true), staff }, engine);
  for (let i = 0; i < scored.users.length; i++)
    if (personRate(calibration, scored, i) < SPENT)
      persons.spend(scored.users[i] ?? 0, scored.foreignDepartment[i] ?? -1);
}

/** log of the cases per member of staff and day that would rank so high when all is well. */
export function personRate(calibration: Calibration, { scores, roles }: PersonDays, i: number): number {
  return calibration.personRate(
    calibration.combine((component) => scores[component][i] ?? 0),
    roles[i] ?? -1,
  );
}

/**
 * Judges every day, in order, by what the days before it taught. The first are judged by little more than the relationships:
 * had they been learned from, each look would vouch for itself.
 */
export function judgeAll(hospital: Hospital, book: LookBook, onDay: (judged: JudgedDay) => void): void {
  const span = spanOf(book.days);
  if (span === null) return;
  const judge = new Judge(hospital, new CauseBook(hospital, span.first, span.last));
  for (const day of book.days) onDay(judge.judgeDay(day, { learnGroups: true, learnWeights: true }));
}

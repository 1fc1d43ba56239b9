import { Budget } from './budget.ts';
import type { AccessCase, CrowdCase, ReviewCase } from './case.ts';
import { CaseWriter, type PersonDraft } from './cases.ts';
import { type Hospital, readHospital } from './hospital.ts';
import type { Crowd, Eye } from './model/crowds.ts';
import { type Engine, runEngine, type ScoredDay } from './model/engine.ts';
import { Habits } from './model/habits.ts';
import { type LookBook, readLooks } from './model/looks.ts';
import { findItems, type ReviewItem } from './review-items.ts';
import { newReport, type ReadReport } from './table.ts';
import { dayText, type LocalDay, Zone } from './zone.ts';

export interface ReviewOptions {
  /** False alerts a day per 1,000 staff. */
  readonly budget: number;
  readonly trainDays: number;
  readonly zone: string;
  /** Key for replacing NHS numbers; null: they are refused. */
  readonly pseudonymKey: string | Buffer | null;
}

export interface Review {
  readonly cases: readonly ReviewCase[];
  readonly items: readonly ReviewItem[];
  readonly report: ReadReport;
  readonly accesses: number;
  readonly looks: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly trainDays: number;
  /** Mean number of staff on the directory over the judged days. */
  readonly staff: number;
}

/** Lines below the budget are given down to so many times it, so that a curve can be drawn. */
const SHOWN_BELOW = 10;

/** Reads the folder, learns from its first days and judges the others. */
export function reviewFolder(folder: string, options: ReviewOptions): Review {
  const report = newReport();
  const hospital = readHospital(folder, new Zone(options.zone), report, options.pseudonymKey);
  const book = readLooks(folder, hospital);
  return reviewLooks(hospital, book, options);
}

export function reviewLooks(hospital: Hospital, book: LookBook, { budget, trainDays }: ReviewOptions): Review {
  const writer = new Collector(hospital, book, budget);
  const items: ReviewItem[] = [];
  runEngine(hospital, book, trainDays, (scored, engine) => {
    writer.add(scored, engine);
    items.push(...findItems(scored, hospital, book));
  });
  const first = book.days[0]?.day;
  const last = book.days.at(-1)?.day;
  return {
    cases: writer.cases(),
    items,
    report: hospital.report,
    accesses: book.accesses,
    looks: book.days.reduce((sum, { count }) => sum + count, 0),
    firstDay: first === undefined ? null : dayText(first),
    lastDay: last === undefined ? null : dayText(last),
    trainDays,
    staff: writer.meanStaff(),
  };
}

/** A crowd on one patient, growing for as long as its case is open. */
interface OpenCrowd {
  readonly patient: number;
  readonly from: LocalDay;
  to: LocalDay;
  rate: number;
  readonly eyes: Map<number, Eye>;
}

class Collector {
  readonly habits = new Habits();
  readonly #hospital: Hospital;
  readonly #budget: Budget;
  readonly #limit: number;
  readonly #alertRate: number;
  readonly #writer: CaseWriter;
  readonly #persons: AccessCase[] = [];
  readonly #crowds: OpenCrowd[] = [];
  readonly #openCrowds = new Map<number, OpenCrowd>();
  #staff = 0;
  #days = 0;

  constructor(hospital: Hospital, book: LookBook, budget: number) {
    this.#hospital = hospital;
    this.#budget = new Budget(budget);
    this.#alertRate = Math.log(budget / 1000);
    this.#limit = Math.log((SHOWN_BELOW * budget) / 1000);
    this.#writer = new CaseWriter(hospital, book.hosts, this.habits);
  }

  add(scored: ScoredDay, engine: Engine): void {
    const { judged, persons, crowds, staff } = scored;
    this.#staff += staff;
    this.#days++;
    const { calibration } = engine;
    for (const crowd of crowds) {
      const rate = calibration.crowdRate(crowd.score);
      if (rate <= this.#limit) this.#addCrowd(crowd, rate);
    }
    for (let i = 0; i < persons.users.length; i++) {
      const rate = calibration.personRate(calibration.combine((component) => persons.scores[component][i] ?? 0));
      if (rate <= this.#limit) this.#addPerson(this.#writer.personDraft(scored, i, rate, engine));
    }
    this.habits.learn(judged);
  }

  #addCrowd(crowd: Crowd, rate: number): void {
    const open = this.#openCrowds.get(crowd.patient);
    if (open !== undefined && crowd.to - open.to <= 7 && crowd.to - open.from <= 14) {
      // A crowd that was below the budget so far may rise above it; its days stay together.
      open.to = crowd.to;
      open.rate = Math.min(open.rate, rate);
      for (const eye of crowd.eyes) if (!open.eyes.has(eye.user)) open.eyes.set(eye.user, eye);
      return;
    }
    const fresh: OpenCrowd = {
      patient: crowd.patient,
      from: crowd.from,
      to: crowd.to,
      rate,
      eyes: new Map(crowd.eyes.map((eye) => [eye.user, eye])),
    };
    this.#openCrowds.set(crowd.patient, fresh);
    this.#crowds.push(fresh);
  }

  #addPerson(draft: PersonDraft): void {
    const { users, report } = this.#hospital;
    const crowd = this.#openCrowds.get(draft.mainPatient);
    const isInCrowd = crowd !== undefined && draft.day - crowd.to <= 7 && crowd.eyes.has(draft.who);
    // The patient's case already asks about this look: a second alert would ask the same again.
    const isAsked = isInCrowd && crowd.rate <= this.#alertRate;
    const verdict = isAsked
      ? { alert: false, joins: null }
      : this.#budget.decide(String(draft.who), draft.day, draft.rate);
    this.#persons.push({
      schema: 'wardwatch.access-case/1',
      user: users.textOf(draft.who),
      day: dayText(draft.day),
      alert: verdict.alert,
      p: rounded(draft.rate),
      score: scoreOf(draft.rate),
      kinds: isInCrowd && !draft.kinds.includes('crowd') ? [...draft.kinds, 'crowd'] : draft.kinds,
      patients: draft.patients,
      plain: draft.plain,
      innocentIf: draft.innocentIf,
      missing: [...report.missing],
      ...(verdict.joins === null ? {} : { joins: dayText(verdict.joins) }),
      ...(draft.shared === null ? {} : { shared: draft.shared }),
    });
  }

  #crowdCase(crowd: OpenCrowd): CrowdCase {
    const eyes = [...crowd.eyes.values()].sort((a, b) => a.explained - b.explained || a.user - b.user);
    let expected = 0;
    for (const { explained } of eyes) expected += 1 / (1 + Math.exp(explained));
    expected = Math.max(1, Math.round(expected * 10) / 10);
    const users = eyes.slice(0, Math.floor(1.5 * expected));
    return {
      schema: 'wardwatch.crowd-case/1',
      patient: this.#hospital.patients.textOf(crowd.patient),
      from: dayText(crowd.from),
      to: dayText(crowd.to),
      alert: crowd.rate <= this.#alertRate,
      p: rounded(crowd.rate),
      expected,
      users: users.map((eye) => ({
        user: this.#hospital.users.textOf(eye.user),
        day: dayText(eye.day),
        because: this.#writer.eyeText(eye),
      })),
      plain: this.#writer.crowdText(crowd.patient, crowd, users.length, expected),
    };
  }

  /** Best first. */
  cases(): ReviewCase[] {
    const all: ReviewCase[] = [...this.#persons, ...this.#crowds.map((crowd) => this.#crowdCase(crowd))];
    const name = (one: ReviewCase) => ('user' in one ? `${one.day} ${one.user}` : `${one.to} ${one.patient}`);
    return all.sort((a, b) => a.p - b.p || (name(a) < name(b) ? -1 : 1));
  }

  meanStaff(): number {
    return this.#days === 0 ? 0 : Math.round(this.#staff / this.#days);
  }
}

/** p of a log rate. Numbers have their smallest: what lies beyond is told apart no more. */
function rounded(rate: number): number {
  return Number(Math.exp(Math.min(0, Math.max(-690, rate))).toPrecision(6));
}

function scoreOf(rate: number): number {
  return Math.round(Math.max(0, -rate / Math.LN10) * 1000) / 1000;
}

import { Budget, type Verdict } from './budget.ts';
import type { AccessCase, CrowdCase, CrowdUser, ReviewCase } from './case.ts';
import { CaseWriter, type PersonDraft } from './cases.ts';
import type { Hospital } from './hospital.ts';
import type { Names } from './intern.ts';
import { ABSORB_DAYS } from './model/calibration.ts';
import type { Crowd, Eye } from './model/crowds.ts';
import { type Engine, personRate, type ScoredDay } from './model/engine.ts';
import { Habits } from './model/habits.ts';
import { SharedLogIns } from './model/shared-log-ins.ts';
import { dayText, type LocalDay } from './zone.ts';

/** Lines below the budget are given down to so many times it, so that a curve can be drawn. */
const SHOWN_BELOW = 10;

/** The case of a crowd stays open no longer, however it goes on. */
const CROWD_DAYS = 14;

/** A crowd on one patient, growing for as long as its case is open. */
interface OpenCrowd {
  readonly patient: number;
  readonly from: LocalDay;
  to: LocalDay;
  rate: number;
  readonly eyes: Map<number, OpenEye>;
}

/** One look in a crowd, with its words: the day that it belongs to is let go. */
interface OpenEye extends Pick<Eye, 'user' | 'explained'> {
  readonly listed: CrowdUser;
}

/** Turns scored days into cases, in order of days, and keeps the budget. */
export class Collector {
  readonly habits = new Habits();
  readonly #shared = new SharedLogIns();
  readonly #hospital: Hospital;
  readonly #budget: Budget;
  readonly #limit: number;
  /** log of the rate down to which a case is within the budget. */
  readonly alertRate: number;
  readonly #writer: CaseWriter;
  readonly #persons: { readonly rate: number; readonly one: ReviewCase }[] = [];
  readonly #crowds: OpenCrowd[] = [];
  readonly #openCrowds = new Map<number, OpenCrowd>();
  days = 0;
  #staff = 0;

  constructor(hospital: Hospital, hosts: Names, budget: number) {
    this.#hospital = hospital;
    this.#budget = new Budget(budget);
    this.alertRate = Math.log(budget / 1000);
    this.#limit = Math.log((SHOWN_BELOW * budget) / 1000);
    this.#writer = new CaseWriter(hospital, hosts, this.habits, this.#shared);
  }

  add(scored: ScoredDay, engine: Engine): void {
    const { judged, persons, crowds, staff } = scored;
    this.#staff += staff;
    this.days++;
    const { calibration } = engine;
    for (const crowd of crowds) {
      const rate = calibration.crowdRate(crowd.score);
      if (rate <= this.#limit) this.#addCrowd(crowd, rate);
    }
    for (let i = 0; i < persons.users.length; i++) {
      const rate = personRate(calibration, persons, i);
      if (rate <= this.#limit) this.#addPerson(this.#writer.personDraft(scored, i, rate, engine));
    }
    this.habits.learn(judged);
    this.#shared.learn(judged.day);
  }

  #openCrowd({ patient, to }: Crowd): OpenCrowd | undefined {
    const open = this.#openCrowds.get(patient);
    return open !== undefined && to - open.to <= ABSORB_DAYS && to - open.from <= CROWD_DAYS ? open : undefined;
  }

  #addCrowd(crowd: Crowd, rate: number): void {
    const open = this.#openCrowd(crowd);
    if (open !== undefined) {
      // A crowd that was below the budget so far may rise above it; its days stay together.
      open.to = crowd.to;
      open.rate = Math.min(open.rate, rate);
      for (const eye of crowd.eyes) if (!open.eyes.has(eye.user)) open.eyes.set(eye.user, this.#listed(eye));
      return;
    }
    const fresh: OpenCrowd = {
      patient: crowd.patient,
      from: crowd.from,
      to: crowd.to,
      rate,
      eyes: new Map(crowd.eyes.map((eye) => [eye.user, this.#listed(eye)])),
    };
    this.#openCrowds.set(crowd.patient, fresh);
    this.#crowds.push(fresh);
  }

  #addPerson(draft: PersonDraft): void {
    const one = this.#personCase(draft, (who) => this.#budget.decide(who, draft.day, draft.rate));
    this.#persons.push({ rate: draft.rate, one });
  }

  /** The case of a person's day that goes on, as it stands; nothing is kept of it. */
  peekPerson(scored: Pick<ScoredDay, 'judged' | 'persons'>, i: number, rate: number, engine: Engine): AccessCase {
    const draft = this.#writer.personDraft(scored, i, rate, engine);
    return this.#personCase(draft, (who) => this.#budget.peek(who, draft.day, draft.rate));
  }

  /** The case of a crowd whose last day goes on, as it stands; nothing is kept of it. */
  peekCrowd(crowd: Crowd, rate: number): CrowdCase {
    const open = this.#openCrowd(crowd);
    const eyes = new Map(open?.eyes);
    for (const eye of crowd.eyes) if (!eyes.has(eye.user)) eyes.set(eye.user, this.#listed(eye));
    const from = open?.from ?? crowd.from;
    return this.#crowdCase({ patient: crowd.patient, from, to: crowd.to, rate: Math.min(open?.rate ?? 0, rate), eyes });
  }

  #personCase(draft: PersonDraft, decide: (who: string) => Verdict): AccessCase {
    const { users, report } = this.#hospital;
    const crowd = this.#openCrowds.get(draft.mainPatient);
    const isInCrowd = crowd !== undefined && draft.day - crowd.to <= ABSORB_DAYS && crowd.eyes.has(draft.who);
    // The patient's case already asks about this look: a second alert would ask the same again.
    const isAsked = isInCrowd && crowd.rate <= this.alertRate;
    const verdict = isAsked ? { alert: false, joins: null } : decide(String(draft.who));
    return {
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
    };
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
      alert: crowd.rate <= this.alertRate,
      p: rounded(crowd.rate),
      expected,
      users: users.map(({ listed }) => listed),
      plain: this.#writer.crowdText(crowd, users.length, expected),
    };
  }

  #listed(eye: Eye): OpenEye {
    const shared = this.#writer.sharedOf(eye.judged, [eye.look]);
    return {
      user: eye.user,
      explained: eye.explained,
      listed: {
        user: this.#hospital.users.textOf(eye.user),
        day: dayText(eye.day),
        because: this.#writer.eyeText(eye),
        ...(shared === null ? {} : { shared }),
      },
    };
  }

  /** Of those who only look at a day that goes on: forgets the cases, and the crowds that are open no more. */
  forget(today: LocalDay): void {
    this.#persons.length = 0;
    this.#crowds.length = 0;
    for (const [patient, { to }] of this.#openCrowds) if (today - to > ABSORB_DAYS) this.#openCrowds.delete(patient);
  }

  /** Best first. */
  cases(): ReviewCase[] {
    // By the rate itself: the smallest p are all one number.
    const all = [...this.#persons, ...this.#crowds.map((crowd) => ({ rate: crowd.rate, one: this.#crowdCase(crowd) }))];
    const name = (one: ReviewCase) => ('user' in one ? `${one.day} ${one.user}` : `${one.to} ${one.patient}`);
    all.sort((a, b) => a.one.p - b.one.p || a.rate - b.rate || (name(a.one) < name(b.one) ? -1 : 1));
    return all.map(({ one }) => one);
  }

  meanStaff(): number {
    return this.days === 0 ? 0 : Math.round(this.#staff / this.days);
  }
}

/** p of a log rate. Numbers have their smallest: what lies beyond is told apart no more. */
function rounded(rate: number): number {
  return Number(Math.exp(Math.min(0, Math.max(-690, rate))).toPrecision(6));
}

function scoreOf(rate: number): number {
  return Math.round(Math.max(0, -rate / Math.LN10) * 1000) / 1000;
}

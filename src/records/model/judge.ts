import type { Hospital } from '../hospital.ts';
import { Random } from '../random.ts';
import type { LocalDay } from '../zone.ts';
import { type CauseBook, CAUSES } from './causes.ts';
import { binsOf, CLUES, shippedWeights } from './clues.ts';
import { Affinity, Company } from './company.ts';
import { Expectations } from './expectations.ts';
import { Groups, type Place, placesOf } from './groups.ts';
import type { LookDay } from './looks.ts';
import { Motives, OWN } from './motives.ts';
import { DayMap, PairMap } from './pair-map.ts';
import { Repeats, WITHIN_DAYS } from './repeats.ts';
import { Weigher } from './weigher.ts';

/** Of what the curious open: how much is anybody, and how much somebody under care (record-access.md 3.1). */
const ANYBODY = 0.7;
const UNDER_CARE = 0.3;
const CONTINUITY_DAYS = 60;
/** Having been known months ago is no business of today. */
const NOT_DIRECT = CAUSES.indexOf('known-to');
/** One look in four teaches the weights: they are few, and looks are many. */
const LESSONS = 3;
const TAUGHT_A_DAY = 50;

/** What was found out about every look of one day; arrays by look. Four days are held: logs need no more than 32 bits. */
export interface JudgedDay {
  readonly day: LookDay;
  /** By user; absent for those without a look that day. */
  readonly places: readonly (readonly Place[] | undefined)[];
  /** log P(look | work) / P(look | curiosity): above 0 speaks for work. */
  readonly explained: Float32Array;
  readonly ties: Int32Array;
  /** log P(target | curiosity) against anybody. */
  readonly motive: Float32Array;
  /** Earlier days on which the same user opened the same record without a reason. */
  readonly repeats: Int32Array;
  readonly repeatEvidence: Float32Array;
  /** Cause that explains most, and its department; -1 none. */
  readonly cause: Int32Array;
  /** The nearest relationship with a department where the user works that day; -1 none. */
  readonly direct: Int32Array;
  /** Others who used the record in the last days. */
  readonly others: Int32Array;
  /** Others of the user's own department among them. */
  readonly team: Int32Array;
  /** Share of the explanation that lies in departments where the user does not work. */
  readonly foreign: Float32Array;
  readonly foreignDepartment: Int32Array;
}

export interface JudgeMode {
  /** Groups, company and weights learn. */
  readonly learnGroups: boolean;
  readonly learnWeights: boolean;
}

/** The day goes on: nothing is learned of it yet, nor remembered. */
const PEEK = null;

/** Weighs every look of a day, in order of days, and learns from it. */
export class Judge {
  readonly groups: Groups = new Groups();
  readonly motives: Motives;
  readonly expectations: Expectations;
  readonly #hospital: Hospital;
  readonly #book: CauseBook;
  readonly #company: Company;
  readonly #affinity = new Affinity();
  readonly #weigher = new Weigher(shippedWeights());
  readonly #random = new Random(20_260_101);
  /** Per user and patient: the last day with a reason. */
  readonly #explainedOn = new DayMap();
  /** Per user and patient: the last day without a reason, and the sum of such days, faded. */
  readonly #pairs = new PairMap();
  readonly #bins = new Int32Array(CLUES);
  readonly #repeats = new Repeats();
  #daysSincePrune = 0;

  constructor(hospital: Hospital, book: CauseBook) {
    this.#hospital = hospital;
    this.#book = book;
    this.#company = new Company();
    this.motives = new Motives(hospital);
    this.expectations = new Expectations(book, this.groups, hospital.departments.size);
  }

  judgeDay(day: LookDay, mode: JudgeMode): JudgedDay {
    const count = day.count;
    const places = placesOf(day, this.#hospital, this.groups);
    this.#startDay();
    if (this.#looksToday.length < this.#hospital.users.size)
      this.#looksToday = new Int32Array(this.#hospital.users.size);
    else this.#looksToday.fill(0);
    const mainGroup = new Int32Array(count);
    for (let look = 0; look < count; look++) mainGroup[look] = places[day.user.at(look)]?.[0]?.group ?? 0;
    this.#company.add(day, mainGroup);
    const judged = unjudged(day, places, count);
    for (let look = 0; look < count; look++) this.#judgeLook(look, judged, mode);
    if (++this.#daysSincePrune >= 10) {
      this.#daysSincePrune = 0;
      this.#explainedOn.forgetBefore(day.day - CONTINUITY_DAYS);
      this.#pairs.forgetBelow(day.day - WITHIN_DAYS);
    }
    return judged;
  }

  /** What groups do and whom they meet is taken as it stands. */
  #startDay(): void {
    this.#affinity.refresh();
    this.expectations.startDay();
  }

  /** Begins a day whose looks come one by one, by `arrive`. */
  openDay(day: LookDay): void {
    this.#startDay();
    this.#company.open(day.day);
  }

  /** The newest look of an open day: whoever is judged after it meets it as company. */
  arrive(day: LookDay, look: number, group: number): void {
    this.#company.grow(day, look, group);
  }

  /** Judges one look of an open day, by the days before and the company so far. Nothing is learned from it. */
  peek(look: number, judged: JudgedDay): void {
    this.#judgeLook(look, judged, PEEK);
  }

  /** Calls back for each look at a patient on this day and the three before: the day, and the look’s place in it. */
  eachLookAt(patient: number, day: LocalDay, onLook: (day: LocalDay, look: number) => void): void {
    this.#company.eachLookAt(patient, day, onLook);
  }

  #judgeLook(look: number, judged: JudgedDay, mode: JudgeMode | typeof PEEK): void {
    const { learnGroups, learnWeights } = mode ?? { learnGroups: false, learnWeights: false };
    const { day } = judged;
    const user = day.user.at(look);
    const patient = day.patient.at(look);
    const places = judged.places[user] ?? [];
    const department = this.groups.department[places[0]?.group ?? 0] ?? -1;
    const first = day.first.at(look);
    const last = day.last.at(look);
    const place = day.place.at(look);

    const nth = mode === PEEK ? 0 : (this.#looksToday[user] ?? 0);
    if (mode !== PEEK) this.#looksToday[user] = nth + 1;
    // Nobody teaches more than a long day’s work: a flood of looks must not become what is usual.
    const isTaught = nth < TAUGHT_A_DAY;
    const isLesson = learnWeights && isTaught && (nth & LESSONS) === 0;
    if (isLesson) this.#learnFromRandom(user, places, department, first, last, place, day.day);

    const pairKey = user * 67_108_864 + patient;
    const lastExplained = this.#explainedOn.at(pairKey);
    const since = lastExplained > 0 && day.day - lastExplained <= CONTINUITY_DAYS ? day.day - lastExplained : null;
    this.#fillBins(user, patient, places, department, first, last, place, day.day, since);
    const explained = this.#weigher.weigh(this.#bins);
    judged.explained[look] = explained;
    judged.others[look] = this.#company.total;
    judged.team[look] = this.#team;
    judged.direct[look] = this.#direct;
    if (mode !== PEEK) this.#remember(patient);
    this.#describe(look, judged, places);
    if (isLesson) this.#weigher.learn(this.#bins, true);
    const work = 1 / (1 + Math.exp(-explained));
    if (mode !== PEEK) this.expectations.learn(user, places, work, learnGroups && isTaught);
    if (learnGroups && isTaught) this.#learnCompany(places[0]?.group ?? 0);

    const ties = this.motives.tiesOf(user, patient, department);
    judged.ties[look] = ties;
    judged.motive[look] = this.motives.evidence(ties, user, patient, department);
    if (learnGroups && explained > 2 && (look & 7) === 0) this.motives.learn(ties, user, patient, department, 8);

    if (mode === PEEK) this.#peekPair(look, judged, pairKey, explained, (ties & OWN) !== 0);
    else this.#rememberPair(look, judged, pairKey, explained, (ties & OWN) !== 0);
  }

  #peekPair(look: number, judged: JudgedDay, key: number, explained: number, isOwn: boolean): void {
    const pair = explained > -0.5 || isOwn ? -1 : this.#pairs.find(key);
    const earlier = pair >= 0 ? this.#repeats.left(this.#pairs.sum(pair), this.#pairs.whole(pair), judged.day.day) : 0;
    judged.repeats[look] = Math.round(earlier);
    judged.repeatEvidence[look] = this.#repeats.evidence(judged.day.user.at(look), earlier, explained, false);
  }

  #rememberPair(look: number, judged: JudgedDay, key: number, explained: number, isOwn: boolean): void {
    const today = judged.day.day;
    const user = judged.day.user.at(look);
    if (explained > 0.5) {
      this.#explainedOn.set(key, today);
      return;
    }
    if (explained > -0.5 || isOwn) return;
    const pair = this.#pairs.find(key);
    const earlier = pair < 0 ? 0 : this.#repeats.left(this.#pairs.sum(pair), this.#pairs.whole(pair), today);
    this.#repeats.learn(user, earlier, explained);
    judged.repeats[look] = Math.round(earlier);
    judged.repeatEvidence[look] = this.#repeats.evidence(user, earlier, explained);
    const slot = this.#pairs.make(key);
    this.#pairs.set(slot, today, earlier + 1);
  }

  #looksToday = new Int32Array(0);
  #team = 0;
  #direct = -1;

  #fillBins(
    user: number,
    patient: number,
    places: readonly Place[],
    department: number,
    first: number,
    last: number,
    place: number,
    day: LocalDay,
    sinceExplained: number | null,
  ): number {
    const patients = Math.max(1, this.#hospital.patients.size);
    const active = this.#book.activeOn(day);
    const causes = this.#book.causesOf(patient, first, last);
    const p = this.expectations.explain(user, places, causes, day, patients, active);
    const curious = ANYBODY / patients + (causes > 0 ? UNDER_CARE / active : 0);
    let atPatient = false;
    let direct = -1;
    for (let i = 0; i < causes; i++) {
      const cause = this.#book.found[i] ?? 0;
      const there = this.#book.departmentOf(cause);
      if (there === place) atPatient = true;
      if (this.#book.kindOf(cause) >= NOT_DIRECT || (direct >= 0 && direct <= cause)) continue;
      for (const { group } of places) if (this.groups.department[group] === there) direct = cause;
    }
    this.#direct = direct;

    const others = this.#company.othersOf(patient, user, day);
    const group = places[0]?.group ?? 0;
    let lift = 0;
    let team = 0;
    for (let i = 0; i < others; i++) {
      const other = this.#company.groups[i] ?? 0;
      lift += this.#affinity.lift(group, other);
      if (department >= 0 && this.groups.department[other] === department) team++;
    }
    this.#team = team;
    binsOf(
      {
        context: Math.log(p / curious),
        underCare: causes > 0,
        lift: others === 0 ? null : lift / others,
        others,
        team,
        sinceExplained,
        isDirect: direct >= 0,
        place:
          place < 0
            ? 'unknown'
            : place === department
              ? atPatient
                ? 'shared'
                : 'own'
              : atPatient
                ? 'patient'
                : 'elsewhere',
      },
      this.#bins,
    );
    return causes;
  }

  /** The same user, time and device, but a patient as the curious choose them: what a look without a reason is like. */
  #learnFromRandom(
    user: number,
    places: readonly Place[],
    department: number,
    first: number,
    last: number,
    place: number,
    day: LocalDay,
  ): void {
    let patient = this.#random.below(Math.max(1, this.#hospital.patients.size));
    if (this.#random.chance(UNDER_CARE) && this.#recent.length > 0)
      patient = this.#recent[this.#random.below(this.#recent.length)] ?? patient;
    const lastExplained = this.#explainedOn.at(user * 67_108_864 + patient);
    const since = lastExplained > 0 && day - lastExplained <= CONTINUITY_DAYS ? day - lastExplained : null;
    this.#fillBins(user, patient, places, department, first, last, place, day, since);
    this.#weigher.learn(this.#bins, false);
  }

  /** Patients whose records were lately used: a ring. */
  readonly #recent: number[] = [];
  #recentAt = 0;

  #learnCompany(group: number): void {
    const listed = Math.min(this.#company.total, this.#company.groups.length);
    for (let i = 0; i < listed; i++) this.#affinity.learn(group, this.#company.groups[i] ?? 0, 1 / listed);
  }

  #remember(patient: number): void {
    this.#recent[this.#recentAt] = patient;
    this.#recentAt = (this.#recentAt + 1) % 4096;
  }

  #describe(look: number, judged: JudgedDay, places: readonly Place[]): void {
    const { expectations } = this;
    judged.foreign[look] = 0;
    judged.foreignDepartment[look] = -1;
    const strongest = expectations.strongest();
    judged.cause[look] = strongest?.cause ?? -1;
    if (strongest === null) return;
    const department = this.#book.departmentOf(strongest.cause);
    const isOwn = places.some(({ group }) => this.groups.department[group] === department);
    if (!isOwn) {
      judged.foreign[look] = strongest.share;
      judged.foreignDepartment[look] = department;
    }
  }
}

/** Room for what will be found out about `count` looks. */
export function unjudged(day: LookDay, places: JudgedDay['places'], count: number): JudgedDay {
  return {
    day,
    places,
    explained: new Float32Array(count),
    ties: new Int32Array(count),
    motive: new Float32Array(count),
    repeats: new Int32Array(count),
    repeatEvidence: new Float32Array(count),
    cause: new Int32Array(count).fill(-1),
    direct: new Int32Array(count).fill(-1),
    others: new Int32Array(count),
    team: new Int32Array(count),
    foreign: new Float32Array(count),
    foreignDepartment: new Int32Array(count).fill(-1),
  };
}

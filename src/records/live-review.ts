import { fillAccess, newAccess, RowSet } from './accesses.ts';
import type { ReviewCase } from './case.ts';
import { Collector } from './collector.ts';
import { type Hospital, KIND_OF_CARE, spanOfCare } from './hospital.ts';
import type { KeptAccess } from './kept-access.ts';
import type { LiveCare } from './live-care.ts';
import { type Engine, personRate, runEngine, scoreDay } from './model/engine.ts';
import { LiveDay, replayDay } from './model/live-day.ts';
import {
  addUse,
  BREAK_GLASS,
  type GlassUse,
  isBreakGlass,
  type LookBook,
  noteAccess,
  spanOf,
  useKey,
} from './model/looks.ts';
import { isSealed, itemsOfLook, type ReviewItem } from './review-items.ts';
import type { ReviewOptions } from './review.ts';
import { dayText, type LocalDay } from './zone.ts';

/** What is to be told of the running day. */
export type LiveVerdict =
  /** It passes the budget as the day stands; told again when much was added to it. */
  | { readonly kind: 'first-look'; readonly case: ReviewCase }
  /** It was told, and with what has come in since it does not pass the budget. */
  | { readonly kind: 'lowered'; readonly case: ReviewCase }
  /** Policy wants it looked at, whatever its score. */
  | { readonly kind: 'item'; readonly item: ReviewItem };

/** Relationships are laid out so far ahead; beyond, the model has to be made again. */
const DAYS_AHEAD = 14;
/** Past days that are judged as if they went on, to see how far a first look is from the night’s verdict. */
const REPLAYED_DAYS = 14;
/** Of first looks, so many may turn out beneath the budget. Assumed: a tenth of the alerts may be for nothing twice over. */
const WITHDRAWN = 0.1;
/** A first look is compared with the night’s verdict where it matters: at this distance (log) from the budget, and nearer. */
const NEAR = 3;
/** Fewer such days say nothing: then a first look must be e times rarer than the budget asks. Assumed. */
const ENOUGH_NEAR = 20;
const ASSUMED_MARGIN = 1;
/** A case is told again when its looks have become so many times more. */
const GROWN = 1.5;
/** A look without a reason, as a crowd sees it. */
const WEAK = 0;
/** Looks of one day that are judged as they come; what is beyond waits for the night. 15,000 staff make some 110,000. */
const MAX_LOOKS = 2_000_000;

interface Open {
  /** 0: it belongs to another case, so that nothing is told of it. */
  told: number;
  readonly case: ReviewCase;
}

/**
 * Judges accesses as they come: against what the days before taught, the relationships known now, and the running day as
 * far as it has come. The running day is the newest that has begun to arrive. When the next one begins, it is judged as a
 * whole and learned from, as in the review of a folder; what comes later for it waits for the night.
 */
export class LiveReview {
  readonly #hospital: Hospital;
  readonly #book: Pick<LookBook, 'hosts'>;
  readonly #collector: Collector;
  readonly #engine: Engine | null;
  /** From this day on, days are judged; before, they are only learned from. */
  readonly #judgedFrom: LocalDay;
  /** What a first look must be rarer by (log) than the budget asks. */
  readonly margin: number;
  #live: LiveDay | null = null;
  #rows = new RowSet();
  readonly #access = newAccess();
  readonly #persons = new Map<number, Open>();
  readonly #crowds = new Map<number, Open>();
  /** By patient: looks without a reason today. */
  readonly #weak = new Map<number, number>();
  readonly #uses = new Map<string, GlassUse[]>();
  readonly #items = new Set<string>();
  /** What is to be told, by case or item; and the cases that were told today. */
  readonly #news = new Map<string, LiveVerdict>();
  readonly #told = new Set<string>();
  #nameOf: (pseudonym: string) => string = (pseudonym) => pseudonym;
  /** Accesses that were not judged as they came: of a day that is over, of one that has not begun, or too many. */
  left = 0;

  /** @param book what is kept, the running day and the looks of it so far too */
  constructor(
    hospital: Hospital,
    book: LookBook,
    { budget, trainDays }: Pick<ReviewOptions, 'budget' | 'trainDays'>,
    now: number,
  ) {
    this.#hospital = hospital;
    this.#book = { hosts: book.hosts };
    this.#collector = new Collector(hospital, book.hosts, budget);
    const begun = book.days.filter(({ day }) => day <= hospital.zone.dayOf(now));
    const span = spanOf(begun);
    const last = span?.last ?? Number.NEGATIVE_INFINITY;
    const margin = new Margin(this.#collector.alertRate);
    // Judged only by what all training days taught: what learns from fewer is made anew when there are more.
    const judgedFrom = (span?.first ?? 0) + trainDays;
    this.#judgedFrom = last >= judgedFrom ? judgedFrom : Number.POSITIVE_INFINITY;
    const past = begun.filter(({ day }) => day < last);
    this.#engine = runEngine(hospital, { days: past }, trainDays, {
      daysAhead: DAYS_AHEAD,
      beforeDay: (day, engine) => {
        if (day.day >= last - REPLAYED_DAYS) margin.before(replayDay(hospital, engine, day, margin.near));
      },
      onDay: (scored, engine) => {
        this.#collector.add(scored, engine);
        margin.after(scored.persons.users, (i) => -personRate(engine.calibration, scored.persons, i));
      },
    });
    this.margin = margin.value();
    this.#collector.forget(last);
    forgetDuties(hospital, last);
    const today = begun.find(({ day }) => day === last);
    if (this.#engine === null || today === undefined) return;
    this.#live = new LiveDay(hospital, this.#engine, last);
    for (const [key, uses] of book.uses) if (key.startsWith(`${last} `)) this.#uses.set(key, [...uses]);
    for (let look = 0; look < today.count; look++) this.#judge(this.#live, this.#live.day.copyLook(today, look));
  }

  /** The running day; `null`: none is judged, for want of days to learn from. */
  get today(): string | null {
    return this.#live === null || this.#live.day.day < this.#judgedFrom ? null : dayText(this.#live.day.day);
  }

  /** The running day lies beyond what was laid out: a new one has to be made. */
  get isStale(): boolean {
    return this.#live !== null && this.#engine !== null && this.#live.day.day > this.#engine.causes.lastDay;
  }

  hear(one: KeptAccess, now: number): void {
    const [live, access] = [this.#live, this.#access];
    if (live === null || this.#engine === null || one.user === '') return;
    const patient = this.#nameOf(one.patient);
    if (fillAccess(access, patient === one.patient ? one : { ...one, patient }, this.#hospital) !== null) return;
    const { zone } = this.#hospital;
    const day = zone.dayOf(access.at);
    if (day < live.day.day || day > zone.dayOf(now) || live.day.count >= MAX_LOOKS) {
      this.left++;
      return;
    }
    const running = day === live.day.day ? live : this.#begin(day, live, this.#engine);
    if (this.isStale || !this.#rows.add(access, one.outcome)) return;
    const before = running.day.count;
    const look = noteAccess(running.day, access, this.#hospital, this.#book.hosts);
    if (isBreakGlass(access)) addUse(this.#uses, useKey(day, access.user, access.patient), access);
    if (look === before) this.#judge(running, look);
    else if (isBreakGlass(access)) this.#list(running, look);
  }

  /** What messages told of care since the model was made, all of it: it is known from now on. */
  relate(care: LiveCare): void {
    const { zone, departments, patientId, departmentOf } = this.#hospital;
    this.#nameOf = care.nameOf;
    this.#engine?.causes.tellLate(
      care.relations.map((relation) => {
        const [from, to] = spanOfCare(relation, zone);
        const department = departments.find(departmentOf(relation.department));
        return { kind: KIND_OF_CARE[relation.kind], patient: patientId(relation.patient), department, from, to };
      }),
    );
    this.again();
  }

  /** Looks again at what was told of the running day, by what is known now. */
  again(): void {
    const live = this.#live;
    if (live === null) return;
    for (const [user, open] of this.#persons) if (open.told > 0) this.#tellPerson(live, user, open);
    for (const [patient, open] of this.#crowds) if (open.told > 0) this.#tellCrowd(live, patient, open);
  }

  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** What is to be told since this was last asked. What was found and explained in between is not. */
  verdicts(): readonly LiveVerdict[] {
    const verdicts = [...this.#news.values()];
    this.#news.clear();
    for (const verdict of verdicts) if (verdict.kind === 'first-look') this.#told.add(keyOf(verdict.case));
    return verdicts;
  }

  #begin(day: LocalDay, over: LiveDay, engine: Engine): LiveDay {
    over.day.putAway();
    over.day.sort();
    // Learned from, whether or not it is judged: there are days beyond those first ones.
    scoreDay(engine, over.day, (scored) => this.#collector.add(scored, engine));
    this.#collector.forget(day);
    for (const map of [this.#persons, this.#crowds, this.#weak, this.#uses, this.#items, this.#told]) map.clear();
    this.#rows = new RowSet();
    this.#live = new LiveDay(this.#hospital, engine, day);
    return this.#live;
  }

  #judge(live: LiveDay, look: number): void {
    const persons = live.arrive(look);
    this.#list(live, look);
    if (live.day.day < this.#judgedFrom) return;
    const user = live.day.user.at(look);
    const open = this.#persons.get(user);
    if (persons !== null && (open === undefined ? live.rateOf(persons) <= this.#from : isGrown(open, persons.looks[0])))
      this.#tellPerson(live, user, open);
    if ((live.judged.explained[look] ?? 0) >= WEAK) return;
    const patient = live.day.patient.at(look);
    const weak = (this.#weak.get(patient) ?? 0) + 1;
    this.#weak.set(patient, weak);
    if (weak < 2) return;
    const known = this.#crowds.get(patient);
    if (known === undefined || isGrown(known, weak)) this.#tellCrowd(live, patient, known);
  }

  /** log of the rate from which on a case is made of a day that goes on. */
  get #from(): number {
    return this.#collector.alertRate - this.margin;
  }

  #tellPerson(live: LiveDay, user: number, open: Open | undefined): void {
    if (this.#engine === null) return;
    const persons = live.again(user);
    const rate = live.rateOf(persons);
    if (rate > (open === undefined ? this.#from : this.#collector.alertRate)) {
      this.#lower(this.#persons, user, open);
      return;
    }
    const one = this.#collector.peekPerson({ judged: live.judged, persons }, 0, rate, this.#engine);
    this.#tell(this.#persons, user, one, persons.looks[0] ?? 0, open);
  }

  #tellCrowd(live: LiveDay, patient: number, open: Open | undefined): void {
    if (this.#engine === null) return;
    const { calibration, judge } = this.#engine;
    const limit = open === undefined ? this.#from : this.#collector.alertRate;
    const rateOf = (crowd: ReturnType<LiveDay['crowdAt']>) =>
      crowd === null ? Number.POSITIVE_INFINITY : calibration.crowdRate(crowd.score);
    const first = live.crowdAt(patient);
    // Those who came first were judged without the company of those who came after.
    if (first !== null && rateOf(first) <= limit)
      for (const { day, look } of first.eyes) if (day === live.day.day) judge.peek(look, live.judged);
    const crowd = live.crowdAt(patient);
    if (crowd === null || rateOf(crowd) > limit) {
      this.#lower(this.#crowds, patient, open);
      return;
    }
    const one = this.#collector.peekCrowd(crowd, rateOf(crowd));
    this.#tell(this.#crowds, patient, one, this.#weak.get(patient) ?? 0, open);
  }

  #tell(opens: Map<number, Open>, who: number, one: ReviewCase, looks: number, open: Open | undefined): void {
    const isNews = open === undefined || isGrown(open, looks);
    opens.set(who, { told: isNews ? (one.alert ? looks : 0) : open.told, case: one });
    if (one.alert && isNews) this.#news.set(keyOf(one), { kind: 'first-look', case: one });
  }

  #lower(opens: Map<number, Open>, who: number, open: Open | undefined): void {
    if (open === undefined) return;
    opens.delete(who);
    if (open.told === 0) return;
    const key = keyOf(open.case);
    if (this.#told.has(key)) this.#news.set(key, { kind: 'lowered', case: open.case });
    else this.#news.delete(key);
  }

  #list({ judged, day }: LiveDay, look: number): void {
    const [user, patient] = [day.user.at(look), day.patient.at(look)];
    const isUse = (day.flags.at(look) & BREAK_GLASS) !== 0;
    const uses = isUse ? (this.#uses.get(useKey(day.day, user, patient)) ?? []) : [];
    if (uses.length === 0 && !isSealed(this.#hospital, patient)) return;
    for (const item of itemsOfLook(judged, look, this.#hospital, uses)) {
      const key = `${item.kind} ${user} ${patient} ${item.reason ?? ''}`;
      if (this.#items.has(key)) continue;
      this.#items.add(key);
      this.#news.set(key, { kind: 'item', item });
    }
  }
}

/** Of the rota, what is asked of from this day on: today’s, and whether somebody works in the week around. */
function forgetDuties({ duties, zone }: Hospital, today: LocalDay): void {
  const since = zone.startOf(today - 8);
  for (const [user, own] of duties.entries()) duties[user] = own?.filter(({ to }) => to >= since);
}

function keyOf(one: ReviewCase): string {
  return 'user' in one ? `person ${one.user}` : `patient ${one.patient}`;
}

function isGrown({ told }: Open, looks: number | undefined): boolean {
  return told > 0 && (looks ?? 0) >= GROWN * told;
}

/**
 * How far first looks lie above what the night says of the same day: a day that goes on has its looks before their company,
 * and is looked at many times. Learned from past days that are judged both ways.
 */
class Margin {
  readonly near: number;
  readonly #over: number[] = [];
  #peaks = new Map<number, number>();

  constructor(alertRate: number) {
    this.near = -alertRate - NEAR;
  }

  before(peaks: Map<number, number>): void {
    this.#peaks = peaks;
  }

  after(users: Int32Array, scoreOf: (i: number) => number): void {
    for (let i = 0; i < users.length; i++) {
      const peak = this.#peaks.get(users[i] ?? 0);
      if (peak !== undefined) this.#over.push(Math.max(0, peak - scoreOf(i)));
    }
    this.#peaks = new Map();
  }

  value(): number {
    if (this.#over.length < ENOUGH_NEAR) return ASSUMED_MARGIN;
    const sorted = this.#over.sort((a, b) => a - b);
    return sorted[Math.ceil((1 - WITHDRAWN) * sorted.length) - 1] ?? ASSUMED_MARGIN;
  }
}

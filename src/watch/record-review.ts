import { Refusal } from '../core/refusal.ts';
import { recordFinding, recordFindingId } from '../findings/looks.ts';
import type { CaseKind, ReviewCase } from '../records/case.ts';
import type { LookLine } from '../records/who-looked.ts';
import { dayText, type LocalDay, Zone } from '../records/zone.ts';
import type { State } from '../store/state.ts';
import type { Filed, TakenBackFindings } from './findings-store.ts';
import type { RecordCases } from './record-cases.ts';
import type { RecordItems } from './record-items.ts';
import { RecordsProcess } from './records-process.ts';

/** How the last review went. */
export interface ReviewState {
  /** UTC ms. */
  readonly at: number;
  /** The local day up to which, without it, was reviewed. */
  readonly to: string;
  readonly accesses: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  /** 0: all days are still learned from. */
  readonly judgedDays: number;
  /** What is not known beside the accesses, by file or column. */
  readonly missing: readonly string[];
  /** Rows of the files beside them that could not be read. */
  readonly setAside: number;
  /** Codes of places that came in messages and that no file names as a department: locations.csv may. */
  readonly unknownLocations: readonly string[];
  /** Local ids that came with two NHS numbers: accesses that name their patient so are explained by files alone. */
  readonly ambiguousIds: number;
  /** Stays, appointments, referrals and orders that messages told of. */
  readonly relationships: number;
  /** Parts of what is kept that could not be read. */
  readonly losses: number;
}

export interface RecordReviewParts {
  readonly state: State;
  readonly cases: RecordCases;
  readonly items: RecordItems;
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly relationships: string | null;
  /** False alerts a day and 1,000 staff. */
  readonly budget: number;
  readonly timeZone: string;
  readonly now: () => number;
  readonly file: (found: readonly Filed[]) => Promise<void>;
  readonly takenBack: TakenBackFindings;
  /** It could not review; `reason` holds nothing of an access. */
  readonly onTrouble: (reason: string) => void;
  readonly onBug: (error: unknown) => void;
  /** A review has ended: what it knows, those who judge as accesses come should know too. */
  readonly onReviewed: () => void;
}

const TICK_MS = 5 * 60_000;
/** Local: the night's accesses have come, and who reads the cases has not. */
const REVIEW_HOUR = 5;
/** Days that are learned from and judged: three months know every rota and most clinics. */
export const REVIEWED_DAYS = 90;
export const TRAIN_DAYS = 28;
/** Appointments and referrals come in late: so many days are judged again each night. */
const OPEN_DAYS = 14;
/** What failed is seldom mended sooner, and the alarm has been given. */
const AGAIN_MS = 3_600_000;
const SETTING = 'record-review';
/** Care that follows is an appointment within 21 days at the latest: until then it is filled in whether it did. */
const ITEM_DAYS = 28;
/** Kinds that cannot wait for the morning. */
const URGENT: readonly CaseKind[] = ['bulk', 'stolen-account'];

export function isUrgent(one: ReviewCase): boolean {
  return 'user' in one && one.kinds.some((kind) => URGENT.includes(kind));
}

/**
 * Reviews the record accesses each night: those of the last days, again, with what has become known since. A night that was
 * missed is made up for soon after the next start.
 */
export class RecordReview {
  readonly #parts: RecordReviewParts;
  readonly #zone: Zone;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  readonly #process = new RecordsProcess();
  /** After one that failed. */
  #againAt = 0;

  constructor(parts: RecordReviewParts) {
    this.#parts = parts;
    this.#zone = new Zone(parts.timeZone);
  }

  start(): void {
    const tick = () => void this.#tick().catch((error: unknown) => this.#parts.onBug(error));
    this.#timer = setInterval(tick, TICK_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    // It has changed nothing yet: the next start reviews again.
    this.#process.stop();
    await this.#running;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** `null`: there has been none. */
  async last(): Promise<ReviewState | null> {
    const row = await this.#parts.state.db
      .selectFrom('settings')
      .select('value')
      .where('name', '=', SETTING)
      .executeTakeFirst();
    // Written below, perhaps by a release that knew of no messages.
    const none = { unknownLocations: [], ambiguousIds: 0, relationships: 0 };
    return row === undefined ? null : { ...none, ...(JSON.parse(row.value) as ReviewState) };
  }

  /** Begins a review now. @throws Refusal `records/review-running` */
  begin(): void {
    if (this.#running !== null) throw new Refusal('records/review-running', 'a review is running');
    this.#running = this.#review(this.#today())
      .catch((error: unknown) => this.#parts.onBug(error))
      .finally(() => {
        this.#running = null;
      });
  }

  /** Who opened a patient’s record, in all that is kept. @throws Refusal `records/not-found` */
  async whoLooked(patient: string): Promise<{ looks: readonly LookLine[]; text: string; losses: number }> {
    const { dataFolder, keysFolder, relationships, timeZone } = this.#parts;
    const answer = await this.#process.ask({
      kind: 'who-looked',
      patient,
      data: dataFolder,
      keys: keysFolder,
      relationships,
      timeZone,
      from: Number.NEGATIVE_INFINITY,
      to: Number.POSITIVE_INFINITY,
    });
    if (answer.kind === 'looked') return { looks: answer.lines, text: answer.text, losses: answer.losses };
    if (answer.kind === 'refused') throw new Refusal(answer.code, answer.reason);
    if (answer.kind === 'stopped') throw new Refusal('service/failing', 'the service is stopping');
    throw new Error('the process that was asked who looked broke off');
  }

  async #tick(): Promise<void> {
    const now = this.#parts.now();
    if (this.#running !== null || now < this.#againAt || this.#zone.hourOf(now) < REVIEW_HOUR) return;
    const last = await this.last();
    if (last?.to !== dayText(this.#today()) && this.#running === null) this.begin();
  }

  #today(): LocalDay {
    return this.#zone.dayOf(this.#parts.now());
  }

  /** Up to the end of the day before `today`: of half a day nothing can be said. */
  async #review(today: LocalDay): Promise<void> {
    const {
      state,
      cases,
      items,
      now,
      file,
      takenBack,
      onTrouble,
      dataFolder,
      keysFolder,
      relationships,
      timeZone,
      budget,
    } = this.#parts;
    const answer = await this.#process.ask({
      kind: 'review',
      data: dataFolder,
      keys: keysFolder,
      relationships,
      timeZone,
      budget,
      trainDays: TRAIN_DAYS,
      from: this.#zone.startOf(today - REVIEWED_DAYS),
      to: this.#zone.startOf(today),
    });
    if (answer.kind === 'stopped') return;
    if (answer.kind !== 'reviewed') {
      this.#againAt = now() + AGAIN_MS;
      onTrouble(
        answer.kind === 'refused' ? answer.reason : '“wardwatch records review --data” broke off; run it to see why',
      );
      return;
    }
    const { kind: _, cases: found, items: listed, ...about } = answer;
    const since = dayText(today - OPEN_DAYS);
    const isWhole = about.losses === 0 && (about.lastDay ?? '') >= since;
    if (about.losses > 0)
      onTrouble(`${about.losses} parts of what is kept cannot be read; “wardwatch verify” names them`);
    // One by one: each is an incident of its own.
    for (const { id, case: one } of await cases.keep(found, since, dayText(today), isWhole)) {
      await file([{ finding: recordFinding(id, isUrgent(one), 'review', now()), sourceId: null }]);
      await takenBack.foundAgain(recordFindingId(id));
    }
    // All of those days, and not only those of this night: one that was interrupted here is made up for.
    for (const id of await cases.explained(since)) await takenBack.takeBack(recordFindingId(id), true);
    await items.keep(listed.filter(({ day }) => day >= dayText(today - ITEM_DAYS)));
    const last: ReviewState = { at: now(), to: dayText(today), ...about };
    const value = JSON.stringify(last);
    await state.db
      .insertInto('settings')
      .values({ name: SETTING, value, changed_at: now(), changed_by: null })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, changed_at: now() }))
      .execute();
    this.#parts.onReviewed();
  }
}

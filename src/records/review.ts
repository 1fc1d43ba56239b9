import type { ReviewCase } from './case.ts';
import { Collector } from './collector.ts';
import { careOf, folderOf, type RecordsInput } from './accesses.ts';
import { type Hospital, readHospital } from './hospital.ts';
import { runEngine } from './model/engine.ts';
import type { JudgedDay } from './model/judge.ts';
import { type LookBook, readLooks, spanOf } from './model/looks.ts';
import { findItems, type ReviewItem } from './review-items.ts';
import type { PseudonymKey } from './pseudonym.ts';
import { newReport, type ReadReport } from './table.ts';
import { dayText, Zone } from './zone.ts';

export interface ReviewOptions {
  /** False alerts a day per 1,000 staff. */
  readonly budget: number;
  readonly trainDays: number;
  readonly zone: string;
  /** Key for replacing NHS numbers; null: they are refused. */
  readonly pseudonymKey: PseudonymKey | null;
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
  /** Days with a look that were judged. */
  readonly judgedDays: number;
  /** Days that lie weeks away from all others, as by a wrong clock: not judged. */
  readonly strayDays: readonly string[];
  /** Accounts of the log that staff.csv does not name, and their looks; `null`: no staff.csv was given. */
  readonly strangers: Strangers | null;
  /** Mean number of staff on the directory over the judged days. */
  readonly staff: number;
}

/** What the log and the staff directory do not have in common. */
export interface Strangers {
  readonly accounts: number;
  readonly ofAccounts: number;
  readonly looks: number;
}

/** Reads the accesses and what is known beside them, learns from the first days and judges the others. */
export function reviewRecords(input: RecordsInput, options: ReviewOptions): Review {
  const report = newReport();
  const hospital = readHospital(folderOf(input), new Zone(options.zone), report, options.pseudonymKey, careOf(input));
  const book = readLooks(input, hospital);
  return reviewLooks(hospital, book, options);
}

/** Learns from the first days and judges the others. */
export function reviewLooks(
  hospital: Hospital,
  book: LookBook,
  { budget, trainDays }: Pick<ReviewOptions, 'budget' | 'trainDays'>,
): Review {
  const writer = new Collector(hospital, book.hosts, budget);
  const items: ReviewItem[] = [];
  // Policy wants every use looked at, also on a day that is learned from.
  const list = (judged: JudgedDay) => items.push(...findItems(judged, hospital, book));
  runEngine(hospital, book, trainDays, {
    onDay: (scored, engine) => {
      writer.add(scored, engine);
      list(scored.judged);
    },
    onTrained: list,
  });
  const span = spanOf(book.days);
  return {
    cases: writer.cases(),
    items,
    report: hospital.report,
    accesses: book.accesses,
    looks: book.days.reduce((sum, { count }) => sum + count, 0),
    firstDay: span === null ? null : dayText(span.first),
    lastDay: span === null ? null : dayText(span.last),
    trainDays,
    judgedDays: writer.days,
    strayDays: book.days
      .filter(({ day }) => span !== null && (day < span.first || day > span.last))
      .map(({ day }) => dayText(day)),
    strangers: strangersIn(hospital, book),
    staff: writer.meanStaff(),
  };
}

function strangersIn({ posts }: Hospital, { days }: LookBook): Strangers | null {
  if (posts.length === 0) return null;
  const accounts = new Set<number>();
  const strange = new Set<number>();
  let looks = 0;
  for (const { user } of days)
    for (const who of user.view()) {
      accounts.add(who);
      if (posts[who] !== undefined) continue;
      strange.add(who);
      looks++;
    }
  return { accounts: strange.size, ofAccounts: accounts.size, looks };
}

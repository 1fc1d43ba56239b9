/**
 * The nightly review of record accesses, in a process of its own: months of accesses are read into memory, and neither
 * their size nor their failure may touch the watch. It is given its question, answers once, and ends.
 */
import { Refusal } from '../core/refusal.ts';
import { reviewRecords } from '../records/review.ts';
import { RequestJoin } from '../records/kept-access.ts';
import { readKeptEvents } from '../store/archive/kept-events.ts';
import { RECORD_ACCESS, servicePseudonyms } from './kept-records.ts';
import type { ReviewAnswer, ReviewQuestion } from './record-review.ts';

async function review(question: ReviewQuestion): Promise<ReviewAnswer> {
  const { data, keys, relationships, timeZone, budget, trainDays, from, to } = question;
  let join = new RequestJoin();
  await readKeptEvents(
    data,
    RECORD_ACCESS,
    () => {
      join = new RequestJoin();
    },
    (event) => {
      const at = event.at ?? event.receivedAt;
      if (at >= from && at < to) join.add(event);
    },
  );
  const { accesses } = join;
  const { cases, firstDay, lastDay, judgedDays, report } = reviewRecords(
    { accesses, folder: relationships },
    { budget, trainDays, zone: timeZone, pseudonymKey: await servicePseudonyms(keys, data) },
  );
  return {
    kind: 'reviewed',
    cases,
    accesses: accesses.length,
    firstDay,
    lastDay,
    judgedDays,
    missing: [...report.missing],
    setAside: report.setAsideCount,
  };
}

process.once('message', (question: ReviewQuestion) => {
  review(question)
    .catch((error: unknown): ReviewAnswer => {
      if (error instanceof Refusal) return { kind: 'refused', reason: error.message };
      throw error;
    })
    .then((answer) => process.send?.(answer, () => process.disconnect()))
    .catch(() => process.exit(4));
});

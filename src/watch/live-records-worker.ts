/**
 * What a process of its own does for live-records.ts: reads what is kept, learns from it, then follows the journal and judges
 * each record access as it comes. It writes nothing: when it ends, another begins from what is kept.
 */
import { CARE_EVENT } from '../core/care.ts';
import { Refusal } from '../core/refusal.ts';
import { diesFirst } from '../ops/dies-first.ts';
import { RequestJoin } from '../records/kept-access.ts';
import { CareBook } from '../records/live-care.ts';
import { LiveReview, type LiveVerdict } from '../records/live-review.ts';
import { eventLinesIn, eventOfLine } from '../store/archive/payload.ts';
import { followJournal, type Position } from '../store/journal.ts';
import { placesIn } from '../store/places.ts';
import type { FromLive, LiveSetup, ToLive } from './live-records-messages.ts';
import { RECORD_ACCESS } from './access-reader.ts';
import { readKeptLooks, servicePseudonyms } from './kept-records.ts';

/** How often what messages said of care is taken up, at most: the first look at somebody waits for it. */
const RELATE_MS = 2000;
/** It may take a twentieth of the time. */
const RELATE_SHARE = 20;
/** More is not held: a new process knows it from what is kept. */
const MAX_CARE = 500_000;
/** How often first looks are looked at again, for the company that came since. */
const AGAIN_MS = 60_000;
/** Both sides of a request are written within seconds; what is further apart is counted twice until the night. */
const JOINED_TOGETHER = 50_000;
/** Ended to be started anew, which is no failure. */
const RENEW = 0;
const BROKEN = 4;

diesFirst();
let end: Position = 0;
let wake: () => void = () => undefined;
let go: () => void = () => undefined;

process.on('message', (message: ToLive) => {
  switch (message.kind) {
    case 'start':
      follow(message).catch((error: unknown) => {
        // What else it would say of an error may hold what an access said.
        if (!(error instanceof Refusal)) process.exit(BROKEN);
        process.send?.({ kind: 'refused', reason: error.message } satisfies FromLive, () => process.exit(BROKEN));
      });
      break;
    case 'end':
      end = Math.max(end, message.end);
      wake();
      break;
    case 'go':
      go();
      break;
    default:
      message satisfies never;
  }
});
process.on('disconnect', () => process.exit(RENEW));

async function follow(setup: LiveSetup): Promise<void> {
  const started = await begin(setup);
  if (started === null) {
    tell({ kind: 'nothing' });
    process.disconnect();
    return;
  }
  const { review, from, accessesFrom } = started;
  const news = new News(review);
  tell({ kind: 'ready', today: review.today });
  await handOn(review, from, news.take());
  let at = from;
  for (;;) {
    const until = end;
    for await (const { next, payload } of followJournal(
      placesIn(setup.data).journal,
      at,
      () => until,
      // Damage is told of by those who must have every event: judging and the archive.
      () => undefined,
    )) {
      // Accesses were read after what was told of care: between the two, they are known already.
      news.hear(payload, next > accessesFrom);
      at = next;
      if (review.isStale || news.isFull) process.exit(RENEW);
      await handOn(review, at, news.take());
    }
    // The header of a segment is no event: its bytes are passed over.
    at = Math.max(at, until);
    await handOn(review, at, news.take());
    if (end <= at) await wokenWithin(news.isWaiting ? RELATE_MS : AGAIN_MS);
    news.pass();
  }
}

/** Learns from what is kept; nothing of what was read for it stays but what it has become. */
async function begin({ data, keys, relationships, timeZone, from, budget, trainDays }: LiveSetup) {
  const pseudonymKey = await servicePseudonyms(keys, data);
  const to = Number.POSITIVE_INFINITY;
  const kept = await readKeptLooks(data, { relationships, timeZone, pseudonymKey, from, to });
  if (kept.book.accesses === 0) return null;
  const review = new LiveReview(kept.hospital, kept.book, { budget, trainDays }, Date.now());
  return { review, from: kept.careTo, accessesFrom: kept.accessesTo };
}

/** What the journal brings, and what there is to tell of it. */
class News {
  readonly #review: LiveReview;
  readonly #care = new CareBook();
  #cared = 0;
  #isDirty = false;
  #relateFrom = 0;
  #againAt = Date.now() + AGAIN_MS;
  #join = new RequestJoin();

  constructor(review: LiveReview) {
    this.#review = review;
  }

  get isFull(): boolean {
    return this.#cared > MAX_CARE;
  }

  get isWaiting(): boolean {
    return this.#isDirty;
  }

  hear(payload: Buffer, hasNewAccesses: boolean): void {
    for (const line of eventLinesIn(payload)) {
      if (line.event.category === CARE_EVENT) {
        this.#care.add(eventOfLine(line));
        this.#cared++;
        this.#isDirty = true;
      } else if (line.event.category === RECORD_ACCESS && hasNewAccesses) {
        this.#relate(Date.now() >= this.#relateFrom);
        for (const access of this.#join.news(eventOfLine(line))) this.#review.hear(access, Date.now());
        if (this.#join.held > JOINED_TOGETHER) this.#join = new RequestJoin();
      }
    }
  }

  /** What happens by the clock. */
  pass(): void {
    this.#relate(Date.now() >= this.#relateFrom);
    if (Date.now() < this.#againAt) return;
    this.#againAt = Date.now() + AGAIN_MS;
    this.#review.again();
  }

  take(): readonly LiveVerdict[] {
    // Nothing is told before all is known that has come.
    if (this.#review.hasNews) this.#relate(true);
    return this.#review.verdicts();
  }

  #relate(isTime: boolean): void {
    if (!this.#isDirty || !isTime) return;
    const before = Date.now();
    this.#review.relate(this.#care.close());
    this.#isDirty = false;
    this.#relateFrom = Date.now() + Math.max(RELATE_MS, RELATE_SHARE * (Date.now() - before));
  }
}

/** Waits until what was found is kept: a crash must find it again. */
async function handOn(review: LiveReview, at: Position, verdicts: readonly LiveVerdict[]): Promise<void> {
  const kept = new Promise<void>((resolve) => {
    go = resolve;
  });
  tell({ kind: 'judged', at, today: review.today, verdicts });
  if (verdicts.length > 0) await kept;
}

function wokenWithin(limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

function tell(message: FromLive): void {
  process.send?.(message);
}

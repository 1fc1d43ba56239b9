import { newId } from '../core/credentials.ts';
import { Refusal } from '../core/refusal.ts';
import type { State } from '../store/state.ts';
import type { RevealRequestRow } from '../store/tables.ts';

const HOUR_MS = 3_600_000;
/** For how long a request waits for an answer. */
const WAITS_MS = 24 * HOUR_MS;
/** For how long it may be looked at once somebody agreed. */
const SHOWN_MS = HOUR_MS;
/** Then it is in the trail alone. */
const KEPT_MS = 30 * 24 * HOUR_MS;
/** Of one person, unanswered. */
const MAX_WAITING = 20;
const KEPT = 'reveal-second-person';

/** What somebody wants to be shown: whose pseudonyms, or a message that was set aside. */
export interface Revealed {
  readonly pseudonyms: readonly string[];
  readonly setAside: string | null;
}

/** Somebody with an account. */
interface Somebody {
  readonly id: string;
  readonly name: string;
}

export interface RevealRequest extends Revealed {
  readonly id: string;
  readonly askedBy: Somebody;
  readonly askedAt: number;
  readonly reason: string;
  /** `over`: nobody answered in a day, or it was agreed to more than an hour ago. */
  readonly state: 'waiting' | 'agreed' | 'refused' | 'over';
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
}

/**
 * Who has to agree before anybody is shown who a patient is: nobody, or a second privacy officer (administrators set it;
 * those who may be shown it cannot switch it off). The only writer of the table `reveal_requests` and of the setting
 * `reveal-second-person`.
 */
export class Reveals {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  async needsSecond(): Promise<boolean> {
    const row = await this.#state.db.selectFrom('settings').select('value').where('name', '=', KEPT).executeTakeFirst();
    return row?.value === 'true';
  }

  async setNeedsSecond(isNeeded: boolean, by: string): Promise<void> {
    const changed = { value: String(isNeeded), changed_at: this.#now(), changed_by: by };
    await this.#state.db
      .insertInto('settings')
      .values({ name: KEPT, ...changed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changed))
      .execute();
  }

  /** Of the last 30 days, the newest first. */
  async list(): Promise<readonly RevealRequest[]> {
    const rows = await this.#state.db
      .selectFrom('reveal_requests')
      .selectAll()
      .where('asked_at', '>', this.#now() - KEPT_MS)
      .orderBy('asked_at', 'desc')
      .orderBy('id')
      .execute();
    return rows.map((row) => requestOf(row, this.#now()));
  }

  /** @param reason with pseudonyms for patients. @throws Refusal `reveal/too-many` */
  async ask(wanted: Revealed, reason: string, by: Somebody): Promise<string> {
    const now = this.#now();
    const waiting = (await this.list()).filter(({ askedBy, state }) => askedBy.id === by.id && state === 'waiting');
    if (waiting.length >= MAX_WAITING)
      throw new Refusal('reveal/too-many', `${waiting.length} requests of yours wait for an answer already`);
    const id = newId('rvl');
    await this.#state.transaction(async (within) => {
      await within
        .deleteFrom('reveal_requests')
        .where('asked_at', '<=', now - KEPT_MS)
        .execute();
      await within
        .insertInto('reveal_requests')
        .values({
          id,
          asked_by: by.id,
          asked_name: by.name,
          asked_at: now,
          reason,
          pseudonyms: JSON.stringify(wanted.pseudonyms),
          set_aside: wanted.setAside,
          decided_by: null,
          decided_name: null,
          decided_at: null,
          decision: null,
        })
        .execute();
    });
    return id;
  }

  /** @throws Refusal `reveal/not-found`, `reveal/own`, `reveal/not-waiting` */
  async decide(id: string, isAgreed: boolean, by: Somebody): Promise<void> {
    const request = await this.#find(id);
    if (request.askedBy.id === by.id)
      throw new Refusal('reveal/own', 'it is your own request: somebody else has to say');
    const notWaiting = new Refusal('reveal/not-waiting', 'the request waits for no answer any more');
    if (request.state !== 'waiting') throw notWaiting;
    const { numUpdatedRows } = await this.#state.db
      .updateTable('reveal_requests')
      .set({
        decided_by: by.id,
        decided_name: by.name,
        decided_at: this.#now(),
        decision: isAgreed ? 'agreed' : 'refused',
      })
      .where('id', '=', request.id)
      .where('decided_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw notWaiting;
  }

  /** What may be shown to somebody now. @throws Refusal `reveal/not-found` if they did not ask, `reveal/not-agreed` */
  async agreed(id: string, by: Somebody): Promise<RevealRequest> {
    const request = await this.#find(id);
    if (request.askedBy.id !== by.id) throw notFound(id);
    if (request.state !== 'agreed')
      throw new Refusal(
        'reveal/not-agreed',
        { waiting: 'nobody has answered yet', refused: 'it was refused', over: 'its time is over' }[request.state],
      );
    return request;
  }

  async #find(id: string): Promise<RevealRequest & { readonly id: RevealRequestRow['id'] }> {
    const row = await this.#state.db
      .selectFrom('reveal_requests')
      .selectAll()
      .where('id', '=', id as RevealRequestRow['id'])
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return { ...requestOf(row, this.#now()), id: row.id };
  }
}

function requestOf(row: RevealRequestRow, now: number): RevealRequest {
  return {
    id: row.id,
    askedBy: { id: row.asked_by, name: row.asked_name },
    askedAt: row.asked_at,
    reason: row.reason,
    // Written by `ask`.
    pseudonyms: JSON.parse(row.pseudonyms) as readonly string[],
    setAside: row.set_aside,
    state: stateOf(row, now),
    decidedBy: row.decided_name,
    decidedAt: row.decided_at,
  };
}

function stateOf({ asked_at, decided_at, decision }: RevealRequestRow, now: number): RevealRequest['state'] {
  // A clock may have been ahead, and set right since.
  const isWithin = (at: number, span: number) => Math.abs(now - at) < span;
  if (decided_at === null) return isWithin(asked_at, WAITS_MS) ? 'waiting' : 'over';
  if (decision === 'refused') return 'refused';
  return isWithin(decided_at, SHOWN_MS) ? 'agreed' : 'over';
}

function notFound(id: string): Refusal {
  return new Refusal('reveal/not-found', `there is no request ${id} of yours`);
}

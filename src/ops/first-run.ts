import type { State } from '../store/state.ts';

/** What an administrator is walked through at the beginning, in this order. */
export const FIRST_STEPS = ['you', 'source', 'mail', 'try'] as const;
export type FirstStep = (typeof FIRST_STEPS)[number];

/** What cannot be seen from how things are: what somebody put off, and whether the whole was. */
export interface FirstRunKept {
  readonly isLeft: boolean;
  readonly putOff: readonly FirstStep[];
  /** What leaves no other trace. */
  readonly done: readonly FirstStep[];
}

const KEPT = 'first-run';

/** The guided start: the only writer of the setting `first-run`. */
export class FirstRun {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  async kept(): Promise<FirstRunKept> {
    const row = await this.#state.db.selectFrom('settings').select('value').where('name', '=', KEPT).executeTakeFirst();
    // Written below.
    return row === undefined ? NOTHING : (JSON.parse(row.value) as FirstRunKept);
  }

  /** @param step that is put off; `null`: the whole is left for good */
  async leave(step: FirstStep | null, by: string): Promise<void> {
    const before = await this.kept();
    await this.#keep(step === null ? { ...before, isLeft: true } : { ...before, putOff: [...before.putOff, step] }, by);
  }

  /** A step was done. */
  async did(step: FirstStep, by: string): Promise<void> {
    const before = await this.kept();
    if (!before.done.includes(step)) await this.#keep({ ...before, done: [...before.done, step] }, by);
  }

  async #keep({ isLeft, putOff, done }: FirstRunKept, by: string): Promise<void> {
    const value = JSON.stringify({ isLeft, putOff: [...new Set(putOff)], done });
    const changed = { value, changed_at: this.#now(), changed_by: by };
    await this.#state.db
      .insertInto('settings')
      .values({ name: KEPT, ...changed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changed))
      .execute();
  }
}

const NOTHING: FirstRunKept = { isLeft: false, putOff: [], done: [] };

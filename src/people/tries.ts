import type { State } from '../store/state.ts';

/** How long who tried too often waits: this, then twice as long for each wrong try more, up to the longest. */
const LOCK_MS = 15 * 60_000;
const LONGEST_MS = 4 * 3_600_000;
/** Tries that nobody followed up are forgotten. */
const FORGET_MS = 24 * 3_600_000;
/** Keys that are counted at once; those that must be counted come on top. */
const MAX_KEYS = 10_000;

/** What tries are counted under. */
export interface TryKey {
  readonly key: string;
  /** How many are looked at before each one more has to wait. */
  readonly max: number;
  /** True: counted however many keys there are already. There are few of these. */
  readonly isAlways: boolean;
}

/** Counts tries, so that guessing is slow: the only writer of `sign_in_tries`. */
export class Tries {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /**
   * Counts a try before it is looked at, so that many at once are not more than one after another.
   *
   * @returns false if it has to wait; then it was not counted
   */
  async count({ key, max, isAlways }: TryKey): Promise<boolean> {
    const now = this.#now();
    return this.#state.transaction(async (within) => {
      await within
        .deleteFrom('sign_in_tries')
        .where('last_at', '<=', now - FORGET_MS)
        .execute();
      const known = await within
        .selectFrom('sign_in_tries')
        .select('name_mac')
        .where('name_mac', '=', key)
        .executeTakeFirst();
      if (known === undefined && !isAlways) {
        const { count } = await within
          .selectFrom('sign_in_tries')
          .select((select) => select.fn.countAll().as('count'))
          .executeTakeFirstOrThrow();
        if (Number(count) >= MAX_KEYS) return true;
      }
      const counted = await within
        .insertInto('sign_in_tries')
        .values({ name_mac: key, tries: 1, last_at: now, locked_until: null })
        .onConflict((conflict) =>
          conflict
            .column('name_mac')
            .doUpdateSet((set) => ({ tries: set('sign_in_tries.tries', '+', 1), last_at: now }))
            .where((where) =>
              where.or([
                where('sign_in_tries.locked_until', 'is', null),
                where('sign_in_tries.locked_until', '<=', now),
              ]),
            ),
        )
        .returning('tries')
        .executeTakeFirst();
      if (counted === undefined) return false;
      if (counted.tries >= max)
        await within
          .updateTable('sign_in_tries')
          .set({ locked_until: now + Math.min(LOCK_MS * 2 ** (counted.tries - max), LONGEST_MS) })
          .where('name_mac', '=', key)
          .execute();
      return true;
    });
  }

  /** It was no wrong one, and is not the end of those that were. */
  async giveBack(key: string): Promise<void> {
    await this.#state.db
      .updateTable('sign_in_tries')
      .set((set) => ({ tries: set('tries', '-', 1), locked_until: null }))
      .where('name_mac', '=', key)
      .where('tries', '>', 0)
      .execute();
  }

  async forget(keys: readonly string[]): Promise<void> {
    await this.#state.db.deleteFrom('sign_in_tries').where('name_mac', 'in', keys).execute();
  }

  /** Forgets all whose key begins so, with a slash behind it or nothing. */
  async forgetAll(beginning: string): Promise<void> {
    await this.#state.db
      .deleteFrom('sign_in_tries')
      .where((where) => where.or([where('name_mac', '=', beginning), where('name_mac', 'like', `${beginning}/%`)]))
      .execute();
  }

  /** True if anybody has to wait under a key that begins so. */
  async isAnyLocked(beginning: string): Promise<boolean> {
    const row = await this.#state.db
      .selectFrom('sign_in_tries')
      .select('name_mac')
      .where('locked_until', '>', this.#now())
      .where((where) => where.or([where('name_mac', '=', beginning), where('name_mac', 'like', `${beginning}/%`)]))
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }
}

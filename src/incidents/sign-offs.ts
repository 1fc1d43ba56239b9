import { newId } from '../core/credentials.ts';
import type { State } from '../store/state.ts';
import type { SignOffRow } from '../store/tables.ts';

/** Shown of all that were given. */
const MAX_SHOWN = 12;

/** That the board has read how things are: the only writer of the table `board_sign_offs`. Nothing of it is changed later. */
export class SignOffs {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** The newest first, a year of months. */
  latest(): Promise<readonly SignOffRow[]> {
    return this.#state.db
      .selectFrom('board_sign_offs')
      .selectAll()
      .orderBy('at', 'desc')
      .orderBy('id')
      .limit(MAX_SHOWN)
      .execute();
  }

  /** @param told what they read, as it was answered. @param by their name */
  async add(told: object, note: string, by: string): Promise<void> {
    await this.#state.db
      .insertInto('board_sign_offs')
      .values({ id: newId('sgn'), at: this.#now(), by_name: by, note, told: JSON.stringify(told) })
      .execute();
  }
}

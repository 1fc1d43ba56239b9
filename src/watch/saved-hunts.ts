import { newId } from '../core/credentials.ts';
import { Refusal } from '../core/refusal.ts';
import type { State } from '../store/state.ts';
import type { SavedHuntRow } from '../store/tables.ts';

const MAX_SAVED = 200;

/** Searches that somebody wants to ask again, for all who hunt: the only writer of the table `saved_hunts`. */
export class SavedHunts {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** By name. */
  list(): Promise<readonly SavedHuntRow[]> {
    return this.#state.db.selectFrom('saved_hunts').selectAll().orderBy('name').orderBy('id').execute();
  }

  /** @param by their name. @throws Refusal `hunts/too-many` */
  async add(name: string, query: string, by: string): Promise<string> {
    const id = newId('hnt');
    await this.#state.transaction(async (within) => {
      const { count } = await within
        .selectFrom('saved_hunts')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      if (count >= MAX_SAVED) throw new Refusal('hunts/too-many', `${count} hunts are saved already`);
      await within
        .insertInto('saved_hunts')
        .values({ id, name, query, created_at: this.#now(), created_by: by })
        .execute();
    });
    return id;
  }

  /** @throws Refusal `hunts/not-found` */
  async find(id: string): Promise<SavedHuntRow> {
    const row = await this.#state.db
      .selectFrom('saved_hunts')
      .selectAll()
      .where('id', '=', id as SavedHuntRow['id'])
      .executeTakeFirst();
    if (row === undefined) throw new Refusal('hunts/not-found', `there is no saved search ${id}`);
    return row;
  }

  /** @throws Refusal `hunts/not-found` */
  async remove(id: string): Promise<void> {
    const { id: found } = await this.find(id);
    await this.#state.db.deleteFrom('saved_hunts').where('id', '=', found).execute();
  }
}

import { type Keyring, sealKeyIdOf } from '../store/seal.ts';
import type { State } from '../store/state.ts';

/** Pseudonyms in one transaction. */
const BATCH = 500;

/**
 * Who a pseudonym is, sealed with a key that lies outside the data folder: without it nobody can tell. Written before the
 * first event that holds the pseudonym. The only writer of the table `identities`.
 */
export class Identities {
  readonly #state: State;
  readonly #keys: Keyring;
  readonly #now: () => number;
  #fresh = new Map<string, string>();

  constructor(state: State, keys: Keyring, now: () => number) {
    this.#state = state;
    this.#keys = keys;
    this.#now = now;
  }

  /** A pseudonym was made. It is in memory only until `keep`. */
  note(pseudonym: string, text: string): void {
    this.#fresh.set(pseudonym, text);
  }

  /** Keeps what was noted. Each pseudonym once, however often it is made. */
  async keep(): Promise<void> {
    if (this.#fresh.size === 0) return;
    const fresh = [...this.#fresh];
    this.#fresh = new Map();
    try {
      for (let from = 0; from < fresh.length; from += BATCH) await this.#insert(fresh.slice(from, from + BATCH));
    } catch (error) {
      // With the next event, then: until they are kept, nothing that holds them is.
      for (const [pseudonym, text] of fresh) this.#fresh.set(pseudonym, text);
      throw error;
    }
  }

  async #insert(batch: readonly (readonly [pseudonym: string, text: string])[]): Promise<void> {
    const first_at = this.#now();
    await this.#state.db
      .insertInto('identities')
      .values(
        batch.map(([pseudonym, text]) => ({
          pseudonym,
          sealed: this.#keys.seal(Buffer.from(text), contextOf(pseudonym)),
          first_at,
        })),
      )
      .onConflict((conflict) => conflict.column('pseudonym').doNothing())
      .execute();
  }

  /** Every pseudonym that was ever given, in their order. */
  async *all(): AsyncGenerator<string> {
    for await (const { pseudonym } of this.#rows()) yield pseudonym;
  }

  /**
   * Seals anew what an older key has sealed, so that whoever has that key only, and takes the table from here on, has no
   * way back. What is interrupted is done the next time: an older key still opens the rest.
   *
   * @returns how many
   */
  async sealAnew(): Promise<number> {
    let done = 0;
    for await (const { pseudonym, sealed } of this.#rows()) {
      if (sealKeyIdOf(sealed) === this.#keys.keyId) continue;
      const context = contextOf(pseudonym);
      await this.#state.db
        .updateTable('identities')
        .set({ sealed: this.#keys.seal(this.#keys.open(sealed, context), context) })
        .where('pseudonym', '=', pseudonym)
        .execute();
      done++;
    }
    return done;
  }

  async *#rows(): AsyncGenerator<{ readonly pseudonym: string; readonly sealed: Buffer }> {
    for (let last = ''; ; ) {
      const rows = await this.#state.db
        .selectFrom('identities')
        .select(['pseudonym', 'sealed'])
        .where('pseudonym', '>', last)
        .orderBy('pseudonym')
        .limit(BATCH)
        .execute();
      yield* rows;
      if (rows.length < BATCH) return;
      last = rows.at(-1)?.pseudonym ?? '';
    }
  }

  /** What stood where the pseudonyms stand; `null` for one that is not known. @throws Refusal `keys/unknown` */
  async reveal(pseudonyms: readonly string[]): Promise<readonly { pseudonym: string; value: string | null }[]> {
    const rows =
      pseudonyms.length === 0
        ? []
        : await this.#state.db
            .selectFrom('identities')
            .select(['pseudonym', 'sealed'])
            .where('pseudonym', 'in', [...pseudonyms])
            .execute();
    const known = new Map(rows.map(({ pseudonym, sealed }) => [pseudonym, sealed]));
    return pseudonyms.map((pseudonym) => {
      const sealed = known.get(pseudonym);
      return {
        pseudonym,
        value: sealed === undefined ? null : this.#keys.open(sealed, contextOf(pseudonym)).toString('utf8'),
      };
    });
  }
}

function contextOf(pseudonym: string): string {
  return `identity/${pseudonym}`;
}

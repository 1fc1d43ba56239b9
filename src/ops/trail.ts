import { randomBytes } from 'node:crypto';
import type { State } from '../store/state.ts';

/** What our own users did: the only writer of the table `audit`. */
export class Trail {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  async record(actor: string, action: string, subject: string | null, detail: object): Promise<void> {
    await this.#state.db
      .insertInto('audit')
      .values({
        id: `aud_${randomBytes(9).toString('hex')}`,
        at: this.#now(),
        actor,
        action,
        subject,
        detail: JSON.stringify(detail),
      })
      .execute();
  }
}

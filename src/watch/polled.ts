import type { DoorServices } from '../intake/doors/door.ts';
import {
  MICROSOFT_SETTINGS,
  MicrosoftPoll,
  type MicrosoftPosition,
  MicrosoftRefusal,
  waitAfter,
} from '../intake/doors/microsoft-poll.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { SourceRow } from '../store/tables.ts';
import type { Sources } from './sources.ts';

export interface PolledParts {
  readonly state: State;
  readonly sources: Sources;
  readonly keys: Keyring;
  readonly services: DoorServices;
  readonly now: () => number;
  /** It could not be asked; `reason` holds no secret. */
  readonly onTrouble: (source: string, reason: string) => void;
}

const TICK_MS = 5000;
/** Between one look and the next. */
const POLL_MS = 60_000;

/** The sources that have to be asked. */
export class Polled {
  readonly #parts: PolledParts;
  readonly #polls = new Map<string, { readonly poll: MicrosoftPoll; nextAt: number }>();
  #timer: NodeJS.Timeout | null = null;
  #polling: Promise<void> | null = null;

  constructor(parts: PolledParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#polling ??= this.#all()
        .catch((error: unknown) => this.#parts.services.report(error))
        .finally(() => {
          this.#polling = null;
        });
    }, TICK_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#polling;
  }

  async #all(): Promise<void> {
    const { sources, now, onTrouble } = this.#parts;
    for (const row of (await sources.list()).filter(({ polled, state }) => polled !== null && state === 'active')) {
      const known = this.#polls.get(row.id) ?? { poll: this.#pollOf(row), nextAt: 0 };
      this.#polls.set(row.id, known);
      if (now() < known.nextAt) continue;
      try {
        await known.poll.poll();
        known.nextAt = now() + POLL_MS;
      } catch (error) {
        known.nextAt = now() + waitAfter(error) * 1000;
        onTrouble(row.name, error instanceof MicrosoftRefusal ? error.message : nameOf(error));
      }
    }
  }

  #pollOf({ id, name, kind, polled, position }: SourceRow): MicrosoftPoll {
    const { keys, services, state, now } = this.#parts;
    const sealed = polled ?? Buffer.alloc(0);
    const settings = MICROSOFT_SETTINGS.parse(JSON.parse(keys.open(sealed, `source/${name}`).toString('utf8')));
    return new MicrosoftPoll({
      source: { id, name, kind },
      settings,
      services,
      // Written below.
      position: position === null ? null : (JSON.parse(position) as MicrosoftPosition),
      save: async (to) => {
        await state.db
          .updateTable('sources')
          .set({ position: JSON.stringify(to) })
          .where('id', '=', id)
          .execute();
      },
      now,
      fetch,
    });
  }
}

/** What went wrong with the network, without an address or a secret. */
function nameOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^[A-Z_]{3,40}$/.test(code) ? code : cause instanceof Error ? cause.name : 'unknown';
}

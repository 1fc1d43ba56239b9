import { randomBytes } from 'node:crypto';
import { Refusal } from '../core/refusal.ts';
import type { EmbeddedArchive } from '../store/archive/open-archive.ts';
import {
  DEFAULT_RETENTION,
  type Leaving,
  type LegalHold,
  RETENTION_KINDS,
  type RetentionByKind,
  type RetentionKind,
  retentionWith,
} from '../store/archive/retention.ts';
import type { State } from '../store/state.ts';

export type KeepDays = Readonly<Record<RetentionKind, number>>;

type KeepingArchive = Pick<
  EmbeddedArchive,
  'hold' | 'liftHold' | 'holds' | 'setRetention' | 'wouldDelete' | 'applyRetention'
>;

const KEPT = 'retention';
const MAX_HOLDS = 100;

/** As administrators set it; where nobody did, as it ships. A minimum that a release raised holds at once. */
export async function keptRetention(state: State): Promise<RetentionByKind> {
  const row = await state.db.selectFrom('settings').select('value').where('name', '=', KEPT).executeTakeFirst();
  // Written by `Keeping`.
  const days = row === undefined ? {} : (JSON.parse(row.value) as Partial<KeepDays>);
  return retentionWith(
    Object.fromEntries(
      RETENTION_KINDS.map((kind) => {
        const { keepDays, minimumDays } = DEFAULT_RETENTION[kind];
        return [kind, Math.max(days[kind] ?? keepDays, minimumDays)];
      }),
    ),
  );
}

/**
 * How long events are kept, and what is held whatever its age: what administrators may change. The only writer of the
 * setting `retention`. Nothing is deleted by a change that did not say how much it may delete.
 */
export class Keeping {
  readonly #state: State;
  readonly #archive: KeepingArchive;
  readonly #now: () => number;
  #retention: RetentionByKind;

  /** @param retention what `keptRetention` gave, and the archive was opened with */
  constructor(state: State, archive: KeepingArchive, retention: RetentionByKind, now: () => number) {
    this.#state = state;
    this.#archive = archive;
    this.#retention = retention;
    this.#now = now;
  }

  get retention(): RetentionByKind {
    return this.#retention;
  }

  /**
   * What would go at once if things were kept for so long, and a hold were lifted (`null`: none is).
   *
   * @throws Refusal `retention/below-minimum`
   */
  wouldDelete(days: Partial<KeepDays>, withoutHold: string | null): Promise<readonly Leaving[]> {
    return this.#archive.wouldDelete(retentionWith({ ...this.#days(), ...days }), withoutHold, this.#now());
  }

  /**
   * Keeps things for so many days from now on, and deletes what is older.
   *
   * @param accepted events that may go: what `wouldDelete` said
   * @throws Refusal `retention/below-minimum`, `retention/would-delete`
   */
  async keepFor(days: KeepDays, accepted: number, by: string): Promise<void> {
    const retention = retentionWith(days);
    refuseMore(await this.wouldDelete(days, null), accepted);
    const changed = { value: JSON.stringify(days), changed_at: this.#now(), changed_by: by };
    await this.#state.db
      .insertInto('settings')
      .values({ name: KEPT, ...changed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changed))
      .execute();
    this.#retention = retention;
    await this.#archive.setRetention(retention);
    await this.#archive.applyRetention(this.#now());
  }

  /** @throws Refusal `holds/too-many`, `holds/no-time` if it ends before it begins */
  async hold(wanted: Omit<LegalHold, 'id'>): Promise<string> {
    if (wanted.from !== null && wanted.to !== null && wanted.to <= wanted.from)
      throw new Refusal('holds/no-time', 'the hold would end before it begins');
    if ((await this.#archive.holds()).length >= MAX_HOLDS)
      throw new Refusal('holds/too-many', `there are ${MAX_HOLDS} legal holds already`);
    const id = `hold_${randomBytes(9).toString('hex')}`;
    await this.#archive.hold({ id, ...wanted });
    return id;
  }

  /**
   * Lifts a hold, and deletes what it alone had kept beyond its time.
   *
   * @param accepted events that may go: what `wouldDelete` said
   * @throws Refusal `holds/not-found`, `retention/would-delete`
   */
  async release(id: string, reason: string, accepted: number): Promise<void> {
    if (!(await this.#archive.holds()).some((hold) => hold.id === id))
      throw new Refusal('holds/not-found', `there is no legal hold ${id}`);
    refuseMore(await this.wouldDelete({}, id), accepted);
    await this.#archive.liftHold(id, reason);
    await this.#archive.applyRetention(this.#now());
  }

  #days(): KeepDays {
    const { network, security, clinical } = this.#retention;
    return { network: network.keepDays, security: security.keepDays, clinical: clinical.keepDays };
  }
}

function refuseMore(leaving: readonly Leaving[], accepted: number): void {
  const events = leaving.reduce((sum, each) => sum + each.events, 0);
  if (events > accepted) throw new Refusal('retention/would-delete', `it would delete ${events} events for good`);
}

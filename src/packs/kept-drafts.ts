import { Refusal } from '../core/refusal.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { IncidentDraftRow } from '../store/tables.ts';
import type { Section } from './drafts.ts';

/** A draft as somebody has edited it. */
export interface KeptDraft {
  readonly sections: readonly Section[];
  readonly changedAt: number;
  /** Their name. */
  readonly changedBy: string;
}

/** Edited drafts, sealed: a letter may name a patient. The only writer of the table `incident_drafts`. */
export class KeptDrafts {
  readonly #state: State;
  readonly #keys: Keyring;
  readonly #now: () => number;

  constructor(state: State, keys: Keyring, now: () => number) {
    this.#state = state;
    this.#keys = keys;
    this.#now = now;
  }

  /** By name. */
  async of(incident: string): Promise<ReadonlyMap<string, KeptDraft>> {
    const rows = await this.#state.db
      .selectFrom('incident_drafts')
      .selectAll()
      .where('incident_id', '=', incident)
      .execute();
    return new Map(
      rows.map(({ name, sealed, changed_at: changedAt, changed_by: changedBy }) => {
        const text = this.#keys.open(sealed, context(incident, name)).toString('utf8');
        // Written by `keep`.
        return [name, { sections: JSON.parse(text) as readonly Section[], changedAt, changedBy }];
      }),
    );
  }

  /** Which drafts of an incident somebody has edited, the last changed first: not what they say. */
  edits(incident: string): Promise<readonly Pick<IncidentDraftRow, 'name' | 'changed_at' | 'changed_by'>[]> {
    return this.#state.db
      .selectFrom('incident_drafts')
      .select(['name', 'changed_at', 'changed_by'])
      .where('incident_id', '=', incident)
      .orderBy('changed_at', 'desc')
      .execute();
  }

  /** Incidents of which somebody has edited a draft, the last changed first. */
  async begun(limit: number): Promise<readonly string[]> {
    const rows = await this.#state.db
      .selectFrom('incident_drafts')
      .select(({ fn }) => ['incident_id', fn.max<number>('changed_at').as('last')])
      .groupBy('incident_id')
      .orderBy('last', 'desc')
      .limit(limit)
      .execute();
    return rows.map(({ incident_id: id }) => id);
  }

  /**
   * @param readAt when what they changed had been changed last, `null` if never; `undefined`: whatever is there goes
   * @throws Refusal `drafts/changed` if somebody else has changed it since
   */
  async keep(
    incident: string,
    name: string,
    sections: readonly Section[],
    by: string,
    readAt?: number | null,
  ): Promise<void> {
    const changed = {
      sealed: this.#keys.seal(Buffer.from(JSON.stringify(sections)), context(incident, name)),
      changed_at: this.#now(),
      changed_by: by,
    };
    const { db } = this.#state;
    const known = await db
      .selectFrom('incident_drafts')
      .select(['changed_at', 'changed_by'])
      .where('incident_id', '=', incident)
      .where('name', '=', name)
      .executeTakeFirst();
    const at = known?.changed_at ?? null;
    if (readAt !== undefined && at !== readAt) throw changedSince(known?.changed_by ?? null);
    const kept = await db
      .insertInto('incident_drafts')
      .values({ incident_id: incident, name, ...changed })
      .onConflict((conflict) =>
        // What was there a moment ago: of two who save at once, one is told.
        conflict
          .columns(['incident_id', 'name'])
          .doUpdateSet(changed)
          .where('incident_drafts.changed_at', '=', at ?? -1),
      )
      .returning('name')
      .executeTakeFirst();
    if (kept === undefined) throw changedSince(null);
  }

  /** What was edited of an incident that became part of another is that one's, where it has nothing of its own. */
  async carry(from: string, into: string): Promise<void> {
    const own = await this.of(into);
    for (const [name, { sections, changedBy }] of await this.of(from))
      if (!own.has(name)) await this.keep(into, name, sections, changedBy);
  }

  /** What was edited is gone: the draft is made anew of what is known. */
  async forget(incident: string, name: string): Promise<void> {
    await this.#state.db
      .deleteFrom('incident_drafts')
      .where('incident_id', '=', incident)
      .where('name', '=', name)
      .execute();
  }
}

function changedSince(by: string | null): Refusal {
  return new Refusal('drafts/changed', `${by ?? 'somebody'} has changed this draft since you opened it`);
}

function context(incident: string, name: string): string {
  return `incident-draft/${incident}/${name}`;
}

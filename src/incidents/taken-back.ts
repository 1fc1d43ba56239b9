import type { Transaction } from 'kysely';
import type { State } from '../store/state.ts';
import type { FindingRow, IncidentRow, Tables } from '../store/tables.ts';
import { record } from './join.ts';
import { OPEN_STATES } from './life.ts';

type Within = Transaction<Tables>;

/** What is told of an incident that is closed because what it was about is not so. */
const NOTE = 'Everything in it was taken back: with what has come in since it is explained.';
/** What is found again within this stays open until the review of the night: nobody is to see an incident come and go all day. */
const SETTLE_MS = 24 * 3_600_000;
/** Of a finding that is taken back and found again all day long, so many lines stand in the history. */
const MAX_LINES = 20;

/**
 * Findings that were told, and are not so any more, as a first look at records that a late relationship explains: they add no
 * points, their incident says so, and one in which nothing else is, and that nobody has touched, is closed.
 */
export class TakenBack {
  readonly #state: State;
  readonly #now: () => number;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** Does nothing if it was taken back already, or its incident is closed. @param isFinal the review of the night says so */
  async takeBack(finding: string, isFinal: boolean): Promise<void> {
    await this.#of(finding, async (within, row, incident) => {
      if (row.closed_at !== null || !OPEN_STATES.includes(incident.state)) return;
      await within.updateTable('findings').set({ closed_at: this.#now() }).where('id', '=', row.id).execute();
      await this.#tell(within, incident, 'taken-back', row.id);
      if (await this.#isTouched(within, incident, row.id, isFinal)) return;
      await within
        .updateTable('incidents')
        .set({ state: 'closed', outcome: 'harmless' })
        .where('id', '=', incident.id)
        .where('state', '=', 'new')
        .execute();
      await record(within, incident.id, this.#now(), null, 'close', { outcome: 'harmless', note: NOTE });
    });
  }

  /** It is so after all: an incident that was closed for it is open as before; one that a person closed stays closed. */
  async foundAgain(finding: string): Promise<void> {
    await this.#of(finding, async (within, row, incident) => {
      if (row.closed_at === null || incident.state === 'merged') return;
      if (incident.state === 'closed') {
        const last = await within
          .selectFrom('incident_history')
          .select('actor')
          .where('incident_id', '=', incident.id)
          .where('action', '=', 'close')
          .orderBy('at', 'desc')
          .limit(1)
          .executeTakeFirst();
        if (last === undefined || last.actor !== null) return;
        await within
          .updateTable('incidents')
          .set({ state: 'new', outcome: null })
          .where('id', '=', incident.id)
          .execute();
      }
      await within.updateTable('findings').set({ closed_at: null }).where('id', '=', row.id).execute();
      await this.#tell(within, incident, 'found-again', row.id);
    });
  }

  async #of(
    finding: string,
    work: (within: Within, row: Pick<FindingRow, 'id' | 'closed_at'>, incident: IncidentRow) => Promise<void>,
  ): Promise<void> {
    await this.#state.transaction(async (within) => {
      const row = await within
        .selectFrom('findings')
        .select(['id', 'closed_at', 'incident_id'])
        .where('id', '=', finding as FindingRow['id'])
        .executeTakeFirst();
      if (row === undefined || row.incident_id === null) return;
      const incident = await within
        .selectFrom('incidents')
        .selectAll()
        .where('id', '=', row.incident_id as IncidentRow['id'])
        .executeTakeFirst();
      if (incident !== undefined) await work(within, row, incident);
    });
  }

  async #tell(
    within: Within,
    { id }: IncidentRow,
    action: 'taken-back' | 'found-again',
    finding: string,
  ): Promise<void> {
    const { lines } = await within
      .selectFrom('incident_history')
      .select(({ fn }) => fn.countAll<number>().as('lines'))
      .where('incident_id', '=', id)
      .where('action', 'in', ['taken-back', 'found-again'])
      .executeTakeFirstOrThrow();
    if (lines < MAX_LINES) await record(within, id, this.#now(), null, action, { finding });
  }

  /** Something else is in it, somebody has done something with it, or it was found again just now. */
  async #isTouched(within: Within, incident: IncidentRow, finding: string, isFinal: boolean): Promise<boolean> {
    if (incident.state !== 'new' || incident.owner !== null || incident.acknowledged_at !== null) return true;
    const other = await within
      .selectFrom('findings')
      .select('id')
      .where('incident_id', '=', incident.id)
      .where('closed_at', 'is', null)
      .where('id', '!=', finding as FindingRow['id'])
      .limit(1)
      .executeTakeFirst();
    const clock = await within
      .selectFrom('clocks')
      .select('id')
      .where('incident_id', '=', incident.id)
      .limit(1)
      .executeTakeFirst();
    const act = await within
      .selectFrom('incident_history')
      .select('id')
      .where('incident_id', '=', incident.id)
      .where((where) =>
        where.or([
          where('actor', 'is not', null),
          ...(isFinal
            ? []
            : [where.and([where('action', '=', 'found-again'), where('at', '>', this.#now() - SETTLE_MS)])]),
        ]),
      )
      .limit(1)
      .executeTakeFirst();
    return other !== undefined || clock !== undefined || act !== undefined;
  }
}

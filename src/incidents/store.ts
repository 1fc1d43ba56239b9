import { type Expression, type ExpressionBuilder, sql, type SqlBool, type Transaction } from 'kysely';
import type { Finding } from '../core/finding.ts';
import { isParameter, type Observation, type Score, scoreOf } from '../core/observation.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { State } from '../store/state.ts';
import type { FindingRow, IncidentRow, Tables } from '../store/tables.ts';
import { type IncidentId, joinIncident, openForPrivacy } from './join.ts';
import { type IncidentState, OPEN_STATES } from './life.ts';
import type { Link } from './links.ts';
import type { Addressee } from './staff-reports.ts';

/**
 * A parameter keeps its points until the finding is closed, or for so long after its evidence, whichever is later. What belongs
 * to no incident nobody can close.
 */
const KEEPS_POINTS_MS = 24 * 3_600_000;

export interface Incident {
  readonly id: IncidentId;
  readonly state: IncidentState;
  readonly level: string;
  readonly title: string;
  readonly owner: string | null;
  readonly acknowledgedAt: number | null;
  /** Why it was closed. */
  readonly outcome: string | null;
  /** `privacy`: the privacy officers alone see it, until one of them shares it. */
  readonly addressedTo: Addressee;
  readonly openedAt: number;
  readonly lastEvidenceAt: number;
  readonly findings: number;
  readonly links: readonly Link[];
  /** What its detectors say together: at most 4 each. For putting the most serious first. */
  readonly strength: number;
  /** The highest among its hosts and accounts, and whose it is. */
  readonly score: Score & { readonly entity: Link | null };
}

/** Incidents: the only writer of `incidents`, `incident_links` and `incident_history`. */
export class Incidents {
  readonly #state: State;
  readonly #now: () => number;
  readonly #doesCareDepend: (host: string) => boolean;

  /** @param doesCareDepend on this host, named in lower case */
  constructor(state: State, now: () => number, doesCareDepend: (host: string) => boolean) {
    this.#state = state;
    this.#now = now;
    this.#doesCareDepend = doesCareDepend;
  }

  /** See `joinIncident`. */
  join(within: Transaction<Tables>, finding: Finding, current: string | null): Promise<string | null> {
    return joinIncident(within, finding, current, this.#now());
  }

  /** See `openForPrivacy`. */
  openForPrivacy(within: Transaction<Tables>, finding: Finding): Promise<string> {
    return openForPrivacy(within, finding, this.#now());
  }

  /**
   * A page of incidents, the newest first. Those that were merged into others are left out.
   *
   * @param reads what the reader may see
   */
  async page(
    cursor: Cursor | null,
    limit: number,
    reads: readonly Addressee[],
  ): Promise<readonly { incident: Incident; cursor: Cursor }[]> {
    const rows = await this.#state.db
      .selectFrom('incidents')
      .selectAll()
      .where('state', '!=', 'merged')
      .where('addressed_to', 'in', reads)
      .orderBy('opened_at', 'desc')
      .orderBy('id', 'desc')
      .where(behind(cursor, 'opened_at'))
      .limit(limit)
      .execute();
    return Promise.all(
      rows.map(async (row) => ({ incident: await this.#incidentOf(row), cursor: { at: row.opened_at, id: row.id } })),
    );
  }

  /** Those that are open and for all who work on incidents, the strongest first. */
  async open(limit: number): Promise<readonly Incident[]> {
    const rows = await this.#state.db
      .selectFrom('incidents')
      .selectAll()
      .where('state', 'in', OPEN_STATES)
      .where('addressed_to', '=', 'it')
      .orderBy('strength', 'desc')
      .orderBy('last_evidence_at', 'desc')
      .limit(limit)
      .execute();
    return Promise.all(rows.map((row) => this.#incidentOf(row)));
  }

  /** How many of the same are open now; how many were opened, and how many closed, since a time. */
  async movement(since: number): Promise<{ readonly open: number; readonly opened: number; readonly closed: number }> {
    const { db } = this.#state;
    const { open } = await db
      .selectFrom('incidents')
      .select(({ fn }) => fn.countAll<number>().as('open'))
      .where('state', 'in', OPEN_STATES)
      .where('addressed_to', '=', 'it')
      .executeTakeFirstOrThrow();
    const { opened } = await db
      .selectFrom('incidents')
      .select(({ fn }) => fn.countAll<number>().as('opened'))
      .where('opened_at', '>=', since)
      .where('state', '!=', 'merged')
      .where('addressed_to', '=', 'it')
      .executeTakeFirstOrThrow();
    const { closed } = await db
      .selectFrom('incident_history')
      .select(({ fn }) => fn.countAll<number>().as('closed'))
      .where('action', '=', 'close')
      .where('at', '>=', since)
      .where('incident_id', 'not in', (inner) =>
        inner.selectFrom('incidents').select('incidents.id').where('addressed_to', '=', sql.lit<'privacy'>('privacy')),
      )
      .executeTakeFirstOrThrow();
    return { open, opened, closed };
  }

  /** How many of the same that were opened since a time were closed as what; under `open` those that are not closed. */
  async outcomes(since: number): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#state.db
      .selectFrom('incidents')
      .select(['outcome', ({ fn }) => fn.countAll<number>().as('count')])
      .where('opened_at', '>=', since)
      .where('state', '!=', 'merged')
      .where('addressed_to', '=', 'it')
      .groupBy('outcome')
      .execute();
    return new Map(rows.map(({ outcome, count }) => [outcome ?? 'open', count]));
  }

  /** `null`: there is none, or none that the reader may see. */
  async find(id: string, reads: readonly Addressee[]): Promise<Incident | null> {
    const row = await this.#state.db
      .selectFrom('incidents')
      .selectAll()
      .where('id', '=', id as IncidentId)
      .where('addressed_to', 'in', reads)
      .executeTakeFirst();
    return row === undefined ? null : this.#incidentOf(row);
  }

  async #incidentOf(row: IncidentRow): Promise<Incident> {
    const { db } = this.#state;
    const links = await db
      .selectFrom('incident_links')
      .select(['kind', 'value'])
      .where('incident_id', '=', row.id)
      .orderBy('kind')
      .orderBy('value')
      .execute();
    const { count } = await db
      .selectFrom('findings')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('incident_id', '=', row.id)
      .executeTakeFirstOrThrow();
    // What names no host and no account scores by itself: data that left for an address is no less a loss.
    let score: Incident['score'] = { ...(await this.#scoreOfNameless(row.id, links)), entity: null };
    for (const entity of links) {
      if (entity.kind === 'address') continue;
      const own = await this.scoreOf(entity);
      if (own.total > score.total || (own.total > 0 && own.total === score.total && score.entity === null))
        score = { ...own, entity };
    }
    return {
      id: row.id,
      state: row.state,
      level: row.level,
      title: row.title,
      owner: row.owner,
      acknowledgedAt: row.acknowledged_at,
      outcome: row.outcome,
      addressedTo: row.addressed_to,
      openedAt: row.opened_at,
      lastEvidenceAt: row.last_evidence_at,
      findings: count,
      links,
      strength: row.strength,
      score,
    };
  }

  /** Of those findings of an incident that are about no host and no account of somebody’s own, as those of looks at records. */
  async #scoreOfNameless(id: IncidentId, links: readonly Link[]): Promise<Score> {
    const accounts = links.filter(({ kind }) => kind === 'account').map(({ value }) => value);
    const rows = await this.#state.db
      .selectFrom('findings')
      .select(['parameter', 'points', 'kind'])
      .distinct()
      .where('incident_id', '=', id)
      .where('host', 'is', null)
      .where((where) =>
        where.or([
          where('account', 'is', null),
          ...(accounts.length === 0 ? [where('account', 'is not', null)] : [where('account', 'not in', accounts)]),
        ]),
      )
      .where('points', '>', 0)
      .where((where) => stillCounts(where, this.#now()))
      .execute();
    const isCanaryTouched = rows.some((row) => row.kind === 'canary');
    return scoreOf(rows.flatMap(observationOf), false, isCanaryTouched);
  }

  /** The early warning score of a host or an account now. */
  async scoreOf({ kind, value }: Link): Promise<Score> {
    if (kind === 'address') return scoreOf([], false);
    const rows = await this.#state.db
      .selectFrom('findings')
      .select(['parameter', 'points', 'kind'])
      .distinct()
      .where(kind, '=', value)
      .where('points', '>', 0)
      .where((where) => stillCounts(where, this.#now()))
      .execute();
    const observations = rows.flatMap(observationOf);
    const isCanaryTouched = rows.some((row) => row.kind === 'canary');
    return scoreOf(observations, kind === 'host' && this.#doesCareDepend(value), isCanaryTouched);
  }
}

function stillCounts(where: ExpressionBuilder<Tables, 'findings'>, now: number): Expression<SqlBool> {
  return where.or([
    where.and([where('closed_at', 'is', null), where('incident_id', 'is not', null)]),
    where(where.fn.coalesce('at', 'first_seen_at'), '>', now - KEEPS_POINTS_MS),
  ]);
}

function observationOf({ parameter, points }: Pick<FindingRow, 'parameter' | 'points'>): Observation[] {
  return parameter !== null && isParameter(parameter) ? [{ parameter, points }] : [];
}

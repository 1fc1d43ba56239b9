import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Finding } from '../core/finding.ts';
import { isLevel, levelRank } from '../core/level.ts';
import { isParameter, type Observation, type Score, scoreOf } from '../core/observation.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { State } from '../store/state.ts';
import type { IncidentRow, Tables } from '../store/tables.ts';
import { type IncidentState, nextState, OPEN_STATES } from './life.ts';
import { type Link, linksOf, opensIncident } from './links.ts';

type IncidentId = IncidentRow['id'];

/** A finding joins what shares an entity with it in this time: a working day and its night. */
const JOIN_MS = 24 * 3_600_000;
/** An address with more hosts than this behind it is a proxy or a gateway, and links nothing. */
const MAX_HOSTS_OF_ADDRESS = 25;
/** A parameter keeps its points until the finding is closed, or for so long after its evidence, whichever is later. */
const KEEPS_POINTS_MS = 24 * 3_600_000;

export interface Incident {
  readonly id: IncidentId;
  readonly state: IncidentState;
  readonly level: string;
  readonly title: string;
  readonly owner: string | null;
  readonly openedAt: number;
  readonly lastEvidenceAt: number;
  readonly findings: number;
  readonly links: readonly Link[];
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

  /**
   * Finds the incident that a new finding belongs to, or opens one, within the transaction that files the finding.
   *
   * @returns `null` if it belongs to none and is not serious enough to open one
   */
  async join(within: Transaction<Tables>, finding: Finding): Promise<IncidentId | null> {
    const at = finding.at === null ? this.#now() : Date.parse(finding.at);
    const links = linksOf(finding.entities);
    const known = await this.#matching(within, links, at);
    const [oldest, ...others] = known;
    if (oldest === undefined) return opensIncident(finding) ? this.#open(within, finding, links, at) : null;
    for (const other of others) if (other.state === 'new') await this.#merge(within, other.id, oldest.id);
    await this.#addLinks(within, oldest.id, links, at);
    const isWorse = isLevel(oldest.level) && levelRank(finding.level) > levelRank(oldest.level);
    await within
      .updateTable('incidents')
      .set({
        last_evidence_at: Math.max(oldest.last_evidence_at, at),
        ...(isWorse ? { level: finding.level, title: finding.plain } : {}),
      })
      .where('id', '=', oldest.id)
      .execute();
    return oldest.id;
  }

  /** Open incidents that share an entity with it in time, the oldest first. */
  async #matching(within: Transaction<Tables>, links: readonly Link[], at: number): Promise<IncidentRow[]> {
    const usable: Link[] = [];
    for (const link of links)
      if (link.kind !== 'address' || !(await isGateway(within, link.value, at))) usable.push(link);
    if (usable.length === 0) return [];
    return within
      .selectFrom('incidents')
      .selectAll()
      .where('state', 'in', OPEN_STATES)
      .where('id', 'in', (select) =>
        select
          .selectFrom('incident_links')
          .select('incident_id')
          .where((where) =>
            where.or(
              usable.map(({ kind, value }) => where.and([where('kind', '=', kind), where('value', '=', value)])),
            ),
          )
          .where('last_at', '>=', at - JOIN_MS)
          .where('last_at', '<=', at + JOIN_MS),
      )
      .orderBy('opened_at')
      .orderBy('id')
      .execute();
  }

  async #open(within: Transaction<Tables>, finding: Finding, links: readonly Link[], at: number): Promise<IncidentId> {
    // Of the finding: filed again after a crash, it opens the same incident.
    const id: IncidentId = `inc_${finding.id.slice(4)}`;
    await within
      .insertInto('incidents')
      .values({
        id,
        state: 'new',
        level: finding.level,
        title: finding.plain,
        owner: null,
        merged_into: null,
        opened_at: this.#now(),
        last_evidence_at: at,
      })
      .execute();
    await this.#addLinks(within, id, links, at);
    await this.#record(within, id, null, 'opened', { finding: finding.id });
    return id;
  }

  async #merge(within: Transaction<Tables>, from: IncidentId, into: IncidentId): Promise<void> {
    const state = nextState('new', 'merge');
    if (state === null) return;
    const links = await within.selectFrom('incident_links').selectAll().where('incident_id', '=', from).execute();
    for (const { kind, value, last_at: at } of links) await this.#addLinks(within, into, [{ kind, value }], at);
    await within.updateTable('findings').set({ incident_id: into }).where('incident_id', '=', from).execute();
    await within.updateTable('incidents').set({ state, merged_into: into }).where('id', '=', from).execute();
    await this.#record(within, from, null, 'merged', { into });
    await this.#record(within, into, null, 'absorbed', { from });
  }

  async #addLinks(within: Transaction<Tables>, id: IncidentId, links: readonly Link[], at: number): Promise<void> {
    for (const { kind, value } of links)
      await within
        .insertInto('incident_links')
        .values({ incident_id: id, kind, value, last_at: at })
        .onConflict((conflict) =>
          conflict
            .columns(['incident_id', 'kind', 'value'])
            .doUpdateSet({ last_at: at })
            .where('incident_links.last_at', '<', at),
        )
        .execute();
  }

  async #record(
    within: Transaction<Tables>,
    id: IncidentId,
    actor: string | null,
    action: string,
    detail: object,
  ): Promise<void> {
    await within
      .insertInto('incident_history')
      .values({
        id: `hst_${randomBytes(9).toString('hex')}`,
        incident_id: id,
        at: this.#now(),
        actor,
        action,
        detail: JSON.stringify(detail),
      })
      .execute();
  }

  /** A page of incidents, the newest first. Those that were merged into others are left out. */
  async page(cursor: Cursor | null, limit: number): Promise<readonly { incident: Incident; cursor: Cursor }[]> {
    const rows = await this.#state.db
      .selectFrom('incidents')
      .selectAll()
      .where('state', '!=', 'merged')
      .orderBy('opened_at', 'desc')
      .orderBy('id', 'desc')
      .where(behind(cursor, 'opened_at'))
      .limit(limit)
      .execute();
    return Promise.all(
      rows.map(async (row) => ({ incident: await this.#incidentOf(row), cursor: { at: row.opened_at, id: row.id } })),
    );
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
    let score: Incident['score'] = { ...scoreOf([], false), entity: null };
    for (const entity of links) {
      if (entity.kind === 'address') continue;
      const own = await this.scoreOf(entity);
      if (own.total > score.total) score = { ...own, entity };
    }
    return {
      id: row.id,
      state: row.state,
      level: row.level,
      title: row.title,
      owner: row.owner,
      openedAt: row.opened_at,
      lastEvidenceAt: row.last_evidence_at,
      findings: count,
      links,
      score,
    };
  }

  /** The early warning score of a host or an account now. */
  async scoreOf({ kind, value }: Link): Promise<Score> {
    if (kind === 'address') return scoreOf([], false);
    const rows = await this.#state.db
      .selectFrom('findings')
      .select(['parameter', 'points'])
      .distinct()
      .where(kind, '=', value)
      .where('points', '>', 0)
      .where((where) => where.or([where('closed_at', 'is', null), where('at', '>', this.#now() - KEEPS_POINTS_MS)]))
      .execute();
    const observations = rows.flatMap(({ parameter, points }): Observation[] =>
      parameter !== null && isParameter(parameter) ? [{ parameter, points }] : [],
    );
    return scoreOf(observations, kind === 'host' && this.#doesCareDepend(value));
  }
}

async function isGateway(within: Transaction<Tables>, address: string, at: number): Promise<boolean> {
  const hosts = await within
    .selectFrom('findings')
    .select('host')
    .distinct()
    .where('address', '=', address)
    .where('at', '>=', at - JOIN_MS)
    .limit(MAX_HOSTS_OF_ADDRESS + 1)
    .execute();
  return hosts.length > MAX_HOSTS_OF_ADDRESS;
}

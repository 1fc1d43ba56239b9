import { type Expression, type ExpressionBuilder, sql, type SqlBool, type Transaction } from 'kysely';
import { evidenceAt, type Finding } from '../core/finding.ts';
import { strengthOf } from '../core/rarity.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { Held } from '../store/held.ts';
import type { State } from '../store/state.ts';
import type { FindingRow, Tables } from '../store/tables.ts';

/** What judging has come to: written with the findings it made, so that a crash can part neither from the other. */
export interface Judged {
  /** All events of the journal before this were judged, and their findings are filed. */
  readonly to: number;
  /** Windows of time reach back to here: after a restart, events are judged again from here to know them. */
  readonly from: number;
}

const JUDGED = 'judged';

/** The findings: the only writer of the table `findings`, and of the setting `judged`. */
export class Findings {
  readonly #state: State;
  readonly #now: () => number;
  readonly #join: JoinIncident;

  /** @param join finds the incident of a new finding; `null`: it belongs to none */
  constructor(state: State, now: () => number, join: JoinIncident) {
    this.#state = state;
    this.#now = now;
    this.#join = join;
  }

  /**
   * Files findings, each once however often it comes; one that has become more unusual says so from now on. Resolves to
   * those that are new.
   */
  async file(found: readonly Filed[], judged: Judged): Promise<readonly Finding[]> {
    return this.#state.transaction(async (within) => {
      const fresh = await this.#fileEach(within, found);
      await within
        .insertInto('settings')
        .values({ name: JUDGED, value: JSON.stringify(judged), changed_at: this.#now(), changed_by: null })
        .onConflict((conflict) =>
          conflict.column('name').doUpdateSet({ value: JSON.stringify(judged), changed_at: this.#now() }),
        )
        .execute();
      return fresh;
    });
  }

  /** Files what comes from no event of the journal, in the same way. */
  async fileOwn(found: readonly Filed[]): Promise<readonly Finding[]> {
    return this.#state.transaction((within) => this.#fileEach(within, found));
  }

  /**
   * Files what the privacy officers alone may see: in an incident of its own, and under no machine and no account, so that no
   * score or chart tells of it.
   *
   * @param open makes that incident, within the transaction
   * @returns the incident; the same finding gives the same again
   */
  async fileForPrivacy(finding: Finding, open: OpenIncident): Promise<string> {
    return this.#state.transaction(async (within) => {
      const row = { ...rowOf(finding, null, this.#now()), host: null, account: null, address: null };
      if (!(await insert(within, row))) {
        const { incident_id: known } = await within
          .selectFrom('findings')
          .select('incident_id')
          .where('id', '=', row.id)
          .executeTakeFirstOrThrow();
        if (known !== null) return known;
      }
      const incident = await open(within, finding);
      await within.updateTable('findings').set({ incident_id: incident }).where('id', '=', row.id).execute();
      return incident;
    });
  }

  async #fileEach(within: Transaction<Tables>, found: readonly Filed[]): Promise<readonly Finding[]> {
    const fresh: Finding[] = [];
    for (const { finding, sourceId } of found) {
      const row = rowOf(finding, sourceId, this.#now());
      const isNew = await insert(within, row);
      if (isNew) fresh.push(finding);
      const before = isNew ? { incident_id: null } : await grown(within, row);
      if (before === null) continue;
      const incident = await this.#join(within, finding, before.incident_id);
      if (incident !== before.incident_id)
        await within.updateTable('findings').set({ incident_id: incident }).where('id', '=', finding.id).execute();
    }
    return fresh;
  }

  async judged(): Promise<Judged> {
    const row = await this.#state.db
      .selectFrom('settings')
      .select('value')
      .where('name', '=', JUDGED)
      .executeTakeFirst();
    // Written by `file`.
    return row === undefined ? { to: 0, from: 0 } : (JSON.parse(row.value) as Judged);
  }

  /**
   * A page of findings, the newest first; without those that the privacy officers alone see.
   *
   * @param rule only those of the rule with this id; `null`: of any
   */
  async page(
    cursor: Cursor | null,
    limit: number,
    rule: string | null = null,
  ): Promise<readonly { finding: Finding; cursor: Cursor }[]> {
    const all = this.#state.db.selectFrom('findings');
    const rows = await (rule === null ? all : all.where('rule_id', '=', rule))
      .select(['id', 'body', 'first_seen_at'])
      .where(isForAll)
      .orderBy('first_seen_at', 'desc')
      .orderBy('id', 'desc')
      .where(behind(cursor, 'first_seen_at'))
      .limit(limit)
      .execute();
    return rows.map(({ id, body, first_seen_at }) => ({
      // Written by `file`.
      finding: JSON.parse(body) as Finding,
      cursor: { at: first_seen_at, id },
    }));
  }

  /** `null`: there is none, or the privacy officers alone see it. */
  async find(id: string): Promise<{ readonly finding: Finding; readonly incidentId: string | null } | null> {
    const row = await this.#state.db
      .selectFrom('findings')
      .select(['body', 'incident_id'])
      .where('id', '=', id as FindingRow['id'])
      .where(isForAll)
      .executeTakeFirst();
    // Written by `file`.
    return row === undefined ? null : { finding: JSON.parse(row.body) as Finding, incidentId: row.incident_id };
  }

  /**
   * Forgets some of those first seen before a time: of no incident, or of one that was closed before it. What an attack left
   * stays, and what a duty to tell somebody rests on.
   *
   * @returns how many
   */
  async forget(before: number, isHeld: Held, limit: number): Promise<number> {
    const { db } = this.#state;
    const needed = db
      .selectFrom('incidents')
      .select('incidents.id')
      .where((where) =>
        where.or([
          where('state', '!=', 'closed'),
          where('outcome', '=', 'attack'),
          where('incidents.id', 'in', where.selectFrom('clocks').select('incident_id')),
        ]),
      );
    const old = db
      .selectFrom('findings')
      .select('findings.id')
      .where('first_seen_at', '<', before)
      .where((where) =>
        where.or([
          where('incident_id', 'is', null),
          where.and([where('closed_at', '<', before), where('incident_id', 'not in', needed)]),
        ]),
      )
      .where((where) => where.not(isHeld(where, 'first_seen_at', 'source_id')))
      .limit(limit);
    const gone = await db.deleteFrom('findings').where('id', 'in', old).executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  /** How many were first seen in a time; without those that the privacy officers alone see. */
  async count(from: number, to: number): Promise<number> {
    const { count } = await this.#state.db
      .selectFrom('findings')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('first_seen_at', '>=', from)
      .where('first_seen_at', '<', to)
      .where(isForAll)
      .executeTakeFirstOrThrow();
    return count;
  }

  /** Which hosts, accounts and addresses the findings of an incident name together, the most findings first. */
  async together(incident: string): Promise<{ readonly edges: readonly Together[]; readonly isWhole: boolean }> {
    const rows = await this.#state.db
      .selectFrom('findings')
      .select(({ fn }) => [
        'host',
        'account',
        'address',
        fn.countAll<number>().as('findings'),
        fn.max<number>('points').as('points'),
      ])
      .where('incident_id', '=', incident)
      .where((where) =>
        where.or([where('host', 'is not', null), where('account', 'is not', null), where('address', 'is not', null)]),
      )
      .groupBy(['host', 'account', 'address'])
      .orderBy('findings', 'desc')
      .orderBy('host')
      .orderBy('account')
      .orderBy('address')
      .limit(MAX_TOGETHER + 1)
      .execute();
    return { edges: rows.slice(0, MAX_TOGETHER), isWhole: rows.length <= MAX_TOGETHER };
  }

  /** How many of each rule happened since then, and when the last did. Answered from an index alone. */
  async countByRule(from: number): Promise<ReadonlyMap<string, { readonly count: number; readonly lastAt: number }>> {
    const rows = await this.#state.db
      .selectFrom('findings')
      .select(({ fn }) => ['rule_id', fn.countAll<number>().as('count'), fn.max<number>('first_seen_at').as('last_at')])
      .where('first_seen_at', '>=', from)
      .groupBy('rule_id')
      .execute();
    return new Map(rows.map(({ rule_id: rule, count, last_at: lastAt }) => [rule, { count, lastAt }]));
  }

  /** Those about a host or an account that add to its score, of a time or still, the oldest first; at most 5,000. */
  async scoring(kind: 'host' | 'account', value: string, from: number): Promise<readonly ScoringFinding[]> {
    const rows = await this.#state.db
      .selectFrom('findings')
      .select(['id', 'at', 'first_seen_at', 'parameter', 'points', 'closed_at', 'body', 'incident_id'])
      .where(kind, '=', value.toLowerCase())
      .where('points', '>', 0)
      .where((where) =>
        where.or([
          where('first_seen_at', '>=', from),
          where.and([where('incident_id', 'is not', null), where('closed_at', 'is', null)]),
        ]),
      )
      .orderBy('first_seen_at', 'desc')
      .limit(5000)
      .execute();
    return rows.toReversed().map((row) => ({
      id: row.id,
      at: row.at ?? row.first_seen_at,
      parameter: row.parameter,
      points: row.points,
      closedAt: row.closed_at ?? (row.incident_id === null ? (row.at ?? row.first_seen_at) : null),
      incidentId: row.incident_id,
      // Written by `file`.
      plain: (JSON.parse(row.body) as { plain: string }).plain,
    }));
  }
}

const MAX_TOGETHER = 300;

/** What one or more findings name together; `null`: they name none of that kind. */
export interface Together {
  readonly host: string | null;
  readonly account: string | null;
  readonly address: string | null;
  readonly findings: number;
  /** The highest of them. */
  readonly points: number;
}

/** A finding as far as it is a point in an observations chart. */
export interface ScoringFinding {
  readonly id: string;
  readonly at: number;
  readonly parameter: string | null;
  readonly points: number;
  /** When its incident was closed; of one that belongs to none, when it was; `null`: it is open. */
  readonly closedAt: number | null;
  readonly incidentId: string | null;
  readonly plain: string;
}

/** What finds the incident of a finding, within the transaction that files it. `current`: the one it is in already. */
export type JoinIncident = (
  within: Transaction<Tables>,
  finding: Finding,
  current: string | null,
) => Promise<string | null>;

/** Opens an incident of a finding, within the transaction that files it. @returns its id */
export type OpenIncident = (within: Transaction<Tables>, finding: Finding) => Promise<string>;

/** A finding, and the source whose event made it. */
export interface Filed {
  readonly finding: Finding;
  readonly sourceId: string | null;
}

/** What happens with findings that are not so any more, and then are so after all: see src/incidents/taken-back.ts. */
export interface TakenBackFindings {
  takeBack(finding: string, isFinal: boolean): Promise<void>;
  foundAgain(finding: string): Promise<void>;
}

/** As the partial index of migration 0025 has it: as a parameter SQLite would not know it again. */
const FOR_PRIVACY = sql.lit<'privacy'>('privacy');

function isForAll(where: ExpressionBuilder<Tables, 'findings'>): Expression<SqlBool> {
  const hidden = where.selectFrom('incidents').select('incidents.id').where('addressed_to', '=', FOR_PRIVACY);
  return where.or([where('incident_id', 'is', null), where('incident_id', 'not in', hidden)]);
}

async function insert(within: Transaction<Tables>, row: FindingRow): Promise<boolean> {
  const result = await within
    .insertInto('findings')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Writes down that a finding has become more unusual. `null`: it has not. */
async function grown(within: Transaction<Tables>, row: FindingRow): Promise<Pick<FindingRow, 'incident_id'> | null> {
  const { id, surprise, per_day, strength, level, points, body, at } = row;
  if (surprise === null || row.kind !== 'behaviour') return null;
  const before = await within
    .selectFrom('findings')
    .select(['incident_id', 'surprise'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (before.surprise !== null && surprise <= before.surprise) return null;
  await within
    .updateTable('findings')
    .set({ surprise, per_day, strength, level, points, body, at })
    .where('id', '=', id)
    .execute();
  return before;
}

function rowOf(finding: Finding, sourceId: string | null, now: number): FindingRow {
  const { id, kind, ruleId, level, at, entities, rarity } = finding;
  return {
    id,
    kind,
    rule_id: ruleId,
    level,
    at: at === null ? null : evidenceAt(finding, now),
    host: entities.host?.toLowerCase() ?? null,
    account: entities.account?.toLowerCase() ?? null,
    address: entities.address ?? null,
    source_id: sourceId,
    incident_id: null,
    body: JSON.stringify(finding),
    first_seen_at: now,
    parameter: finding.observation.parameter,
    points: finding.observation.points,
    closed_at: null,
    surprise: rarity?.surprise ?? null,
    per_day: rarity?.perDay ?? null,
    strength: strengthOf(finding),
    excepted_by: null,
  };
}

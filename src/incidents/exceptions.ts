import { randomBytes } from 'node:crypto';
import type { ExpressionBuilder, Transaction } from 'kysely';
import type { UtcMs } from '../core/event.ts';
import type { Finding } from '../core/finding.ts';
import { Refusal } from '../core/refusal.ts';
import type { State } from '../store/state.ts';
import type { ExceptionRow, IncidentRow, Tables } from '../store/tables.ts';
import { OPEN_STATES } from './life.ts';

/** What is normal: a rule, on a host, or of an account, or of an account on a host. */
export interface ExceptionScope {
  readonly ruleId: string;
  readonly host: string | null;
  readonly account: string | null;
}

/** What an exception would have hidden, had it been there. */
export interface ExceptionPreview {
  /** Findings of the last 90 days. */
  readonly hidden: number;
  /** The newest of them. */
  readonly examples: readonly { readonly id: string; readonly at: UtcMs | null; readonly plain: string }[];
  /** Of all times: findings of incidents that turned out to be attacks. */
  readonly confirmedBad: readonly { readonly id: string; readonly incidentId: string | null; readonly plain: string }[];
  /** Incidents that are open now and hold such findings. */
  readonly openIncidents: readonly IncidentRow['id'][];
}

const DAY_MS = 24 * 3_600_000;
const LOOK_BACK_MS = 90 * DAY_MS;
const MAX_DAYS = 180;
const EXAMPLES = 20;

/** “This is normal”: scoped, owned, expiring, and never before it was held against everything known to be bad. */
export class Exceptions {
  readonly #state: State;
  readonly #now: () => UtcMs;

  constructor(state: State, now: () => UtcMs) {
    this.#state = state;
    this.#now = now;
  }

  /** @throws Refusal `exceptions/too-wide` without a host or an account */
  async preview(scope: ExceptionScope): Promise<ExceptionPreview> {
    check(scope);
    const { db } = this.#state;
    const own = db.selectFrom('findings').where((where) => fits(where, scope));
    const { hidden } = await own
      .select(({ fn }) => fn.countAll<number>().as('hidden'))
      .where('first_seen_at', '>', this.#now() - LOOK_BACK_MS)
      .executeTakeFirstOrThrow();
    const examples = await own
      .select(['id', 'at', 'body'])
      .where('first_seen_at', '>', this.#now() - LOOK_BACK_MS)
      .orderBy('first_seen_at', 'desc')
      .limit(EXAMPLES)
      .execute();
    const bad = await db
      .selectFrom('findings')
      .innerJoin('incidents', 'incidents.id', 'findings.incident_id')
      .where((where) => fits(where, scope))
      .where('incidents.outcome', '=', 'attack')
      .select(['findings.id as id', 'findings.incident_id as incident', 'findings.body as body'])
      .limit(EXAMPLES)
      .execute();
    const open = await db
      .selectFrom('findings')
      .innerJoin('incidents', 'incidents.id', 'findings.incident_id')
      .where((where) => fits(where, scope))
      .where('incidents.state', 'in', OPEN_STATES)
      .select('incidents.id as id')
      .distinct()
      .limit(EXAMPLES)
      .execute();
    return {
      openIncidents: open.map(({ id }) => id),
      hidden,
      examples: examples.map(({ id, at, body }) => ({ id, at, plain: plainOf(body) })),
      confirmedBad: bad.map(({ id, incident, body }) => ({ id, incidentId: incident, plain: plainOf(body) })),
    };
  }

  /**
   * @param acceptHiding to hide what turned out to be bad once: the reason has to say why
   * @throws Refusal `exceptions/too-wide`; `exceptions/hides-attack`; `exceptions/not-for-canaries`
   */
  async add(
    scope: ExceptionScope,
    { reason, days, acceptHiding }: { readonly reason: string; readonly days: number; readonly acceptHiding: boolean },
    owner: string,
  ): Promise<string> {
    const { confirmedBad } = await this.preview(scope);
    if (confirmedBad.length > 0 && !acceptHiding)
      throw new Refusal(
        'exceptions/hides-attack',
        `it would have hidden ${confirmedBad.length === EXAMPLES ? 'at least ' : ''}${confirmedBad.length} findings of what turned out to be an attack`,
      );
    const id = `exc_${randomBytes(9).toString('hex')}` as const;
    const now = this.#now();
    await this.#state.db
      .insertInto('exceptions')
      .values({
        id,
        rule_id: scope.ruleId,
        host: scope.host?.toLowerCase() ?? null,
        account: scope.account?.toLowerCase() ?? null,
        reason,
        owner,
        created_at: now,
        expires_at: now + Math.min(days, MAX_DAYS) * DAY_MS,
        revoked_at: null,
        revoked_by: null,
      })
      .execute();
    return id;
  }

  /** Those that hold and those that did, the newest first, each with what it has hidden. */
  async list(): Promise<readonly (ExceptionRow & { readonly hidden: number })[]> {
    const rows = await this.#state.db
      .selectFrom('exceptions')
      .selectAll()
      .orderBy('created_at', 'desc')
      .limit(500)
      .execute();
    const counts = await this.#state.db
      .selectFrom('findings')
      .select(['excepted_by', ({ fn }) => fn.countAll<number>().as('count')])
      .where('excepted_by', 'is not', null)
      .groupBy('excepted_by')
      .execute();
    const hidden = new Map(counts.map(({ excepted_by: id, count }) => [id, count]));
    return rows.map((row) => ({ ...row, hidden: hidden.get(row.id) ?? 0 }));
  }

  /** @throws Refusal `exceptions/not-found` if it holds no more, or never did */
  async revoke(id: string, by: string): Promise<void> {
    const { numUpdatedRows } = await this.#state.db
      .updateTable('exceptions')
      .set({ revoked_at: this.#now(), revoked_by: by })
      .where('id', '=', id as ExceptionRow['id'])
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows !== 1n) throw new Refusal('exceptions/not-found', `no exception ${id} holds`);
  }
}

/** The exception that a finding falls under now; `null`: none. A canary has none, nor have looks at records, nor what people report. */
export async function exceptionFor(within: Transaction<Tables>, finding: Finding, now: UtcMs): Promise<string | null> {
  if (finding.kind === 'canary' || finding.kind === 'record' || finding.kind === 'report') return null;
  const { host, account } = finding.entities;
  const row = await within
    .selectFrom('exceptions')
    .select('id')
    .where('rule_id', '=', finding.ruleId)
    .where('expires_at', '>', now)
    .where('revoked_at', 'is', null)
    .where((where) => where.or([where('host', 'is', null), where('host', '=', host?.toLowerCase() ?? '')]))
    .where((where) => where.or([where('account', 'is', null), where('account', '=', account?.toLowerCase() ?? '')]))
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

function fits(where: ExpressionBuilder<Tables, 'findings'>, { ruleId, host, account }: ExceptionScope) {
  return where.and([
    where('findings.rule_id', '=', ruleId),
    ...(host === null ? [] : [where('findings.host', '=', host.toLowerCase())]),
    ...(account === null ? [] : [where('findings.account', '=', account.toLowerCase())]),
  ]);
}

/** A rule switched off everywhere is no exception; that is done in the rules, where everybody sees it. */
function check({ ruleId, host, account }: ExceptionScope): void {
  if (host === null && account === null)
    throw new Refusal('exceptions/too-wide', 'an exception is for a host or an account, not for everybody');
  if (ruleId.startsWith('canary/'))
    throw new Refusal('exceptions/not-for-canaries', 'a canary that may be touched is none: take it off the list');
}

function plainOf(body: string): string {
  // Written by the store of findings.
  return (JSON.parse(body) as { plain: string }).plain;
}

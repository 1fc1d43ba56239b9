import { randomBytes } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { UtcMs } from '../core/event.ts';
import type { Finding } from '../core/finding.ts';
import { Refusal } from '../core/refusal.ts';
import type { State } from '../store/state.ts';
import type { ClockRow, IncidentRow, Tables } from '../store/tables.ts';
import { type ClockKind, type ClockState, dueAt, loadClockKinds, stateOf } from './clocks.ts';
import { type IncidentId, mergeIncident, record } from './join.ts';
import { allowedActions, type IncidentAction, nextState } from './life.ts';
import { loadPlaybooks, type Playbook, type PlaybookStep, suggestedPlaybook } from './playbooks.ts';

type Within = Transaction<Tables>;

/** Why an incident was closed. */
export const OUTCOMES = ['attack', 'harmless', 'misconfigured', 'duplicate', 'other'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What somebody does with an incident. */
export type DeskAction =
  | { readonly action: Exclude<IncidentAction, 'close' | 'merge'>; readonly note: string }
  | { readonly action: 'close'; readonly note: string; readonly outcome: Outcome }
  | { readonly action: 'merge'; readonly note: string; readonly into: string };

/** How a duty to tell somebody came to its end. */
export type ClockEnd =
  | { readonly how: 'met'; readonly at: UtcMs; readonly reason: string }
  | { readonly how: 'not-needed'; readonly reason: string };

export interface DeskClock extends Omit<ClockKind, 'hours'> {
  readonly id: string;
  readonly kind: string;
  readonly state: ClockState;
  readonly startedAt: UtcMs;
  readonly startedBy: string;
  readonly dueAt: UtcMs;
  /** When they were told; `null`: it runs, or need not be met. */
  readonly metAt: UtcMs | null;
  /** When somebody wrote down that it was met, or need not be. */
  readonly endedAt: UtcMs | null;
  readonly endedBy: string | null;
  readonly reason: string | null;
}

export interface DeskFinding {
  readonly id: string;
  readonly at: UtcMs | null;
  readonly level: string;
  readonly ruleId: string;
  readonly host: string | null;
  readonly account: string | null;
  readonly plain: string;
  /** What it adds to the early warning score of its host and account, while it counts. */
  readonly parameter: string | null;
  readonly points: number;
  readonly closedAt: UtcMs | null;
}

/** A place in the findings of an incident, of which those with the most points come first, then those seen first. */
export interface FindingPlace {
  readonly points: number;
  readonly firstSeenAt: UtcMs;
  readonly id: string;
}

export interface DeskFindings {
  readonly items: readonly DeskFinding[];
  /** Where to go on; `null`: these were the last. */
  readonly next: FindingPlace | null;
}

/** Everything about an incident that a person needs to act. */
export interface DeskView {
  /** The first 500, as `Desk.findings` gives them. */
  readonly findings: DeskFindings;
  readonly playbook: {
    readonly name: string;
    readonly title: string;
    /** Chosen by a person; else suggested by the findings. */
    readonly isChosen: boolean;
    readonly steps: readonly (PlaybookStep & { readonly doneAt: UtcMs | null; readonly doneBy: string | null })[];
  };
  /** Those that can be chosen. */
  readonly playbooks: readonly { readonly name: string; readonly title: string }[];
  readonly clocks: readonly DeskClock[];
  /** Those that can be started: first those that such an incident usually starts. */
  readonly clockKinds: readonly (Omit<ClockKind, 'hours'> & { readonly kind: string; readonly isUsual: boolean })[];
  readonly history: readonly {
    readonly at: UtcMs;
    /** `null`: the service itself. */
    readonly actor: string | null;
    readonly action: string;
    readonly detail: unknown;
  }[];
}

const MAX_FINDINGS = 500;
const MAX_HISTORY = 1000;
/** A breach may come to light years later; a year before that is a slip of the hand. */
const LONGEST_AGO_MS = 5 * 366 * 24 * 3_600_000;

/** What people do with incidents. Each change and its line in the history are one transaction. */
export class Desk {
  readonly #state: State;
  readonly #now: () => UtcMs;
  readonly #playbooks = loadPlaybooks();
  readonly #clockKinds = loadClockKinds();

  constructor(state: State, now: () => UtcMs) {
    this.#state = state;
    this.#now = now;
  }

  /** @throws Refusal `incidents/not-found`, `incidents/not-now`, `incidents/changed` */
  async act(id: string, asked: DeskAction, actor: string): Promise<void> {
    const now = this.#now();
    await this.#change(id, async (within, incident) => {
      const state = nextState(incident.state, asked.action);
      if (state === null)
        throw new Refusal(
          'incidents/not-now',
          `an incident that is ${incident.state} cannot be asked to ${asked.action}; it can: ${allowedActions(incident.state).join(', ') || 'nothing'}`,
        );
      if (asked.action === 'merge') {
        // What the privacy officers alone see stays apart: to merge it would show it, or hide the other.
        if (incident.addressed_to !== 'it')
          throw new Refusal('incidents/not-now', 'what the privacy officers alone see belongs to no other incident');
        const into = await this.#find(within, asked.into);
        if (into.addressed_to !== 'it') throw notFound(asked.into);
        if (into.id === incident.id || nextState(into.state, 'close') === null)
          throw new Refusal('incidents/not-now', `${asked.into} is not an open incident besides this one`);
        await mergeIncident(within, incident, into.id, now, actor);
        return;
      }
      if (asked.action === 'close') await this.#refuseWhileClocksRun(within, incident);
      const { numUpdatedRows } = await within
        .updateTable('incidents')
        .set({
          state,
          // Whoever does something with it has seen it.
          acknowledged_at: incident.acknowledged_at ?? now,
          acknowledged_by: incident.acknowledged_by ?? actor,
          ...(asked.action === 'take' ? { owner: actor } : {}),
          ...(asked.action === 'close' ? { outcome: asked.outcome } : {}),
          ...(asked.action === 'reopen' ? { outcome: null } : {}),
        })
        .where('id', '=', incident.id)
        .where('state', '=', incident.state)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) throw new Refusal('incidents/changed', 'somebody else was faster');
      if (asked.action === 'close' || asked.action === 'reopen')
        await within
          .updateTable('findings')
          .set({ closed_at: asked.action === 'close' ? now : null })
          .where('incident_id', '=', incident.id)
          .execute();
      const { action, ...detail } = asked;
      await record(within, incident.id, now, actor, action, detail);
    });
  }

  /** A duty to tell somebody is not over because the machine is clean again. */
  async #refuseWhileClocksRun(within: Within, { id }: IncidentRow): Promise<void> {
    const rows = await within
      .selectFrom('clocks')
      .select('kind')
      .where('incident_id', '=', id)
      .where('ended_at', 'is', null)
      .execute();
    if (rows.length === 0) return;
    const duties = rows.map(({ kind }) => `“${this.#clockKinds[kind]?.title ?? kind}”`).join(' and ');
    throw new Refusal(
      'incidents/clock-runs',
      `${duties} still ${rows.length === 1 ? 'has' : 'have'} a clock running in this incident`,
    );
  }

  async comment(id: string, text: string, actor: string): Promise<void> {
    await this.#change(id, (within, incident) => record(within, incident.id, this.#now(), actor, 'comment', { text }));
  }

  /** Somebody has seen it, and nobody else need be told. */
  async acknowledge(id: string, actor: string): Promise<void> {
    await this.#change(id, async (within, incident) => {
      if (incident.acknowledged_at !== null) return;
      await within
        .updateTable('incidents')
        .set({ acknowledged_at: this.#now(), acknowledged_by: actor })
        .where('id', '=', incident.id)
        .execute();
      await record(within, incident.id, this.#now(), actor, 'acknowledged', {});
    });
  }

  /**
   * Lets all who work on incidents see what the privacy officers alone saw. Its findings are from now on those of their
   * machine and account, and whoever has to know is told.
   *
   * @throws Refusal `incidents/not-now` if they do already
   */
  async share(id: string, actor: string): Promise<void> {
    await this.#change(id, async (within, incident) => {
      if (incident.addressed_to === 'it')
        throw new Refusal('incidents/not-now', 'all who work on incidents see it already');
      await within
        .updateTable('incidents')
        // Of those, nobody has looked.
        .set({ addressed_to: 'it', acknowledged_at: null, acknowledged_by: null })
        .where('id', '=', incident.id)
        .execute();
      const rows = await within
        .selectFrom('findings')
        .select(['id', 'body'])
        .where('incident_id', '=', incident.id)
        .execute();
      for (const { id: finding, body } of rows) {
        // Written by the store of findings.
        const { host, account } = (JSON.parse(body) as Pick<Finding, 'entities'>).entities;
        await within
          .updateTable('findings')
          .set({ host: host?.toLowerCase() ?? null, account: account?.toLowerCase() ?? null })
          .where('id', '=', finding)
          .execute();
      }
      await record(within, incident.id, this.#now(), actor, 'shared', {});
    });
  }

  /** @throws Refusal `incidents/no-such-step` */
  async choosePlaybook(id: string, name: string, actor: string): Promise<void> {
    if (!Object.hasOwn(this.#playbooks, name))
      throw new Refusal(
        'incidents/no-such-step',
        `there is no playbook ${name}: ${Object.keys(this.#playbooks).join(', ')}`,
      );
    await this.#change(id, async (within, incident) => {
      await within.updateTable('incidents').set({ playbook: name }).where('id', '=', incident.id).execute();
      await record(within, incident.id, this.#now(), actor, 'playbook', { playbook: name });
    });
  }

  /** @throws Refusal `incidents/no-such-step` */
  async tick(id: string, step: string, isDone: boolean, actor: string): Promise<void> {
    await this.#change(id, async (within, incident) => {
      const { name, playbook } = await this.#playbookOf(within, incident);
      if (!playbook.steps.some((each) => each.id === step))
        throw new Refusal('incidents/no-such-step', `the playbook ${name} has no step ${step}`);
      const key = { incident_id: incident.id, playbook: name, step };
      if (isDone)
        await within
          .insertInto('incident_steps')
          .values({ ...key, done_at: this.#now(), done_by: actor })
          .onConflict((conflict) => conflict.columns(['incident_id', 'playbook', 'step']).doNothing())
          .execute();
      else
        await within
          .deleteFrom('incident_steps')
          .where('incident_id', '=', incident.id)
          .where('playbook', '=', name)
          .where('step', '=', step)
          .execute();
      await record(within, incident.id, this.#now(), actor, isDone ? 'step-done' : 'step-undone', {
        playbook: name,
        step,
      });
    });
  }

  /**
   * Starts a clock at the moment of awareness, which may be past.
   *
   * @throws Refusal `incidents/no-such-clock`, `incidents/not-now` for a moment that has not come
   */
  async startClock(id: string, kind: string, startedAt: UtcMs, actor: string): Promise<void> {
    const known = Object.hasOwn(this.#clockKinds, kind) ? this.#clockKinds[kind] : undefined;
    if (known === undefined)
      throw new Refusal(
        'incidents/no-such-clock',
        `there is no clock ${kind}: ${Object.keys(this.#clockKinds).join(', ')}`,
      );
    if (startedAt > this.#now()) throw new Refusal('incidents/not-now', 'nobody can have become aware in the future');
    if (startedAt < this.#now() - LONGEST_AGO_MS)
      throw new Refusal('incidents/not-now', 'that is more than five years ago: check the year');
    await this.#change(id, async (within, incident) => {
      // Nobody would see it there.
      if (incident.state === 'merged')
        throw new Refusal(
          'incidents/not-now',
          `this incident became part of ${incident.merged_into ?? 'another'}: start the clock there`,
        );
      const running = await within
        .selectFrom('clocks')
        .select('id')
        .where('incident_id', '=', incident.id)
        .where('kind', '=', kind)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      if (running !== undefined)
        throw new Refusal('incidents/not-now', 'this clock runs already: end it first if its beginning is wrong');
      const clock: ClockRow = {
        id: `clk_${randomBytes(9).toString('hex')}`,
        incident_id: incident.id,
        kind,
        started_at: startedAt,
        started_by: actor,
        due_at: dueAt(known, startedAt),
        met_at: null,
        ended_at: null,
        ended_by: null,
        ended_how: null,
        reason: null,
        told_state: null,
      };
      await within.insertInto('clocks').values(clock).execute();
      await record(within, incident.id, this.#now(), actor, 'clock-started', { clock: clock.id, kind, startedAt });
    });
  }

  /**
   * Ends a clock: it was done, which may be past, or need not be done, for a reason.
   *
   * @throws Refusal `incidents/no-such-clock`, `incidents/not-now` if it has ended, without a reason, or for a moment
   *   before awareness or in the future
   */
  async endClock(id: string, clock: string, ended: ClockEnd, actor: string): Promise<void> {
    const now = this.#now();
    if (ended.how === 'not-needed' && ended.reason.trim() === '')
      throw new Refusal(
        'incidents/not-now',
        'a clock is stopped without telling anybody only for a reason that is written down',
      );
    const metAt = ended.how === 'met' ? ended.at : null;
    if (metAt !== null && metAt > now)
      throw new Refusal('incidents/not-now', 'nobody can have been told in the future');
    await this.#change(id, async (within, incident) => {
      const row = await within
        .selectFrom('clocks')
        .selectAll()
        .where('id', '=', clock as ClockRow['id'])
        .where('incident_id', '=', incident.id)
        .executeTakeFirst();
      if (row === undefined) throw new Refusal('incidents/no-such-clock', `the incident has no clock ${clock}`);
      if (row.ended_at !== null) throw new Refusal('incidents/not-now', `the clock ${clock} has ended already`);
      if (metAt !== null && metAt < row.started_at)
        throw new Refusal('incidents/not-now', 'nobody can have been told of it before you became aware of it');
      const { how, reason } = ended;
      await within
        .updateTable('clocks')
        .set({ met_at: metAt, ended_at: now, ended_by: actor, ended_how: how, reason: reason === '' ? null : reason })
        .where('id', '=', row.id)
        .execute();
      await record(within, incident.id, now, actor, 'clock-ended', {
        clock,
        kind: row.kind,
        how,
        reason,
        ...(metAt === null ? {} : { metAt }),
      });
    });
  }

  /**
   * What Today weighs of an incident: a hundred are asked for at once, and nobody reads their findings there.
   *
   * @throws Refusal `incidents/not-found`
   */
  async brief(id: string): Promise<{ readonly clocks: readonly DeskClock[]; readonly nextStep: PlaybookStep | null }> {
    return this.#state.transaction(async (within) => {
      const incident = await this.#find(within, id);
      const { name, playbook } = await this.#playbookOf(within, incident);
      const { done, clocks } = await workOn(within, incident.id, name);
      return {
        clocks: clocks.flatMap((row) => this.#clockOf(row) ?? []),
        nextStep: playbook.steps.find(({ id: step }) => !done.some((each) => each.step === step)) ?? null,
      };
    });
  }

  /** The clocks that run, by incident; the one that is due first at the head of its own, and its incident at the head of all. */
  async running(limit: number): Promise<ReadonlyMap<string, readonly DeskClock[]>> {
    const rows = await this.#state.db
      .selectFrom('clocks')
      .selectAll()
      .where('ended_at', 'is', null)
      .orderBy('due_at')
      .limit(limit)
      .execute();
    const clocks = new Map<string, DeskClock[]>();
    for (const row of rows) {
      const clock = this.#clockOf(row);
      if (clock !== null) clocks.set(row.incident_id, [...(clocks.get(row.incident_id) ?? []), clock]);
    }
    return clocks;
  }

  /** Incidents of which a clock runs, the one that is due first at the head. */
  async due(limit: number): Promise<readonly string[]> {
    const rows = await this.#state.db
      .selectFrom('clocks')
      .select(({ fn }) => ['incident_id', fn.min<number>('due_at').as('due')])
      .where('ended_at', 'is', null)
      .groupBy('incident_id')
      .orderBy('due')
      .limit(limit)
      .execute();
    return rows.map(({ incident_id: id }) => id);
  }

  /** @throws Refusal `incidents/not-found` */
  async view(id: string): Promise<DeskView> {
    return this.#state.transaction(async (within) => {
      const incident = await this.#find(within, id);
      const { name, playbook, isChosen } = await this.#playbookOf(within, incident);
      const { done, clocks } = await workOn(within, incident.id, name);
      const history = await within
        .selectFrom('incident_history')
        .selectAll()
        .where('incident_id', '=', incident.id)
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(MAX_HISTORY)
        .execute();
      return {
        findings: await findingsOf(within, incident.id, null, MAX_FINDINGS),
        playbook: {
          name,
          title: playbook.title,
          isChosen,
          steps: playbook.steps.map((step) => {
            const tick = done.find((each) => each.step === step.id);
            return { ...step, doneAt: tick?.done_at ?? null, doneBy: tick?.done_by ?? null };
          }),
        },
        playbooks: Object.entries(this.#playbooks).map(([each, { title }]) => ({ name: each, title })),
        clocks: clocks.flatMap((row) => this.#clockOf(row) ?? []),
        clockKinds: this.#clocksFor(playbook),
        history: history.map(({ at, actor, action, detail }) => ({
          at,
          actor,
          action,
          detail: JSON.parse(detail) as unknown,
        })),
      };
    });
  }

  /** A page of the findings of an incident. @param after where the page before ended; `null`: from the beginning */
  findings(incident: string, after: FindingPlace | null, limit: number): Promise<DeskFindings> {
    return findingsOf(this.#state.db, incident, after, limit);
  }

  #clocksFor({ clocks }: Playbook): DeskView['clockKinds'] {
    return Object.entries(this.#clockKinds)
      .map(([kind, { title, starts, unless, how, source }]) => ({
        kind,
        title,
        starts,
        unless,
        how,
        source,
        isUsual: clocks.includes(kind),
      }))
      .toSorted((a, b) => rankOf(clocks, a.kind) - rankOf(clocks, b.kind));
  }

  #clockOf(row: ClockRow): DeskClock | null {
    const kind = this.#clockKinds[row.kind];
    if (kind === undefined) return null;
    const { hours: _, ...words } = kind;
    return {
      ...words,
      id: row.id,
      kind: row.kind,
      state: stateOf(row, this.#now()),
      startedAt: row.started_at,
      startedBy: row.started_by,
      dueAt: row.due_at,
      metAt: row.met_at,
      endedAt: row.ended_at,
      endedBy: row.ended_by,
      reason: row.reason,
    };
  }

  async #playbookOf(
    within: Within,
    { id, playbook: chosen }: IncidentRow,
  ): Promise<{ name: string; playbook: Playbook; isChosen: boolean }> {
    let name = chosen;
    if (name === null) {
      const rows = await within
        .selectFrom('findings')
        .select(['body', 'parameter', 'kind'])
        .where('incident_id', '=', id)
        .where('points', '>', 0)
        .orderBy('points', 'desc')
        .limit(MAX_FINDINGS)
        .execute();
      const findings = rows.map(({ body, parameter, kind }) => ({
        parameter,
        kind,
        // Written by the store of findings.
        techniques: (JSON.parse(body) as { techniques: readonly string[] }).techniques,
      }));
      name = suggestedPlaybook(this.#playbooks, findings);
    }
    const playbook = this.#playbooks[name];
    // One that a later release has dropped.
    if (playbook === undefined) throw new Refusal('incidents/no-such-step', `there is no playbook ${name} any more`);
    return { name, playbook, isChosen: chosen !== null };
  }

  async #find(within: Within, id: string): Promise<IncidentRow> {
    const row = await within
      .selectFrom('incidents')
      .selectAll()
      .where('id', '=', id as IncidentId)
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return row;
  }

  async #change(id: string, work: (within: Within, incident: IncidentRow) => Promise<void>): Promise<void> {
    await this.#state.transaction(async (within) => work(within, await this.#find(within, id)));
  }
}

function notFound(id: string): Refusal {
  return new Refusal('incidents/not-found', `there is no incident ${id}`);
}

function rankOf(usual: readonly string[], kind: string): number {
  const at = usual.indexOf(kind);
  return at < 0 ? usual.length : at;
}

async function findingsOf(
  db: Kysely<Tables>,
  incident: string,
  after: FindingPlace | null,
  limit: number,
): Promise<DeskFindings> {
  const rows = await db
    .selectFrom('findings')
    .select(['id', 'at', 'level', 'rule_id', 'host', 'account', 'body', 'parameter', 'points', 'closed_at'])
    .select('first_seen_at')
    .where('incident_id', '=', incident)
    .$if(after !== null, (all) =>
      all.where(
        sql<boolean>`(points, -first_seen_at, id) < (${after?.points}, ${-(after?.firstSeenAt ?? 0)}, ${after?.id})`,
      ),
    )
    .orderBy('points', 'desc')
    .orderBy('first_seen_at')
    .orderBy('id', 'desc')
    // One more than wanted, to know whether there is a next page.
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map((row) => ({
    id: row.id,
    at: row.at,
    level: row.level,
    ruleId: row.rule_id,
    host: row.host,
    account: row.account,
    // Written by the store of findings.
    plain: (JSON.parse(row.body) as { plain: string }).plain,
    parameter: row.parameter,
    points: row.points,
    closedAt: row.closed_at,
  }));
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items,
    next: last === undefined ? null : { points: last.points, firstSeenAt: last.first_seen_at, id: last.id },
  };
}

/** Steps of its playbook that are done, and its clocks, the next to run out first. */
async function workOn(within: Within, incident: IncidentId, playbook: string) {
  const done = await within
    .selectFrom('incident_steps')
    .selectAll()
    .where('incident_id', '=', incident)
    .where('playbook', '=', playbook)
    .execute();
  const clocks = await within
    .selectFrom('clocks')
    .selectAll()
    .where('incident_id', '=', incident)
    .orderBy('due_at')
    .execute();
  return { done, clocks };
}

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Expression, SqlBool, Transaction } from 'kysely';
import { evidenceAt, type Finding } from '../core/finding.ts';
import { isLevel, levelRank, LEVELS } from '../core/level.ts';
import { isStrong, strengthOf } from '../core/rarity.ts';
import type { IncidentRow, Tables } from '../store/tables.ts';
import { nextState, OPEN_STATES } from './life.ts';
import { exceptionFor } from './exceptions.ts';
import { type Link, linksOf, opensIncident } from './links.ts';

type Within = Transaction<Tables>;
export type IncidentId = IncidentRow['id'];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A finding joins what shares an entity with it in this time: a working day and its night. */
const JOIN_MS = 24 * HOUR_MS;
/** What is only unusual must be nearer, unless the incident is serious: every host does something odd in a day. */
const JOIN_UNUSUAL_MS = 2 * HOUR_MS;
/** Fifteen detectors that each could not say more. */
const SERIOUS_STRENGTH = 60;
/** Two things with nothing in common belong together if so few as unusual come by chance in the time between them. */
const MAX_COINCIDENCES = 0.2;
/** An address with more hosts than this behind it is a proxy or a gateway, and links nothing. */
const MAX_HOSTS_OF_ADDRESS = 25;
/** Taken in at a time, of what came before. */
const MAX_ADOPTED = 500;
/** Behaviour alone opens so many incidents a day; beyond, it takes what comes less than once a day. */
const MAX_UNUSUAL_A_DAY = 12;

/**
 * Finds the incident that a finding belongs to, or opens one, within the transaction that files the finding.
 *
 * It belongs to an open incident if they share a host, an account or an address in time; or if both are so unusual that
 * they would hardly come so near to each other by chance. The latter needs no knowledge of the network, and scales: the
 * larger the organisation, the more unusual both must be.
 *
 * @param current the incident it is in already: it has become more unusual
 * @returns `null` if it belongs to none and is not serious enough to open one
 */
export async function joinIncident(
  within: Within,
  finding: Finding,
  current: string | null,
  now: number,
): Promise<string | null> {
  const key = finding.kind === 'behaviour' || current !== null ? null : memoKey(finding);
  const known = key === null ? undefined : memoOf(within).get(key);
  if (known !== undefined) return known;
  const incident = await join(within, finding, current, now);
  // What opens none is asked each time: it may be excepted, and each is then marked.
  if (key !== null && incident !== null) memoOf(within).set(key, incident);
  return incident;
}

/**
 * Where findings of one transaction went: the same rule on the same host, account and address, a moment later, goes to the
 * same incident and tells it nothing new. A rule that fires a thousand times in a batch asks once.
 */
const memos = new WeakMap<Within, Map<string, string | null>>();

function memoOf(within: Within): Map<string, string | null> {
  let memo = memos.get(within);
  if (memo === undefined) {
    memo = new Map();
    memos.set(within, memo);
  }
  return memo;
}

const MEMO_MS = 60_000;

function memoKey({ ruleId, level, entities, at, rarity }: Finding): string {
  const minute = at === null ? '' : Math.floor(Date.parse(at) / MEMO_MS);
  const { host = '', account = '', address = '' } = entities;
  return [ruleId, level, host, account, address, minute, rarity === undefined ? '' : isStrong(rarity)].join('\0');
}

async function join(within: Within, finding: Finding, current: string | null, now: number): Promise<string | null> {
  const exception = await exceptionFor(within, finding, now);
  if (exception !== null) {
    await within
      .updateTable('findings')
      .set({ excepted_by: exception, points: 0 })
      .where('id', '=', finding.id)
      .execute();
    return current;
  }
  const at = evidenceAt(finding, now);
  const links = await usable(within, linksOf(finding.entities), at);
  const fitting = await incidentsFor(within, finding, links, at, current);
  // It is in one that is closed, and stays there.
  if (current !== null && !fitting.some(({ id }) => id === current)) return current;
  const [oldest, ...others] = fitting;
  const isOpening = await mayOpen(within, finding, now);
  if (oldest === undefined && !isOpening) return null;
  const incident = oldest ?? (await open(within, finding, at, now));
  // What is too weak to open an incident draws no others together either.
  if (isOpening)
    for (const other of others) if (other.state === 'new') await mergeIncident(within, other, incident.id, now, null);
  await strengthen(within, finding, incident.id);
  if (finding.kind === 'behaviour' && !isOpening) return incident.id;
  await addLinks(within, incident.id, linksOf(finding.entities), at);
  await showIfWorst(within, finding, incident.id);
  const perDay = finding.rarity?.perDay ?? Number.POSITIVE_INFINITY;
  const rarest = Math.min(perDay, incident.rarest_per_day ?? Number.POSITIVE_INFINITY);
  await within
    .updateTable('incidents')
    .set({
      last_evidence_at: Math.max(incident.last_evidence_at, at),
      rarest_per_day: Number.isFinite(rarest) ? rarest : null,
    })
    .where('id', '=', incident.id)
    .execute();
  await adopt(within, finding, links, incident.id, at);
  return incident.id;
}

/** The title of an incident is the worst news in it: by level, then by points; of equals the first. */
async function showIfWorst(within: Within, finding: Finding, id: IncidentId): Promise<void> {
  const { level } = await within.selectFrom('incidents').select('level').where('id', '=', id).executeTakeFirstOrThrow();
  const worse = LEVELS.slice(levelRank(finding.level) + 1);
  const other = await within
    .selectFrom('findings')
    .select('id')
    .where('incident_id', '=', id)
    .where('id', '!=', finding.id)
    .where('excepted_by', 'is', null)
    .where((where) =>
      where.or([
        ...(worse.length === 0 ? [] : [where('level', 'in', worse)]),
        where.and([where('level', '=', finding.level), where('points', '>=', finding.observation.points)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  const shown = {
    ...(other === undefined ? { title: finding.plain } : {}),
    // It may have been raised above all of its findings, because nobody looked.
    ...(isLevel(level) && levelRank(finding.level) > levelRank(level) ? { level: finding.level } : {}),
  };
  if (Object.keys(shown).length > 0) await within.updateTable('incidents').set(shown).where('id', '=', id).execute();
}

/** As `showIfWorst`, of all that came together. */
async function showWorst(within: Within, into: IncidentId, from: IncidentRow): Promise<void> {
  for (const level of LEVELS.toReversed()) {
    const worst = await within
      .selectFrom('findings')
      .select('body')
      .where('incident_id', '=', into)
      .where('level', '=', level)
      .where('excepted_by', 'is', null)
      .orderBy('points', 'desc')
      .orderBy('first_seen_at')
      .limit(1)
      .executeTakeFirst();
    if (worst === undefined) continue;
    // Written by `Findings`.
    const { plain } = JSON.parse(worst.body) as Pick<Finding, 'plain'>;
    const { level: own } = await within
      .selectFrom('incidents')
      .select('level')
      .where('id', '=', into)
      .executeTakeFirstOrThrow();
    const isRaised = isLevel(own) && isLevel(from.level) && levelRank(from.level) > levelRank(own);
    await within
      .updateTable('incidents')
      .set({ title: plain, ...(isRaised ? { level: from.level } : {}) })
      .where('id', '=', into)
      .execute();
    return;
  }
}

/** Gateways link nothing. */
async function usable(within: Within, links: readonly Link[], at: number): Promise<Link[]> {
  const usable: Link[] = [];
  for (const link of links)
    if (link.kind !== 'address' || !(await isGateway(within, link.value, at))) usable.push(link);
  return usable;
}

/** Open incidents that it belongs to, the oldest first. */
async function incidentsFor(
  within: Within,
  finding: Finding,
  links: readonly Link[],
  at: number,
  current: string | null,
): Promise<IncidentRow[]> {
  const fitting = new Map<string, IncidentRow>();
  for (const [incident, lastAt] of await sharing(within, links, at))
    if (Math.abs(lastAt - at) <= reachOf(finding, incident)) fitting.set(incident.id, incident);
  for (const incident of await coinciding(within, finding, at)) fitting.set(incident.id, incident);
  if (current !== null && !fitting.has(current)) {
    const own = await openIncidents(within)
      .where('id', '=', current as IncidentId)
      .executeTakeFirst();
    if (own !== undefined) fitting.set(own.id, own);
  }
  return [...fitting.values()].sort((a, b) => a.opened_at - b.opened_at || (a.id < b.id ? -1 : 1));
}

/** Nothing joins one that the privacy officers alone see: it would be hidden from those who have to act. */
function openIncidents(within: Within) {
  return within.selectFrom('incidents').selectAll().where('state', 'in', OPEN_STATES).where('addressed_to', '=', 'it');
}

/** Open incidents that share a host, an account or an address with it, and when that was last seen there. */
async function sharing(within: Within, links: readonly Link[], at: number): Promise<[IncidentRow, number][]> {
  if (links.length === 0) return [];
  const shared = await within
    .selectFrom('incident_links')
    .select(['incident_id', ({ fn }) => fn.max('last_at').as('last_at')])
    .where((where) => where.or(links.map((link) => isLink(where, link))))
    .where('last_at', '>=', at - JOIN_MS)
    .where('last_at', '<=', at + JOIN_MS)
    .groupBy('incident_id')
    .execute();
  if (shared.length === 0) return [];
  const lastAt = new Map(shared.map((row) => [row.incident_id, row.last_at]));
  const rows = await openIncidents(within)
    .where('id', 'in', [...lastAt.keys()])
    .execute();
  return rows.map((row) => [row, lastAt.get(row.id) ?? at]);
}

/** Open incidents that, like it, are so unusual that they would hardly be so near to it by chance. */
async function coinciding(within: Within, { rarity }: Finding, at: number): Promise<IncidentRow[]> {
  if (rarity === undefined) return [];
  const perHour = rarity.perDay / 24;
  const reachMs = Math.min(JOIN_MS, (MAX_COINCIDENCES / perHour) * HOUR_MS);
  if (reachMs < MINUTE_MS) return [];
  const near = await openIncidents(within)
    .where('rarest_per_day', 'is not', null)
    .where('last_evidence_at', '>=', at - reachMs)
    .where('last_evidence_at', '<=', at + reachMs)
    .execute();
  return near.filter((row) => isNoCoincidence(perHour, row.rarest_per_day, at - row.last_evidence_at));
}

/** How far in time a shared entity reaches. */
function reachOf(finding: Finding, { strength }: IncidentRow): number {
  if (finding.kind !== 'behaviour') return JOIN_MS;
  return isStrong(finding.rarity) && strength >= SERIOUS_STRENGTH ? JOIN_MS : JOIN_UNUSUAL_MS;
}

/** What `isLink` needs of a query over links. */
type LinkWhere = {
  (column: 'kind' | 'value', operator: '=', value: string): Expression<SqlBool>;
  and(all: Expression<SqlBool>[]): Expression<SqlBool>;
};

function isLink(where: LinkWhere, { kind, value }: Link): Expression<SqlBool> {
  return where.and([where('kind', '=', kind), where('value', '=', value)]);
}

/** @param apartMs between them, either way */
function isNoCoincidence(perHour: number | null, rarestPerDay: number | null, apartMs: number): boolean {
  if (perHour === null || rarestPerDay === null) return false;
  const hours = Math.max(MINUTE_MS, Math.abs(apartMs)) / HOUR_MS;
  return Math.max(perHour, rarestPerDay / 24) * hours <= MAX_COINCIDENCES;
}

async function mayOpen(within: Within, finding: Finding, now: number): Promise<boolean> {
  if (!opensIncident(finding)) return false;
  if (finding.kind !== 'behaviour' || finding.level === 'high' || finding.rarity.perDay <= 1) return true;
  const { count } = await within
    .selectFrom('incident_history')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('action', '=', 'opened-by-behaviour')
    .where('at', '>', now - 24 * HOUR_MS)
    .executeTakeFirstOrThrow();
  return count < MAX_UNUSUAL_A_DAY;
}

/**
 * Opens an incident that the privacy officers alone see, of a finding that belongs to no other.
 *
 * @returns its id
 */
export async function openForPrivacy(within: Within, finding: Finding, now: number): Promise<string> {
  const at = evidenceAt(finding, now);
  const { id } = await open(within, finding, at, now, 'privacy');
  await addLinks(within, id, linksOf(finding.entities), at);
  await strengthen(within, finding, id);
  return id;
}

async function open(
  within: Within,
  finding: Finding,
  at: number,
  now: number,
  addressedTo: IncidentRow['addressed_to'] = 'it',
): Promise<IncidentRow> {
  // Of the finding: filed again after a crash, it opens the same incident.
  const row: IncidentRow = {
    id: `inc_${finding.id.slice(4)}`,
    state: 'new',
    level: finding.level,
    title: finding.plain,
    owner: null,
    merged_into: null,
    opened_at: now,
    last_evidence_at: at,
    strength: 0,
    rarest_per_day: null,
    acknowledged_at: null,
    acknowledged_by: null,
    outcome: null,
    playbook: null,
    told_step: 0,
    told_at: null,
    told_band: null,
    addressed_to: addressedTo,
  };
  await within.insertInto('incidents').values(row).execute();
  const action = finding.kind === 'behaviour' ? 'opened-by-behaviour' : 'opened';
  await record(within, row.id, now, null, action, { finding: finding.id });
  return row;
}

/** Moves what an incident has into another. `actor`: whose wish it was; `null`: the service's own. */
export async function mergeIncident(
  within: Within,
  from: IncidentRow,
  into: IncidentId,
  now: number,
  actor: string | null,
): Promise<void> {
  // What was remembered may be about the one that ends here.
  memos.delete(within);
  const state = nextState(from.state, 'merge');
  assert(state !== null, `an incident that is ${from.state} cannot be merged`);
  const links = await within.selectFrom('incident_links').selectAll().where('incident_id', '=', from.id).execute();
  for (const { kind, value, last_at: at } of links) await addLinks(within, into, [{ kind, value }], at);
  const strength = await strengthTogether(within, [from.id, into]);
  await within.updateTable('findings').set({ incident_id: into }).where('incident_id', '=', from.id).execute();
  await within.updateTable('clocks').set({ incident_id: into }).where('incident_id', '=', from.id).execute();
  await carryWork(within, from.id, into);
  await within.updateTable('incidents').set({ state, merged_into: into }).where('id', '=', from.id).execute();
  await within
    .updateTable('incidents')
    .set((set) => ({
      strength,
      last_evidence_at: set
        .case()
        .when('last_evidence_at', '>', from.last_evidence_at)
        .then(set.ref('last_evidence_at'))
        .else(from.last_evidence_at)
        .end(),
    }))
    .where('id', '=', into)
    .execute();
  await showWorst(within, into, from);
  await record(within, from.id, now, actor, 'merged', { into });
  await record(within, into, now, actor, 'absorbed', { from: from.id });
}

/** What people did: steps that are ticked, and their notes. */
async function carryWork(within: Within, from: IncidentId, into: IncidentId): Promise<void> {
  const steps = await within.selectFrom('incident_steps').selectAll().where('incident_id', '=', from).execute();
  for (const step of steps)
    await within
      .insertInto('incident_steps')
      .values({ ...step, incident_id: into })
      .onConflict((conflict) => conflict.columns(['incident_id', 'playbook', 'step']).doNothing())
      .execute();
  const notes = await within
    .selectFrom('incident_history')
    .select(['at', 'actor', 'detail'])
    .where('incident_id', '=', from)
    .where('action', '=', 'comment')
    .orderBy('at')
    .execute();
  for (const { at, actor, detail } of notes)
    await record(within, into, at, actor, 'comment', JSON.parse(detail) as object);
}

/** Each detector counts once, by the strongest that it said. */
async function strengthTogether(within: Within, incidents: readonly string[]): Promise<number> {
  const rows = await within
    .selectFrom('findings')
    .select(['rule_id', ({ fn }) => fn.max('strength').as('strongest')])
    .where('incident_id', 'in', incidents)
    .groupBy('rule_id')
    .execute();
  return rows.reduce((sum, { strongest }) => sum + strongest, 0);
}

async function strengthen(within: Within, finding: Finding, incident: IncidentId): Promise<void> {
  const { strongest } = await within
    .selectFrom('findings')
    .select(({ fn }) => fn.max('strength').as('strongest'))
    .where('incident_id', '=', incident)
    .where('rule_id', '=', finding.ruleId)
    .where('id', '!=', finding.id)
    .executeTakeFirstOrThrow();
  const more = strengthOf(finding) - (strongest ?? 0);
  if (more <= 0) return;
  await within
    .updateTable('incidents')
    .set((set) => ({ strength: set('strength', '+', more) }))
    .where('id', '=', incident)
    .execute();
}

/** Takes in what came a little earlier or later and belonged nowhere: the order in which things come does not matter. */
async function adopt(
  within: Within,
  finding: Finding,
  links: readonly Link[],
  incident: IncidentId,
  at: number,
): Promise<void> {
  const chanceMs = finding.rarity === undefined ? 0 : (MAX_COINCIDENCES / (finding.rarity.perDay / 24)) * HOUR_MS;
  const nearMs = chanceMs < MINUTE_MS ? 0 : Math.min(JOIN_UNUSUAL_MS, chanceMs);
  const loose = await within
    .selectFrom('findings')
    .select(['id', 'rule_id', 'at', 'host', 'account', 'address', 'per_day', 'strength'])
    .where('incident_id', 'is', null)
    .where('excepted_by', 'is', null)
    .where('kind', '=', 'behaviour')
    .where('at', '>=', at - JOIN_UNUSUAL_MS)
    .where('at', '<=', at + JOIN_UNUSUAL_MS)
    .where('id', '!=', finding.id)
    .where((where) =>
      where.or([
        ...links.map(({ kind, value }) => where(kind, '=', value)),
        // Only so near in time can it be no coincidence.
        where.and([where('at', '>=', at - nearMs), where('at', '<=', at + nearMs), where('per_day', 'is not', null)]),
      ]),
    )
    .limit(MAX_ADOPTED)
    .execute();
  const perHour = finding.rarity === undefined ? null : finding.rarity.perDay / 24;
  const own = loose.filter(
    (each) =>
      links.some(({ kind, value }) => each[kind] === value) ||
      (each.at !== null && isNoCoincidence(perHour, each.per_day, at - each.at)),
  );
  if (own.length === 0) return;
  await within
    .updateTable('findings')
    .set({ incident_id: incident })
    .where(
      'id',
      'in',
      own.map(({ id }) => id),
    )
    .execute();
  await within
    .updateTable('incidents')
    .set({ strength: await strengthTogether(within, [incident]) })
    .where('id', '=', incident)
    .execute();
}

async function addLinks(within: Within, id: IncidentId, links: readonly Link[], at: number): Promise<void> {
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

/** Appends to the history of an incident. */
export async function record(
  within: Within,
  id: IncidentId,
  at: number,
  actor: string | null,
  action: string,
  detail: object,
): Promise<void> {
  await within
    .insertInto('incident_history')
    .values({
      id: `hst_${randomBytes(9).toString('hex')}`,
      incident_id: id,
      at,
      actor,
      action,
      detail: JSON.stringify(detail),
    })
    .execute();
}

async function isGateway(within: Within, address: string, at: number): Promise<boolean> {
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

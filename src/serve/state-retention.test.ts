/** What was made of events goes when it is old, and not while somebody needs it: on a real store. */
import { sampleIncident } from '../incidents/sample-incident.ts';
import { deepEqual } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Outbox } from '../notices/outbox.ts';
import type { LegalHold } from '../store/archive/retention.ts';
import { openKeyring } from '../store/seal.ts';
import { openState, statePlace } from '../store/state.ts';
import type { IncidentRow } from '../store/tables.ts';
import { Findings } from '../watch/findings-store.ts';
import { Trail } from '../ops/trail.ts';
import { RecordCases } from '../watch/record-cases.ts';
import { RecordItems } from '../watch/record-items.ts';
import { SetAsides } from '../watch/set-aside-store.ts';
import { forgetOld } from './state-retention.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2036, 10, 26);
const OLD = NOW - 500 * DAY;
const ANCIENT = NOW - 9 * 366 * DAY;

async function house(t: TestContext, holds: readonly LegalHold[] = [], lastLineAt: number | null = NOW) {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-retention-'));
  const data = path.join(folder, 'data');
  const state = await openState(statePlace(null, data));
  t.after(() => state.close());
  const seals = await openKeyring(path.join(folder, 'keys'), 'seal', data);
  const now = () => NOW;
  const mac = (text: string) => createHmac('sha256', 'k').update(text).digest();
  const { db } = state;
  for (const id of ['src_a', 'src_b'] as const)
    await db
      .insertInto('sources')
      .values({
        id,
        name: id,
        kind: 'http',
        token_hash: null,
        certificate: null,
        folder: null,
        polled: null,
        position: null,
        address_range: null,
        created_at: 0,
        last_heard_at: null,
        state: 'active',
      })
      .execute();
  const incident = (id: IncidentRow['id'], is: Partial<IncidentRow>) =>
    db
      .insertInto('incidents')
      .values(sampleIncident({ id, state: 'closed', opened_at: OLD, outcome: 'harmless', ...is }))
      .execute();
  const finding = (id: string, is: { at?: number; incident?: string; closedAt?: number; source?: string } = {}) =>
    db
      .insertInto('findings')
      .values({
        id: `fnd_${id}`,
        kind: 'rule',
        rule_id: 'r',
        level: 'high',
        at: null,
        host: null,
        account: null,
        address: null,
        source_id: is.source ?? null,
        incident_id: is.incident ?? null,
        body: '{}',
        first_seen_at: is.at ?? OLD,
        parameter: null,
        points: 0,
        closed_at: is.closedAt ?? null,
        surprise: null,
        per_day: null,
        strength: 0,
        excepted_by: null,
      })
      .execute();
  const notice = (id: string, is: { incident?: string; sentAt?: number | null; failedAt?: number }) =>
    db
      .insertInto('outbox')
      .values({
        id: `ntc_${id}`,
        channel: 'mail:x',
        incident_id: is.incident ?? null,
        subject: 's',
        body: 'b',
        created_at: OLD,
        next_at: OLD,
        tries: 0,
        sent_at: is.sentAt ?? null,
        failed_at: is.failedAt ?? null,
      })
      .execute();
  const recordCase = (id: string, is: { alert?: number; decidedAt?: number; explainedAt?: number }) =>
    db
      .insertInto('record_cases')
      .values({
        id: `rac_${id}`,
        day: '2027-01-01',
        alert: is.alert ?? 1,
        sealed: Buffer.from(''),
        first_at: ANCIENT,
        seen_at: ANCIENT,
        explained_at: is.explainedAt ?? null,
        decided_at: is.decidedAt ?? null,
        decision: null,
        first_look_at: null,
        is_provisional: 0,
        history: '[]',
      })
      .execute();
  const left = async (table: 'findings' | 'outbox' | 'record_cases') =>
    (await db.selectFrom(table).select('id').orderBy('id').execute()).map(({ id }) => id.slice(4));
  const forget = () =>
    forgetOld({
      notices: new Outbox(state, now),
      findings: new Findings(state, now, () => Promise.resolve(null)),
      cases: new RecordCases(state, seals, mac, now),
      items: new RecordItems(state, seals, mac, now, 'Europe/London'),
      trail: new Trail(state, now),
      setAsides: new SetAsides(state, seals, { holds: () => Promise.resolve(holds), onBug: () => undefined }),
      archive: { holds: () => Promise.resolve(holds), status: () => Promise.resolve({ lastLineAt }) },
      now,
    });
  return { db, incident, finding, notice, recordCase, left, forget };
}

test('old findings go, but for those of an open incident, of an attack, and of a duty to tell somebody', async (t) => {
  const { db, incident, finding, left, forget } = await house(t);
  await incident('inc_open', { state: 'investigating', outcome: null });
  await incident('inc_harmless', {});
  await incident('inc_attack', { outcome: 'attack' });
  await incident('inc_told', {});
  await db
    .insertInto('clocks')
    .values({
      id: 'clk_1',
      incident_id: 'inc_told',
      kind: 'ico',
      started_at: OLD,
      started_by: 'Ann',
      ended_at: OLD,
      ended_by: 'Ann',
      ended_how: 'met',
      reason: null,
      told_state: null,
      due_at: OLD,
    })
    .execute();
  await finding('alone');
  await finding('new', { at: NOW - 10 * DAY });
  await finding('open', { incident: 'inc_open', closedAt: OLD });
  await finding('harmless', { incident: 'inc_harmless', closedAt: OLD });
  await finding('harmless-since-yesterday', { incident: 'inc_harmless', closedAt: NOW - DAY });
  await finding('attack', { incident: 'inc_attack', closedAt: OLD });
  await finding('told', { incident: 'inc_told', closedAt: OLD });
  for (let i = 0; i < 1200; i++) await finding(`many-${i}`);
  deepEqual(await forget(), { notices: 0, findings: 1202, cases: 0, setAsides: 0, trail: 0 });
  deepEqual(await left('findings'), ['attack', 'harmless-since-yesterday', 'new', 'open', 'told']);
});

test('notices go 13 months after they were delivered or given up, but for those of an open incident', async (t) => {
  const { incident, notice, left, forget } = await house(t);
  await incident('inc_open', { state: 'new', outcome: null });
  await incident('inc_closed', {});
  await notice('delivered', { incident: 'inc_closed', sentAt: OLD });
  await notice('given-up', { failedAt: OLD });
  await notice('last-year', { sentAt: NOW - 390 * DAY });
  await notice('open', { incident: 'inc_open', sentAt: OLD });
  await notice('waits', { sentAt: null });
  deepEqual(await forget(), { notices: 2, findings: 0, cases: 0, setAsides: 0, trail: 0 });
  deepEqual(await left('outbox'), ['last-year', 'open', 'waits']);
});

test('cases go as the accesses do, eight years on, but for those that wait for an answer', async (t) => {
  const { recordCase, left, forget } = await house(t);
  await recordCase('decided', { decidedAt: ANCIENT });
  await recordCase('decided-lately', { decidedAt: NOW - DAY });
  await recordCase('explained', { explainedAt: ANCIENT });
  await recordCase('beneath', { alert: 0 });
  await recordCase('waits', {});
  deepEqual(await forget(), { notices: 0, findings: 0, cases: 3, setAsides: 0, trail: 0 });
  deepEqual(await left('record_cases'), ['decided-lately', 'waits']);
});

test('what could not be read goes after 400 days, and what our own users did after eight years', async (t) => {
  const { db, forget } = await house(t);
  const aside = { source_id: null, reason: 'r', detail: 'd', sealed: Buffer.from('x') };
  const done = { actor: 'Ann', action: 'GET /api/v1/today', subject: null, detail: '{}' };
  for (const [id, at] of [
    ['old', OLD],
    ['new', NOW - 399 * DAY],
  ] as const) {
    await db
      .insertInto('set_aside')
      .values({ ...aside, id: `asd_${id}`, received_at: at })
      .execute();
    await db
      .insertInto('audit')
      .values({ ...done, id: `aud_${id}`, at: id === 'old' ? ANCIENT : OLD })
      .execute();
  }
  deepEqual(await forget(), { notices: 0, findings: 0, cases: 0, setAsides: 1, trail: 1 });
});

test('a legal hold keeps what was made of its sources in its time', async (t) => {
  const hold = { id: 'hld_1', sourceIds: ['src_a'], from: OLD - DAY, to: OLD + DAY, reason: 'court' };
  const { finding, notice, left, forget } = await house(t, [hold]);
  await finding('held', { source: 'src_a' });
  await finding('of-no-source');
  await finding('of-another', { source: 'src_b' });
  await finding('before', { source: 'src_a', at: OLD - 2 * DAY });
  await notice('held', { sentAt: OLD });
  await forget();
  deepEqual(await left('findings'), ['held', 'of-no-source']);
  deepEqual(await left('outbox'), ['held']);
});

for (const [what, lastLineAt] of [
  ['a month ahead of what was sealed last', NOW - 32 * DAY],
  ['of which nothing is known', null],
] as const)
  test(`a clock ${what} forgets nothing`, async (t) => {
    const { finding, left, forget } = await house(t, [], lastLineAt);
    await finding('old');
    await forget();
    deepEqual(await left('findings'), ['old']);
  });

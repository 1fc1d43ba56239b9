/** The nightly review inside the service: the same cases as by hand, shown to the privacy role and to nobody else. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { auditEvent } from '../src/records/simulate/audit-events.ts';
import { sendAudit } from './audit-events.ts';
import { recentHospital } from './recent-hospital.ts';
import { eventually, type TestService, upService } from './service.ts';

const BUDGET = '20';

interface Case {
  readonly user?: string;
  readonly day?: string;
  readonly patient?: string;
  readonly to?: string;
  readonly alert: boolean;
  readonly plain: string;
}

interface Kept {
  readonly id: string;
  readonly explainedAt: string | null;
  readonly decision: { readonly verdict: string; readonly by: string } | null;
  readonly case: Case;
}

async function reviewed(service: TestService, token: string): Promise<Record<string, unknown>> {
  const authorization = `Bearer ${token}`;
  const ask = async () =>
    JSON.parse((await service.fetch('/api/v1/records/review', { headers: { authorization } })).text) as {
      isRunning: boolean;
      last: Record<string, unknown> | null;
    };
  const before = (await eventually(ask, ({ isRunning }) => !isRunning)).last?.['at'];
  const begun = await service.fetch('/api/v1/records/review', {
    headers: { authorization, 'content-type': 'application/json' },
    body: '{}',
  });
  equal(begun.status, 200, begun.text);
  const { last } = await eventually(ask, (state) => !state.isRunning && state.last?.['at'] !== before, 120_000);
  return last ?? {};
}

/** What a case says of whom and when; in whatever order. */
function namesOf(cases: readonly Case[]): string[] {
  return cases.map(({ user, day, patient, to, alert }) => [user ?? patient, day ?? to, alert].join(' ')).sort();
}

test('each night the accesses are reviewed as by hand; who is asked about is for the privacy role alone', async (t) => {
  const { relationships, rows } = recentHospital();
  const service = await upService(t, '--plain-http', '--relationships', relationships, '--budget', BUDGET);
  const { token } = await service.addSource('epr', 'fhir');
  await sendAudit(
    service,
    token,
    rows.map((row) => auditEvent(row)),
  );
  const privacy = await service.addToken('privacy');
  const analyst = await service.addToken('analyst');
  const last = await reviewed(service, privacy);
  ok(Number(last['judgedDays']) > 2, JSON.stringify(last));

  const byHand = service
    .run('records', 'review', relationships, '--keys', service.keys, '--budget', BUDGET, '--format', 'ndjson')
    .out.trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);
  const kept = (await service.list('/api/v1/records/cases', privacy)) as unknown as Kept[];
  const alerts = byHand.filter(({ alert }) => alert);
  ok(alerts.length > 0, 'the hospital has something to find');
  deepEqual(namesOf(kept.map((each) => each.case)), namesOf(alerts));
  ok(!JSON.stringify(kept).includes('"p0'), 'patients are pseudonyms');

  // An analyst knows that there is a case, and not whose.
  const found = (await service.list('/api/v1/findings', analyst)).filter(({ kind }) => kind === 'record');
  equal(found.length, alerts.length);
  const mine = async () =>
    (await service.list('/api/v1/incidents', analyst)).filter(({ links }) => (links as object[]).length === 0);
  const incidents = await mine();
  equal(incidents.length, alerts.length, 'each case is an incident of its own');
  ok(incidents.every(({ score }) => (score as { total: number }).total >= 2));
  const shown = JSON.stringify([found, incidents]);
  for (const { case: own } of kept) ok(!shown.includes(own.user ?? own.patient ?? '-'), 'no name in what others see');
  const asAnalyst = await service.fetch('/api/v1/records/cases', { headers: { authorization: `Bearer ${analyst}` } });
  equal(asAnalyst.status, 403);

  // The page for a patient is the one that the command line gives, however the patient is named.
  const someone = rows[0]?.[2] ?? '';
  const askWho = (patient: string, as: string) =>
    service.fetch('/api/v1/records/who-looked', {
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      body: JSON.stringify({ patient, reason: 'A subject access request.' }),
    });
  const page = await askWho(someone, privacy);
  equal(page.status, 200, page.text);
  equal(
    (JSON.parse(page.text) as { text: string }).text,
    service.run('records', 'who-looked', relationships, '--keys', service.keys, '--patient', someone).out,
  );
  equal((await askWho('nobody-1', privacy)).status, 404);
  equal((await askWho(someone, analyst)).status, 403);

  // What is decided stays, and a second night tells nothing twice.
  const [first] = kept;
  const decided = await service.fetch(`/api/v1/records/cases/${first?.id ?? ''}/decision`, {
    headers: { authorization: `Bearer ${privacy}`, 'content-type': 'application/json' },
    body: JSON.stringify({ verdict: 'explained', reason: 'Covered for the ward that night.' }),
  });
  equal(decided.status, 200, decided.text);
  await reviewed(service, privacy);
  const again = (await service.list('/api/v1/records/cases', privacy)) as unknown as Kept[];
  deepEqual(namesOf(again.map((each) => each.case)), namesOf(alerts));
  equal(again.find(({ id }) => id === first?.id)?.decision?.verdict, 'explained');
  ok(again.every(({ explainedAt }) => explainedAt === null));
  equal((await mine()).length, alerts.length);
  // Nothing of it lies open in the data folder.
  const files = readdirSync(service.data, { withFileTypes: true }).filter((entry) => entry.isFile());
  ok(files.some(({ name }) => name.startsWith('state')));
  for (const { name } of files) {
    const text = readFileSync(path.join(service.data, name), 'latin1');
    for (const { case: own } of kept) ok(!text.includes(own.plain), name);
    ok(!text.includes(someone) && !text.includes('nobody-1'), name);
  }
  equal(await service.stop(), 0);
});

/** A hospital whose day goes on: what the service sees before the day is over, across a power cut, and what the night makes of it. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { auditEvent } from '../src/records/simulate/audit-events.ts';
import { sendAudit } from './audit-events.ts';
import { recentHospital } from './recent-hospital.ts';
import { eventually, type TestService, upService } from './service.ts';

const BUDGET = '5';

interface Kept {
  readonly id: string;
  readonly firstLookAt: string | null;
  readonly isProvisional: boolean;
  readonly explainedAt: string | null;
  readonly history: readonly { readonly said: string }[];
  readonly case: {
    readonly user?: string;
    readonly day?: string;
    readonly patient?: string;
    readonly from?: string;
    readonly alert: boolean;
    readonly kinds?: readonly string[];
    readonly plain: string;
  };
}

function nameOf({ case: { user, day, patient, from } }: Pick<Kept, 'case'>): string {
  return `${user ?? patient} ${day ?? from}`;
}

async function review(service: TestService, token: string, body?: string) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const { text } = await service.fetch('/api/v1/records/review', body === undefined ? { headers } : { headers, body });
  return JSON.parse(text) as {
    isRunning: boolean;
    live: { isFollowing: boolean; today: string | null };
    last: { at: string } | null;
  };
}

test('a bulk export and a stolen account are cases while the day goes on; a power cut loses none and doubles none; the night says what the folder says', async (t) => {
  const { relationships, rows: unsorted } = recentHospital();
  const rows = unsorted.toSorted((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
  const today = rows.at(-1)?.[0]?.slice(0, 10) ?? '';
  const past = rows.filter(([time = '']) => time < today);
  const service = await upService(t, '--plain-http', '--relationships', relationships, '--budget', BUDGET);
  const { token } = await service.addSource('epr', 'fhir');
  const [privacy, analyst] = [await service.addToken('privacy'), await service.addToken('analyst')];
  const send = (some: readonly (readonly string[])[]) => sendAudit(service, token, some.map(auditEvent));
  const cases = async () => (await service.list('/api/v1/records/cases', privacy)) as unknown as Kept[];
  const following = () =>
    eventually(
      () => review(service, privacy),
      ({ live }) => live.isFollowing,
      60_000,
    );
  await send(past);
  // Started again, it knows all of the past days; while they came in it could only learn.
  equal(await service.stop(), 0);
  await service.start();
  const { live } = await following();
  ok(live.today !== null && live.today < today, JSON.stringify(live));

  // Patients whom nobody opened before, and who stand in no file.
  const strangers = Array.from({ length: 120 }, (_, n) => `p${String(9_000_000 + n)}`);
  const byUser = [...Map.groupBy(past, ([, user]) => user ?? '')].sort((a, b) => b[1].length - a[1].length);
  const [harvester, stolen] = [byUser[3]?.[0] ?? '', byUser[6]?.[0] ?? ''];
  const own = byUser[3]?.[1].at(-1)?.[9] ?? '';
  const burst = (user: string, from: string, patients: readonly string[], host: string, action: string) =>
    patients.map((patient, n) => {
      const at = new Date(Date.parse(`${today}T${from}Z`) + n * 15_000).toISOString();
      return [at, user, patient, action, 'Observation', 'pc', '', 'TREAT', '', host, '10.9.9.9', '', `x${n}`, '0'];
    });
  const day = [
    ...rows.filter(([time = '']) => time >= today),
    ...burst(harvester, '10:00:00', strangers.slice(0, 60), own, 'export'),
    ...burst(stolen, '21:30:00', strangers.slice(60, 120), 'nowhere-pc1', 'read'),
  ].sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
  const until = (hour: string) => day.filter(([time = '']) => time.slice(11) < hour);
  const between = (from: string, to: string) => until(to).slice(until(from).length);
  const of = (user: string) => (all: readonly Kept[]) =>
    all.find((one) => one.case.user === user && one.case.day === today);

  // Ten minutes into the export.
  await send(until('10:10'));
  const early = await eventually(cases, (all) => of(harvester)(all) !== undefined, 30_000);
  const first = of(harvester)(early);
  ok(first !== undefined && first.isProvisional && first.firstLookAt !== null);
  deepEqual(
    first.history.map(({ said }) => said),
    ['first-look'],
  );
  ok(!/guilty|snoop|offen|culprit|accus/i.test(first.case.plain));
  // Others know that there is something, and not about whom.
  const findings = async () =>
    (await service.list('/api/v1/findings', analyst)).filter(({ kind }) => kind === 'record');
  const seen = await eventually(findings, (all) => all.length > 0);
  ok(!JSON.stringify(seen).includes(harvester));
  equal(
    (await service.fetch('/api/v1/records/cases', { headers: { authorization: `Bearer ${analyst}` } })).status,
    403,
  );

  // The power fails while more comes; what was acknowledged is judged after it.
  await send(between('10:10', '11:00'));
  await service.stop('SIGKILL');
  await service.start();
  await following();
  const grown = await eventually(cases, (all) => (of(harvester)(all)?.case.kinds ?? []).includes('bulk'), 30_000);
  equal(new Set(grown.map(nameOf)).size, grown.length, 'no case twice');
  ok(
    early.every((one) => grown.some(({ id }) => id === one.id)),
    'no case lost',
  );
  await send(between('11:00', '22:30'));
  const late = await eventually(cases, (all) => of(stolen)(all) !== undefined, 30_000);
  ok((of(stolen)(late)?.case.kinds ?? []).includes('stolen-account'), JSON.stringify(of(stolen)(late)?.case.kinds));
  await send(between('22:30', '99'));

  // The night.
  const before = (await review(service, privacy)).last?.at;
  await review(service, privacy, '{}');
  await eventually(
    () => review(service, privacy),
    ({ isRunning, last }) => !isRunning && last?.at !== before,
    120_000,
  );
  const after = await cases();
  const byHand = service
    .run('records', 'review', '--keys', service.keys, '--budget', BUDGET, '--format', 'ndjson', relationships)
    .out.trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Kept['case']);
  const alerts = byHand.filter(({ alert }) => alert).map((one) => nameOf({ case: one }));
  const told = after.filter((one) => one.case.alert).map(nameOf);
  deepEqual(told.sort(), alerts.sort(), 'no alert lost, and none more');
  equal(new Set(after.map(nameOf)).size, after.length);
  ok(after.every(({ isProvisional }) => !isProvisional));
  for (const user of [harvester, stolen])
    deepEqual(
      of(user)(after)?.history.map(({ said }) => said),
      ['first-look', 'confirmed'],
    );
  for (const one of after.filter(({ firstLookAt }) => firstLookAt !== null))
    ok(['confirmed', 'lowered', 'withdrawn'].includes(one.history.at(-1)?.said ?? ''), nameOf(one));
  equal((await findings()).length, after.length, 'each case is told once');
  ok(!JSON.stringify(after).includes('"p0'), 'patients are pseudonyms');
  equal(await service.stop(), 0);
});

test('a stay that is told late withdraws the first look that it explains, and the history says so', async (t) => {
  const { relationships, rows: unsorted } = recentHospital();
  const rows = unsorted.toSorted((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
  const today = rows.at(-1)?.[0]?.slice(0, 10) ?? '';
  const service = await upService(t, '--plain-http', '--relationships', relationships, '--budget', BUDGET);
  const { token } = await service.addSource('epr', 'fhir');
  const privacy = await service.addToken('privacy');
  const cases = async () => (await service.list('/api/v1/records/cases', privacy)) as unknown as Kept[];
  await sendAudit(service, token, rows.filter(([time = '']) => time < today).map(auditEvent));
  equal(await service.stop(), 0);
  await service.start();
  await eventually(
    () => review(service, privacy),
    ({ live }) => live.isFollowing,
    60_000,
  );

  // A nurse opens twelve records of patients whom no feed names yet.
  const staff = readFileSync(path.join(relationships, 'staff.csv'), 'utf8').split('\n');
  const nurses = staff
    .map((row) => row.split(','))
    .filter(([, role, ward]) => role === 'nurse' && ward?.includes('ward'));
  const [nurse = '', , ward = ''] = nurses.find(([user]) => rows.some((row) => row[1] === user)) ?? [];
  const patients = Array.from({ length: 12 }, (_, n) => `p${9_100_000 + n}`);
  const looks = patients.map((patient, n) => {
    const at = new Date(Date.parse(`${today}T10:00:00Z`) + n * 60_000).toISOString();
    return auditEvent([
      at,
      nurse,
      patient,
      'read',
      'Observation',
      'pc',
      ward,
      'TREAT',
      '',
      `${ward}-pc1`,
      '10.1.1.1',
      '',
      '',
      '0',
    ]);
  });
  await sendAudit(service, token, looks);
  const own = (all: readonly Kept[]) => all.find((one) => one.case.user === nurse && one.case.day === today);
  ok(own(await eventually(cases, (all) => own(all) !== undefined, 30_000))?.explainedAt === null);

  // The engine was down; now it tells where they have been since the morning.
  await sendAudit(
    service,
    token,
    patients.map((patient) => ({
      resourceType: 'Encounter',
      id: `enc-${patient}`,
      status: 'in-progress',
      class: { code: 'IMP' },
      subject: { reference: `Patient/${patient}` },
      period: { start: `${today}T06:00:00Z` },
      location: [{ location: { reference: `Location/${ward}` }, period: { start: `${today}T06:00:00Z` } }],
    })),
  );
  const after = own(await eventually(cases, (all) => own(all)?.explainedAt !== null, 30_000));
  deepEqual(
    after?.history.map(({ said }) => said),
    ['first-look', 'withdrawn'],
  );
  const analyst = await service.addToken('analyst');
  const incidents = await eventually(
    () => service.list('/api/v1/incidents', analyst),
    (all) => all.some((one) => one['state'] === 'closed'),
  );
  const { id } = incidents.find((one) => one['state'] === 'closed') ?? {};
  const headers = { authorization: `Bearer ${analyst}` };
  const { text } = await service.fetch(`/api/v1/incidents/${String(id)}`, { headers });
  ok(text.includes('"taken-back"') && text.includes('Everything in it was taken back'), text);
  equal(await service.stop(), 0);
});

test('relationships that cannot be read are told of by what is wrong, and memory that runs out takes this and not the watch', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-bad-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'stays.csv'), 'patient,ward\np1,W7\n');
  const { rows } = recentHospital();
  const service = await upService(t, '--plain-http', '--relationships', folder);
  const { token } = await service.addSource('epr', 'fhir');
  await sendAudit(service, token, rows.slice(0, 50).map(auditEvent));
  await eventually(
    () => service.log,
    (log) => log.includes('records-not-judged-live') && log.includes('stays.csv has no column “department”'),
  );
  writeFileSync(path.join(folder, 'stays.csv'), 'patient,department,from,to\n');
  if (process.platform !== 'linux') return;
  const score = (pid: number) => readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim();
  equal(score(service.pid), readFileSync('/proc/self/oom_score_adj', 'utf8').trim());
  const asked = review(service, await service.addToken('privacy'), '{}');
  const children = await eventually(
    () => readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8').trim().split(' ').filter(Boolean),
    (pids) => pids.some((pid) => existsSync(`/proc/${pid}`) && score(Number(pid)) === '1000'),
  );
  ok(children.length > 0);
  await asked;
});

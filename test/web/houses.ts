/** Two real services to look at pages with: one on its first day, and one that has been in use for a while. */
import { ok } from 'node:assert/strict';
import type { APIRequestContext, BrowserContextOptions } from 'playwright-core';
import { request } from 'playwright-core';
import type { Role } from '../../src/core/role.ts';
import { auditEvent } from '../../src/records/simulate/audit-events.ts';
import { simulateAttack } from '../../src/simulate/attack.ts';
import { sendAudit } from '../audit-events.ts';
import { recentHospital } from '../recent-hospital.ts';
import { eventually, TestService } from '../service.ts';
import { firstLink, PASSWORD, started } from './browser.ts';

const ALL: readonly Role[] = ['admin', 'analyst', 'privacy', 'board', 'staff'];
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** A day for 1,000 staff: a house of sixty would wait a year for a case at the usual budget. */
const BUDGET = '20';
/** More than a first page has. */
const MANY_INCIDENTS = 60;
const MANY_FINDINGS = 120;
const MANY_LINES = 450;
const MANY_UNREADABLE = 230;
const MANY_PEOPLE = 40;
const MANY_SOURCES = 45;
const MANY_FILES = 4;
/** As much as one person may. */
const REPORTS_A_DAY = 20;

/** Signed in, as a browser keeps it. */
type SignedIn = NonNullable<BrowserContextOptions['storageState']>;

export interface House {
  readonly service: TestService;
  /** Somebody with every role but the partner's. */
  readonly ann: SignedIn;
  /** Somebody who may only report. */
  readonly kim: SignedIn;
  /** A link that nobody has opened. */
  readonly invitation: string;
  /** The one with the most findings; in an empty house one that is not there, as with the others. */
  readonly incident: string;
  readonly finding: string;
  readonly host: string;
  /** A saved search. */
  readonly hunt: string;
  /** Who opened the most records, and whose was opened most. */
  readonly user: string;
  readonly patient: string;
}

/** A service that nothing has been sent to. The caller stops it. */
export async function emptyHouse(): Promise<House> {
  const service = new TestService('--plain-http');
  await service.start();
  const people = await leave(await settle(service));
  const nothing = {
    incident: 'inc_none',
    finding: 'fnd_none',
    host: 'nobody',
    hunt: 'hnt_none',
    user: 'nobody',
    patient: '9990000018',
  };
  return { service, ...people, ...nothing };
}

/** A service with a month of care, a day under attack, and what people did with it. The caller stops it. */
export async function fullHouse(): Promise<House> {
  const { relationships, rows } = recentHospital();
  const service = new TestService('--plain-http', '--relationships', relationships, '--budget', BUDGET);
  await service.start();
  const epr = await service.addSource('EPR', 'fhir');
  await sendAudit(
    service,
    epr.token,
    rows.map((row) => auditEvent(row)),
  );
  const people = await settle(service);
  await askOf(people.ann)('records/review', {});
  await sendAttacks(service);
  await furnish(people);
  await dropFiles(people);
  const found = await whatWasFound(people);
  await beginToTell(people, found.incident);
  return { service, ...(await leave(people)), ...found, user: mostOf(rows, 1), patient: mostOf(rows, 2) };
}

interface People {
  readonly ann: APIRequestContext;
  readonly kim: APIRequestContext;
  readonly invitation: string;
}

/** Ann, who may do everything, Kim, who may report, and a link for a third. */
async function settle(service: TestService): Promise<People> {
  const enter = async (link: string, name: string) => {
    const one = await request.newContext({
      baseURL: service.ready.http,
      extraHTTPHeaders: { 'x-wardwatch': 'page' },
    });
    const token = link.split('#')[1] ?? '';
    return { one, ...(await askOf(one)('invitations/accept', { token, name, password: PASSWORD })) };
  };
  const { one: ann, person } = (await enter(await firstLink(service), 'Ann Example')) as {
    one: APIRequestContext;
    person: { id: string };
  };
  const ask = askOf(ann);
  await ask(`people/${person.id}/roles`, { roles: ALL });
  const invite = async (name: string, role: Role) => String((await ask('people', { name, roles: [role] }))['link']);
  const { one: kim } = await enter(await invite('Kim Example', 'staff'), '');
  return { ann, kim, invitation: await invite('Lee Example', 'board') };
}

/** What a browser needs to go on as they. */
async function leave({ ann, kim, invitation }: People): Promise<Pick<House, 'ann' | 'kim' | 'invitation'>> {
  const kept = { ann: await ann.storageState(), kim: await kim.storageState(), invitation };
  await Promise.all([ann.dispose(), kim.dispose()]);
  return kept;
}

type Ask = (url: string, body?: object) => Promise<Readonly<Record<string, unknown>>>;

function askOf(as: APIRequestContext): Ask {
  return async (url, body) => {
    const answer =
      body === undefined ? await as.get(`/api/v1/${url}`) : await as.post(`/api/v1/${url}`, { data: body });
    const text = await answer.text();
    ok(answer.ok(), `${url}: ${answer.status()} ${text}`);
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  };
}

async function sendAttacks(service: TestService): Promise<void> {
  const windows = await service.addSource('Windows', 'windows');
  const firewall = await service.addSource('Firewall', 'http');
  const now = Date.now();
  const bulk = async (token: string, docs: readonly object[]) => {
    const body = docs.map((doc) => `{"create":{}}\n${JSON.stringify(doc)}\n`).join('');
    const { status } = await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body });
    ok(status === 200, String(status));
  };
  for (const hour of simulateAttack({ seed: 1, end: now }).hours) {
    if (hour.windows.length > 0) await bulk(windows.token, hour.windows);
    if (hour.firewall.length > 0)
      await service.fetch('/services/collector/raw', {
        headers: { authorization: `Splunk ${firewall.token}` },
        body: hour.firewall.join('\n'),
      });
  }
  const ago = (minutes: number) => new Date(now - minutes * MINUTE_MS);
  const spread = Array.from({ length: MANY_INCIDENTS }, (_, at) =>
    // Each on a day of its own: what comes together is one incident.
    started(`ward-${at + 1}`, `nurse-${at + 1}`, 'wevtutil cl Security', ago((MANY_INCIDENTS + 1 - at) * DAY_MINUTES)),
  );
  const often = Array.from({ length: MANY_FINDINGS }, (_, at) =>
    started('dc1', 'j.smith', 'vssadmin delete shadows /all /quiet', ago(MANY_FINDINGS - at)),
  );
  const lines = Array.from({ length: MANY_LINES }, (_, at) => started('dc1', 'a.patel', `whoami ${at}`, ago(at / 4)));
  await bulk(windows.token, [...spread, ...often, ...lines]);
  const odd = await service.addSource('Old scanner', 'http');
  const unreadable = Array.from({ length: MANY_UNREADABLE }, (_, at) => `{"create":{}}\nnot json ${at}\n`).join('');
  await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${odd.token}` }, body: unreadable });
  for (let at = 1; at <= MANY_SOURCES; at += 1) await service.addSource(`Ward ${at} PCs`, 'windows');
}

/** Files that were dropped, one of them no log at all. */
async function dropFiles({ ann }: People): Promise<void> {
  for (let at = 1; at <= MANY_FILES; at += 1) {
    const log = `${JSON.stringify(started('old-pc', 'j.smith', 'vssadmin delete shadows /all /quiet'))}\n`;
    const answer = await ann.post(`/api/v1/scans?name=from-the-stick-${at}.ndjson`, {
      headers: { 'content-type': 'application/octet-stream' },
      data: Buffer.from(at === 1 ? 'no log' : log),
    });
    ok(answer.ok(), await answer.text());
  }
}

/** What people did: more of each than a first page has. */
async function furnish({ ann, kim }: People): Promise<void> {
  const ask = askOf(ann);
  for (let at = 1; at <= MANY_PEOPLE; at += 1) await ask('people', { name: `Colleague ${at}`, roles: ['staff'] });
  for (let at = 1; at <= REPORTS_A_DAY; at += 1)
    for (const by of [askOf(ann), askOf(kim)])
      await by('reports', { report: `I got a mail with a strange invoice, number ${at}. I did not open it.` });
  for (let at = 1; at <= 30; at += 1) {
    await ask('hunts', { name: `Search ${at}`, query: `host:ward-${at} last 7d` });
    await ask('exceptions', {
      ruleId: 'a rule of this test',
      host: `ward-${at}`,
      reason: `The nightly maintenance of ward ${at}, said the server team`,
    });
  }
  // Of what the notice to staff needs, one thing is said.
  await ask('monitoring-notice', { values: { organisation: 'Our Hospice' } });
  const people = Array.from({ length: 12 }, (_, at) => ({
    name: `On call ${at + 1}`,
    mail: `on-call-${at + 1}@ww.example`,
    step: 1 + (at % 3),
  }));
  // Nobody listens there: what could not be delivered is to be seen.
  await ask('notices', { smtp: { host: '127.0.0.1', port: 9, from: 'watch@ww.example' }, people, webhooks: [] });
}

async function whatWasFound({ ann }: People): Promise<Pick<House, 'incident' | 'finding' | 'host' | 'hunt'>> {
  const ask = askOf(ann);
  interface Listed {
    readonly id: string;
    readonly findings: number;
    readonly links: readonly { readonly value: string }[];
  }
  const listed = await eventually(
    async () => (await ask('incidents?limit=500'))['items'] as readonly Listed[],
    (items) => items.length > 50 && items.some(({ findings }) => findings >= MANY_FINDINGS),
  );
  const { id: hunt } = await ask('hunts', { name: 'Logs wiped', query: 'command:wevtutil last 7d' });
  const [most] = listed.toSorted((a, b) => b.findings - a.findings);
  const found = (await ask('findings?limit=500'))['items'] as readonly { id: string; kind: string }[];
  const finding = found.find(({ kind }) => kind === 'rule');
  await eventually(
    async () => (await ask('records/cases'))['items'] as readonly object[],
    (cases) => cases.length > 0,
    60_000,
  );
  return { incident: most?.id ?? '', finding: finding?.id ?? '', host: 'dc1', hunt: String(hunt) };
}

/** A deadline that runs, and a draft that somebody has begun. */
async function beginToTell({ ann }: People, incident: string): Promise<void> {
  const ask = askOf(ann);
  const startedAt = new Date(Date.now() - MINUTE_MS).toISOString();
  await ask(`incidents/${incident}/clocks`, { kind: 'ico-72h', startedAt });
  const sections = [{ heading: 'What happened', lines: ['We are looking into it.'] }];
  await ask(`incidents/${incident}/drafts/6-board-note`, { sections });
}

/** The value that stands most often in a column. */
function mostOf(rows: readonly (readonly string[])[], column: number): string {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row[column] ?? '', (counts.get(row[column] ?? '') ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

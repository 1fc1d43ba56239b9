/** Relationships that come live: HL7 v2 from a peer that we did not write and from sockets that misbehave, and FHIR. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { Hl7Message } from '@medplum/core';
import { Hl7Client } from '@medplum/hl7';
import { sendAudit } from './audit-events.ts';
import { eventually, type TestService, upService } from './service.ts';

const SURNAME = 'Quetzalcoatlus';
const STREET = '17 Nowhere Lane';

function pid(local: string): string {
  return `PID|1||999 000 0018^^^NHS^NH~${local}^^^RX1^PI||${SURNAME}^Ann||19700101|F|||${STREET}^^Leeds^^LS1 4AB`;
}

function message(type: string, id: string, ...segments: readonly string[]): string {
  return `${[`MSH|^~\\&|PAS|RX1|WW|RX1|20261102093000||${type}|${id}|P|2.4`, ...segments].join('\r')}\r`;
}

const admission = (id: string) =>
  message('ADT^A01', id, 'EVN||20261102092900', pid('H1700017'), `PV1|1|I|WARD7^B2^3${'|'.repeat(16)}V1230000`);

function placeOf(address: string | undefined): { host: string; port: number } {
  const [host = '', port = ''] = (address ?? '').split(':');
  return { host, port: Number(port) };
}

/** Sends bytes as they are, half-closes, and gives what comes back until the other side closes. */
function raw(address: string | undefined, bytes: string | Buffer, tls = false): Promise<string> {
  const { host, port } = placeOf(address);
  return new Promise((resolve) => {
    const socket = tls ? tlsConnect({ host, port, rejectUnauthorized: false }) : connect({ host, port });
    let got = '';
    socket.setEncoding('utf8').on('data', (text: string) => (got += text));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
    socket.end(bytes);
  });
}

const frame = (text: string) => `\x0b${text}\x1c\r`;
const codesOf = (answers: string) =>
  [...answers.matchAll(/MSA\|(\w\w)\|?([\w-]*)/g)].map(([, code, id]) => `${code} ${id}`);

async function setAsideOf(service: TestService): Promise<string[]> {
  const admin = await service.addToken('admin');
  const { text } = await service.fetch('/api/v1/setaside', { headers: { authorization: `Bearer ${admin}` } });
  return (JSON.parse(text) as { items: { reason: string }[] }).items.map(({ reason }) => reason).sort();
}

async function keptOf(service: TestService, token: string): Promise<string[]> {
  const query = encodeURIComponent('category:record_relationship');
  const { text, status } = await service.fetch(`/api/v1/events?q=${query}&limit=100`, {
    headers: { authorization: `Bearer ${token}` },
  });
  equal(status, 200, text);
  return text.split('\n').filter((line) => line.includes('record_relationship'));
}

test('a peer’s messages are answered when they are on disk, and survive the service’s death', async (t) => {
  const service = await upService(t, '--mllp', '127.0.0.1:0');
  await service.addSource('pas', 'hl7');
  const client = new Hl7Client(placeOf(service.ready.mllp));
  t.after(() => client.close());
  for (const id of ['M1', 'M2', 'M3']) {
    const answer = await client.sendAndWait(Hl7Message.parse(admission(id)));
    equal(answer.getSegment('MSA')?.getField(1)?.toString(), 'AA');
    equal(answer.getSegment('MSA')?.getField(2)?.toString(), id);
    equal(answer.header.getField(9)?.getComponent(1), 'ACK');
  }
  await service.stop('SIGKILL');
  await service.start();
  const analyst = await service.addToken('analyst');
  const kept = await eventually(
    () => keptOf(service, analyst),
    (lines) => lines.length === 3,
  );
  for (const secret of ['9990000018', '999 000 0018', 'H1700017', SURNAME, STREET, 'LS1', 'V1230000'])
    ok(!kept.join('\n').includes(secret), secret);
  // Nor does any of it lie open in the data folder.
  await service.stop();
  for (const name of readdirSync(service.data, { recursive: true, encoding: 'utf8' })) {
    let bytes: string;
    try {
      bytes = readFileSync(path.join(service.data, name), 'latin1');
    } catch {
      continue;
    }
    for (const secret of ['9990000018', '999 000 0018', 'H1700017', SURNAME, STREET, 'V1230000'])
      ok(!bytes.includes(secret), `${secret} in ${name}`);
  }
});

test('what cannot be used is answered with AE or AR, set aside, and never lost', async (t) => {
  const service = await upService(t, '--mllp', '127.0.0.1:0');
  await service.addSource('pas', 'hl7');
  const { mllp } = service.ready;
  const answers = await raw(
    mllp,
    [
      frame(message('ADT^A01', 'M1', 'PID|1||||Doe', 'PV1|1|I|W7')),
      frame('no HL7 at all'),
      frame(message('ORU^R01', 'M3', pid('H1'), 'OBX|1|TX|||result')),
      '\x0bMSH|^~\\&|cut',
      frame(message('SIU^S12', 'M4', 'SCH|1|F1', pid('H1'))),
      frame(admission('M5')),
      frame(`${admission('M6')}NTE|1||${'x'.repeat(1100_000)}`),
      frame(admission('M7')),
    ].join(''),
  );
  deepEqual(codesOf(answers), ['AE M1', 'AE ', 'AR M3', 'AE M4', 'AA M5', 'AR M6', 'AA M7']);
  deepEqual(await setAsideOf(service), ['bad-time', 'cut-short', 'message-too-long', 'no-msh', 'no-patient']);
  const log = service.log;
  for (const secret of ['Doe', 'no HL7 at all', SURNAME]) ok(!log.includes(secret));
});

test('whoever is not registered to send HL7 is heard by nobody', async (t) => {
  const service = await upService(t, '--mllp', '127.0.0.1:0');
  // May send logs from here; what explains accesses to records is another matter.
  await service.addSource('firewall', 'syslog');
  equal(await raw(service.ready.mllp, frame(admission('M1'))), '');
  deepEqual(await setAsideOf(service), []);
  await service.addSource('pas', 'hl7');
  match(await raw(service.ready.mllp, frame(admission('M1'))), /MSA\|AA\|M1/);
});

test('HL7 comes over TLS too, with the service’s own certificate', async (t) => {
  const service = await upService(t, '--mllp-tls', '127.0.0.1:0');
  await service.addSource('pas', 'hl7');
  match(await raw(service.ready.mllpTls, frame(admission('M1')), true), /MSA\|AA\|M1/);
  equal(await raw(service.ready.mllpTls, frame(admission('M1'))), '');
});

test('whoever speaks another language is shown the door', async (t) => {
  const service = await upService(t, '--mllp', '127.0.0.1:0');
  await service.addSource('pas', 'hl7');
  equal(await raw(service.ready.mllp, `GET / HTTP/1.1\r\n${'x'.repeat(10_000)}`), '');
  match(await raw(service.ready.mllp, frame(admission('M1'))), /MSA\|AA\|M1/);
});

const ENCOUNTER = {
  resourceType: 'Encounter',
  id: 'enc-1',
  status: 'in-progress',
  subject: { reference: 'Patient/H1700017' },
  location: [{ location: { reference: 'Location/w7' } }],
};
const AUDIT = {
  resourceType: 'AuditEvent',
  recorded: '2026-11-02T10:00:00Z',
  agent: [{ requestor: true, who: { identifier: { value: 'kim' } } }],
  entity: [{ what: { reference: 'Patient/H1700017' }, role: { code: '1' } }],
};

test('FHIR’s resources come alone and in bundles, beside audit events, from a source of that kind only', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token: fhir } = await service.addSource('epr', 'fhir');
  const { token: shipper } = await service.addSource('dc1', 'windows');
  const send = (method: string, url: string, token: string, resource: object) =>
    service.fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify(resource),
    });
  equal((await send('POST', '/fhir/Encounter', fhir, ENCOUNTER)).status, 201);
  equal((await send('PUT', '/fhir/r5/Encounter/enc-1', fhir, ENCOUNTER)).status, 200);
  equal((await send('POST', '/fhir/Encounter', fhir, { resourceType: 'Encounter' })).status, 202);
  equal((await send('POST', '/fhir/Encounter', shipper, ENCOUNTER)).status, 403);
  const bundle = {
    resourceType: 'Bundle',
    type: 'batch',
    entry: [
      { resource: ENCOUNTER },
      { resource: AUDIT },
      { resource: null },
      { resource: { resourceType: 'Patient' } },
    ],
  };
  const statuses = async (token: string) =>
    (
      JSON.parse((await send('POST', '/fhir', token, bundle)).text) as { entry: { response: { status: string } }[] }
    ).entry.map(({ response }) => response.status.slice(0, 3));
  deepEqual(await statuses(fhir), ['201', '201', '202', '202']);
  deepEqual(await statuses(shipper), ['403', '201', '202', '403']);
  const analyst = await service.addToken('analyst');
  const kept = await eventually(
    () => keptOf(service, analyst),
    (lines) => lines.length === 3,
  );
  ok(!kept.join().includes('H1700017') && !kept.join().includes('enc-1'));
  deepEqual(await setAsideOf(service), ['no-patient', 'no-patient', 'no-resource', 'no-resource']);
});

const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');
const DAY_MS = 24 * 3_600_000;
const DAYS = 33;
const BUDGET = '20';
const LIVE = ['stays.csv', 'appointments.csv', 'referrals.csv', 'orders.csv'];

/** A hospital whose last day was in the last week: whole weeks later than it was made. */
function recentHospital(): string {
  const made = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-live-')), 'h');
  const size = ['--seed', '5', '--days', String(DAYS), '--staff', '60', '--patients', '500'];
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'simulate', 'hospital', '--adt', '--audit-events', ...size, made],
    { encoding: 'utf8' },
  );
  equal(status, 0, stderr);
  const last = Date.parse('2026-03-02T00:00:00Z') + (DAYS - 1) * DAY_MS;
  const weeks = Math.floor((Date.now() - DAY_MS - last) / (7 * DAY_MS));
  const later = (text: string) => new Date(Date.parse(text) + weeks * 7 * DAY_MS).toISOString();
  const iso = /\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?/g;
  for (const name of readdirSync(made)) {
    const text = readFileSync(path.join(made, name), 'utf8');
    const moved = name.endsWith('.hl7')
      ? text.replaceAll(/(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\+0000/g, '$1-$2-$3T$4:$5:$6Z')
      : text;
    writeFileSync(
      path.join(made, name),
      moved.replaceAll(iso, (time) => {
        const moment = later(time);
        if (name.endsWith('.hl7')) return `${moment.slice(0, 19).replaceAll(/[-:T]/g, '')}+0000`;
        return time.length === 10 ? moment.slice(0, 10) : moment;
      }),
    );
  }
  return made;
}

interface Case {
  readonly user?: string;
  readonly day?: string;
  readonly p: number;
  readonly alert: boolean;
}

interface Look {
  readonly from: string;
  readonly user: string;
  readonly department: string;
  readonly explained: string;
  readonly why: string;
}

interface Kept {
  readonly explainedAt: string | null;
  readonly case: Case;
}

/** Persons' cases far within the budget: who, and when. Nearer to it the last digits decide. */
function alertsIn(cases: readonly Case[]): string[] {
  return cases
    .filter(({ alert, user, p }) => alert && user !== undefined && p <= Number(BUDGET) / 1000 / 2)
    .map(({ user, day }) => `${user ?? ''} ${day ?? ''}`)
    .sort();
}

async function reviewed(service: TestService, token: string): Promise<Record<string, unknown>> {
  const authorization = `Bearer ${token}`;
  const ask = async () =>
    JSON.parse((await service.fetch('/api/v1/records/review', { headers: { authorization } })).text) as {
      isRunning: boolean;
      last: Record<string, unknown> | null;
    };
  const before = (await ask()).last?.['at'];
  const { status, text } = await service.fetch('/api/v1/records/review', {
    headers: { authorization, 'content-type': 'application/json' },
    body: '{}',
  });
  equal(status, 200, text);
  const { last } = await eventually(ask, (state) => !state.isRunning && state.last?.['at'] !== before, 120_000);
  return last ?? {};
}

test('what HL7 tells explains accesses as the CSV files do; what it does not explain is a case', async (t) => {
  const hospital = recentHospital();
  const known = mkdtempSync(path.join(tmpdir(), 'wardwatch-known-'));
  const whole = mkdtempSync(path.join(tmpdir(), 'wardwatch-whole-'));
  for (const name of readdirSync(hospital).filter(
    (each) => each.endsWith('.csv') && !/^(?:accesses|labels)/.test(each),
  )) {
    const text = readFileSync(path.join(hospital, name), 'utf8');
    if (!LIVE.includes(name)) writeFileSync(path.join(known, name), text);
    // A message does not say until when an order holds.
    const rows = name === 'orders.csv' ? text.replaceAll(/,[^,\n]*$/gm, ',').replace('at,', 'at,until') : text;
    writeFileSync(path.join(whole, name), rows);
  }
  const service = await upService(
    t,
    '--plain-http',
    '--mllp',
    '127.0.0.1:0',
    '--relationships',
    known,
    '--budget',
    BUDGET,
  );
  const { token } = await service.addSource('epr', 'fhir');
  await service.addSource('pas', 'hl7');
  const events = readFileSync(path.join(hospital, 'audit-events.ndjson'), 'utf8').trim().split('\n');
  await sendAudit(
    service,
    token,
    events.map((line) => JSON.parse(line) as object),
  );
  const privacy = await service.addToken('privacy');
  const before = await reviewed(service, privacy);
  equal(before['relationships'], 0);
  const cases = async () => (await service.list('/api/v1/records/cases', privacy)) as unknown as Kept[];
  const withoutFeed = alertsIn((await cases()).map((kept) => kept.case));
  const byHand = (folder: string) =>
    service
      .run('records', 'review', folder, '--keys', service.keys, '--budget', BUDGET, '--format', 'ndjson')
      .out.trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Case);
  const byFiles = alertsIn(byHand(whole));
  const inpatients = mostRows(path.join(hospital, 'stays.csv'));
  const reasons = (folder: string): string[] =>
    inpatients.flatMap((patient) =>
      service
        .run('records', 'who-looked', folder, '--keys', service.keys, '--patient', patient, '--format', 'ndjson')
        .out.trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Look)
        // By a relationship with the person's own department, and not by the company of others.
        .filter(({ explained, why, department }) => explained === 'yes' && why.includes(department))
        .map(({ from, user, why }) => `${patient} ${from} ${user} ${why}`),
    );
  const reasonsByFiles = reasons(whole);
  ok(reasonsByFiles.length > 10, String(reasonsByFiles.length));
  deepEqual(reasons(known), []);

  const client = new Hl7Client(placeOf(service.ready.mllp));
  t.after(() => client.close());
  const messages = readFileSync(path.join(hospital, 'messages.hl7'), 'utf8').trim().split('\n');
  ok(messages.length > 500, String(messages.length));
  // Late, and in the wrong order: half of a queue after the other half.
  for (const text of [...messages.filter((_, i) => i % 2 === 1), ...messages.filter((_, i) => i % 2 === 0)]) {
    const answer = await client.sendAndWait(Hl7Message.parse(text));
    equal(answer.getSegment('MSA')?.getField(1)?.toString(), 'AA', text);
  }
  const after = await reviewed(service, privacy);
  ok(Number(after['relationships']) > 400, JSON.stringify(after));
  deepEqual(after['unknownLocations'], []);
  for (const file of LIVE) ok(!(after['missing'] as string[]).includes(file), file);

  const now = await cases();
  const open = now.filter(({ explainedAt }) => explainedAt === null).map((kept) => kept.case);
  deepEqual(alertsIn(byHand(known)), byFiles);
  ok(byFiles.length > 0, 'what is not explained is a case');
  const listed = alertsIn(open);
  for (const one of byFiles) ok(listed.includes(one) || withoutFeed.includes(one), one);
  ok(
    now.some(({ explainedAt }) => explainedAt !== null),
    'what came in explains what nothing explained',
  );
  deepEqual(reasons(known), reasonsByFiles);
});

/** The patients who are named most often. */
function mostRows(file: string): string[] {
  const counts = new Map<string, number>();
  for (const row of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
    const [patient = ''] = row.split(',');
    counts.set(patient, (counts.get(patient) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([patient]) => patient);
}

/** Relationships that come live: HL7 v2 from a peer that we did not write and from sockets that misbehave, and FHIR. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { Hl7Message } from '@medplum/core';
import { Hl7Client } from '@medplum/hl7';
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

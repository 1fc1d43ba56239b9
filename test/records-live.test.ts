/** The same hospital twice: as a folder of CSV files, and as audit events through the real service. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import * as yauzl from 'yauzl';
import { auditEvent } from '../src/records/simulate/audit-events.ts';
import { openKeyring } from '../src/store/seal.ts';
import { openState } from '../src/store/state.ts';
import { sendAudit } from './audit-events.ts';
import { upService } from './service.ts';

const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');
interface Patient {
  readonly schema: string;
  readonly patient: string;
  readonly certainty: string;
  readonly accesses: number;
  readonly first: string;
  readonly last: string;
  readonly printed: boolean;
}

function wardwatch(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, ...args],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  return { status, out: stdout, err: stderr };
}

function linesOf(out: string): Patient[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Patient);
}

/** Patients have other names there; what was done to them is the same. */
function shapeOf(patients: readonly Patient[]): string[] {
  return patients
    .filter(({ schema }) => schema === 'wardwatch.scope-patient/1')
    .map(({ certainty, accesses, first, last, printed }) => [certainty, accesses, first, last, printed].join(' '))
    .sort();
}

test('what the service keeps answers like the folder: the same patients, while it runs and after', async (t) => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-hospital-')), 'h');
  equal(
    wardwatch('simulate', 'hospital', '--seed', '3', '--days', '3', '--staff', '40', '--patients', '300', folder)
      .status,
    0,
  );
  const rows = readFileSync(path.join(folder, 'accesses.csv'), 'utf8').trim().split('\n').slice(1);
  const cells = rows.map((row) => row.split(','));
  const [busiest = ''] =
    [...Map.groupBy(cells, ([, user]) => user ?? '')].sort((a, b) => b[1].length - a[1].length)[0] ?? [];
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('epr', 'fhir');
  await sendAudit(service, token, cells.map(auditEvent));
  const window = [
    '--account',
    busiest.toUpperCase(),
    '--from',
    '2026-03-02T00:00:00Z',
    '--to',
    '2026-03-05T00:00:00Z',
    '--format',
    'ndjson',
  ];
  const ofFolder = linesOf(wardwatch('scope', folder, ...window.with(1, busiest)).out);
  ok(ofFolder.length > 5);
  const running = wardwatch('scope', '--data', service.data, ...window);
  equal(running.status, 0, running.err);
  deepEqual(shapeOf(linesOf(running.out)), shapeOf(ofFolder));
  const [ofKept, ofCsv] = [linesOf(running.out).at(-1), ofFolder.at(-1)] as unknown as {
    patients: object;
    accesses: number;
  }[];
  deepEqual([ofKept?.patients, ofKept?.accesses], [ofCsv?.patients, ofCsv?.accesses]);
  ok(!running.out.includes('p0000'), 'the keys of the sender are pseudonyms');

  equal(await service.stop(), 0);
  const stopped = wardwatch('scope', '--data', service.data, ...window);
  equal(stopped.out, running.out, 'the same answer, with the same hash');
  const file = path.join(service.folder, 'before.ndjson');
  writeFileSync(file, stopped.out);
  match(
    wardwatch('scope', '--data', service.data, ...window.slice(0, -2), '--previous', file).out,
    /Nothing has changed/,
  );

  const { patient = '' } = linesOf(running.out)[0] ?? {};
  const looked = wardwatch('records', 'who-looked', '--data', service.data, '--patient', patient);
  equal(looked.status, 0, looked.err);
  ok(looked.out.includes(busiest));
  const review = wardwatch(
    'records',
    'review',
    '--data',
    service.data,
    '--train-days',
    '1',
    '--budget',
    '100',
    '--format',
    'ndjson',
  );
  equal(review.status, 0, review.err);
});

test('an incident is a question by itself, and a number typed in meets its pseudonym', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token: fhir } = await service.addSource('epr', 'fhir');
  const { token: windows } = await service.addSource('dc1', 'windows');
  const analyst = await service.addToken('analyst');
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 2, 9, minute)).toISOString();
  const access = (minute: number, user: string, number: string) =>
    auditEvent([at(minute), user, number, 'read', 'Observation', '', '', '', '', 'ws7', '10.1.1.7', '', '', '0']);
  await sendAudit(service, fhir, [
    access(1, 'kim', '9990000018'),
    access(2, 'ash', '9990000026'),
    access(40, 'kim', '9990000034'),
  ]);
  const attack = (minute: number) => ({
    '@timestamp': at(minute),
    winlog: {
      channel: 'Security',
      event_id: 4688,
      computer_name: 'ws7',
      event_data: {
        SubjectUserName: 'kim',
        NewProcessName: 'C:\\Windows\\System32\\vssadmin.exe',
        CommandLine: 'vssadmin delete shadows /all /quiet',
      },
    },
  });
  const body = [attack(0), attack(30)].map((line) => `{"create":{}}\n${JSON.stringify(line)}\n`).join('');
  equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${windows}` }, body })).status, 200);
  let incidents: Readonly<Record<string, unknown>>[] = [];
  for (let tries = 0; tries < 200 && incidents.length === 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    incidents = await service.list('/api/v1/incidents', analyst);
  }
  const answer = wardwatch(
    'scope',
    '--data',
    service.data,
    '--incident',
    String(incidents[0]?.['id']),
    '--format',
    'ndjson',
  );
  equal(answer.status, 0, answer.err);
  const patients = linesOf(answer.out).filter(({ schema }) => schema === 'wardwatch.scope-patient/1');
  // Also what was opened from the machine after the last finding: the incident is open.
  deepEqual(
    patients.map(({ certainty }) => certainty),
    ['certain', 'certain', 'certain'],
  );
  ok(!answer.out.includes('99900'));
  const looked = wardwatch(
    'records',
    'who-looked',
    '--data',
    service.data,
    '--keys',
    service.keys,
    '--patient',
    '9990000018',
  );
  equal(looked.status, 0, looked.err);
  match(looked.out, /kim/);
  ok(!`${looked.out}${looked.err}`.includes('9990000018'));

  // The drafts hold what a slow, obvious count of the kept events holds, and no patient.
  const incident = String(incidents[0]?.['id']);
  const window = [Date.UTC(2026, 10, 1, 9, 0), Date.now()] as const;
  equal(await service.stop(), 0);
  const seen = new Set<string>();
  for (const line of wardwatch('export', 'events', '--data', service.data)
    .out.split('\n')
    .filter((each) => each !== '')) {
    const {
      category,
      at: time,
      fields,
    } = JSON.parse(line) as { category: string; at: number; fields: { patient?: string[] } };
    if (category === 'record_access' && time >= window[0] && time <= window[1])
      for (const each of fields.patient ?? []) seen.add(each);
  }
  const to = path.join(service.folder, 'pack');
  const packed = wardwatch(
    'pack',
    '--data',
    service.data,
    '--incident',
    incident,
    '--to',
    to,
    '--likelihood',
    '4',
    '--severity',
    '3',
  );
  equal(packed.status, 0, packed.err);
  const names = packed.out.trim().split('\n');
  equal(names.length, 18);
  const texts = await Promise.all(names.filter((name) => name.endsWith('.docx')).map(textOfDocx));
  match(texts[0] ?? '', new RegExp(`At least ${seen.size} and up to ${seen.size} patients`));
  ok(texts.some((text) => text.includes('Score 12: reportable')));
  ok(texts.every((text) => !text.includes('pt_') && !text.includes('pi_') && !text.includes('99900')));
  for (const name of names.filter((each) => each.endsWith('.pdf')))
    equal(readFileSync(name, 'latin1').slice(0, 5), '%PDF-');
  equal(
    wardwatch('pack', '--data', service.data, '--incident', incident, '--to', to).status,
    2,
    'nothing is written over',
  );
});

test('why somebody broke the glass stands in no event: it is kept sealed, for the items', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('epr', 'fhir');
  const analyst = await service.addToken('analyst');
  const at = [
    '2026-11-02T09:01:00Z',
    'kim',
    '9990000018',
    'read',
    'Observation',
    '',
    '',
    '',
    '',
    'ws7',
    '',
    '',
    '',
    '0',
  ];
  const reason = 'Jane Doe, 999 000 0026, collapsed';
  const purposeOfEvent = [{ coding: [{ code: 'BTG' }], text: reason }];
  await sendAudit(service, token, [{ ...auditEvent(at), purposeOfEvent }]);
  const found = await service.fetch('/api/v1/events?from=2026-11-02T00:00:00Z&to=2026-11-03T00:00:00Z', {
    headers: { authorization: `Bearer ${analyst}` },
  });
  ok(found.text.includes('kim') && !found.text.includes('Jane'), found.text);
  equal(await service.stop(), 0);
  const events = wardwatch('export', 'events', '--data', service.data).out;
  ok(events.includes('"break_glass":"true"') && !events.includes('Jane') && !events.includes('collapsed'));
  const state = await openState({ kind: 'sqlite', file: path.join(service.data, 'state.db') });
  t.after(() => state.close());
  const rows = await state.db.selectFrom('record_items').selectAll().execute();
  equal(rows.length, 1);
  const seals = await openKeyring(service.keys, 'seal', service.data);
  const opened = rows.map(({ id, sealed }) => seals.open(sealed, `record-item/${id}`).toString('utf8'));
  match(opened.join('\n'), /Jane Doe, pt_[0-9a-f]{20}, collapsed/);
});

test('who a pseudonym is, is told to the privacy role alone, with a reason; what is set aside can be shown and read again', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('epr', 'fhir');
  const roles = {
    privacy: await service.addToken('privacy'),
    analyst: await service.addToken('analyst'),
    admin: await service.addToken('admin'),
  };
  const ask = (role: keyof typeof roles, url: string, body?: object) =>
    service.fetch(url, {
      headers: {
        authorization: `Bearer ${roles[role]}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await sendAudit(service, token, [
    auditEvent([
      '2026-11-02T09:00:00Z',
      'kim',
      '9990000018',
      'read',
      'Observation',
      '',
      '',
      '',
      '',
      'ws7',
      '10.1.1.7',
      '',
      '',
      '0',
    ]),
  ]);
  const question = 'account=kim&from=2026-11-02T00:00:00Z&to=2026-11-03T00:00:00Z';
  const whole = await ask('privacy', `/api/v1/scope?${question}`);
  equal(whole.status, 200, whole.text);
  const [patient] = linesOf(whole.text);
  match(patient?.patient ?? '', /^p[ti]_[0-9a-f]{20}$/);
  equal((await ask('analyst', `/api/v1/scope?${question}`)).status, 403, 'an analyst sees no patient');
  const counts = await ask('analyst', `/api/v1/scope/counts?${question}`);
  deepEqual((JSON.parse(counts.text) as { patients: object }).patients, { exact: 1, atLeast: 1, upTo: 1 });
  equal((await ask('privacy', '/api/v1/scope?from=2026-11-02T00:00:00Z&to=2026-11-03T00:00:00Z')).status, 400);

  const reason = 'Subject access request 2026-17';
  const pseudonyms = [patient?.patient ?? '', `pt_${'0'.repeat(20)}`];
  for (const role of ['analyst', 'admin'] as const)
    equal((await ask(role, '/api/v1/reveal', { pseudonyms, reason })).status, 403);
  equal((await ask('privacy', '/api/v1/reveal', { pseudonyms })).status, 400, 'not without a reason');
  const shown = await ask('privacy', '/api/v1/reveal', { pseudonyms, reason });
  const { items } = JSON.parse(shown.text) as { items: { value: string | null }[] };
  match(items[0]?.value ?? '', /9990000018/);
  equal(items[1]?.value, null);

  const bad = await service.fetch('/fhir/AuditEvent', {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: '{"resourceType":"AuditEvent", 999 000 0026',
  });
  ok(bad.status < 500);
  const [aside] = await service.list('/api/v1/setaside', roles.analyst);
  ok(aside !== undefined);
  equal((await ask('analyst', `/api/v1/setaside/${String(aside['id'])}/reveal`, { reason })).status, 403);
  match((await ask('privacy', `/api/v1/setaside/${String(aside['id'])}/reveal`, { reason })).text, /999 000 0026/);
  equal((await ask('privacy', '/api/v1/setaside/asd_none/reveal', { reason })).status, 404);
  deepEqual(JSON.parse((await ask('admin', '/api/v1/setaside/replay', {})).text), { read: 0, still: 1 });

  equal(await service.stop(), 0);
  // The trail has who, what and why, and no number; nor has anything else on the disk, the sealed apart.
  const files = readdirSync(service.data, { recursive: true, encoding: 'utf8' }).map((name) =>
    path.join(service.data, name),
  );
  for (const file of files.filter((name) => statSync(name).isFile())) {
    const bytes = readFileSync(file).toString('latin1');
    ok(!bytes.includes('9990000018') && !bytes.includes('999 000 0018'), file);
  }
  ok(readFileSync(path.join(service.data, 'state.db')).toString('latin1').includes(reason));
  ok(!service.log.includes('99900'));
});

/** The text of a Word document: what stands between its tags. */
async function textOfDocx(file: string): Promise<string> {
  const zip = await yauzl.openPromise(file);
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== 'word/document.xml') continue;
    const pieces: Buffer[] = [];
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer);
    return Buffer.concat(pieces)
      .toString('utf8')
      .replaceAll(/<[^>]+>/g, '');
  }
  return '';
}

/** A state of every schema that ever was is brought to ours, with what was in it, and the service answers for it. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import BetterSqlite from 'better-sqlite3';
import { ENDPOINTS } from '../../src/api/endpoints.ts';
import { ROLES, type Role } from '../../src/core/role.ts';
import { Reveals } from '../../src/people/reveals.ts';
import { openState, statePlace } from '../../src/store/state.ts';
import { eventually, TestService } from '../service.ts';

const MIGRATIONS = path.join(import.meta.dirname, '..', '..', 'migrations');
const FILES = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith('.sql'))
  .sort();

/** A service that was used, and has stopped: its state is what older ones are made of. */
const used = new TestService('--plain-http');
const work = mkdtempSync(path.join(tmpdir(), 'wardwatch-schemas-'));
after(() => rmSync(work, { recursive: true, force: true }));

before(async () => {
  await used.start();
  try {
    await use(used);
  } finally {
    await used.stop();
  }
  // Only people ask for this, in a browser.
  const state = await openState(statePlace(null, used.data));
  const asked = { pseudonyms: ['pt_00000000000000000001'], setAside: null };
  await new Reveals(state, Date.now).ask(asked, 'to ask the ward', { id: 'psn_1', name: 'Ann' });
  await state.close();
});

/** Something in as many tables as can be filled from outside. */
async function use(service: TestService): Promise<void> {
  const tokens: Partial<Record<Role, string>> = {};
  for (const role of ROLES) tokens[role] = await service.addToken(role);
  const post = async (role: Role, where: string, body: object) => {
    const { status, text } = await service.fetch(where, {
      headers: { authorization: `Bearer ${tokens[role] ?? ''}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    equal(status, 200, `${where}: ${text}`);
    return JSON.parse(text) as { id?: string };
  };
  const { id: source, token } = await service.addSource('dc1', 'windows');
  const attack = (host: string) => ({
    '@timestamp': new Date().toISOString(),
    message: 'about 999 000 0018',
    winlog: {
      channel: 'Security',
      event_id: 4688,
      computer_name: host,
      event_data: {
        SubjectUserName: 'akhan',
        NewProcessName: 'C:\\Windows\\System32\\vssadmin.exe',
        CommandLine: 'vssadmin delete shadows /all /quiet',
      },
    },
  });
  const body = ['ws1', 'ws2'].map((host) => `{"create":{}}\n${JSON.stringify(attack(host))}\n`).join('');
  equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  const odd = { headers: { authorization: `Splunk ${token}` }, body: '\u0001 nothing that we know' };
  equal((await service.fetch('/services/collector/raw', odd)).status, 200);
  const [first] = await eventually(
    () => service.list('/api/v1/incidents', tokens.analyst ?? ''),
    (found) => found.length > 0,
  );
  const incident = `/api/v1/incidents/${String(first?.['id'])}`;
  await post('analyst', `${incident}/actions`, { action: 'take' });
  await post('analyst', `${incident}/comments`, { text: 'I am on it.' });
  await post('analyst', `${incident}/steps/isolate`, { done: true });
  await post('analyst', `${incident}/clocks`, { kind: 'ico-72h', startedAt: '2026-11-02T09:00:00Z' });
  const { text } = await service.fetch(incident, { headers: { authorization: `Bearer ${tokens.analyst ?? ''}` } });
  const { clocks, evidence } = JSON.parse(text) as { clocks: { id: string }[]; evidence: { ruleId: string }[] };
  await post('analyst', `${incident}/clocks/${clocks[0]?.id ?? ''}`, { how: 'met', at: '2026-11-03T09:00:00Z' });
  const ruleId = evidence[0]?.ruleId ?? '';
  await post('analyst', '/api/v1/exceptions', { ruleId, host: 'ws9', reason: 'It is the backup server.' });
  await post('analyst', '/api/v1/hunts', { name: 'Mine', query: 'host:ws1' });
  await post('analyst', '/api/v1/local-rules', {
    title: 'Ours',
    query: 'process:*psexec* host:ws9',
    level: 'low',
    parameter: 'movement',
    plain: 'Somebody works on {host} from afar.',
    innocent: 'It is the service desk.',
    next: ['Ask the service desk.'],
  });
  await post('analyst', `${incident}/drafts/6-board-note`, { sections: [{ heading: 'What', lines: ['One'] }] });
  const report = await post('analyst', '/api/v1/reports', { report: 'A strange mail.' });
  const file = await service.fetch(`/api/v1/reports/${report.id ?? ''}/file?fileName=a.eml`, {
    headers: { authorization: `Bearer ${tokens.analyst ?? ''}`, 'content-type': 'application/octet-stream' },
    body: Buffer.from('From: x'),
  });
  equal(file.status, 200, file.text);
  await post('privacy', `/api/v1/reports/${report.id ?? ''}/answer`, { report: 'It was ours.', isClosed: false });
  await post('privacy', '/api/v1/monitoring-notice', { values: { organisation: 'Our hospice' } });
  await post('admin', `/api/v1/holds`, { sources: [source], reason: 'A claim, reference 7' });
  equal(service.run('people', 'add', 'Ben Example', '--role', 'board').status, 0);
}

type Row = Readonly<Record<string, unknown>>;

function columnsOf(database: BetterSqlite.Database, table: string): string[] {
  return (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
}

function tablesOf(database: BetterSqlite.Database): string[] {
  return (
    database.prepare(`select name from sqlite_master where type = 'table' and name <> 'migrations'`).all() as {
      name: string;
    }[]
  ).map(({ name }) => name);
}

/** A state as the schema of that number had it: of what `used` has, what there was a place for. */
async function stateOf(schema: number, file: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const migrations = path.join(work, `migrations-${schema}`);
  mkdirSync(migrations, { recursive: true });
  for (const name of FILES.slice(0, schema)) copyFileSync(path.join(MIGRATIONS, name), path.join(migrations, name));
  await (await openState({ kind: 'sqlite', file }, migrations)).close();
  const database = new BetterSqlite(file);
  database.pragma('foreign_keys = OFF');
  database.prepare('attach ? as used').run(path.join(used.data, 'state.db'));
  const filled = new Map<string, readonly string[]>();
  for (const table of tablesOf(database)) {
    const columns = columnsOf(database, table);
    const list = columns.map((name) => `"${name}"`).join(', ');
    database.exec(`insert into main.${table} (${list}) select ${list} from used.${table}`);
    filled.set(table, columns);
  }
  database.close();
  return filled;
}

function rowsOf(file: string, table: string, columns: readonly string[]): Row[] {
  const database = new BetterSqlite(file, { readonly: true });
  const list = columns.map((name) => `"${name}"`).join(', ');
  const rows = database.prepare(`select ${list} from ${table} order by ${list}`).all() as Row[];
  database.close();
  return rows;
}

for (let schema = 1; schema < FILES.length; schema++)
  test(`schema ${schema} becomes ours, and every row stays as it was`, async () => {
    const file = path.join(work, `state-${schema}.db`);
    const filled = await stateOf(schema, file);
    await (await openState({ kind: 'sqlite', file })).close();
    for (const [table, columns] of filled)
      deepEqual(rowsOf(file, table, columns), rowsOf(path.join(used.data, 'state.db'), table, columns), table);
    const database = new BetterSqlite(file, { readonly: true });
    deepEqual(database.pragma('foreign_key_check'), []);
    database.close();
  });

test('most tables have something in them: what is empty proves nothing', () => {
  const database = new BetterSqlite(path.join(used.data, 'state.db'), { readonly: true });
  const empty = tablesOf(database).filter(
    (table) => database.prepare(`select 1 from ${table} limit 1`).get() === undefined,
  );
  database.close();
  // These need a browser, weeks of record accesses, a mail server, a signature, or 256 MiB that cannot be read.
  deepEqual(empty.sort(), [
    'board_sign_offs',
    'followed_files',
    'outbox',
    'passkeys',
    'record_cases',
    'record_items',
    'sessions',
    'set_aside_gone',
    'sign_in_tries',
  ]);
});

/** Everything that can be asked without naming a thing. */
const LISTS = ENDPOINTS.filter(
  ({ method, path: where, audience, answer }) =>
    method === 'GET' && !where.includes(':') && audience !== 'anyone' && typeof answer !== 'string',
);

async function answersOf(service: TestService): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  const tokens: Partial<Record<Role, string>> = {};
  for (const role of ROLES) tokens[role] = await service.addToken(role);
  for (const { path: where, audience } of LISTS) {
    const role = ROLES.find((each) => audience.includes(each));
    ok(role);
    const { status, text } = await service.fetch(where, {
      headers: { authorization: `Bearer ${tokens[role] ?? ''}` },
    });
    ok(status === 200 || status === 400, `${where}: ${status} ${text}`);
    answers.set(where, text);
  }
  return answers;
}

async function startedOn(t: TestContext, schema: number): Promise<TestService> {
  const service = new TestService('--plain-http');
  t.after(() => service.stop('SIGKILL'));
  cpSync(used.data, service.data, { recursive: true });
  cpSync(used.keys, service.keys, { recursive: true });
  for (const name of readdirSync(service.data)) if (name.startsWith('state.db')) rmSync(path.join(service.data, name));
  await stateOf(schema, path.join(service.data, 'state.db'));
  await service.start();
  return service;
}

for (const schema of [1, 9, FILES.length - 1])
  test(`a service started on schema ${schema} answers everything that it can be asked`, async (t) => {
    const answers = await answersOf(await startedOn(t, schema));
    const ids = (where: string) => answers.get(where)?.match(/"id":"\w+"/g) ?? [];
    equal(ids('/api/v1/findings').length, 2);
    equal(ids('/api/v1/sources').length, 1);
    equal(ids('/api/v1/setaside').length, 1);
    if (schema >= 2) ok(ids('/api/v1/incidents').length > 0);
    if (schema >= 9) equal(ids('/api/v1/exceptions').length, 1);
    if (schema >= 17) ok(ids('/api/v1/reports').length > 0);
  });

/** A backup of the running service, restored elsewhere: everything that was acknowledged is there, and no key. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { sampleEvent } from '../src/store/archive/event-store-contract.ts';
import { openArchive } from '../src/store/archive/open-archive.ts';
import { encodeEvents } from '../src/store/archive/payload.ts';
import { writeBackup } from '../src/store/backup/backup.ts';
import { restoreBackup } from '../src/store/backup/restore.ts';
import { openJournal } from '../src/store/journal.ts';
import { placesIn } from '../src/store/places.ts';
import { TestService, upService } from './service.ts';

const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');
const PASSPHRASE = 'correct horse battery staple';

function wardwatch(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, ...args],
    { encoding: 'utf8', timeout: 120_000 },
  );
  return { status, out: stdout, err: stderr };
}

async function send(service: TestService, token: string, from: number, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) => ({
    '@timestamp': new Date(Date.UTC(2026, 10, 2) + (from + i) * 1000).toISOString(),
    host: { name: 'ws1' },
    message: `event ${from + i}`,
  }));
  const body = lines.map((line) => `{"create":{}}\n${JSON.stringify(line)}\n`).join('');
  const { status } = await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body });
  equal(status, 200);
}

function messagesOf(data: string): string[] {
  return wardwatch('export', 'events', '--data', data)
    .out.split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { fields: { message: string } }).fields.message);
}

test('a backup taken while events flow restores to all that was acknowledged before it, and holds no key', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('ws', 'http');
  await send(service, token, 0, 500);
  const pass = path.join(service.folder, 'pass');
  writeFileSync(pass, `${PASSPHRASE}\n`);
  const file = path.join(service.folder, 'b.age');
  const escrow = path.join(service.folder, 'keys.age');
  const sending = { goesOn: true };
  const flow = (async () => {
    for (let from = 500; sending.goesOn; from += 50) await send(service, token, from, 50);
  })();
  const both = ['--passphrase-file', pass, '--data', service.data, '--keys', service.keys];
  // Asynchronously, so that the events flow meanwhile.
  const manifest = await writeBackup({
    data: service.data,
    to: file,
    passphrase: PASSPHRASE,
    state: 'sqlite',
    version: 'test',
    now: Date.now(),
    workFactor: 10,
  });
  sending.goesOn = false;
  await flow;
  ok(
    manifest.files.some(({ name }) => name === 'state.db') && !manifest.files.some(({ name }) => name.includes('.key')),
  );
  equal(wardwatch('backup', '--key-escrow', escrow, ...both).status, 0);

  const drill = path.join(service.folder, 'drill');
  const restored = wardwatch('restore', '--from', file, '--passphrase-file', pass, '--data', path.join(drill, 'data'));
  equal(restored.status, 0, restored.err);
  match(restored.out, /all as they were sealed/);
  const messages = new Set(messagesOf(path.join(drill, 'data')));
  for (let i = 0; i < 500; i++) ok(messages.has(`event ${i}`), `event ${i}`);
  deepEqual(JSON.parse(wardwatch('verify', '--data', path.join(drill, 'data'), '--json').out).problems, []);

  const before = wardwatch('doctor', '--data', service.data, '--keys', service.keys);
  equal(before.status, 1);
  match(before.out, /BAD {4}key escrow/);
  const keys = path.join(drill, 'keys');
  const opened = wardwatch('restore', '--key-escrow', escrow, '--passphrase-file', pass, '--keys', keys);
  equal(opened.status, 0, opened.err);
  const [, proof = ''] = /--escrow-proof ([0-9a-f]+)/.exec(opened.out) ?? [];
  for (const name of readdirSync(keys))
    deepEqual(readFileSync(path.join(keys, name)), readFileSync(path.join(service.keys, name)));
  match(
    wardwatch('doctor', '--data', service.data, '--keys', service.keys, '--escrow-proof', '00').out,
    /not of these keys/,
  );
  match(
    wardwatch('doctor', '--data', service.data, '--keys', service.keys, '--escrow-proof', proof).out,
    /well {3}key escrow/,
  );
  match(
    wardwatch('doctor', '--data', service.data, '--keys', service.keys).out,
    /well {3}key escrow +proved by a restore/,
  );

  // The restored service runs, knows its sources, and judges on.
  const again = new TestService('--plain-http');
  t.after(() => again.stop('SIGKILL'));
  spawnSync('mv', [path.join(drill, 'data'), again.data]);
  spawnSync('mv', [keys, again.keys]);
  await again.start();
  await send(again, token, 9000, 5);
  equal(await again.stop(), 0);
  ok(messagesOf(again.data).includes('event 9004'));
});

test('a backup that is wrong in any way leaves nothing behind, and says what is wrong', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('ws', 'http');
  await send(service, token, 0, 10);
  const file = path.join(service.folder, 'b.age');
  const options = {
    data: service.data,
    passphrase: PASSPHRASE,
    state: 'sqlite',
    version: 'test',
    now: 0,
    workFactor: 10,
  } as const;
  await writeBackup({ ...options, to: file });
  const target = path.join(service.folder, 'restored');
  const code = (from: string, passphrase: string, data = target) =>
    restoreBackup(from, passphrase, data).then(
      () => 'restored',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
  equal(await code(file, 'another passphrase, quite wrong'), 'backup/wrong-passphrase');
  equal(await code(MAIN, PASSPHRASE), 'backup/wrong-passphrase');
  equal(await code(file, PASSPHRASE, service.data), 'backup/not-empty');
  const bytes = readFileSync(file);
  for (const share of [0.3, 0.7, 0.999]) {
    const cut = path.join(service.folder, `cut-${share}.age`);
    writeFileSync(cut, bytes);
    truncateSync(cut, Math.floor(bytes.length * share));
    equal(await code(cut, PASSPHRASE), 'backup/damaged', `cut at ${share}`);
  }
  const flipped = Buffer.from(bytes);
  flipped[Math.floor(bytes.length / 2)] = (flipped[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
  writeFileSync(path.join(service.folder, 'flipped.age'), flipped);
  equal(await code(path.join(service.folder, 'flipped.age'), PASSPHRASE), 'backup/damaged');
  deepEqual([existsSync(target), existsSync(`${target}.restoring`)], [false, false]);
  await writeBackup({ ...options, to: file }).then(
    () => ok(false, 'it wrote over a backup'),
    (error: unknown) => equal((error as { code: string }).code, 'backup/exists'),
  );
  equal(await code(file, PASSPHRASE), 'restored');
});

test('doctor says what is wrong and how to mend it', async (t) => {
  const service = await upService(t, '--plain-http');
  const [key = ''] = readdirSync(service.keys).filter((name) => name.endsWith('.key'));
  chmodSync(path.join(service.keys, key), 0o644);
  const { status, out } = wardwatch('doctor', '--data', service.data, '--keys', service.keys, '--json');
  equal(status, 1);
  const { checks } = JSON.parse(out) as { checks: { what: string; state: string; mend: string }[] };
  const of = (what: string) => checks.find((check) => check.what === what);
  deepEqual(
    ['keys', 'sources', 'backup', 'key escrow'].map((what) => of(what)?.state),
    ['bad', 'bad', 'bad', 'bad'],
  );
  ok(checks.every(({ state, mend }) => (state === 'well') === (mend === '')));
  equal(of('archive')?.state, 'well');
});

test('doctor looks at the keys and the rules of that service, and guesses neither', async (t) => {
  const service = await upService(t, '--plain-http');
  const token = await service.addToken('admin');
  const { text } = await service.fetch('/api/v1/doctor', { headers: { authorization: `Bearer ${token}` } });
  const page = (JSON.parse(text) as { checks: { what: string; detail: string }[] }).checks;
  const { out } = wardwatch('doctor', '--data', service.data, '--json');
  const { checks } = JSON.parse(out) as { checks: { what: string; state: string; detail: string }[] };
  const of = (what: string) => checks.find((check) => check.what === what);
  equal(of('keys')?.detail, `only their owner may read those in ${service.keys}`);
  equal(of('rules')?.detail, page.find((check) => check.what === 'rules')?.detail);
  rmSync(path.join(service.data, 'service.json'));
  const unsaid = wardwatch('doctor', '--data', service.data);
  deepEqual([unsaid.status, unsaid.out], [2, '']);
  match(unsaid.err, /does not say where the keys of its service are/);
});

test('doctor looks at everything else when one thing cannot be looked at, and makes nothing', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-doctor-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [data, keys] = [path.join(folder, 'data'), path.join(folder, 'keys')];
  const { archive: archiveFolder, journal: journalFolder } = placesIn(data);
  const journal = await openJournal(journalFolder);
  const archive = await openArchive({ folder: archiveFolder, journal, minFreeBytes: 0 });
  await journal.append(encodeEvents([sampleEvent(0)]));
  await archive.sealNow();
  await archive.close();
  await journal.close();
  const look = () => {
    const { status, out, err } = wardwatch('doctor', '--data', data, '--keys', keys, '--json');
    equal(status, 1, err);
    const { checks } = JSON.parse(out) as { checks: { what: string; state: string; detail: string }[] };
    return (what: string) => checks.find((check) => check.what === what) ?? { state: 'not looked at', detail: '' };
  };

  const head = path.join(archiveFolder, 'head.json');
  const written = readFileSync(head);
  for (const garbage of ['', '{}', 'null', '7', '{"number":1,"hash":"x"}', '\0\0\0\0']) {
    writeFileSync(head, garbage);
    match(look()('archive').detail, /head/, JSON.stringify(garbage));
  }
  writeFileSync(head, written);
  const lost = look();
  deepEqual([lost('state').state, lost('keys').state, lost('archive').state], ['bad', 'bad', 'well']);
  equal(existsSync(path.join(data, 'state.db')), false, 'an empty state would hide that it is lost');
  mkdirSync(keys, { mode: 0o755 });
  chmodSync(data, 0o757);
  writeFileSync(path.join(data, 'state.db'), 'no database at all, but long enough to look like one'.repeat(100));
  const segments = path.join(archiveFolder, 'segments');
  const [segment = ''] = readdirSync(segments, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.parquet'),
  );
  truncateSync(path.join(segments, segment), 10);
  const broken = look();
  for (const what of ['state', 'keys', 'archive', 'data folder']) equal(broken(what).state, 'bad', what);
  match(broken('archive').detail, /1 of 1 segments/);
  deepEqual(readdirSync(keys), [], 'no key is made by looking for one');
});

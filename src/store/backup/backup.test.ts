import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { Decrypter } from 'age-encryption';
import BetterSqlite from 'better-sqlite3';
import { smallDisk } from '../../../test/small-disk.ts';
import { Refusal } from '../../core/refusal.ts';
import { sampleEvent } from '../archive/event-store-contract.ts';
import { type EmbeddedArchive, openArchive } from '../archive/open-archive.ts';
import { encodeEvents } from '../archive/payload.ts';
import { type Journal, openJournal } from '../journal.ts';
import { placesIn } from '../places.ts';
import { openKeyring } from '../seal.ts';
import { openState } from '../state.ts';
import { type BackupOptions, writeBackup } from './backup.ts';
import { openEscrow, writeEscrow } from './escrow.ts';
import { proofOf } from './key-proof.ts';
import { restoreBackup } from './restore.ts';

const PASSPHRASE = 'correct horse battery staple';

/** The folders of a service that runs, with its archive and journal open. */
async function running(t: TestContext): Promise<{
  readonly folder: string;
  readonly data: string;
  readonly keys: string;
  readonly archive: EmbeddedArchive;
  readonly journal: Journal;
  readonly options: BackupOptions;
}> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-backup-'));
  const [data, keys, to] = ['data', 'keys', 'to'].map((name) => path.join(folder, name)) as [string, string, string];
  mkdirSync(to);
  const journal = await openJournal(placesIn(data).journal, { maxSegmentBytes: 2000 });
  const archive = await openArchive({ folder: placesIn(data).archive, journal, minFreeBytes: 0 });
  const state = await openState({ kind: 'sqlite', file: path.join(data, 'state.db') });
  await state.close();
  t.after(async () => {
    await archive.close();
    await journal.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const options = {
    data,
    to: path.join(to, 'b.age'),
    passphrase: PASSPHRASE,
    state: 'sqlite',
    version: 'test',
    now: 0,
    workFactor: 10,
  } as const;
  return { folder, data, keys, archive, journal, options };
}

/** Events with as much text that no compression makes smaller. */
function bulky(from: number, count: number, bytes: number) {
  return Array.from({ length: count }, (_, i) =>
    sampleEvent(from + i, { text: randomBytes(bytes).toString('base64') }),
  );
}

test('the state is copied in one go, however often others write to it, and never lies open beside the backup', async (t) => {
  const { data, journal, archive, options } = await running(t);
  await journal.append(encodeEvents([sampleEvent(0)]));
  await archive.sealNow();
  const database = new BetterSqlite(path.join(data, 'state.db'));
  t.after(() => database.close());
  database.exec('create table large (id integer primary key, bytes blob); create table small (id integer)');
  const insert = database.prepare('insert into large (bytes) values (?)');
  for (let i = 0; i < 200; i++) insert.run(randomBytes(50_000));
  const copying = { isDone: false };
  const copied = writeBackup(options).then(() => (copying.isDone = true));
  const write = database.prepare('insert into small values (1)');
  for (let writes = 0; !copying.isDone && writes < 5000; writes++) {
    write.run();
    deepEqual(
      readdirSync(path.dirname(options.to), { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.includes('state'),
      ),
      [],
    );
    await new Promise(setImmediate);
  }
  ok(copying.isDone, 'it was not done after 5000 turns, with a write in each');
  await copied;
});

test('a service that seals and forgets all the time does not keep a backup from ending', async (t) => {
  const { folder, journal, archive, options } = await running(t);
  for (let from = 0; from < 1500; from += 500) await journal.append(encodeEvents(bulky(from, 500, 15_000)));
  await archive.sealNow();
  const service = { goesOn: true };
  let sealed = 0;
  const sealing = (async () => {
    for (; service.goesOn; sealed++) {
      await journal.append(encodeEvents(bulky(1500 + sealed, 1, 3000)));
      await archive.sealNow();
    }
  })();
  try {
    await writeBackup(options);
  } finally {
    service.goesOn = false;
    await sealing;
  }
  ok(sealed > 1, `${sealed}`);
  const { report } = await restoreBackup(options.to, PASSPHRASE, path.join(folder, 'restored'));
  ok(report.rows >= 1500);
});

test('what is not as it was sealed is named by the backup, which keeps all the rest', async (t) => {
  const { folder, data, journal, archive, options } = await running(t);
  for (let round = 0; round < 3; round++) {
    await journal.append(encodeEvents(bulky(round * 10, 10, 10)));
    await archive.sealNow();
  }
  const segments = path.join(placesIn(data).archive, 'segments');
  const [gone = '', altered = ''] = readdirSync(segments, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort();
  rmSync(path.join(segments, gone));
  const bytes = readFileSync(path.join(segments, altered));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(path.join(segments, altered), bytes);

  const { damaged } = await writeBackup(options);
  deepEqual(damaged, [gone, altered]);
  const restored = path.join(folder, 'restored');
  await rejects(
    restoreBackup(options.to, PASSPHRASE, restored),
    (error) => error instanceof Refusal && error.code === 'backup/of-damage',
  );
  ok(!existsSync(restored));
  const { report } = await restoreBackup(options.to, PASSPHRASE, restored, { isDamageAccepted: true });
  deepEqual(
    report.problems.map(({ kind, what }) => [kind, what]),
    [
      ['segment-missing', gone],
      ['segment-altered', altered],
    ],
  );
  ok(existsSync(path.join(restored, 'state.db')));
});

test('a backup that finds no space says so, ends, and leaves nothing behind', async (t) => {
  const { data, journal, archive, options } = await running(t);
  const disk = smallDisk(t, 1 << 20);
  if (disk === null) return;
  await journal.append(encodeEvents(bulky(0, 300, 15_000)));
  await archive.sealNow();
  await rejects(
    writeBackup({ ...options, to: path.join(disk, 'b.age') }),
    (error) => error instanceof Refusal && error.code === 'backup/no-space',
  );
  deepEqual(readdirSync(disk), []);
  deepEqual(
    readdirSync(data).filter((name) => name.includes('backup')),
    [],
  );
  await rejects(
    writeBackup({ ...options, to: path.join(disk, 'nowhere', 'b.age') }),
    (error) => error instanceof Refusal && error.code === 'input/not-found',
  );
});

test('no byte of a key is in a backup, in any form', async (t) => {
  const { data, keys, journal, archive, options } = await running(t);
  const secrets: Buffer[] = [];
  for (const purpose of ['pseudonym', 'seal'] as const) await (await openKeyring(keys, purpose, data)).rotate();
  for (const name of readdirSync(keys)) {
    const [, secret = ''] = readFileSync(path.join(keys, name), 'utf8').trim().split(' ');
    secrets.push(Buffer.from(secret, 'base64'));
  }
  equal(secrets.length, 4);
  await journal.append(encodeEvents([sampleEvent(0)]));
  await archive.sealNow();
  await journal.append(encodeEvents([sampleEvent(1, { text: 'the last of them' })]));
  await writeBackup(options);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(PASSPHRASE);
  const plain = zstdDecompressSync(await decrypter.decrypt(readFileSync(options.to)));
  ok(plain.includes('the last of them'), 'this is what is in it');
  for (const secret of secrets)
    for (const form of [secret, secret.toString('base64').slice(0, -2), secret.toString('hex')])
      ok(!plain.includes(form));
});

test('an escrow proves the keys that it holds, and looking for keys makes none', async (t) => {
  const { folder, data, keys } = await running(t);
  const [escrow, restored] = [path.join(folder, 'e.age'), path.join(folder, 'restored')];
  await openKeyring(keys, 'pseudonym', data);
  await rejects(writeEscrow(keys, escrow, PASSPHRASE, 10), /seal/, 'half of the keys are no escrow');
  ok(!existsSync(escrow));
  const seal = await openKeyring(keys, 'seal', data);
  await writeEscrow(keys, escrow, PASSPHRASE, 10);
  const proof = await openEscrow(escrow, PASSPHRASE, restored, data);
  match(proof, /^[0-9a-f]{20}$/);
  equal(await proofOf(keys, data), proof);
  await seal.rotate();
  ok((await proofOf(keys, data)) !== proof, 'the escrow lacks the key that is in use now');

  const empty = path.join(folder, 'empty');
  mkdirSync(empty);
  await rejects(proofOf(empty, data), (error) => error instanceof Refusal);
  deepEqual(readdirSync(empty), []);
  equal(existsSync(path.join(folder, 'nowhere')), false);
  await rejects(proofOf(path.join(folder, 'nowhere'), data), (error) => error instanceof Refusal);
  equal(existsSync(path.join(folder, 'nowhere')), false);
});

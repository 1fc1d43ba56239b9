import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { type PostgresServer, startPostgres } from '../../test/postgres.ts';
import { Refusal } from '../core/refusal.ts';
import { readMigrations } from './migrate.ts';
import { isAlreadyThere, openState, type StatePlace, statePlace } from './state.ts';
import type { SourceRow } from './tables.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-state-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const MIGRATIONS = path.join(import.meta.dirname, '..', '..', 'migrations');
const NOW = Date.parse('2026-11-25T09:00:00Z');

const source = (name: string): SourceRow => ({
  id: `src_${name}`,
  name,
  kind: 'syslog',
  token_hash: null,
  certificate: null,
  folder: null,
  polled: null,
  position: null,
  address_range: '10.0.0.0/8',
  created_at: NOW,
  last_heard_at: null,
  state: 'active',
});

/** What the state owes us wherever it lies. */
function stateContract(name: string, newPlace: (t: TestContext) => Promise<StatePlace | null>): void {
  void describe(`the state on ${name}`, () => {
    void test('keeps numbers, nulls, texts and bytes as they are, and counts as numbers', async (t) => {
      const place = await newPlace(t);
      if (place === null) return;
      const state = await openState(place);
      await state.db.insertInto('sources').values(source('dc1')).execute();
      const sealed = Buffer.from([0, 255, 1, 254]);
      const aside = { id: 'asd_1', source_id: 'src_dc1', received_at: NOW, reason: 'bad', detail: '', sealed } as const;
      await state.db.insertInto('set_aside').values(aside).execute();
      await state.close();
      const again = await openState(place);
      deepEqual(await again.db.selectFrom('sources').selectAll().execute(), [source('dc1')]);
      deepEqual(await again.db.selectFrom('set_aside').selectAll().execute(), [aside]);
      const { count } = await again.db
        .selectFrom('sources')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      equal(count, 1);
      await again.close();
    });

    void test('takes any text that a hostile host may send', async (t) => {
      const place = await newPlace(t);
      if (place === null) return;
      const state = await openState(place);
      await state.db.insertInto('sources').values(source('a\0b\ud800c')).execute();
      const found = await state.db.selectFrom('sources').select('name').where('name', 'in', ['a\0b\ud800c']).execute();
      deepEqual(found, [{ name: 'a\uFFFDb\uFFFDc' }]);
      await state.close();
    });

    void test('says when such a row is there already, and holds to its references', async (t) => {
      const place = await newPlace(t);
      if (place === null) return;
      const state = await openState(place);
      await state.db.insertInto('sources').values(source('dc1')).execute();
      const twice = state.db
        .insertInto('sources')
        .values({ ...source('dc1'), id: 'src_other' })
        .execute();
      await rejects(twice, isAlreadyThere);
      const astray = { id: 'asd_1', source_id: 'src_x', received_at: 0, reason: '', detail: '', sealed: Buffer.of() };
      await rejects(
        state.db
          .insertInto('set_aside')
          .values({ ...astray, id: 'asd_1' })
          .execute(),
        (error) => !isAlreadyThere(error),
      );
      await state.close();
    });

    void test('keeps all of a transaction, or none', async (t) => {
      const place = await newPlace(t);
      if (place === null) return;
      const state = await openState(place);
      const names = () => state.db.selectFrom('sources').select('name').orderBy('name').execute();
      await state.transaction(async (within) => {
        await within.insertInto('sources').values(source('a')).execute();
        await within.insertInto('sources').values(source('b')).execute();
      });
      deepEqual(await names(), [{ name: 'a' }, { name: 'b' }]);
      const failing = state.transaction(async (within) => {
        await within.insertInto('sources').values(source('c')).execute();
        throw new Error('on purpose');
      });
      await rejects(failing, /on purpose/);
      deepEqual(await names(), [{ name: 'a' }, { name: 'b' }]);
      await state.close();
    });

    void test('two who start at once both start, and the schema is made once', async (t) => {
      const place = await newPlace(t);
      if (place === null) return;
      const started = await Promise.all(
        [1, 2, 3].map(() => runs(place, 'const state = await openState(place); await state.close();')),
      );
      deepEqual(started, [0, 0, 0]);
      const state = await openState(place);
      equal(
        (await state.db.selectFrom('migrations').select('number').execute()).length,
        readMigrations(MIGRATIONS).length,
      );
      await state.close();
    });

    void test('a later schema, or one that other migrations made, is refused; a migration that fails leaves nothing', async (t) => {
      const place = await newPlace(t);
      if (place === null) return;
      const later = mkdtempSync(path.join(dir, 'migrations-'));
      cpSync(MIGRATIONS, later, { recursive: true });
      const next = String(readMigrations(MIGRATIONS).length + 1).padStart(4, '0');
      writeFileSync(
        path.join(later, `${next}_bad.sql`),
        '-- breaking: no\ncreate table extra (id text);\ncreate tabel x;\n',
      );
      await rejects(openState(place, later));
      writeFileSync(path.join(later, `${next}_good.sql`), '-- breaking: no\ncreate table extra (id text);\n');
      rmSync(path.join(later, `${next}_bad.sql`));
      await (await openState(place, later)).close();
      await rejects(openState(place), refusal('state/newer-schema'));
      writeFileSync(path.join(later, `${next}_good.sql`), '-- breaking: no\ncreate table other (id text);\n');
      await rejects(openState(place, later), refusal('state/changed-migration'));
    });

    void test('another process may change it beside a running service', async (t) => {
      const place = await newPlace(t);
      if (place === null) return;
      const state = await openState(place);
      const running = new AbortController();
      const ended = runs(
        place,
        `const state = await openState(place);
        for (let number = 0; number < 50; number++)
          await state.transaction(async (within) => {
            await within.selectFrom('sources').selectAll().execute();
            const row = ${JSON.stringify(source('x'))};
            await within.insertInto('sources').values({ ...row, id: 'src_' + number, name: 'n' + number }).execute();
          });
        await state.close();`,
      ).finally(() => running.abort());
      for (let number = 0; !running.signal.aborted; number++) {
        await state.transaction(async (within) => {
          await within.selectFrom('sources').selectAll().execute();
          await within
            .insertInto('settings')
            .values({ name: `setting ${number}`, value: '1', changed_at: NOW, changed_by: null })
            .execute();
        });
        await new Promise(setImmediate);
      }
      equal(await ended, 0);
      equal((await state.db.selectFrom('sources').select('id').execute()).length, 50);
      await state.close();
    });
  });
}

/** Runs code in a process of its own; resolves to its exit code. */
function runs(place: StatePlace, code: string): Promise<number | null> {
  const script = `import { openState } from ${JSON.stringify(path.join(import.meta.dirname, 'state.ts'))};
    const place = ${JSON.stringify(place)};
    ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 2] });
  return new Promise((resolve) => child.once('exit', resolve));
}

let files = 0;
stateContract('SQLite', () => Promise.resolve({ kind: 'sqlite', file: path.join(dir, `${++files}`, 'state.db') }));

void describe('with a server', () => {
  let server: PostgresServer | null = null;
  before(async () => {
    server = await startPostgres();
  });
  after(async () => server?.stop());
  stateContract('PostgreSQL', async (t) => {
    if (server !== null) return { kind: 'postgres', url: await server.newDatabase() };
    t.skip('there is no PostgreSQL here');
    return null;
  });
});

test('the place is what the setting says, and a wrong one is refused without repeating it', () => {
  deepEqual(statePlace(null, '/data'), { kind: 'sqlite', file: path.join('/data', 'state.db') });
  deepEqual(statePlace('postgres://ward@db/ward', '/data'), { kind: 'postgres', url: 'postgres://ward@db/ward' });
  throws(
    () => statePlace('mysql://ward:secret@db', '/data'),
    (error) => error instanceof Refusal && error.code === 'state/bad-address' && !error.message.includes('secret'),
  );
});

test('a server that does not answer is a refusal that names no password', async () => {
  await rejects(openState({ kind: 'postgres', url: 'postgres://ward:secret@127.0.0.1:1/ward' }), (error) => {
    ok(error instanceof Refusal && error.code === 'state/unreachable');
    ok(!error.message.includes('secret'));
    return true;
  });
});

test('SQLite writes through to the disk', async () => {
  const state = await openState({ kind: 'sqlite', file: path.join(dir, 'pragmas', 'state.db') });
  const { sql } = await import('kysely');
  const ask = async (name: string) =>
    Object.values((await sql`${sql.raw(`pragma ${name}`)}`.execute(state.db)).rows[0] ?? {});
  deepEqual(await ask('journal_mode'), ['wal']);
  deepEqual(await ask('synchronous'), [2]);
  deepEqual(await ask('foreign_keys'), [1]);
  ok(Number((await ask('busy_timeout'))[0]) >= 1000);
  await state.close();
});

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code;
}

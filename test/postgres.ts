import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';

const INSTALLED = '/usr/lib/postgresql';

/** A PostgreSQL server of our own. */
export interface PostgresServer {
  /** The address of a new, empty database. */
  newDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts Debian's PostgreSQL in a temporary folder; `null`, with a loud line, where there is none. */
export async function startPostgres(): Promise<PostgresServer | null> {
  const version = existsSync(INSTALLED) ? readdirSync(INSTALLED).sort().at(-1) : undefined;
  if (version === undefined) return skip('PostgreSQL is not installed');
  const bin = (name: string) => path.join(INSTALLED, version, 'bin', name);
  // It refuses to run as root.
  const user: Ids | null | undefined = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  if (user === null) return skip('there is no user “postgres” to run it as');
  const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-postgres-'));
  if (user !== undefined) chownSync(dir, user.uid, user.gid);
  const data = path.join(dir, 'data');
  const init = spawnSync(bin('initdb'), ['-D', data, '-U', 'ward', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...user,
    cwd: dir,
    encoding: 'utf8',
  });
  if (init.status !== 0) return skip(`initdb says: ${init.stderr}`);
  const port = await freePort();
  const options = ['-D', data, '-p', String(port), '-k', dir, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
  const server = spawn(bin('postgres'), options, { ...user, cwd: dir, stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const url = (database: string) => `postgres://ward@127.0.0.1:${port}/${database}`;
  for (let tries = 0; !(await answers(url('postgres'))); tries++) {
    if (tries > 100) return skip('it did not answer within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  let databases = 0;
  return {
    async newDatabase() {
      const name = `ward${++databases}`;
      await ask(url('postgres'), `create database ${name}`);
      return url(name);
    },
    async stop() {
      server.kill('SIGINT');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

function idsOf(user: string): Ids | null {
  const id = (flag: string) => Number.parseInt(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout, 10);
  const [uid, gid] = [id('-u'), id('-g')];
  return Number.isNaN(uid) || Number.isNaN(gid) ? null : { uid, gid };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function ask(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function answers(url: string): Promise<boolean> {
  try {
    await ask(url, 'select 1');
    return true;
  } catch {
    return false;
  }
}

function skip(why: string): null {
  process.stderr.write(`SKIPPED: ${why}, so it is not proved that the state works on PostgreSQL.\n`);
  return null;
}

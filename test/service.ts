import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { openState, type State, statePlace } from '../src/store/state.ts';
import { type SourceKind, Sources } from '../src/watch/sources.ts';
import type { Role } from '../src/core/role.ts';
import { Tokens } from '../src/people/tokens.ts';
import { contradictionIn } from './answers.ts';

const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');
const READY_MS = 60_000;
/** As scripts/pinned-node.mjs starts it. */
const FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8'];

export interface Ready {
  readonly http: string;
  readonly syslogTcp?: string;
  readonly syslogTls?: string;
  readonly syslogUdp?: string;
  readonly mllp?: string;
  readonly mllpTls?: string;
}

/** A service in a process of its own, with a data folder of its own that outlives it. */
export class TestService {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-service-'));
  readonly data = path.join(this.folder, 'data');
  readonly keys = path.join(this.folder, 'keys');
  ready: Ready = { http: '' };
  log = '';
  #child: ChildProcess | null = null;
  readonly #args: readonly string[];
  /** `postgres://…`: where its state lies; `null`: SQLite in its data folder. */
  state: string | null = null;

  /** @param args besides the folders */
  constructor(...args: readonly string[]) {
    this.#args = args;
  }

  async start(): Promise<void> {
    const listen = this.#args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const args = [MAIN, 'serve', '--data', this.data, '--keys', this.keys, ...listen, ...this.#args];
    const child = spawn(process.execPath, [...FLAGS, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#env,
    });
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    this.ready = await new Promise<Ready>((resolve, reject) => {
      let out = '';
      const timer = setTimeout(() => reject(new Error(`the service is not ready: ${this.log}`)), READY_MS);
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (!out.includes('\n')) return;
        clearTimeout(timer);
        resolve(JSON.parse(out) as Ready);
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the service ended with ${code}: ${this.log}`));
      });
    });
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, ...(this.state === null ? {} : { WARDWATCH_STATE: this.state }) };
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** @returns the exit code; `null` if a signal ended it */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill(signal);
    return ended;
  }

  /** Runs another verb on the same data folder. */
  run(...args: readonly string[]): { status: number | null; out: string; err: string } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', MAIN, ...args, '--data', this.data],
      { encoding: 'utf8', maxBuffer: 1 << 30, env: this.#env },
    );
    return { status, out: stdout, err: stderr };
  }

  /** As by the command line, which takes a second to start. */
  addSource(name: string, kind: SourceKind): Promise<{ id: string; token: string }> {
    return this.#beside((state) => new Sources(state, Date.now).add(name, kind, null));
  }

  async addToken(role: Role): Promise<string> {
    return (await this.#beside((state) => new Tokens(state, Date.now).add(role, null))).token;
  }

  async #beside<T>(work: (state: State) => Promise<T>): Promise<T> {
    const state = await openState(statePlace(this.state, this.data));
    try {
      return await work(state);
    } finally {
      await state.close();
    }
  }

  fetch(
    pathName: string,
    options: { method?: string; headers?: Readonly<Record<string, string>>; body?: string | Buffer } = {},
  ): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; text: string }> {
    const url = new URL(pathName, this.ready.http);
    const { method = options.body === undefined ? 'GET' : 'POST', headers = {}, body } = options;
    return new Promise((resolve, reject) => {
      const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
        url,
        // The certificate is the service's own, and what is tested here is not it.
        { method, headers, ...(url.protocol === 'https:' ? { rejectUnauthorized: false } : {}) },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
          answer.on('end', () => {
            const status = answer.statusCode ?? 0;
            const wrong = contradictionIn(method, url.pathname, status, text);
            if (wrong === null) resolve({ status, headers: answer.headers, text });
            else reject(new Error(`the service does not answer what its API says: ${wrong}`));
          });
          answer.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** All the items of a paged list. */
  async list(pathName: string, token: string): Promise<Readonly<Record<string, unknown>>[]> {
    const items: Readonly<Record<string, unknown>>[] = [];
    let next: string | null = '';
    while (next !== null) {
      const { status, text } = await this.fetch(`${pathName}?limit=500&cursor=${next}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      if (status !== 200) throw new Error(`${pathName}: ${status} ${text}`);
      const page = JSON.parse(text) as { items: Readonly<Record<string, unknown>>[]; next: string | null };
      items.push(...page.items);
      next = page.next;
    }
    return items;
  }
}

/** A service that is up, and is stopped when the test is over. */
export async function upService(t: TestContext, ...args: readonly string[]): Promise<TestService> {
  const service = new TestService(...args);
  t.after(() => service.stop('SIGKILL'));
  await service.start();
  return service;
}

const POLL_MS = 50;

/** Asks again and again until the answer is wanted. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  isWanted: (answer: T) => boolean,
  limitMs = 30_000,
): Promise<T> {
  const until = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (Date.now() > until) throw new Error(`still not as wanted: ${JSON.stringify(answer).slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Debian's rsyslog as a shipper, with a configuration of its own; `null`, with a loud line, where it is absent. */
export function startRsyslog(t: TestContext, configuration: string): ChildProcess | null {
  const program = '/usr/sbin/rsyslogd';
  if (!existsSync(program)) {
    process.stderr.write('SKIPPED: rsyslog is not here, so what it would have proved is not proved.\n');
    return null;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-rsyslog-'));
  const file = path.join(folder, 'rsyslog.conf');
  writeFileSync(file, configuration.replaceAll('{folder}', folder));
  const child = spawn(program, ['-n', '-f', file, '-i', path.join(folder, 'rsyslogd.pid')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.on('exit', (code) => {
    if (code !== 0 && code !== null) process.stderr.write(`rsyslogd ended with ${code}: ${said}\n`);
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/** Debian's syslog-ng as a shipper, from where scripts/test.mjs unpacked it; `null`, with a loud line, where it is not. */
export function startSyslogNg(t: TestContext, configuration: string): ChildProcess | null {
  const root = path.join(import.meta.dirname, '..', 'build', 'syslog-ng');
  const program = path.join(root, 'usr', 'sbin', 'syslog-ng');
  if (!existsSync(program)) {
    process.stderr.write('SKIPPED: syslog-ng is not here, so what it would have proved is not proved.\n');
    return null;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-syslog-ng-'));
  const file = path.join(folder, 'syslog-ng.conf');
  // Where `@include "scl.conf"` would look is not where it lies here.
  const scl = path.join(root, 'usr', 'share', 'syslog-ng', 'include', 'scl', 'elasticsearch', 'elastic-http.conf');
  writeFileSync(file, `@version: 3.38\n@include "${scl}"\n${configuration}`);
  const libraries = ['usr/lib/syslog-ng', ...['usr/lib', 'lib'].map((lib) => `${lib}/${LIBRARIES}`)];
  const [modules = ''] = readdirSync(path.join(root, 'usr', 'lib', 'syslog-ng')).filter((name) => /^\d/.test(name));
  const child = spawn(
    program,
    [
      '--foreground',
      '--no-caps',
      `--cfgfile=${file}`,
      `--persist-file=${path.join(folder, 'persist')}`,
      `--control=${path.join(folder, 'ctl')}`,
      `--pidfile=${path.join(folder, 'pid')}`,
      `--module-path=${path.join(root, 'usr', 'lib', 'syslog-ng', modules)}`,
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LD_LIBRARY_PATH: libraries.map((each) => path.join(root, each)).join(':') },
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.on('exit', (code) => {
    if (code !== 0 && code !== null) process.stderr.write(`syslog-ng ended with ${code}: ${said}\n`);
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

const LIBRARIES = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;

import { type ChildProcess, spawn } from 'node:child_process';
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SIMULATED_COOKIE } from '../api/cookie.ts';
import { Refusal } from '../core/refusal.ts';

/** Where the simulated hospital's page is, behind our own. */
export const SIMULATED_PATH = '/simulated/';

/** How to look at the simulated hospital: an account of its own, which is good for nothing else. */
export interface SimulatedHouse {
  readonly name: string;
  readonly password: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly house: SimulatedHouse;
  readonly since: number;
}

/** What `wardwatch demo --json` prints. */
interface Ready {
  readonly http: string;
  readonly name: string;
  readonly password: string;
  readonly folder: string;
}

const MAIN = path.join(import.meta.dirname, '..', 'main.ts');
const READY_MS = 120_000;
/** Nobody remembers to end it. */
const MAX_MS = 4 * 3_600_000;

/** How the last one ended. */
export interface SimulationEnd {
  readonly at: number;
  /** `time`: it had been there for as long as it may. `broke-off`: nobody wanted it to. */
  readonly how: 'asked' | 'time' | 'broke-off';
}

export interface SimulationParts {
  readonly now: () => number;
  /** Told when it broke off: how its process ended, and the last that it said. All of it is made up. */
  readonly onBrokenOff: (detail: { readonly ended: string; readonly lastWords: string }) => void;
}

/** Characters of what it says that are kept. */
const LAST_WORDS = 2000;

/**
 * A simulated hospital under attack, to try everything on: a whole service of its own in a process of its own, with
 * folders of its own that are gone when it ends. Nothing of it touches what this service keeps.
 */
export class Simulation {
  readonly #parts: SimulationParts;
  #running: Promise<Running> | null = null;
  #since: number | null = null;
  #port: number | null = null;
  #end: NodeJS.Timeout | null = null;
  /** Why it is about to end; `null`: nobody wants it to. */
  #ending: 'asked' | 'time' | null = null;
  #ended: SimulationEnd | null = null;
  #leaving: Promise<void> = Promise.resolve();

  constructor(parts: SimulationParts) {
    this.#parts = parts;
  }

  /** `null`: it is not there. */
  get since(): number | null {
    return this.#since;
  }

  /** `null`: there was none, or there is one now. */
  get ended(): SimulationEnd | null {
    return this.#ended;
  }

  /** Starts it if it is not there. @throws Refusal `simulation/failed` */
  async begin(): Promise<SimulatedHouse> {
    // One that is on its way out is not the one to show.
    await this.#leaving;
    this.#running ??= this.#started().catch((error: unknown) => {
      this.#running = null;
      throw error;
    });
    return (await this.#running).house;
  }

  async end(why: 'asked' | 'time' = 'asked'): Promise<void> {
    const running = await this.#running?.catch(() => null);
    if (running == null || running.child.exitCode !== null || running.child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => running.child.once('exit', () => resolve()));
    this.#leaving = ended;
    this.#ending = why;
    running.child.kill('SIGTERM');
    await ended;
  }

  /** Hands requests on to it. What it answers is its own business. */
  serve(app: FastifyInstance): void {
    void app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      // The router does not tell `/simulated` from `/simulated/`.
      for (const url of [SIMULATED_PATH, `${SIMULATED_PATH}*`])
        scope.all(url, { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => this.#handOn(request, reply));
    });
  }

  #handOn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (this.#port === null) {
      if (!request.url.startsWith(`${SIMULATED_PATH}api/`)) reply.callNotFound();
      else void reply.code(404).send(GONE);
      return reply;
    }
    if (!request.url.startsWith(SIMULATED_PATH)) return reply.redirect(`.${SIMULATED_PATH}`, 303);
    reply.hijack();
    const asked = httpRequest({
      host: '127.0.0.1',
      port: this.#port,
      method: request.method,
      path: request.url.slice(SIMULATED_PATH.length - 1),
      headers: { ...onlyItsOwn(onward(request.headers)), 'x-forwarded-proto': request.protocol },
    });
    asked.on('response', (answer) => {
      reply.raw.writeHead(answer.statusCode ?? 502, onward(answer.headers));
      // An answer that is cut short is passed on as one; a pipe alone would leave whoever reads it waiting.
      pipeline(answer, reply.raw, () => undefined);
    });
    // It ended meanwhile.
    asked.on('error', () => {
      if (reply.raw.headersSent) reply.raw.destroy();
      else reply.raw.writeHead(502, { 'content-type': 'application/json' }).end(JSON.stringify(GONE));
    });
    reply.raw.on('close', () => asked.destroy());
    request.raw.pipe(asked);
    return reply;
  }

  async #started(): Promise<Running> {
    const child = spawn(process.execPath, [...process.execArgv, MAIN, 'demo', '--json'], {
      // By the last it learns that this service has ended, however it did.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let lastWords = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = `${lastWords}${text}`.slice(-LAST_WORDS);
    });
    const failed = (why: string) => {
      this.#parts.onBrokenOff({ ended: why, lastWords });
      return new Refusal('simulation/failed', `the simulated hospital did not start: ${why}`);
    };
    const ready = await new Promise<Ready>((resolve, reject) => {
      let out = '';
      const timer = setTimeout(() => reject(failed('it took too long')), READY_MS);
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (!out.includes('\n')) return;
        clearTimeout(timer);
        resolve(JSON.parse(out) as Ready);
      });
      child.once('error', (error) => reject(failed(error.message)));
      child.once('exit', (code, signal) => reject(failed(`it ended with ${signal ?? code ?? 'no code'}`)));
    }).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    this.#port = Number(new URL(ready.http).port);
    this.#since = this.#parts.now();
    this.#ended = null;
    this.#ending = null;
    this.#end = setTimeout(() => void this.end('time'), MAX_MS).unref();
    child.once('exit', (code, signal) => {
      this.#ended = { at: this.#parts.now(), how: this.#ending ?? 'broke-off' };
      if (this.#ending === null) this.#parts.onBrokenOff({ ended: String(signal ?? code), lastWords });
      // It removes its folder itself, unless it was killed.
      rm(ready.folder, { recursive: true, force: true }).catch(() => undefined);
      this.#running = null;
      this.#since = null;
      this.#port = null;
      if (this.#end !== null) clearTimeout(this.#end);
    });
    const { name, password } = ready;
    return { child, port: this.#port, house: { name, password }, since: this.#since };
  }
}

/** What a page of it is told that somebody left open. */
const GONE = {
  code: 'simulation/ended',
  message: 'The simulated hospice is not there: it has ended, and nothing of it is left.',
  hint: 'Go back to your own page, and start it again there.',
};

/** Our own sessions and tokens are none of its business. */
function onlyItsOwn({ cookie = '', ...others }: IncomingHttpHeaders): IncomingHttpHeaders {
  const rest = { ...others };
  delete rest.authorization;
  const own = cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.replace(/^__Host-/, '').startsWith(SIMULATED_COOKIE));
  return own.length === 0 ? rest : { ...rest, cookie: own.join('; ') };
}

/** Headers that are about one connection go no further. Source: RFC 9110, 7.6.1. */
function onward(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const {
    connection: _c,
    'keep-alive': _k,
    'transfer-encoding': _t,
    upgrade: _u,
    te: _e,
    trailer: _r,
    ...rest
  } = headers;
  return rest;
}

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { Refusal, type RefusalCode, REFUSALS } from '../core/refusal.ts';
import { inWords, type Role } from '../core/role.ts';
import type { Trail } from '../ops/trail.ts';
import type { Tokens } from '../people/tokens.ts';
import {
  addressOf,
  answerKnownBrowser,
  answerSession,
  answerState,
  COOKIE,
  isFromPage,
  knownBrowserOf,
  sessionOf,
  SIMULATED_COOKIE,
  stateOf,
} from './cookie.ts';
import { type ApiServices, type Caller, type Endpoint, Redirect, SessionChange, type Streamed } from './endpoint.ts';

export interface ApiParts {
  readonly endpoints: readonly Endpoint[];
  readonly services: ApiServices;
  readonly tokens: Tokens;
  readonly trail: Trail;
  /** Reports a bug of ours; the answer is the reference that a person can quote. */
  readonly onBug: (error: unknown) => string;
}

/** Bytes: a comment, a list of findings. */
const MAX_BODY = 256 * 1024;

/** Answers each endpoint of the list to those whom it is for, and to nobody else. */
export async function api(
  app: FastifyInstance,
  { endpoints, services, tokens, trail, onBug }: ApiParts,
): Promise<void> {
  app.setErrorHandler(async (error, _request, reply) => {
    const { status, body } = toHttp(error, onBug);
    await reply.code(status).send(body);
  });
  app.decorate('cookieName', services.simulation === null ? SIMULATED_COOKIE : COOKIE);
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  const callerOf = (request: FastifyRequest) => whoAsks(request, tokens, services);
  const repeats = new Repeats();
  const open = new Set<AbortController>();
  // Those who listen would keep the service from ending.
  app.addHook('preClose', async () => {
    for (const abort of open) abort.abort();
  });
  const route = (each: Endpoint): RouteOptions => ({
    method: each.method,
    url: each.path,
    bodyLimit: each.takesBytes === true ? Number.MAX_SAFE_INTEGER : MAX_BODY,
    handler: async (request, reply) => {
      const caller = await admit(each, request, reply, callerOf);
      if (caller === 'refused') return reply;
      const input = inputOf(each, request);
      const abort = new AbortController();
      open.add(abort);
      reply.raw.on('close', () => {
        abort.abort();
        open.delete(abort);
      });
      if ((each.isRecorded || each.method === 'POST') && caller !== null) {
        const detail = cleaned(input, services);
        const isNews = repeats.isNews(
          `${caller.id} ${each.method} ${each.path} ${JSON.stringify(detail)}`,
          services.now(),
        );
        if (isNews || !isRefresh(request)) await trail.record(caller.id, `${each.method} ${each.path}`, null, detail);
      }
      const more = {
        begunState: stateOf(request),
        origin: request.headers.origin ?? null,
        address: addressOf(request),
        browser: knownBrowserOf(request),
        bytes: request.raw,
      };
      const answer = await each.handle(input, services, abort.signal, caller, more);
      if (answer instanceof SessionChange) {
        answerSession(request, reply, answer.session);
        if (answer.knownBrowser !== null) answerKnownBrowser(request, reply, answer.knownBrowser);
        return answer.body;
      }
      if (answer instanceof Redirect) {
        if (answer.cookies.session !== undefined) answerSession(request, reply, answer.cookies.session);
        if (answer.cookies.state !== undefined) answerState(request, reply, answer.cookies.state);
        return reply.redirect(answer.to, 303);
      }
      if (!isStreamed(answer)) return answer;
      reply.type(answer.contentType);
      // Our own report runs a script of its own: nothing in it may act as our page.
      if (answer.contentType.startsWith('text/html')) reply.header('content-security-policy', REPORT_POLICY);
      if (each.audience !== 'anyone') endWithLeave(each.audience, request, reply, abort, callerOf);
      return reply.send(Readable.from(answer.pieces));
    },
  });
  for (const each of endpoints) if (each.takesBytes !== true) app.route(route(each));
  await app.register(async (scope) => {
    // A file is not read into memory before somebody asks what it is.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    // What was refused unread must not be taken for the next request.
    scope.addHook('onSend', async (request, reply) => {
      if (!request.raw.readableEnded) reply.header('connection', 'close');
    });
    for (const each of endpoints) if (each.takesBytes === true) scope.route(route(each));
  });
}

/** An origin of its own, without our cookies and our storage. What may run in it is said by the report itself, by hash. */
const REPORT_POLICY = "sandbox allow-scripts allow-popups; frame-ancestors 'none'";

type WhoAsks = (request: FastifyRequest) => Promise<Caller | null>;

/** A token says who asks, or the cookie of a session; `null` if neither does, or is no longer good. */
async function whoAsks(
  request: FastifyRequest,
  tokens: Tokens,
  { sessions }: Pick<ApiServices, 'sessions'>,
): Promise<Caller | null> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer\s+(\S{1,200})$/i.exec(authorization)?.[1];
    const holder = token === undefined ? null : await tokens.holder(token);
    return holder === null
      ? null
      : { id: holder.id, roles: [holder.role], name: holder.name ?? holder.id, session: null };
  }
  const session = sessionOf(request);
  const person = session === null ? null : await sessions.holder(session, isAskedByPerson(request));
  return person === null ? null : { id: person.id, roles: person.roles, name: person.name, session };
}

/** What a page asks by itself, to be up to date, does not keep its session alive. */
function isAskedByPerson({ headers }: FastifyRequest): boolean {
  return headers['x-wardwatch'] !== 'background' && headers.accept !== 'text/event-stream';
}

/** A page that brings itself up to date. */
function isRefresh({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers['x-wardwatch'] === 'background';
}

const REPEAT_MS = 3_600_000;
const MAX_REPEATS = 5000;

/** A page that is left open asks the same each minute: that is one look an hour, whatever else it says of itself. */
class Repeats {
  readonly #recorded = new Map<string, number>();

  isNews(look: string, now: number): boolean {
    const last = this.#recorded.get(look);
    if (last !== undefined && now - last < REPEAT_MS && now >= last) return false;
    const [oldest] = this.#recorded.keys();
    if (this.#recorded.size >= MAX_REPEATS && oldest !== undefined) this.#recorded.delete(oldest);
    this.#recorded.delete(look);
    this.#recorded.set(look, now);
    return true;
  }
}

/** Who asks, `null` where anyone may; `refused` once that has been sent. */
async function admit(
  { audience, method }: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  callerOf: WhoAsks,
): Promise<Caller | null | 'refused'> {
  const caller = await callerOf(request);
  const isByBrowser = caller?.session != null || (audience === 'anyone' && caller === null);
  if (method === 'POST' && isByBrowser && !isFromPage(request)) {
    await reply.code(403).send({
      code: 'api/not-from-page',
      message: 'A session may change something only from its own page.',
      hint: 'Send the header x-wardwatch: page, or use a token.',
    });
    return 'refused';
  }
  if (audience === 'anyone') return caller;
  if (caller === null) {
    await reply.code(401).header('www-authenticate', 'Bearer realm="wardwatch"').send({
      code: 'api/no-token',
      message: 'Nobody is signed in, and the token is missing, not known or expired.',
      hint: 'Sign in, or make a token with “wardwatch tokens add”.',
    });
    return 'refused';
  }
  if (!isFor(audience, caller)) {
    await reply.code(403).send({
      code: 'api/not-for-this-role',
      message: `This is not for ${inWords(caller.roles)}.`,
      hint: `It is for ${inWords(audience)}.`,
    });
    return 'refused';
  }
  return caller;
}

function isFor(audience: readonly Role[], { roles }: Caller): boolean {
  return roles.some((role) => audience.includes(role));
}

/** Seconds at most that a stream outlives the leave to read it. */
const LEAVE_CHECK_MS = 30_000;

/** Ends a stream once whoever reads it no longer may: the session is over, the role was taken, the token has expired. */
function endWithLeave(
  audience: readonly Role[],
  request: FastifyRequest,
  reply: FastifyReply,
  abort: AbortController,
  callerOf: WhoAsks,
): void {
  const check = setInterval(() => {
    callerOf(request).then(
      (caller) => {
        if (caller === null || !isFor(audience, caller)) abort.abort();
      },
      () => abort.abort(),
    );
  }, LEAVE_CHECK_MS).unref();
  reply.raw.on('close', () => clearInterval(check));
}

/** @throws Refusal `api/bad-request`, which says what is wrong with it */
function inputOf(
  { method, input, takesBytes }: Endpoint,
  { query, body, params }: FastifyRequest,
): Record<string, unknown> {
  const isFile = takesBytes === true;
  if (
    method === 'POST' &&
    !isFile &&
    body !== undefined &&
    (typeof body !== 'object' || body === null || Array.isArray(body))
  )
    throw new Refusal('api/bad-request', 'the body is not a JSON object');
  const given = method === 'GET' || isFile ? asked(query) : { ...(body as object | undefined) };
  // A change that was meant and not understood must not look done; a question may hold more than we know.
  const parsed = (method === 'GET' ? input : input.strict()).safeParse({ ...given, ...(params as object) });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new Refusal('api/bad-request', `${where}${issue?.message ?? 'not as it must be'}`);
}

/** `from=` is as good as no `from`. */
function asked(query: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query ?? {}).filter(([, value]) => value !== ''));
}

/** What an input may hold that nobody is to read later. */
const SECRETS = new Set([
  'password',
  'newPassword',
  'code',
  'token',
  'response',
  'secret',
  'url',
  'report',
  'addressedTo',
  'fileName',
  'sections',
]);

/** What somebody asked for may name a patient; the trail does not. */
function cleaned(input: Readonly<Record<string, unknown>>, { pseudonymise, pseudonymOf }: ApiServices): object {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return pseudonymise(value);
    if (typeof value === 'number') return pseudonymise(String(value)) === String(value) ? value : '(number)';
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [
        name,
        // A local id looks like nothing that could be known.
        name === 'patient' && typeof each === 'string'
          ? pseudonymOf(each)
          : SECRETS.has(name)
            ? '(secret)'
            : clean(each),
      ]),
    );
  };
  return clean(input) as object;
}

function isStreamed(answer: unknown): answer is Streamed {
  return typeof answer === 'object' && answer !== null && 'pieces' in answer && 'contentType' in answer;
}

const STATUS: Partial<Record<RefusalCode, number>> = {
  'api/bad-request': 400,
  'incidents/not-found': 404,
  'incidents/no-such-clock': 404,
  'exceptions/hides-attack': 409,
  'exceptions/not-found': 404,
  'findings/not-found': 404,
  'rules/unknown': 404,
  'setaside/not-found': 404,
  'records/no-such-case': 404,
  'records/not-found': 404,
  'records/review-running': 409,
  'records/busy': 503,
  'sign-in/wrong': 401,
  'sign-in/wrong-code': 401,
  'sign-in/code-needed': 401,
  'sign-in/locked': 403,
  'sign-in/too-many': 429,
  'sign-in/not-fresh': 403,
  'sign-in/busy': 503,
  'passkeys/refused': 401,
  'passkeys/no-site': 422,
  'sign-in/provider': 502,
  'sign-in/no-provider': 404,
  'simulation/failed': 503,
  'reports/not-found': 404,
  'reports/too-many': 429,
  'reports/closed': 409,
  'reports/file-too-large': 413,
  'reports/has-file': 409,
  'reports/no-file': 404,
  'reports/has-incident': 409,
  'reports/nobody': 409,
  'hunts/too-many': 409,
  'hunts/not-found': 404,
  'local-rules/not-found': 404,
  'local-rules/too-many': 409,
  'local-rules/not-a-rule': 422,
  'local-rules/too-large': 422,
  'local-rules/too-noisy': 422,
  'hunts/not-yours': 403,
  'drafts/not-found': 404,
  'drafts/changed': 409,
  'drafts/letters': 403,
  'drafts/reason-needed': 422,
  'notices/invalid': 422,
  'notices/fixed': 409,
  'notices/password-needed': 422,
  'scans/not-found': 404,
  'scans/too-large': 413,
  'scans/broken-off': 400,
  'scans/busy': 503,
  'people/bad-link': 410,
  'people/weak-password': 422,
  'people/name-taken': 409,
  'people/not-found': 404,
  'people/last-admin': 409,
  'retention/would-delete': 409,
  'reveal/second-person': 409,
  'reveal/too-few': 409,
  'reveal/too-many': 429,
  'reveal/not-found': 404,
  'reveal/own': 403,
  'reveal/not-waiting': 409,
  'reveal/not-agreed': 409,
  'holds/not-found': 404,
  'holds/too-many': 409,
  'sources/not-found': 404,
  'board/changed': 409,
  'incidents/not-now': 409,
  'incidents/clock-runs': 409,
  'incidents/for-workers': 403,
  'incidents/changed': 409,
  'store/busy': 503,
  'store/disk-full': 503,
  'service/failing': 503,
};

/** The only place where a thrown value becomes an HTTP answer. */
function toHttp(thrown: unknown, onBug: (error: unknown) => string): { status: number; body: object } {
  if (thrown instanceof Refusal) {
    const status = STATUS[thrown.code] ?? 400;
    return { status, body: { code: thrown.code, message: thrown.message, hint: REFUSALS[thrown.code].hint } };
  }
  // What the HTTP library itself refuses: a body that is too large, a URL that is none.
  const own = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  if (own >= 400 && own < 500)
    return {
      status: own,
      body: {
        code: 'http',
        message: 'The request is not one that can be answered.',
        hint: 'See /api/v1/openapi.json.',
      },
    };
  return {
    status: 500,
    body: { code: 'bug', message: 'Something broke on our side.', hint: `Quote ${onBug(thrown)}.` },
  };
}

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal, type RefusalCode, REFUSALS } from '../core/refusal.ts';
import type { Trail } from '../ops/trail.ts';
import type { Tokens } from '../watch/tokens.ts';
import type { ApiServices, Caller, Endpoint, Streamed } from './endpoint.ts';

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
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  const open = new Set<AbortController>();
  // Those who listen would keep the service from ending.
  app.addHook('preClose', async () => {
    for (const abort of open) abort.abort();
  });
  for (const each of endpoints)
    app.route({
      method: each.method,
      url: each.path,
      bodyLimit: MAX_BODY,
      handler: async (request, reply) => {
        const caller = await admit(each, request, reply, tokens);
        if (caller === 'refused') return reply;
        const input = inputOf(each, request);
        const abort = new AbortController();
        open.add(abort);
        reply.raw.on('close', () => {
          abort.abort();
          open.delete(abort);
        });
        if ((each.isRecorded || each.method === 'POST') && caller !== null)
          await trail.record(caller.tokenId, `${each.method} ${each.path}`, null, cleaned(input, services));
        const answer = await each.handle(input, services, abort.signal, caller);
        if (!isStreamed(answer)) return answer;
        reply.type(answer.contentType);
        return reply.send(Readable.from(answer.pieces));
      },
    });
}

/** Who asks, `null` where anyone may; `refused` once that has been sent. */
async function admit(
  { audience }: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  tokens: Tokens,
): Promise<Caller | null | 'refused'> {
  if (audience === 'anyone') return null;
  const token = /^Bearer\s+(\S{1,200})$/i.exec(request.headers.authorization ?? '')?.[1];
  const holder = token === undefined ? null : await tokens.holder(token);
  if (holder === null) {
    await reply.code(401).header('www-authenticate', 'Bearer realm="wardwatch"').send({
      code: 'api/no-token',
      message: 'The token is missing, not known or expired.',
      hint: 'Make one with “wardwatch tokens add”.',
    });
    return 'refused';
  }
  if (!audience.includes(holder.role)) {
    await reply.code(403).send({
      code: 'api/not-for-this-role',
      message: `This is not for the role ${holder.role}.`,
      hint: `It is for ${audience.join(', ')}.`,
    });
    return 'refused';
  }
  return { tokenId: holder.id, role: holder.role, name: holder.name ?? holder.id };
}

/** @throws Refusal `api/bad-request`, which says what is wrong with it */
function inputOf({ method, input }: Endpoint, { query, body, params }: FastifyRequest): Record<string, unknown> {
  if (method === 'POST' && body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body)))
    throw new Refusal('api/bad-request', 'the body is not a JSON object');
  const given = method === 'GET' ? asked(query) : { ...(body as object | undefined) };
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
        name === 'patient' && typeof each === 'string' ? pseudonymOf(each) : clean(each),
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
  'setaside/not-found': 404,
  'records/no-such-case': 404,
  'records/not-found': 404,
  'records/review-running': 409,
  'records/busy': 503,
  'incidents/not-now': 409,
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

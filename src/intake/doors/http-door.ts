import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type DoorServices, isPressure, type Source } from './door.ts';

/** A body as it arrives, and when it has been unpacked. */
export const MAX_BODY = 16 * 1024 * 1024;
const MAX_UNPACKED = 64 * 1024 * 1024;
/** What a source is asked to wait when there is no room. */
const RETRY_SECONDS = 2;

/** How one protocol's sources say who they are. */
export type Scheme = 'apikey' | 'basic' | 'splunk' | 'bearer';

/** Bodies come as bytes, whatever their type says: each door knows better what they are. What breaks is reported. */
export function takeBytes(app: FastifyInstance, services: DoorServices): void {
  app.setErrorHandler(async (error, _request, reply) => {
    // What the HTTP library itself refuses: a body that is too large, a length that is not its own.
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status >= 400 && status < 500)
      return reply.code(status).send({ error: 'the request cannot be taken as it is' });
    services.report(error);
    return reply.code(500).send({ error: 'something broke on our side; send it again' });
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY }, (_request, body, done) => {
    done(null, body);
  });
}

/** The tokens that the header may hold: what proxies and shippers make of one token differs. */
export function tokensOf(header: string | undefined, schemes: readonly Scheme[]): string[] {
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(header ?? '') ?? [];
  const known = schemes.find((name) => name === scheme.toLowerCase());
  if (known === undefined || value.length > 1024) return [];
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  // Basic is user:token; an API key is base64 of id:token where Elastic's clients send it, or the token as it is.
  const inside = decoded.slice(decoded.indexOf(':') + 1);
  if (known === 'basic') return [inside];
  return known === 'apikey' ? [value, inside] : [value];
}

/** The source, or `null` once the refusal has been sent. */
export async function admitted(
  request: FastifyRequest,
  reply: FastifyReply,
  services: DoorServices,
  door: string,
  schemes: readonly Scheme[],
): Promise<Source | null> {
  for (const token of tokensOf(request.headers.authorization, schemes)) {
    const source = await services.byToken(token);
    if (source !== null) return source;
  }
  services.count(door, 'unknown-source');
  await reply
    .code(401)
    .header('www-authenticate', 'Basic realm="wardwatch", ApiKey')
    .send({ error: { type: 'security_exception', reason: 'the token is missing or not known here' }, status: 401 });
  return null;
}

const gunzipped = promisify(gunzip);
const inflated = promisify(inflate);

/** The body's bytes, unpacked; `null` once the refusal has been sent. */
export async function bodyOf(request: FastifyRequest, reply: FastifyReply): Promise<Buffer | null> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return body;
  try {
    if (encoding === 'gzip') return await gunzipped(body, { maxOutputLength: MAX_UNPACKED });
    if (encoding === 'deflate') return await inflated(body, { maxOutputLength: MAX_UNPACKED });
    await reply.code(415).send({ error: `the encoding ${encoding.slice(0, 40)} is not known here; use gzip` });
  } catch {
    await reply.code(400).send({ error: 'the body is not gzip, or larger than 64 MiB when it is unpacked' });
  }
  return null;
}

/** Keeps the work's messages; when there is no room, asks the source to come again. False once that has been sent. */
export async function keptOrRefused(
  reply: FastifyReply,
  services: DoorServices,
  door: string,
  keep: () => Promise<void>,
): Promise<boolean> {
  try {
    await keep();
    // It is on disk; it is only told a moment later, so that judging keeps up.
    await services.pace();
    return true;
  } catch (error) {
    if (!isPressure(error)) throw error;
    services.count(door, 'pushed-back');
    await reply.code(503).header('retry-after', String(RETRY_SECONDS)).send({
      error: 'there is no room now; nothing of this request was kept; send it again',
      text: 'Server is busy',
      code: 9,
    });
    return false;
  }
}

/** Calls `found` with each line that is not blank, and its number from 1. */
export function eachLine(bytes: Buffer, found: (line: string, number: number) => void): void {
  eachSpan(bytes, (from, to, number) => found(bytes.toString('utf8', from, to).trim(), number));
}

/** Calls `found` with where each line that is not blank begins and ends, and its number from 1. */
export function eachSpan(bytes: Buffer, found: (from: number, to: number, number: number) => void): void {
  let from = 0;
  for (let number = 1; from < bytes.length; number++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end;
    if (!isBlank(bytes, from, to)) found(from, to, number);
    from = to + 1;
  }
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  let at = from;
  while (at < to && (bytes[at] ?? 0) <= 0x20) at++;
  // Beyond ASCII there are other blanks; a control character is none.
  const isPlain = at < to && (bytes[at] ?? 0) < 0x80;
  return !isPlain && bytes.toString('utf8', from, to).trim() === '';
}

import { isIP } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Of sessions. */
    cookieName: string;
  }
}

/**
 * The cookie of a session. `__Host-`: browsers take it only over TLS, for this host alone, so that no neighbour can set
 * it. Source: RFC 6265bis, 4.1.3.2. On plain HTTP, which is for this machine only, it cannot have that name.
 */
export const COOKIE = 'wardwatch';
/** The simulated hospital lies behind the same address: a session of it is none here. */
export const SIMULATED_COOKIE = 'wardwatch-simulated';

/** The token of the session that a request came with. */
export function sessionOf(request: FastifyRequest): string | null {
  return cookieOf(request, nameIn(request, request.server.cookieName));
}

/** Sets the cookie of a session, or with `null` takes it away. It ends with the browser; the service ends it sooner. */
export function answerSession(request: FastifyRequest, reply: FastifyReply, token: string | null): void {
  setCookie(request, reply, nameIn(request, request.server.cookieName), token, 'Strict');
}

/** Of a sign-in that was begun with the identity provider, who sends the browser back from another site: hence not `Strict`. */
export function stateOf(request: FastifyRequest): string | null {
  return cookieOf(request, nameIn(request, `${request.server.cookieName}-state`));
}

export function answerState(request: FastifyRequest, reply: FastifyReply, state: string | null): void {
  setCookie(request, reply, nameIn(request, `${request.server.cookieName}-state`), state, 'Lax');
}

/** By what a browser is known in which somebody has signed in before. Signing out does not take it away. */
export function knownBrowserOf(request: FastifyRequest): string | null {
  return cookieOf(request, nameIn(request, `${request.server.cookieName}-browser`));
}

export function answerKnownBrowser(request: FastifyRequest, reply: FastifyReply, known: string): void {
  setCookie(request, reply, nameIn(request, `${request.server.cookieName}-browser`), known, 'Strict', KNOWN_SECONDS);
}

/** Half a year from the last sign-in. */
const KNOWN_SECONDS = 180 * 86_400;

function cookieOf(request: FastifyRequest, wanted: string): string | null {
  for (const pair of (request.headers.cookie ?? '').slice(0, 8192).split(';')) {
    const [name = '', value = ''] = pair.trim().split('=', 2);
    if (name === wanted && /^[\w.-]{1,1000}$/.test(value)) return value;
  }
  return null;
}

function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  value: string | null,
  sameSite: 'Strict' | 'Lax',
  seconds: number | null = null,
): void {
  const secure = isSecure(request) ? '; Secure' : '';
  const lasts = value === null ? 0 : seconds;
  const age = lasts === null ? '' : `; Max-Age=${lasts}`;
  reply.header('set-cookie', `${name}=${value ?? ''}; Path=/; HttpOnly; SameSite=${sameSite}${secure}${age}`);
}

function nameIn(request: FastifyRequest, name: string): string {
  return isSecure(request) ? `__Host-${name}` : name;
}

/**
 * From where it was asked. A proxy on this machine says for whom it asks: what it added last. Nobody else is believed.
 * Source: MDN, X-Forwarded-For, “Selecting an IP address”.
 */
export function addressOf({ ip, headers }: FastifyRequest): string {
  const given = headers['x-forwarded-for'];
  const last = (Array.isArray(given) ? given.join() : (given ?? '')).split(',').at(-1)?.trim() ?? '';
  return isLoopback(ip) && isIP(last) !== 0 ? last : ip;
}

function isLoopback(ip: string): boolean {
  return ip === '::1' || /^(?:::ffff:)?127\./.test(ip);
}

/** True for what our own page sent: no other site can add the header without our leave, which nobody gets. */
export function isFromPage({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  const isOwn = headers['x-wardwatch'] === 'page' || headers['x-wardwatch'] === 'background';
  return isOwn && (site === undefined || site === 'same-origin');
}

/** TLS ends here, or at a proxy on this machine. A client that lies about it spoils its own cookie. */
function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
}

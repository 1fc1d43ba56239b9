import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * The cookie of a session. `__Host-`: browsers take it only over TLS, for this host alone, so that no neighbour can set
 * it. Source: RFC 6265bis, 4.1.3.2. On plain HTTP, which is for this machine only, it cannot have that name.
 */
const SECURE = '__Host-wardwatch';
const PLAIN = 'wardwatch';

/** The token of the session that a request came with. */
export function sessionOf(request: FastifyRequest): string | null {
  const wanted = isSecure(request) ? SECURE : PLAIN;
  for (const pair of (request.headers.cookie ?? '').slice(0, 8192).split(';')) {
    const [name = '', value = ''] = pair.trim().split('=', 2);
    if (name === wanted && /^[\w-]{1,100}$/.test(value)) return value;
  }
  return null;
}

/** Sets the cookie of a session, or with `null` takes it away. It ends with the browser; the service ends it sooner. */
export function answerSession(request: FastifyRequest, reply: FastifyReply, token: string | null): void {
  const name = isSecure(request) ? SECURE : PLAIN;
  const secure = isSecure(request) ? '; Secure' : '';
  const age = token === null ? '; Max-Age=0' : '';
  reply.header('set-cookie', `${name}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure}${age}`);
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

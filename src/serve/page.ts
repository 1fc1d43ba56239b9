import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PAGE_NAMES } from '../web/page-names.ts';

interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly zipped: Buffer;
}

/** The built page, whole in memory: what is asked for is looked up by name, so no name can lead out of it. */
export interface WebPage {
  readonly index: PageFile;
  /** By name; each holds a hash of its content, so that it never changes. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Nothing but our own files, nothing inline, nothing from elsewhere, no frame around us, no text that becomes code.
 * `data:` is for the small pictures that the build puts into the style sheet.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  vary: 'accept-encoding',
} as const;

/** `null`: it was not built, as when a test starts the service alone. */
export function loadPage(folder: string): WebPage | null {
  const index = path.join(folder, 'index.html');
  if (!existsSync(index)) return null;
  const assets = path.join(folder, 'assets');
  return {
    index: readPageFile(index),
    assets: new Map(readdirSync(assets).map((name) => [name, readPageFile(path.join(assets, name))])),
  };
}

function readPageFile(file: string): PageFile {
  const body = readFileSync(file);
  const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
  return { type, body, zipped: gzipSync(body, { level: 9 }) };
}

/** Serves the page. To be called before the doors: a shipper asks for `/` too, and a browser must not meet its answer. */
export function servePage(app: FastifyInstance, { index, assets }: WebPage): void {
  app.addHook('onRequest', async (request, reply) => {
    if (isForReader(request)) await send(request, reply, index, 'no-store');
    // Any word is the name of an index to a shipper.
    else if (request.routeOptions.url !== '/:index' || !notFoundForReader(request, reply, index)) return undefined;
    return reply;
  });
  for (const name of PAGE_NAMES)
    app.get(`/${name}`, async (request, reply) => {
      // Behind a slash the page's own addresses would be one segment too long.
      if (request.url.split('?')[0]?.endsWith('/')) return reply.redirect(`../${name}`, 308);
      return send(request, reply, index, 'no-store');
    });
  app.get('/assets/:name', async (request: FastifyRequest<{ Params: { name: string } }>, reply) => {
    const asset = assets.get(request.params.name);
    if (asset === undefined) return reply.callNotFound();
    return send(request, reply, asset, 'public, max-age=31536000, immutable');
  });
}

/**
 * A person who mistyped an address reads a page that says so, not the JSON that programs are told. From deeper in, as from
 * the simulated hospice that has ended, they are led back to where the page's own addresses work.
 *
 * @returns false if it is no person who asks
 */
export function notFoundForReader(request: FastifyRequest, reply: FastifyReply, index: PageFile): boolean {
  const [pathname = ''] = request.url.split('?');
  if (!isReader(request) || /^\/(?:simulated\/)?api\//.test(pathname)) return false;
  const depth = pathname.split('/').length - 2;
  if (depth === 0) void send(request, reply.code(404), index, 'no-store');
  else void reply.redirect('../'.repeat(depth));
  return true;
}

function isForReader(request: FastifyRequest): boolean {
  return request.url.split('?')[0] === '/' && isReader(request);
}

/** Shippers ask with credentials, and never for a page. */
function isReader({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.authorization === undefined && (headers.accept ?? '').includes('text/html');
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile, cacheControl: string): FastifyReply {
  const isZipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  reply.headers(HEADERS).header('cache-control', cacheControl).type(file.type);
  if (isZipped) reply.header('content-encoding', 'gzip');
  return reply.send(isZipped ? file.zipped : file.body);
}

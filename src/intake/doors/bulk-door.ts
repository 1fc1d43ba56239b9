import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Message } from '../message-reader.ts';
import type { DoorServices, Messages } from './door.ts';
import { admitted, bodyOf, eachSpan, keptOrRefused, takeBytes } from './http-door.ts';

const DOOR = 'bulk';
/** Clients ask for a version before they send; this one they all know how to talk to. */
const VERSION = '8.17.0';

/**
 * `POST /_bulk` and what Beats, Logstash, Fluent Bit, Vector and rsyslog ask before it: enough of Elasticsearch that
 * they send to us unchanged. Nothing is indexed by name; documents are events.
 *
 * Source: Elasticsearch 8 REST API, “Bulk API”.
 */
export async function bulkDoor(app: FastifyInstance, services: DoorServices): Promise<void> {
  takeBytes(app, services);
  app.addHook('onSend', async (_request, reply) => {
    // Official clients refuse to talk to a server that does not say so.
    reply.header('x-elastic-product', 'Elasticsearch');
  });
  app.addHook('preHandler', async (request, reply) => {
    const source = await admitted(request, reply, services, DOOR, ['apikey', 'basic', 'bearer']);
    if (source === null) return reply;
    request.source = source;
    return undefined;
  });
  for (const url of ['/_bulk', '/:index/_bulk'])
    app.route({
      method: ['POST', 'PUT'],
      url,
      handler: async (request, reply) => {
        const { source } = request;
        const body = await bodyOf(request, reply);
        if (body === null || source === undefined) return reply;
        const started = performance.now();
        const bulk = new Bulk(body);
        if (!(await keptOrRefused(reply, services, DOOR, () => services.accept(source, bulk)))) return reply;
        const bad = [...bulk.bad].sort(([a], [b]) => a - b).map(([, line]) => Buffer.from(line));
        await services.setAside(source, bad, 'bad-json', 'the document is not a JSON object');
        return {
          took: Math.round(performance.now() - started),
          errors: bad.length > 0,
          items: bulk.actions.map((action, number) => answerTo(action, bulk.bad.has(number))),
        };
      },
    });
  app.get('/', async () => ({
    name: 'wardwatch',
    cluster_name: 'wardwatch',
    cluster_uuid: 'wardwatch',
    version: {
      number: VERSION,
      build_flavor: 'default',
      build_type: 'deb',
      lucene_version: '9.12.0',
      minimum_wire_compatibility_version: '7.17.0',
      minimum_index_compatibility_version: '7.0.0',
    },
    tagline: 'You Know, for Search',
  }));
  app.get('/_license', async () => ({
    license: { status: 'active', uid: 'wardwatch', type: 'basic', mode: 'basic', max_nodes: 1000 },
  }));
  app.get('/_xpack', async () => ({ license: { type: 'basic', mode: 'basic', status: 'active' }, features: {} }));
  app.get('/_cluster/health', async () => ({ cluster_name: 'wardwatch', status: 'green', number_of_nodes: 1 }));
  app.get('/_nodes/http', async () => ({ nodes: {} }));
  // Set-up that shippers insist on, of which nothing is needed here.
  for (const url of [
    '/_template/:name',
    '/_index_template/:name',
    '/_component_template/:name',
    '/_ilm/policy/:name',
    '/_ingest/pipeline/:name',
    '/_ingest/pipeline',
    '/_alias/:name',
    '/_data_stream/:name',
    '/:index',
  ]) {
    app.route({
      method: ['GET', 'PUT', 'POST'],
      url,
      handler: async (request) => (request.method === 'GET' ? {} : { acknowledged: true }),
    });
  }
}

interface Action {
  readonly action: 'index' | 'create' | 'update' | 'delete';
  readonly index: string;
  /** `null`: we give it one. */
  readonly id: string | null;
}

/** The body of a bulk request: a line that says what to do, then the document. Documents are parsed when it is their turn. */
class Bulk implements Messages {
  /** Like ones are one object. */
  readonly actions: Action[] = [];
  /** What could not be read, by the number of its action; whole once the documents have been gone through. */
  readonly bad = new Map<number, string>();
  /** Where each document begins and ends, and the number of its action. */
  readonly #documents: number[] = [];
  readonly #body: Buffer;

  constructor(body: Buffer) {
    this.#body = body;
    let isDocument = false;
    let lastLine = '';
    let last: Action | null = null;
    eachSpan(body, (from, to) => {
      if (isDocument) {
        this.#documents.push(from, to, this.actions.length - 1);
        isDocument = false;
        return;
      }
      const line = body.toString('utf8', from, to).trim();
      // Shippers say the same thing before every document.
      if (line !== lastLine) last = actionOf(line);
      lastLine = line;
      this.actions.push(last ?? UNREADABLE);
      if (last === null) this.bad.set(this.actions.length - 1, line);
      else isDocument = last.action !== 'delete';
    });
    // An action whose document did not arrive.
    if (isDocument) this.actions.pop();
  }

  get length(): number {
    return this.#documents.length / 3;
  }

  *[Symbol.iterator](): Generator<Message> {
    for (let at = 0; at < this.#documents.length; at += 3) {
      const [from, to, number = 0] = this.#documents.slice(at, at + 3);
      const line = this.#body.toString('utf8', from, to).trim();
      const document = objectOf(line);
      const isUpdate = this.actions[number]?.action === 'update';
      const inner = isUpdate && document !== null && 'doc' in document ? document.doc : document;
      if (typeof inner === 'object' && inner !== null) yield { kind: 'object', object: inner };
      else this.bad.set(number, line);
    }
  }
}

const UNREADABLE: Action = { action: 'index', index: '', id: null };

function actionOf(line: string): Action | null {
  const object = objectOf(line);
  if (object === null) return null;
  for (const action of ['index', 'create', 'update', 'delete'] as const) {
    if (!(action in object)) continue;
    const head = (object as Readonly<Record<string, unknown>>)[action];
    const { _index: index, _id: id } = (typeof head === 'object' && head !== null ? head : {}) as {
      _index?: unknown;
      _id?: unknown;
    };
    return {
      action,
      index: typeof index === 'string' ? index : 'wardwatch',
      id: typeof id === 'string' ? id : null,
    };
  }
  return null;
}

function objectOf(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function answerTo({ action, index, id }: Action, isBad: boolean): object {
  const head = { _index: index, _id: id ?? randomUUID() };
  if (isBad)
    return {
      [action]: {
        ...head,
        status: 400,
        error: { type: 'document_parsing_exception', reason: 'the document is not a JSON object; it was set aside' },
      },
    };
  const result = action === 'delete' ? 'deleted' : 'created';
  return {
    [action]: {
      ...head,
      _version: 1,
      result,
      _seq_no: 0,
      _primary_term: 1,
      status: action === 'delete' ? 200 : 201,
      _shards: { total: 1, successful: 1, failed: 0 },
    },
  };
}

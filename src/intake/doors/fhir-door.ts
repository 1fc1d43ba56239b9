import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CareNote } from '../../core/care.ts';
import { CARE_RESOURCES, careOfResource, finderIn, isCareResource } from '../fhir/care.ts';
import { isObject, type JsonObject } from '../formats/shape.ts';
import type { Message } from '../message-reader.ts';
import type { DoorServices, Source } from './door.ts';
import { admitted, bodyOf, keptOrRefused, takeBytes } from './http-door.ts';

const DOOR = 'fhir';
const RESOURCES = ['AuditEvent', ...CARE_RESOURCES] as const;
const JSON_TYPE = 'application/fhir+json; charset=utf-8';

/**
 * `AuditEvent` of FHIR R4 and R5, one or in a Bundle, and the resources that say who cares for whom. An audit record that
 * does not conform is still a record of an access: it is taken as it is, or set aside, and never refused.
 *
 * Source: HL7 FHIR R4 and R5, “RESTful API” (create, transaction, batch); IHE ITI TF-2 3.20.
 */
export async function fhirDoor(app: FastifyInstance, services: DoorServices): Promise<void> {
  takeBytes(app, services);
  app.addHook('preHandler', async (request, reply) => {
    if (request.url.endsWith('/metadata')) return undefined;
    const source = await admitted(request, reply, services, DOOR, ['bearer', 'basic']);
    if (source === null) return reply;
    request.source = source;
    return undefined;
  });
  const create = (request: FastifyRequest, reply: FastifyReply) => take(request, reply, services);
  for (const base of ['/fhir', '/fhir/r4', '/fhir/r5']) {
    app.post(base, create);
    for (const type of RESOURCES) {
      app.post(`${base}/${type}`, create);
      // What subscriptions send, and servers that copy theirs.
      if (type !== 'AuditEvent') app.put(`${base}/${type}/:id`, create);
    }
    app.get(`${base}/metadata`, async (_request, reply) => {
      reply.type(JSON_TYPE);
      return {
        resourceType: 'CapabilityStatement',
        status: 'active',
        kind: 'instance',
        fhirVersion: base.endsWith('r5') ? '5.0.0' : '4.0.1',
        format: ['json'],
        rest: [
          {
            mode: 'server',
            resource: RESOURCES.map((type) => ({
              type,
              interaction: type === 'AuditEvent' ? [{ code: 'create' }] : [{ code: 'create' }, { code: 'update' }],
            })),
            interaction: [{ code: 'transaction' }, { code: 'batch' }],
          },
        ],
      };
    });
  }
}

async function take(request: FastifyRequest, reply: FastifyReply, services: DoorServices): Promise<unknown> {
  const { source } = request;
  const body = await bodyOf(request, reply);
  if (body === null || source === undefined) return reply;
  reply.type(JSON_TYPE);
  const resource = parsed(body);
  if (resource === null) {
    await services.setAside(source, [body], 'bad-json', 'the resource is not a JSON object');
    return reply.code(202).send(outcome('warning', 'it is not JSON; it was set aside for a person to look at'));
  }
  const isBundle = resource['resourceType'] === 'Bundle';
  const entries: readonly unknown[] = isBundle ? entriesOf(resource) : [{ resource }];
  const sorted = sort(entries, source, services.timeZone);
  const isKept = await keptOrRefused(reply, services, DOOR, async () => {
    if (sorted.notes.length > 0) await services.acceptCare(source, sorted.notes);
    if (sorted.messages.length > 0) await services.accept(source, sorted.messages);
  });
  if (!isKept) return reply;
  for (const { entry, reason, detail } of sorted.aside)
    await services.setAside(source, [Buffer.from(JSON.stringify(entry) ?? '')], reason, detail);
  const refused = sorted.statuses.filter((status) => status === FORBIDDEN).length;
  if (refused > 0) services.count(DOOR, 'not-for-this-source', refused);
  if (isBundle)
    return reply.code(200).send({
      resourceType: 'Bundle',
      type: resource['type'] === 'batch' ? 'batch-response' : 'transaction-response',
      entry: sorted.statuses.map((status) => ({ response: { status } })),
    });
  const [status = CREATED] = sorted.statuses;
  if (status === CREATED)
    return reply.code(request.method === 'PUT' ? 200 : 201).send(outcome('information', 'the resource was kept'));
  return reply
    .code(status === FORBIDDEN ? 403 : 202)
    .send(outcome('warning', sorted.aside[0]?.detail ?? 'only a source of the kind fhir may say who cares for whom'));
}

const CREATED = '201 Created';
const ASIDE = '202 Accepted';
const FORBIDDEN = '403 Forbidden';

interface Sorted {
  readonly messages: Message[];
  readonly notes: CareNote[];
  readonly aside: { readonly entry: unknown; readonly reason: string; readonly detail: string }[];
  /** Of each entry. */
  readonly statuses: string[];
}

/** What is care and what is an event. Whoever may send logs may not, for that alone, explain accesses to records. */
function sort(entries: readonly unknown[], { kind }: Source, timeZone: string): Sorted {
  const sorted: Sorted = { messages: [], notes: [], aside: [], statuses: [] };
  const context = { timeZone, receivedAt: Date.now(), find: finderIn(entries) };
  for (const entry of entries) {
    const resource = resourceOf(entry);
    if (resource === null) {
      sorted.aside.push({ entry, reason: 'no-resource', detail: 'the entry of the bundle holds no resource' });
      sorted.statuses.push(ASIDE);
    } else if (!isCareResource(resource)) {
      // It says of a notification what the resources beside it say better.
      if (resource['resourceType'] !== 'SubscriptionStatus') sorted.messages.push({ kind: 'object', object: resource });
      sorted.statuses.push(CREATED);
    } else if (kind !== 'fhir') sorted.statuses.push(FORBIDDEN);
    else {
      const read = careOfResource(resource, context);
      if (read.ok) sorted.notes.push(...read.value);
      else sorted.aside.push({ entry, ...read.error });
      sorted.statuses.push(read.ok ? CREATED : ASIDE);
    }
  }
  return sorted;
}

function parsed(body: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** What is no list is one entry: it may not conform, but it was sent. */
function entriesOf({ entry }: JsonObject): readonly unknown[] {
  if (Array.isArray(entry)) return entry;
  return entry === undefined ? [] : [entry];
}

function resourceOf(entry: unknown): JsonObject | null {
  const resource = isObject(entry) ? entry['resource'] : null;
  return isObject(resource) ? resource : null;
}

function outcome(severity: 'information' | 'warning', text: string): object {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity, code: severity === 'warning' ? 'processing' : 'informational', diagnostics: text }],
  };
}

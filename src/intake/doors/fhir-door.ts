import type { FastifyInstance } from 'fastify';
import type { Message } from '../message-reader.ts';
import type { DoorServices } from './door.ts';
import { admitted, bodyOf, keptOrRefused, takeBytes } from './http-door.ts';

const DOOR = 'fhir';
const JSON_TYPE = 'application/fhir+json; charset=utf-8';

/**
 * `AuditEvent` of FHIR R4 and R5, one or in a Bundle. An audit record that does not conform is still a record of an
 * access: it is taken as it is, or set aside, and never refused.
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
  for (const base of ['/fhir', '/fhir/r4', '/fhir/r5']) {
    for (const url of [`${base}/AuditEvent`, base])
      app.post(url, async (request, reply) => {
        const { source } = request;
        const body = await bodyOf(request, reply);
        if (body === null || source === undefined) return reply;
        reply.type(JSON_TYPE);
        const read = readResource(body);
        if (read === null) {
          await services.setAside(source, [body], 'bad-json', 'the resource is not a JSON object');
          return reply.code(202).send(outcome('warning', 'it is not JSON; it was set aside for a person to look at'));
        }
        const { messages, isBundle, entries } = read;
        const empty = entries.filter((entry) => resourceOf(entry) === null);
        if (!(await keptOrRefused(reply, services, DOOR, () => services.accept(source, messages)))) return reply;
        await services.setAside(
          source,
          empty.map((entry) => Buffer.from(JSON.stringify(entry) ?? '')),
          'no-resource',
          'the entry of the bundle holds no resource',
        );
        if (!isBundle) return reply.code(201).send(outcome('information', 'the audit event was kept'));
        return reply.code(200).send({
          resourceType: 'Bundle',
          type: read.type === 'batch' ? 'batch-response' : 'transaction-response',
          entry: entries.map((entry) => ({
            response: { status: resourceOf(entry) === null ? '202 Accepted' : '201 Created' },
          })),
        });
      });
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
            resource: [{ type: 'AuditEvent', interaction: [{ code: 'create' }] }],
            interaction: [{ code: 'transaction' }, { code: 'batch' }],
          },
        ],
      };
    });
  }
}

function readResource(
  body: Buffer,
): { messages: Message[]; isBundle: boolean; type: unknown; entries: readonly unknown[] } | null {
  let resource: unknown;
  try {
    resource = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    return null;
  }
  if (typeof resource !== 'object' || resource === null || Array.isArray(resource)) return null;
  const { resourceType, type, entry } = resource as { resourceType?: unknown; type?: unknown; entry?: unknown };
  if (resourceType !== 'Bundle')
    return { messages: [{ kind: 'object', object: resource }], isBundle: false, type: null, entries: [] };
  const entries: readonly unknown[] = Array.isArray(entry) ? entry : [];
  const messages = entries.flatMap((each): Message[] => {
    const resource = resourceOf(each);
    return resource === null ? [] : [{ kind: 'object', object: resource }];
  });
  return { messages, isBundle: true, type, entries };
}

function resourceOf(entry: unknown): object | null {
  const resource = typeof entry === 'object' && entry !== null && 'resource' in entry ? entry.resource : null;
  return typeof resource === 'object' ? resource : null;
}

function outcome(severity: 'information' | 'warning', text: string): object {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity, code: severity === 'warning' ? 'processing' : 'informational', diagnostics: text }],
  };
}

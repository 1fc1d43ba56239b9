import type { FastifyInstance } from 'fastify';
import type { DoorServices } from './door.ts';
import { admitted, bodyOf, keptOrRefused, takeBytes } from './http-door.ts';
import { readProtobuf } from './otlp-protobuf.ts';
import { messageOf, type OtlpRecord, readOtlpJson } from './otlp-record.ts';

const DOOR = 'otlp';
const PROTOBUF = 'application/x-protobuf';

/** OpenTelemetry's logs over HTTP, as JSON or protobuf. Source: OTLP 1.x, “OTLP/HTTP”. */
export async function otlpDoor(app: FastifyInstance, services: DoorServices): Promise<void> {
  takeBytes(app, services);
  app.addHook('preHandler', async (request, reply) => {
    const source = await admitted(request, reply, services, DOOR, ['bearer', 'basic', 'apikey']);
    if (source === null) return reply;
    request.source = source;
    return undefined;
  });
  app.post('/v1/logs', async (request, reply) => {
    const { source } = request;
    const body = await bodyOf(request, reply);
    if (body === null || source === undefined) return reply;
    const isProtobuf = (request.headers['content-type'] ?? '').startsWith(PROTOBUF);
    let records: OtlpRecord[];
    try {
      records = isProtobuf ? readProtobuf(body) : readOtlpJson(body.toString('utf8'));
    } catch {
      await services.setAside(source, [body], 'bad-otlp', 'the body is not a request to export logs');
      return reply.code(400).send({ code: 3, message: 'the body is not a request to export logs; it was set aside' });
    }
    const messages = records.map(messageOf).filter((message) => message !== null);
    if (!(await keptOrRefused(reply, services, DOOR, () => services.accept(source, messages)))) return reply;
    const empty = records.filter((record) => messageOf(record) === null);
    await services.setAside(
      source,
      empty.map((record) => Buffer.from(JSON.stringify(record))),
      'empty',
      'the log record says nothing',
    );
    // An empty message is a full success, in either form.
    return isProtobuf ? reply.type(PROTOBUF).send(Buffer.alloc(0)) : reply.type('application/json').send('{}');
  });
}

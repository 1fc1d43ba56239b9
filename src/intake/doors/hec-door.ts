import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Message } from '../message-reader.ts';
import { cutValues } from '../formats/json.ts';
import type { DoorServices } from './door.ts';
import { admitted, bodyOf, eachLine, keptOrRefused, takeBytes } from './http-door.ts';

const DOOR = 'hec';

/**
 * Splunk's HTTP event collector: events, raw lines and acknowledgements. An answer here means that it is on disk, so
 * every acknowledgement that is asked for has been given already.
 *
 * Source: Splunk Enterprise 9, “Format events for HTTP Event Collector” and “HTTP Event Collector indexer acknowledgment”.
 */
export async function hecDoor(app: FastifyInstance, services: DoorServices): Promise<void> {
  takeBytes(app, services);
  let lastAck = 0;
  app.addHook('preHandler', async (request, reply) => {
    if (request.url.includes('/health')) return undefined;
    const source = await admitted(request, reply, services, DOOR, ['splunk', 'basic', 'bearer']);
    if (source === null) return reply;
    request.source = source;
    return undefined;
  });
  const done = (request: FastifyRequest) => ({
    text: 'Success',
    code: 0,
    ...(hasChannel(request) ? { ackId: ++lastAck } : {}),
  });
  for (const url of ['', '/event', '/event/1.0'])
    app.post(`/services/collector${url}`, async (request, reply) => {
      const { source } = request;
      const body = await bodyOf(request, reply);
      if (body === null || source === undefined) return reply;
      const { messages, bad } = readEvents(body);
      if (messages.length === 0 && bad.length === 0) return reply.code(400).send({ text: 'No data', code: 5 });
      if (!(await keptOrRefused(reply, services, DOOR, () => services.accept(source, messages)))) return reply;
      await services.setAside(
        source,
        bad.map((text) => Buffer.from(text)),
        'bad-event',
        'the event is not one of the collector’s',
      );
      if (bad.length > 0 && messages.length === 0)
        return reply.code(400).send({ text: 'Invalid data format', code: 6 });
      return done(request);
    });
  for (const url of ['/raw', '/raw/1.0'])
    app.post(`/services/collector${url}`, async (request, reply) => {
      const { source } = request;
      const body = await bodyOf(request, reply);
      if (body === null || source === undefined) return reply;
      const messages: Message[] = [];
      eachLine(body, (text) => messages.push({ kind: 'text', text }));
      if (messages.length === 0) return reply.code(400).send({ text: 'No data', code: 5 });
      if (!(await keptOrRefused(reply, services, DOOR, () => services.accept(source, messages)))) return reply;
      return done(request);
    });
  app.post('/services/collector/ack', async (request, reply) => {
    const body = await bodyOf(request, reply);
    if (body === null) return reply;
    const asked = acksIn(body);
    if (asked === null) return reply.code(400).send({ text: 'Invalid data format', code: 6 });
    return { acks: Object.fromEntries(asked.map((id) => [id, id <= lastAck])) };
  });
  for (const url of ['', '/1.0'])
    app.get(`/services/collector/health${url}`, async () => ({ text: 'HEC is healthy', code: 17 }));
}

/** Whoever names a channel, in a header or in the address, waits for acknowledgements. */
function hasChannel({ headers, query }: FastifyRequest): boolean {
  if (headers['x-splunk-request-channel'] !== undefined) return true;
  return typeof query === 'object' && query !== null && 'channel' in query;
}

const MAX_ACKS = 10_000;

function acksIn(body: Buffer): number[] | null {
  try {
    const asked: unknown = JSON.parse(body.toString('utf8'));
    const acks = typeof asked === 'object' && asked !== null && 'acks' in asked ? asked.acks : null;
    if (!Array.isArray(acks) || acks.length > MAX_ACKS) return null;
    return acks.filter((id): id is number => Number.isSafeInteger(id));
  } catch {
    return null;
  }
}

/** `{"time", "host", "event", "fields"}`, one after another with or without anything between them. */
function readEvents(body: Buffer): { messages: Message[]; bad: string[] } {
  const messages: Message[] = [];
  const bad: string[] = [];
  cutValues(
    body.toString('utf8'),
    (text) => {
      const message = messageOf(text);
      if (message === null) bad.push(text);
      else messages.push(message);
    },
    () => bad.push(body.toString('utf8')),
  );
  return { messages, bad };
}

function messageOf(text: string): Message | null {
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof envelope !== 'object' || envelope === null || !('event' in envelope)) return null;
  const { event, time, host, fields } = envelope as {
    event: unknown;
    time?: unknown;
    host?: unknown;
    fields?: unknown;
  };
  const seconds = Number(time);
  const said = {
    ...(typeof host === 'string' && host !== '' ? { host } : {}),
    ...(time !== undefined && Number.isFinite(seconds) ? { at: Math.round(seconds * 1000) } : {}),
  };
  const extra = typeof fields === 'object' && fields !== null && !Array.isArray(event) ? fields : {};
  if (typeof event === 'string')
    return event.trim() === '' ? null : { kind: 'text', text: event, besides: extra, ...said };
  if (typeof event !== 'object' || event === null) return null;
  return { kind: 'object', object: Array.isArray(event) ? event : { ...extra, ...event }, ...said };
}

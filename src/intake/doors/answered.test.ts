/** Whatever is answered as taken is kept or set aside: nothing goes without a word, in whatever shape it came. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import type { LogEvent } from '../../core/event.ts';
import { MessageReader } from '../message-reader.ts';
import { fhirDoor } from './fhir-door.ts';
import { hecDoor } from './hec-door.ts';
import { otlpDoor } from './otlp-door.ts';
import { sampleServices } from './sample-services.ts';

interface Answer {
  readonly status: number;
  readonly kept: readonly LogEvent[];
  /** Reasons. */
  readonly aside: readonly string[];
  readonly body: string;
}

async function answerTo(url: string, body: unknown): Promise<Answer> {
  const kept: LogEvent[] = [];
  const aside: string[] = [];
  const reader = new MessageReader('UTC');
  const source = { id: 'src_1', name: 'app', kind: 'http' } as const;
  const services = sampleServices({
    byToken: () => Promise.resolve(source),
    accept: async (_source, messages) => {
      for (const message of messages) {
        const read = reader.read(message, 0);
        kept.push(...read.events);
        aside.push(...read.setAside.map(({ reason }) => reason));
      }
    },
    setAside: async (_source, things, reason) => void aside.push(...things.map(() => reason)),
  });
  const app = Fastify();
  for (const door of [fhirDoor, hecDoor, otlpDoor]) await app.register((own) => door(own, services));
  const { statusCode, body: said } = await app.inject({
    method: 'POST',
    url,
    headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  await app.close();
  return { status: statusCode, kept, aside, body: said };
}

const shapes: readonly [what: string, url: string, body: unknown][] = [
  ['OTLP as protobuf names its fields', '/v1/logs', { resource_logs: [{ scope_logs: [{ log_records: [{}] }] }] }],
  ['OTLP that is a list', '/v1/logs', [{ resourceLogs: [] }]],
  ['OTLP that is a text', '/v1/logs', 'resourceLogs'],
  ['OTLP whose logs are no list', '/v1/logs', { resourceLogs: { scopeLogs: [] } }],
  ['traces of OTLP', '/v1/logs', { resourceSpans: [{}] }],
  ['a log record of OTLP that is a text', '/v1/logs', { resourceLogs: [{ scopeLogs: [{ logRecords: ['a login'] }] }] }],
  [
    'a bundle whose entry is no list',
    '/fhir',
    { resourceType: 'Bundle', entry: { resource: { resourceType: 'AuditEvent' } } },
  ],
  ['a bundle whose entries are a text', '/fhir', { resourceType: 'Bundle', entry: 'AuditEvent' }],
];
for (const [what, url, body] of shapes)
  test(`${what} is kept or set aside`, async () => {
    const { status, kept, aside } = await answerTo(url, body);
    ok(kept.length + aside.length > 0, `answered ${status}, and gone`);
  });

test('an empty request to export logs is a full success, and nothing is set aside', async () => {
  for (const body of [{}, { resourceLogs: [] }, { resourceLogs: [{ scopeLogs: [{ logRecords: [] }] }] }])
    deepEqual(await answerTo('/v1/logs', body), { status: 200, kept: [], aside: [], body: '{}' });
});

function otlp(body: string): unknown {
  const attributes = [{ key: 'user', value: { stringValue: 'bob' } }];
  const logRecords = [{ timeUnixNano: '1764150000000000000', body: { stringValue: body }, attributes }];
  return { resourceLogs: [{ resource: {}, scopeLogs: [{ logRecords }] }] };
}

for (const line of ['[WARN] login failed', '<init> login failed', '[2026-11-26 10:00:00] login failed'])
  test(`a record of OTLP that says “${line}” is an event with its attributes`, async () => {
    const { kept, aside } = await answerTo('/v1/logs', otlp(line));
    deepEqual([kept.length, aside], [1, []]);
    deepEqual([kept[0]?.fields['Message'], kept[0]?.fields['user'], kept[0]?.at], [line, 'bob', 1764150000000]);
  });

test('attributes of OTLP stand beside what a JSON body says, and say nothing in its place', async () => {
  const { kept } = await answerTo('/v1/logs', otlp('{"action":"login","user":"eve"}'));
  deepEqual([kept[0]?.fields['action'], kept[0]?.fields['user']], ['login', 'eve']);
  const other = await answerTo('/v1/logs', otlp('{"action":"login"}'));
  equal(other.kept[0]?.fields['user'], 'bob');
});

test('a plain text at the event collector is an event with its fields, host and time', async () => {
  const { kept, aside } = await answerTo('/services/collector', {
    event: 'the door of the pharmacy was opened',
    fields: { site: 'north' },
    host: 'door1',
    time: 1764150000,
  });
  deepEqual([kept.length, aside], [1, []]);
  const { Message: message, site, Hostname: host } = kept[0]?.fields ?? {};
  deepEqual(
    [message, site, host, kept[0]?.at],
    ['the door of the pharmacy was opened', 'north', 'door1', 1764150000000],
  );
});

test('a syslog line at the event collector keeps its own fields and gets the others', async () => {
  const line = '<86>1 2026-11-26T10:00:00Z gw1 sshd 812 - - Failed password for root from 203.0.113.7 port 22 ssh2';
  const { kept } = await answerTo('/services/collector', { event: line, fields: { site: 'north', Hostname: 'x' } });
  deepEqual([kept[0]?.fields['site'], kept[0]?.fields['Hostname']], ['north', 'gw1']);
});

test('a client of the event collector that names its channel in the address is given an acknowledgement to ask for', async () => {
  const { body } = await answerTo('/services/collector/event?channel=0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba', {
    event: 'x',
  });
  equal((JSON.parse(body) as { ackId?: number }).ackId, 1);
});

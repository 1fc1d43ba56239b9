/**
 * Every HTTP door takes changed requests without a crash, an error of ours or a hang, in front of a real pipeline and
 * journal. `WARDWATCH_FUZZ_DOORS=200000 npm run fuzz:doors` for so many at each door.
 */
import { fail, ok } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fastify from 'fastify';
import { bulkDoor } from '../../src/intake/doors/bulk-door.ts';
import type { DoorServices } from '../../src/intake/doors/door.ts';
import { fhirDoor } from '../../src/intake/doors/fhir-door.ts';
import { hecDoor } from '../../src/intake/doors/hec-door.ts';
import { otlpDoor } from '../../src/intake/doors/otlp-door.ts';
import { Pseudonymiser } from '../../src/intake/identifiers/pseudonyms.ts';
import { openJournal } from '../../src/store/journal.ts';
import { openKeyring } from '../../src/store/seal.ts';
import { openState } from '../../src/store/state.ts';
import { Counters } from '../../src/watch/counters.ts';
import { Pipeline } from '../../src/watch/pipeline.ts';
import { SetAsides } from '../../src/watch/set-aside-store.ts';
import { Sources } from '../../src/watch/sources.ts';
import { mutate, randomFrom } from './targets.ts';

const EACH = Number(process.env['WARDWATCH_FUZZ_DOORS'] ?? 5000);
const WATCHDOG_MS = 10_000;
const MAX_MEMORY = 1_500_000_000;

const AUDIT =
  '{"resourceType":"AuditEvent","recorded":"2026-11-02T09:49:00Z","action":"R","entity":[{"what":{"reference":"Patient/1"}}]}';
const CARE =
  '{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"1","identifier":[{"value":"9990000018"}],"link":[{"type":"replaces","other":{"reference":"Patient/2"}}]}},{"resource":{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"urn:uuid:1"},"period":{"start":"2026-11-02"},"location":[{"location":{"reference":"Location/w7"}}]}},{"resource":{"resourceType":"Appointment","status":"booked","start":"2026-11-02T09:49:00Z","participant":[{"actor":{"reference":"Patient/1"}},{"actor":{"reference":"Location/c"}}]}},{"resource":{"resourceType":"ServiceRequest","subject":{"reference":"#a"},"contained":[{"resourceType":"Patient","id":"a"}],"code":{"coding":[{"code":"x"}]}}}';
const OTLP_PROTOBUF = Buffer.from(
  '0a2c0a170a150a09686f73742e6e616d6512080a0670632d312e6112110a0012 0d09000064a7b3b6e0152a040a026869'.replaceAll(
    ' ',
    '',
  ),
  'hex',
).toString('latin1');

interface Door {
  readonly name: string;
  readonly open: (app: ReturnType<typeof fastify>, services: DoorServices) => Promise<void>;
  readonly urls: readonly string[];
  readonly scheme: string;
  readonly types: readonly string[];
  readonly seeds: readonly string[];
}

const DOORS: readonly Door[] = [
  {
    name: 'bulk',
    open: bulkDoor,
    urls: ['/_bulk', '/x/_bulk', '/_template/a', '/', '/%00/_bulk'],
    scheme: 'ApiKey',
    types: ['application/x-ndjson', 'application/json'],
    seeds: [
      '{"create":{"_index":"a"}}\n{"Channel":"Security","EventID":1102}\n{"delete":{"_id":"1"}}\n{"update":{}}\n{"doc":{"a":1}}\n',
      '{"index":{}}\n{"winlog":{"channel":"System","event_id":7045,"event_data":{"a":"b"}},"@timestamp":"2026-11-02T09:49:00Z"}\n',
    ],
  },
  {
    name: 'hec',
    open: hecDoor,
    urls: ['/services/collector', '/services/collector/event', '/services/collector/raw', '/services/collector/ack'],
    scheme: 'Splunk',
    types: ['application/json', 'text/plain'],
    seeds: [
      '{"time":1793612940.5,"host":"h","event":"<34>1 2026-11-02T09:49:00Z h su - - - failed"}{"event":{"a":1},"fields":{"b":"c"}}',
      '{"acks":[1,2,3]}',
      'Nov  2 09:49:00 h sshd[1]: Failed password for root from 10.1.2.3 port 22 ssh2\n',
    ],
  },
  {
    name: 'fhir',
    open: fhirDoor,
    urls: ['/fhir/AuditEvent', '/fhir', '/fhir/r5', '/fhir/Encounter'],
    scheme: 'Bearer',
    types: ['application/fhir+json'],
    seeds: [
      AUDIT,
      `{"resourceType":"Bundle","type":"batch","entry":[{"resource":${AUDIT}},{"resource":null}]}`,
      `{"resourceType":"Bundle","type":"batch","entry":[${CARE}]}`,
    ],
  },
  {
    name: 'otlp',
    open: otlpDoor,
    urls: ['/v1/logs'],
    scheme: 'Bearer',
    types: ['application/json', 'application/x-protobuf'],
    seeds: [
      OTLP_PROTOBUF,
      '{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"h"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1793612940000000000","body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"5"}}]}}}]}]}]}',
    ],
  },
];

for (const door of DOORS) {
  test(`${door.name}: ${EACH} changed requests end in an answer that is no fault of ours`, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-fuzz-'));
    const state = await openState({ kind: 'sqlite', file: path.join(folder, 'data', 'state.db') });
    const journal = await openJournal(path.join(folder, 'data', 'journal'));
    const sources = new Sources(state, Date.now);
    const { token } = await sources.add('fuzzer', door.name === 'fhir' ? 'fhir' : 'http', null);
    const seals = await openKeyring(path.join(folder, 'keys'), 'seal', path.join(folder, 'data'));
    const pipeline = new Pipeline({
      sources,
      pseudonymiser: new Pseudonymiser((text) => createHmac('sha256', 'fuzz').update(text).digest()),
      journal,
      setAsides: new SetAsides(state, seals, {
        holds: () => Promise.resolve([]),
        onBug: (error) => fail(String(error)),
      }),
      counters: new Counters(),
      keepReasons: async () => undefined,
      timeZone: 'Europe/London',
      now: Date.now,
      pressure: () => null,
      onKept: () => undefined,
      onHeard: () => undefined,
      waitingBytes: () => 0,
      isCrowded: () => false,
      keepIdentities: () => Promise.resolve(),
      onSource: () => undefined,
      onBug: (error) => {
        throw error;
      },
    });
    const app = fastify();
    app.decorateRequest('source', undefined);
    await app.register(async (scope) => door.open(scope, pipeline));
    t.after(async () => {
      await app.close();
      await journal.close();
      await state.close();
    });
    const random = randomFrom(20_261_125);
    const pick = (list: readonly string[]) => list[random(list.length)] ?? '';
    for (let i = 0; i < EACH; i++) {
      const body = Buffer.from(mutate(door, random), 'latin1');
      const isPacked = random(10) === 0;
      const begun = performance.now();
      const answer = await app.inject({
        method: 'POST',
        url: pick(door.urls),
        headers: {
          // One in twenty does not know the token.
          authorization: `${door.scheme} ${random(20) === 0 ? 'ww_no' : token}`,
          'content-type': pick(door.types),
          ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
        },
        payload: isPacked && random(3) > 0 ? gzipSync(body) : body,
      });
      ok(answer.statusCode < 500, `request ${i}: ${answer.statusCode} ${answer.body.slice(0, 200)}`);
      ok(performance.now() - begun < WATCHDOG_MS, `request ${i} hung`);
    }
    ok(process.memoryUsage.rss() < MAX_MEMORY, 'memory is bounded');
  });
}

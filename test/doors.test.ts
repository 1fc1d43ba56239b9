/** Real clients send to a real service, and what they send is kept, judged and shown to whom it is for. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { ENDPOINTS } from '../src/api/endpoints.ts';
import { type Role, ROLES } from '../src/core/role.ts';
import { eventually, startRsyslog, startSyslogNg, upService } from './service.ts';

/** A process creation that one of our rules fires on, told from others by its user. */
function deletesSnapshots(user: string, extra: Readonly<Record<string, unknown>> = {}) {
  return {
    '@timestamp': '2026-11-25T09:00:00Z',
    winlog: {
      channel: 'Microsoft-Windows-Sysmon/Operational',
      event_id: '1',
      computer_name: 'dc1',
      event_data: {
        Image: 'C:\\Windows\\System32\\vssadmin.exe',
        CommandLine: `vssadmin delete shadows /all /quiet`,
        User: user,
        ParentImage: 'C:\\Windows\\System32\\cmd.exe',
        ...extra,
      },
    },
  };
}

function accountsOf(findings: readonly Readonly<Record<string, unknown>>[]): string[] {
  return findings.map(({ entities }) => String((entities as { account?: string }).account)).sort();
}

test('a source is given a new token, another address, and is switched off; what it sent stays', async (t) => {
  const service = await upService(t, '--plain-http');
  const admin = { authorization: `Bearer ${await service.addToken('admin')}` };
  const change = (id: string, what: string, body: object = {}) =>
    service.fetch(`/api/v1/sources/${id}/${what}`, {
      headers: { ...admin, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const send = async (token: string) =>
    (
      await service.fetch('/services/collector', {
        headers: { authorization: `Splunk ${token}` },
        body: '{"event":{"message":"hello from us"}}',
      })
    ).status;
  const { id, token } = await service.addSource('shipper', 'http');
  equal(await send(token), 200);
  const renewed = await change(id, 'token');
  equal(renewed.status, 200, renewed.text);
  const { token: next } = JSON.parse(renewed.text) as { token: string };
  equal(await send(next), 200);
  equal(await send(token), 401, 'the one before is worth nothing');
  equal((await change(id, 'addresses', { addresses: '10.1.0.1' })).status, 400, 'it is not known by its address');
  const { id: firewall } = await service.addSource('firewall', 'syslog');
  equal((await change(firewall, 'addresses', { addresses: 'anywhere' })).status, 400);
  equal((await change(firewall, 'addresses', { addresses: '10.1.0.1' })).status, 200);
  equal((await change(id, 'end')).status, 200);
  equal(await send(next), 401);
  equal((await change(id, 'end')).status, 404, 'not twice');
  equal((await change('src_none', 'token')).status, 404);
  const listed = JSON.parse((await service.fetch('/api/v1/sources', { headers: admin })).text) as {
    items: { id: string; state: string; addresses: string | null }[];
    doors: Record<string, string>;
  };
  deepEqual(
    listed.items.map(({ state, addresses }) => [state, addresses]),
    [
      ['ended', null],
      ['active', '10.1.0.1'],
    ],
  );
  deepEqual(Object.keys(listed.doors), ['http']);
  equal((await service.addSource('shipper', 'http')).id === id, false, 'its name is free again');
  const made = service.run('sources', 'token', 'firewall', '--json');
  equal((JSON.parse(made.out) as { id: string }).id, firewall, made.err);
  equal(service.run('sources', 'end', 'firewall').status, 0);
  equal(service.run('sources', 'end', 'firewall').status, 2);
  const kept = JSON.parse((await service.fetch('/api/v1/setaside', { headers: admin })).text) as { items: unknown[] };
  deepEqual(kept.items, [], 'the line that the page gives to try it with can be read');
  match((await service.fetch('/api/v1/certificate')).text, /^-----BEGIN CERTIFICATE-----/);
});

test('a source that is switched off is heard no more, also by a connection that it has open', async (t) => {
  const service = await upService(t, '--plain-http', '--syslog-tcp', '127.0.0.1:0', '--mllp', '127.0.0.1:0');
  const headers = { authorization: `Bearer ${await service.addToken('admin')}`, 'content-type': 'application/json' };
  for (const [kind, address, message] of [
    ['syslog', service.ready.syslogTcp ?? '', '<34>1 2026-11-25T09:00:00Z h a - - - hello\n'],
    ['hl7', service.ready.mllp ?? '', '\x0bMSH|^~\\&|a|b|c|d|20261125||ADT^A01|1|P|2.5\r\x1c\r'],
  ] as const) {
    const { id } = await service.addSource(kind, kind);
    // It was added beside the service, which has just looked for sources.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [host, port] = [address.slice(0, address.lastIndexOf(':')), Number(address.split(':').at(-1))];
    const socket = connect(port, host, () => socket.write(message));
    t.after(() => socket.destroy());
    socket.on('error', () => undefined).resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await eventually(
      async () =>
        (
          JSON.parse((await service.fetch('/api/v1/sources', { headers })).text) as {
            items: { id: string; lastHeardAt: string | null }[];
          }
        ).items,
      (items) => items.some((each) => each.id === id && each.lastHeardAt !== null),
    );
    equal(socket.readyState, 'open', `${kind}: it is heard`);
    equal((await service.fetch(`/api/v1/sources/${id}/end`, { headers, body: '{}' })).status, 200);
    socket.write(message);
    await closed;
  }
});

test('every HTTP door takes what its shippers send, once it is on disk', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('shipper', 'http');
  const analyst = await service.addToken('analyst');
  const basic = Buffer.from(`anybody:${token}`).toString('base64');
  const apiKey = Buffer.from(`id:${token}`).toString('base64');
  const bulk = (user: string) => `{"create":{}}\n${JSON.stringify(deletesSnapshots(user))}\n`;
  const hec = (user: string) => JSON.stringify({ time: 1_795_597_200.5, host: 'h1', event: deletesSnapshots(user) });

  const accepted: readonly (readonly [string, string, string, string | Buffer, Readonly<Record<string, string>>?])[] = [
    ['u01', '/_bulk', `ApiKey ${token}`, bulk('u01')],
    ['u02', '/logs-1/_bulk', `ApiKey ${apiKey}`, bulk('u02')],
    ['u03', '/_bulk', `Basic ${basic}`, gzipSync(bulk('u03')), { 'content-encoding': 'gzip' }],
    ['u04', '/services/collector/event', `Splunk ${token}`, hec('u04')],
    ['u05', '/services/collector', `Splunk ${token}`, gzipSync(hec('u05')), { 'content-encoding': 'gzip' }],
    ['u06', '/services/collector/raw', `Splunk ${token}`, `${JSON.stringify(deletesSnapshots('u06'))}\n`],
  ];
  for (const [, url, authorization, body, headers = {}] of accepted) {
    const { status, text } = await service.fetch(url, { headers: { authorization, ...headers }, body });
    equal(status, 200, `${url}: ${text}`);
  }
  const findings = await eventually(
    () => service.list('/api/v1/findings', analyst),
    (found) => found.length >= accepted.length,
  );
  deepEqual(
    accountsOf(findings),
    accepted.map(([user]) => user),
  );

  const refused: readonly (readonly [number, string, string, string])[] = [
    [401, '/_bulk', 'ApiKey ww_wrong', bulk('x')],
    [401, '/services/collector', `Bearer ${analyst}`, hec('x')],
    [401, '/_bulk', '', bulk('x')],
    [400, '/services/collector', `Splunk ${token}`, ''],
    [400, '/services/collector', `Splunk ${token}`, '{"no":"event"}'],
  ];
  for (const [status, url, authorization, body] of refused)
    equal((await service.fetch(url, { headers: { authorization }, body })).status, status, url);

  const ack = await service.fetch('/services/collector', {
    headers: { authorization: `Splunk ${token}`, 'x-splunk-request-channel': 'c1' },
    body: hec('u07'),
  });
  const { ackId } = JSON.parse(ack.text) as { ackId: number };
  const acks = await service.fetch('/services/collector/ack', {
    headers: { authorization: `Splunk ${token}` },
    body: JSON.stringify({ acks: [ackId, ackId + 1] }),
  });
  deepEqual(JSON.parse(acks.text), { acks: { [ackId]: true, [ackId + 1]: false } });
  equal(await service.stop(), 0);
});

test('audit events come in alone and in bundles, whether they conform or not; what is no JSON is set aside', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('epr', 'fhir');
  const admin = await service.addToken('admin');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' };
  const audit = {
    resourceType: 'AuditEvent',
    recorded: '2026-11-25T09:00:00Z',
    action: 'R',
    agent: [{ requestor: true, who: { reference: 'Practitioner/kim' } }],
    entity: [{ what: { reference: 'Patient/9990000018' }, role: { code: '1' } }],
  };
  const bundle = { resourceType: 'Bundle', type: 'batch', entry: [{ resource: audit }, { resource: audit }] };
  const cases: readonly (readonly [number, string, string])[] = [
    [201, '/fhir/AuditEvent', JSON.stringify(audit)],
    [201, '/fhir/AuditEvent', '{"resourceType":"AuditEvent","nonsense":[1,2]}'],
    [200, '/fhir', JSON.stringify(bundle)],
    [202, '/fhir/AuditEvent', 'this is no JSON'],
  ];
  for (const [status, url, body] of cases) equal((await service.fetch(url, { headers, body })).status, status, body);
  equal((await service.fetch('/fhir/metadata')).status, 200);
  const aside = await service.list('/api/v1/setaside', admin);
  deepEqual(
    aside.map(({ reason }) => reason),
    ['bad-json'],
  );
  ok(!JSON.stringify(aside).includes('this is no JSON'), 'what arrived is sealed');
  equal(await service.stop(), 0);
});

test('rsyslog sends over TCP, TLS, UDP and to _bulk, unchanged', async (t) => {
  const service = await upService(
    t,
    '--plain-http',
    '--syslog-tcp',
    '127.0.0.1:0',
    '--syslog-tls',
    '127.0.0.1:0',
    '--syslog-udp',
    '127.0.0.1:0',
  );
  await service.addSource('this machine', 'syslog');
  const { token } = await service.addSource('by http', 'http');
  const analyst = await service.addToken('analyst');
  const port = (address: string | undefined) => new URL(`x://${address ?? ''}`).port;
  const log = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-tail-')), 'in.log');
  writeFileSync(log, '');
  const rsyslog = startRsyslog(
    t,
    `
global(workDirectory="{folder}" defaultNetstreamDriverCAFile="${service.keys}/tls.crt")
module(load="imfile")
module(load="omelasticsearch")
input(type="imfile" file="${log}" tag="app:" ruleset="out" persistStateInterval="1" reopenOnTruncate="on")
template(name="bulk" type="list") {
  constant(value="{\\"host\\":\\"") property(name="hostname") constant(value="\\",\\"message\\":\\"")
  property(name="msg" format="json") constant(value="\\",\\"product\\":\\"linux\\",\\"service\\":\\"syslog\\"}") }
ruleset(name="out") {
  action(type="omfwd" target="127.0.0.1" port="${port(service.ready.syslogTcp)}" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
  action(type="omfwd" target="127.0.0.1" port="${port(service.ready.syslogTls)}" protocol="tcp" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid" template="RSYSLOG_ForwardFormat")
  action(type="omfwd" target="127.0.0.1" port="${port(service.ready.syslogUdp)}" protocol="udp" template="RSYSLOG_TraditionalForwardFormat")
  action(type="omelasticsearch" server="127.0.0.1" serverport="${new URL(service.ready.http).port}" usehttps="off" uid="x" pwd="${token}" bulkmode="on" searchType="" template="bulk" errorfile="{folder}/errors")
}`,
  );
  if (rsyslog === null) return;
  const COUNT = 200;
  for (let i = 0; i < COUNT; i++) appendFileSync(log, `marker-${i} of the ward\n`);
  const events = await eventually(
    async () =>
      (await service.fetch('/api/v1/events?query=marker', { headers: { authorization: `Bearer ${analyst}` } })).text,
    (text) => text.trim().split('\n').length >= COUNT * 4,
    60_000,
  );
  for (let i = 0; i < COUNT; i++) equal(events.split(`marker-${i} of`).length - 1 >= 4, true, `marker ${i}`);
  equal(await service.stop(), 0);
});

test('syslog-ng sends over TCP, TLS, to _bulk and to the HTTP event collector, unchanged', async (t) => {
  const service = await upService(t, '--syslog-tcp', '127.0.0.1:0', '--syslog-tls', '127.0.0.1:0');
  await service.addSource('this machine', 'syslog');
  const { token } = await service.addSource('by http', 'http');
  const analyst = await service.addToken('analyst');
  const port = (address: string | undefined) => new URL(`x://${address ?? ''}`).port;
  const tls = `tls(ca-file("${service.keys}/tls.crt") peer-verify(yes))`;
  const log = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-tail-')), 'in.log');
  writeFileSync(log, '');
  const syslogNg = startSyslogNg(
    t,
    `
source s { file("${log}" follow-freq(0.1) flags(no-parse) program-override("sshd") host-override("lx1")); };
destination tcp { network("127.0.0.1" port(${port(service.ready.syslogTcp)}) transport("tcp")); };
destination tls {
  syslog("127.0.0.1" port(${port(service.ready.syslogTls)}) transport("tls") ${tls});
};
destination bulk {
  elasticsearch-http(url("${service.ready.http}/_bulk") index("wardwatch") type("") user("wardwatch") password("${token}") ${tls}
    template("$(format-json --scope none @timestamp=\${ISODATE} host=\${HOST} product=linux service=\${PROGRAM} message=\${MESSAGE})"));
};
destination hec {
  http(url("${service.ready.http}/services/collector/event") method("POST") batch-lines(100) ${tls}
    headers("Authorization: Splunk ${token}", "Content-Type: application/json")
    body('$(format-json --scope none time=\${S_UNIXTIME} host=\${HOST} event="<\${PRI}>1 \${ISODATE} \${HOST} \${PROGRAM} - - - \${MESSAGE}")'));
};
log { source(s); destination(tcp); destination(tls); destination(bulk); destination(hec); };
`,
  );
  if (syslogNg === null) return;
  const COUNT = 200;
  for (let i = 0; i < COUNT; i++) appendFileSync(log, `Accepted password for user${i} from 10.1.2.3 port 5022 ssh2\n`);
  const events = await eventually(
    async () =>
      (await service.fetch('/api/v1/events?query=Accepted', { headers: { authorization: `Bearer ${analyst}` } })).text
        .trim()
        .split('\n'),
    (lines) => lines.length >= COUNT * 4,
    60_000,
  );
  // Whichever way it came, it is a sign-in by sshd on that machine.
  const read = events.map(
    (line) =>
      JSON.parse(line) as { product: string; service: string; host: string; account: string | null; at: string },
  );
  deepEqual([...new Set(read.map(({ product, service: of, host }) => `${product} ${of} ${host}`))], ['linux sshd lx1']);
  for (let i = 0; i < COUNT; i++)
    equal(events.filter((line) => line.includes(`for user${i} from`)).length >= 4, true, `user ${i}`);
  equal(await service.stop(), 0);
});

test('who is not registered is not listened to, at any syslog door', async (t) => {
  const service = await upService(
    t,
    '--plain-http',
    '--syslog-tcp',
    '127.0.0.1:0',
    '--syslog-tls',
    '127.0.0.1:0',
    '--syslog-udp',
    '127.0.0.1:0',
  );
  const admin = await service.addToken('admin');
  const [host = '', port = ''] = (service.ready.syslogTcp ?? '').split(':');
  const closed = new Promise<void>((resolve) => {
    const socket = connect(Number(port), host, () => socket.write('<34>1 - h a - - - stranger\n'));
    socket.on('error', () => undefined).on('close', () => resolve());
  });
  await closed;
  const udp = createSocket('udp4');
  udp.send('<34>1 - h a - - - stranger', Number((service.ready.syslogUdp ?? '').split(':')[1]), '127.0.0.1', () =>
    udp.close(),
  );
  const metrics = await eventually(
    async () => (await service.fetch('/metrics', { headers: { authorization: `Bearer ${admin}` } })).text,
    (text) => text.includes('syslog-udp') && text.includes('syslog-tcp'),
  );
  match(metrics, /door_total\{door="syslog-tcp",reason="unknown-source"\} 1/);
  match(metrics, /door_total\{door="syslog-udp",reason="unknown-source"\} 1/);
  ok(!metrics.includes('events_kept_total'));
});

test('TLS is on unless it is switched off, and can be switched off on this machine only', async (t) => {
  const service = await upService(t, '--syslog-tls', '127.0.0.1:0');
  match(service.ready.http, /^https:/);
  equal((await service.fetch('/health')).text, '{"status":"up"}');
  const [host = '', port = ''] = (service.ready.syslogTls ?? '').split(':');
  const cipher = await new Promise<string>((resolve, reject) => {
    const socket = tlsConnect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getProtocol() ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
  match(cipher, /^TLSv1\.[23]$/);
  const refused = service.run('serve', '--keys', service.keys, '--listen', '0.0.0.0:0', '--plain-http');
  equal(refused.status, 2);
  match(refused.err, /TLS/);
  equal(refused.out, '');
});

test('every endpoint answers the roles it is for, and no other', async (t) => {
  const service = await upService(t, '--plain-http');
  const tokens: Partial<Record<Role, string>> = {};
  for (const role of ROLES) tokens[role] = await service.addToken(role);
  for (const { path: url, audience, method, input } of ENDPOINTS) {
    if (url === '/api/v1/live') continue;
    // There is no such thing, or nothing is asked of it: what is let in is then told so.
    const isLetIn =
      method === 'GET' && !/:|\/oidc\//.test(url) && input.safeParse({}).success
        ? (status: number) => status === 200
        : (status: number) => status !== 401 && status !== 403 && status < 500;
    const ask = async (token?: string) =>
      (
        await service.fetch(url.replaceAll(/:\w+/g, 'x'), {
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(method === 'POST' ? { 'content-type': 'application/json', 'x-wardwatch': 'page' } : {}),
          },
          ...(method === 'POST' ? { body: '{}' } : {}),
        })
      ).status;
    for (const token of [undefined, 'ww_wrong']) {
      const status = await ask(token);
      ok(
        audience === 'anyone' ? isLetIn(status) : status === 401,
        `${method} ${url} with ${token ?? 'no token'}: ${status}`,
      );
    }
    for (const role of ROLES) {
      // It would start a hospice: see demo.test.ts.
      if (method === 'POST' && url === '/api/v1/simulation' && role === 'admin') continue;
      const status = await ask(tokens[role]);
      const isFor = audience === 'anyone' || audience.includes(role);
      ok(isFor ? isLetIn(status) : status === 403, `${method} ${url} as ${role}: ${status}`);
    }
  }
  equal(
    (
      await service.fetch('/api/v1/findings?limit=0', {
        headers: { authorization: `Bearer ${tokens['analyst'] ?? ''}` },
      })
    ).status,
    400,
  );
  equal(
    (
      await service.fetch('/api/v1/findings?cursor=x', {
        headers: { authorization: `Bearer ${tokens['analyst'] ?? ''}` },
      })
    ).status,
    400,
  );
});

test('sources and tokens are added on the command line beside the running service', async (t) => {
  const service = await upService(t, '--plain-http');
  const added = service.run('sources', 'add', 'dc1', '--kind', 'windows', '--json');
  equal(added.status, 0, added.err);
  const { id, token } = JSON.parse(added.out) as { id: string; token: string };
  match(id, /^src_/);
  const body = `{"create":{}}\n${JSON.stringify(deletesSnapshots('kim'))}\n`;
  equal((await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body })).status, 200);
  const again = service.run('sources', 'add', 'dc1', '--kind', 'windows', '--json');
  equal(again.status, 2);
  match(again.err, /already/);
  const analyst = (JSON.parse(service.run('tokens', 'add', '--role', 'analyst', '--json').out) as { token: string })
    .token;
  const found = await eventually(
    () => service.list('/api/v1/findings', analyst),
    (findings) => findings.length > 0,
  );
  deepEqual(accountsOf(found), ['kim']);
  ok(!service.log.includes(token) && !service.log.includes('kim'), 'the log holds no token and no account');
});

test('OpenTelemetry’s own exporters send, as JSON and as protobuf', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('collector', 'http');
  const analyst = await service.addToken('analyst');
  const url = new URL('/v1/logs', service.ready.http).href;
  const settings = { url, headers: { authorization: `Bearer ${token}` }, compression: CompressionAlgorithm.GZIP };
  for (const [user, exporter] of [
    ['json', new JsonExporter(settings)],
    ['protobuf', new ProtobufExporter(settings)],
  ] as const) {
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    const logger = provider.getLogger('test');
    logger.emit({ body: JSON.stringify(deletesSnapshots(user)) });
    logger.emit({ body: `plain words of ${user}`, attributes: { 'host.name': 'h1', n: 5, list: ['a', 'b'] } });
    logger.emit({ body: deletesSnapshots(`${user}-map`) });
    await provider.shutdown();
  }
  const found = await eventually(
    () => service.list('/api/v1/findings', analyst),
    (findings) => findings.length >= 4,
  );
  deepEqual(accountsOf(found), ['json', 'json-map', 'protobuf', 'protobuf-map']);
  const { text } = await service.fetch('/api/v1/events?query=plain', {
    headers: { authorization: `Bearer ${analyst}` },
  });
  const fields = text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { fields: Record<string, unknown> }).fields);
  deepEqual(
    fields.map(({ Message, n, list }) => JSON.stringify([Message, n, list])).toSorted((a, b) => (a < b ? -1 : 1)),
    ['json', 'protobuf'].map((user) => JSON.stringify([`plain words of ${user}`, 5, ['a', 'b']])),
  );
  for (const type of ['application/json', 'application/x-protobuf'])
    equal(
      (
        await service.fetch('/v1/logs', {
          headers: { authorization: `Bearer ${token}`, 'content-type': type },
          body: '\u0009nonsense',
        })
      ).status,
      400,
    );
});

test('a request that unpacks to tens of megabytes is kept whole, and nothing is cut off a list of all events', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('shipper', 'http');
  const analyst = await service.addToken('analyst');
  const COUNT = 24_000;
  const lines = Array.from({ length: COUNT }, (_, n) =>
    `{"create":{}}\n{"product":"acme","service":"x","n":"k${n}z","filling":"${'é"\\\\'.repeat(300)}"}\n`.replaceAll(
      'é"',
      'é\\"',
    ),
  );
  const body = Buffer.from(lines.join(''));
  ok(body.length > 35_000_000, `${body.length} bytes`);
  const answer = await service.fetch('/_bulk', {
    headers: { authorization: `ApiKey ${token}`, 'content-encoding': 'gzip' },
    body: gzipSync(body),
  });
  equal(answer.status, 200, answer.text.slice(0, 300));
  match(answer.text, /"errors":false/);
  const { text } = await service.fetch('/api/v1/events?query=product:acme&from=&to=', {
    headers: { authorization: `Bearer ${analyst}` },
  });
  equal(new Set(text.match(/k\d+z/g)).size, COUNT);
  const counted = async (path: string) =>
    (
      await service.fetch(`/api/v1/events/${path}?query=product:acme`, {
        headers: { authorization: `Bearer ${analyst}` },
      })
    ).text;
  const { total, bars } = JSON.parse(await counted('counts')) as { total: number; bars: object[] };
  equal(total, text.trim().split('\n').length);
  const last = (await counted('counts/so-far')).trim().split('\n').at(-1) ?? '';
  const soFar = JSON.parse(last) as { total: number; bars: object[]; from: string; wholeFrom: string };
  deepEqual([soFar.total, soFar.bars.length, soFar.wholeFrom], [total, bars.length, soFar.from]);
});

test('who listens for findings does not keep the service from ending', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('shipper', 'http');
  const analyst = await service.addToken('analyst');
  let heard = '';
  const ended = new Promise<void>((resolve) => {
    request(
      new URL('/api/v1/live', service.ready.http),
      { headers: { authorization: `Bearer ${analyst}` } },
      (answer) => {
        answer.setEncoding('utf8').on('data', (piece: string) => (heard += piece));
        answer.on('close', () => resolve());
      },
    ).end();
  });
  await eventually(
    () => heard,
    (text) => text.includes(': connected'),
  );
  const body = `{"create":{}}\n${JSON.stringify(deletesSnapshots('kim'))}\n`;
  await service.fetch('/_bulk', { headers: { authorization: `ApiKey ${token}` }, body });
  await eventually(
    () => heard,
    (text) => text.includes('event: finding') && text.includes('kim'),
  );
  equal(await service.stop(), 0);
  await ended;
});

test('what holds no event is set aside, never answered as kept in silence', async (t) => {
  const service = await upService(t, '--plain-http');
  const { token } = await service.addSource('epr', 'fhir');
  const admin = await service.addToken('admin');
  const bundle = await service.fetch('/fhir', {
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: [{ resource: null }, 5] }),
  });
  equal(bundle.status, 200);
  ok(!bundle.text.includes('201'), bundle.text);
  await service.fetch('/v1/logs', {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}',
  });
  await service.fetch('/services/collector', {
    headers: { authorization: `Bearer ${token}` },
    body: '{"event":{"Records":[{"a":1}, {"b":2}]}}{"event":[3, {"c":4}]}',
  });
  const reasons = (await service.list('/api/v1/setaside', admin)).map(({ reason }) => String(reason)).toSorted();
  deepEqual(reasons, ['empty', 'no-resource', 'no-resource', 'not-an-object']);
});

test('a search whose time ends before it begins is refused: nothing found would look like an all-clear', async (t) => {
  const service = await upService(t, '--plain-http');
  const headers = { authorization: `Bearer ${await service.addToken('analyst')}` };
  for (const ask of ['query=x&from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', 'query=x%20from%202026-11-01']) {
    const { status, text } = await service.fetch(`/api/v1/events?${ask}`, { headers });
    equal(status, 400, text);
  }
});

test('the trail of who asked what names no patient', async (t) => {
  const service = await upService(t, '--plain-http');
  const analyst = await service.addToken('analyst');
  await service.fetch('/api/v1/events?query=9990000018', { headers: { authorization: `Bearer ${analyst}` } });
  await service.stop();
  const trail = readFileSync(path.join(service.data, 'state.db')).toString('latin1');
  ok(trail.includes('GET /api/v1/events') && !trail.includes('9990000018'));
});

test('a source is known by the certificate that it shows over TLS, wherever it comes from', async (t) => {
  const service = await upService(t, '--syslog-tls', '127.0.0.1:0', '--plain-http');
  const analyst = await service.addToken('analyst');
  // Anybody can be asked for: rsyslog, syslog-ng and firewalls make theirs like this.
  const files = ['client', 'stranger'].map((name) => {
    const [key, cert] = [path.join(service.folder, `${name}.key`), path.join(service.folder, `${name}.crt`)];
    const made = spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    ]);
    equal(made.status, 0, made.stderr?.toString());
    return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
  });
  const [client, stranger] = files;
  ok(client && stranger);
  const added = service.run('sources', 'add', 'firewall', '--kind', 'syslog', '--certificate', client.file, '--json');
  equal(added.status, 0, added.err);
  equal(
    service.run('sources', 'add', 'other', '--kind', 'syslog', '--certificate', client.file).status,
    2,
    'one source each',
  );
  equal(
    service.run('sources', 'add', 'third', '--kind', 'syslog', '--certificate', stranger.file.replace('.crt', '.key'))
      .status,
    2,
  );
  const send = (who: { key: Buffer; cert: Buffer } | null, text: string) =>
    new Promise<void>((resolve) => {
      const [host = '', port = ''] = (service.ready.syslogTls ?? '').split(':');
      const socket = tlsConnect(
        {
          host,
          port: Number(port),
          rejectUnauthorized: false,
          ...(who === null ? {} : { key: who.key, cert: who.cert }),
        },
        () => {
          socket.write(`<13>1 ${new Date().toISOString()} fw1 test - - - ${text}\n`);
          setTimeout(() => socket.end(), 200);
        },
      );
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
    });
  await send(client, 'from the client');
  await send(stranger, 'from a stranger');
  await send(null, 'from nobody');
  const events = await eventually(
    async () => (await service.fetch('/api/v1/events', { headers: { authorization: `Bearer ${analyst}` } })).text,
    (text) => text.includes('from the client'),
  );
  ok(!events.includes('stranger') && !events.includes('nobody'));
});

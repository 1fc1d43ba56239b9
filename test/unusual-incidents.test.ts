/** What machines and accounts do, in the words of the products that tell of it, up to the incident that it opens. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { BehaviourFinding } from '../src/core/finding.ts';
import { loadRules, type LoadedRules, loadRuleTexts } from '../src/detect/sigma/index.ts';
import { Incidents } from '../src/incidents/store.ts';
import { MessageReader } from '../src/intake/message-reader.ts';
import { openState } from '../src/store/state.ts';
import { Findings } from '../src/watch/findings-store.ts';
import { LiveJudge } from '../src/watch/live-judge.ts';
import { Sources } from '../src/watch/sources.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Monday. */
const START = Date.UTC(2026, 10, 2);
const NOW = START + 14 * DAY + 10 * HOUR;

interface Said {
  readonly at: number;
  readonly object: object;
}

const NO_RULES = loadRuleTexts([], { placeholders: {}, includeDeprecated: false, cacheFolder: null });

/** All of it through readers, judging and joining, as the service does. */
async function watched(said: readonly Said[], rules: LoadedRules = NO_RULES, isRestarted = false) {
  const state = await openState({
    kind: 'sqlite',
    file: path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-')), 's.db'),
  });
  let now = START;
  const { id: sourceId } = await new Sources(state, () => now).add('all', 'http', null);
  const incidents = new Incidents(
    state,
    () => now,
    () => false,
  );
  const findings = new Findings(
    state,
    () => now,
    (within, finding, current) => incidents.join(within, finding, current),
  );
  const reader = new MessageReader('Europe/London');
  let judge = new LiveJudge(rules);
  let number = 0;
  const all = said.toSorted((a, b) => a.at - b.at);
  for (const [index, { at, object }] of all.entries()) {
    now = at;
    if (isRestarted && index === Math.floor(all.length * 0.95))
      judge = new LiveJudge(
        rules,
        JSON.parse(JSON.stringify(judge.saveLearned())) as ReturnType<LiveJudge['saveLearned']>,
      );
    const { events, setAside } = reader.read({ kind: 'object', object }, at);
    deepEqual(setAside, []);
    for (const event of events) {
      const { product = null, category = null, service = null } = event.logSource;
      const stored = {
        id: `evt_${number++}`,
        receivedAt: at,
        at: event.at,
        sourceId,
        product,
        category,
        service,
        channel: null,
        eventId: null,
        host: null,
        account: null,
        address: null,
        fields: event.fields,
        text: event.text,
      };
      const found = judge.judge(stored, 'all');
      if (found.length > 0) await findings.file(found, { to: 0, from: 0 });
    }
  }
  const rows = await state.db.selectFrom('findings').select(['body', 'incident_id']).execute();
  await state.close();
  return rows.map(({ body, incident_id: incident }) => ({ finding: JSON.parse(body) as BehaviourFinding, incident }));
}

function every(stepMs: number, from: number, to: number, say: (at: number) => readonly Said[] | Said): Said[] {
  const all: Said[] = [];
  for (let at = from; at < to; at += stepMs) all.push(...[say(at)].flat());
  return all;
}

function isWorkingHour(at: number): boolean {
  const date = new Date(at);
  return date.getUTCDay() % 6 !== 0 && date.getUTCHours() >= 8 && date.getUTCHours() < 18;
}

const started = (at: number, host: string, image: string, more: object = {}): Said => ({
  at,
  object: {
    Channel: 'Microsoft-Windows-Sysmon/Operational',
    EventID: 1,
    Computer: host,
    User: 'RX1\\kim',
    Image: image,
    UtcTime: new Date(at).toISOString().replace('T', ' ').replace('Z', ''),
    ...more,
  },
});

/** A connection in Zeek's words, told when it is over. */
const sent = (at: number, from: string, to: string, bytes: number, port = 443): Said => ({
  at,
  object: {
    _path: 'conn',
    ts: (at - 5000) / 1000,
    uid: `C${at}${from}`,
    'id.orig_h': from,
    'id.orig_p': 50_000,
    'id.resp_h': to,
    'id.resp_p': port,
    proto: 'tcp',
    conn_state: 'SF',
    duration: 5,
    orig_bytes: bytes,
    resp_bytes: 4000,
  },
});

const asked = (at: number, from: string, name: string): Said => ({
  at,
  object: {
    timestamp: new Date(at).toISOString().replace('Z', '+0000'),
    flow_id: at,
    event_type: 'dns',
    src_ip: from,
    dest_ip: '10.0.0.53',
    dns: { type: 'query', rrname: name, rrtype: 'TXT' },
  },
});

const inCloud = (at: number, account: string, operation: string, object: string): Said => ({
  at,
  object: {
    CreationTime: new Date(at).toISOString().slice(0, 19),
    Operation: operation,
    Workload: operation === 'Send' ? 'Exchange' : 'SharePoint',
    RecordType: 6,
    UserId: account,
    ObjectId: object,
  },
});

const HOSTS = Array.from({ length: 20 }, (_, i) => `10.1.1.${i + 10}`);
/** A fortnight of a network: everybody sends a little to the same two places, and asks for the same names. */
const traffic = () =>
  every(HOUR, START, NOW, (at) =>
    isWorkingHour(at)
      ? HOSTS.flatMap((host, i) => [
          sent(at + i * MINUTE, host, '198.51.100.7', 1e6 + 1e5 * ((at / HOUR + i) % 7)),
          sent(at + i * MINUTE + 1000, host, '203.0.113.80', 3e5),
          asked(at + i * MINUTE, host, 'www.supplier.example'),
          asked(at + i * MINUTE, host, 'mail.trust.nhs.uk'),
        ])
      : [],
  );
const programs = () =>
  every(6 * HOUR, START, NOW, (at) =>
    HOSTS.flatMap((_, i) =>
      ['explorer', 'winword', 'outlook', 'epr'].map((name) =>
        started(at + i * MINUTE, `ws${i}`, `C:\\Apps\\${name}.exe`),
      ),
    ),
  );
const cloud = () =>
  every(HOUR, START, NOW, (at) =>
    isWorkingHour(at)
      ? Array.from({ length: 15 }, (_, i) => [
          ...Array.from({ length: 3 + ((at / HOUR + i) % 4) }, (_each, file) =>
            inCloud(at + i * MINUTE + file, `user${i}@trust.nhs.uk`, 'FileAccessed', `file${file}`),
          ),
          inCloud(at + i * MINUTE, `user${i}@trust.nhs.uk`, 'Send', 'mail'),
        ]).flat()
      : [],
  );

const random = (seed: number) =>
  Buffer.from(`${seed}-${(seed * 7919) % 104_729}-${seed ** 3}`)
    .toString('base64url')
    .toLowerCase();

const cases: readonly (readonly [
  what: string,
  background: () => readonly Said[],
  more: readonly Said[],
  opened: readonly string[],
])[] = [
  ['a network as every day', traffic, [], []],
  ['machines that run what they always run', programs, [], []],
  ['accounts that read and mail as every day', cloud, [], []],
  [
    'a program that no other machine runs',
    programs,
    [started(NOW, 'ws3', 'C:\\Users\\kim\\AppData\\Local\\Temp\\tool.exe')],
    ['behaviour/new-program'],
  ],
  [
    'two gigabytes to a place that nobody else goes to',
    traffic,
    every(MINUTE, NOW, NOW + 20 * MINUTE, (at) => sent(at, '10.1.1.12', '192.0.2.44', 1e8)),
    ['behaviour/bytes-out', 'behaviour/rare-bytes-out'],
  ],
  [
    'calls home every five minutes for five hours',
    traffic,
    every(5 * MINUTE, NOW, NOW + 5 * HOUR, (at) => sent(at, '10.1.1.13', '192.0.2.99', 700, 8443)),
    ['behaviour/beacon'],
  ],
  [
    'data in the names that are asked for',
    traffic,
    every(20_000, NOW, NOW + 40 * MINUTE, (at) => asked(at, '10.1.1.14', `${random(at / 20_000)}.t.example.com`)),
    ['behaviour/dns-names'],
  ],
  [
    'a scan of the network',
    traffic,
    every(1000, NOW, NOW + 50 * MINUTE, (at) => sent(at, '10.1.1.15', `10.1.2.${(at / 1000) % 250}`, 0)),
    ['behaviour/connections'],
  ],
  [
    'an account that fetches a thousand files',
    cloud,
    every(2000, NOW, NOW + 33 * MINUTE, (at) => inCloud(at, 'user4@trust.nhs.uk', 'FileDownloaded', `f${at}`)),
    ['behaviour/files-read'],
  ],
  [
    'an account that sends four hundred mails',
    cloud,
    every(5000, NOW, NOW + 33 * MINUTE, (at) => inCloud(at, 'user4@trust.nhs.uk', 'Send', 'mail')),
    ['behaviour/mail-sent'],
  ],
];
for (const [what, background, more, opened] of cases)
  for (const isRestarted of more.length > 0 ? [false, true] : [false])
    test(`${what}${isRestarted ? ', with a restart before' : ''}: ${opened.length === 0 ? 'no incident' : `an incident of ${opened.join(', ')}`}`, async () => {
      const found = await watched([...background(), ...more], NO_RULES, isRestarted);
      const inIncidents = found.filter(({ incident }) => incident !== null);
      deepEqual([...new Set(inIncidents.map(({ finding }) => finding.ruleId))].toSorted(), opened);
      ok(new Set(inIncidents.map(({ incident }) => incident)).size <= 1);
      for (const { finding } of inIncidents) {
        equal(finding.level, 'medium');
        ok(finding.observation.points > 0 && finding.rarity.surprise >= 1.6);
        ok(
          !/something the log does not name|undefined|NaN/.test(`${finding.plain}${finding.next.join('')}`),
          finding.plain,
        );
      }
    });

test('before a whole week was seen, what has a weekly course is ranked and opens nothing', async () => {
  const early = START + 3 * DAY + 10 * HOUR;
  const attack = every(MINUTE, early, early + 20 * MINUTE, (at) => sent(at, '10.1.1.12', '192.0.2.44', 1e8));
  const found = await watched([...traffic().filter(({ at }) => at < early), ...attack]);
  const about = found.filter(({ finding }) => finding.entities.host === '10.1.1.12');
  ok(about.length > 0);
  for (const { finding, incident } of about) deepEqual([finding.level, incident], ['informational', null]);
});

test('steps before ransomware, seen by several rules on one machine, are one finding of high level in one incident', async () => {
  const rules = loadRules([path.join(import.meta.dirname, '..', 'rules')], {
    placeholders: {},
    includeDeprecated: false,
    cacheFolder: null,
  });
  const command = (at: number, image: string, line: string) =>
    started(at, 'files1', `C:\\Windows\\System32\\${image}`, { CommandLine: line, OriginalFileName: image });
  const attack = [
    command(NOW, 'vssadmin.exe', 'vssadmin delete shadows /all /quiet'),
    command(NOW + 20 * MINUTE, 'wevtutil.exe', 'wevtutil cl Security'),
    command(NOW + 40 * MINUTE, 'powershell.exe', 'powershell Set-MpPreference -DisableRealtimeMonitoring $true'),
  ];
  const found = await watched([...programs(), ...attack], rules);
  const steps = found.filter(({ finding }) => finding.ruleId === 'behaviour/ransomware-steps');
  deepEqual(
    steps.map(({ finding }) => [finding.level, finding.entities, finding.observation]),
    [
      ['high', { host: 'files1' }, { parameter: 'impact', points: 3 }],
      ['high', { account: 'RX1\\kim' }, { parameter: 'impact', points: 3 }],
    ],
  );
  ok(/shadow copies.*logs were cleared.*protection/.test(steps[0]?.finding.plain ?? ''), steps[0]?.finding.plain);
  equal(new Set(found.map(({ incident }) => incident).filter((each) => each !== null)).size, 1);
});

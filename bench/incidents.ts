import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { LogEvent } from '../src/core/event.ts';
import { loadRuleTexts } from '../src/detect/sigma/index.ts';
import { Incidents } from '../src/incidents/store.ts';
import { csv } from '../src/intake/formats/csv.ts';
import type { StoredEvent } from '../src/store/archive/stored-event.ts';
import { openState } from '../src/store/state.ts';
import { type Filed, Findings } from '../src/watch/findings-store.ts';
import { Sources } from '../src/watch/sources.ts';
import { LiveJudge } from '../src/watch/live-judge.ts';
import { corpusDir } from '../test/corpus.ts';
import { median, report } from './figures.ts';

const DAY_MS = 24 * 3_600_000;
/** As the service does. */
const BATCH = 2000;
/** What the columns of AIT-ADS are called here. */
const MAPPING = {
  columns: ['time', 'name', 'ip', 'host', 'short'],
  logSource: { product: 'ids', category: 'alert' },
  time: 'time',
  fields: { name: 'alert.name', ip: 'ip', host: 'host' },
};
const HARMLESS = 'false_positive';

/** One scenario of the data set: days of alerts of three products on one network, one intrusion among them. */
interface Outcome {
  readonly scenario: string;
  readonly alerts: number;
  readonly days: number;
  readonly incidents: number;
  /** From 1; 0: none holds any of it. */
  readonly attackRank: number;
  readonly stages: readonly string[];
  readonly stagesInFirst: readonly string[];
  /** Of the alerts in that incident, those that the intrusion set off by their labels of time. */
  readonly precision: number;
  readonly firstLastsHours: number;
  readonly alertsPerSecond: number;
}

/**
 * What `npm run bench -- incidents` prints: alerts of AIT-ADS (Landauer et al. 2024) through the judging and the joining
 * of the service, on every scenario that is in the corpus. The first day of each is learned from.
 */
export async function benchIncidents(): Promise<void> {
  const folder = corpusDir('ait-alerts');
  if (folder === null) return;
  const scenarios = readdirSync(path.join(folder, 'scenarios')).filter((name) => name.endsWith('_alerts.txt.gz'));
  const outcomes: Outcome[] = [];
  for (const name of scenarios) {
    const outcome = await run(path.join(folder, 'scenarios', name));
    outcomes.push(outcome);
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, each) => total + of(each), 0);
  const alerts = sum((each) => each.alerts);
  const incidents = sum((each) => each.incidents);
  const figure = (name: string, unit: string, value: number, must: number | null) =>
    report({
      name: `AIT-ADS, ${outcomes.length} intrusions: ${name}`,
      unit,
      values: [value],
      yardstick: { name: 'alerts', values: [alerts] },
      must,
      aim: null,
    });
  figure('alerts that nobody has to read', '%', 100 * (1 - incidents / alerts), 99.9);
  figure('incidents a day', 'incidents', incidents / sum((each) => each.days), 12);
  figure(
    'the intrusion is the first incident',
    'intrusions',
    outcomes.filter((each) => each.attackRank === 1).length,
    outcomes.length,
  );
  figure(
    'its labelled stages in that one incident',
    '%',
    (100 * sum((each) => each.stagesInFirst.length)) / sum((each) => each.stages.length),
    85,
  );
  figure('judged and joined', 'alerts/s', median(outcomes.map((each) => each.alertsPerSecond)), null);
}

async function run(file: string): Promise<Outcome> {
  const work = mkdtempSync(path.join(tmpdir(), 'wardwatch-bench-'));
  const state = await openState({ kind: 'sqlite', file: path.join(work, 'state.db') });
  try {
    let now = 0;
    const { id: sourceId } = await new Sources(state, () => now).add('ids', 'http', null);
    const events = alertsOf(gunzipSync(readFileSync(file)).toString(), sourceId);
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
    const judge = new LiveJudge(loadRuleTexts([], { placeholders: {}, includeDeprecated: false, cacheFolder: null }));
    /** By the finding's id: the stages of all alerts that it stands for. */
    const stages = new Map<string, Set<string>>();
    const alertsIn = new Map<string, { all: number; attack: number; from: number; to: number }>();
    const started = performance.now();
    let waiting: Filed[] = [];
    const fileAll = async () => {
      await findings.file(waiting, { to: 0, from: 0 });
      waiting = [];
    };
    for (const [index, event] of events.entries()) {
      now = event.receivedAt;
      waiting.push(...judge.judge(event, 'ids'));
      if (index % BATCH === BATCH - 1) await fileAll();
    }
    await fileAll();
    const alertsPerSecond = events.length / ((performance.now() - started) / 1000);
    const rows = await state.db.selectFrom('findings').select(['id', 'incident_id', 'body']).execute();
    const first = events[0]?.receivedAt ?? 0;
    const hourOf = new Map<string, string>();
    for (const { body, incident_id: incident } of rows) {
      const { ruleId, entities, at } = JSON.parse(body) as { ruleId: string; entities: { host: string }; at: string };
      if (incident !== null) hourOf.set(hourKey(ruleId, entities.host, Date.parse(at)), incident);
    }
    for (const event of events) {
      const incident = hourOf.get(
        hourKey(`behaviour/alert/${String(event.fields['alert.name'])}`, event.host ?? '', event.receivedAt),
      );
      const stage = String(event.fields['time_label']);
      if (incident === undefined) continue;
      const held = alertsIn.get(incident) ?? { all: 0, attack: 0, from: event.receivedAt, to: 0 };
      held.all++;
      if (stage !== HARMLESS) held.attack++;
      held.to = event.receivedAt;
      alertsIn.set(incident, held);
      if (stage === HARMLESS) continue;
      const own = stages.get(incident) ?? new Set();
      stages.set(incident, own.add(stage));
    }
    const all = (await incidents.page(null, 100_000, ['it'])).map(({ incident }) => incident);
    const ranked = all.toSorted((a, b) => b.strength - a.strength);
    const labelled = new Set(events.map(({ fields }) => String(fields['time_label'])));
    labelled.delete(HARMLESS);
    const isAttack = (id: string) => ['dirb', 'wpscan'].some((stage) => stages.get(id)?.has(stage) === true);
    const { all: held, attack, from, to } = alertsIn.get(ranked[0]?.id ?? '') ?? { all: 1, attack: 0, from: 0, to: 0 };
    return {
      scenario: path.basename(file, '_alerts.txt.gz'),
      alerts: events.length,
      days: ((events.at(-1)?.receivedAt ?? first) - first - DAY_MS) / DAY_MS,
      incidents: all.length,
      attackRank: ranked.findIndex(({ id }) => isAttack(id)) + 1,
      stages: [...labelled],
      stagesInFirst: [...(stages.get(ranked[0]?.id ?? '') ?? [])],
      precision: Number((attack / held).toPrecision(3)),
      firstLastsHours: Math.round((to - from) / 3_600_000),
      alertsPerSecond: Math.round(alertsPerSecond),
    };
  } finally {
    await state.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** One finding stands for all alerts of a name, a host and an hour. */
function hourKey(ruleId: string, host: string, at: number): string {
  return `${ruleId}\0${host}\0${Math.floor(at / 3_600_000)}`;
}

/** In the order in which they happened: the data set lists one product after the other. */
function alertsOf(text: string, sourceId: string): StoredEvent[] {
  const events: LogEvent[] = [];
  const reader = csv.open({
    timeZone: 'Europe/London',
    referenceTime: Date.UTC(2022, 1, 1),
    mappings: [MAPPING],
    emit: (event) => events.push(event),
    setAside: ({ reason, record }) => {
      throw new Error(`line ${record ?? 0}: ${reason}`);
    },
  });
  reader.push(text);
  reader.end();
  return events
    .map(({ at, fields, logSource }, index): StoredEvent => {
      const host = fields['host'];
      if (at === null || typeof host !== 'string') throw new Error('an alert without a time or a host');
      return {
        id: `evt_${index}`,
        receivedAt: at,
        at,
        sourceId,
        product: logSource.product ?? null,
        category: logSource.category ?? null,
        service: null,
        channel: null,
        eventId: null,
        host,
        account: null,
        address: null,
        fields,
        text: null,
      };
    })
    .sort((a, b) => a.receivedAt - b.receivedAt);
}

import { createReadStream, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { LogEvent } from '../src/core/event.ts';
import { FieldsView } from '../src/core/fields-view.ts';
import { Behaviour, type Unusual } from '../src/detect/behaviour/behaviour.ts';
import { loadBehaviourWords, unusualFinding } from '../src/findings/unusual.ts';
import { MessageReader } from '../src/intake/message-reader.ts';
import { corpusDir } from '../test/corpus.ts';
import { report } from './figures.ts';

const WORDS = loadBehaviourWords();

function isEnough(unusual: Unusual): boolean {
  return unusualFinding(unusual, { path: 'bench', record: 1 }, 0, WORDS, {}).level !== 'informational';
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * What `npm run bench -- traffic` prints: the models of what is sent and asked for.
 *
 * Names: real questions to name servers (Suricata's EVE of a benign capture of four and a half hours, and of two tunnels
 * that are known, DNS-Tunnel-Datasets) through the reader and the models. The first two hours of the benign ones are
 * learned from, after one question an hour for eight days, so that the models may speak; the tunnels are laid over the last.
 *
 * Flows: no log of days of connections is in the corpora, so these are drawn: what is measured is the calibration
 * (how many findings a day among 500 machines that do nothing wrong), not whether real networks are like this.
 */
export async function benchTraffic(): Promise<void> {
  const folder = corpusDir('suricata-eve');
  if (folder !== null) await benchNames(folder);
  benchFlows();
}

async function benchNames(folder: string): Promise<void> {
  const files = readdirSync(folder).toSorted();
  const benign = (
    await Promise.all(files.filter((name) => name.startsWith('dns-normal')).map((name) => eventsOf(folder, name)))
  ).flat();
  const first = benign[0]?.at ?? 0;
  const behaviour = new Behaviour();
  const [one] = benign;
  if (one === undefined) return;
  const weekBefore = Array.from({ length: 8 * 24 }, (_, hour) => ({ ...one, at: first - (8 * 24 - hour) * HOUR_MS }));
  told(behaviour, weekBefore);
  const learnedTo = first + 2 * HOUR_MS;
  const isLearned = ({ at }: LogEvent) => (at ?? 0) < learnedTo;
  told(behaviour, benign.filter(isLearned));
  const saved = JSON.stringify(behaviour.save());
  const judged = benign.filter((event) => !isLearned(event));
  const started = performance.now();
  const found = told(behaviour, judged);
  const rate = judged.length / ((performance.now() - started) / 1000);
  const days = ((judged.at(-1)?.at ?? 0) - learnedTo) / DAY_MS;
  const figure = (name: string, unit: string, value: number) =>
    report({
      name: `names: ${name}`,
      unit,
      values: [value],
      yardstick: { name: 'questions', values: [judged.length] },
      must: null,
      aim: null,
    });
  figure('benign, findings a day', 'findings', found.length / days);
  figure('benign, findings enough for an incident, a day', 'findings', found.filter(isEnough).length / days);
  figure('judged', 'events/s', rate);
  for (const name of files.filter((each) => each.startsWith('dns-tunnel'))) {
    const tunnel = await eventsOf(folder, name);
    const from = tunnel[0]?.at ?? 0;
    const beginsAt = first + 3 * HOUR_MS;
    const laid = tunnel.map((event) => ({ ...event, at: (event.at ?? 0) - from + beginsAt }));
    const fresh = Behaviour.from(JSON.parse(saved) as ReturnType<Behaviour['save']>);
    const all = [...judged, ...laid].toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0));
    const inTunnel = told(fresh, all).filter(
      (each) => isEnough(each) && !found.some((other) => other.hourKey === each.hourKey),
    );
    const tool = /iodine|dnscat2/.exec(name)?.[0] ?? name;
    const [strong] = inTunnel;
    figure(
      `${tool}, minutes until it is found`,
      'minutes',
      strong === undefined ? Number.NaN : (strong.at - beginsAt) / MINUTE_MS,
    );
    figure(`${tool}, surprise`, '-log10 p', Math.max(0, ...inTunnel.map(({ surprise }) => surprise)));
  }
}

async function eventsOf(folder: string, name: string): Promise<LogEvent[]> {
  const reader = new MessageReader('Europe/London');
  const events: LogEvent[] = [];
  const lines = createInterface({ input: createReadStream(path.join(folder, name)).pipe(createGunzip()) });
  for await (const line of lines) events.push(...reader.read({ kind: 'text', text: line }, 0).events);
  return events;
}

function told(behaviour: Behaviour, events: readonly LogEvent[]): (Unusual & { readonly at: number })[] {
  const view = new FieldsView();
  return events.flatMap((event) => {
    const at = event.at ?? 0;
    return behaviour.see(view.show(event), at).map((unusual) => ({ ...unusual, at }));
  });
}

const MACHINES = 500;
const DAYS = 35;

function benchFlows(): void {
  const behaviour = new Behaviour();
  const random = chance(1);
  const start = Date.UTC(2026, 10, 2);
  const found: (Unusual & { readonly at: number })[] = [];
  let flows = 0;
  let judgingMs = 0;
  for (let hour = 0; hour < DAYS * 24; hour++) {
    const at = start + hour * HOUR_MS;
    const events = Array.from({ length: MACHINES }, (_, machine) => hourOf(machine, at, random)).flat();
    events.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    flows += events.length;
    const started = performance.now();
    found.push(...told(behaviour, events));
    judgingMs += performance.now() - started;
  }
  const late = found.filter(({ at }) => at >= start + 7 * DAY_MS);
  const figure = (name: string, unit: string, value: number) =>
    report({
      name: `flows, drawn, ${MACHINES} machines: ${name}`,
      unit,
      values: [value],
      yardstick: { name: 'flows', values: [flows] },
      must: null,
      aim: null,
    });
  for (const signal of ['bytes-out', 'rare-bytes-out', 'connections', 'beacon']) {
    const own = late.filter((each) => each.signal === signal);
    figure(`${signal}, findings a day`, 'findings', own.length / (DAYS - 7));
    figure(`${signal}, findings enough for an incident, a day`, 'findings', own.filter(isEnough).length / (DAYS - 7));
  }
  figure('learned, as it is kept', 'MB', JSON.stringify(behaviour.save()).length / 1e6);
  figure('judged', 'flows/s', flows / (judgingMs / 1000));
}

/**
 * An hour of one machine: desks that work by day (nine in ten), servers that work always, backups at night. Amounts are
 * log-normal, and one hour in 200 is thirty times as much, as a large transfer is. One place in fifty is new.
 */
function hourOf(machine: number, at: number, random: () => number): LogEvent[] {
  const date = new Date(at);
  const [hour, weekday] = [date.getUTCHours(), date.getUTCDay()];
  const isDesk = machine % 10 !== 0;
  const isBackup = machine % 50 === 0;
  const works = weekday % 6 !== 0 && hour >= 8 && hour < 18;
  if (isDesk && random() > (works ? 0.9 : 0.05)) return [];
  const scale = isBackup && hour === 2 ? 5e9 : isDesk ? 2e6 : 2e7;
  const burst = random() < 0.005 ? 30 : 1;
  const count = 5 + Math.floor(10 * random());
  return Array.from({ length: count }, () => {
    const bytes = (scale / count) * burst * Math.exp(1.2 * normal(random));
    const place =
      random() < 0.02
        ? `${20 + Math.floor(180 * random())}.${Math.floor(250 * random())}.${Math.floor(250 * random())}.9`
        : `203.0.113.${Math.floor(20 * random())}`;
    return {
      record: 1,
      at: at + Math.floor(random() * HOUR_MS),
      atText: null,
      zoneAssumed: false,
      logSource: { product: 'zeek', service: 'conn' },
      fields: {
        'id.orig_h': `10.1.${Math.floor(machine / 200)}.${machine % 200}`,
        'id.resp_h': place,
        'id.resp_p': '443',
        orig_bytes: String(Math.round(bytes)),
        resp_bytes: '3000',
      },
      text: null,
    };
  });
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Numbers from 0 to 1 as chance would give them, the same each time (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

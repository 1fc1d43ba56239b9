/**
 * `npm run bench -- records-live [--seeds 2] [--staff 1000] [--families D,E,A,B,C,F] [--budget 1]`: accesses judged as they
 * come beside the review of the whole: which incidents a first look shows and how many hours before the night, what the night
 * takes back, and how many accesses a second one core judges. `-- records-live --state`: what the state of a trust with 15,000
 * staff and a million patients takes, after 64 days (5 minutes, 3 GB). One JSON object a line.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ReviewCase } from '../../src/records/case.ts';
import { readCsv } from '../../src/records/csv.ts';
import { readHospital } from '../../src/records/hospital.ts';
import type { KeptAccess } from '../../src/records/kept-access.ts';
import { LiveReview } from '../../src/records/live-review.ts';
import { readLooks } from '../../src/records/model/looks.ts';
import { reviewRecords } from '../../src/records/review.ts';
import { simulateHospital } from '../../src/records/simulate/hospital.ts';
import { FAMILIES, type Parameters } from '../../src/records/simulate/parameters.ts';
import { newReport } from '../../src/records/table.ts';
import { dayText, Zone } from '../../src/records/zone.ts';
import { readTruth, type Truth } from './truth.ts';

const TRAIN_DAYS = 28;
/**
 * Days that are known when the stream begins: those learned from, and a fortnight to see how first looks do. A service makes
 * its model anew each night; here one goes through the days that are left, which it can for thirteen.
 */
const KNOWN_DAYS = 43;
const DAYS = 56;
/** When the nightly review tells, local. */
const NIGHT_HOUR = 5;
const HOUR_MS = 3_600_000;
/** What is known of pairs of person and patient is kept for 60 days. */
const STATE_DAYS = 64;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== 'records-live'),
  options: {
    seeds: { type: 'string', default: '2' },
    staff: { type: 'string', default: '1000' },
    families: { type: 'string', default: 'D,E,A,B,C,F' },
    'first-seed': { type: 'string', default: '101' },
    budget: { type: 'string', default: '1' },
    state: { type: 'boolean', default: false },
    'state-staff': { type: 'string', default: '15000' },
    'state-patients': { type: 'string', default: '1000000' },
  },
});
const budget = Number(values.budget);
const options = { budget, trainDays: TRAIN_DAYS, zone: 'Europe/London', pseudonymKey: null };
const zone = new Zone(options.zone);
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

if (values.state) print(stateOf(Number(values['state-staff']), Number(values['state-patients'])));
else
  for (const family of values.families.split(',')) {
    const runs: ReturnType<typeof runOne>[] = [];
    for (let seed = Number(values['first-seed']); runs.length < Number(values.seeds); seed++)
      runs.push(runOne(family, seed));
    const sum = (of: (run: (typeof runs)[number]) => number) => runs.reduce((total, run) => total + of(run), 0);
    const hours = runs.flatMap((run) => run.hoursBefore);
    print({
      family,
      seeds: runs.length,
      margin: round(sum(({ margin }) => margin) / runs.length),
      incidents: sum(({ incidents }) => incidents),
      foundByNight: sum(({ byNight }) => byNight.size),
      foundLive: sum(({ live }) => live.size),
      liveByScenario: count(runs.flatMap(({ live }) => [...live.values()])),
      nightByScenario: count(runs.flatMap(({ byNight }) => [...byNight.values()])),
      hoursBeforeTheNight: {
        median: round(median(hours)),
        least: round(Math.min(...hours)),
        most: round(Math.max(...hours)),
      },
      firstLooks: sum(({ firstLooks }) => firstLooks),
      confirmed: sum(({ confirmed }) => confirmed),
      nightAlerts: sum(({ nightAlerts }) => nightAlerts),
      falseAlertsOverBudget: round(sum(({ falseNight }) => falseNight) / sum(({ allowed }) => allowed)),
      withFirstLooksOverBudget: round(sum(({ falseAll }) => falseAll) / sum(({ allowed }) => allowed)),
      accessesPerSecond: Math.round(median(runs.map(({ perSecond }) => perSecond))),
    });
  }

function runOne(family: string, seed: number) {
  const parameters = FAMILIES[family];
  if (parameters === undefined) throw new Error(`there is no family ${family}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-bench-live-'));
  const staff = Number(values.staff);
  simulateHospital({ seed, days: DAYS, staff, patients: staff * 40, folder, parameters });
  const accesses = readAccesses(folder);
  const first = zone.dayOf(accesses[0]?.at ?? 0);
  const from = first + KNOWN_DAYS;
  const truth = readTruth(folder, dayText(from));
  const night = reviewRecords(folder, options);
  const hospital = readHospital(folder, zone, newReport(), null);
  const known = accesses.filter(({ at }) => at < zone.startOf(from));
  const rest = accesses.slice(known.length);
  const book = readLooks({ accesses: known, folder, care: null }, hospital);
  const review = new LiveReview(hospital, book, options, zone.startOf(from));
  const told = new Map<string, { at: number; case: ReviewCase }>();
  const before = process.cpuUsage();
  for (const access of rest) {
    review.hear(access, access.at);
    for (const verdict of review.verdicts()) {
      if (verdict.kind !== 'first-look') continue;
      const key = keyOf(verdict.case);
      if (!told.has(key)) told.set(key, { at: access.at, case: verdict.case });
    }
  }
  const used = process.cpuUsage(before);
  rmSync(folder, { recursive: true });
  const judged = night.cases.filter((one) => dayOf(one) >= dayText(from));
  const alerts = new Map(judged.filter(({ alert }) => alert).map((one) => [keyOf(one), one]));
  const joined = new Set(judged.filter((one) => 'joins' in one).map(keyOf));
  const live = new Map<string, string>();
  const hoursBefore: number[] = [];
  for (const { at, case: one } of told.values()) {
    const incident = incidentOf(one, truth);
    if (incident === undefined || live.has(incident)) continue;
    live.set(incident, truth.incidents.get(incident)?.scenario ?? '');
    hoursBefore.push((zone.startOf(zone.dayOf(at) + 1) + NIGHT_HOUR * HOUR_MS - at) / HOUR_MS);
  }
  const byNight = new Map<string, string>();
  for (const one of judged) {
    const incident = one.alert || 'joins' in one ? incidentOf(one, truth) : undefined;
    if (incident !== undefined) byNight.set(incident, truth.incidents.get(incident)?.scenario ?? '');
  }
  const falseNight = [...alerts.values()].filter((one) => incidentOf(one, truth) === undefined);
  const falseLive = [...told].filter(
    ([key, { case: one }]) => !alerts.has(key) && !joined.has(key) && incidentOf(one, truth) === undefined,
  );
  return {
    margin: review.margin,
    incidents: truth.incidents.size,
    byNight,
    live,
    hoursBefore,
    firstLooks: told.size,
    confirmed: [...told.keys()].filter((key) => alerts.has(key) || joined.has(key)).length,
    nightAlerts: alerts.size,
    falseNight: falseNight.length,
    falseAll: falseNight.length + falseLive.length,
    allowed: (budget * night.staff * (DAYS - KNOWN_DAYS)) / 1000,
    perSecond: rest.length / ((used.user + used.system) / 1e6),
  };
}

/** Megabytes that are held when everything has been learned, beyond what an idle process holds. */
function stateOf(staff: number, patients: number): object {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    for (let i = 0; i < 3; i++) collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 1e6;
  };
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-bench-live-'));
  simulateHospital({ seed: 1, days: STATE_DAYS, staff, patients, folder, parameters: FAMILIES['D'] as Parameters });
  const idle = held();
  const started = process.cpuUsage();
  const { review, accesses } = learned(folder);
  const used = process.cpuUsage(started);
  rmSync(folder, { recursive: true });
  const megabytes = Math.round(held() - idle);
  return {
    state: { staff, patients, days: STATE_DAYS, accesses, runningDay: review.today },
    megabytes,
    must: 200,
    aim: 110,
    secondsToLearn: Math.round((used.user + used.system) / 1e6),
  };
}

/** By itself, so that nothing of what was read is held. */
function learned(folder: string): { review: LiveReview; accesses: number } {
  const hospital = readHospital(folder, zone, newReport(), null);
  const book = readLooks(folder, hospital);
  const last = book.days.at(-1)?.day ?? 0;
  return { review: new LiveReview(hospital, book, options, zone.startOf(last + 1)), accesses: book.accesses };
}

function incidentOf(one: ReviewCase, truth: Truth): string | undefined {
  return 'user' in one ? truth.byPersonDay.get(`${one.user} ${one.day}`) : truth.byPatient.get(one.patient);
}

function keyOf(one: ReviewCase): string {
  return 'user' in one ? `${one.user} ${one.day}` : `patient ${one.patient} ${one.from}`;
}

function dayOf(one: ReviewCase): string {
  return 'user' in one ? one.day : one.to;
}

function readAccesses(folder: string): KeptAccess[] {
  const accesses: KeptAccess[] = [];
  let header: readonly string[] | null = null;
  readCsv(
    path.join(folder, 'accesses.csv'),
    (fields) => {
      if (header === null) {
        header = [...fields];
        return;
      }
      const of = (name: string) => fields[header?.indexOf(name) ?? -1] ?? '';
      accesses.push({
        at: Date.parse(of('time')),
        user: of('user'),
        patient: of('patient'),
        action: of('action'),
        resource: of('resource'),
        device: of('device'),
        location: of('location'),
        purpose: of('purpose'),
        breakGlass: of('break_glass'),
        host: of('host'),
        address: of('address'),
        session: of('session'),
        sequence: of('sequence'),
        outcome: of('outcome'),
      });
    },
    () => undefined,
  );
  return accesses.sort((a, b) => a.at - b.at);
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

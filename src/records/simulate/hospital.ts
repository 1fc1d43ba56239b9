import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../random.ts';
import { DAY_MS, dayText, Zone } from '../zone.ts';
import { Flow, type Relation } from './flow.ts';
import { auditEvent } from './audit-events.ts';
import { Misuse } from './incidents.ts';
import { hl7Messages } from './messages.ts';
import { patientName } from './names.ts';
import type { Parameters } from './parameters.ts';
import { type Look, type Shift, shiftsOf, Worker } from './work.ts';
import { kindOf, makeWorld, type World } from './world.ts';

export interface HospitalOrder {
  readonly seed: number;
  readonly days: number;
  readonly staff: number;
  readonly patients: number;
  readonly folder: string;
  readonly parameters: Parameters;
  /** messages.hl7: the relationships as HL7 v2. */
  readonly adt?: boolean;
  /** audit-events.ndjson: the accesses as FHIR AuditEvents. */
  readonly auditEvents?: boolean;
}

/** Patients move for so many days before the first access is written. */
const SETTLING_DAYS = 30;

/** Writes a hospital's folder: the CSV forms, labels.csv, and what else is asked for. The same order writes the same bytes. */
export function simulateHospital(order: HospitalOrder): { accesses: number; incidents: number } {
  const { seed, days, staff, patients, folder, parameters } = order;
  mkdirSync(folder, { recursive: true });
  const random = new Random(seed);
  const world = makeWorld(parameters, staff, patients, random);
  const flow = new Flow(world, parameters, random);
  const zone = new Zone('Europe/London');
  const firstDay = Math.floor(Date.parse(`${parameters.firstDay}T00:00:00Z`) / DAY_MS);
  const toUtc = (hour: number) => zone.toUtc(firstDay * DAY_MS + Math.round(hour * 3600) * 1000);
  const time = (hour: number) => new Date(toUtc(hour)).toISOString().replace('.000Z', 'Z');
  // 1970-01-01 was a Thursday: Monday is 0.
  const isWeekday = (day: number) => (firstDay + day + 3) % 7 < 5;
  for (let day = -SETTLING_DAYS; day < 0; day++) flow.step(day, isWeekday(day));

  const misuse = new Misuse(world, flow, parameters, days, random);
  const worker = new Worker(world, flow, parameters, random);
  const log = new AccessLog(folder, world, parameters, random, time, order.auditEvents === true);
  const rota: string[] = [];
  for (let day = 0; day < days; day++) {
    if (day === parameters.changeOverDay) changeOver(world, random);
    flow.step(day, isWeekday(day));
    const shifts = shiftsOf(day, isWeekday(day), world, parameters, random);
    for (const shift of shifts) {
      worker.looksOf(shift, (look) => log.add(look));
      if (isRostered(shift, world, parameters, random))
        rota.push(
          `${world.staff[shift.staff]?.user},${world.departments[shift.department]?.name},${time(shift.from)},${time(shift.from + shift.hours)}`,
        );
    }
    misuse.looksOn(day, (look) => log.add(look));
    log.flushUntil((day + 1) * 24, firstDay, zone, toUtc);
  }
  log.flushUntil(Number.POSITIVE_INFINITY, firstDay, zone, toUtc);
  log.close();

  const write = (name: string, header: string, rows: readonly string[]) =>
    writeFileSync(path.join(folder, name), `${header}\n${rows.map((row) => `${row}\n`).join('')}`);
  const departmentName = (index: number) => world.departments[index]?.name ?? '';
  write('rota.csv', 'user,department,from,to', rota);
  write(
    'departments.csv',
    'department,type,specialty,site',
    world.departments.map((d) => `${d.name},${d.type},${d.specialty},site${d.site}`),
  );
  writeStaff(world, parameters, random, dayText(firstDay), write);
  writePatients(world, parameters, random, misuse, write);

  const kept = flow.relations.filter(
    (relation) =>
      relation.from < days * 24 + 400 && !world.broken.has(relation.patient) && !random.chance(parameters.missing),
  );
  const end = (relation: Relation) => time(Math.min(relation.to, days * 24 + 48));
  const rows = (kind: Relation['kind'], row: (relation: Relation) => string) =>
    kept.filter((relation) => relation.kind === kind && relation.from < days * 24 + 400).map(row);
  const start = (relation: Relation) =>
    `${patientName(relation.patient)},${departmentName(relation.department)},${time(relation.from)}`;
  write(
    'stays.csv',
    'patient,department,from,to',
    rows('stay', (r) => `${start(r)},${end(r)}`),
  );
  write(
    'appointments.csv',
    'patient,department,at,booked_at',
    rows('appointment', (r) => `${start(r)},${time(r.booked)}`),
  );
  write(
    'referrals.csv',
    'patient,department,at,until',
    rows('referral', (r) => `${start(r)},${end(r)}`),
  );
  write(
    'orders.csv',
    'patient,department,at,until',
    rows('order', (r) => `${start(r)},${end(r)}`),
  );
  if (order.adt === true) writeFileSync(path.join(folder, 'messages.hl7'), hl7Messages(kept, world, toUtc, days * 24));
  write(
    'labels.csv',
    'incident,scenario,user,patient,day',
    [...log.labels].map(([key, incident]) => `i${incident},${misuse.incidents[incident]?.scenario},${key}`),
  );
  return { accesses: log.count, incidents: misuse.incidents.length };
}

function changeOver(world: World, random: Random): void {
  const wards = world.departments.flatMap((d, i) => (kindOf(d) === 'ward' ? [i] : []));
  for (const person of world.staff)
    if (person.role === 'doctor' && wards.includes(person.department)) {
      person.formerDepartment = person.department;
      person.department = random.pick(wards) ?? person.department;
    }
}

function isRostered(shift: Shift, world: World, parameters: Parameters, random: Random): boolean {
  const isBank = world.staff[shift.staff]?.isBank === true;
  const rate = isBank ? parameters.bankRostered : shift.isCover ? parameters.onCallRostered : parameters.rostered;
  return random.chance(rate);
}

type Write = (name: string, header: string, rows: readonly string[]) => void;

function writeStaff(world: World, parameters: Parameters, random: Random, from: string, write: Write): void {
  const rows = world.staff.flatMap((person) => {
    const self = world.patients[person.patient];
    const linked = random.chance(parameters.ownLinked);
    const known = random.chance(parameters.addresses);
    const keys = [
      linked ? patientName(person.patient) : '',
      `s${self?.surname}`,
      known ? `h${self?.household}` : '',
      known ? `c${self?.postcode}` : '',
    ];
    const row = (department: number, since: string, until: string) => {
      const home = world.departments[department];
      return `${person.user},${person.role},${home?.name},site${home?.site},${home?.specialty},${keys.join(',')},${since},${until},`;
    };
    if (person.formerDepartment < 0) return [row(person.department, from, '')];
    const change = Math.floor(Date.parse(`${from}T00:00:00Z`) / DAY_MS) + parameters.changeOverDay;
    return [row(person.formerDepartment, from, dayText(change - 1)), row(person.department, dayText(change), '')];
  });
  world.departments.forEach((department, i) => {
    if (department.type === 'ward' && sharedLogin(i, parameters))
      rows.push(
        `shared-${department.name},nurse,${department.name},site${department.site},${department.specialty},,,,,${from},,1`,
      );
  });
  write(
    'staff.csv',
    'user,role,department,site,specialty,patient,surname_key,household_key,postcode_key,from,to,shared',
    rows,
  );
}

/** Every so many wards have a generic log-in. */
function sharedLogin(department: number, { shared }: Parameters): boolean {
  return shared > 0 && department % Math.round(1 / shared) === 0;
}

function writePatients(world: World, parameters: Parameters, random: Random, misuse: Misuse, write: Write): void {
  write(
    'patients.csv',
    'patient,surname_key,household_key,postcode_key,watch,deceased_at,sealed',
    world.patients.map((person, i) => {
      const known = random.chance(parameters.addresses);
      const surname = random.chance(parameters.surnamesKnown) ? `s${person.surname}` : '';
      const address = known ? `h${person.household},c${person.postcode}` : ',';
      const isWatched = world.watched.has(i) || misuse.listed.has(i);
      return `${patientName(i)},${surname},${address},${isWatched ? 1 : ''},,${world.sealed.has(i) ? 1 : ''}`;
    }),
  );
}

const RESOURCES = ['Observation', 'Encounter', 'DocumentReference', 'MedicationRequest', 'DiagnosticReport'];

interface Access {
  readonly look: Look;
  readonly hour: number;
}

/** Raw accesses, in order of time, and the labels of those that belong to an incident. */
class AccessLog {
  count = 0;
  readonly labels = new Map<string, number>();
  readonly #handle: number;
  readonly #events: number | null;
  readonly #world: World;
  readonly #parameters: Parameters;
  readonly #random: Random;
  readonly #time: (hour: number) => string;
  #waiting: Access[] = [];

  constructor(
    folder: string,
    world: World,
    parameters: Parameters,
    random: Random,
    time: (hour: number) => string,
    withEvents: boolean,
  ) {
    this.#events = withEvents ? openSync(path.join(folder, 'audit-events.ndjson'), 'w') : null;
    this.#handle = openSync(path.join(folder, 'accesses.csv'), 'w');
    writeSync(
      this.#handle,
      'time,user,patient,action,resource,device,location,purpose,break_glass,host,address,session,sequence,outcome\n',
    );
    this.#world = world;
    this.#parameters = parameters;
    this.#random = random;
    this.#time = time;
  }

  add(look: Look): void {
    for (let i = 0; i < look.accesses; i++)
      this.#waiting.push({
        look,
        hour: Math.round((look.hour + (i === 0 ? 0 : this.#random.exponential(0.3))) * 3600) / 3600,
      });
  }

  flushUntil(hour: number, firstDay: number, zone: Zone, toUtc: (hour: number) => number): void {
    // Before the clocks go back two local hours share their instants: sort by the instant.
    const ready = this.#waiting
      .filter((access) => access.hour < hour)
      .map((access) => ({ access, at: toUtc(access.hour) }));
    this.#waiting = this.#waiting.filter((access) => access.hour >= hour);
    ready.sort((a, b) => a.at - b.at);
    let text = '';
    for (const { access, at } of ready) {
      text += this.#row(access);
      const { look } = access;
      if (look.incident !== null) {
        const user = this.#world.staff[look.staff]?.user;
        this.labels.set(`${user},${patientName(look.patient)},${dayText(zone.dayOf(at))}`, look.incident);
      }
    }
    writeSync(this.#handle, text);
    if (this.#events === null) return;
    const rows = text.split('\n').filter((row) => row !== '');
    writeSync(this.#events, rows.map((row) => `${JSON.stringify(auditEvent(row.split(',')))}\n`).join(''));
  }

  #row({ look, hour }: Access): string {
    this.count++;
    const random = this.#random;
    const person = this.#world.staff[look.staff];
    const place = this.#world.departments[look.place];
    let user = person?.user ?? '';
    const isOnOwnWard = look.place === person?.department && look.incident === null;
    if (isOnOwnWard && place?.type === 'ward' && sharedLogin(look.place, this.#parameters) && random.chance(0.05))
      user = `shared-${place.name}`;
    const machine = random.below(6);
    const host = look.isElsewhere
      ? `vpn-${look.staff % 7}`
      : place === undefined
        ? `home-${look.staff}`
        : `${place.name}-pc${machine}`;
    const address =
      place === undefined
        ? `172.16.${look.staff >> 8}.${look.staff & 255}`
        : `10.${look.place >> 8}.${look.place & 255}.${machine}`;
    const location = place !== undefined && random.chance(this.#parameters.located) ? place.name : '';
    const resource = random.pick(RESOURCES) ?? 'Encounter';
    const session = `${user}-${Math.floor(hour / 24)}-${machine}`;
    const glass = look.breakGlass ? 'emergency' : '';
    const purpose = look.breakGlass ? 'ETREAT' : 'TREAT';
    return `${this.#time(hour)},${user},${patientName(look.patient)},${look.action},${resource},${place === undefined ? 'laptop' : 'pc'},${location},${purpose},${glass},${host},${address},${session},${this.count},0\n`;
  }

  close(): void {
    closeSync(this.#handle);
    if (this.#events !== null) closeSync(this.#events);
  }
}

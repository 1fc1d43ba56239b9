import type { CareKind } from '../core/care.ts';
import { Refusal } from '../core/refusal.ts';
import { unreachable } from '../core/result.ts';
import { type Growing, int32, uint8 } from './growing.ts';
import { Names } from './intern.ts';
import type { LiveCare, LivePerson, LiveRelation } from './live-care.ts';
import { patientKeyOf, type PseudonymKey } from './pseudonym.ts';
import { RelationshipList, type Relationships } from './relationships.ts';
import { withoutType } from './same-name.ts';
import { isYes, newReport, type ReadReport, readTable } from './table.ts';
import { DAY_MS, type Zone } from './zone.ts';

/** Kinds of relationship, as small numbers: they sit in typed arrays. */
export const STAY = 0;
export const APPOINTMENT = 1;
export const REFERRAL = 2;
export const ORDER = 3;

/** A row of staff.csv: one person may have several, one after the other. */
export interface Post {
  readonly role: number;
  readonly department: number;
  readonly from: number;
  readonly to: number;
}

/** The post that somebody held at that instant; outside all of them, the last one. */
export function postOn(user: number, at: number, { posts }: Pick<Hospital, 'posts'>): Post | undefined {
  const own = posts[user];
  return own?.find(({ from, to }) => from <= at && at < to) ?? own?.at(-1);
}

/** Per patient: ids of equality keys, -1 when not known. */
export interface PatientKeys {
  readonly surname: Growing<Int32Array>;
  readonly household: Growing<Int32Array>;
  readonly postcode: Growing<Int32Array>;
  /** 1: on the watch list; 2: sealed; both may hold. */
  readonly flags: Growing<Uint8Array>;
  /** Minutes since 1970, UTC; `ALIVE`: nothing else is known. */
  readonly deceased: Growing<Int32Array>;
}

export const WATCHED = 1;
export const SEALED = 2;
export const ALIVE = 0x7fff_ffff;
const MINUTE_MS = 60_000;

/** From when to when a relationship holds that messages told of, UTC ms, half-open. */
export function spanOfCare({ kind, from, to, days }: LiveRelation, zone: Zone): readonly [from: number, to: number] {
  const day = zone.dayOf(from);
  switch (kind) {
    case 'appointment':
      return [zone.startOf(day), zone.startOf(day + 1)];
    case 'referral':
      return [from, to ?? from + REFERRAL_MS];
    case 'order':
      return [from, to ?? from + ORDER_MS];
    case 'stay':
      return [from, to ?? (days === null ? Number.POSITIVE_INFINITY : zone.startOf(day + days))];
    default:
      return unreachable(kind);
  }
}

/** As the kinds of care in messages are numbered here. */
export const KIND_OF_CARE: Readonly<Record<CareKind, number>> = {
  stay: STAY,
  appointment: APPOINTMENT,
  referral: REFERRAL,
  order: ORDER,
};

export interface Duty {
  readonly department: number;
  readonly from: number;
  readonly to: number;
}

/** Everything known beside the accesses. Ids are those of the four name tables. */
export interface Hospital {
  readonly zone: Zone;
  readonly users: Names;
  readonly patients: Names;
  readonly departments: Names;
  readonly roles: Names;
  readonly departmentTypes: string[];
  readonly specialties: Names;
  /** Specialty of a department, -1 unknown. */
  readonly departmentSpecialty: number[];
  /** By user; with holes: users who are only in other files. */
  readonly posts: (Post[] | undefined)[];
  readonly ownRecord: number[];
  readonly userSurname: number[];
  readonly userHousehold: number[];
  readonly userPostcode: number[];
  readonly isShared: boolean[];
  readonly keys: PatientKeys;
  readonly related: Relationships;
  readonly duties: (Duty[] | undefined)[];
  readonly report: ReadReport;
  /** The patient's id for a key as it stands in a file. @throws Refusal for a valid NHS number without a key */
  readonly patientId: (text: string) => number;
  /** The account that an event names, by what staff.csv and rota.csv call it: `Practitioner/JSmith` is their `jsmith`. */
  readonly userOf: (text: string) => number;
  /** What a department is called of which a message has the code. */
  readonly departmentOf: (code: string) => string;
  /** The names of patients that are also staff: own record → user. */
  readonly staffOfPatient: Map<number, number>;
}

/** Without an end, a referral is taken to hold so long, and an order. Assumed; the learned weights soften it. */
const REFERRAL_MS = 126 * DAY_MS;
const ORDER_MS = 7 * DAY_MS;

/** Shown in a report; a feed that was never mapped has hundreds. */
const MAX_UNKNOWN = 50;

/**
 * Reads everything in the folder except the accesses, and adds what messages said of care.
 * @param pseudonymKey when given, patients' keys that are NHS numbers are replaced by keyed hashes
 */
export function readHospital(
  folder: string | null,
  zone: Zone,
  report: ReadReport,
  pseudonymKey: PseudonymKey | null,
  care: LiveCare | null = null,
): Hospital {
  const users = new Names();
  const patients = new Names();
  const departments = new Names();
  const roles = new Names();
  const specialties = new Names();
  const surnames = new Names();
  const households = new Names();
  const postcodes = new Names();
  const keys: PatientKeys = {
    surname: int32(),
    household: int32(),
    postcode: int32(),
    flags: uint8(),
    deceased: int32(),
  };
  const patientId = patientIds(patients, keys, pseudonymKey, care);
  const keyOf = (names: Names, text: string) => (text === '' ? -1 : names.idOf(text));
  // Beside messages, files meet them: what the service makes of a surname in a message, it makes of one in a file.
  const common = (of: 'surname' | 'household' | 'postcode', text: string) =>
    typeof pseudonymKey === 'function' && care !== null ? pseudonymKey(text, of) : text;

  const departmentTypes: string[] = [];
  const departmentSpecialty: number[] = [];
  const departmentId = (text: string): number => {
    const id = departments.idOf(text);
    if (id === departmentTypes.length) {
      departmentTypes.push('');
      departmentSpecialty.push(-1);
    }
    return id;
  };
  readTable(
    folder,
    { file: 'departments.csv', required: ['department', 'type'], optional: ['specialty', 'site'] },
    report,
    ({ department, type, specialty }) => {
      const id = departmentId(department);
      departmentTypes[id] = type.trim().toLowerCase();
      departmentSpecialty[id] = keyOf(specialties, specialty);
      return null;
    },
  );

  const posts: (Post[] | undefined)[] = [];
  const ownRecord: number[] = [];
  const userSurname: number[] = [];
  const userHousehold: number[] = [];
  const userPostcode: number[] = [];
  const isShared: boolean[] = [];
  const staffOfPatient = new Map<number, number>();
  readTable(
    folder,
    {
      file: 'staff.csv',
      required: ['user', 'role', 'department'],
      optional: [
        'site',
        'specialty',
        'patient',
        'surname_key',
        'household_key',
        'postcode_key',
        'from',
        'to',
        'shared',
      ],
    },
    report,
    (row) => {
      // First of all, so that an NHS number is refused whatever else is wrong with its row.
      const own = row.patient === '' ? null : patientId(row.patient);
      const from = row.from === '' ? Number.NEGATIVE_INFINITY : startOf(row.from, zone);
      const to = row.to === '' ? Number.POSITIVE_INFINITY : endOf(row.to, zone);
      if (Number.isNaN(from)) return 'from is not an ISO 8601 time';
      if (Number.isNaN(to)) return 'to is not an ISO 8601 time';
      const user = users.idOf(row.user);
      (posts[user] ??= []).push({ role: roles.idOf(row.role), department: departmentId(row.department), from, to });
      if (own !== null) {
        ownRecord[user] = firstOf(patients, ownRecord[user], own);
        staffOfPatient.set(own, firstOf(users, staffOfPatient.get(own), user));
      }
      const told = (names: Names, known: number | undefined, text: string) =>
        text === '' ? known : firstOf(names, known, names.idOf(text));
      const surname = told(surnames, userSurname[user], common('surname', row.surname_key));
      const household = told(households, userHousehold[user], common('household', row.household_key));
      const postcode = told(postcodes, userPostcode[user], common('postcode', row.postcode_key));
      if (surname !== undefined) userSurname[user] = surname;
      if (household !== undefined) userHousehold[user] = household;
      if (postcode !== undefined) userPostcode[user] = postcode;
      if (isYes(row.shared)) isShared[user] = true;
      return null;
    },
  );
  // As they follow each other in time, whatever the order of rows; two at once in one order.
  const postText = ({ department, role }: Post) => `${departments.textOf(department)} ${roles.textOf(role)}`;
  for (const own of posts) own?.sort((a, b) => a.from - b.from || a.to - b.to || (postText(a) < postText(b) ? -1 : 1));
  readTable(
    folder,
    {
      file: 'patients.csv',
      required: ['patient'],
      optional: ['surname_key', 'household_key', 'postcode_key', 'watch', 'deceased_at', 'sealed'],
    },
    report,
    (row) => {
      const patient = patientId(row.patient);
      const deceasedAt = row.deceased_at === '' ? null : endOf(row.deceased_at, zone);
      if (deceasedAt !== null && Number.isNaN(deceasedAt)) return 'deceased_at is not an ISO 8601 time';
      // A patient may have several rows, in any order: none of them takes away what another says.
      fill(keys.surname, surnames, patient, common('surname', row.surname_key));
      fill(keys.household, households, patient, common('household', row.household_key));
      fill(keys.postcode, postcodes, patient, common('postcode', row.postcode_key));
      const flags = (isYes(row.watch) ? WATCHED : 0) | (isYes(row.sealed) ? SEALED : 0);
      keys.flags.set(patient, keys.flags.at(patient) | flags);
      if (deceasedAt !== null) keys.deceased.set(patient, Math.min(keys.deceased.at(patient), inMinutes(deceasedAt)));
      return null;
    },
  );

  const relationships = new RelationshipList();
  const relate = (kind: number, patient: number, department: string, from: number, to: number): void =>
    relationships.add({ kind, patient, department: departmentId(department), from, to });
  readTable(
    folder,
    { file: 'stays.csv', required: ['patient', 'department', 'from'], optional: ['to'] },
    report,
    (row) => {
      const patient = patientId(row.patient);
      const from = startOf(row.from, zone);
      // Still there: the row was written before the patient left.
      const to = row.to === '' ? Number.POSITIVE_INFINITY : endOf(row.to, zone);
      if (Number.isNaN(from)) return 'from is not an ISO 8601 time';
      if (Number.isNaN(to)) return 'to is not an ISO 8601 time';
      if (to < from) return 'it ends before it begins';
      relate(STAY, patient, row.department, from, to);
      return null;
    },
  );
  readTable(
    folder,
    { file: 'appointments.csv', required: ['patient', 'department', 'at'], optional: ['booked_at'] },
    report,
    (row) => {
      const patient = patientId(row.patient);
      const at = startOf(row.at, zone);
      if (Number.isNaN(at)) return 'at is not an ISO 8601 time';
      if (row.booked_at !== '' && zone.read(row.booked_at) === null) return 'booked_at is not an ISO 8601 time';
      const day = zone.dayOf(at);
      relate(APPOINTMENT, patient, row.department, zone.startOf(day), zone.startOf(day + 1));
      return null;
    },
  );
  const open = (file: string, kind: number, length: number): void =>
    readTable(folder, { file, required: ['patient', 'department', 'at'], optional: ['until'] }, report, (row) => {
      const patient = patientId(row.patient);
      const at = startOf(row.at, zone);
      const until = row.until === '' ? at + length : endOf(row.until, zone);
      if (Number.isNaN(at)) return 'at is not an ISO 8601 time';
      if (Number.isNaN(until)) return 'until is not an ISO 8601 time';
      if (until < at) return 'it ends before it begins';
      relate(kind, patient, row.department, at, until);
      return null;
    });
  open('referrals.csv', REFERRAL, REFERRAL_MS);
  open('orders.csv', ORDER, ORDER_MS);

  const duties: (Duty[] | undefined)[] = [];
  readTable(
    folder,
    { file: 'rota.csv', required: ['user', 'department', 'from', 'to'], optional: [] },
    report,
    (row) => {
      const from = startOf(row.from, zone);
      const to = endOf(row.to, zone);
      if (Number.isNaN(from)) return 'from is not an ISO 8601 time';
      if (Number.isNaN(to)) return 'to is not an ISO 8601 time';
      if (to < from) return 'it ends before it begins';
      (duties[users.idOf(row.user)] ??= []).push({ department: departmentId(row.department), from, to });
      return null;
    },
  );
  const isTold = care !== null && care.relations.length + care.persons.size > 0;
  // While nothing was told, nobody misses the file.
  const departmentOf = readLocations(folder, isTold ? report : newReport());
  if (isTold) {
    // Of files: what only messages name comes after.
    const known = departments.size;
    const unknown = new Map<string, number>();
    for (const relation of care.relations) {
      const { kind, patient, department: code } = relation;
      const department = departmentOf(code);
      if (known > 0 && !isBelow(departments.find(department), known)) unknown.set(code, (unknown.get(code) ?? 0) + 1);
      relate(KIND_OF_CARE[kind], patientId(patient), department, ...spanOfCare(relation, zone));
    }
    for (const [patient, person] of care.persons) describe(patientId(patient), person);
    const ofKind = (kind: CareKind) => care.relations.some((relation) => relation.kind === kind);
    const given = ['stay', 'appointment', 'referral', 'order'] as const;
    const files: readonly string[] = given.filter(ofKind).map((kind) => `${kind}s.csv`);
    const isGiven = (name: string) =>
      // Codes may be departments' names.
      name === 'locations.csv' ||
      files.some((file) => name === file) ||
      (name === 'patients.csv' && care.persons.size > 0);
    report.missing.splice(0, report.missing.length, ...report.missing.filter((name) => !isGiven(name)));
    report.unknownLocations.push(
      ...[...unknown]
        .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
        .slice(0, MAX_UNKNOWN)
        .map(([code]) => code),
    );
  }
  for (const column of Object.values(keys)) column.trim();
  for (const names of [patients, surnames, households, postcodes]) names.trim();

  /** A file says more exactly what a message says: what stands there stays. */
  function describe(patient: number, { surname, household, postcode, deceasedAt }: LivePerson): void {
    if (keys.surname.at(patient) < 0) keys.surname.set(patient, keyOf(surnames, surname));
    if (keys.household.at(patient) < 0) keys.household.set(patient, keyOf(households, household));
    if (keys.postcode.at(patient) < 0) keys.postcode.set(patient, keyOf(postcodes, postcode));
    if (deceasedAt !== null) keys.deceased.set(patient, Math.min(keys.deceased.at(patient), inMinutes(deceasedAt)));
  }
  return {
    zone,
    users,
    patients,
    departments,
    roles,
    departmentTypes,
    specialties,
    departmentSpecialty,
    posts,
    ownRecord,
    userSurname,
    userHousehold,
    userPostcode,
    isShared,
    keys,
    related: relationships.laidOut(patients.size),
    duties,
    report,
    patientId,
    userOf: accountIds(users),
    departmentOf,
    staffOfPatient,
  };
}

/** Systems write one account with FHIR’s type before it or without, and in any case; a domain may tell two people apart. */
function accountIds(users: Names): (text: string) => number {
  const plain = (text: string) => withoutType(text.trim()).toLowerCase();
  /** -1: two accounts are so called. */
  const known = new Map<string, number>();
  for (let id = 0; id < users.size; id++) {
    const name = plain(users.textOf(id));
    known.set(name, known.has(name) ? -1 : id);
  }
  return (text) => {
    const exact = users.find(text);
    if (exact >= 0) return exact;
    const own = known.get(plain(text)) ?? -1;
    return own >= 0 ? own : users.idOf(text);
  };
}

/** By itself, so that what it keeps alive is no more than it needs: it outlives the reading. */
function patientIds(
  patients: Names,
  keys: PatientKeys,
  pseudonymKey: PseudonymKey | null,
  care: LiveCare | null,
): (text: string) => number {
  const nameOf = care?.nameOf;
  return (text) => {
    const key = patientKeyOf(text, pseudonymKey);
    if (key === null)
      throw new Refusal('records/nhs-number', 'the folder holds a valid NHS number where a key belongs');
    const id = patients.idOf(nameOf?.(key) ?? key);
    // Any file may be the first to name a patient: what is not known of them is said here, once.
    if (id === keys.flags.length) {
      keys.surname.push(-1);
      keys.household.push(-1);
      keys.postcode.push(-1);
      keys.flags.push(0);
      keys.deceased.push(ALIVE);
    }
    return id;
  };
}

/** Of what several rows say otherwise, the first in the alphabet: rows come in any order. */
function firstOf(names: Names, known: number | undefined, told: number): number {
  return known === undefined || names.textOf(told) < names.textOf(known) ? told : known;
}

function fill(column: Growing<Int32Array>, names: Names, patient: number, text: string): void {
  if (text === '') return;
  const known = column.at(patient);
  column.set(patient, firstOf(names, known < 0 ? undefined : known, names.idOf(text)));
}

function inMinutes(at: number): number {
  return Math.min(ALIVE - 1, Math.floor(at / MINUTE_MS));
}

/** When the patient died, UTC ms to the minute; infinite while nothing is known of it. */
export function deceasedAt(patient: number, { keys }: Pick<Hospital, 'keys'>): number {
  const minutes = keys.deceased.at(patient);
  return minutes === ALIVE ? Number.POSITIVE_INFINITY : minutes * MINUTE_MS;
}

function isBelow(id: number, limit: number): boolean {
  return id >= 0 && id < limit;
}

/** What the codes of messages are called in the other files; a code that stands nowhere is a department by itself. */
function readLocations(folder: string | null, report: ReadReport): (code: string) => string {
  const departments = new Map<string, string>();
  readTable(
    folder,
    { file: 'locations.csv', required: ['location', 'department'], optional: [] },
    report,
    ({ location, department }) => {
      departments.set(location.trim().toLowerCase(), department);
      return null;
    },
  );
  return (code) => departments.get(code.toLowerCase()) ?? code;
}

/** The first instant that the text names: of a date, its local midnight. NaN when it is no time. */
function startOf(text: string, zone: Zone): number {
  return zone.read(text)?.at ?? Number.NaN;
}

/** The end that the text names: a date alone counts to the end of that local day. */
function endOf(text: string, zone: Zone): number {
  const moment = zone.read(text);
  if (moment === null) return Number.NaN;
  return moment.wholeDay ? zone.startOf(zone.dayOf(moment.at) + 1) : moment.at;
}

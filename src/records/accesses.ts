import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Hospital } from './hospital.ts';
import type { KeptAccess } from './kept-access.ts';
import type { LiveCare } from './live-care.ts';
import { type ReadReport, readRows, readTable, SET_ASIDE_FILE, setAside } from './table.ts';

/** One raw access. Texts are those of the file; an access is one object, reused from row to row. */
export interface Access {
  at: number;
  /** The row gave a date without a time of day. */
  wholeDay: boolean;
  user: number;
  patient: number;
  action: string;
  resource: string;
  device: string;
  location: string;
  purpose: string;
  breakGlass: string;
  host: string;
  address: string;
  session: string;
  sequence: string;
  /** False: the log says that it was refused or failed, so nothing was seen. */
  succeeded: boolean;
  line: number;
}

/**
 * Words for an access that failed. DICOM and FHIR R4 have 4, 8 and 12 for minor, serious and major failure.
 * Source: FHIR R4 value set audit-event-outcome.
 */
const FAILED = new Set([
  '4',
  '8',
  '12',
  'failure',
  'fail',
  'failed',
  'error',
  'denied',
  'refused',
  // As our own formats call them.
  'minor',
  'serious',
  'major',
  'minor failure',
  'serious failure',
  'major failure',
]);

/** True for an outcome after which nothing was seen. */
export function hasFailed(outcome: string): boolean {
  return FAILED.has(outcome.trim().toLowerCase());
}

const LINE_BREAK = /[\r\n]/;

/** What lies outside is a clock that was never set: an access of the year 9999 would make a log of 8,000 years. */
const FIRST = Date.UTC(1990, 0, 1);
const LAST = Date.UTC(2100, 0, 1);
const UNBELIEVED = 'time lies outside the years 1990 to 2099';
/** Half-open, UTC ms. */
export const BELIEVED: readonly [from: number, to: number] = [FIRST, LAST];

/** Where accesses come from: accesses.csv of a folder, or events that the service keeps, and beside them a folder. */
export type RecordsInput =
  | string
  | {
      readonly accesses: readonly KeptAccess[];
      readonly folder: string | null;
      /** What messages said of care; `null`: they are not asked. */
      readonly care: LiveCare | null;
    };

/** The folder of what is known beside the accesses; `null`: nothing is. */
export function folderOf(input: RecordsInput): string | null {
  return typeof input === 'string' ? input : input.folder;
}

/** What messages said of care. */
export function careOf(input: RecordsInput): LiveCare | null {
  return typeof input === 'string' ? null : input.care;
}

/** Reads the accesses. Those that were sent again count once: of which everything that we know is the same. */
export function readAccesses(input: RecordsInput, hospital: Hospital, onAccess: (access: Access) => void): void {
  if (typeof input === 'string') {
    readCsvAccesses(input, hospital, onAccess);
    return;
  }
  const reader = new KeptReader(hospital, onAccess);
  for (const one of input.accesses) reader.add(one);
  reader.end();
}

/** Of accesses.csv. */
export const NEEDED_COLUMNS = ['time', 'user', 'patient'] as const;
export const OPTIONAL_COLUMNS = [
  'action',
  'resource',
  'device',
  'location',
  'purpose',
  'break_glass',
  'host',
  'address',
  'session',
  'sequence',
  'outcome',
] as const;

const COLUMNS = [
  'action',
  'resource',
  'device',
  'location',
  'purpose',
  'host',
  'address',
  'session',
  'sequence',
] as const;

/** Reads accesses that are handed to it one by one. */
export class KeptReader {
  readonly #hospital: Hospital;
  readonly #onAccess: (access: Access) => void;
  readonly #access = newAccess();
  readonly #sent = new RowSet();
  readonly #given = new Set<string>();
  #count = 0;

  /** @param onAccess is given the same object each time */
  constructor(hospital: Hospital, onAccess: (access: Access) => void) {
    this.#hospital = hospital;
    this.#onAccess = onAccess;
  }

  add(one: KeptAccess): void {
    const access = this.#access;
    this.#count++;
    const problem = fillAccess(access, one, this.#hospital);
    if (problem === 'nobody') return;
    if (problem !== null) {
      setAside(this.#hospital.report, 'events', this.#count, problem);
      return;
    }
    for (const column of COLUMNS) if (one[column] !== '') this.#given.add(column);
    access.line = this.#count;
    if (this.#sent.add(access, one.outcome)) this.#onAccess(access);
  }

  /** There was one more, whose time is not believed. */
  unbelieved(): void {
    this.#count++;
    setAside(this.#hospital.report, 'events', this.#count, UNBELIEVED);
  }

  /** Reports what no access had. */
  end(): void {
    for (const column of COLUMNS)
      if (!this.#given.has(column)) this.#hospital.report.missing.push(`accesses.csv: ${column}`);
  }
}

/**
 * Writes a kept access into `access`.
 *
 * @returns why it cannot be judged. `nobody`: whose record it was is not known; `scope` counts these by themselves
 */
export function fillAccess(access: Access, one: KeptAccess, { userOf, patientId }: Hospital): string | null {
  if (one.patient === '') return 'nobody';
  if (one.at < FIRST || one.at >= LAST) return UNBELIEVED;
  for (const column of COLUMNS) access[column] = one[column];
  access.breakGlass = one.breakGlass;
  access.succeeded = !hasFailed(one.outcome);
  access.at = one.at;
  access.user = userOf(one.user);
  access.patient = patientId(one.patient);
  return null;
}

export function newAccess(): Access {
  return {
    at: 0,
    wholeDay: false,
    user: 0,
    patient: 0,
    action: '',
    resource: '',
    device: '',
    location: '',
    purpose: '',
    breakGlass: '',
    host: '',
    address: '',
    session: '',
    sequence: '',
    succeeded: true,
    line: 0,
  };
}

function readCsvAccesses(folder: string, hospital: Hospital, onAccess: (access: Access) => void): void {
  const { zone, users, patientId, report } = hospital;
  const access = newAccess();
  const sent = new RowSet();
  readRows(
    folder,
    {
      file: 'accesses.csv',
      required: NEEDED_COLUMNS,
      optional: OPTIONAL_COLUMNS,
      isNeeded: true,
    },
    report,
    (fields, at, line) => {
      // First of all, so that an NHS number is refused whatever else is wrong with its row.
      const patient = patientId(fields[at.patient] ?? '');
      const moment = zone.read(fields[at.time] ?? '');
      if (moment === null) return 'time is not an ISO 8601 time';
      if (moment.at < FIRST || moment.at >= LAST) return UNBELIEVED;
      const name = fields[at.user] ?? '';
      if (LINE_BREAK.test(name) || LINE_BREAK.test(fields[at.patient] ?? '')) return 'a key has a line break in it';
      const user = users.idOf(name);
      access.action = at.action < 0 ? '' : (fields[at.action] ?? '');
      access.resource = at.resource < 0 ? '' : (fields[at.resource] ?? '');
      access.device = at.device < 0 ? '' : (fields[at.device] ?? '');
      access.location = at.location < 0 ? '' : (fields[at.location] ?? '');
      access.purpose = at.purpose < 0 ? '' : (fields[at.purpose] ?? '');
      access.breakGlass = at.break_glass < 0 ? '' : (fields[at.break_glass] ?? '');
      access.host = at.host < 0 ? '' : (fields[at.host] ?? '');
      access.address = at.address < 0 ? '' : (fields[at.address] ?? '');
      access.session = at.session < 0 ? '' : (fields[at.session] ?? '');
      access.sequence = at.sequence < 0 ? '' : (fields[at.sequence] ?? '');
      const outcome = at.outcome < 0 ? '' : (fields[at.outcome] ?? '');
      access.succeeded = !hasFailed(outcome);
      access.at = moment.at;
      access.wholeDay = moment.wholeDay;
      access.user = user;
      access.patient = patient;
      access.line = line;
      if (!sent.add(access, outcome)) return null;
      onAccess(access);
      return null;
    },
  );
  noteImportLosses(folder, report);
}

/** What was set aside when accesses.csv was made of exports is missing in it. */
function noteImportLosses(folder: string, report: ReadReport): void {
  if (!existsSync(path.join(folder, SET_ASIDE_FILE))) return;
  const form = { file: SET_ASIDE_FILE, required: ['file', 'line', 'reason'], optional: [] } as const;
  readTable(folder, form, report, ({ file, line, reason }) => {
    setAside(report, file, Number(line), reason);
    return null;
  });
}

/**
 * Which rows were met, by a 53-bit hash of what tells them apart: 8 bytes a slot. Two unlike rows of 10 million share a
 * hash with a chance of about 0.6 %; the cost is one access not counted.
 */
export class RowSet {
  #slots = new Float64Array(1 << 12);
  #count = 0;

  /** @returns false when it was met before */
  add(access: Access, outcome: string): boolean {
    this.#high = 0x5bd1e995;
    this.#low = 0x1b873593;
    this.#mix(access.at / 4_294_967_296);
    this.#mix(access.at);
    this.#mix(access.user);
    this.#mix(access.patient);
    this.#mixText(access.action);
    this.#mixText(access.resource);
    this.#mixText(access.device);
    this.#mixText(access.location);
    this.#mixText(access.purpose);
    this.#mixText(access.breakGlass);
    this.#mixText(access.host);
    this.#mixText(access.address);
    this.#mixText(access.session);
    this.#mixText(access.sequence);
    this.#mixText(outcome);
    let high = this.#high;
    let low = this.#low;
    high = Math.imul(high ^ (high >>> 15) ^ low, 0x2c1b3c6d);
    low = Math.imul(low ^ (low >>> 13) ^ high, 0x297a2d39);
    high ^= high >>> 16;
    low ^= low >>> 15;
    // 0 marks an empty slot.
    const hash = (high >>> 11) * 4_294_967_296 + (low >>> 0) + 1;
    if (this.#count * 2 > this.#slots.length) this.#grow();
    return this.#put(this.#slots, hash, low >>> 0);
  }

  #high = 0;
  #low = 0;

  /** Both halves take in the whole value, each in its own way: rows of one user may differ in time and patient only. */
  #mix(value: number): void {
    const one = Math.imul(value, 0xcc9e2d51);
    const other = Math.imul(value ^ 0x3c6ef372, 0x85ebca6b);
    const high = this.#high ^ Math.imul((one << 15) | (one >>> 17), 0x1b873593);
    const low = this.#low ^ Math.imul((other << 13) | (other >>> 19), 0xc2b2ae35);
    this.#high = Math.imul((high << 13) | (high >>> 19), 5) + 0xe6546b64;
    this.#low = Math.imul((low << 17) | (low >>> 15), 9) + 0x7f4a7c15;
  }

  #mixText(text: string): void {
    let high = this.#high ^ text.length;
    let low = this.#low ^ text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ code, 0x85ebca6b) + 0x27d4eb2f;
    }
    this.#high = (high << 5) | (high >>> 27);
    this.#low = (low << 7) | (low >>> 25);
  }

  #put(slots: Float64Array, hash: number, start: number): boolean {
    const mask = slots.length - 1;
    for (let i = start & mask; ; i = (i + 1) & mask) {
      const found = slots[i];
      if (found === hash) return false;
      if (found === 0) {
        slots[i] = hash;
        this.#count++;
        return true;
      }
    }
  }

  #grow(): void {
    const larger = new Float64Array(this.#slots.length * 2);
    const old = this.#slots;
    this.#slots = larger;
    this.#count = 0;
    for (const hash of old) if (hash !== 0) this.#put(larger, hash, (hash - 1) % 4_294_967_296);
  }
}

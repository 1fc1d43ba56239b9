import type { Hospital } from './hospital.ts';
import { readRows } from './table.ts';

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
  'minor failure',
  'serious failure',
  'major failure',
]);

/** Reads accesses.csv. Rows that were sent again count once. */
export function readAccesses(folder: string, hospital: Hospital, onAccess: (access: Access) => void): void {
  const { zone, users, patientId, report } = hospital;
  const access: Access = {
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
  const sent = new RowSet();
  readRows(
    folder,
    {
      file: 'accesses.csv',
      required: ['time', 'user', 'patient'],
      optional: [
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
      ],
      isNeeded: true,
    },
    report,
    (fields, at, line) => {
      const moment = zone.read(fields[at.time] ?? '');
      if (moment === null) return 'time is not an ISO 8601 time';
      const patient = patientId(fields[at.patient] ?? '');
      const user = users.idOf(fields[at.user] ?? '');
      const action = at.action < 0 ? '' : (fields[at.action] ?? '');
      const resource = at.resource < 0 ? '' : (fields[at.resource] ?? '');
      const device = at.device < 0 ? '' : (fields[at.device] ?? '');
      const location = at.location < 0 ? '' : (fields[at.location] ?? '');
      const host = at.host < 0 ? '' : (fields[at.host] ?? '');
      const session = at.session < 0 ? '' : (fields[at.session] ?? '');
      const sequence = at.sequence < 0 ? '' : (fields[at.sequence] ?? '');
      const rest = sequence === '' ? `${action}|${resource}|${device}|${location}|${host}|${session}` : sequence;
      if (!sent.add(moment.at, user, patient, rest)) return null;
      access.at = moment.at;
      access.wholeDay = moment.wholeDay;
      access.user = user;
      access.patient = patient;
      access.action = action;
      access.resource = resource;
      access.device = device;
      access.location = location;
      access.purpose = at.purpose < 0 ? '' : (fields[at.purpose] ?? '');
      access.breakGlass = at.break_glass < 0 ? '' : (fields[at.break_glass] ?? '');
      access.host = host;
      access.address = at.address < 0 ? '' : (fields[at.address] ?? '');
      access.session = session;
      access.sequence = sequence;
      const outcome = at.outcome < 0 ? '' : (fields[at.outcome] ?? '');
      access.succeeded = outcome === '' || outcome === '0' || !FAILED.has(outcome.toLowerCase());
      access.line = line;
      onAccess(access);
      return null;
    },
  );
}

/**
 * Which rows were met, by a 53-bit hash of what tells them apart: 8 bytes a slot. Two unlike rows of 10 million share a
 * hash with a chance of about 0.6 %; the cost is one access not counted.
 */
class RowSet {
  #slots = new Float64Array(1 << 12);
  #count = 0;

  /** @returns false when it was met before */
  add(at: number, user: number, patient: number, rest: string): boolean {
    let high = Math.imul(user ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(at / 4_294_967_296, 0x85ebca6b);
    let low = Math.imul(patient ^ 0x1b873593, 0x85ebca6b) ^ (at | 0);
    for (let i = 0; i < rest.length; i++) {
      const code = rest.charCodeAt(i);
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ code, 0x85ebca6b) + 0x27d4eb2f;
    }
    high = Math.imul(high ^ (high >>> 15) ^ low, 0x2c1b3c6d);
    low = Math.imul(low ^ (low >>> 13) ^ high, 0x297a2d39);
    high ^= high >>> 16;
    low ^= low >>> 15;
    // 0 marks an empty slot.
    const hash = (high >>> 11) * 4_294_967_296 + (low >>> 0) + 1;
    if (this.#count * 2 > this.#slots.length) this.#grow();
    return this.#put(this.#slots, hash, low >>> 0);
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

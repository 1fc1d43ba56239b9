import type { Care, CareKind, CareNote, PersonTexts, StayStep } from '../../core/care.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import {
  componentOf,
  type Hl7Message,
  repetitionsOf,
  type Segment,
  segmentOf,
  type Separators,
  textOf,
} from './message.ts';
import { type Hl7Time, hl7Time } from './time.ts';

/** Why a message says nothing that can be used. The code is of HL7 table 0357. */
export interface CareProblem {
  /** True: no such message is taken, whatever it holds. */
  readonly isRefused: boolean;
  readonly code: 101 | 102 | 200 | 202;
  readonly reason: string;
  /** Holds nothing of the message. */
  readonly detail: string;
}

interface ReadContext {
  readonly timeZone: string;
  readonly receivedAt: number;
}

/** What a trigger event of ADT says of where the patient is. Others say who the patient is, and no more. */
const STEPS: Readonly<Record<string, StayStep>> = {
  A01: 'in',
  A02: 'in',
  A03: 'out',
  A04: 'in',
  A06: 'in',
  A07: 'in',
  A08: 'still',
  A11: 'never',
  // PV1-3 is where the patient is again.
  A12: 'in',
  A13: 'not-out',
  A17: 'in',
  A54: 'still',
  A55: 'still',
};
/** Two records of one patient are one from now on, or its ids are others. */
const MERGES = new Set(['A18', 'A30', 'A34', 'A36', 'A39', 'A40', 'A47']);
const MERGING_IDS = 20;

/** A kind of message: what its segments say of the care of the patient in this group. */
type Reader = (group: Group) => Result<readonly Care[], CareProblem>;

interface Group extends ReadContext {
  readonly trigger: string;
  readonly separators: Separators;
  /** From this PID to the next. */
  readonly segments: readonly Segment[];
  /** When it became so. */
  readonly at: number;
  /** When the message was made. */
  readonly sentAt: number;
}

const READERS: Readonly<Record<string, Reader>> = {
  ADT: admissionOf,
  SIU: appointmentOf,
  ORM: ordersOf,
  OMG: ordersOf,
  OML: ordersOf,
  OMI: ordersOf,
  REF: referralOf,
};

/**
 * What a message says of patients’ care: a note for each patient in it. Empty: it says nothing of care, as a message about
 * a bed.
 *
 * **Source:** HL7 v2.5.1, chapters 3 (ADT), 4 (ORM, OMG), 10 (SIU) and 11 (REF).
 */
export function careOf(message: Hl7Message, context: ReadContext): Result<readonly CareNote[], CareProblem> {
  const { separators } = message;
  const msh = segmentOf(message, 'MSH');
  const type = textOf(msh, 9, 1, separators);
  const trigger = textOf(msh, 9, 2, separators);
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined)
    return fail(problem(true, 200, 'not-needed', 'only ADT, SIU, ORM, OMG, OML, OMI and REF are taken'));
  const processing = textOf(msh, 11, 1, separators);
  if (processing !== '' && processing !== 'P')
    return fail(problem(true, 202, 'not-production', 'MSH-11 says that it is a test: only P is taken'));
  const { timeZone, receivedAt } = context;
  const timeOf = (segment: Segment | undefined, field: number) =>
    hl7Time(textOf(segment, field, 1, separators), timeZone);
  const sentAt = timeOf(msh, 7)?.at ?? receivedAt;
  const evn = segmentOf(message, 'EVN');
  const at = (timeOf(evn, 6) ?? timeOf(evn, 2))?.at ?? sentAt;
  const notes: CareNote[] = [];
  const groups = groupsOf(message.segments);
  // A bed's message has no patient; a patient's must have one.
  if (groups.length === 0 && (Object.hasOwn(STEPS, trigger) || MERGES.has(trigger)))
    return fail(problem(false, 101, 'no-patient', 'it has no PID'));
  for (const segments of groups) {
    const group = { ...context, trigger, separators, segments, at, sentAt };
    const note = noteOf(`${type}^${trigger}`, group, read);
    if (!note.ok) return note;
    notes.push(note.value);
  }
  return ok(notes);
}

function problem(isRefused: boolean, code: CareProblem['code'], reason: string, detail: string): CareProblem {
  return { isRefused, code, reason, detail };
}

/** Some messages are about several patients, one after the other. */
function groupsOf(segments: readonly Segment[]): Segment[][] {
  const groups: Segment[][] = [];
  // In a booking, SCH stands before its patient.
  const before: Segment[] = [];
  for (const segment of segments)
    if (segment[0] === 'PID') groups.push([...before, segment]);
    else (groups.at(-1) ?? before).push(segment);
  return groups;
}

function noteOf(messageType: string, group: Group, read: Reader): Result<CareNote, CareProblem> {
  const { separators, segments, trigger, timeZone } = group;
  const pid = firstOf(segments, 'PID');
  const patient = idsIn(pid?.[3], pid?.[2], separators);
  if (patient.length === 0) return fail(problem(false, 101, 'no-patient', 'PID-3 names no patient'));
  const mrg = MERGES.has(trigger) ? firstOf(segments, 'MRG') : undefined;
  if (MERGES.has(trigger) && mrg === undefined)
    return fail(problem(false, 101, 'no-merge', 'it joins two records and has no MRG'));
  const care = read(group);
  if (!care.ok) return care;
  // Whoever is known to be dead only by PID-30 died at the latest when that was said.
  const isDead = textOf(pid, 30, 1, separators) === 'Y';
  const diedAt = hl7Time(textOf(pid, 29, 1, separators), timeZone)?.endsAt ?? (isDead ? group.at : null);
  const former = mrg === undefined ? [] : idsIn(mrg[1], mrg[4], separators);
  return ok({
    at: stepTime(care.value, group),
    messageType,
    patient,
    former: former.filter((id) => !patient.includes(id)),
    person: personOf(pid, separators),
    deceasedAt: diedAt,
    care: care.value,
  });
}

/** A discharge is entered late more often than not: it counts from when it was. */
function stepTime(care: readonly Care[], { at, segments, separators, timeZone }: Group): number {
  const [first] = care;
  if (first?.is !== 'step') return at;
  const pv1 = firstOf(segments, 'PV1');
  if (first.step === 'out') {
    const out = hl7Time(textOf(pv1, 45, 1, separators), timeZone);
    return out === null ? at : out.at === out.endsAt ? out.at : Math.max(out.at, Math.min(at, out.endsAt));
  }
  return at;
}

/**
 * Types of identifier (HL7 table 0203) that name the patient, and not a visit, an account or a passport. `''`: systems that
 * have one kind of id leave it out.
 */
const PATIENT_IDS = new Set(['', 'NH', 'NHS', 'NI', 'PI', 'PT', 'MR', 'MRN', 'U', 'CHI', 'HC', 'JHN', 'HN']);

/** The ids of one patient in a field such as PID-3, each once. */
function idsIn(field: string | undefined, fallback: string | undefined, separators: Separators): string[] {
  const all = repetitionsOf(field, separators);
  const ids = all
    .filter((one) => PATIENT_IDS.has(componentOf(one, 5, separators).toUpperCase()))
    .map((one) => componentOf(one, 1, separators));
  const some = ids.some((id) => id !== '') ? ids : [componentOf(repetitionsOf(fallback, separators)[0], 1, separators)];
  return [...new Set(some.filter((id) => id !== '' && id.length <= 200))].slice(0, MERGING_IDS);
}

function personOf(pid: Segment | undefined, separators: Separators): PersonTexts {
  const address = repetitionsOf(pid?.[11], separators)[0];
  const street = componentOf(address, 1, separators);
  const postcode = componentOf(address, 5, separators);
  return {
    surname: textOf(pid, 5, 1, separators).slice(0, 200),
    household: street === '' || postcode === '' ? '' : `${street} ${postcode}`.slice(0, 300),
    postcode: postcode.slice(0, 40),
  };
}

function firstOf(segments: readonly Segment[], name: string): Segment | undefined {
  return segments.find((segment) => segment[0] === name);
}

/** Of a PL: the point of care, or else the facility. */
function placeIn(field: string | undefined, separators: Separators): string {
  const location = repetitionsOf(field, separators)[0];
  return (componentOf(location, 1, separators) || componentOf(location, 4, separators)).slice(0, 200);
}

/** Where the visit takes place: PV1-3, or of a clinic without one the hospital service. */
function visitPlace(pv1: Segment | undefined, separators: Separators): string {
  return placeIn(pv1?.[3], separators) || textOf(pv1, 10, 1, separators).slice(0, 200);
}

/** Nobody tells the end of an outpatient’s visit, and of an emergency’s not always. HL7 table 0004. */
const DAYS_BY_CLASS: Readonly<Record<string, number>> = { O: 1, R: 1, C: 1, P: 1, E: 3 };

function admissionOf(group: Group): Result<readonly Care[], CareProblem> {
  const { trigger, separators, segments, timeZone, at } = group;
  const pv1 = firstOf(segments, 'PV1');
  if (pv1 === undefined) return ok([]);
  const department = visitPlace(pv1, separators);
  const key = textOf(pv1, 19, 1, separators) || textOf(firstOf(segments, 'PID'), 18, 1, separators);
  const since = hl7Time(textOf(pv1, 44, 1, separators), timeZone)?.at ?? null;
  if (trigger === 'A05' || trigger === 'A38') {
    const expected = hl7Time(textOf(firstOf(segments, 'PV2'), 8, 1, separators), timeZone)?.at ?? since ?? at;
    return ok([bookingOf(key, trigger === 'A38' || department === '' ? [] : [department], expected)]);
  }
  const step = Object.hasOwn(STEPS, trigger) ? STEPS[trigger] : undefined;
  if (step === undefined) return ok([]);
  // Without a place, only that it ended or never was can be used.
  if (department === '' && step !== 'out' && step !== 'never') return ok([]);
  const patientClass = textOf(pv1, 2, 1, separators).toUpperCase();
  const days = DAYS_BY_CLASS[patientClass] ?? (trigger === 'A04' && patientClass !== 'I' ? 1 : null);
  return ok([{ is: 'step', key, step, department, since, days }]);
}

/** An appointment stands for its day; none, and it was cancelled. */
function bookingOf(key: string, departments: readonly string[], from: number): Care {
  const places = departments.map((department) => ({ department, from, to: null }));
  return { is: 'state', kind: 'appointment', key, places };
}

const CANCELLED_BOOKINGS = new Set(['S15', 'S16', 'S17']);
const MAX_RESOURCES = 20;

function appointmentOf({ trigger, separators, segments, timeZone }: Group): Result<readonly Care[], CareProblem> {
  const sch = firstOf(segments, 'SCH');
  if (sch === undefined) return fail(problem(false, 101, 'no-booking', 'it has no SCH'));
  const key = textOf(sch, 2, 1, separators) || textOf(sch, 1, 1, separators);
  const status = textOf(sch, 25, 1, separators).toUpperCase();
  if (CANCELLED_BOOKINGS.has(trigger) || status.startsWith('CANCEL') || status === 'DELETED')
    return ok([bookingOf(key, [], 0)]);
  const all = (name: string) => segments.filter((segment) => segment[0] === name).slice(0, MAX_RESOURCES);
  const starts = [
    textOf(sch, 11, 4, separators),
    textOf(firstOf(segments, 'TQ1'), 7, 1, separators),
    ...all('AIS').map((segment) => textOf(segment, 4, 1, separators)),
    ...all('AIL').map((segment) => textOf(segment, 6, 1, separators)),
    ...all('AIG').map((segment) => textOf(segment, 8, 1, separators)),
    ...all('AIP').map((segment) => textOf(segment, 6, 1, separators)),
  ];
  const start = starts.map((text) => hl7Time(text, timeZone)).find((time): time is Hl7Time => time !== null);
  if (start === undefined) return fail(problem(false, 102, 'bad-time', 'it does not say when the appointment is'));
  const rooms = all('AIL').map((segment) => placeIn(segment[3], separators));
  const others = [
    visitPlace(firstOf(segments, 'PV1'), separators),
    ...all('AIS').map((segment) => textOf(segment, 3, 1, separators)),
    ...all('AIG').map((segment) => textOf(segment, 3, 1, separators)),
  ];
  const departments = [...new Set(rooms.filter((room) => room !== ''))];
  const other = others.find((text) => text !== '');
  const known = departments.length === 0 && other !== undefined ? [other] : departments;
  return ok(known.length === 0 ? [] : [bookingOf(key, known, start.at)]);
}

/** ORC-1 (HL7 table 0119) of an order that is no more, and ORC-5 (table 0038). */
const CANCELLED_ORDERS = new Set(['CA', 'OC', 'CR', 'DC', 'OD', 'DR']);
const CANCELLED_STATES = new Set(['CA', 'DC']);
const ORDER_MS = 7 * 86_400_000;

function ordersOf({ separators, segments, timeZone, at }: Group): Result<readonly Care[], CareProblem> {
  const care: Care[] = [];
  let orc: Segment | undefined;
  for (const segment of segments) {
    if (segment[0] === 'ORC') orc = segment;
    if (segment[0] !== 'OBR') continue;
    const text = (of: Segment | undefined, field: number, component = 1) => textOf(of, field, component, separators);
    const key = text(orc, 2) || text(orc, 3) || text(segment, 2) || text(segment, 3);
    // The section that does it (table 0074) is nearest to a department; else what was ordered says who does it.
    const department = (text(segment, 24) || text(segment, 4)).slice(0, 200);
    const isCancelled = CANCELLED_ORDERS.has(text(orc, 1)) || CANCELLED_STATES.has(text(orc, 5));
    const time = (words: string) => hl7Time(words, timeZone)?.at ?? null;
    const from = time(text(orc, 9)) ?? time(text(segment, 6)) ?? at;
    const due = time(text(segment, 36)) ?? time(text(orc, 7, 4)) ?? from;
    const place = { department, from, to: due > from ? due + ORDER_MS : null };
    care.push({ is: 'state', kind: 'order', key, places: isCancelled || department === '' ? [] : [place] });
  }
  return ok(care);
}

function referralOf({ trigger, separators, segments, timeZone, at }: Group): Result<readonly Care[], CareProblem> {
  const rf1 = firstOf(segments, 'RF1');
  if (rf1 === undefined) return fail(problem(false, 101, 'no-referral', 'it has no RF1'));
  const key = textOf(rf1, 6, 1, separators) || textOf(rf1, 11, 1, separators);
  const kind: CareKind = 'referral';
  if (trigger === 'I14' || textOf(rf1, 1, 1, separators) === 'R') return ok([{ is: 'state', kind, key, places: [] }]);
  const to = segments.find((segment) => segment[0] === 'PRD' && textOf(segment, 1, 1, separators) === 'RT');
  const department = placeIn(to?.[4], separators) || textOf(rf1, 3, 1, separators).slice(0, 200);
  if (department === '') return ok([]);
  const from = hl7Time(textOf(rf1, 7, 1, separators), timeZone)?.at ?? at;
  const until = hl7Time(textOf(rf1, 8, 1, separators), timeZone)?.endsAt ?? null;
  const place = { department, from, to: until !== null && until >= from ? until : null };
  return ok([{ is: 'state', kind, key, places: [place] }]);
}

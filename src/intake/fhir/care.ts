import type { Care, CareKind, CareNote, CarePlace } from '../../core/care.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { isObject, type JsonObject, textAt } from '../formats/shape.ts';
import { isoTime } from '../time.ts';

/** Resources that say where a patient is cared for, and who the patient is. */
export const CARE_RESOURCES = ['Encounter', 'Appointment', 'ServiceRequest', 'CareTeam', 'Patient'] as const;

/** Why a resource says nothing that can be used. `detail` holds nothing of it. */
export interface FhirProblem {
  readonly reason: string;
  readonly detail: string;
}

export interface FhirContext {
  readonly timeZone: string;
  readonly receivedAt: number;
  /** The resource that a reference means, where it came in the same bundle. */
  readonly find: (reference: string) => JsonObject | undefined;
}

type Read = Result<readonly CareNote[], FhirProblem>;

const READERS: Readonly<Record<(typeof CARE_RESOURCES)[number], (resource: JsonObject, context: FhirContext) => Read>> =
  {
    Encounter: encounterOf,
    Appointment: appointmentOf,
    ServiceRequest: requestOf,
    CareTeam: teamOf,
    Patient: patientOf,
  };

export function isCareResource(resource: JsonObject): boolean {
  return typeof resource['resourceType'] === 'string' && Object.hasOwn(READERS, resource['resourceType']);
}

/**
 * What a resource says of patients’ care: a note for each patient in it.
 *
 * **Source:** HL7 FHIR R4 and R5: Encounter, Appointment, ServiceRequest, CareTeam, Patient.
 */
export function careOfResource(resource: JsonObject, context: FhirContext): Read {
  const type = resource['resourceType'] as (typeof CARE_RESOURCES)[number];
  return READERS[type](resource, {
    ...context,
    find: (reference) => contained(resource, reference) ?? context.find(reference),
  });
}

/** `find` for the resources of a bundle. */
export function finderIn(entries: readonly unknown[]): (reference: string) => JsonObject | undefined {
  const byUrl = new Map<string, JsonObject>();
  for (const entry of entries) {
    const resource = isObject(entry) ? entry['resource'] : undefined;
    if (!isObject(entry) || !isObject(resource)) continue;
    const [url, type, id] = [entry['fullUrl'], resource['resourceType'], resource['id']];
    if (typeof url === 'string') byUrl.set(url, resource);
    if (typeof type === 'string' && typeof id === 'string') byUrl.set(`${type}/${id}`, resource);
  }
  return (reference) => byUrl.get(reference);
}

function contained(resource: JsonObject, reference: string): JsonObject | undefined {
  if (!reference.startsWith('#')) return undefined;
  return listOf(resource['contained']).find((one) => one['id'] === reference.slice(1));
}

const DAY_MS = 86_400_000;
const MAX_LIST = 200;
const MAX_TEXT = 200;
/** If its end is not told, an outpatient’s visit lasts a day and an emergency three. */
const LASTS_MS = new Map([
  ['AMB', DAY_MS],
  ['VR', DAY_MS],
  ['HH', DAY_MS],
  ['EMER', 3 * DAY_MS],
]);
/** A team is told of again as long as it is there. */
const TEAM_MS = 126 * DAY_MS;
const ORDER_MS = 7 * DAY_MS;

function encounterOf(resource: JsonObject, context: FhirContext): Read {
  const patient = patientIn(resource['subject'], context);
  if (patient.length === 0) return fail(NO_PATIENT);
  const key = keyOf(resource);
  const status = textAt(resource, 'status') ?? '';
  const updated = updatedAt(resource, context);
  const note = (at: number, care: readonly Care[]) => noteOf('Encounter', at, patient, care);
  const state = (kind: CareKind, places: readonly CarePlace[]): Care => ({ is: 'state', kind, key, places });
  const step = (word: 'in' | 'out' | 'never', department: string, since: number | null): Care => ({
    is: 'step',
    key,
    step: word,
    department,
    since,
    days: lasts === undefined ? null : lasts / DAY_MS,
  });
  // R5 has several classes, and calls the times actual.
  const lasts = codesOf([resource['class']])
    .map((code) => LASTS_MS.get(code))
    .find((ms) => ms !== undefined);
  const period = isObject(resource['actualPeriod']) ? resource['actualPeriod'] : resource['period'];
  const start = timeIn(period, 'start', context)?.at ?? null;
  const end = timeIn(period, 'end', context)?.endsAt ?? null;
  if (status === 'cancelled' || status === 'entered-in-error')
    return ok([note(updated, [state('stay', []), state('appointment', []), step('never', '', null)])]);
  const locations = listOf(resource['location']).filter(({ status: of }) => of !== 'planned' && of !== 'reserved');
  const all = locations.map((location) => ({
    department: departmentOf(location['location'], context) ?? '',
    from: timeIn(location['period'], 'start', context)?.at ?? null,
    to: timeIn(location['period'], 'end', context)?.endsAt ?? null,
    isOver: location['status'] === 'completed',
  }));
  const known = all.filter(({ department }) => department !== '');
  const service = codesOf([resource['serviceType']])[0] ?? '';
  if (status === 'planned') {
    const planned = [
      ...listOf(resource['location']).map(({ location }) => departmentOf(location, context) ?? ''),
      service,
    ].find((department) => department !== '');
    const at = timeIn(resource['plannedStartDate'], '', context)?.at ?? start;
    const places = planned === undefined || at === null ? [] : [{ department: planned, from: at, to: null }];
    return ok([note(updated, [state('appointment', places)])]);
  }
  const isOver = ['finished', 'completed', 'discharged', 'discontinued'].includes(status);
  // Whoever says since when the patient is there says the whole way; whoever does not, says where the patient is now.
  if (known.length > 0 && known.every(({ from }) => from !== null)) {
    const places = known.map(({ department, from, to, isOver: hasLeft }) => {
      const began = from ?? updated;
      const until = to ?? (hasLeft || isOver ? (end ?? updated) : lasts === undefined ? null : began + lasts);
      return { department, from: began, to: until === null ? null : Math.max(began, until) };
    });
    return ok([note(updated, [state('stay', places)])]);
  }
  const department = known.find((one) => !one.isOver)?.department ?? known.at(-1)?.department ?? service;
  const notes = department === '' || isOver ? [] : [note(updated, [step('in', department, start)])];
  if (isOver) notes.push(note(end ?? updated, [step('out', department, start)]));
  return ok(notes.length === 0 ? [note(updated, [])] : notes);
}

function appointmentOf(resource: JsonObject, context: FhirContext): Read {
  const actors = listOf(resource['participant']).map(({ actor }) => actor);
  const isPatient = (actor: unknown) =>
    /(?:^|\/)Patient\//.test(referenceIn(actor)) || typeIn(actor, context) === 'Patient';
  const patients = [resource['subject'], ...actors.filter(isPatient)]
    .map((actor) => patientIn(actor, context))
    .filter((ids) => ids.length > 0);
  if (patients.length === 0) return fail(NO_PATIENT);
  const status = textAt(resource, 'status') ?? '';
  const start = timeIn(resource['start'], '', context)?.at ?? null;
  const isOff = ['cancelled', 'entered-in-error', 'proposed', 'waitlist'].includes(status);
  if (start === null && !isOff) return fail({ reason: 'bad-time', detail: 'it does not say when the appointment is' });
  const rooms = actors
    .filter((actor) => !isPatient(actor))
    .filter((actor) => ['Location', 'HealthcareService'].includes(typeIn(actor, context)))
    .map((actor) => departmentOf(actor, context) ?? '')
    .filter((department) => department !== '');
  const [service] = codesOf([resource['serviceType'], resource['specialty']]);
  const departments = rooms.length === 0 && service !== undefined ? [service] : [...new Set(rooms)];
  const places = isOff ? [] : departments.map((department) => ({ department, from: start ?? 0, to: null }));
  const care: Care = { is: 'state', kind: 'appointment', key: keyOf(resource), places };
  return ok(patients.map((patient) => noteOf('Appointment', updatedAt(resource, context), patient, [care])));
}

/** SNOMED CT: patient referral. */
const REFERRAL = '3457005';

function requestOf(resource: JsonObject, context: FhirContext): Read {
  const patient = patientIn(resource['subject'], context);
  if (patient.length === 0) return fail(NO_PATIENT);
  const updated = updatedAt(resource, context);
  const categories = listOf(resource['category']);
  const isReferral =
    codesOf(categories).includes(REFERRAL) ||
    categories.some((category) => /referral/i.test(textAt(category, 'text') ?? ''));
  // R5 has a reference within `location`.
  const places = [
    ...listOf(resource['locationReference']),
    ...listOf(resource['location']).map(({ reference }) => reference),
  ];
  const department =
    [...listOf(resource['performer']), ...places]
      .filter((one) => isTeam(one, context))
      .map((one) => departmentOf(one, context))
      .find((one) => one !== null) ??
    codesOf([resource['performerType'], ...categories, resource['code']]).find((code) => code !== REFERRAL);
  const isOff = ['revoked', 'entered-in-error', 'draft'].includes(textAt(resource, 'status') ?? '');
  const from = timeIn(resource['authoredOn'], '', context)?.at ?? updated;
  const due =
    (timeIn(resource['occurrenceDateTime'], '', context) ?? timeIn(resource['occurrencePeriod'], 'start', context))
      ?.at ?? from;
  const place = { department: department ?? '', from, to: !isReferral && due > from ? due + ORDER_MS : null };
  return ok([
    noteOf('ServiceRequest', updated, patient, [
      {
        is: 'state',
        kind: isReferral ? 'referral' : 'order',
        key: keyOf(resource),
        places: isOff || department === undefined ? [] : [place],
      },
    ]),
  ]);
}

/** A team’s departments care for the patient; of its members by name no department is known. */
function teamOf(resource: JsonObject, context: FhirContext): Read {
  const patient = patientIn(resource['subject'], context);
  if (patient.length === 0) return fail(NO_PATIENT);
  const updated = updatedAt(resource, context);
  const members = listOf(resource['participant']).flatMap(({ member, onBehalfOf }) => [member, onBehalfOf]);
  const departments = [...listOf(resource['managingOrganization']), ...members]
    .filter((one) => isTeam(one, context))
    .map((one) => departmentOf(one, context))
    .filter((one) => one !== null);
  const status = textAt(resource, 'status') ?? 'active';
  const from = timeIn(resource['period'], 'start', context)?.at ?? updated;
  const end = timeIn(resource['period'], 'end', context)?.endsAt ?? null;
  const to = Math.max(from, end ?? (status === 'inactive' ? updated : updated + TEAM_MS));
  const isOff = status === 'entered-in-error' || status === 'proposed';
  const places = isOff ? [] : [...new Set(departments)].map((department) => ({ department, from, to }));
  return ok([noteOf('CareTeam', updated, patient, [{ is: 'state', kind: 'referral', key: keyOf(resource), places }])]);
}

function patientOf(resource: JsonObject, context: FhirContext): Read {
  const patient = idsOf(resource);
  if (patient.length === 0) return fail(NO_PATIENT);
  const updated = updatedAt(resource, context);
  const names = listOf(resource['name']);
  const addresses = listOf(resource['address']);
  const current = (one: JsonObject) => one['use'] !== 'old' && one['use'] !== 'maiden' && one['use'] !== 'temp';
  const name = names.find((one) => current(one) && typeof one['family'] === 'string');
  const address = addresses.find(current);
  const line = address === undefined ? undefined : Array.isArray(address['line']) ? address['line'][0] : undefined;
  const postcode = (address === undefined ? null : textAt(address, 'postalCode')) ?? '';
  const death = timeIn(resource['deceasedDateTime'], '', context)?.endsAt ?? null;
  const notes: CareNote[] = [
    {
      ...noteOf('Patient', updated, patient, []),
      person: {
        surname: (name === undefined ? '' : (textAt(name, 'family') ?? '')).slice(0, MAX_TEXT),
        household:
          typeof line === 'string' && line !== '' && postcode !== '' ? `${line} ${postcode}`.slice(0, 300) : '',
        postcode: postcode.slice(0, 40),
      },
      deceasedAt: death ?? (resource['deceasedBoolean'] === true ? updated : null),
    },
  ];
  for (const link of listOf(resource['link'])) {
    const other = patientIn(link['other'], context);
    if (other.length === 0) continue;
    if (link['type'] === 'replaced-by') notes.push({ ...noteOf('Patient', updated, other, []), former: patient });
    if (link['type'] === 'replaces') notes.push({ ...noteOf('Patient', updated, patient, []), former: other });
  }
  return ok(notes);
}

const NO_PATIENT: FhirProblem = { reason: 'no-patient', detail: 'the resource names no patient' };

function noteOf(messageType: string, at: number, patient: readonly string[], care: readonly Care[]): CareNote {
  return { at, messageType, patient, former: [], person: null, deceasedAt: null, care };
}

function updatedAt(resource: JsonObject, context: FhirContext): number {
  return timeIn(resource['meta'], 'lastUpdated', context)?.at ?? context.receivedAt;
}

/** The resource’s own id; one that was not stored yet has an identifier at most. */
function keyOf(resource: JsonObject): string {
  const type = textAt(resource, 'resourceType') ?? '';
  const id =
    textAt(resource, 'id') ??
    listOf(resource['identifier'])
      .map((one) => textAt(one, 'value'))
      .find((one) => one !== null);
  return id === null || id === undefined ? '' : `${type}/${id}`.slice(0, MAX_TEXT);
}

/** Codes of HL7 v2 table 0203 that name no patient but a visit, an account, a passport. */
const OTHER_IDS = new Set(['AN', 'VN', 'DL', 'PPN', 'SS', 'TAX', 'BC', 'EN', 'ACSN', 'FILL', 'PLAC']);

/** All that names the patient whose resource it is. */
function idsOf(resource: JsonObject): string[] {
  const id = textAt(resource, 'id');
  const identifiers = listOf(resource['identifier'])
    .filter((one) => one['use'] !== 'old' && !codesOf([one['type']]).some((code) => OTHER_IDS.has(code)))
    .map((one) => textAt(one, 'value') ?? '');
  return usable([...identifiers, ...(id === null ? [] : [`Patient/${id}`])]);
}

/** All that a reference to a patient says of who it is. */
function patientIn(reference: unknown, context: FhirContext): string[] {
  if (!isObject(reference)) return [];
  const text = referenceIn(reference);
  const resource = context.find(text);
  const inside = resource !== undefined && resource['resourceType'] === 'Patient' ? idsOf(resource) : [];
  // As an audit event on another server, or on this one, refers to her.
  const tail = /(?:^|\/)(Patient\/[^/]+)(?:\/_history\/[^/]+)?$/.exec(text)?.[1] ?? '';
  const isLocal = text.startsWith('#') || text.startsWith('urn:');
  return usable([...inside, textAt(reference, 'identifier.value') ?? '', tail, isLocal || tail !== '' ? '' : text]);
}

function usable(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id) => id !== '' && id.length <= MAX_TEXT))].slice(0, 20);
}

function referenceIn(value: unknown): string {
  return (isObject(value) ? textAt(value, 'reference') : null) ?? '';
}

/** The type of what a reference means: it says so itself, or its path does, or what it means. */
function typeIn(value: unknown, context: FhirContext): string {
  const reference = referenceIn(value);
  const own = isObject(value) ? textAt(value, 'type') : null;
  const found = context.find(reference);
  return (
    (found === undefined ? null : textAt(found, 'resourceType')) ??
    /(?:^|\/)([A-Z][A-Za-z]+)\/[^/]+(?:\/_history\/[^/]+)?$/.exec(reference)?.[1] ??
    own ??
    ''
  );
}

const TEAMS = new Set(['Organization', 'HealthcareService', 'Location', 'CareTeam']);

function isTeam(value: unknown, context: FhirContext): boolean {
  return TEAMS.has(typeIn(value, context));
}

/** What a place, service or organisation is called: by an identifier, else by its id on the server, else by its name. */
function departmentOf(value: unknown, context: FhirContext): string | null {
  if (!isObject(value)) return null;
  const reference = referenceIn(value);
  const found = context.find(reference);
  const [identifier] = found === undefined ? [] : listOf(found['identifier']);
  const tail = /([^/#]+)(?:\/_history\/[^/]+)?$/.exec(reference)?.[1];
  const text =
    textAt(value, 'identifier.value') ??
    (identifier === undefined ? null : textAt(identifier, 'value')) ??
    (found === undefined ? null : textAt(found, 'name')) ??
    (/^(?:urn:|#)/.test(reference) ? undefined : tail) ??
    textAt(value, 'display');
  return text === null || text === '' ? null : text.slice(0, MAX_TEXT);
}

/** A time; of an object, that of its field. A month or a year alone is no time of care. */
function timeIn(value: unknown, field: string, { timeZone }: FhirContext): { at: number; endsAt: number } | null {
  const text = field === '' ? value : isObject(value) ? textAt(value, field) : null;
  if (typeof text !== 'string') return null;
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) {
    const read = isoTime(text, timeZone);
    return read === null ? null : { at: read.at, endsAt: read.at };
  }
  const start = isoTime(`${text}T00:00:00`, timeZone);
  if (start === null) return null;
  const next = new Date(Date.parse(`${text}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
  return { at: start.at, endsAt: isoTime(`${next}T00:00:00`, timeZone)?.at ?? start.at };
}

function listOf(value: unknown): JsonObject[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.slice(0, MAX_LIST).filter(isObject);
}

/** Every code in codings and concepts, of R4 and R5 (where a concept may stand within a reference). */
function codesOf(values: readonly unknown[], depth = 0): string[] {
  if (depth > 4) return [];
  return values
    .flatMap(listOf)
    .flatMap((value) => [
      ...(typeof value['code'] === 'string' ? [value['code'].slice(0, MAX_TEXT)] : []),
      ...codesOf([value['coding'], value['concept'], isObject(value['code']) ? value['code'] : undefined], depth + 1),
    ]);
}

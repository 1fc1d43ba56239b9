import { type Fields, newFields } from '../../core/event.ts';
import { isPatientNumber } from '../../core/patient-number.ts';
import { asValue, isObject, type JsonObject, type Shape, type ShapedEvent, sourceOf, textAt } from './shape.ts';

/** An access: one person opening, changing, printing or exporting one patient's record. */
export const ACCESS = sourceOf('clinical', 'record_access', null);

/** AuditEvent.action, and DICOM's EventActionCode: https://hl7.org/fhir/R4/valueset-audit-event-action.html */
const ACTIONS: Readonly<Record<string, string>> = { C: 'create', R: 'read', U: 'update', D: 'delete', E: 'execute' };
/** AuditEvent.outcome in R4, and DICOM's EventOutcomeIndicator. */
const OUTCOMES: Readonly<Record<string, string>> = { '0': 'success', '4': 'minor', '8': 'serious', '12': 'major' };
/** R5 says the outcome by an issue severity. */
const R5_OUTCOMES: Readonly<Record<string, string>> = {
  success: 'success',
  information: 'success',
  // The data were given, with a remark: whoever asks what was seen must not miss it.
  warning: 'success',
  error: 'serious',
  fatal: 'major',
};
/** http://terminology.hl7.org/CodeSystem/v3-ActReason: what breaking the glass is called. */
const BREAK_GLASS: ReadonlySet<string> = new Set(['BTG', 'ETREAT', 'BREAKTHEGLASS', 'EMERGENCY']);
const MAX_LIST = 1000;
/** DICOM's roles of programs and media in an audit message (CID 402): a person has none of them. */
export const PROGRAM_ROLES: ReadonlySet<string> = new Set(['110150', '110151', '110152', '110153', '110154', '110155']);

const auditEvent: Shape = (object) => (object['resourceType'] === 'AuditEvent' ? readAuditEvents(object) : null);

const bundle: Shape = (object) => {
  if (object['resourceType'] !== 'Bundle') return null;
  const events: ShapedEvent[] = [];
  for (const entry of asList(object['entry'])) {
    const resource = isObject(entry) ? entry['resource'] : undefined;
    if (isObject(resource) && resource['resourceType'] === 'AuditEvent') events.push(...readAuditEvents(resource));
  }
  return events;
};

/** Other FHIR resources are data, not events: they are read, and nothing is asked of them. */
const otherResource: Shape = (object) =>
  typeof object['resourceType'] === 'string' && (object['id'] !== undefined || object['meta'] !== undefined)
    ? { fields: newFields(), logSource: sourceOf('clinical', 'fhir_resource', null), time: undefined }
    : null;

/** One event; of an export of thousands of records several, so that each stays small and no patient is left out. */
function readAuditEvents(object: JsonObject): readonly ShapedEvent[] {
  const entities = asList(object['entity']);
  if (entities.length <= MAX_LIST) return [readAuditEvent(object)];
  const isRequest = (entity: unknown) => isObject(entity) && isRequestId(entity);
  const requests = entities.filter(isRequest).slice(0, 1);
  const others = entities.filter((entity) => !isRequest(entity));
  const events: ShapedEvent[] = [];
  for (let from = 0; from < others.length; from += MAX_LIST - 1) {
    const entity = [...requests, ...others.slice(from, from + MAX_LIST - 1)];
    events.push(readAuditEvent({ ...object, entity, patient: from === 0 ? object['patient'] : undefined }));
  }
  return events;
}

function readAuditEvent(object: JsonObject): ShapedEvent {
  const fields = newFields();
  const codes = codesOf([object['type'], object['category'], object['subtype'], object['code']]);
  const action = textAt(object, 'action');
  const agents = listOf(object['agent']).filter(isObject);
  // The one who asked, and not the program by which they did; else the first person; else the first of any kind.
  const asked = agents.filter((agent) => agent['requestor'] === true);
  const person = asked.find((agent) => !isProgram(agent)) ?? asked[0] ?? agents.find(isPerson) ?? agents[0];
  set(fields, 'user', person === undefined ? null : agentId(person));
  set(fields, 'role', person === undefined ? null : firstCode([person['role'], person['type']]));
  const did = actionOf(action, codes);
  const client = clientOf(agents, person, did);
  const seats = [person, client, ...agents].filter((agent) => agent !== undefined);
  set(fields, 'address', seats.map(networkOf).find((text) => text !== null) ?? null);
  set(fields, 'device', client === undefined ? null : agentId(client));
  set(fields, 'organisation', agents.map((agent) => organisationOf(agent)).find((text) => text !== null) ?? null);
  set(
    fields,
    'purpose',
    firstCode([
      object['purposeOfEvent'],
      object['authorization'],
      ...agents.flatMap((agent) => [agent['purposeOfUse'], agent['authorization']]),
    ]),
  );
  set(fields, 'source', sourceId(object['source']));
  addEntities(fields, object);
  const purposes = codesOf([
    object['purposeOfEvent'],
    object['authorization'],
    ...agents.flatMap((agent) => [agent['purposeOfUse'], agent['authorization']]),
  ]);
  fields['break_glass'] = [...purposes, ...codes].some((code) => BREAK_GLASS.has(code.toUpperCase()))
    ? 'true'
    : 'false';
  fields['action'] = did;
  fields['outcome'] = outcomeOf(object['outcome']);
  if (codes.length > 0) fields['subtype'] = codes;
  const reason = fields['break_glass'] === 'true' ? glassReasonOf(object, agents) : null;
  return {
    fields,
    logSource: ACCESS,
    ...(reason === null ? {} : { glassReason: reason }),
    time: object['recorded'] ?? textAt(object, 'occurredDateTime') ?? textAt(object, 'period.start'),
  };
}

/** Longer than anybody types while a patient waits. */
export const MAX_REASON = 500;
/** What systems call the words that somebody typed. */
export const REASON_NAME = /reason|justif|comment|override/i;

/**
 * The reason typed: the text of a purpose, or a detail of an entity that is called so.
 *
 * **Source:** HL7 FHIR R4 and R5, AuditEvent: purposeOfEvent and purposeOfUse (R5: authorization), entity.detail.
 */
function glassReasonOf(object: JsonObject, agents: readonly JsonObject[]): string | null {
  const purposes = [
    object['purposeOfEvent'],
    object['authorization'],
    ...agents.flatMap((agent) => [agent['purposeOfUse'], agent['authorization']]),
  ].flatMap(listOf);
  const details = listOf(object['entity']).flatMap((entity) => (isObject(entity) ? listOf(entity['detail']) : []));
  const texts = [
    ...purposes.map((purpose) => (isObject(purpose) ? textAt(purpose, 'text') : null)),
    ...details.map((detail) => {
      if (!isObject(detail)) return null;
      const named = [textAt(detail, 'type'), textAt(detail, 'type.text'), ...codesOf([detail['type']])];
      if (!named.some((name) => name !== null && REASON_NAME.test(name))) return null;
      const base64 = textAt(detail, 'valueBase64Binary');
      return textAt(detail, 'valueString') ?? (base64 === null ? null : Buffer.from(base64, 'base64').toString('utf8'));
    }),
  ];
  return (
    texts
      .find((text) => text !== null && text.trim() !== '')
      ?.trim()
      .slice(0, MAX_REASON) ?? null
  );
}

function actionOf(action: string | null, codes: readonly string[]): string {
  const words = new Set(codes.map((code) => code.toLowerCase()));
  if (words.has('110106') || words.has('export')) return 'export';
  if (words.has('110108') || words.has('print')) return 'print';
  if (
    [...words].some((word) => word === 'search' || word.startsWith('search-') || word === '110112' || word === 'query')
  )
    return 'search';
  return (
    ACTIONS[action ?? ''] ??
    ['read', 'vread', 'create', 'update', 'delete', 'patch'].find((word) => words.has(word)) ??
    'read'
  );
}

function outcomeOf(value: unknown): string {
  const text = typeof value === 'string' ? value : isObject(value) ? (textAt(value, 'code.code') ?? '0') : '0';
  return OUTCOMES[text] ?? R5_OUTCOMES[text] ?? 'success';
}

function isProgram(agent: JsonObject): boolean {
  return codesOf([agent['type'], agent['role']]).some((code) => PROGRAM_ROLES.has(code));
}

function isPerson(agent: JsonObject): boolean {
  const who = textAt(agent, 'who.reference') ?? '';
  return /^(?:Practitioner|PractitionerRole|Patient|RelatedPerson|Person)\//.test(who) || agent['altId'] !== undefined;
}

/**
 * What marks the client among the agents of a RESTful operation: where the data, or the question, go to or come from.
 *
 * **Source:** IHE ITI Basic Audit Log Patterns 1.1.3, the profiles Read, Query, Create, Update and Delete, `agent:client`.
 */
const CLIENT_ROLES: Readonly<Record<string, string>> = {
  read: '110152',
  search: '110153',
  create: '110153',
  update: '110153',
  delete: '110150',
};

/** The machine or program at which the person sat, and not the server: both are agents, in any order. */
function clientOf(
  agents: readonly JsonObject[],
  person: JsonObject | undefined,
  action: string,
): JsonObject | undefined {
  const others = agents.filter((agent) => agent !== person);
  const role = CLIENT_ROLES[action];
  return (
    others.find((agent) => role !== undefined && codesOf([agent['type'], agent['role']]).includes(role)) ??
    others.find((agent) => agentId(agent) !== null)
  );
}

/** An id where there is one; some systems give a member of staff's name only. */
function agentId(agent: JsonObject): string | null {
  return (
    textAt(agent, 'who.identifier.value') ??
    textAt(agent, 'who.reference') ??
    textAt(agent, 'altId') ??
    textAt(agent, 'userId.value') ??
    textAt(agent, 'who.display') ??
    textAt(agent, 'name')
  );
}

function organisationOf(agent: JsonObject): string | null {
  const reference = textAt(agent, 'who.reference');
  return reference?.startsWith('Organization/') === true ? reference : null;
}

function networkOf(agent: JsonObject): string | null {
  return textAt(agent, 'network.address') ?? textAt(agent, 'networkString') ?? textAt(agent, 'networkUri');
}

function sourceId(value: unknown): string | null {
  return isObject(value)
    ? (textAt(value, 'observer.identifier.value') ??
        textAt(value, 'observer.reference') ??
        textAt(value, 'site') ??
        textAt(value, 'observer.display'))
    : null;
}

/** Which patient, which record, by which request. R4 marks the patient by role 1; R5 has a field of its own too. */
function addEntities(fields: Fields, object: JsonObject): void {
  const patients: string[] = [];
  const resources: string[] = [];
  const own = patientOf(object['patient']);
  if (own !== null) patients.push(own);
  for (const entity of listOf(object['entity'])) {
    if (!isObject(entity)) continue;
    const reference =
      referenceOf(entity['what']) ?? referenceOf(entity['reference']) ?? textAt(entity, 'identifier.value');
    if (isRequestId(entity)) set(fields, 'request_id', reference);
    else if (reference !== null && isPatient(entity, reference))
      patients.push(patientOf(entity['what']) ?? patientOf(entity['reference']) ?? reference);
    else if (reference !== null) resources.push(reference);
  }
  if (patients.length > 0) fields['patient'] = [...new Set(patients)];
  if (resources.length > 0) {
    fields['resource'] = [...new Set(resources)];
    const types = resources
      .map((reference) => /(?:^|\/)([A-Z][A-Za-z]+)\/[^/]+$/.exec(reference)?.[1])
      .filter((type) => type !== undefined);
    if (types.length > 0) fields['resource_type'] = [...new Set(types)];
  }
}

function isRequestId(entity: JsonObject): boolean {
  const codes = codesOf([entity['type'], entity['role']]);
  return codes.includes('XrequestId') || codes.includes('X-Request-Id');
}

/** By what it refers to, or by its role (1 is the patient). A person (type 1) in another role is a doctor or a user. */
function isPatient(entity: JsonObject, reference: string): boolean {
  const roles = codesOf([entity['role']]);
  const types = codesOf([entity['type']]);
  return (
    PATIENT.test(reference) ||
    [...roles, ...types].includes('Patient') ||
    roles.includes('1') ||
    (roles.length === 0 && types.includes('1'))
  );
}

const PATIENT = /(?:^|\/)(Patient\/[^/?#]+)/;

/**
 * What the patient is called, whoever refers to them: by their number where it is given, else by the id alone, as messages
 * about their care name them, without the server or the version.
 */
function patientOf(value: unknown): string | null {
  if (!isObject(value)) return null;
  const [identifier, reference] = [textAt(value, 'identifier.value'), textAt(value, 'reference')];
  if (identifier !== null && (reference === null || isPatientNumber(identifier.replaceAll(/[ -]/g, ''))))
    return identifier;
  return reference === null ? null : (PATIENT.exec(reference)?.[1] ?? reference);
}

function referenceOf(value: unknown): string | null {
  return isObject(value) ? (textAt(value, 'reference') ?? textAt(value, 'identifier.value')) : null;
}

function listOf(value: unknown): readonly unknown[] {
  return asList(value).slice(0, MAX_LIST);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** Every code in codings and concepts, however they are nested. */
function codesOf(values: readonly unknown[], depth = 0): string[] {
  if (depth > 4) return [];
  return values.flatMap(listOf).flatMap((value) => {
    if (!isObject(value)) return [];
    const own = typeof value['code'] === 'string' ? [value['code']] : [];
    return [
      ...own,
      ...codesOf([value['coding'], value['concept'], isObject(value['code']) ? value['code'] : undefined], depth + 1),
    ];
  });
}

function firstCode(values: readonly unknown[]): string | null {
  return codesOf(values)[0] ?? null;
}

function set(fields: Fields, name: string, text: string | null): void {
  if (text !== null) fields[name] = asValue(text);
}

export const fhirShapes: readonly Shape[] = [auditEvent, bundle, otherResource];

import { type Fields, newFields } from '../../core/event.ts';
import { ACCESS, MAX_REASON, PROGRAM_ROLES, REASON_NAME } from './shapes-fhir.ts';
import { MAX_DOCUMENT, type Node, parseXml } from './xml-tree.ts';

/** DICOM PS3.15 A.5.3: what the event ids mean for a record. */
const EVENT_ACTIONS: Readonly<Record<string, string>> = {
  '110106': 'export',
  '110107': 'create',
  '110112': 'search',
  '110103': 'read',
  '110104': 'read',
  '110105': 'delete',
};
const ACTION_CODES: Readonly<Record<string, string>> = {
  C: 'create',
  R: 'read',
  U: 'update',
  D: 'delete',
  E: 'execute',
};
const OUTCOMES: Readonly<Record<string, string>> = { '0': 'success', '4': 'minor', '8': 'serious', '12': 'major' };

/** Why an audit message that cannot be read is set aside, and not kept as text: it names a patient. */
export const BAD_AUDIT_MESSAGE = 'bad-audit-message';

/** `glassReason`: as `LogEvent` has it. */
export interface AtnaAccess {
  readonly fields: Fields;
  readonly logSource: typeof ACCESS;
  readonly atText: string | null;
  readonly glassReason?: string;
}

/**
 * An IHE ATNA audit message, in the attribute names of RFC 3881 or of DICOM PS3.15 A.5 (`csd-code`), as an access.
 *
 * @returns `null` if it is not one
 */
export function parseAtna(xml: string): AtnaAccess | null {
  if (xml.length > MAX_DOCUMENT) return null;
  const message = parseXml(xml.slice(0, xml.lastIndexOf('>') + 1));
  return message?.name === 'AuditMessage' ? readAtna(message) : null;
}

/** As `parseAtna`, of a message that is parsed already. */
export function readAtna(message: Node): AtnaAccess {
  const fields = newFields();
  const event = message.children.find(({ name }) => name === 'EventIdentification');
  const participants = message.children.filter(({ name }) => name === 'ActiveParticipant');
  // Of a query the program that asks is a requestor as much as the person at it (IHE ITI TF-2, the audit record of ITI-18).
  const asked = participants.filter((node) => attribute(node, 'UserIsRequestor') === 'true');
  const isProgram = (node: Node) => rolesOf(node).some((role) => role !== null && PROGRAM_ROLES.has(role));
  const person = asked.find((node) => !isProgram(node)) ?? asked[0] ?? participants[0];
  const objects = message.children.filter(({ name }) => name === 'ParticipantObjectIdentification');
  const eventCode = codeOf(event?.children.find(({ name }) => name === 'EventID')) ?? '';
  const actionCode = event === undefined ? null : attribute(event, 'EventActionCode');
  fields['action'] = EVENT_ACTIONS[eventCode] ?? ACTION_CODES[actionCode ?? ''] ?? 'read';
  if (eventCode === '110106' || eventCode === '110107') fields['action'] = eventCode === '110106' ? 'export' : 'create';
  fields['outcome'] =
    OUTCOMES[event === undefined ? '0' : (attribute(event, 'EventOutcomeIndicator') ?? '0')] ?? 'success';
  set(fields, 'event_code', eventCode === '' ? null : eventCode);
  const types = (event?.children ?? [])
    .filter(({ name }) => name === 'EventTypeCode')
    .map(codeOf)
    .filter((code) => code !== null);
  if (types.length > 0) fields['subtype'] = types;
  if (person !== undefined) {
    set(fields, 'user', attribute(person, 'UserID') ?? attribute(person, 'AlternativeUserID'));
    set(fields, 'role', codeOf(person.children.find(({ name }) => name === 'RoleIDCode')));
  }
  const machines = participants.filter((node) => node !== person);
  // The server is a participant too, in any order. Who asks is the source of a query (DICOM PS3.15 A.5.3.10).
  const client =
    (fields['action'] === 'search' ? machines.find((node) => rolesOf(node).includes('110153')) : undefined) ??
    machines.find((node) => attribute(node, 'UserID') !== null);
  const seats = [person, client, ...participants].filter((node) => node !== undefined);
  set(
    fields,
    'address',
    seats.map((node) => attribute(node, 'NetworkAccessPointID')).find((text) => text !== null) ?? null,
  );
  set(fields, 'device', client === undefined ? null : attribute(client, 'UserID'));
  const source = message.children.find(({ name }) => name === 'AuditSourceIdentification');
  set(
    fields,
    'source',
    source === undefined ? null : (attribute(source, 'AuditSourceID') ?? attribute(source, 'code')),
  );
  const purposes = [...(event?.children ?? []), ...participants.flatMap(({ children }) => children)]
    .filter(({ name }) => name === 'PurposeOfUse')
    .map(codeOf);
  set(fields, 'purpose', purposes.find((code) => code !== null) ?? null);
  fields['break_glass'] = purposes.some((code) => code === 'BTG' || code === 'ETREAT') ? 'true' : 'false';
  // Type 1, role 1 is the patient (RFC 3881 5.5.1 and 5.5.2).
  const isPatient = (node: Node) =>
    attribute(node, 'ParticipantObjectTypeCode') === '1' &&
    (attribute(node, 'ParticipantObjectTypeCodeRole') ?? '1') === '1';
  const ids = (nodes: readonly Node[]) => [
    ...new Set(nodes.map((node) => attribute(node, 'ParticipantObjectID')).filter((id) => id !== null)),
  ];
  // A CX: what follows the id says who assigned it.
  const patients = [...new Set(ids(objects.filter(isPatient)).map((id) => id.split('^', 1)[0] || id))];
  const others = ids(objects.filter((node) => !isPatient(node)));
  if (patients.length > 0) fields['patient'] = patients;
  if (others.length > 0) fields['resource'] = others;
  const atText = event === undefined ? null : attribute(event, 'EventDateTime');
  const reason = fields['break_glass'] === 'true' ? glassReasonOf(objects) : null;
  return { fields, logSource: ACCESS, atText, ...(reason === null ? {} : { glassReason: reason }) };
}

/** Details are base64 (RFC 3881 5.5.8). */
function glassReasonOf(objects: readonly Node[]): string | null {
  for (const detail of objects.flatMap(({ children }) => children)) {
    if (detail.name !== 'ParticipantObjectDetail' || !REASON_NAME.test(attribute(detail, 'type') ?? '')) continue;
    const text = Buffer.from(attribute(detail, 'value') ?? '', 'base64')
      .toString('utf8')
      .trim();
    if (text !== '') return text.slice(0, MAX_REASON);
  }
  return null;
}

/** Attribute names differ in their case between writers. */
function attribute(node: Node, name: string): string | null {
  const own =
    node.attributes[name] ??
    Object.entries(node.attributes).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return own === undefined || own === '' ? null : own;
}

function rolesOf(participant: Node): (string | null)[] {
  return participant.children.filter(({ name }) => name === 'RoleIDCode').map(codeOf);
}

function codeOf(node: Node | undefined): string | null {
  return node === undefined ? null : (attribute(node, 'csd-code') ?? attribute(node, 'code'));
}

function set(fields: Fields, name: string, text: string | null): void {
  if (text !== null) fields[name] = text;
}

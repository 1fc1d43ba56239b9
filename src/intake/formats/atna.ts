import { SaxesParser } from 'saxes';
import { type Fields, newFields } from '../../core/event.ts';
import { parseTime } from '../time.ts';
import type { Format, ReadContext, TextReader } from './format.ts';
import type { JsonObject } from './shape.ts';
import { ACCESS } from './shapes-fhir.ts';
import { ShapeReader } from './shapes.ts';

const MAX_DEPTH = 64;
const MAX_DOCUMENT = 4 * 1024 * 1024;

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

/** An XML document as a tree; `null` if it is not well-formed, too deep, or wants entities of its own. */
function parseXml(xml: string): Node | null {
  const root: Node = { name: '', attributes: {}, children: [], text: '' };
  const stack: Node[] = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('document types are not read');
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (stack.length > MAX_DEPTH) throw new Error('nested too deep');
    const node: Node = { name: name.replace(/^.*:/, ''), attributes, children: [], text: '' };
    stack.at(-1)?.children.push(node);
    stack.push(node);
  });
  parser.on('text', (text) => {
    const node = stack.at(-1);
    if (node !== undefined) node.text += text;
  });
  parser.on('cdata', (text) => {
    const node = stack.at(-1);
    if (node !== undefined) node.text += text;
  });
  parser.on('closetag', () => void stack.pop());
  try {
    parser.write(xml).close();
  } catch {
    return null;
  }
  return root.children[0] ?? null;
}

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

/**
 * An IHE ATNA audit message, in the attribute names of RFC 3881 or of DICOM PS3.15 A.5 (`csd-code`), as an access.
 *
 * @returns `null` if it is not one
 */
export function parseAtna(xml: string): { fields: Fields; logSource: typeof ACCESS; atText: string | null } | null {
  if (xml.length > MAX_DOCUMENT) return null;
  const message = parseXml(xml.slice(0, xml.lastIndexOf('>') + 1));
  return message?.name === 'AuditMessage' ? readAtna(message) : null;
}

function readAtna(message: Node): { fields: Fields; logSource: typeof ACCESS; atText: string | null } {
  const fields = newFields();
  const event = message.children.find(({ name }) => name === 'EventIdentification');
  const participants = message.children.filter(({ name }) => name === 'ActiveParticipant');
  const person = participants.find((node) => attribute(node, 'UserIsRequestor') === 'true') ?? participants[0];
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
  set(
    fields,
    'address',
    participants.map((node) => attribute(node, 'NetworkAccessPointID')).find((text) => text !== null) ?? null,
  );
  set(
    fields,
    'device',
    participants
      .filter((node) => node !== person)
      .map((node) => attribute(node, 'UserID'))
      .find((text) => text !== null) ?? null,
  );
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
  const patients = ids(objects.filter(isPatient));
  const others = ids(objects.filter((node) => !isPatient(node)));
  if (patients.length > 0) fields['patient'] = patients;
  if (others.length > 0) fields['resource'] = others;
  return { fields, logSource: ACCESS, atText: event === undefined ? null : attribute(event, 'EventDateTime') };
}

/** Attribute names differ in their case between writers. */
function attribute(node: Node, name: string): string | null {
  const own =
    node.attributes[name] ??
    Object.entries(node.attributes).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return own === undefined || own === '' ? null : own;
}

function codeOf(node: Node | undefined): string | null {
  return node === undefined ? null : (attribute(node, 'csd-code') ?? attribute(node, 'code'));
}

function set(fields: Fields, name: string, text: string | null): void {
  if (text !== null) fields[name] = text;
}

/** XML documents, one or many in a file: audit messages, and events as Event Viewer saves them. */
export const xml: Format = {
  name: 'xml',
  claims: ({ text }) =>
    /^\s*<(?:\?xml|AuditMessage|Events?[\s>])/.test(text) && /<(?:\w+:)?(?:AuditMessage|Event)[\s>]/.test(text)
      ? 80
      : 0,
  open: (context) => new XmlReader(context),
};

/** Cuts the documents out of the text by their closing tags, so that only one is held at a time. */
class XmlReader implements TextReader {
  readonly #context: ReadContext;
  readonly #shapes: ShapeReader;
  #text = '';
  #record = 0;
  #isBroken = false;

  constructor(context: ReadContext) {
    this.#context = context;
    this.#shapes = new ShapeReader(context);
  }

  push(text: string): void {
    this.#text += text;
    this.#cut();
    if (this.#text.length <= MAX_DOCUMENT) return;
    if (!this.#isBroken) this.#aside('document-too-long', 'an XML document is longer than 4 MiB');
    this.#isBroken = true;
    this.#text = '';
  }

  end(): void {
    this.#cut();
    if (/<(?:AuditMessage|Event)[\s>]/.test(this.#text))
      this.#aside('bad-xml', 'the text ends in the middle of a document');
  }

  #cut(): void {
    let from = 0;
    for (;;) {
      const start = this.#startAfter(from);
      if (start === null) break;
      const close = `</${start.name}>`;
      const end = this.#text.indexOf(close, start.at);
      if (end < 0) break;
      from = end + close.length;
      this.#isBroken = false;
      this.#one(this.#text.slice(start.at, from));
    }
    this.#text = this.#text.slice(from);
  }

  #startAfter(from: number): { at: number; name: string } | null {
    const opening = /<((?:\w{1,20}:)?(?:AuditMessage|Event))[\s>]/g;
    opening.lastIndex = from;
    const match = opening.exec(this.#text);
    return match === null ? null : { at: match.index, name: match[1] ?? '' };
  }

  #one(text: string): void {
    this.#record++;
    const tree = parseXml(text);
    if (tree === null) return this.#put('bad-xml', 'the XML is not well-formed');
    if (tree.name !== 'AuditMessage') return this.#shapes.read({ Event: toObject(tree) }, this.#record, null);
    const { fields, logSource, atText } = readAtna(tree);
    const time = parseTime(atText, this.#context.timeZone);
    this.#context.emit({
      record: this.#record,
      at: time?.at ?? null,
      atText,
      zoneAssumed: time?.zoneAssumed ?? false,
      logSource,
      fields,
      text: null,
    });
  }

  #aside(reason: string, detail: string): void {
    this.#record++;
    this.#put(reason, detail);
  }

  #put(reason: string, detail: string): void {
    this.#context.setAside({ record: this.#record, offset: null, reason, detail });
  }
}

/** An element as event log tools write it in JSON, so that both are read alike. */
function toObject(node: Node): JsonObject | string {
  const attributes = Object.entries(node.attributes).filter(([name]) => !name.startsWith('xmlns'));
  if (node.children.length === 0 && attributes.length === 0) return node.text;
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  if (attributes.length > 0) object['#attributes'] = Object.fromEntries(attributes);
  if (node.children.length === 0) object['#text'] = node.text;
  for (const child of node.children) {
    const value = toObject(child);
    const before = object[child.name];
    object[child.name] =
      before === undefined ? value : Array.isArray(before) ? [...(before as unknown[]), value] : [before, value];
  }
  return object;
}

import { SaxesParser } from 'saxes';
import type { JsonObject } from './shape.ts';

const MAX_DEPTH = 64;
export const MAX_DOCUMENT = 4 * 1024 * 1024;

/** An element. Its name is without the prefix. */
export interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

/** An XML document as a tree; `null` if it is not well-formed, too deep, or wants entities of its own. */
export function parseXml(xml: string): Node | null {
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

/** An element as event log tools write it in JSON, so that both are read alike. */
export function toObject(node: Node): JsonObject | string {
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

/** An element as FHIR writes it in JSON. Source: HL7 FHIR R4, “XML representation of resources”. */
export function toFhir(node: Node): JsonObject {
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const child of node.children) {
    const value = child.attributes['value'];
    const plain = value === 'true' ? true : value === 'false' ? false : value;
    const read = plain === undefined ? toFhir(child) : plain;
    const before = object[child.name];
    object[child.name] =
      before === undefined ? read : Array.isArray(before) ? [...(before as unknown[]), read] : [before, read];
  }
  return object;
}

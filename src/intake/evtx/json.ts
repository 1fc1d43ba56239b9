import type { EvtxRecord, ResolvedElement } from './record.ts';

/** What an element becomes: text, null, or an object with `#attributes`, `#text` and its children. */
export type Json = string | null | Json[] | { [name: string]: Json };

/**
 * A record as the JSON that event log tools write: `{"Event": {"System": {…}, "EventData": {…}}}`. Named data stand
 * under their names, unnamed ones in a list under `Data`; attributes under `#attributes`; a name that occurs more
 * than once becomes a list.
 */
export function toJson(record: EvtxRecord): Json {
  const object: { [name: string]: Json } = {};
  for (const root of record.tree()) object[root.name] = elementJson(root);
  return object;
}

function elementJson(element: ResolvedElement): Json {
  const { attributes, children, texts } = element;
  const object: { [name: string]: Json } = {};
  if (attributes.length > 0) object['#attributes'] = Object.fromEntries(attributes);
  for (const child of children) {
    const name = child.name === 'Data' ? child.attributes.find(([attribute]) => attribute === 'Name')?.[1] : undefined;
    if (name === undefined || name === '') append(object, child.name, elementJson(child));
    else append(object, name, textJson(child.texts));
  }
  const text = textJson(texts);
  if (children.length === 0 && attributes.length === 0) return text;
  if (texts.length > 0 && text !== null) object['#text'] = text;
  return object;
}

function textJson(texts: readonly (string | null)[]): Json {
  const [only = null] = texts;
  return texts.length <= 1 ? only : texts.map((text) => text ?? '');
}

function append(object: { [name: string]: Json }, name: string, value: Json): void {
  if (!Object.hasOwn(object, name)) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
    return;
  }
  const before = object[name] ?? null;
  object[name] = Array.isArray(before)
    ? [...before, ...(Array.isArray(value) ? value : [value])]
    : [before, ...(Array.isArray(value) ? value : [value])];
}

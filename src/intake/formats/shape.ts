import type { Fields, FieldValue, LogSource } from '../../core/event.ts';

/** A JSON object as the parser gives it. */
export type JsonObject = { readonly [name: string]: unknown };

/** An object read: its fields by Sigma's names, where it comes from, and its time as it stands. */
export interface ShapedEvent {
  readonly fields: Fields;
  readonly logSource: LogSource;
  readonly time: unknown;
  /** As `LogEvent` has it. */
  readonly glassReason?: string;
  /** True if every text of the fields stands in the object as the product wrote it. */
  readonly asWritten?: boolean;
  /** True if a time that names no zone is UTC all the same. */
  readonly timeIsUtc?: boolean;
}

/** One way in which a product writes its events as JSON: `null` if the object is not of it. */
export type Shape = (object: JsonObject) => ShapedEvent | readonly ShapedEvent[] | null;

/** Envelopes that hold a list of events, by the name of the list. */
const LISTS = [
  'Records',
  'records',
  'value',
  'results',
  'Events',
  'events',
  'logs',
  'entries',
  'items',
  'data',
  'logEvents',
];

/** The events inside an envelope (CloudTrail's `Records`, Graph's `value`, Elastic's hits); `null` if it is none. */
export function unwrap(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return null;
  const hits = isObject(value['hits']) ? value['hits']['hits'] : undefined;
  if (Array.isArray(hits)) return hits;
  const keys = Object.keys(value);
  if (keys.length > 8) return null;
  for (const name of LISTS) {
    const list = value[name];
    if (Array.isArray(list) && (list.length === 0 || list.some(isObject))) return list;
  }
  return null;
}

/** What envelopes say besides their list: pages, counts, whose log group it is. */
const ENVELOPE_WORDS =
  /^(?:[@_].*|hits|took|timed_out|total|count|size|limit|offset|init_offset|preview|messages|fields|highlighted|page.*|next.*|prev.*|has_?more|cursor|links|meta(?:data)?|paging|status|code|success|version|schema.*|messageType|owner|logGroup|logStream|subscriptionFilters|ResponseMetadata)$/i;
/** An event that has a list of its own keeps it if it is no longer. */
const OWN_LIST = 100;

/**
 * What an object with a list of events says besides, if that is more than an envelope does: then it is an event too
 * (`{"msg": …, "items": […]}` of some application), and must not be lost for the name of its list. `null`: no more.
 */
export function saidBesides(object: JsonObject, list: readonly unknown[]): JsonObject | null {
  const isListed = (name: string) => object[name] === list;
  const saysMore = Object.keys(object).some((name) => !isListed(name) && !ENVELOPE_WORDS.test(name));
  if (!saysMore || list.length <= OWN_LIST) return saysMore ? object : null;
  return Object.fromEntries(Object.entries(object).filter(([name]) => !isListed(name)));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parsed JSON is made of nothing but field values. */
export function asFields(object: JsonObject): Fields {
  return object as Fields;
}

export function asValue(value: unknown): FieldValue {
  return value as FieldValue;
}

/** The value under a dotted name, whether the object is nested or has the dots in its keys. */
export function at(object: JsonObject, dotted: string): unknown {
  if (Object.hasOwn(object, dotted)) return object[dotted];
  let value: unknown = object;
  for (const name of dotted.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

export function textAt(object: JsonObject, dotted: string): string | null {
  const value = at(object, dotted);
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null;
}

/** The first of these names that holds something. */
export function firstAt(object: JsonObject, names: readonly string[]): unknown {
  for (const name of names) {
    const value = at(object, name);
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

export const TIMES = [
  '@timestamp',
  'timestamp',
  'eventTime',
  'time',
  'TimeGenerated',
  'UtcTime',
  'EventTime',
  'ts',
  'datetime',
  'date',
  'created',
  'published',
  'StartTime',
  'start_time',
  'event_time',
  'eventTimestamp',
  'Timestamp',
  'DateTime',
  'Date',
  'Time',
];
const sources = new Map<string, LogSource>();

/** The same object for the same three words. */
export function sourceOf(product: string | null, category: string | null, service: string | null): LogSource {
  const key = `${product ?? ''}/${category ?? ''}/${service ?? ''}`.toLowerCase();
  let source = sources.get(key);
  if (source === undefined) {
    const [p = '', c = '', s = ''] = key.split('/');
    source = { ...(p && { product: p }), ...(c && { category: c }), ...(s && { service: s }) };
    if (sources.size < 10_000) sources.set(key, source);
  }
  return source;
}

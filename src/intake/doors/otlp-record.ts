import { isObject } from '../formats/shape.ts';
import type { Message } from '../message-reader.ts';

export type OtlpAttributes = Record<string, unknown>;

/** One log record, with the attributes of the resource that it came from. */
export interface OtlpRecord {
  readonly resource: OtlpAttributes;
  readonly attributes: OtlpAttributes;
  readonly body: unknown;
  /** UTC ms. */
  readonly at: number | null;
  readonly severity: string;
  readonly event: string;
}

/**
 * `ExportLogsServiceRequest` from its JSON. Source: OTLP 1.x, “JSON Protobuf Encoding”: 64-bit numbers are texts.
 *
 * @throws if it is no JSON, or no such request
 */
export function readOtlpJson(text: string): OtlpRecord[] {
  const request: unknown = JSON.parse(text);
  if (!isObject(request)) throw new TypeError('not an object');
  // Answered as taken, what has other names would be gone.
  if (Object.keys(request).length > 0 && !Array.isArray(request['resourceLogs']))
    throw new TypeError('no resourceLogs');
  const records: OtlpRecord[] = [];
  for (const resourceLogs of listAt(request, 'resourceLogs')) {
    const resource = attributesOf(isObject(resourceLogs) ? resourceLogs['resource'] : null);
    for (const scope of [...listAt(resourceLogs, 'scopeLogs'), ...listAt(resourceLogs, 'instrumentationLibraryLogs')])
      for (const record of listAt(scope, 'logRecords')) {
        if (!isObject(record)) {
          records.push({ resource, attributes: {}, body: record, at: null, severity: '', event: '' });
          continue;
        }
        const nanos = Number(record['timeUnixNano'] ?? 0) || Number(record['observedTimeUnixNano'] ?? 0);
        records.push({
          resource,
          attributes: attributesOf(record),
          body: anyOf(record['body'], 0),
          at: nanos > 0 ? Math.floor(nanos / 1e6) : null,
          severity: textOf(record['severityText']),
          event: textOf(record['eventName']),
        });
      }
  }
  return records;
}

function listAt(value: unknown, name: string): readonly unknown[] {
  const list = isObject(value) ? value[name] : null;
  return Array.isArray(list) ? list : [];
}

function attributesOf(value: unknown): OtlpAttributes {
  return mapOf(listAt(value, 'attributes'), 0);
}

function mapOf(pairs: readonly unknown[], depth: number): OtlpAttributes {
  const map: OtlpAttributes = {};
  for (const pair of pairs)
    if (isObject(pair) && typeof pair['key'] === 'string' && pair['key'] !== '__proto__')
      map[pair['key']] = anyOf(pair['value'], depth + 1);
  return map;
}

const MAX_DEPTH = 40;

function anyOf(value: unknown, depth: number): unknown {
  if (!isObject(value)) return null;
  if (depth > MAX_DEPTH) throw new RangeError('nested too deep');
  if ('intValue' in value) return Number(value['intValue']);
  if (isObject(value['arrayValue']))
    return listAt(value['arrayValue'], 'values').map((entry) => anyOf(entry, depth + 1));
  if (isObject(value['kvlistValue'])) return mapOf(listAt(value['kvlistValue'], 'values'), depth + 1);
  return value['stringValue'] ?? value['boolValue'] ?? value['doubleValue'] ?? value['bytesValue'] ?? null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The record as a message: a text alone is a line of some log; anything more is an event with fields. */
export function messageOf({ resource, attributes, body, at, severity, event }: OtlpRecord): Message | null {
  const host = resource['host.name'];
  const said = { ...(typeof host === 'string' && host !== '' ? { host } : {}), ...(at === null ? {} : { at }) };
  const labels = {
    ...(severity === '' ? {} : { Severity: severity }),
    ...(event === '' ? {} : { 'event.name': event }),
  };
  if (isObject(body)) return { kind: 'object', object: { ...resource, ...attributes, ...body }, ...said };
  const besides = { ...resource, ...attributes, ...labels };
  if (typeof body === 'string' && /^\s*[<{[]|CEF:|LEEF:/.test(body))
    return { kind: 'text', text: body, besides, ...said };
  const fields = { ...besides, ...(body === null ? {} : { Message: body }) };
  return Object.keys(fields).length === 0 ? null : { kind: 'object', object: fields, ...said };
}

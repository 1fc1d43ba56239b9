import { isObject, type JsonObject } from './shape.ts';
import { parseXml, toObject } from './xml-tree.ts';

/**
 * What shippers and search exports wrap each event in: Elastic's hits, Splunk's results and HTTP collector, EventBridge.
 *
 * @returns the event inside, or `null` if the object is no wrapping that is known
 */
export function unwrapOne(object: JsonObject): JsonObject | null {
  const { _source: source, result, event, detail } = object;
  if (isObject(source)) return source;
  if (isObject(result) && Object.keys(object).length <= 6) return result;
  if (isObject(event) && (object['sourcetype'] !== undefined || object['index'] !== undefined)) return event;
  if (isObject(detail) && object['detail-type'] !== undefined) return detail;
  return null;
}

/** Where the original line stands, in the order of how sure it is. */
const ORIGINALS = [
  'CloudTrailEvent',
  '_raw',
  'event.original',
  'original',
  'raw',
  'raw_message',
  'full_message',
  'message',
  'log',
];
/** Where else a text may stand. Of what is in these only an audit message is looked for: as a text it would name its patient. */
const TEXTS = [...ORIGINALS, 'Message', 'MESSAGE', 'msg', 'body', 'text'];
/** With syslog's header or without. */
const AUDIT_MESSAGE = /^\s*<(?:AuditMessage|[^]*<AuditMessage)[\s>]/;
/** Longer than this it is no event. */
const MAX_ORIGINAL = 1024 * 1024;

/** The event that stands as text in an object that says nothing else; `null` if there is none. */
export function embeddedIn(
  object: JsonObject,
): { kind: 'object'; object: JsonObject } | { kind: 'line'; text: string } | null {
  for (const name of TEXTS) {
    const text = valueOf(object, name);
    if (typeof text === 'string' && AUDIT_MESSAGE.test(text)) return { kind: 'line', text: text.trim() };
  }
  for (const name of ORIGINALS) {
    const value = valueOf(object, name);
    if (typeof value !== 'string' || value === '' || value.length > MAX_ORIGINAL) continue;
    const text = value.trim();
    if (text.startsWith('{')) {
      const inner = parsed(text);
      if (inner !== null) return { kind: 'object', object: inner };
    } else if (/^<Event[\s>]/.test(text)) {
      const tree = parseXml(text);
      if (tree !== null) return { kind: 'object', object: { Event: toObject(tree) } };
    } else if (/^EventCode=|[\r\n]EventCode=/.test(text)) return { kind: 'object', object: classicEvent(text) };
    // Without these marks any sentence could be taken for a line of a log.
    else if (
      /^<\d{1,3}>|^(?:node=\S{1,255} )?type=[A-Z_\d]{1,64} msg=audit\(|CEF:\d|LEEF:[12]\.|%[A-Z]+-\d-\w+:|\bdevid="?F|,(?:TRAFFIC|THREAT|GLOBALPROTECT),/.test(
        text,
      )
    )
      return { kind: 'line', text };
  }
  return null;
}

function valueOf(object: JsonObject, name: string): unknown {
  const nested = object['event'];
  return name === 'event.original' && isObject(nested) ? nested['original'] : object[name];
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Splunk's classic rendering of a Windows event: `LogName=Security`, a line each, the message last. */
function classicEvent(text: string): JsonObject {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const message = /(?:^|[\r\n])Message=([^]*)$/.exec(text)?.[1];
  const time = /^(\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d\d:\d\d(?:\.\d{1,9})?(?: [AP]M)?)/.exec(text)?.[1];
  for (const [, name = '', value] of text.slice(0, 100_000).matchAll(/^(\w{1,64})=([^\r\n]*)/gm)) {
    if (name === 'Message') break;
    fields[name] ??= value;
  }
  if (message !== undefined) fields['Message'] = message.trim();
  if (time !== undefined) fields['EventTime'] = time;
  fields['EventID'] = fields['EventCode'];
  return fields;
}

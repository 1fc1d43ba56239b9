import { type Fields, newFields } from '../../core/event.ts';
import {
  asFields,
  asValue,
  at,
  firstAt,
  isObject,
  type JsonObject,
  type Shape,
  type ShapedEvent,
  sourceOf,
  textAt,
} from './shape.ts';
import { channelOf } from './windows-channels.ts';
import { addMessageFields } from './windows-message.ts';

const WINDOWS = sourceOf('windows', null, null);
const TIMES = [
  'TimeCreated_SystemTime',
  '@timestamp',
  'TimeCreated',
  'UtcTime',
  'SystemTime',
  'EventTime',
  'timestamp',
  'TimeGenerated',
  'time',
  'EventReceivedTime',
  '_time',
];

/** `{"Event": {"System": …, "EventData": …}}`, as event log tools write it. */
const eventTree: Shape = (object) => {
  const event = isObject(object['Event']) ? object['Event'] : object;
  const system = event['System'];
  if (!isObject(system)) return null;
  const fields = newFields();
  for (const [name, value] of Object.entries(system)) addSystem(fields, name, value);
  for (const section of ['EventData', 'UserData', 'ProcessingErrorData']) {
    const data = event[section];
    if (section === 'EventData') addEventData(fields, data);
    else if (isObject(data)) for (const [name, value] of Object.entries(data)) addLeaf(fields, name, value, 0);
  }
  return finish(fields, fields['TimeCreated_SystemTime']);
};

function addSystem(fields: Fields, name: string, value: unknown): void {
  if (!isObject(value)) {
    if (value !== null && value !== undefined) fields[name] = asValue(value);
    return;
  }
  const attributes = isObject(value['#attributes']) ? value['#attributes'] : value;
  for (const [attribute, text] of Object.entries(attributes)) {
    const plain = attribute.replace(/^[@_]/, '');
    if (attribute === '#text' || attribute === 'Value' || attribute === '#attributes') continue;
    fields[`${name}_${plain}`] = asValue(text);
  }
  const text = value['#text'] ?? value['Value'] ?? value['$t'];
  if (text !== undefined) fields[name] = asValue(text);
}

function addEventData(fields: Fields, data: unknown): void {
  const list = Array.isArray(data) ? data : isObject(data) && Array.isArray(data['Data']) ? data['Data'] : null;
  if (list !== null) for (const entry of list) addData(fields, entry);
  if (!isObject(data)) return;
  for (const [name, value] of Object.entries(data)) {
    if (name === '#attributes' || (name === 'Data' && list !== null)) continue;
    if (name === 'Data' && isObject(value)) addData(fields, value);
    else add(fields, name.replaceAll(' ', ''), value);
  }
}

/** `{"@Name": "Image", "#text": "…"}` and its variants; text alone is unnamed data. */
function addData(fields: Fields, entry: unknown): void {
  if (!isObject(entry)) return add(fields, 'Data', entry);
  const attributes = isObject(entry['#attributes']) ? entry['#attributes'] : entry;
  const name = attributes['Name'] ?? attributes['@Name'] ?? attributes['_Name'];
  const text = entry['#text'] ?? entry['text'] ?? entry['$t'] ?? null;
  if (name === undefined && Array.isArray(text)) for (const each of text) add(fields, 'Data', each);
  else add(fields, typeof name === 'string' && name !== '' ? name.replaceAll(' ', '') : 'Data', text);
}

const MAX_DEPTH = 20;

function addLeaf(fields: Fields, name: string, value: unknown, depth: number): void {
  if (!isObject(value)) return add(fields, name, value);
  if (depth > MAX_DEPTH) return;
  for (const [inner, child] of Object.entries(value)) {
    if (inner === '#text') add(fields, name, child);
    else if (inner === '#attributes') {
      if (isObject(child))
        for (const [attribute, text] of Object.entries(child))
          if (!attribute.startsWith('xmlns')) add(fields, `${name}_${attribute}`, text);
    } else addLeaf(fields, inner, child, depth + 1);
  }
}

function add(fields: Fields, name: string, value: unknown): void {
  const own = asValue(isObject(value) && '#text' in value ? value['#text'] : value);
  const before = fields[name];
  if (before === undefined) fields[name] = own;
  // The system's own names are not for event data to take.
  else if (!(name in SYSTEM))
    fields[name] = [...(Array.isArray(before) ? before : [before]), ...(Array.isArray(own) ? own : [own])];
}

const SYSTEM: Readonly<Record<string, true>> = {
  EventID: true,
  Channel: true,
  Computer: true,
  Provider_Name: true,
  EventRecordID: true,
  Level: true,
  Version: true,
  Task: true,
  Opcode: true,
  Keywords: true,
};

function finish(fields: Fields, time: unknown): ShapedEvent {
  if (fields['Channel'] === undefined) {
    const provider = fields['Provider_Name'] ?? fields['SourceName'] ?? fields['ProviderName'];
    const channel = typeof provider === 'string' ? channelOf(provider, fields['EventID']) : null;
    if (channel !== null) fields['Channel'] = channel;
  }
  return { fields, logSource: WINDOWS, time };
}

/** In whose name an event was written. What the system and its two services write says nothing of who acted. */
function addWriter(fields: Fields, object: JsonObject): void {
  const sid = textAt(object, 'winlog.user.identifier');
  set(fields, 'Security_UserID', sid);
  const [domain, name] = [textAt(object, 'winlog.user.domain'), textAt(object, 'winlog.user.name')];
  if (name === null || /^S-1-5-(?:18|19|20)$/.test(sid ?? '')) return;
  set(fields, 'Security_UserName', domain === null ? name : `${domain}\\${name}`);
}

/** Winlogbeat 7 and later, and whatever writes ECS for Windows events; keys may be nested or dotted. */
const winlogbeat: Shape = (object) => {
  const channel = textAt(object, 'winlog.channel');
  const provider = textAt(object, 'winlog.provider_name');
  if (channel === null && provider === null) return null;
  const fields = newFields();
  set(fields, 'Channel', channel);
  set(fields, 'Provider_Name', provider);
  set(fields, 'EventID', textAt(object, 'winlog.event_id') ?? textAt(object, 'event.code'));
  set(fields, 'Computer', textAt(object, 'winlog.computer_name') ?? textAt(object, 'host.name'));
  set(fields, 'EventRecordID', textAt(object, 'winlog.record_id'));
  set(fields, 'Level', textAt(object, 'log.level'));
  addWriter(fields, object);
  copyData(fields, at(object, 'winlog.event_data'), object, 'winlog.event_data.');
  copyData(fields, at(object, 'winlog.user_data'), object, 'winlog.user_data.');
  set(fields, 'Execution_ProcessID', textAt(object, 'winlog.process.pid'));
  const message = at(object, 'message');
  if (typeof message === 'string') fields['Message'] = message;
  return finish(fields, firstAt(object, ['winlog.time_created', '@timestamp', 'event.created']));
};

/** Winlogbeat before 7: `log_name`, `event_id`, `event_data`. */
const oldWinlogbeat: Shape = (object) => {
  const channel = textAt(object, 'log_name');
  if (channel === null || textAt(object, 'event_id') === null) return null;
  const fields = newFields();
  set(fields, 'Channel', channel);
  set(fields, 'Provider_Name', textAt(object, 'source_name'));
  set(fields, 'EventID', textAt(object, 'event_id'));
  set(fields, 'Computer', textAt(object, 'computer_name'));
  set(fields, 'EventRecordID', textAt(object, 'record_number'));
  copyData(fields, at(object, 'event_data'), object, 'event_data.');
  copyData(fields, at(object, 'user_data'), object, 'user_data.');
  return finish(fields, at(object, '@timestamp'));
};

function set(fields: Fields, name: string, text: string | null): void {
  if (text !== null) fields[name] = text;
}

function copyData(fields: Fields, data: unknown, object: JsonObject, prefix: string): void {
  if (isObject(data)) for (const [name, value] of Object.entries(data)) copyParam(fields, name, value);
  else
    for (const [name, value] of Object.entries(object))
      if (name.startsWith(prefix)) copyParam(fields, name.slice(prefix.length), value);
}

/** Winlogbeat numbers unnamed data: param1, param2, … */
function copyParam(fields: Fields, name: string, value: unknown): void {
  if (/^param\d+$/.test(name)) add(fields, 'Data', value);
  add(fields, name.replaceAll(' ', ''), value);
}

/** One flat object, as NXLog, Splunk and the public data sets write. It is its own field dictionary. */
const flat: Shape = (object) => {
  const eventId = object['EventID'] ?? object['EventId'] ?? object['event_id'] ?? object['EventCode'] ?? object['Id'];
  if (eventId === undefined) return null;
  const channel =
    object['Channel'] ?? object['channel'] ?? object['LogName'] ?? object['Log Name'] ?? object['EventLog'];
  const provider =
    object['Provider_Name'] ??
    object['SourceName'] ??
    object['ProviderName'] ??
    object['Provider'] ??
    object['source_name'];
  if (typeof channel !== 'string' && (typeof provider !== 'string' || channelOf(provider, asValue(eventId)) === null))
    return null;
  const fields = asFields(object);
  if (object['EventID'] === undefined || isObject(eventId))
    fields['EventID'] = asValue(isObject(eventId) ? (eventId['#text'] ?? eventId['Value']) : eventId);
  if (object['Channel'] === undefined && typeof channel === 'string') fields['Channel'] = channel;
  if (object['Provider_Name'] === undefined && typeof provider === 'string') fields['Provider_Name'] = provider;
  if (object['Computer'] === undefined) {
    const host = firstAt(object, ['Hostname', 'ComputerName', 'MachineName', 'host', 'hostname']);
    if (typeof host === 'string') fields['Computer'] = host;
  }
  for (const nested of [object['EventData'], object['event_data'], object['UserData']]) {
    if (isObject(nested)) addEventData(fields, nested);
  }
  const time = firstAt(object, TIMES);
  // PowerShell's objects, Event Viewer's table and Splunk's classic form have the message, and no fields of its own.
  if (object['Id'] !== undefined || object['EventCode'] !== undefined || object['Event ID'] !== undefined) {
    const { Message: message, Channel: own } = finish(fields, time).fields;
    if (typeof message === 'string') addMessageFields(message, typeof own === 'string' ? own : '', fields);
  }
  return {
    ...finish(fields, time),
    // A channel that was made up from the provider stands nowhere in the object.
    asWritten: typeof channel === 'string',
    // Sysmon's own field, which names its zone by its name only.
    timeIsUtc: time !== undefined && time === object['UtcTime'],
  };
};

export const windowsShapes: readonly Shape[] = [flat, eventTree, winlogbeat, oldWinlogbeat];

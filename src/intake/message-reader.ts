import type { FieldValue, LogEvent } from '../core/event.ts';
import { xml } from './formats/xml.ts';
import type { Format, ReadContext, SetAside, TextReader } from './formats/format.ts';
import { formatOf } from './formats/index.ts';
import { keptLine } from './formats/line-format.ts';
import { isObject, saidBesides, unwrap } from './formats/shape.ts';
import { ShapeReader } from './formats/shapes.ts';
import { parseSyslog } from './formats/syslog.ts';

/** What an envelope said of the event in it, for events that do not say it themselves. */
interface Envelope {
  readonly host?: string;
  readonly at?: number;
  /** Fields beside a text. */
  readonly besides?: object;
}

/** One thing that a source sent, as its door took it. */
export type Message =
  /** A syslog message, a raw line, or any text that is a log by itself. */
  | ({ readonly kind: 'text'; readonly text: string } & Envelope)
  /** JSON that the door has parsed already. */
  | ({ readonly kind: 'object'; readonly object: object } & Envelope);

export interface ReadMessage {
  readonly events: readonly LogEvent[];
  readonly setAside: readonly SetAside[];
}

/** Reads messages that come one by one: each alone says what format it is in. */
export class MessageReader {
  readonly #timeZone: string;
  readonly #shapes: ShapeReader;
  readonly #context: ReadContext;
  #receivedAt = 0;
  #events: LogEvent[] = [];
  #setAside: SetAside[] = [];

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
    this.#context = this.#contextAt();
    this.#shapes = new ShapeReader(this.#context);
  }

  /** @param receivedAt for times that name no year */
  read(message: Message, receivedAt: number): ReadMessage {
    this.#receivedAt = receivedAt;
    this.#events = [];
    this.#setAside = [];
    if (message.kind === 'text') this.#text(message.text);
    else this.#object(message.object);
    if (message.besides !== undefined) this.#withBesides(message.besides, message.kind === 'text' ? message.text : '');
    if (message.host !== undefined || message.at !== undefined)
      this.#events = this.#events.map((event) => withEnvelope(event, message.host, message.at));
    return { events: this.#events, setAside: this.#setAside };
  }

  /** A text that came with fields or in an envelope is a message by itself, in whatever form; broken JSON is none. */
  #withBesides(besides: object, text: string): void {
    if (this.#events.length === 0 && text !== '' && !/^\s*\{/.test(text)) {
      this.#setAside = [];
      return this.#object({ ...besides, Message: text });
    }
    for (const { fields } of this.#events)
      for (const [name, value] of Object.entries(besides)) fields[name] ??= value as FieldValue;
  }

  #contextAt(): ReadContext {
    const now = () => this.#receivedAt;
    return {
      timeZone: this.#timeZone,
      get referenceTime() {
        return now();
      },
      mappings: [],
      emit: (event) => this.#events.push(event),
      setAside: (item) => this.#setAside.push(item),
    };
  }

  #object(object: object): void {
    // An event may itself have a list of the name that envelopes use.
    if (this.#shapes.readKnown(object, 1, null)) return;
    const inner = unwrap(object);
    if (inner === null) return this.#shapes.readOther(object, 1, null);
    const besides = isObject(object) ? saidBesides(object, inner) : null;
    if (besides !== null) this.#shapes.readOther(besides, 1, null);
    for (const entry of inner)
      if (isObject(entry)) this.#shapes.read(entry, 1, null);
      else this.#aside('not-an-object', 'an entry of the list is not an object');
  }

  #text(text: string): void {
    const start = text.trimStart();
    if (start.startsWith('<') && /^<\d/.test(start)) return this.#syslog(text);
    if (start.startsWith('{') || start.startsWith('[')) {
      const value = parsed(start);
      if (value !== null) return this.#object(value);
    }
    if (start.startsWith('<')) return this.#file(xml, text);
    const format = formatOf({ text, lines: text.split(/\r?\n/, 200) });
    if (format !== null) return this.#file(format, text);
    this.#aside('unknown-text-format', 'the text is in no format that is known here');
  }

  #syslog(text: string): void {
    const read = parseSyslog(text, this.#context);
    if (read === null) return this.#aside('empty', 'the message is empty');
    if ('reason' in read) return this.#aside(read.reason, read.detail);
    const { fields, logSource, time, atText, glassReason } = read;
    const message = fields['Message'];
    // Shippers put whole events into a message as JSON, with or without the cookie that says so.
    const body = typeof message === 'string' ? /^\s*(?:@cee:\s*)?(\{[^]*\})\s*$/.exec(message)?.[1] : undefined;
    const object = body === undefined ? null : parsed(body);
    if (object !== null && !Array.isArray(object)) {
      this.#object(object);
      const host = typeof fields['Hostname'] === 'string' ? fields['Hostname'] : undefined;
      this.#events = this.#events.map((event) => withEnvelope(event, host, time?.at));
      return;
    }
    this.#events.push({
      record: 1,
      at: time?.at ?? null,
      atText,
      zoneAssumed: time?.zoneAssumed ?? false,
      logSource,
      fields,
      text: keptLine(text, logSource),
      ...(glassReason === undefined ? {} : { glassReason }),
    });
  }

  #file(format: Format, text: string): void {
    const reader: TextReader = format.open(this.#context);
    reader.push(text);
    reader.end();
    if (this.#events.length === 0 && this.#setAside.length === 0)
      this.#aside('empty', `it begins like ${format.name} but holds no event`);
  }

  #aside(reason: string, detail: string): void {
    this.#setAside.push({ record: null, offset: null, reason, detail });
  }
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

const HOST_FIELDS = ['Computer', 'Hostname', 'host', 'hostname', 'host.name', 'ComputerName'];

/** What the envelope said, where the event itself does not. */
function withEnvelope(event: LogEvent, host: string | undefined, at: number | undefined): LogEvent {
  const needsHost = host !== undefined && !HOST_FIELDS.some((name) => event.fields[name] !== undefined);
  if (!needsHost && (event.at !== null || at === undefined)) return event;
  const fields = needsHost ? Object.assign(event.fields, { Hostname: host }) : event.fields;
  return { ...event, fields, at: event.at ?? at ?? null };
}

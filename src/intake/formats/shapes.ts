import type { FieldValue } from '../../core/event.ts';
import { parseTime } from '../time.ts';
import { BAD_AUDIT_MESSAGE } from './atna.ts';
import type { ReadContext } from './format.ts';
import { embeddedIn, unwrapOne } from './embedded.ts';
import { keptLine } from './line-format.ts';
import { asFields, firstAt, type JsonObject, type Shape, type ShapedEvent, sourceOf, textAt, TIMES } from './shape.ts';
import { cloudShapes } from './shapes-cloud.ts';
import { ACCESS, fhirShapes } from './shapes-fhir.ts';
import { networkShapes } from './shapes-network.ts';
import { windowsShapes } from './shapes-windows.ts';
import { parseSyslog } from './syslog.ts';

/** The surer a shape is of its own, the earlier it stands. */
const SHAPES: readonly Shape[] = [...windowsShapes, ...fhirShapes, ...cloudShapes, ...networkShapes, declared];

/** Turns parsed objects into events. What an object is does not depend on those before it: logs are put together, and cut in parts. */
export class ShapeReader {
  readonly #context: ReadContext;

  constructor(context: ReadContext) {
    this.#context = context;
  }

  /** Reads an object that JSON.parse made; `json` is what it was made of, where that holds this object alone. */
  read(object: object, record: number, json: string | null): void {
    if (!this.readKnown(object, record, json)) this.readOther(object, record, json);
  }

  /** Reads the object if it is of a shape that is known, as it stands. */
  readKnown(object: object, record: number, json: string | null): boolean {
    for (const shape of SHAPES) {
      const found = shape(object as JsonObject);
      if (found === null) continue;
      this.#emit(found, record, json);
      return true;
    }
    return false;
  }

  /** Reads an object that is of no shape: what it wraps or carries may be; else it is its own fields. */
  readOther(object: object, record: number, json: string | null): void {
    const source = object as JsonObject;
    const inner = unwrapOne(source);
    if (inner !== null && this.readKnown(inner, record, json)) return;
    if (this.#readEmbedded(inner ?? source, record)) return;
    this.#emit(anything(inner ?? source), record, json);
  }

  /** An event that a shipper carries as text in one of its own fields. */
  #readEmbedded(object: JsonObject, record: number): boolean {
    const embedded = embeddedIn(object);
    if (embedded === null) return false;
    // The line's own text has the inner one escaped once more: it is no help in a search.
    if (embedded.kind === 'object') return this.readKnown(embedded.object, record, null);
    const read = parseSyslog(embedded.text, this.#context);
    if (read === null) return false;
    if ('reason' in read) {
      // As a line by itself would be: what is in it names a patient, and must not be kept as it stands.
      if (read.reason !== BAD_AUDIT_MESSAGE) return false;
      this.#context.setAside({ record, offset: null, ...read });
      return true;
    }
    const { fields, logSource, time, atText, glassReason } = read;
    // The envelope holds the audit message as it came.
    const besides = logSource.category === ACCESS.category ? hostIn(object) : asFields(object);
    for (const [name, value] of Object.entries(besides)) fields[name] ??= value;
    const own = firstAt(object, TIMES);
    const at = time ?? parseTime(own, this.#context.timeZone);
    this.#context.emit({
      record,
      at: at?.at ?? null,
      atText: atText ?? (typeof own === 'string' ? own : null),
      zoneAssumed: at?.zoneAssumed ?? false,
      logSource,
      fields,
      text: keptLine(embedded.text, logSource),
      ...(glassReason === undefined ? {} : { glassReason }),
    });
    return true;
  }

  #emit(found: ShapedEvent | readonly ShapedEvent[], record: number, json: string | null): void {
    if (isList(found)) for (const event of found) this.#emitOne(event, record, json);
    else this.#emitOne(found, record, json);
  }

  #emitOne(event: ShapedEvent, record: number, json: string | null): void {
    const timeZone = event.timeIsUtc === true ? 'UTC' : this.#context.timeZone;
    const parsed = parseTime(event.time, timeZone);
    this.#context.emit({
      record,
      at: parsed?.at ?? null,
      atText: typeof event.time === 'string' || typeof event.time === 'number' ? String(event.time) : null,
      zoneAssumed: event.timeIsUtc === true ? false : (parsed?.zoneAssumed ?? false),
      logSource: event.logSource,
      fields: event.fields,
      text: null,
      json: event.asWritten === true ? json : null,
      ...(event.glassReason === undefined ? {} : { glassReason: event.glassReason }),
    });
  }
}

/** The machine that the envelope names. */
function hostIn(object: JsonObject): Readonly<Record<string, FieldValue>> {
  const host = textAt(object, 'host.name') ?? textAt(object, 'host.hostname') ?? textAt(object, 'host');
  return host === null ? {} : { Hostname: host };
}

function isList(events: ShapedEvent | readonly ShapedEvent[]): events is readonly ShapedEvent[] {
  return Array.isArray(events);
}

/** An object that says itself, in Sigma's words, what it is. */
function declared(object: JsonObject): ShapedEvent | null {
  const word = (name: string) => {
    const value = object[name];
    return typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : null;
  };
  const [product, category, service] = [word('product'), word('category'), word('service')];
  if (product === null && category === null && service === null) return null;
  return { fields: asFields(object), logSource: sourceOf(product, category, service), time: firstAt(object, TIMES) };
}

const UNKNOWN = sourceOf(null, null, null);

function anything(object: JsonObject): ShapedEvent {
  return { fields: asFields(object), logSource: UNKNOWN, time: firstAt(object, TIMES) };
}

import { parseTime } from '../time.ts';
import type { ReadContext } from './format.ts';
import { asFields, firstAt, type JsonObject, type Shape, type ShapedEvent, sourceOf, TIMES } from './shape.ts';
import { cloudShapes } from './shapes-cloud.ts';
import { fhirShapes } from './shapes-fhir.ts';
import { networkShapes } from './shapes-network.ts';
import { windowsShapes } from './shapes-windows.ts';

/** The surer a shape is of its own, the earlier it stands. The last takes everything. */
const SHAPES: readonly Shape[] = [
  ...windowsShapes,
  ...fhirShapes,
  ...cloudShapes,
  ...networkShapes,
  declared,
  anything,
];

/** Turns parsed objects into events. The shape of the last object is tried first: a file's events are alike. */
export class ShapeReader {
  readonly #context: ReadContext;
  #last: Shape | null = null;

  constructor(context: ReadContext) {
    this.#context = context;
  }

  read(object: object, record: number): void {
    // JSON.parse made it: its keys are strings.
    const source = object as JsonObject;
    const events = this.#shape(source);
    for (const event of events) {
      const parsed = parseTime(event.time, this.#context.timeZone);
      this.#context.emit({
        record,
        at: parsed?.at ?? null,
        atText: typeof event.time === 'string' || typeof event.time === 'number' ? String(event.time) : null,
        zoneAssumed: parsed?.zoneAssumed ?? false,
        logSource: event.logSource,
        fields: event.fields,
        text: null,
      });
    }
  }

  #shape(object: JsonObject): readonly ShapedEvent[] {
    if (this.#last !== null && this.#last !== anything && this.#last !== declared) {
      const again = this.#last(object);
      if (again !== null) return asList(again);
    }
    for (const shape of SHAPES) {
      const found = shape(object);
      if (found === null) continue;
      this.#last = shape;
      return asList(found);
    }
    return [];
  }
}

function asList(events: ShapedEvent | readonly ShapedEvent[]): readonly ShapedEvent[] {
  return Array.isArray(events) ? events : [events as ShapedEvent];
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

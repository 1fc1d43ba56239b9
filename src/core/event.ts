/**
 * An event: one thing that happened, as one source said it. Formats make events, detectors read them.
 * Two forms, one meaning: `LogEvent` is a plain object, what a text format parses into; `EventView` is how a
 * detector reads any event, so that the EVTX reader need not build an object for a record no rule cares about.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UtcMs = number;

/**
 * What a field can hold. `undefined` is a field that the event does not have, `null` one that it has without a
 * value, `''` one whose value is empty text: three different things to a rule. A list is a field that occurs more
 * than once; a record is a nested object, which a rule reaches by a dotted name (`userIdentity.type`).
 */
export type FieldValue = string | number | boolean | null | undefined | readonly FieldValue[] | FieldRecord;

export interface FieldRecord {
  readonly [name: string]: FieldValue;
}

/** A dictionary without a prototype, so that a field called `__proto__` or `constructor` is only a field. */
export type Fields = Record<string, FieldValue>;

/** An empty dictionary without a prototype. Every parser builds its fields in one of these. */
export function newFields(): Fields {
  return new Dictionary();
}

/**
 * Inherits from an object that has nothing, instead of from nothing: V8 keeps such objects' fields in order and at
 * fixed places, where an `Object.create(null)` is a hash table that is three times slower to go through.
 */
const Dictionary = function () {} as unknown as new () => Fields;
Dictionary.prototype = Object.create(null) as object;

/** Sigma's three words for where an event comes from. Absent: the event does not say. All lower case. */
export interface LogSource {
  readonly product?: string;
  readonly category?: string;
  readonly service?: string;
}

/** One event as a plain object. */
export interface LogEvent {
  /**
   * Its place in its file, from 1: the physical line (blank ones included) in a line-based file, the element in an
   * array, the object in a file of concatenated objects, the record in an EVTX file. For an event made of several
   * lines (auditd): its first line.
   */
  readonly record: number;
  /** When it happened, or `null` if the event has no time or one that means nothing. */
  readonly at: UtcMs | null;
  /** The time as the event gave it, unchanged; `null` if it gave none. */
  readonly atText: string | null;
  /** True if the event's time named no zone, so that the site's own (`--timezone`) was assumed. */
  readonly zoneAssumed: boolean;
  /** What kind of source the format says this is. A Windows event has a `Channel` field instead. */
  readonly logSource: LogSource;
  /** Named as in the Sigma rules of that log source. */
  readonly fields: Fields;
  /** The raw line, for rules that search the whole text; `null` where the fields are all there is. */
  readonly text: string | null;
  /**
   * Why somebody broke the glass, in their own words. They may name anybody: no field, because whoever reads events need not
   * know, and never kept with the event.
   */
  readonly glassReason?: string;
  /** The JSON object it was read from, if every text of the event stands in there. Quicker to search; says nothing new. */
  readonly json?: string | null;
}

/** Where each field of a family of like events is found. Detectors look names up once per layout. */
export interface Layout {
  /** The slot of a field, or -1 if events of this layout never have it. Names are compared exactly. */
  slotOf(name: string): number;
}

/** Looks for any of some texts. Each may say yes wrongly, never no. */
export interface TextSearch {
  mayBeIn(text: string): boolean;
  /** UTF-16, little-endian. */
  mayBeInUtf16(bytes: Uint8Array, from: number, to: number): boolean;
  /** In a text within this JSON. */
  mayBeInJson(json: string): boolean;
}

/** One event, as a detector reads it. Valid until the reader moves on to its next event. */
export interface EventView {
  /** As in `LogEvent`. */
  readonly record: number;
  readonly at: UtcMs | null;
  /** The Windows channel in lower case, '' if the event has none. */
  readonly channel: string;
  /** The Windows event id, -1 if the event has none. */
  readonly eventId: number;
  /** What the format or the person says it is. The same object for like events, so that it can be a key. */
  readonly logSource: LogSource;
  readonly layout: Layout;
  /** The value in a slot that `layout.slotOf` gave. */
  valueAt(slot: number): FieldValue;
  /**
   * Every text in the event, for rules that search all of it.
   *
   * @param written true: values that are text in the source are enough; numbers, times, GUIDs and the like may be
   *   left out, because nothing that is searched for could be found in them
   */
  texts(written: boolean): readonly string[];
  /** False if no written text of the event can hold what is searched for; true may be wrong, and is where it cannot tell. */
  textsMayHold(search: TextSearch): boolean;
}

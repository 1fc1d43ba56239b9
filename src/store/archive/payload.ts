import assert from 'node:assert/strict';
import type { StoredEvent } from './stored-event.ts';

/**
 * Events as a payload of the journal: a first line that says what it is, then two lines for each event. The first
 * holds its columns as a JSON array, the second its fields as a JSON object, which goes on to the archive as it
 * stands: nobody has to read it on the way.
 */
const FIRST_LINE = 'wardwatch.events/1\n';

/** An event whose fields are still JSON. */
export interface EventLine {
  readonly event: Omit<StoredEvent, 'fields'>;
  readonly fieldsJson: string;
}

/** A payload is not made larger than this, unless one event alone is; and an event not at all. */
const MAX_PAYLOAD = 4 << 20;
const MAX_EVENT = 16 << 20;
const LEAST_SIZE = 4 << 10;
/** Longer texts are measured before room is made for them. */
const LARGE = 64 << 10;

/**
 * Writes events one by one, so that none of them has to be there any longer than that: of a thousand events that wait
 * for the disk as objects, the garbage collector moves each twice.
 */
export class PayloadWriter {
  readonly #done: Buffer[] = [];
  readonly #maxPayload: number;
  readonly #maxEvent: number;
  #bytes: Buffer;
  /** Zero: nothing is written yet. */
  #at = 0;

  /** @param expected bytes that all of it will take or so: then nothing is moved while it grows */
  constructor(expected = 0, maxPayload = MAX_PAYLOAD, maxEvent = MAX_EVENT) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(LEAST_SIZE, Math.min(expected, maxPayload)));
    this.#maxPayload = maxPayload;
    this.#maxEvent = maxEvent;
  }

  /**
   * @returns false if the event is too large to be kept
   * @throws if fields are no JSON (a cycle, a bigint), or `receivedAt` no time: a bug of whoever made them
   */
  add(event: StoredEvent): boolean {
    const columns = columnsJson(event);
    const fields = fieldsJson(event.fields);
    let most = 3 * (columns.length + fields.length) + 2;
    if (most > LARGE) most = Buffer.byteLength(columns) + Buffer.byteLength(fields) + 2;
    if (most > this.#maxEvent) return false;
    if (this.#at > 0 && this.#at + most > this.#maxPayload) this.#end();
    if (this.#at === 0) this.#at = this.#bytes.write(FIRST_LINE, 'latin1');
    this.#makeRoomFor(most);
    this.#line(columns);
    this.#line(fields);
    return true;
  }

  /** What was added, in payloads. None if that is nothing. */
  end(): readonly Buffer[] {
    if (this.#at > 0) this.#end();
    return this.#done;
  }

  #line(text: string): void {
    this.#at += this.#bytes.write(text, this.#at);
    this.#bytes[this.#at++] = 0x0a;
  }

  #makeRoomFor(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#at + count));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  #end(): void {
    this.#done.push(this.#bytes.subarray(0, this.#at));
    this.#bytes = Buffer.allocUnsafeSlow(LEAST_SIZE);
    this.#at = 0;
  }
}

/** The payload of some events, however large. @throws as `PayloadWriter.add` */
export function encodeEvents(events: readonly StoredEvent[]): Buffer {
  const writer = new PayloadWriter(0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  for (const event of events) writer.add(event);
  return writer.end()[0] ?? Buffer.from(FIRST_LINE, 'latin1');
}

function columnsJson(event: Omit<StoredEvent, 'fields'>): string {
  assert(Number.isFinite(event.receivedAt), `${event.id} was received at no time`);
  return JSON.stringify([
    event.id,
    Math.trunc(event.receivedAt),
    wholeTime(event.at),
    event.sourceId,
    event.product,
    event.category,
    event.service,
    event.channel,
    wholeNumber(event.eventId),
    event.host,
    event.account,
    event.address,
    event.text,
  ]);
}

/** The events of a payload, each read when it is its turn. None if the payload is of another kind. */
export function* eventLinesIn(payload: Buffer): Generator<EventLine> {
  if (payload.toString('latin1', 0, FIRST_LINE.length) !== FIRST_LINE) return;
  for (let at = FIRST_LINE.length; at < payload.length; ) {
    const between = payload.indexOf(0x0a, at);
    const end = payload.indexOf(0x0a, between + 1);
    // Written by `PayloadWriter`, and every byte checked by the journal.
    const columns = JSON.parse(payload.toString('utf8', at, between)) as Columns;
    const [id, receivedAt, at_, sourceId, product, category, service, channel, eventId, host, account, address, text] =
      columns;
    yield {
      event: {
        id,
        receivedAt,
        at: at_,
        sourceId,
        product,
        category,
        service,
        channel,
        eventId,
        host,
        account,
        address,
        text,
      },
      fieldsJson: payload.toString('utf8', between + 1, end),
    };
    at = end + 1;
  }
}

/** The events of a payload. None if it is of another kind. */
export function decodeEvents(payload: Buffer): StoredEvent[] {
  return Array.from(eventLinesIn(payload), eventOfLine);
}

export function eventOfLine({ event, fieldsJson: json }: EventLine): StoredEvent {
  const { text, ...columns } = event;
  return { ...columns, fields: JSON.parse(json) as StoredEvent['fields'], text };
}

type Text = string | null;
type Columns = [string, number, number | null, string, Text, Text, Text, Text, number | null, Text, Text, Text, Text];

function wholeTime(at: number | null): number | null {
  return at === null || !(Math.abs(at) <= 8.64e15) ? null : Math.trunc(at);
}

function wholeNumber(eventId: number | null): number | null {
  return eventId !== null && Number.isInteger(eventId) && Math.abs(eventId) <= 0x7fff_ffff ? eventId : null;
}

function fieldsJson(fields: StoredEvent['fields']): string {
  const json = JSON.stringify(fields);
  // Half a surrogate pair is JSON to JavaScript and to nobody else. It shows as an escape, here or wrongly in C:\ud.
  return json.includes('\\ud') ? JSON.stringify(wellFormed(fields)) : json;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const clean = Object.create(null) as Record<string, unknown>;
  for (const [name, entry] of Object.entries(value)) clean[name.toWellFormed()] = wellFormed(entry);
  return clean;
}

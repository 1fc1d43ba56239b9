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

/** The payload of some events. @throws if fields are no JSON (a cycle, a bigint), or `receivedAt` no time: a bug of whoever made them */
export function encodeEvents(events: readonly StoredEvent[]): Buffer {
  return encodeEventLines(events.map((event) => ({ event, fieldsJson: fieldsJson(event.fields) })));
}

/**
 * As `encodeEvents`, where the fields' JSON is at hand: making it is most of the cost (13 µs an event of 1.3 kB).
 * It must be one JSON object on one line, and without halves of surrogate pairs.
 */
export function encodeEventLines(lines: readonly EventLine[]): Buffer {
  let text = FIRST_LINE;
  for (const { event, fieldsJson: json } of lines) {
    assert(Number.isFinite(event.receivedAt), `${event.id} was received at no time`);
    const columns = [
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
    ];
    text += `${JSON.stringify(columns)}\n${json}\n`;
  }
  return Buffer.from(text, 'utf8');
}

/** `null` if the payload is of another kind. */
export function decodeEventLines(payload: Buffer): EventLine[] | null {
  if (payload.length < FIRST_LINE.length || payload.toString('latin1', 0, FIRST_LINE.length) !== FIRST_LINE)
    return null;
  const lines = payload.toString('utf8', FIRST_LINE.length).split('\n');
  const events: EventLine[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    // Written by `encodeEvents`, and every byte checked by the journal.
    const columns = JSON.parse(lines[index] ?? '') as Columns;
    const [id, receivedAt, at, sourceId, product, category, service, channel, eventId, host, account, address, text] =
      columns;
    events.push({
      event: {
        id,
        receivedAt,
        at,
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
      fieldsJson: lines[index + 1] ?? '{}',
    });
  }
  return events;
}

/** `null` if the payload is of another kind. */
export function decodeEvents(payload: Buffer): StoredEvent[] | null {
  return (
    decodeEventLines(payload)?.map(({ event, fieldsJson: json }) => {
      const { text, ...columns } = event;
      return { ...columns, fields: JSON.parse(json) as StoredEvent['fields'], text };
    }) ?? null
  );
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

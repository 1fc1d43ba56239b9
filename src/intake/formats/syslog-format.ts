import type { Format, ReadContext } from './format.ts';
import { lineReader, type LineResult, shareOf } from './line-format.ts';
import { ShapeReader } from './shapes.ts';
import { isPairs, looksLikeSyslog, parseBareMessage, parseSyslog } from './syslog.ts';

/** Syslog of RFC 5424 and of RFC 3164 as it is in the wild, whatever its message is made of. */
export const syslog: Format = {
  name: 'syslog',
  claims: ({ lines }) => Math.min(70, shareOf(lines, looksLikeSyslog) * 0.7),
  open: (context) => {
    const json = new JsonMessages(context);
    return lineReader(context, (line, record) => {
      // Files kept by hand have comments.
      if (line.startsWith('#') || line.trim() === '') return null;
      const read = parseSyslog(line, context);
      return read !== null && 'fields' in read && json.read(read, record) ? null : read;
    });
  },
};

const BARE = /^\s*(?:CEF:\d|LEEF:[12]\.|[^\t]{0,255}\tMSWinEventLog\t)/;

/** Bare messages of security products, one a line, without a syslog header. */
export const securityLines: Format = {
  name: 'security-lines',
  claims: ({ lines }) => Math.min(65, shareOf(lines, (line) => BARE.test(line) || isPairs(line)) * 0.65),
  open: (context) => lineReader(context, (line) => parseBareMessage(line, context)),
};

/** Shippers put whole events into a message as JSON, with or without the cookie that says so (`@cee:`). */
const JSON_MESSAGE = /^\s*(?:@cee:\s*)?(\{\s*"[^]*\})\s*$/;

/** Events inside the messages: what the header says fills in what they lack. */
class JsonMessages {
  readonly #shapes: ShapeReader;
  #header: Extract<LineResult, { fields: unknown }> | null = null;

  constructor(context: ReadContext) {
    this.#shapes = new ShapeReader({
      ...context,
      emit: (event) => {
        const header = this.#header;
        const host = header?.fields['Hostname'];
        if (typeof host === 'string') event.fields['Hostname'] ??= host;
        context.emit(
          event.at === null && header?.time
            ? { ...event, at: header.time.at, atText: header.atText, zoneAssumed: header.time.zoneAssumed }
            : event,
        );
      },
    });
  }

  /** @returns false if the message is no event of a shape that is known */
  read(header: Extract<LineResult, { fields: unknown }>, record: number): boolean {
    const { Message: message } = header.fields;
    const body = typeof message === 'string' ? JSON_MESSAGE.exec(message)?.[1] : undefined;
    if (body === undefined) return false;
    let object: unknown;
    try {
      object = JSON.parse(body);
    } catch {
      return false;
    }
    this.#header = header;
    return typeof object === 'object' && object !== null && this.#shapes.readKnown(object, record, null);
  }
}

import { type Fields, type FieldValue, type LogEvent, newFields } from '../../core/event.ts';
import type { Format, ReadContext, TextReader } from './format.ts';
import { readPairs } from './key-values.ts';
import { shareOf } from './line-format.ts';
import { LineReader } from './lines.ts';
import { sourceOf } from './shape.ts';

const AUDITD = sourceOf('linux', null, 'auditd');
const HEAD = /(?:^|\s)type=(\S{1,64}) msg=audit\((\d{1,12})\.(\d{1,3}):(\d{1,20})\):?\s?/;

/** Linux's audit log. The records of one event (same serial number) become one event. */
export const auditd: Format = {
  name: 'auditd',
  claims: ({ lines }) => Math.min(95, shareOf(lines, (line) => HEAD.test(line.slice(0, 400))) * 0.95),
  open: (context) => new AuditReader(context),
};

interface Pending {
  readonly record: number;
  readonly at: number;
  readonly lines: string[];
  readonly fields: Fields;
  /** Arguments that came in pieces, as far as they have. */
  readonly pieces: Map<string, string>;
}

/**
 * Records of an event may be mixed with others', also across a change of the clock: this many events are kept open,
 * and so much text.
 */
const MAX_PENDING = 64;
const MAX_TEXT = 8 * 1024 * 1024;
const MAX_LINES = 256;

class AuditReader implements TextReader {
  readonly #context: Pick<ReadContext, 'emit' | 'setAside'>;
  readonly #lines: LineReader;
  readonly #pending = new Map<string, Pending>();
  /** Characters of the lines that are kept. */
  #held = 0;

  constructor(context: Pick<ReadContext, 'emit' | 'setAside'>) {
    this.#context = context;
    this.#lines = new LineReader(
      (line, number) => this.#line(line, number),
      (record) =>
        context.setAside({ record, offset: null, reason: 'line-too-long', detail: 'the line is longer than 1 MiB' }),
    );
  }

  push(text: string): void {
    this.#lines.push(text);
  }

  end(): void {
    this.#lines.end();
    for (const serial of this.#pending.keys()) this.#emit(serial);
  }

  #line(line: string, record: number): void {
    if (line === '' || line === '----' || line.startsWith('time->')) return;
    const head = HEAD.exec(line);
    if (head === null)
      return this.#context.setAside(
        { record, offset: null, reason: 'no-header', detail: 'the line has no audit header' },
        line,
      );
    const [whole, type = '', seconds = '', ms = '', serial = ''] = head;
    const at = Number(seconds) * 1000 + Number(ms.padEnd(3, '0'));
    const key = `${seconds}.${ms}:${serial}`;
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      this.#release();
      pending = { record, at, lines: [], fields: newFields(), pieces: new Map() };
      this.#pending.set(key, pending);
    }
    // The end record may come before others of its event: time closes events, not it.
    if (type === 'EOE') return;
    if (pending.lines.length >= MAX_LINES)
      return this.#context.setAside(
        { record, offset: null, reason: 'too-many-records', detail: 'its event has more than 256 records already' },
        line,
      );
    this.#held += line.length;
    pending.lines.push(line);
    const body = line.slice(head.index + whole.length);
    addRecord(pending.fields, type, type === 'EXECVE' ? withoutPieces(body, pending.pieces) : body);
    const node = /^node=(\S{1,255}) /.exec(line)?.[1];
    if (node !== undefined) pending.fields['node'] = node;
  }

  /** The oldest make room: nothing more will come for them. */
  #release(): void {
    for (const serial of this.#pending.keys()) {
      if (this.#pending.size < MAX_PENDING && this.#held <= MAX_TEXT) break;
      this.#emit(serial);
    }
  }

  #emit(serial: string): void {
    const pending = this.#pending.get(serial);
    this.#pending.delete(serial);
    if (pending === undefined || pending.lines.length === 0) return;
    const { record, at, lines, fields, pieces } = pending;
    this.#held -= lines.reduce((sum, line) => sum + line.length, 0);
    for (const [name, text] of pieces) add(fields, name, text);
    addCommandLine(fields);
    this.#context.emit({
      record,
      at,
      atText: serial,
      zoneAssumed: false,
      logSource: AUDITD,
      fields,
      text: lines.join('\n'),
    });
  }
}

/** One record by itself, as shippers pass it on in syslog or in JSON; `null` if the text is none. */
export function parseAuditRecord(text: string): LogEvent | null {
  if (!/^(?:node=\S{1,255} )?type=/.test(text)) return null;
  const events: LogEvent[] = [];
  const reader = new AuditReader({ emit: (event) => events.push(event), setAside: () => undefined });
  reader.push(text.replaceAll('\n', ' '));
  reader.end();
  return events[0] ?? null;
}

/** Values that the kernel writes in hexadecimal when they hold spaces or quotes. */
const MAY_BE_HEX = /^(?:proctitle|name|comm|exe|cmd|cwd|path|data|acct|key|a\d+|ocomm)$/;

function addRecord(fields: Fields, type: string, body: string): void {
  add(fields, 'type', type);
  const own = newFields();
  // An enriched log has its names after a group separator (auditd.conf: log_format = ENRICHED), which rsyslog writes as #035.
  const [plain = '', enriched = ''] = body.split(/\u001d|#035/);
  const nested = /\bmsg='([^']*)'/.exec(plain);
  readPairs(nested === null ? plain : plain.replace(nested[0], ''), own);
  if (nested !== null) readPairs(nested[1] ?? '', own);
  for (const [name, value] of Object.entries(own)) {
    const isQuoted = plain.includes(`${name}="`);
    add(fields, name, typeof value === 'string' && MAY_BE_HEX.test(name) && !isQuoted ? decodeHex(value, type) : value);
  }
  if (enriched !== '') {
    const names = newFields();
    readPairs(enriched, names);
    for (const [name, value] of Object.entries(names)) add(fields, name, value);
  }
}

/** A long argument comes in pieces, `a1_len=15000 a1[0]=2D65… a1[1]=…`, some of them in records that follow. */
function withoutPieces(body: string, pieces: Map<string, string>): string {
  return body.replace(
    /(?<![^ ])(a\d{1,5})\[\d{1,6}\]=(?:"([^"]*)"|(\S*))/g,
    (_, name: string, quoted?: string, bare = '') => {
      pieces.set(name, (pieces.get(name) ?? '') + (quoted ?? decodeHex(String(bare), 'EXECVE')));
      return '';
    },
  );
}

function decodeHex(value: string, type: string): string {
  // SYSCALL's a0 … a3 are numbers that happen to be hexadecimal.
  if (type === 'SYSCALL' || value.length < 2 || value.length % 2 !== 0 || !/^[\dA-F]+$/.test(value)) return value;
  return Buffer.from(value, 'hex').toString('utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
}

const MAX_VALUES = 1000;
const MAX_MISSING = 256;

/** A name that several of an event's records have becomes a list. */
function add(fields: Fields, name: string, value: FieldValue): void {
  const before = fields[name];
  if (before === undefined) fields[name] = value;
  else if (Array.isArray(before)) {
    if (before.length < MAX_VALUES && !before.includes(value)) fields[name] = [...before, value];
  } else if (before !== value) fields[name] = [before, value];
}

/** EXECVE's arguments, put together again. */
function addCommandLine(fields: Fields): void {
  const types = fields['type'];
  const isExec = types === 'EXECVE' || (Array.isArray(types) && types.includes('EXECVE'));
  const count = Number(fields['argc']);
  if (!isExec || !Number.isInteger(count)) return;
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    const value = fields[`a${i}`];
    // What is not there may be missing, or the number made up.
    if (value === undefined && i >= MAX_MISSING) break;
    // A SYSCALL record has an a0 too: the text is EXECVE's.
    const text = Array.isArray(value) ? (value as readonly FieldValue[]).at(-1) : value;
    if (typeof text === 'string') words.push(text);
  }
  fields['CommandLine'] = words.join(' ');
}

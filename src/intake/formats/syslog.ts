import { type Fields, newFields } from '../../core/event.ts';
import { bsdTime, isoTime, isZoneWord, type ParsedTime, parseTime } from '../time.ts';
import { BAD_AUDIT_MESSAGE, parseAtna } from './atna.ts';
import { parseAuditRecord } from './auditd.ts';
import { parseCef, parseLeef } from './cef.ts';
import type { ReadContext } from './format.ts';
import { readPairs } from './key-values.ts';
import type { LineResult } from './line-format.ts';
import { sourceOf } from './shape.ts';
import { recogniseVendor } from './vendors/index.ts';

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const PRI = /^<(\d{1,3})>/;
/** Zones as devices write them. Any other word after the clock is a host, unless Cisco's `%` code follows it. */
const ZONE =
  '(?:UTC|GMT|BST|WES?T|CES?T|EES?T|MSK|IST|JST|SGT|HKT|AE[SD]T|NZ[SD]T|[ECMP][SD]T)(?=[:\\s])|[A-Za-z]{3,4}(?=:\\s+%)';
const BSD = new RegExp(
  `^\\*?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\\s+)?((?i:${MONTH}))\\s+(\\d{1,2})\\s+(?:((?:19|20)\\d\\d)\\s+)?(\\d{1,2}:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?)\\.?(?:\\s+((?:19|20)\\d\\d)(?=\\s|:))?(?:\\s+(${ZONE}))?:?\\s*`,
);
const ORIGIN = new RegExp(
  `^([^\\s:%<>[\\]]{1,255}):\\s*(?=[*.]?${MONTH}\\s+\\d{1,2}\\s+(?:\\d{4}\\s+)?\\d\\d:|(?:\\d{1,4}:\\d\\d:\\d\\d|\\d\\w\\d\\w): %)`,
);
const ISO_START = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,100})?\s?(?:Z|(?:GMT|UTC)(?=\s)|[+-]\d\d:?\d\d)?)\s*/;
/** NetScaler's own: `11/02/2026:09:49:00 GMT`, month first. */
const SLASHED_START = /^(\d\d\/\d\d\/\d{4}):(\d\d:\d\d:\d\d)\s+(?:(GMT|UTC)\s+)?/;

const BARRED = /^[\w.-]{1,64}=[^|]{0,1000}\|[\w.-]{1,64}=/;

/** True if the line has a header that is one of syslog's beyond doubt. */
export function looksLikeSyslog(line: string): boolean {
  const rest = line.replace(/^\d{1,6} (?=<)/, '').replace(PRI, '');
  return (
    rest.length < line.length ||
    BSD.test(rest) ||
    (ISO_START.test(rest) && /^\S+\s+[^\s:[]{1,64}(?:\[\d+\])?:/.test(rest.replace(ISO_START, '')))
  );
}

/** True for pairs of names and values, with blanks or with bars between them. */
export function isPairs(line: string): boolean {
  if (BARRED.test(line)) return true;
  const pairs = line.match(/(?:^|\s)[\w.-]{1,64}=/g);
  return pairs !== null && pairs.length >= 4;
}

/** The message of a security product alone, without a syslog header. */
export function parseBareMessage(line: string, context: ReadContext): LineResult {
  return message(line, newFields(), '', null, context);
}

export function parseSyslog(line: string, context: ReadContext): LineResult {
  // Octet counting (RFC 6587) leaves its count in files that were written from a stream.
  const framed = line.replace(/^\uFEFF/, '').replace(/^\d{1,6} (?=<\d)/, '');
  const fields = newFields();
  const pri = PRI.exec(framed);
  const rest = pri === null ? framed : framed.slice(pri[0].length).trimStart();
  if (pri !== null) {
    const value = Number(pri[1]);
    if (value > 191) return { reason: 'bad-priority', detail: 'the priority in angle brackets is above 191' };
    fields['Facility'] = FACILITIES[value >> 3] ?? String(value >> 3);
    fields['Severity'] = SEVERITIES[value & 7] ?? '';
  }
  return rest.startsWith('1 ') && pri !== null
    ? parse5424(rest.slice(2), fields, context)
    : parse3164(rest, fields, context, pri !== null);
}

/** RFC 5424 section 6, after the version. */
function parse5424(text: string, fields: Fields, context: ReadContext): LineResult {
  // Some write the version and the time of the new header and go on as in the old one.
  const meraki = /^(\d{9,11}\.\d{1,9}) (\S{1,255}) /.exec(text);
  if (meraki !== null) {
    const [whole, seconds = '', host = ''] = meraki;
    setAll(fields, { Hostname: host });
    return message(text.slice(whole.length), fields, '', timed(parseTime(seconds, 'UTC'), seconds), context);
  }
  // So too a blank for the T between date and time.
  const header = /^(\S+) (\S+) (\S+) (\S+) (\S+) ?/.exec(
    /^\d{4}-\d\d-\d\d \d\d:/.test(text) ? text.replace(' ', 'T') : text,
  );
  if (header === null || /^(?:CEF|LEEF):/.test(header[3] ?? ''))
    return ISO_START.test(text)
      ? parse3164(text, fields, context, true)
      : { reason: 'no-header', detail: 'the line ends within its syslog header' };
  const [whole, timestamp = '-', host = '-', program = '-', processId = '-', messageId = '-'] = header;
  const time = timestamp === '-' ? null : isoTime(timestamp, context.timeZone);
  if (timestamp !== '-' && time === null)
    return { reason: 'bad-time', detail: 'the time in the syslog header means nothing' };
  setAll(fields, { Hostname: host, ProcessName: program, ProcessID: processId, MessageID: messageId });
  const structured = readStructuredData(text.slice(whole.length), fields);
  if (structured === null) return { reason: 'bad-structured-data', detail: 'the structured data do not close' };
  return message(
    // rsyslog keeps the blank that stood behind the tag of the old header: what reads the message begins behind it.
    text.slice(whole.length + structured).replace(/^ *\uFEFF? */, ''),
    fields,
    program === '-' ? '' : program,
    timed(time, timestamp),
    context,
  );
}

function timed(time: ParsedTime | null, text: string): { time: ParsedTime | null; text: string } {
  return { time, text };
}

/**
 * `[id name="value"]…` or `-`; backslash escapes `"`, `\` and `]`.
 *
 * @returns the length, 0 if it is not structured data but the message already, or `null` if it does not close
 */
function readStructuredData(text: string, fields: Fields): number | null {
  if (text.startsWith('-')) return 1;
  let at = 0;
  while (text.charAt(at) === '[') {
    const id = /^\[([^\s=\]":]{1,64})(?=[ \]])/.exec(text.slice(at, at + 70))?.[1];
    // Check Point writes `[name:"value"; …]` in its place; others begin their message with a bracket.
    if (id === undefined) return text.includes(']', at) ? at : null;
    at += id.length + 1;
    for (;;) {
      while (text.charAt(at) === ' ') at++;
      if (text.charAt(at) === ']') break;
      // The blank that some put after the sign is in no specification, and does no harm.
      const start = /^([^\s=\]"]{1,64})= ?"/.exec(text.slice(at, at + 70));
      const name = start?.[1];
      if (start === null || name === undefined) return null;
      at += start[0].length;
      let value = '';
      for (; text.charAt(at) !== '"'; at++) {
        if (at >= text.length) return null;
        if (text.charAt(at) === '\\' && /["\\\]]/.test(text.charAt(at + 1))) at++;
        value += text.charAt(at);
      }
      at++;
      fields[`${id}.${name}`] ??= value;
      fields[name] ??= value;
    }
    at++;
  }
  return at;
}

/** RFC 3164 as devices write it: any part of the header may be missing or of another form. */
function parse3164(text: string, fields: Fields, context: ReadContext, hadPriority: boolean): LineResult {
  // Cisco numbers its messages: “<189>123: *Mar  1 …”.
  let rest = text.replace(/^\d{1,10}:\s+(?=[*.]?[A-Z][a-z]{2}\s|\d{4}-|%|[^\s:]{1,255}:\s)/, '');
  // With “logging origin-id” it says who it is before the time, and without a clock it counts from its start.
  const origin = ORIGIN.exec(rest);
  if (origin !== null) {
    setAll(fields, { Hostname: origin[1] ?? '' });
    rest = rest.slice(origin[0].length);
  }
  rest = rest.replace(/^\.(?=[A-Z][a-z]{2} )/, '');
  let time: { time: ParsedTime | null; text: string } | null = null;
  const bsd = BSD.exec(rest);
  const iso = bsd === null ? ISO_START.exec(rest) : null;
  const slashed = SLASHED_START.exec(rest);
  if (bsd !== null) {
    const [whole, month = '', day = '', yearBefore, clock = '', yearAfter, zone] = bsd;
    time = timed(
      bsdTime(
        month,
        day,
        clock,
        yearBefore ?? yearAfter ?? null,
        context.referenceTime,
        context.timeZone,
        zone !== undefined && isZoneWord(zone) ? zone : undefined,
      ),
      whole.trim().replace(/:$/, ''),
    );
    rest = rest.slice(whole.length);
  } else if (iso !== null) {
    time = timed(isoTime((iso[1] ?? '').trim(), context.timeZone), iso[1] ?? '');
    rest = rest.slice(iso[0].length);
  } else if (slashed !== null) {
    const [whole, date = '', clock = '', zone] = slashed;
    const [month = '', day = '', year = ''] = date.split('/');
    time = timed(isoTime(`${year}-${month}-${day} ${clock}${zone ?? ''}`, context.timeZone), whole.trim());
    rest = rest.slice(whole.length);
  } else if (!hadPriority) return message(rest, fields, '', null, context);
  if (time !== null && time.time === null)
    return { reason: 'bad-time', detail: 'the time in the syslog header means nothing' };

  // AIX says so of what it passes on.
  rest = rest.replace(/^Message forwarded from (?=\S{1,255}: )/, '');

  // A host is a word before the tag; a line that starts with its tag (or a message code) has none.
  const host = /^(?:%?[^\s:[\]=<>]{1,255}|\[?[\da-fA-F:.]{3,45}\]?):?(?=\s|$)/.exec(rest)?.[0];
  const isTag =
    host === undefined ||
    host.startsWith('%') ||
    (host.endsWith(':') && !/^\S+:\s+(?:\S+\[\d+\]|%|[^\s:]+):/.test(rest));
  // Without a time there is no header (RFC 3164 section 4.3.3), unless what follows the word can only be a tag.
  const hasHost = time !== null || (hadPriority && /^\S+\s+(?:%|[^\s:[\]=]{1,64}(?:\[\d{1,10}\])?:)/.test(rest));
  if (host !== undefined && !isTag && hasHost && origin === null) {
    setAll(fields, { Hostname: host.replace(/:$/, '') });
    rest = rest.slice(host.length).trimStart().replace(/^:\s*/, '');
  }
  const tag =
    /^([^\s:[\](){}"'=,|<>]{1,128})(?:\(([\w-]{1,64})\))?(?:\[(\d{1,10})\])?:(?:\s+|$)/.exec(rest) ??
    // Some leave the blank out. What is no plain word may be a path or an address.
    /^([\w.-]{1,64})()(?:\[(\d{1,10})\]):(?=\S)/.exec(rest) ??
    (host !== undefined && hasHost ? /^([A-Za-z][\w.-]{1,63})()():(?=[A-Za-z])/.exec(rest) : null) ??
    /^([^\s:[\](){}"'=,|<>]{1,64})()\[(\d{1,10})\]\s+/.exec(rest);
  const program = tag?.[1] ?? '';
  if (tag !== null && !program.startsWith('%') && !/^(?:CEF|LEEF)$/.test(program)) {
    setAll(fields, { ProcessName: program, ProcessID: tag[3] ?? '-' });
    rest = rest.slice(tag[0].length);
  }
  return message(rest, fields, program, time, context);
}

/** What the message itself is made of, which is where it comes from. */
function message(
  text: string,
  fields: Fields,
  program: string,
  time: { time: ParsedTime | null; text: string } | null,
  context: ReadContext,
): LineResult {
  fields['Message'] = text;
  const structured = parseCef(text) ?? parseLeef(text);
  if (structured !== null) for (const [name, value] of Object.entries(structured)) fields[name] ??= value;
  const isAtna = /<AuditMessage[\s>]/.test(text);
  const atna = isAtna ? parseAtna(text.slice(text.indexOf('<'))) : null;
  // What is in it can not be told from what names a patient: sealed, for a person to look at.
  if (isAtna && atna === null)
    return { reason: BAD_AUDIT_MESSAGE, detail: 'the audit message in it is not well-formed' };
  if (atna !== null) {
    // The header says when it was sent: hours later, where a device kept it until the network was back.
    const own = isoTime(atna.atText ?? '', context.timeZone);
    return { ...atna, time: own ?? time?.time ?? null, atText: own === null ? (time?.text ?? null) : atna.atText };
  }
  const audit = parseAuditRecord(text);
  if (audit !== null)
    return {
      fields: Object.assign(fields, audit.fields),
      logSource: audit.logSource,
      time: audit.at === null ? null : { at: audit.at, zoneAssumed: false },
      atText: audit.atText,
    };
  const vendor = recogniseVendor(text, fields, program);
  const isBarred = BARRED.test(text);
  if (program === 'sudo') readSudo(text, fields);
  else if (SERVICE_OF[program] === 'sshd') readSshd(text, fields);
  else if (vendor === null && structured === null && isPairs(text)) readPairs(text, fields, isBarred ? '|' : ' ');
  const own = time ?? vendorTime(fields, context);
  // With a priority it is syslog, however odd the rest (RFC 3164 section 4.3.3); without one it may be anything.
  const isSyslog = fields['Facility'] !== undefined;
  if (!isSyslog && time === null && own === null && structured === null && vendor === null && !isPairs(text)) {
    return { reason: 'no-header', detail: 'the line has no header that is known here' };
  }
  return {
    fields,
    logSource: vendor ?? linuxSource(program, fields),
    time: own?.time ?? null,
    atText: own?.text ?? null,
  };
}

/** Times inside the message, for lines without a header. */
function vendorTime(fields: Fields, context: ReadContext): { time: ParsedTime | null; text: string } | null {
  const joined =
    typeof fields['date'] === 'string' && typeof fields['time'] === 'string'
      ? `${fields['date']} ${fields['time']}`
      : null;
  for (const text of [
    joined,
    fields['eventtime'],
    fields['rt'],
    fields['devTime'],
    fields['time'],
    fields['timestamp'],
    fields['start'],
    fields['EventTime'],
    fields['receive_time'],
  ]) {
    if (typeof text !== 'string') continue;
    const digits = /^\d{10,19}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    const ms = digits < 1e11 ? digits * 1000 : digits < 1e14 ? digits : digits / 1e6;
    if (!Number.isNaN(ms)) return timed({ at: Math.floor(ms), zoneAssumed: false }, text);
    const time = parseTime(text, context.timeZone);
    if (time !== null) return timed(time, text);
  }
  return null;
}

function setAll(fields: Fields, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) if (value !== '-' && value !== '') fields[name] = value;
}

/** Sigma's Linux services go by program; what has no service of its own is plain syslog. */
const SERVICE_OF: Readonly<Record<string, string>> = {
  sshd: 'sshd',
  'sshd-session': 'sshd',
  sudo: 'sudo',
  su: 'auth',
  login: 'auth',
  'systemd-logind': 'auth',
  cron: 'cron',
  crond: 'cron',
  clamd: 'clamav',
  freshclam: 'clamav',
  vsftpd: 'vsftpd',
  guacd: 'guacamole',
  useradd: 'auth',
  userdel: 'auth',
  usermod: 'auth',
  groupadd: 'auth',
  groupdel: 'auth',
  groupmod: 'auth',
  gpasswd: 'auth',
  passwd: 'auth',
  chpasswd: 'auth',
  chage: 'auth',
  newusers: 'auth',
  polkitd: 'auth',
  'polkit-agent-helper-1': 'auth',
  pkexec: 'auth',
  doas: 'auth',
  runuser: 'auth',
  unix_chkpwd: 'auth',
  'gdm-password': 'auth',
  lightdm: 'auth',
};

function linuxSource(program: string, fields: Fields) {
  const name = program.split('/').at(-1)?.toLowerCase() ?? '';
  const isAuth = fields['Facility'] === 'auth' || fields['Facility'] === 'authpriv';
  return sourceOf('linux', null, SERVICE_OF[name] ?? (isAuth ? 'auth' : 'syslog'));
}

/** `kim : TTY=pts/0 ; PWD=/home/kim ; USER=root ; COMMAND=/usr/bin/id -u`: the command may hold anything. */
function readSudo(text: string, fields: Fields): void {
  const command = /(?:^|; )COMMAND=([^]*)$/.exec(text)?.[1];
  if (command !== undefined) fields['COMMAND'] ??= command;
  for (const [, name = '', value] of text.slice(0, 10_000).matchAll(/(?:^|[;:] )([A-Z]{2,10})=([^;]*?)(?= ;|$)/g))
    if (name !== 'COMMAND') fields[name] ??= value;
  const user = /^\s*(\S{1,256}) : /.exec(text)?.[1];
  if (user !== undefined) fields['user'] ??= user;
}

/**
 * Who signed in over SSH and from where. The name may be anything that somebody typed, another `from … port …` too: only
 * the last one is the server's own.
 */
function readSshd(text: string, fields: Fields): void {
  const [, user, address] = SSHD.exec(text) ?? [];
  if (user === undefined || address === undefined) return;
  if (user !== '') fields['user'] ??= user;
  fields['src_ip'] ??= address;
}

const SSHD =
  /^(?:Accepted|Failed) [\w/-]{1,64} for (?:invalid user )?(.{0,256}) from ([\da-fA-F.:]{2,45})(?:%\w{1,32})? port \d{1,5}(?: ssh\d?)?(?:: [^\n]{0,512})?$/;

const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
];
const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

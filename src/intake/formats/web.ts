import { type Fields, newFields } from '../../core/event.ts';
import { commonLog, isoTime, type ParsedTime } from '../time.ts';
import type { Format, ReadContext } from './format.ts';
import { lineReader, type LineResult, shareOf } from './line-format.ts';
import { sourceOf } from './shape.ts';
import { addProxyNames, addWebServerNames } from './sigma-names.ts';

const WEB = sourceOf(null, 'webserver', null);
const IIS = sourceOf('windows', 'webserver', 'iis');
const PROXY = sourceOf(null, 'proxy', null);

/** W3C extended log files: IIS, and proxies that write the same. Source: W3C WD-logfile-960323. */
export const w3c: Format = {
  name: 'w3c',
  claims: ({ lines }) =>
    lines.slice(0, 20).some((line) => line.startsWith('#Fields:')) &&
    !lines.some((line) => line.startsWith('#separator'))
      ? 90
      : 0,
  open: (context) => {
    const state: W3cState = { fields: [], isProxy: false, isIis: false };
    return lineReader(context, (line) => parseW3c(line, state));
  },
};

interface W3cState {
  fields: string[];
  isProxy: boolean;
  isIis: boolean;
}

function parseW3c(line: string, state: W3cState): LineResult {
  if (line.startsWith('#')) {
    if (line.startsWith('#Fields:')) {
      state.fields = line
        .slice(8)
        .trim()
        .split(/[\s,]+/);
      state.isProxy =
        state.fields.some((name) => /^(?:r-host|cs-host|s-action|x-virus-id|sc-filter-result|rs\()/.test(name)) &&
        !state.fields.includes('cs-uri-stem');
    }
    if (/^#Software:.*Internet Information/.test(line)) state.isIis = true;
    return null;
  }
  if (state.fields.length === 0) return { reason: 'no-header', detail: 'a line stands before the #Fields header' };
  const cells = line.includes('\t') ? line.split('\t') : splitQuoted(line);
  if (cells.length < Math.min(3, state.fields.length))
    return { reason: 'too-few-columns', detail: 'the line has fewer columns than its header' };
  const fields = newFields();
  state.fields.forEach((name, i) => {
    const cell = cells[i];
    if (cell === undefined || cell === '-') return;
    const value = /user-agent|referer/i.test(name) ? cell.replaceAll('+', ' ') : cell;
    fields[name] = value;
    const plain = W3C_ALIASES[name.toLowerCase()];
    if (plain !== undefined) fields[plain] ??= value;
  });
  if (state.isProxy) addProxyNames(fields, proxyAddress(fields));
  else addWebServerNames(fields);
  const date = fields['date'];
  const clock = fields['time'];
  const text = typeof date === 'string' && typeof clock === 'string' ? `${date} ${clock}` : null;
  // W3C's own rule: dates and times are in GMT.
  const time = text === null ? null : isoTime(text, 'UTC');
  return {
    fields,
    logSource: state.isProxy ? PROXY : state.isIis ? IIS : WEB,
    time: time === null ? null : { at: time.at, zoneAssumed: false },
    atText: text,
  };
}

const W3C_ALIASES: Readonly<Record<string, string>> = {
  'cs(user-agent)': 'cs-user-agent',
  'cs(referer)': 'cs-referer',
  'cs(host)': 'cs-host',
  'cs(cookie)': 'cs-cookie',
  'c-agent': 'c-useragent',
  's-ip': 'dst_ip',
  'sc-bytes': 'bytes_in',
};

/** The whole address, from its parts where the log has only those. */
function proxyAddress(fields: Fields): string | null {
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const whole = text('cs-uri') ?? text('c-uri') ?? text('cs-url') ?? text('x-cs-uri');
  if (whole !== null) return whole;
  const host = text('cs-host') ?? text('cs-uri-host') ?? text('r-host');
  const path = text('cs-uri-path') ?? text('cs-uri-stem');
  if (host === null && path === null) return null;
  const query = text('cs-uri-query');
  const port = text('cs-uri-port');
  const scheme = text('cs-uri-scheme') ?? 'http';
  const isUsual = port === null || port === '80' || port === '443';
  const mark = query === null ? '' : query.startsWith('?') ? query : `?${query}`;
  return `${scheme}://${host ?? ''}${isUsual ? '' : `:${port}`}${path ?? ''}${mark}`;
}

function splitQuoted(line: string): string[] {
  return (line.match(/"[^"]*"|\S+/g) ?? []).map((cell) =>
    cell.startsWith('"') && cell.endsWith('"') && cell.length > 1 ? cell.slice(1, -1) : cell,
  );
}

const ACCESS =
  /^(?:(\S{1,255}) )?(\S{1,255}) (\S{1,255}) (\S{1,255}|"[^"]{0,255}") \[([^\]]{15,40})\] "((?:[^"\\]|\\.){0,65536})" (\d{3}|-) (\d+|-)(?: "((?:[^"\\]|\\.){0,65536})" "((?:[^"\\]|\\.){0,65536})")?/;

/** Apache's and nginx's access logs: common and combined, with or without the virtual host before them. */
export const accessLog: Format = {
  name: 'access-log',
  claims: ({ lines }) =>
    Math.min(
      85,
      shareOf(lines, (line) =>
        /\[\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "/.test(line.slice(0, 2000)),
      ) * 0.85,
    ),
  open: (context) => lineReader(context, (line) => parseAccess(line, context)),
};

function parseAccess(line: string, context: ReadContext): LineResult {
  if (line.startsWith('#')) return null;
  const parts = ACCESS.exec(line) ?? looseParts(line);
  if (parts === null)
    return { reason: 'not-an-access-line', detail: 'the line is not in the common or combined log format' };
  const [, virtualHost, client, , user, when = '', request = '', status, bytes, referer, agent] = parts;
  const fields = newFields();
  const [method, target = '', version] = request.split(' ');
  const mark = target.indexOf('?');
  setAll(fields, {
    'c-ip': client,
    'cs-username': user,
    'cs-host': virtualHost,
    'sc-status': status,
    'sc-bytes': bytes,
    'cs-referer': referer,
    'cs-user-agent': agent,
    'cs-method': /^[A-Z_-]{1,20}$/.test(method ?? '') ? method : undefined,
    'cs-uri-stem': mark < 0 ? target || request : target.slice(0, mark),
    'cs-uri-query': mark < 0 ? undefined : target.slice(mark + 1),
    'cs-version': version,
  });
  // Squid's own “combined” adds how it answered.
  const isProxy = /^ [A-Z_]{3,60}:[A-Z_]{3,60}/.test(line.slice((parts[0] ?? '').length).slice(0, 130));
  if (isProxy) addProxyNames(fields, target);
  else addWebServerNames(fields);
  return { fields, logSource: isProxy ? PROXY : WEB, time: commonLog(when, context.timeZone), atText: when };
}

const LOOSE_START = /^(?:(\S{1,255}) )?(\S{1,255}) (\S{1,255}) (\S{1,255}|"[^"]{0,255}") \[([^\]]{15,40})\] "/;
const LOOSE_END = /" (\d{3}|-) (\d+|-)(?: "([^]{0,65536}?)" "([^]{0,65536}?)")?(?: |$)/;

/** As `ACCESS`, for servers that do not escape the quotes in what was asked: attacks are full of them. */
function looseParts(line: string): readonly (string | undefined)[] | null {
  const start = LOOSE_START.exec(line);
  if (start === null) return null;
  const rest = line.slice(start[0].length);
  const end = LOOSE_END.exec(rest);
  if (end === null) return null;
  const whole = line.slice(0, start[0].length + end.index + end[0].trimEnd().length);
  return [whole, ...start.slice(1), rest.slice(0, end.index), ...end.slice(1)];
}

function setAll(fields: Fields, values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== '-' && value !== '') fields[name] = value;
}

const SQUID =
  /^(\d{9,11}\.\d{1,3})\s+(\d+)\s+(\S{1,255})\s+(\w+)\/(\d{3})\s+(\d+)\s+(\S{1,20})\s+(\S{1,65536})\s+(\S+)\s+(\S+)\s+(\S+)/;

/** Squid's native access log. */
export const squid: Format = {
  name: 'squid',
  claims: ({ lines }) => Math.min(85, shareOf(lines, (line) => SQUID.test(line)) * 0.85),
  open: (context) =>
    lineReader(context, (line) => {
      const parts = SQUID.exec(line);
      if (parts === null) return { reason: 'not-a-squid-line', detail: 'the line is not in Squid’s native format' };
      const [, seconds = '', duration, client, result, status, bytes, method, uri = '', user, hierarchy] = parts;
      const fields = newFields();
      setAll(fields, {
        'c-ip': client,
        'sc-status': status,
        'sc-bytes': bytes,
        'cs-method': method,
        'cs-username': user,
        action: result,
        duration,
        hierarchy,
        dst_ip: /\/([\da-fA-F.:]{3,45})$/.exec(hierarchy ?? '')?.[1],
      });
      addProxyNames(fields, uri);
      const time: ParsedTime = { at: Math.floor(Number(seconds) * 1000), zoneAssumed: false };
      return { fields, logSource: PROXY, time, atText: seconds };
    }),
};

import type { UtcMs } from '../core/event.ts';

/** A log's time, normalised. */
export interface ParsedTime {
  readonly at: UtcMs;
  /** True if it named no zone, so that the site's was taken. */
  readonly zoneAssumed: boolean;
}

const MONTHS: Readonly<Record<string, number>> = {
  jan: 0,
  feb: 1,
  mar: 2,
  apr: 3,
  may: 4,
  jun: 5,
  jul: 6,
  aug: 7,
  sep: 8,
  oct: 9,
  nov: 10,
  dec: 11,
};
/** 1970-01-02 to 2200: outside of it a number is no time of a log. */
const MIN = 86_400_000;
const MAX = 7_258_118_400_000;

/** Reads the forms in which formats write a time that stands alone; `null` for anything else. */
export function parseTime(value: unknown, timeZone: string): ParsedTime | null {
  if (typeof value === 'number') return epoch(value);
  if (typeof value !== 'string' || value.length > 64) return null;
  const text = value.trim();
  return (
    isoTime(text, timeZone) ??
    (/^\d{9,19}(?:\.\d+)?$/.test(text) ? epoch(Number(text)) : null) ??
    commonLog(text, timeZone) ??
    slashed(text, timeZone)
  );
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size. */
function epoch(number: number): ParsedTime | null {
  const ms = number < 1e11 ? number * 1000 : number < 1e14 ? number : number < 1e17 ? number / 1000 : number / 1e6;
  return ms >= MIN && ms <= MAX ? { at: Math.floor(ms), zoneAssumed: false } : null;
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/;

/** RFC 3339 and ISO 8601, with any number of fraction digits, a space for the T, and any form of zone or none. */
export function isoTime(text: string, timeZone: string): ParsedTime | null {
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = parts;
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  return assemble(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    ms,
    zone,
    timeZone,
  );
}

/** `10/Oct/2000:13:55:36 -0700`, as web servers write. */
export function commonLog(text: string, timeZone: string): ParsedTime | null {
  const parts = /^(\d{1,2})\/([A-Za-z]{3})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\s*([+-]\d\d:?\d\d))?$/.exec(text);
  const month = MONTHS[parts?.[2]?.toLowerCase() ?? ''];
  if (parts === null || month === undefined) return null;
  return assemble(
    Number(parts[3]),
    month,
    Number(parts[1]),
    Number(parts[4]),
    Number(parts[5]),
    Number(parts[6]),
    0,
    parts[7],
    timeZone,
  );
}

/** `11/2/2026 9:49:00 AM` as Windows exports write (month first), `2026/11/02 09:49:00` as firewalls do. */
function slashed(text: string, timeZone: string): ParsedTime | null {
  const firewall = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text);
  if (firewall !== null) {
    const [, year, month, day, hour, minute, second] = firewall.map(Number);
    return assemble(year ?? 0, (month ?? 0) - 1, day ?? 0, hour ?? 0, minute ?? 0, second ?? 0, 0, undefined, timeZone);
  }
  const us = /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,9}))? ?([AaPp][Mm])?$/.exec(text);
  if (us === null) return null;
  const half = us[8]?.toLowerCase();
  const hour = half === undefined ? Number(us[4]) : (Number(us[4]) % 12) + (half === 'pm' ? 12 : 0);
  const ms = Number((us[7] ?? '').padEnd(3, '0').slice(0, 3));
  return assemble(
    Number(us[3]),
    Number(us[1]) - 1,
    Number(us[2]),
    hour,
    Number(us[5]),
    Number(us[6]),
    ms,
    undefined,
    timeZone,
  );
}

/**
 * `Mar  1 12:00:00`, with or without a year before or after the clock. Without one, the year is taken that puts the
 * time nearest before `referenceTime`, or within a day after it (clocks differ).
 */
export function bsdTime(
  month: string,
  day: string,
  clock: string,
  year: string | null,
  referenceTime: UtcMs,
  timeZone: string,
  zone?: string,
): ParsedTime | null {
  const monthIndex = MONTHS[month.slice(0, 3).toLowerCase()];
  const parts = /^(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?$/.exec(clock);
  if (monthIndex === undefined || parts === null) return null;
  const ms = Number((parts[4] ?? '').padEnd(3, '0').slice(0, 3));
  const inYear = (of: number) =>
    assemble(of, monthIndex, Number(day), Number(parts[1]), Number(parts[2]), Number(parts[3]), ms, zone, timeZone);
  if (year !== null) return inYear(Number(year));
  const latest = referenceTime + MIN;
  const thisYear = new Date(latest).getUTCFullYear();
  // 29 February is only in some years: go back as far as the last leap year.
  for (let of = thisYear + 1; of >= thisYear - 8; of--) {
    const time = inYear(of);
    if (time !== null && time.at <= latest) return time;
  }
  return null;
}

function assemble(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
  zone: string | undefined,
  timeZone: string,
): ParsedTime | null {
  // A leap second is counted into the next minute, as the operating system does.
  if (month < 0 || month > 11 || day < 1 || hour > 24 || minute > 59 || second > 60) return null;
  const utc = Date.UTC(year, month, day, hour, minute, second, ms);
  if (new Date(Date.UTC(year, month, day)).getUTCDate() !== day || Number.isNaN(utc)) return null;
  if (zone === undefined) return { at: localToUtc(utc, timeZone), zoneAssumed: true };
  if (!/^[+-]/.test(zone)) return { at: utc, zoneAssumed: false };
  const sign = zone.startsWith('-') ? -1 : 1;
  const offset = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || '0');
  return { at: utc - sign * offset * 60_000, zoneAssumed: false };
}

/**
 * A wall clock's reading, given as if it were UTC, as the instant in a zone. In the hour that the spring change skips,
 * the clock that had not been changed is believed; in the hour that the autumn change repeats, its first pass.
 */
function localToUtc(wall: number, timeZone: string): UtcMs {
  if (timeZone === 'UTC') return wall;
  const before = offsetAt(wall - MIN, timeZone);
  const after = offsetAt(wall + MIN, timeZone);
  const first = wall - before;
  if (offsetAt(first, timeZone) === before) return first;
  const second = wall - after;
  return offsetAt(second, timeZone) === after ? second : first;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();
/** Zone changes fall on whole quarter hours. */
const STEP = 900_000;

/** What the zone adds to UTC at an instant, in ms. */
function offsetAt(at: UtcMs, timeZone: string): number {
  const key = `${timeZone}${Math.floor(at / STEP)}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value);
  const wall = Date.UTC(
    parts['year'] ?? 0,
    (parts['month'] ?? 1) - 1,
    parts['day'],
    parts['hour'],
    parts['minute'],
    parts['second'],
  );
  const offset = wall - Math.floor(at / 1000) * 1000;
  if (offsets.size > 10_000) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

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
/** Some write their fraction with sixty digits; longer than this is no time. */
const MAX_TIME = 128;

/** Reads the forms in which formats write a time that stands alone; `null` for anything else. */
export function parseTime(value: unknown, timeZone: string): ParsedTime | null {
  if (typeof value === 'number') return epoch(value);
  if (typeof value !== 'string' || value.length > MAX_TIME) return null;
  const text = value.trim();
  return (
    isoTime(text, timeZone) ??
    (/^\d{9,19}(?:\.\d+)?$/.test(text) ? epoch(Number(text)) : null) ??
    dotNet(text) ??
    commonLog(text, timeZone) ??
    slashed(text, timeZone) ??
    spelled(text, timeZone)
  );
}

/** `/Date(1793612940000)/`, as Windows PowerShell writes times in JSON: always UTC, whatever zone stands after. */
function dotNet(text: string): ParsedTime | null {
  const ms = /^\/Date\((\d{10,15})(?:[+-]\d{4})?\)\/$/.exec(text)?.[1];
  return ms === undefined ? null : epoch(Number(ms));
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size. */
function epoch(number: number): ParsedTime | null {
  const ms = number < 1e11 ? number * 1000 : number < 1e14 ? number : number < 1e17 ? number / 1000 : number / 1e6;
  return ms >= MIN && ms <= MAX ? { at: Math.floor(ms), zoneAssumed: false } : null;
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,100}))?)?)?\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/;
/** ISO 8601's basic form: `20261102T094900.5Z`. */
const ISO_BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(?:(\d\d)(?:[.,](\d{1,100}))?)?(Z|z|[+-]\d\d(?::?\d\d)?)?$/;

/**
 * `2026-11-02T09:49:00.123Z` as most write it, with or without a fraction and the Z: 60 ns where the expression and
 * the checks below take 400. `null`: not written so, which says nothing.
 */
function plainIsoTime(text: string, timeZone: string): ParsedTime | null {
  const { length } = text;
  if (length < 19 || length > 30) return null;
  const between = text.charCodeAt(10);
  if (
    text.charCodeAt(4) !== 0x2d ||
    text.charCodeAt(7) !== 0x2d ||
    (between !== 0x54 && between !== 0x20) ||
    text.charCodeAt(13) !== 0x3a ||
    text.charCodeAt(16) !== 0x3a
  )
    return null;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const [month, day, hour] = [twoDigits(text, 5), twoDigits(text, 8), twoDigits(text, 11)];
  const [minute, second] = [twoDigits(text, 14), twoDigits(text, 17)];
  // Days that not every month has, and what is no digit (NaN), are for the careful way.
  if (!(year >= 1970 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 28)) return null;
  if (!(hour < 24 && minute < 60 && second < 60)) return null;
  let at = 19;
  let ms = 0;
  if (at < length && text.charCodeAt(at) === 0x2e) {
    for (let scale = 100; ++at < length; scale /= 10) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      if (scale >= 1) ms += digit * scale;
    }
    if (at === 20) return null;
  }
  const isUtc = at === length - 1 && text.charCodeAt(at) === 0x5a;
  if (!isUtc && at !== length) return null;
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  return isUtc ? { at: utc, zoneAssumed: false } : { at: localToUtc(utc, timeZone), zoneAssumed: true };
}

/** NaN if they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** RFC 3339 and ISO 8601, with any number of fraction digits, a space for the T, and any form of zone or none. */
export function isoTime(text: string, timeZone: string): ParsedTime | null {
  const plain = plainIsoTime(text, timeZone);
  if (plain !== null) return plain;
  if (text.length > MAX_TIME) return null;
  const parts = ISO.exec(text) ?? ISO_BASIC.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = parts;
  return assemble(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    milliseconds(fraction),
    zone,
    timeZone,
  );
}

/** Of a second's decimal digits, the first three. */
function milliseconds(fraction: string | undefined): number {
  return Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
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

/**
 * `2026/11/02 09:49:00` as firewalls write, and what Windows exports: `11/2/2026 9:49:00 AM` on an American machine
 * (month first), `02/11/2026 09:49:00` on a British one (day first). A time with AM or PM is read the American way,
 * one on the 24-hour clock the British, unless it would be no date then.
 */
function slashed(text: string, timeZone: string): ParsedTime | null {
  const firewall = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/.exec(text);
  if (firewall !== null) {
    const [, year, month, day, hour, minute, second] = firewall.map(Number);
    const ms = milliseconds(firewall[7]);
    return assemble(
      year ?? 0,
      (month ?? 0) - 1,
      day ?? 0,
      hour ?? 0,
      minute ?? 0,
      second ?? 0,
      ms,
      undefined,
      timeZone,
    );
  }
  const us = /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? (\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?([AaPp][Mm])?$/.exec(
    text,
  );
  if (us === null) return null;
  const half = us[8]?.toLowerCase();
  const hour = half === undefined ? Number(us[4]) : (Number(us[4]) % 12) + (half === 'pm' ? 12 : 0);
  const ms = milliseconds(us[7]);
  const [first, second] = [Number(us[1]), Number(us[2])];
  const isMonthFirst = first <= 12 && (half !== undefined || second > 12);
  return assemble(
    Number(us[3]),
    (isMonthFirst ? first : second) - 1,
    isMonthFirst ? second : first,
    hour,
    Number(us[5]),
    Number(us[6] ?? '0'),
    ms,
    undefined,
    timeZone,
  );
}

const SPELLED = [
  // `Fri Mar 19 15:33:30 2010`, as C's ctime writes, with or without a fraction or a zone before the year.
  /^(?:[A-Z][a-z]{2},? )?(?<month>[A-Z][a-z]{2}) {1,2}(?<day>\d{1,2}),? (?<clock>\d{1,2}:\d\d:\d\d(?:\.\d{1,9})?) (?:(?<zone>[A-Z]{1,4}|[+-]\d\d:?\d\d) )?(?<year>\d{4})$/,
  // `Mar 19, 2010 3:33:30 PM`; RFC 5322's `Fri, 19 Mar 2010 15:33:30 +0000`; `19-Mar-2010 15:33:30`.
  /^(?<month>[A-Z][a-z]{2}) {1,2}(?<day>\d{1,2}),? (?<year>\d{4}),? (?<clock>\d{1,2}:\d\d:\d\d(?:\.\d{1,9})?)(?: (?<half>[AaPp][Mm]))?(?: (?<zone>[A-Z]{1,4}|[+-]\d\d:?\d\d))?$/,
  /^(?:[A-Z][a-z]{2}, )?(?<day>\d{1,2})[ /-](?<month>[A-Z][a-z]{2})[ /-](?<year>\d{4})[ :,]+(?<clock>\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?)(?: (?<zone>[A-Z]{1,4}|[+-]\d\d:?\d\d))?$/,
] as const;

/** Times that spell their month out. */
function spelled(text: string, timeZone: string): ParsedTime | null {
  for (const form of SPELLED) {
    const { month = '', day, year, clock = '', half, zone } = form.exec(text)?.groups ?? {};
    const monthIndex = MONTHS[month.toLowerCase()];
    if (monthIndex === undefined) continue;
    const [hour = '', minute, second = ''] = clock.split(':');
    const [whole, fraction] = second.split(/[.,]/);
    const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
    const known = zone !== undefined && (/^[+-]/.test(zone) || isZoneWord(zone)) ? zone : undefined;
    return assemble(
      Number(year),
      monthIndex,
      Number(day),
      hours,
      Number(minute),
      Number(whole),
      milliseconds(fraction),
      known,
      timeZone,
    );
  }
  return null;
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
  const parts = /^(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,100}))?$/.exec(clock);
  if (monthIndex === undefined || parts === null) return null;
  const ms = milliseconds(parts[4]);
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

/** Minutes east of Greenwich. Words that mean several zones (`IST`, `AST`) are left out: the site's own is likelier. */
const ZONE_WORDS: Readonly<Record<string, number>> = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  WET: 0,
  BST: 60,
  WEST: 60,
  CET: 60,
  CEST: 120,
  EET: 120,
  EEST: 180,
  MSK: 180,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
};

/** True for the words whose zone is known. */
export function isZoneWord(word: string): boolean {
  return Object.hasOwn(ZONE_WORDS, word.toUpperCase());
}

/** Minutes east of Greenwich of `Z`, `+01`, `-0700`, `+01:00` or a word; `null` if it is no zone. */
function zoneOffset(zone: string): number | null {
  if (!/^[+-]/.test(zone)) return ZONE_WORDS[zone.toUpperCase()] ?? null;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  if (hours > 15 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
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
  // A leap second is counted into the next minute, as the operating system does. 24:00:00 is the day's end.
  if (month < 0 || month > 11 || day < 1 || hour > 24 || minute > 59 || second > 60) return null;
  if (hour === 24 && minute + second + ms > 0) return null;
  const utc = Date.UTC(year, month, day, hour, minute, second, ms);
  if (year < 1970 || !(utc <= MAX) || new Date(Date.UTC(year, month, day)).getUTCDate() !== day) return null;
  if (zone === undefined) return { at: localToUtc(utc, timeZone), zoneAssumed: true };
  const offset = zoneOffset(zone);
  return offset === null ? null : { at: utc - offset * 60_000, zoneAssumed: false };
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

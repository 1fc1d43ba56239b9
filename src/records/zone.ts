/** Local time of a site. Days are calendar dates there; instants are UTC milliseconds. */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Days since 1970-01-01 on the local calendar. */
export type LocalDay = number;

/** A time as it was written. `wholeDay`: a date without a time of day; `at` is then the day's first instant. */
export interface Moment {
  readonly at: number;
  readonly wholeDay: boolean;
}

export class Zone {
  readonly name: string;
  readonly #parts: Intl.DateTimeFormat;
  // Offsets change on whole quarter-hours of UTC in every zone in use: one look-up per quarter-hour is enough.
  readonly #offsets = new Map<number, number>();
  #lastQuarter = Number.NaN;
  #lastOffset = 0;

  /** @throws RangeError when there is no such zone */
  constructor(name: string) {
    this.name = name;
    this.#parts = new Intl.DateTimeFormat('en-GB', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Local time minus UTC at this instant, in ms. */
  offsetAt(at: number): number {
    const quarter = Math.floor(at / (15 * MINUTE_MS));
    if (quarter === this.#lastQuarter) return this.#lastOffset;
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      offset = this.#compute(quarter * 15 * MINUTE_MS);
      if (this.#offsets.size > 200_000) this.#offsets.clear();
      this.#offsets.set(quarter, offset);
    }
    this.#lastQuarter = quarter;
    this.#lastOffset = offset;
    return offset;
  }

  #compute(at: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#parts.formatToParts(at)) part[type] = Number(value);
    return (
      Date.UTC(
        part['year'] ?? 0,
        (part['month'] ?? 1) - 1,
        part['day'] ?? 1,
        part['hour'] ?? 0,
        part['minute'] ?? 0,
        part['second'] ?? 0,
      ) - at
    );
  }

  dayOf(at: number): LocalDay {
    return Math.floor((at + this.offsetAt(at)) / DAY_MS);
  }

  /** Hour of the local day, 0–23. */
  hourOf(at: number): number {
    const local = at + this.offsetAt(at);
    return Math.floor((local - Math.floor(local / DAY_MS) * DAY_MS) / HOUR_MS);
  }

  /** The instant at which clocks on the wall show this local time (ms since the local epoch). */
  toUtc(local: number): number {
    const guess = local - this.offsetAt(local);
    return local - this.offsetAt(guess);
  }

  startOf(day: LocalDay): number {
    return this.toUtc(day * DAY_MS);
  }

  /** `YYYY-MM-DD HH:MM`, as a reader on the site knows it. */
  clockText(at: number): string {
    const text = new Date(at + this.offsetAt(at)).toISOString();
    return `${text.slice(0, 10)} ${text.slice(11, 16)}`;
  }

  /**
   * Reads ISO 8601: a date, or a date and time with or without seconds, fraction and zone. Without a zone it is local.
   * @returns null when it is not one, or is no real date
   */
  read(text: string): Moment | null {
    const date = readDate(text);
    if (Number.isNaN(date)) return null;
    if (text.length === 10) return { at: this.toUtc(date), wholeDay: true };
    // The usual form, without the cost of the expression: 2026-03-02T08:00:00Z.
    if (text.length === 20 && text.charCodeAt(19) === 90 && text.charCodeAt(10) === 84) {
      const hours = numberAt(text, 11, 13);
      const minutes = numberAt(text, 14, 16);
      const seconds = numberAt(text, 17, 19);
      const isClock = text.charCodeAt(13) === 58 && text.charCodeAt(16) === 58;
      if (isClock && hours < 24 && minutes < 60 && seconds <= 60)
        return { at: date + hours * HOUR_MS + minutes * MINUTE_MS + seconds * 1000, wholeDay: false };
    }
    const clock = CLOCK.exec(text.slice(10));
    if (clock === null) return null;
    const [, hours = '', minutes = '', seconds = '0', fraction = '', zone] = clock;
    // ISO 8601 lets a day end at 24:00.
    const isMidnight = hours === '24' && Number(minutes) + Number(seconds) + Number(`0.${fraction}0`) === 0;
    if ((Number(hours) > 23 && !isMidnight) || Number(minutes) > 59 || Number(seconds) > 60) return null;
    const local =
      date +
      Number(hours) * HOUR_MS +
      Number(minutes) * MINUTE_MS +
      Number(seconds) * 1000 +
      (fraction === '' ? 0 : Math.floor(Number(`0.${fraction}`) * 1000));
    if (zone === undefined) return { at: this.toUtc(local), wholeDay: false };
    if (zone === 'Z' || zone === 'z') return { at: local, wholeDay: false };
    const sign = zone.startsWith('-') ? -1 : 1;
    const digits = zone.slice(1).replace(':', '');
    const offset = Number(digits.slice(0, 2)) * HOUR_MS + Number(digits.slice(2) || 0) * MINUTE_MS;
    if (offset > FURTHEST_MS || Number(digits.slice(2) || 0) > 59) return null;
    return { at: local - sign * offset, wholeDay: false };
  }
}

/** UTC+14, on the Line Islands, is as far as clocks go. */
const FURTHEST_MS = 14 * HOUR_MS;

const CLOCK = /^[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?$/;

/** The local epoch's ms of `YYYY-MM-DD` at the start of the text, or NaN. */
function readDate(text: string): number {
  if (text.length < 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return Number.NaN;
  const year = numberAt(text, 0, 4);
  const month = numberAt(text, 5, 7);
  const day = numberAt(text, 8, 10);
  if (month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN;
  // `Date.UTC` takes the years 0 to 99 for those of the twentieth century.
  const at = year < 100 ? new Date(0).setUTCFullYear(year, month - 1, day) : Date.UTC(year, month - 1, day);
  // The 31st of June would become the 1st of July.
  return day > 28 && new Date(at).getUTCDate() !== day ? Number.NaN : at;
}

function numberAt(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

export function dayText(day: LocalDay): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

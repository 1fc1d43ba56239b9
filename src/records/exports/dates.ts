import type { DateOrder } from './mapping.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const PATTERN =
  /^(?:[A-Za-z]{3,9},? )?(\d{1,4})[/. -](\d{1,2}|[A-Za-z]{3,9})[/. -](\d{1,4})(?:,?[T ]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)? ?([AaPp][Mm])?)?( ?(?:Z|[+-]\d{2}:?\d{2}))?$/;

/** A date in three parts, as they stand; `null`: the middle one is a month’s name. */
export interface DateParts {
  readonly first: number;
  readonly second: number | null;
  readonly third: number;
}

/** `null`: it is no date that we know. */
export function partsOf(text: string): DateParts | null {
  const [, first, second = '', third] = PATTERN.exec(text.trim()) ?? [];
  if (first === undefined) return null;
  return { first: Number(first), second: /^\d/.test(second) ? Number(second) : null, third: Number(third) };
}

/**
 * The time of an export as ISO 8601, without a zone where it names none: then it is the site’s.
 *
 * @returns `null` if it is no time, or a day that there is not
 */
export function isoOf(text: string, order: DateOrder): string | null {
  const match = PATTERN.exec(text.trim());
  if (match === null) return null;
  const [, first = '', second = '', third = '', hourText, minute, seconds = '00', fraction, half, zone = ''] = match;
  const named = MONTHS.indexOf(second.slice(0, 3).toLowerCase()) + 1;
  const isYearFirst = first.length === 4;
  // What can be read in one way only is read so, whatever the order of the others is.
  const [year, month, day] = isYearFirst
    ? [first, named > 0 ? String(named) : second, third]
    : named > 0
      ? [third, String(named), first]
      : order === 'month-first'
        ? [third, first, second]
        : [third, second, first];
  const y = year.length <= 2 ? 2000 + Number(year) : Number(year);
  const [m, d] = [Number(month), Number(day)];
  const date = new Date(Date.UTC(y, m - 1, d));
  if (date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d || y < 1000) return null;
  const head = date.toISOString().slice(0, 10);
  if (hourText === undefined || minute === undefined) return zone === '' ? head : null;
  let hour = Number(hourText);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return null;
    hour = (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  }
  if (hour > 23 || Number(minute) > 59 || Number(seconds) > 59) return null;
  const clock = `${String(hour).padStart(2, '0')}:${minute}:${seconds}${fraction === undefined ? '' : `.${fraction.slice(0, 3)}`}`;
  return `${head}T${clock}${zone.trim()}`;
}

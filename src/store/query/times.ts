import type { UtcMs } from '../../core/event.ts';

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Milliseconds of `7d`, `90m`, `2w`; `null` if it is no such thing. */
export function spanOf(text: string): number | null {
  const [, count = '', unit = ''] = /^(\d{1,5})(s|m|min|h|d|w)$/i.exec(text) ?? [];
  return count === '' ? null : Number(count) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
}

/**
 * The moment that a person means by `2026-11-01`, `2026-11-01T09:30`, `today` or `yesterday`; `null` if none.
 *
 * @param isEnd of a day that stands alone the end is meant, not the beginning: `to:2026-11-01` includes that day
 * @param timeZone the site's, where the text names none
 */
export function momentOf(text: string, isEnd: boolean, now: UtcMs, timeZone: string): UtcMs | null {
  const lower = text.toLowerCase();
  if (lower === 'now') return now;
  const daysAgo = lower === 'today' ? 0 : lower === 'yesterday' ? 1 : null;
  const [, year = '', month = '', day = '', time = '', zone = ''] =
    /^(\d{4})-(\d\d)-(\d\d)(?:[t_ ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(z|[+-]\d\d:\d\d)?)?$/.exec(
      daysAgo === null ? lower : localDay(now, timeZone, daysAgo),
    ) ?? [];
  if (year === '') return null;
  if (time !== '' && zone !== '')
    return numberOrNull(Date.parse(`${year}-${month}-${day}T${time}${zone.toUpperCase()}`));
  const local = numberOrNull(Date.parse(`${year}-${month}-${day}T${time === '' ? '00:00' : time}Z`));
  // JavaScript takes 30 February for 2 March.
  if (local === null || new Date(local).getUTCDate() !== Number(day)) return null;
  const wanted = time === '' && isEnd ? local + 86_400_000 : local;
  // The offset at about that moment, then at the moment that it gives: right on both sides of a change of clocks.
  const guess = wanted - offsetAt(wanted, timeZone);
  return wanted - offsetAt(guess, timeZone);
}

function localDay(now: UtcMs, timeZone: string, daysAgo: number): string {
  const local = now + offsetAt(now, timeZone);
  return new Date(local - daysAgo * 86_400_000).toISOString().slice(0, 10);
}

/** How far a zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(at: UtcMs, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

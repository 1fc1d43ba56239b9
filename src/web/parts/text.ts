/** A site is in the United Kingdom, whatever the browser’s zone. */
const ZONE = 'Europe/London';
const PARTS = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  hour12: true,
  timeZoneName: 'short',
});
const NUMBER = new Intl.NumberFormat('en-GB');

/** `2 November 2026, 9:49am GMT` */
export function dateText(at: number | string): string {
  const parts = Object.fromEntries(PARTS.formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
  const half = (parts['dayPeriod'] ?? '').toLowerCase().replaceAll(/[\s.]/g, '');
  return `${parts['day']} ${parts['month']} ${parts['year']}, ${parts['hour']}:${parts['minute']}${half} ${parts['timeZoneName']}`;
}

/** `1,234` */
export function numberText(value: number): string {
  return NUMBER.format(value);
}

/** `1 finding`, `1,234 findings` */
export function counted(count: number, thing: string): string {
  return `${numberText(count)} ${thing}${count === 1 ? '' : 's'}`;
}

/** `3 hours`, from one moment to a later one. */
export function spanText(fromMs: number, toMs: number): string {
  // Never more than there is: of what is left until a deadline, least of all.
  const minutes = Math.floor((toMs - fromMs) / 60_000);
  if (minutes < 60) return counted(Math.max(0, minutes), 'minute');
  const hours = Math.floor(minutes / 60);
  return hours < 96 ? counted(hours, 'hour') : counted(Math.floor(hours / 24), 'day');
}

const DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' });

/** `2 November 2026`, of a local date as `2026-11-02` */
export function dayText(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? day : DAY.format(at);
}

/** The first instant of a day on the site, UTC ms: of `2026-07-02` 23:00 of the day before. */
export function startOfDay(day: string): number {
  const at = Date.parse(`${day}T00:00:00Z`);
  return at - offsetAt(at);
}

/** `2026-07-02`, of an instant, as the calendar on the site has it. */
export function dayOf(at: number | string): string {
  const instant = new Date(at).getTime();
  return new Date(instant + offsetAt(instant)).toISOString().slice(0, 10);
}

const CLOCK = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  hourCycle: 'h23',
});

/** Local time minus UTC, in ms. */
function offsetAt(at: number): number {
  const parts = Object.fromEntries(CLOCK.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(at / 60_000) * 60_000;
}

/** Names as the scope page and its address take them: with commas between, one that has a comma or a quote in it in quotes. */
export function namesText(names: readonly string[]): string {
  return names.map((name) => (/[,"]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(', ');
}

const IN_TEXT = /(?<![\w.:-])\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z)?(?![\w:-])/g;

/** A sentence of the service with its days and times as they stand everywhere on the page: `on 2026-11-02` is `on 2 November 2026`. */
export function withDates(sentence: string): string {
  return sentence.replaceAll(IN_TEXT, (found) => {
    if (Number.isNaN(Date.parse(found))) return found;
    return found.includes('T') ? dateText(found) : dayText(found);
  });
}

/** 19.4 MB. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return counted(bytes, 'byte');
  const [unit, size]: [string, number] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${numberText(Math.round((bytes / size) * 10) / 10)} ${unit}`;
}

/** `2026-11-25T09:49`, as a field for a date and a time wants it: by the computer's own clock. */
export function localText(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

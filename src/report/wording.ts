/** 12,345. */
export function grouped(number: number): string {
  return number.toLocaleString('en-GB');
}

/** `1 log`, `12,345 logs`. */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2 November 2026, 9:49:00am`, in the site's zone. */
export function ukTime(iso: string, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      second: '2-digit',
      hour12: true,
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));
  const hour = parts['hour'] === '0' ? '12' : parts['hour'];
  return `${parts['day']} ${parts['month']} ${parts['year']}, ${hour}:${parts['minute']}:${parts['second']}${(parts['dayPeriod'] ?? '').toLowerCase().replace(/[\s.]/g, '')}`;
}

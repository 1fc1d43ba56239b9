/** 12,345. */
export function grouped(number: number): string {
  return number.toLocaleString('en-GB');
}

/** `1 log`, `12,345 logs`. */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a, b and c`; `a, b and 3 more` of more than `most`. */
export function listed(names: readonly string[], most: number): string {
  const [last = ''] = names.slice(-1);
  if (names.length > most) return `${names.slice(0, most).join(', ')} and ${grouped(names.length - most)} more`;
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
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

/** From one moment to another, as short as it can be said; `null`: the log gave no time. */
export function spanOf(first: string | null, last: string | null, timeZone: string): string {
  if (first === null) return 'at an unknown time';
  const from = ukTime(first, timeZone);
  const to = last === null ? from : ukTime(last, timeZone);
  if (from === to) return from;
  const [day = '', clock = ''] = to.split(', ');
  return `${from} to ${from.startsWith(`${day}, `) ? clock : to}`;
}

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

/** Names as the scope page and its address take them: with commas between, one that has a comma or a quote in it in quotes. */
export function namesText(names: readonly string[]): string {
  return names.map((name) => (/[,"]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(', ');
}

const IN_TEXT = /(?<![\w.:-])\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z)?(?![\w-]|:\d)/g;

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

const FIELD = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** `2026-11-25T09:49`, as a field for a date and a time wants it: UK time. */
export function fieldText(at: number): string {
  const part = Object.fromEntries(FIELD.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part['year']}-${part['month']}-${part['day']}T${part['hour']}:${part['minute']}`;
}

/**
 * What was typed into such a field, as UK time, whatever the computer's zone; milliseconds, `NaN` if it is no time. Of the
 * hour that there is twice in autumn the first.
 */
export function fieldMoment(text: string): number {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return Number.NaN;
  const aheadAt = (at: number) => Date.parse(`${fieldText(at)}Z`) - Math.floor(at / 60_000) * 60_000;
  // In summer the clock is an hour ahead: so early it is what it is read as.
  return asUtc - aheadAt(asUtc - 3_600_000);
}

/** When a day such as `2026-11-25` begins, UK time, or one that many days later; milliseconds. */
export function dayBegins(day: string, daysLater = 0): number {
  const date = new Date(`${day}T00:00Z`);
  date.setUTCDate(date.getUTCDate() + daysLater);
  return fieldMoment(date.toISOString().slice(0, 16));
}

/** Control characters but for tab and line feed, and marks that turn the order of text, as src/core/unseen.ts has them. */
const UNSEEN = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * What a log says, with what cannot be seen in it written out: `invoice[U+202E]fdp.exe` would read as `invoiceexe.pdf`. For
 * showing alone: what is asked for is asked for as it is.
 */
export function asSeen(text: string): string {
  return text.replaceAll(UNSEEN, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
}

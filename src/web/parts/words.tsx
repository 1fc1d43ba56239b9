import type { Answer } from '../client/ask.ts';

export type Band = Answer<'GET /api/v1/today'>['incidents'][number]['incident']['score']['band'];
export type IncidentState = Answer<'GET /api/v1/incidents/:id'>['state'];

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

export function When({ at }: { readonly at: number | string | null }) {
  if (at === null) return <>at an unknown time</>;
  return <time dateTime={new Date(at).toISOString()}>{dateText(at)}</time>;
}

/** `1,234` */
export function numberText(value: number): string {
  return NUMBER.format(value);
}

/** `1 finding`, `1,234 findings` */
export function counted(count: number, thing: string): string {
  return `${numberText(count)} ${thing}${count === 1 ? '' : 's'}`;
}

/** `about 3 hours`, from one moment to a later one. */
export function spanText(fromMs: number, toMs: number): string {
  const minutes = Math.round((toMs - fromMs) / 60_000);
  if (minutes < 60) return counted(Math.max(0, minutes), 'minute');
  const hours = Math.round(minutes / 60);
  return hours < 48 ? counted(hours, 'hour') : counted(Math.round(hours / 24), 'day');
}

const BAND_LABEL: Readonly<Record<Band, string>> = {
  emergency: 'Emergency',
  urgent: 'Urgent',
  low: 'Low',
  routine: 'Routine',
};
const BAND_COLOUR: Readonly<Record<Band, string>> = {
  emergency: 'red',
  urgent: 'orange',
  low: 'yellow',
  routine: 'grey',
};
/** What each band asks for, as NEWS2 does. */
export const BAND_ASKS: Readonly<Record<Band, string>> = {
  emergency: 'Somebody must act now, at any hour. Start with the first step of the check list.',
  urgent: 'Somebody must look within the hour, and decide whether to act.',
  low: 'Look at it in the next working day.',
  routine: 'Nothing is asked for. Watching goes on.',
};

export function BandTag({ band, total }: { readonly band: Band; readonly total: number }) {
  return (
    <strong className={`nhsuk-tag nhsuk-tag--${BAND_COLOUR[band]} ww-tag`}>
      {BAND_LABEL[band]}, {total} of 20
    </strong>
  );
}

const STATE_LABEL: Readonly<Record<IncidentState, string>> = {
  new: 'New',
  investigating: 'Being looked into',
  contained: 'Contained',
  closed: 'Closed',
  merged: 'Part of another incident',
};

export function stateText(state: IncidentState, owner: string | null, isSeen: boolean): string {
  if (state === 'new') return isSeen ? 'New, seen' : 'New: nobody has looked';
  return owner === null ? STATE_LABEL[state] : `${STATE_LABEL[state]}, by ${owner}`;
}

export const PARAMETER_LABEL: Readonly<Record<string, string>> = {
  'sign-in': 'Sign-in',
  'discovery-and-credentials': 'Looking around and passwords',
  movement: 'Moving between machines',
  defences: 'Defences switched off',
  data: 'Data taken or gathered',
  impact: 'Harm done',
};

const CLOCK_LABEL: Readonly<Record<string, string>> = {
  running: 'Running',
  soon: 'Less than a day left',
  overdue: 'Overdue',
  met: 'Done in time',
  late: 'Done late',
  'not-needed': 'Not needed',
};
const CLOCK_COLOUR: Readonly<Record<string, string>> = { soon: 'orange', overdue: 'red', late: 'orange', met: 'green' };

export function ClockTag({ state }: { readonly state: string }) {
  return (
    <strong className={`nhsuk-tag nhsuk-tag--${CLOCK_COLOUR[state] ?? 'grey'} ww-tag`}>
      {CLOCK_LABEL[state] ?? state}
    </strong>
  );
}

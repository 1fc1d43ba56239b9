import type { Answer } from '../client/ask.ts';
import { dateText } from './text.ts';

export type Band = Answer<'GET /api/v1/today'>['incidents'][number]['incident']['score']['band'];
export type IncidentState = Answer<'GET /api/v1/incidents/:id'>['state'];

export function When({ at }: { readonly at: number | string | null }) {
  if (at === null) return <>at an unknown time</>;
  return <time dateTime={new Date(at).toISOString()}>{dateText(at)}</time>;
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

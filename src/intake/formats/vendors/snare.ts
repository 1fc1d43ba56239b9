import { sourceOf } from '../shape.ts';
import { addMessageFields } from '../windows-message.ts';
import { set, type Vendor } from './vendor.ts';

/** How relays write the tabs between its parts. */
const TAB = /\t|#011|\\011|\\t/;
/** The part before may be the syslog tag's or the host's. */
const START = /(?:^|\t|\s|#011|\\t|\\011)MSWinEventLog(?:\t|#011|\\011|\\t| +(?=\d))/;

/**
 * A Windows event as Snare (and NXLog's `to_syslog_snare`) sends it: the parts in a fixed order, then the message.
 * Source: Snare Solutions, “Snare for Windows: log format”.
 */
export const snare: Vendor = (text, fields) => {
  const start = START.exec(text.slice(0, 1000));
  if (start === null) return null;
  const host = text.slice(0, start.index).split(TAB).at(-1)?.trim();
  const parts = text.slice(start.index + start[0].length).split(TAB);
  const [, channel = '', , time, eventId, provider, user, , auditType, computer, category, data, ...rest] = parts;
  if (!/^\d{1,5}$/.test(eventId ?? '')) return null;
  set(fields, 'Channel', channel);
  set(fields, 'EventID', eventId);
  set(fields, 'Provider_Name', provider);
  set(fields, 'Computer', computer);
  set(fields, 'EventTime', time);
  set(fields, 'EventType', auditType);
  set(fields, 'Task', category);
  if (user !== 'N/A') set(fields, 'UserName', user);
  if (host !== undefined && host !== '') fields['Hostname'] ??= host;
  const message = [data, ...rest].filter((part) => part !== undefined && part !== '').join('\t');
  set(fields, 'Message', message);
  fields['ProcessName'] = 'MSWinEventLog';
  addMessageFields(message, channel, fields);
  return sourceOf('windows', null, null);
};

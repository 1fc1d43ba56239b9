import type { EventView, UtcMs } from '../../core/event.ts';
import { isOurs } from '../own-network.ts';

/** A connection from one of our machines, as a flow log, a firewall or a network monitor tells of it when it is over. */
export interface Flow {
  /** The machine of ours that opened it: its address, or its name where the log has one. In lower case. */
  readonly from: string;
  /** Where to: an address, or the name that a proxy was asked for. */
  readonly to: string;
  /** What is likely to be in the same hands as `to`: a network, or a registered name. */
  readonly place: string;
  /** True if `to` is none of our own networks. */
  readonly isOutward: boolean;
  readonly port: string;
  /** Both 0 if the log does not say. */
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Milliseconds that it lasted before it was told; 0: the log does not say. */
  readonly lastedMs: UtcMs;
}

/** A name that a machine asked for. In lower case, without a dot at its end. */
export interface Lookup {
  readonly from: string;
  readonly name: string;
}

/** Something that an account did with data, of which only how much counts. */
export interface Handling {
  readonly kind: 'files-read' | 'mail-sent';
  /** In lower case. */
  readonly account: string;
}

const MAX_TEXT = 256;

/** `null` if the event is no connection that we know, or one of which it is not said who opened it. */
export function flowOf(event: EventView): Flow | null {
  const { product, category, service } = event.logSource;
  if (product === 'zeek') return service === 'conn' ? ofZeek(event) : null;
  if (product === 'suricata') return service === 'flow' ? ofSuricata(event) : null;
  if (category === 'firewall')
    // Only those that are over say how much it was.
    return textAt(event, 'bytes_out') === null || textAt(event, 'blocked') === 'true'
      ? null
      : flow(event, 'src_ip', 'dst_ip', 'dst_port', 'bytes_out', 'bytes_in', 0);
  if (category === 'proxy') return ofProxy(event);
  if (category === 'network_connection' && textAt(event, 'src_endpoint.ip') !== null)
    return flow(
      event,
      'src_endpoint.ip',
      'dst_endpoint.ip',
      'dst_endpoint.port',
      'traffic.bytes_out',
      'traffic.bytes_in',
      0,
    );
  return null;
}

/** A proxy's own log; what a network monitor says of HTTP, its flows say too, which `flowOf` has sorted out before. */
function ofProxy(event: EventView): Flow | null {
  const from = textAt(event, 'c-ip') ?? textAt(event, 'src_ip');
  const to = textAt(event, 'cs-host')?.toLowerCase() ?? null;
  if (from === null || to === null || !isOurs(from)) return null;
  const isAddress = /^[\d.]+$|:/.test(to);
  return {
    from: from.toLowerCase(),
    to,
    place: isAddress ? placeOf(to) : registeredOf(to),
    isOutward: isAddress ? !isOurs(to) && !isForMany(to) : to.includes('.'),
    port: '',
    bytesOut: numberAt(event, textAt(event, 'cs-bytes') === null ? 'bytes_out' : 'cs-bytes'),
    bytesIn: numberAt(event, textAt(event, 'sc-bytes') === null ? 'bytes_in' : 'sc-bytes'),
    lastedMs: 0,
  };
}

function ofZeek(event: EventView): Flow | null {
  return flow(
    event,
    'id.orig_h',
    'id.resp_h',
    'id.resp_p',
    'orig_bytes',
    'resp_bytes',
    // Its time is that of the first packet.
    numberAt(event, 'duration') * 1000,
  );
}

function ofSuricata(event: EventView): Flow | null {
  return flow(event, 'src_ip', 'dest_ip', 'dest_port', 'flow.bytes_toserver', 'flow.bytes_toclient', 0);
}

function flow(
  event: EventView,
  source: string,
  target: string,
  targetPort: string,
  sent: string,
  received: string,
  lastedMs: number,
): Flow | null {
  const [from, to] = [textAt(event, source), textAt(event, target)];
  if (from === null || to === null || !isOurs(from)) return null;
  return {
    from: from.toLowerCase(),
    to: to.toLowerCase(),
    place: placeOf(to.toLowerCase()),
    isOutward: !isOurs(to) && !isForMany(to),
    port: textAt(event, targetPort) ?? '',
    bytesOut: numberAt(event, sent),
    bytesIn: numberAt(event, received),
    lastedMs,
  };
}

/** `null` if the event is no question to a name server. */
export function lookupOf(event: EventView): Lookup | null {
  const { product, category, service } = event.logSource;
  const isSysmon = event.eventId === 22 && event.channel === 'microsoft-windows-sysmon/operational';
  if (!isSysmon && category !== 'dns' && category !== 'dns_query' && service !== 'dns') return null;
  // An answer repeats the question.
  if (product === 'suricata' && /^(?:answer|response)$/.test(textAt(event, 'dns.type') ?? '')) return null;
  const name = textAt(event, 'query') ?? textAt(event, 'QueryName');
  const from = isSysmon
    ? textAt(event, 'Computer')
    : (textAt(event, 'id.orig_h') ?? textAt(event, 'src_ip') ?? textAt(event, 'src_endpoint.ip'));
  if (name === null || from === null) return null;
  return { from: from.toLowerCase(), name: name.toLowerCase().replace(/\.$/, '') };
}

const FILES_READ = new Set(['FileDownloaded', 'FileSyncDownloadedFull', 'FileAccessed', 'FileAccessedExtended']);
const MAIL_SENT = new Set(['Send', 'SendAs', 'SendOnBehalf']);
/** A share of its own for this machine's administration and for named pipes. */
const NO_FILES = /\\(?:ipc|admin|print)\$$/i;

/** `null` if the event is no file that was read and no mail that was sent. */
export function handlingOf(event: EventView): Handling | null {
  const { product } = event.logSource;
  if (product === 'm365') {
    const operation = textAt(event, 'Operation') ?? '';
    const kind = FILES_READ.has(operation) ? 'files-read' : MAIL_SENT.has(operation) ? 'mail-sent' : null;
    const account = kind === null ? null : textAt(event, 'UserId');
    return kind === null || account === null ? null : { kind, account: account.toLowerCase() };
  }
  // A file on a share of Windows that was opened (“detailed file share”).
  if (event.eventId !== 5145 || event.channel !== 'security') return null;
  const name = textAt(event, 'SubjectUserName');
  if (name === null || name.endsWith('$') || NO_FILES.test(textAt(event, 'ShareName') ?? '')) return null;
  const domain = textAt(event, 'SubjectDomainName');
  return { kind: 'files-read', account: (domain === null ? name : `${domain}\\${name}`).toLowerCase() };
}

/** Multicast, broadcast, loopback, nothing: no place that anything is sent to. */
function isForMany(address: string): boolean {
  return /^(?:22[4-9]\.|23\d\.|24\d\.|25\d\.|127\.|0\.|ff[0-9a-f]{2}:|::1?$)/i.test(address);
}

/** The network of an address, as one that has it is likely to have all of it: /24, or /48 of IPv6. */
export function placeOf(address: string): string {
  return address.includes(':')
    ? `${address.split(':').slice(0, 3).join(':')}::/48`
    : `${address.split('.').slice(0, 3).join('.')}.0/24`;
}

/**
 * The part of a name that somebody registers, by its form: the last two labels, or three below a country's short second
 * level (`co.uk`, `nhs.uk`). Where that is wrong, one name is taken for several or several for one, and each still has
 * a history of its own.
 */
export function registeredOf(name: string): string {
  const labels = name.split('.');
  const [second = '', first = ''] = labels.slice(-2);
  const depth = first.length === 2 && second.length <= 3 ? 3 : 2;
  return labels.slice(-depth).join('.');
}

function textAt(event: EventView, field: string): string | null {
  const slot = event.layout.slotOf(field);
  const value = slot < 0 ? undefined : event.valueAt(slot);
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  return text === '' || text === '-' ? null : text.slice(0, MAX_TEXT);
}

function numberAt(event: EventView, field: string): number {
  const value = Number(textAt(event, field) ?? 0);
  return Number.isFinite(value) && value > 0 ? value : 0;
}

import type { Fields } from '../../../core/event.ts';
import { sourceOf } from '../shape.ts';
import { csvCells, firewallEvent, same, set, textOf, type Vendor, vpnEvent } from './vendor.ts';

/** PAN-OS writes CSV in a documented order. Source: Palo Alto Networks, “Syslog Field Descriptions” (PAN-OS 10.1). */
const COMMON = ['future', 'receive_time', 'serial', 'type', 'subtype', 'config_version', 'generated_time'];

/** TRAFFIC, THREAT and their like begin the same: who spoke with whom, by which rule. */
const FLOW = [
  'src_ip',
  'dst_ip',
  'nat_src',
  'nat_dst',
  'rule',
  'user',
  'dst_user',
  'app',
  'vsys',
  'from_zone',
  'to_zone',
  'in_if',
  'out_if',
  'log_action',
  'time_logged',
  'session_id',
  'repeat',
  'src_port',
  'dst_port',
  'nat_sport',
  'nat_dport',
  'flags',
  'protocol',
  'action',
];
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  TRAFFIC: [
    ...FLOW,
    'bytes',
    'bytes_out',
    'bytes_in',
    'packets',
    'start',
    'duration',
    'category_name',
    'future2',
    'sequence',
    'action_flags',
    'src_country',
    'dst_country',
    'future3',
    'packets_out',
    'packets_in',
    'session_end_reason',
  ],
  THREAT: [
    ...FLOW,
    'url',
    'threat_id',
    'category_name',
    'severity',
    'direction',
    'sequence',
    'action_flags',
    'src_country',
    'dst_country',
    'future3',
    'content_type',
    'pcap_id',
    'file_digest',
    'cloud',
    'url_index',
    'user_agent',
    'file_type',
    'x_forwarded_for',
    'referer',
    'sender',
    'subject',
    'recipient',
  ],
  SYSTEM: ['vsys', 'event_id', 'object', 'fmt', 'id', 'module', 'severity', 'description'],
  CONFIG: ['host', 'vsys', 'command', 'user', 'client', 'result', 'path'],
  USERID: [
    'vsys',
    'src_ip',
    'user',
    'data_source_name',
    'event_id',
    'repeat',
    'timeout',
    'src_port',
    'dst_port',
    'data_source',
  ],
  GLOBALPROTECT: [
    'vsys',
    'event_id',
    'stage',
    'auth_method',
    'tunnel_type',
    'user',
    'region',
    'machine',
    'src_ip',
    'public_ipv6',
    'private_ip',
    'private_ipv6',
    'host_id',
    'serial_number',
    'client_version',
    'client_os',
    'client_os_version',
    'repeat',
    'reason',
    'error',
    'description',
    'status',
  ],
};
const START = new RegExp(
  `(?:^|[\\s:])\\d{0,3},\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d,[^,]{0,64},(?:${Object.keys(COLUMNS).join('|')}|HIPMATCH|DECRYPTION|AUTHENTICATION|CORRELATION),`,
);

export const paloAlto: Vendor = (text, fields) => {
  if (/^Palo Alto Networks$/i.test(textOf(fields, 'DeviceVendor'))) return fromCef(fields);
  const start = text.search(START);
  if (start < 0) return null;
  const cells = csvCells(text.slice(start).replace(/^[\s:]+/, ''));
  const type = cells[3] ?? '';
  COMMON.forEach((name, i) => set(fields, name, cells[i]));
  (COLUMNS[type] ?? []).forEach((name, i) => set(fields, name, cells[COMMON.length + i]));
  return classify(type, fields);
};

/** The CEF that Palo Alto's own guide makes of the same columns. */
function fromCef(fields: Fields) {
  same(fields, 'src_ip', 'src');
  same(fields, 'dst_ip', 'dst');
  same(fields, 'src_port', 'spt');
  same(fields, 'dst_port', 'dpt');
  same(fields, 'user', 'suser', 'duser');
  same(fields, 'protocol', 'proto');
  same(fields, 'action', 'act');
  // Seen from the firewall: `in` is what the client sent (PAN-OS CEF guide, traffic: in=$bytes_sent out=$bytes_received).
  same(fields, 'bytes_out', 'in');
  same(fields, 'bytes_in', 'out');
  same(fields, 'subtype', 'DeviceEventClassID');
  const type = textOf(fields, 'Name').toUpperCase();
  if (type === 'GLOBALPROTECT') {
    same(fields, 'status', 'outcome', 'PanOSEventStatus');
    same(fields, 'event_id', 'PanOSEventIDValue', 'DeviceEventClassID');
  }
  return classify(type, fields);
}

function classify(type: string, fields: Fields) {
  if (type === 'GLOBALPROTECT') {
    same(fields, 'src_ip', 'public_ipv6');
    fields['outcome'] = /^success/i.test(textOf(fields, 'status')) ? 'success' : 'failure';
    return vpnEvent('paloalto', 'globalprotect');
  }
  // Before PAN-OS 9.1 GlobalProtect wrote its sign-ins among the system's events.
  if (type === 'SYSTEM' && textOf(fields, 'subtype') === 'globalprotect') {
    const said = textOf(fields, 'description');
    set(fields, 'user', /[Uu]ser ?name: ?([^,.\s]{1,256})/.exec(said)?.[1]);
    set(fields, 'src_ip', /[Ll]ogin from: ?([\da-fA-F.:]{3,45}[\da-fA-F])/.exec(said)?.[1]);
    const id = textOf(fields, 'event_id');
    if (/fail/.test(id)) fields['outcome'] = 'failure';
    else if (/succ/.test(id)) fields['outcome'] = 'success';
    return vpnEvent('paloalto', 'globalprotect');
  }
  const isFlow = type === 'TRAFFIC' || type === 'THREAT';
  return isFlow
    ? firewallEvent(fields, 'paloalto', type.toLowerCase())
    : sourceOf('paloalto', null, type.toLowerCase().slice(0, 32) || null);
}

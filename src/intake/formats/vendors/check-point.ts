import type { Fields } from '../../../core/event.ts';
import { readPairs } from '../key-values.ts';
import { firewallEvent, same, set, textOf, type Vendor, vpnEvent } from './vendor.ts';

const PRODUCTS =
  /\bproduct[:=]"?(?:VPN-1|Firewall|SmartDefense|Mobile Access|Endpoint|Application Control|URL Filtering|Anti[- ]|New Anti|Threat|IPS|Identity|Content Awareness|DDoS|QoS|WEB_API|Smart|System Monitor|Syslog|Check Point|FG VPN|Compliance|CPMI|DLP|Connectra|HTTPS Inspection|iOS|WIFI|OS Exploit)/i;

/**
 * Check Point's Log Exporter: structured data of RFC 5424, `[key:"value"; …]`, pairs with bars (for Splunk), CEF or
 * LEEF. Source: Check Point, “Log Exporter” (sk122323).
 */
export const checkPoint: Vendor = (text, fields, program) => {
  const isVendor = /^Check ?Point/i.test(textOf(fields, 'DeviceVendor'));
  const isMarked =
    isVendor ||
    /^CheckPoint$/i.test(program) ||
    /CheckPoint \d+ -/.test(text) ||
    PRODUCTS.test(text.slice(0, 20_000)) ||
    /\bloguid[=:]"?\{0x/.test(text);
  if (!isMarked) return null;
  if (!isVendor) readBody(text, fields);
  same(fields, 'src_ip', 'src', 'xlatesrc');
  same(fields, 'dst_ip', 'dst');
  same(fields, 'src_port', 's_port', 'spt');
  same(fields, 'dst_port', 'service', 'dpt');
  same(fields, 'protocol', 'proto');
  same(fields, 'action', 'rule_action', 'act');
  same(fields, 'user', 'src_user_name', 'suser', 'duser');
  same(fields, 'bytes_out', 'client_outbound_bytes', 'sent_bytes', 'out');
  same(fields, 'bytes_in', 'client_inbound_bytes', 'received_bytes', 'in');
  const said = `${textOf(fields, 'product')} ${textOf(fields, 'DeviceProduct')} ${textOf(fields, 'action')}`;
  if (!/Mobile Access|Connectra|Log In|Failed Log/i.test(said)) return firewallEvent(fields, 'checkpoint', null);
  const outcome = `${textOf(fields, 'action')} ${textOf(fields, 'status')} ${textOf(fields, 'auth_status')}`;
  if (/Fail|Reject/i.test(outcome)) fields['outcome'] = 'failure';
  else if (/Log In|Success|Accept/i.test(outcome)) fields['outcome'] = 'success';
  return vpnEvent('checkpoint', null);
};

function readBody(text: string, fields: Fields): void {
  const body = /\[([^]*)\]\s*$/.exec(text)?.[1] ?? text;
  const separator = /\w\|\w/.test(body) && !body.includes('; ') ? '|' : ';';
  for (const pair of body.split(separator).slice(0, 500)) {
    const match = /^"?([\w .-]{1,64})"?\s*[:=]\s*"?([^"]*)"?$/.exec(pair.trim());
    if (match !== null) set(fields, match[1] ?? '', match[2]);
  }
  if (fields['src'] === undefined && fields['product'] === undefined) readPairs(text, fields);
}

import type { Fields } from '../../../core/event.ts';
import { readPairs } from '../key-values.ts';
import { sourceOf } from '../shape.ts';
import { firewallEvent, same, textOf, type Vendor, vpnEvent } from './vendor.ts';

/** FortiGate, in its own pairs, in CEF or as FortiAnalyzer forwards it. Source: Fortinet, “FortiOS Log Message Reference”. */
export const fortinet: Vendor = (text, fields) => {
  const isCef =
    /^Fortinet$/i.test(textOf(fields, 'DeviceVendor')) && /Forti[Gg]ate/.test(textOf(fields, 'DeviceProduct'));
  if (isCef) {
    for (const [name, value] of Object.entries(fields)) {
      if (name.startsWith('FTNTFGT')) fields[name.slice(7)] ??= value;
    }
    same(fields, 'src_ip', 'src');
    same(fields, 'dst_ip', 'dst');
    same(fields, 'src_port', 'spt');
    same(fields, 'dst_port', 'dpt');
    same(fields, 'user', 'suser', 'duser');
    same(fields, 'sentbyte', 'out');
    same(fields, 'rcvdbyte', 'in');
    same(fields, 'action', 'act');
    same(fields, 'status', 'outcome');
    const [type, subtype] = textOf(fields, 'cat').split(':');
    if (type !== undefined && type !== '') fields['type'] ??= type;
    if (subtype !== undefined) fields['subtype'] ??= subtype;
  } else {
    const isNamed = /\bdevname=/.test(text) && /\btype="?(?:traffic|event|utm)/.test(text);
    if (!isNamed && !/\bdevid="?F[GWM]|\blogid="?\d{10}/.test(text)) return null;
    readPairs(text, fields, text.includes('",') || /,\w+=/.test(text) ? ',' : ' ');
  }
  return classify(text, fields);
};

function classify(text: string, fields: Fields) {
  same(fields, 'src_ip', 'srcip', 'remip');
  same(fields, 'dst_ip', 'dstip');
  same(fields, 'src_port', 'srcport');
  same(fields, 'dst_port', 'dstport');
  same(fields, 'bytes_out', 'sentbyte');
  same(fields, 'bytes_in', 'rcvdbyte');
  same(fields, 'protocol', 'proto');
  same(fields, 'reason', 'logdesc');
  const { subtype, type } = fields;
  if (subtype === 'vpn' || /tunnel-(?:up|down|stats)|ssl-(?:login|new-con|exit)/.test(textOf(fields, 'action'))) {
    const said = `${textOf(fields, 'action')} ${textOf(fields, 'status')} ${textOf(fields, 'result')}`;
    // Only these say that a sign-in came out; the rest (statistics, keep-alives) say nothing of one.
    if (/fail|deny|error/.test(said)) fields['outcome'] = 'failure';
    else if (/tunnel-up|login|success/.test(said)) fields['outcome'] = 'success';
    same(fields, 'group', 'tunneltype');
    return vpnEvent('fortigate', 'event');
  }
  // A crash of the VPN daemon is what Sigma's FortiOS rules look at.
  if (/\bapplication: ?sslvpnd\b|\bsslvpnd\b/.test(text) && type !== 'traffic')
    return sourceOf('fortios', null, 'sslvpnd');
  if (type === 'traffic') return firewallEvent(fields, 'fortigate', 'traffic');
  return sourceOf('fortigate', null, type === 'utm' ? 'utm' : 'event');
}

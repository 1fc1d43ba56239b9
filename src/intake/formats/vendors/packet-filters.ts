import { readPairs } from '../key-values.ts';
import { firewallEvent, same, set, type Vendor } from './vendor.ts';

const ACTIONS: Readonly<Record<string, string>> = { block: 'deny', reject: 'deny', pass: 'allow' };

/**
 * pfSense and OPNsense filterlog: CSV, the address family deciding what follows.
 * Source: Netgate, “Raw Filter Log Format”.
 */
export const filterLog: Vendor = (text, fields, program) => {
  if (
    program !== 'filterlog' &&
    !/^\d{1,5},[^,]*,[^,]*,\w+,[^,]+,[\w-]+,(?:pass|block|reject|match|nat|rdr),/.test(text)
  )
    return null;
  const cells = text.split(',');
  const isV4 = cells[8] === '4';
  set(fields, 'rule', cells[0]);
  set(fields, 'tracker', cells[3]);
  set(fields, 'interface', cells[4]);
  set(fields, 'reason', cells[5]);
  set(fields, 'action', ACTIONS[cells[6] ?? ''] ?? cells[6]);
  set(fields, 'direction', cells[7]);
  const protocol = (isV4 ? cells[16] : cells[12])?.toLowerCase();
  set(fields, 'protocol', protocol);
  const from = isV4 ? 18 : 15;
  set(fields, 'src_ip', cells[from]);
  set(fields, 'dst_ip', cells[from + 1]);
  if (protocol === 'tcp' || protocol === 'udp') {
    set(fields, 'src_port', cells[from + 2]);
    set(fields, 'dst_port', cells[from + 3]);
    set(fields, 'data_length', cells[from + 4]);
    if (protocol === 'tcp') set(fields, 'tcp_flags', cells[from + 5]);
  }
  return firewallEvent(fields, 'pfsense', null);
};

/** Linux's own firewall: `IN=eth0 OUT= MAC=… SRC=… DST=…`. */
export const netfilter: Vendor = (text, fields) => {
  const from = text.indexOf('IN=');
  const source = from < 0 ? -1 : text.indexOf(' SRC=', from);
  if (source < 0 || !/^ SRC=\S{1,64} DST=\S{1,64} /.test(text.slice(source, source + 160))) return null;
  readPairs(text, fields);
  same(fields, 'src_ip', 'SRC');
  same(fields, 'dst_ip', 'DST');
  same(fields, 'src_port', 'SPT');
  same(fields, 'dst_port', 'DPT');
  same(fields, 'protocol', 'PROTO');
  fields['action'] = /BLOCK|DROP|DENY|REJECT/i.test(text.slice(0, 200)) ? 'deny' : 'allow';
  return firewallEvent(fields, 'linux', 'iptables');
};

import type { Fields, LogSource } from '../../core/event.ts';
import { readPairs } from './key-values.ts';
import { sourceOf } from './shape.ts';

/**
 * Firewalls and VPNs, told by their message. Each fills in, beside its own fields, the names that our rules use for
 * every product: `user`, `src_ip`, `dst_ip`, `dst_port`, `action`, `outcome`, `mfa`, `bytes_out` … (docs/formats.md).
 *
 * @returns where it comes from, or `null` if it is none of them
 */
export function recogniseVendor(text: string, fields: Fields, program: string): LogSource | null {
  for (const vendor of VENDORS) {
    const source = vendor(text, fields, program);
    if (source !== null) return source;
  }
  return null;
}

type Vendor = (text: string, fields: Fields, program: string) => LogSource | null;

const FIREWALL = 'firewall';
const VPN = 'vpn';

/** A field as text; '' if it is none. */
function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** Copies the first of these fields that there is. */
function same(fields: Fields, ours: string, ...theirs: string[]): void {
  for (const name of theirs) {
    const value = fields[name];
    if (value !== undefined && value !== '' && fields[ours] === undefined) fields[ours] = value;
  }
}

const fortinet: Vendor = (text, fields) => {
  if (!/\bdevid="?F[GWM]|\blogid="?\d{10}|\bdevname=.*\btype="?(?:traffic|event|utm)/.test(text)) return null;
  readPairs(text, fields);
  same(fields, 'src_ip', 'srcip', 'remip');
  same(fields, 'dst_ip', 'dstip');
  same(fields, 'src_port', 'srcport');
  same(fields, 'dst_port', 'dstport');
  same(fields, 'bytes_out', 'sentbyte');
  same(fields, 'bytes_in', 'rcvdbyte');
  same(fields, 'protocol', 'proto');
  const { subtype, type } = fields;
  if (subtype === 'vpn' || /tunnel-up|ssl-login/.test(textOf(fields, 'action'))) {
    fields['outcome'] = /fail|deny|error/.test(
      `${textOf(fields, 'action')} ${textOf(fields, 'status')} ${textOf(fields, 'result')}`,
    )
      ? 'failure'
      : 'success';
    return sourceOf('fortigate', VPN, 'sslvpnd');
  }
  return type === 'traffic' ? sourceOf('fortigate', FIREWALL, 'traffic') : sourceOf('fortigate', null, 'event');
};

/** PAN-OS writes CSV in a documented order; only the columns that rules ask for are named. */
const PAN_COMMON = ['future', 'receive_time', 'serial', 'type', 'subtype', 'config_version', 'generated_time'];
const PAN_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  TRAFFIC: [
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
    'bytes',
    'bytes_out',
    'bytes_in',
    'packets',
    'start',
    'duration',
    'category_name',
  ],
  THREAT: [
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
    'url',
    'threat_id',
    'category_name',
    'severity',
    'direction',
  ],
  SYSTEM: ['vsys', 'event_id', 'object', 'fmt', 'id', 'module', 'severity', 'description'],
  CONFIG: ['host', 'vsys', 'command', 'user', 'client', 'result', 'path'],
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

const paloAlto: Vendor = (text, fields) => {
  const start = text.search(
    /(?:^|[\s:])\d,\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d,[^,]*,(?:TRAFFIC|THREAT|SYSTEM|CONFIG|GLOBALPROTECT),/,
  );
  if (start < 0) return null;
  const cells = csvCells(text.slice(start).trimStart());
  const type = cells[3] ?? '';
  PAN_COMMON.forEach((name, i) => set(fields, name, cells[i]));
  (PAN_COLUMNS[type] ?? []).forEach((name, i) => set(fields, name, cells[PAN_COMMON.length + i]));
  if (type === 'GLOBALPROTECT') {
    fields['outcome'] = fields['status'] === 'success' ? 'success' : 'failure';
    return sourceOf('paloalto', VPN, 'globalprotect');
  }
  return sourceOf('paloalto', type === 'TRAFFIC' || type === 'THREAT' ? FIREWALL : null, type.toLowerCase());
};

function csvCells(line: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length && cells.length < 200; i++) {
    const char = line.charAt(i);
    if (char === '"') quoted = !quoted;
    else if (char === ',' && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += char;
  }
  return [...cells, cell];
}

function set(fields: Fields, name: string, value: string | undefined): void {
  if (value !== undefined && value !== '') fields[name] = value;
}

/** Cisco ASA: `%ASA-6-302013: …`. Source: “Cisco Secure Firewall ASA Series Syslog Messages”. */
const ciscoAsa: Vendor = (text, fields) => {
  const head = /%(ASA|FTD|PIX)-(\d)-(\d{6}): /.exec(text);
  if (head === null) return null;
  const body = text.slice(head.index + head[0].length);
  fields['message_id'] = head[3] ?? '';
  const id = head[3] ?? '';
  if (ASA_VPN[id] !== undefined) {
    set(fields, 'user', /(?:[Uu]ser(?:name)?|Username)\s*=?\s*<?'?([^>,'\s]+)'?>?/.exec(body)?.[1]);
    set(fields, 'src_ip', /(?:IP|user IP|Peer IP)\s*=?\s*<?([\da-fA-F.:]{7,45}[\da-fA-F])>?/.exec(body)?.[1]);
    set(fields, 'group', /Group(?:Policy)?\s*=?\s*<?([^>,\s]+)>?/.exec(body)?.[1]);
    set(fields, 'reason', /reason\s*[:=]\s*([^:,]+)/i.exec(body)?.[1]?.trim());
    const outcome = ASA_VPN[id];
    if (outcome !== 'session') fields['outcome'] = outcome;
    return sourceOf('cisco', VPN, 'asa');
  }
  const flow =
    /for\s+\S+?:([\da-fA-F.:]+)\/(\d+)[^]*?to\s+\S+?:([\da-fA-F.:]+)\/(\d+)/.exec(body) ??
    /src\s+\S+?:([\da-fA-F.:]+)\/(\d+)\s+dst\s+\S+?:([\da-fA-F.:]+)\/(\d+)/.exec(body) ??
    /from\s+([\da-fA-F.]+)\/(\d+)\s+to\s+([\da-fA-F.]+)\/(\d+)/.exec(body);
  if (flow !== null) {
    const outward = /\boutbound\b/.test(body);
    const [, a, aPort, b, bPort] = flow;
    Object.assign(
      fields,
      outward
        ? { src_ip: b, src_port: bPort, dst_ip: a, dst_port: aPort }
        : { src_ip: a, src_port: aPort, dst_ip: b, dst_port: bPort },
    );
    fields['action'] = /^(?:Deny|.*denied)/.test(body) ? 'deny' : 'allow';
    set(fields, 'bytes_out', /\bbytes (\d+)/.exec(body)?.[1]);
    set(fields, 'protocol', /\b(TCP|UDP|ICMP|tcp|udp|icmp)\b/.exec(body)?.[1]?.toLowerCase());
    return sourceOf('cisco', FIREWALL, 'asa');
  }
  return sourceOf('cisco', null, 'asa');
};

const ASA_VPN: Readonly<Record<string, 'success' | 'failure' | 'session'>> = {
  '113004': 'success',
  '113005': 'failure',
  '113006': 'failure',
  '113008': 'success',
  '113012': 'success',
  '113014': 'failure',
  '113015': 'failure',
  '113019': 'session',
  '113021': 'failure',
  '113039': 'success',
  '716001': 'success',
  '716002': 'session',
  '716039': 'failure',
  '716038': 'success',
  '722022': 'session',
  '722023': 'session',
  '722051': 'success',
  '722055': 'session',
  '605004': 'failure',
  '605005': 'success',
  '611101': 'success',
  '611102': 'failure',
};

/** Identity Services Engine: `CISE_Failed_Attempts … , UserName=…`. */
const ciscoIse: Vendor = (text, fields) => {
  const kind = /\bCISE_(\w+)\b/.exec(text)?.[1];
  if (kind === undefined) return null;
  readPairs(text.replaceAll('\\,', ' '), fields, ',');
  for (const part of text.split(', ')) {
    const equals = part.indexOf('=');
    if (equals > 0) fields[part.slice(0, equals).trim()] ??= part.slice(equals + 1).trim();
  }
  same(fields, 'user', 'UserName', 'User-Name');
  same(fields, 'src_ip', 'Framed-IP-Address', 'Calling-Station-ID', 'Device IP Address');
  fields['outcome'] = /Fail/i.test(kind) ? 'failure' : 'success';
  return sourceOf('cisco', VPN, 'ise');
};

/** IOS: `%SEC_LOGIN-4-LOGIN_FAILED: …` and AAA accounting. */
const ciscoIos: Vendor = (text, fields) => {
  const head = /%([A-Z][A-Z0-9_]+)-(\d)-([A-Z0-9_]+): ?/.exec(text);
  if (head === null) return null;
  fields['mnemonic'] = `${head[1]}-${head[2]}-${head[3]}`;
  set(fields, 'user', /\[user: ([^\]]+)\]/.exec(text)?.[1]);
  set(fields, 'src_ip', /\[Source: ([^\]]+)\]/.exec(text)?.[1]);
  return sourceOf('cisco', null, /AAA|LOGIN|PARSER/.test(fields['mnemonic']) ? 'aaa' : 'syslog');
};

const checkPoint: Vendor = (text, fields) => {
  if (fields['DeviceVendor'] === 'Check Point') {
    same(fields, 'src_ip', 'src');
    same(fields, 'dst_ip', 'dst');
    same(fields, 'dst_port', 'dpt');
    same(fields, 'action', 'act');
    same(fields, 'user', 'suser', 'duser');
    return sourceOf('checkpoint', FIREWALL, null);
  }
  if (
    !/CheckPoint \d+ -|\bproduct[:=]"?(?:VPN-1|Firewall|SmartDefense|Mobile Access|Endpoint|Application Control)/.test(
      text,
    )
  )
    return null;
  const body = /\[([^]*)\]\s*$/.exec(text)?.[1] ?? text;
  for (const pair of body.split(/;\s*/).slice(0, 500)) {
    const match = /^"?([\w-]{1,64})"?\s*[:=]\s*"?([^"]*)"?$/.exec(pair.trim());
    if (match !== null) set(fields, match[1] ?? '', match[2]);
  }
  if (fields['src'] === undefined) readPairs(text, fields);
  same(fields, 'src_ip', 'src');
  same(fields, 'dst_ip', 'dst');
  same(fields, 'dst_port', 'service');
  const isLogin = /Mobile Access|Log In/i.test(textOf(fields, 'product') + textOf(fields, 'action'));
  if (isLogin)
    fields['outcome'] = /Fail|Reject/i.test(textOf(fields, 'action') + textOf(fields, 'status'))
      ? 'failure'
      : 'success';
  return sourceOf('checkpoint', isLogin ? VPN : FIREWALL, null);
};

/** Pulse / Ivanti Connect Secure: `PulseSecure: 2026-… - host - [203.0.113.7] user(Realm)[Role] - …`. */
const pulse: Vendor = (text, fields, program) => {
  if (
    !/^(?:PulseSecure|Juniper|Ivanti|IvantiConnectSecure)$/i.test(program) &&
    !/^\S* ?PulseSecure: /.test(text) &&
    !/ - \[[\d.:a-fA-F]+\] [^[(]*\([^)]*\)\[[^\]]*\] - /.test(text)
  )
    return null;
  const parts = /\[([\d.:a-fA-F]+)\] ([^[(\s][^[(]{0,200}?|)\(([^)]{0,200})\)\[([^\]]{0,500})\] - (.{0,2000})/.exec(
    text,
  );
  if (parts === null) return sourceOf('pulse', null, null);
  const [, address, user, realm, roles, said = ''] = parts;
  set(fields, 'src_ip', address);
  set(fields, 'user', user);
  set(fields, 'realm', realm);
  set(fields, 'group', roles);
  set(fields, 'reason', /[Rr]eason:? ([^.]{1,200})/.exec(said)?.[1]);
  if (/[Ll]ogin failed|authentication failed|rejected/i.test(said)) fields['outcome'] = 'failure';
  else if (/[Ll]ogin succeeded|authentication successful|Session started|Agent login/i.test(said))
    fields['outcome'] = 'success';
  if (/Secondary authentication (?:successful|failed)|TOTP|two-factor/i.test(said)) fields['mfa'] = 'true';
  return sourceOf('pulse', VPN, null);
};

/** NetScaler / Citrix ADC: `… AAA LOGIN_FAILED 12345 0 :  User x - Client_ip 203.0.113.7 - …`. */
const netScaler: Vendor = (text, fields) => {
  const head =
    /\b(SSLVPN|AAA|AAATM|TCP|UI|SSLLOG|EVENT|CLI|API)\s+(\w+)\s+\d+\s+\d+\s*:/.exec(text) ??
    /(?:default|PPE-\d+|\d+-PPE-\d+)\s*:\s*\S*\s*(SSLVPN|AAA|AAATM|TCP|UI|CLI|EVENT)\s+(?:Message\s+)?(\w+)\s+\d+/.exec(
      text,
    );
  if (head === null) return null;
  fields['feature'] = head[1] ?? '';
  fields['event'] = head[2] ?? '';
  set(fields, 'user', /\bUser\s+(\S+)/.exec(text)?.[1]);
  set(
    fields,
    'src_ip',
    /Client_ip\s+"?([\da-fA-F.:]+)/.exec(text)?.[1] ??
      /(?:Source|from client IP Address)\s+([\da-fA-F.]+)/.exec(text)?.[1],
  );
  set(fields, 'dst_ip', /(?:Destination|Vserver)\s+([\da-fA-F.]+)/.exec(text)?.[1]);
  set(fields, 'group', /Group\(s\)\s+"?([^"-]+)/.exec(text)?.[1]?.trim());
  set(fields, 'reason', /Failure_reason\s+"?([^"]+)/.exec(text)?.[1]);
  set(fields, 'bytes_out', /Total_bytes_send\s+(\d+)/.exec(text)?.[1]);
  if (/LOGIN_FAILED|FAIL/.test(head[2] ?? '')) fields['outcome'] = 'failure';
  else if (/^LOGIN$/.test(head[2] ?? '')) fields['outcome'] = 'success';
  return sourceOf('netscaler', /SSLVPN|AAA/.test(head[1] ?? '') ? VPN : null, (head[1] ?? '').toLowerCase());
};

const sonicWall: Vendor = (text, fields) => {
  if (!/\bid=(?:firewall|sslvpn)\b/.test(text) || !/\bsn=/.test(text)) return null;
  readPairs(text, fields);
  const address = (name: string, ip: string, port: string) => {
    const [first, second] = textOf(fields, name).split(':');
    set(fields, ip, first);
    set(fields, port, second);
  };
  address('src', 'src_ip', 'src_port');
  address('dst', 'dst_ip', 'dst_port');
  same(fields, 'user', 'usr', 'duser');
  same(fields, 'bytes_out', 'sent');
  same(fields, 'bytes_in', 'rcvd');
  const said = textOf(fields, 'msg');
  if (/login/i.test(said)) {
    fields['outcome'] = /fail|denied|not allowed|incorrect/i.test(said) ? 'failure' : 'success';
    return sourceOf('sonicwall', VPN, null);
  }
  fields['action'] ??= /drop|denied|blocked/i.test(said) ? 'deny' : 'allow';
  return sourceOf('sonicwall', FIREWALL, null);
};

/** pfSense and OPNsense filterlog: CSV, the address family deciding what follows. */
const filterLog: Vendor = (text, fields, program) => {
  if (program !== 'filterlog' && !/^\d{1,5},[^,]*,[^,]*,\d+,[^,]+,match,/.test(text)) return null;
  const cells = text.split(',');
  const isV4 = cells[8] === '4';
  set(fields, 'rule', cells[0]);
  set(fields, 'interface', cells[4]);
  set(
    fields,
    'action',
    cells[6] === 'block' || cells[6] === 'reject' ? 'deny' : cells[6] === 'pass' ? 'allow' : cells[6],
  );
  set(fields, 'direction', cells[7]);
  const protocol = isV4 ? cells[16] : cells[12];
  set(fields, 'protocol', protocol?.toLowerCase());
  const from = isV4 ? 18 : 15;
  set(fields, 'src_ip', cells[from]);
  set(fields, 'dst_ip', cells[from + 1]);
  if (protocol === 'tcp' || protocol === 'udp') {
    set(fields, 'src_port', cells[from + 2]);
    set(fields, 'dst_port', cells[from + 3]);
  }
  return sourceOf('pfsense', FIREWALL, null);
};

/** Linux's own firewall: `IN=eth0 OUT= MAC=… SRC=… DST=…`. */
const netfilter: Vendor = (text, fields) => {
  if (!/\bIN=\S* .*\bSRC=\S+ DST=\S+ /.test(text)) return null;
  readPairs(text, fields);
  same(fields, 'src_ip', 'SRC');
  same(fields, 'dst_ip', 'DST');
  same(fields, 'src_port', 'SPT');
  same(fields, 'dst_port', 'DPT');
  same(fields, 'protocol', 'PROTO');
  fields['action'] = /BLOCK|DROP|DENY|REJECT/i.test(text.slice(0, 200)) ? 'deny' : 'allow';
  return sourceOf('linux', FIREWALL, 'iptables');
};

/** Any other product's CEF or LEEF. */
const anyCef: Vendor = (_text, fields) => {
  const { DeviceVendor: vendor } = fields;
  if (typeof vendor !== 'string') return null;
  same(fields, 'src_ip', 'src', 'sourceAddress');
  same(fields, 'dst_ip', 'dst', 'destinationAddress');
  same(fields, 'dst_port', 'dpt', 'dstPort');
  same(fields, 'action', 'act');
  same(fields, 'user', 'suser', 'usrName', 'duser');
  same(fields, 'bytes_out', 'out');
  const product = vendor
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 64);
  return sourceOf(product, fields['dst_ip'] === undefined ? null : FIREWALL, null);
};

const VENDORS: readonly Vendor[] = [
  fortinet,
  paloAlto,
  ciscoAsa,
  ciscoIse,
  ciscoIos,
  checkPoint,
  pulse,
  netScaler,
  sonicWall,
  filterLog,
  netfilter,
  anyCef,
];

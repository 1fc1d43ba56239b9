import type { Fields } from '../../../core/event.ts';
import { readPairs } from '../key-values.ts';
import { sourceOf } from '../shape.ts';
import { firewallEvent, same, set, textOf, type Vendor, vpnEvent } from './vendor.ts';

/** What a message of the ASA says of a sign-in. `session`: that one began, changed or ended. */
const ASA_SIGN_INS: Readonly<Record<string, 'success' | 'failure' | 'session'>> = {
  '109005': 'success',
  '109006': 'failure',
  '109007': 'success',
  '109008': 'failure',
  '109031': 'failure',
  '109034': 'failure',
  '113004': 'success',
  '113005': 'failure',
  '113006': 'failure',
  '113008': 'success',
  '113010': 'session',
  '113012': 'success',
  '113013': 'failure',
  '113014': 'failure',
  '113015': 'failure',
  '113016': 'failure',
  '113017': 'failure',
  '113019': 'session',
  '113021': 'failure',
  '113022': 'failure',
  '113039': 'success',
  '605004': 'failure',
  '605005': 'success',
  '611101': 'success',
  '611102': 'failure',
  '716001': 'success',
  '716002': 'session',
  '716038': 'success',
  '716039': 'failure',
  '716058': 'session',
  '722011': 'session',
  '722012': 'session',
  '722022': 'session',
  '722023': 'session',
  '722028': 'session',
  '722033': 'session',
  '722037': 'session',
  '722041': 'session',
  '722051': 'success',
  '722055': 'session',
  '734001': 'session',
  '751011': 'failure',
  '751025': 'success',
};

const IP = '[\\da-fA-F.:]{3,45}';
/** `interface:address/port`, with what some versions put between: `(host)`, `(user)`, a second pair for NAT. */
const END = `(?:(?!IN\\b)[\\w.-]{1,64}:)?(${IP})(?:/(\\d{1,5}))?`;
const FLOWS: readonly RegExp[] = [
  new RegExp(`\\bfor\\s+${END}[^]{0,200}?\\bto\\s+${END}`),
  new RegExp(`\\bsrc\\s+${END}[^]{0,120}?\\bdst\\s+${END}`),
  new RegExp(`\\bfrom\\s+${END}[^]{0,120}?\\bto\\s+${END}`),
  // Access lists: `permitted tcp inside/10.1.2.3(50022) -> outside/203.0.113.9(443)`.
  new RegExp(`\\b[\\w.-]{1,64}/(${IP})\\((\\d{1,5})\\)[^]{0,80}?->\\s+[\\w.-]{1,64}/(${IP})\\((\\d{1,5})\\)`),
  new RegExp(`\\bfaddr\\s+(${IP})/(\\d{1,5})[^]{0,80}?\\bladdr\\s+(${IP})/(\\d{1,5})`),
];

/** Cisco ASA, FTD and PIX: `%ASA-6-302013: …`. Source: “Cisco Secure Firewall ASA Series Syslog Messages”. */
export const ciscoAsa: Vendor = (text, fields) => {
  const head = /%(ASA|FTD|PIX|FWSM)-(?:[a-z]{1,12}-)?(\d)-(\d{6}): ?/.exec(text);
  if (head === null) return null;
  const id = head[3] ?? '';
  const body = text.slice(head.index + head[0].length);
  fields['message_id'] = id;
  if (ASA_SIGN_INS[id] !== undefined) return asaSignIn(id, body, fields);
  // Commands that somebody typed: what Sigma's rules for Cisco's command line read.
  if (/^11100[89]$|^111010$/.test(id)) {
    set(fields, 'user', /[Uu]ser\s+'([^']{1,256})'/.exec(body)?.[1]);
    set(fields, 'src_ip', new RegExp(`\\bIP (${IP})`).exec(body)?.[1]);
    set(fields, 'command', /(?:executed(?: cmd:|(?: the)?) ?|ran )'([^']{1,4096})'/.exec(body)?.[1]);
    return sourceOf('cisco', null, 'aaa');
  }
  // Firepower's connection and intrusion events: `SrcIP: 10.1.2.3, DstIP: …`.
  if (/\bSrcIP: /.test(body)) return firepower(body, fields);
  const flow = FLOWS.map((pattern) => pattern.exec(body)).find((match) => match !== null);
  if (flow === undefined) return sourceOf('cisco', null, 'asa');
  const [, a, aPort, b, bPort] = flow;
  // “outbound” names the far end first.
  const [from, fromPort, to, toPort] = /\boutbound\b/.test(body) ? [b, bPort, a, aPort] : [a, aPort, b, bPort];
  set(fields, 'src_ip', from);
  set(fields, 'src_port', fromPort);
  set(fields, 'dst_ip', to);
  set(fields, 'dst_port', toPort);
  fields['action'] = /\b[Dd]en(?:y|ied)\b|\bdiscarded\b|\b[Dd]rop/.test(body) ? 'deny' : 'allow';
  set(fields, 'bytes_out', /\bbytes (\d+)/.exec(body)?.[1]);
  set(fields, 'duration', /\bduration (\d+:\d\d:\d\d)/.exec(body)?.[1]);
  set(fields, 'rule', /\baccess-(?:group|list) "?([^"\s]{1,256})/.exec(body)?.[1]);
  set(fields, 'protocol', /\b(TCP|UDP|ICMP|GRE|ESP|tcp|udp|icmp|gre|esp)\b/.exec(body)?.[1]?.toLowerCase());
  return firewallEvent(fields, 'cisco', 'asa');
};

function asaSignIn(id: string, body: string, fields: Fields) {
  set(
    fields,
    'user',
    (/\b(?:[Uu]ser(?: ?name)?|Uname)\s*[=:]\s*<?["']?([^>,"'\s]+)/.exec(body) ??
      /\b(?:[Uu]ser(?: ?name)?|Uname)\s*<?["']?(?!authent|authori)([^>,"'\s]+)/.exec(body))?.[1],
  );
  set(
    fields,
    'src_ip',
    new RegExp(`\\b(?:user IP|Peer IP|IP|Remote|from)\\s*[=:]?\\s*<?(\\d[\\da-fA-F.:]{5,43}[\\da-fA-F])`).exec(
      body,
    )?.[1],
  );
  set(fields, 'group', /\bGroup(?: ?[Pp]olicy)?\s*[=:]?\s*<?"?([^>",\s]+)/.exec(body)?.[1]);
  set(fields, 'reason', /reason\s*[:=]\s*([^:,]+)/i.exec(body)?.[1]?.trim());
  set(fields, 'bytes_out', /Bytes xmt: (\d+)/.exec(body)?.[1]);
  set(fields, 'bytes_in', /Bytes rcv: (\d+)/.exec(body)?.[1]);
  const outcome = ASA_SIGN_INS[id];
  if (outcome !== undefined && outcome !== 'session') fields['outcome'] = outcome;
  return vpnEvent('cisco', 'asa');
}

function firepower(body: string, fields: Fields) {
  for (const part of body.split(', ').slice(0, 200)) {
    const colon = part.indexOf(': ');
    if (colon > 0) set(fields, part.slice(0, colon).trim(), part.slice(colon + 2).trim());
  }
  same(fields, 'src_ip', 'SrcIP');
  same(fields, 'dst_ip', 'DstIP');
  same(fields, 'src_port', 'SrcPort');
  same(fields, 'dst_port', 'DstPort');
  same(fields, 'protocol', 'Protocol');
  same(fields, 'user', 'User');
  same(fields, 'action', 'AccessControlRuleAction', 'InlineResult');
  same(fields, 'bytes_out', 'InitiatorBytes');
  same(fields, 'bytes_in', 'ResponderBytes');
  return firewallEvent(fields, 'cisco', 'firepower');
}

/** Firepower without the ASA’s code: `SFIMS: Protocol: TCP, SrcIP: …`. */
export const ciscoFirepower: Vendor = (text, fields, program) =>
  program === 'SFIMS' && /\bSrcIP: /.test(text) ? firepower(text, fields) : null;

/** Identity Services Engine: `CISE_Failed_Attempts … , UserName=…`. Source: “Cisco ISE Syslogs”. */
export const ciscoIse: Vendor = (text, fields) => {
  const kind = /\bCISE_(\w{1,64})\b/.exec(text)?.[1];
  if (kind === undefined) return null;
  for (const part of text.replaceAll('\\,', '\u0000').split(/,\s*/).slice(0, 1000)) {
    const equals = part.indexOf('=');
    if (equals <= 0) continue;
    fields[part.slice(0, equals).trim()] ??= part
      .slice(equals + 1)
      .replaceAll('\u0000', ',')
      .trim();
  }
  same(fields, 'user', 'UserName', 'User-Name', 'User', 'AdminName');
  same(
    fields,
    'src_ip',
    'Framed-IP-Address',
    'Calling-Station-ID',
    'Remote-Address',
    'AdminIPAddress',
    'Device IP Address',
  );
  same(fields, 'reason', 'FailureReason');
  set(fields, 'message_code', /\b(\d{5}) (?:NOTICE|INFO|WARN|ERROR|FATAL|DEBUG)\b/.exec(text)?.[1]);
  // Commands typed on a network device that ISE authorised or accounted for.
  if (/TACACS/i.test(kind) && /CmdSet=|CmdAV=|CMDAVs?=/.test(text)) return sourceOf('cisco', null, 'aaa');
  if (/Failed/i.test(kind)) fields['outcome'] = 'failure';
  else if (/Passed/i.test(kind)) fields['outcome'] = 'success';
  return vpnEvent('cisco', 'ise');
};

/**
 * IOS, IOS XE, IOS XR and NX-OS: `%SEC_LOGIN-4-LOGIN_FAILED: …`, `%SECURITY-SSHD-6-INFO_GENERAL : …`. Logged commands
 * and sign-ins are the service `aaa`, as in Sigma's rules; routing protocols have theirs.
 */
export const ciscoIos: Vendor = (text, fields) => {
  const head = /%([A-Z][A-Z0-9_]+(?:-[A-Z0-9_]+){0,3})-(\d)-([A-Z0-9_]+) ?: ?/.exec(text);
  if (head === null) return null;
  const mnemonic = `${head[1] ?? ''}-${head[2] ?? ''}-${head[3] ?? ''}`;
  fields['mnemonic'] = mnemonic;
  set(
    fields,
    'user',
    /\[user: ([^\]]+)\]/.exec(text)?.[1] ?? /\bUser:? ?'?([^\s']{1,256})'?\s+(?:logged command|ran)/.exec(text)?.[1],
  );
  set(fields, 'src_ip', /\[Source: ([^\]]+)\]/.exec(text)?.[1]);
  set(fields, 'command', /logged command: ?(.{1,4096})$/.exec(text)?.[1]);
  if (/LOGIN_FAILED|AUTHEN_FAIL/.test(mnemonic)) fields['outcome'] = 'failure';
  else if (/LOGIN_SUCCESS/.test(mnemonic)) fields['outcome'] = 'success';
  if (/LDP|TCPMD5AuthenFail|TCP_PACKET_MD5/.test(text)) return sourceOf('cisco', null, 'ldp');
  if (/BGP|TCP-\d-BADAUTH/.test(mnemonic)) return sourceOf('cisco', null, 'bgp');
  return sourceOf('cisco', null, /AAA|LOGIN|PARSER|CLI|CMD|CONFIG|SSH/.test(mnemonic) ? 'aaa' : 'syslog');
};

/** TACACS+ accounting, as a server of its own writes it: tabs or pairs with `cmd=`. */
export const tacacs: Vendor = (text, fields, program) => {
  if (!/^tac(?:_plus|acs|plus)/i.test(program) || !/\bcmd=/.test(text)) return null;
  readPairs(text, fields, text.includes('\t') ? '\t' : ' ');
  set(fields, 'command', /\bcmd=([^\t]{1,4096})/.exec(text)?.[1]);
  if (textOf(fields, 'command') === '') return null;
  return sourceOf('cisco', null, 'aaa');
};

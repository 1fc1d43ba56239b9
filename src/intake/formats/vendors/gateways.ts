import { readPairs } from '../key-values.ts';
import { sourceOf } from '../shape.ts';
import { firewallEvent, same, set, textOf, type Vendor, vpnEvent } from './vendor.ts';

/**
 * Pulse / Ivanti Connect Secure: `PulseSecure: 2026-… - host - [203.0.113.7] user(Realm)[Role] - …`, or in the WELF
 * form `id=firewall … vpn=… user=… msg="AUT24414: …"`.
 */
export const pulse: Vendor = (text, fields, program) => {
  const isWelf = /\bid=firewall\b/.test(text) && /\b(?:vpn=|msg="?[A-Z]{3}\d{5})/.test(text) && /\brealm=/.test(text);
  if (
    !isWelf &&
    !/^(?:PulseSecure|Juniper|Ivanti|IvantiConnectSecure)$/i.test(program) &&
    !/^\S* ?PulseSecure: /.test(text) &&
    !/ - \[[\d.:a-fA-F]+\] [^[(]{0,300}\([^)]{0,200}\)\[[^\]]{0,500}\] - /.test(text)
  )
    return null;
  let said = '';
  if (isWelf) {
    readPairs(text, fields);
    same(fields, 'src_ip', 'src');
    same(fields, 'group', 'roles');
    said = textOf(fields, 'msg');
  } else {
    const parts = /\[([\d.:a-fA-F]+)\] ([^[(\s][^[(]{0,200}?|)\(([^)]{0,200})\)\[([^\]]{0,500})\] - (.{0,2000})/.exec(
      text,
    );
    if (parts === null) return sourceOf('pulse', null, null);
    const [, address, user, realm, roles, rest = ''] = parts;
    set(fields, 'src_ip', address);
    set(fields, 'user', user);
    set(fields, 'realm', realm);
    set(fields, 'group', roles);
    said = rest;
  }
  set(fields, 'message_id', /\b([A-Z]{3}\d{5})\b/.exec(text)?.[1]);
  set(fields, 'reason', /[Rr]eason:? ([^.]{1,200})/.exec(said)?.[1]);
  if (/[Ll]ogin failed|authentication failed|rejected/i.test(said)) fields['outcome'] = 'failure';
  else if (/[Ll]ogin succeeded|authentication successful|Session started|Agent login/i.test(said))
    fields['outcome'] = 'success';
  if (/Secondary authentication (?:successful|failed)|TOTP|two-factor/i.test(said)) fields['mfa'] = 'true';
  return vpnEvent('pulse', null);
};

const FEATURES = 'SSLVPN|AAATM|AAA|TCP|UI|SSLLOG|EVENT|CLI|API|GUI|APPFW|CVPN|SNMP|ICA|GENERAL|SUBSCRIBER|ROUTING|DNS';
const NET_SCALER = new RegExp(
  `(?:\\b(?:default )?(${FEATURES})\\s+(\\w+)\\s+\\d+\\s+\\d+\\s*:|(?:default|PPE-\\d+|\\d+-PPE-\\d+)\\s*:\\s*(?:default\\s+)?(${FEATURES})\\s+(?:Message\\s+)?(\\w+)\\s+(?:\\d+|:)|\\s:\\s(?:default )?(${FEATURES})\\s+([A-Z_]{3,40})\\s+\\d+\\s*\\d*\\s*:)`,
);

/**
 * NetScaler / Citrix ADC: `… AAA LOGIN_FAILED 12345 0 :  User x - Client_ip 203.0.113.7 - …`.
 * Source: Citrix, “NetScaler Syslog Message Reference”.
 */
export const netScaler: Vendor = (text, fields, program) => {
  const head =
    NET_SCALER.exec(text.slice(0, 2000)) ??
    // With a header of RFC 5424 the feature is the program.
    (new RegExp(`^(?:${FEATURES})$`).test(program) ? /^(?:default )?()(\w+) \d+ \d+ ?:/.exec(text) : null);
  if (head === null) return null;
  const feature = head[1] || head[3] || head[5] || program;
  const event = head[2] ?? head[4] ?? head[6] ?? '';
  fields['feature'] = feature;
  fields['event'] = event;
  set(
    fields,
    'user',
    /\bUser\s+(?!name\b)"?([^\s"]+)/.exec(text)?.[1] ?? /\bContext\s+([^@\s]{1,256})@/.exec(text)?.[1],
  );
  set(
    fields,
    'src_ip',
    /(?:Client_ip|ClientIP|Remote_ip)\s+"?([\da-fA-F.:]+)/.exec(text)?.[1] ??
      /(?:Source|from client IP Address)\s+([\da-fA-F.]+)/.exec(text)?.[1] ??
      /\bContext\s+[^@\s]{1,256}@([\da-fA-F.:]+)/.exec(text)?.[1],
  );
  set(fields, 'dst_ip', /(?:Destination|Vserver|VserverServiceIP)\s+([\da-fA-F.]+)/.exec(text)?.[1]);
  set(fields, 'group', /Group\(s\)\s+"?([^"-]+)/.exec(text)?.[1]?.trim());
  set(fields, 'reason', /Failure_reason\s+"?([^"]+)/.exec(text)?.[1]);
  set(fields, 'bytes_out', /Total_bytes_send\s+(\d+)/.exec(text)?.[1]);
  set(fields, 'bytes_in', /Total_bytes_recv\s+(\d+)/.exec(text)?.[1]);
  if (/LOGIN_FAILED|EXTRACTED_GROUPS_FAILED/.test(event)) fields['outcome'] = 'failure';
  else if (event === 'LOGIN') fields['outcome'] = 'success';
  const service = feature.toLowerCase();
  return /SSLVPN|AAA|ICA/.test(feature) ? vpnEvent('netscaler', service) : sourceOf('netscaler', null, service);
};

/** SonicWall's firewalls and SMA. Source: “SonicOS Log Events Reference Guide”. */
export const sonicWall: Vendor = (text, fields) => {
  if (!/\bid=(?:firewall|sslvpn)\b/.test(text) || !/\bsn=/.test(text)) return null;
  readPairs(text, fields);
  // `10.1.2.3:50022:X0:host`; an address of IPv6 stands in brackets or alone.
  const address = (name: string, ip: string, port: string) => {
    const parts = /^(\[[^\]]+\]|\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F:]{3,45})(?::(\d{1,5}))?/.exec(textOf(fields, name));
    set(fields, ip, parts?.[1]?.replace(/[[\]]/g, ''));
    set(fields, port, parts?.[2]);
  };
  address('src', 'src_ip', 'src_port');
  address('dst', 'dst_ip', 'dst_port');
  same(fields, 'user', 'usr', 'duser', 'user');
  same(fields, 'bytes_out', 'sent');
  same(fields, 'bytes_in', 'rcvd');
  same(fields, 'protocol', 'proto');
  same(fields, 'action', 'fw_action');
  const said = textOf(fields, 'msg');
  if (/log ?in|log ?on|authenticat/i.test(said) && !/log ?out/i.test(said)) {
    fields['outcome'] = /fail|denied|not allowed|incorrect|invalid|lock/i.test(said) ? 'failure' : 'success';
    return vpnEvent('sonicwall', null);
  }
  if (fields['action'] === undefined || fields['action'] === 'NA')
    fields['action'] = /drop|denied|blocked|prevent/i.test(said) ? 'deny' : 'allow';
  return firewallEvent(fields, 'sonicwall', null);
};

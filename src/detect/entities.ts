import type { Entities } from '../core/finding.ts';
import type { EventView, FieldValue } from '../core/event.ts';
import { isOurs } from './own-network.ts';

/**
 * Who and what an event is about. The first of these fields that holds something is taken; names are those of the
 * formats we read (Windows, Sysmon, syslog, Zeek, the clouds, record accesses).
 */
const HOST = ['Computer', 'Hostname', 'host.name', 'hostname', 'ComputerName', 'dvc', 'node', 'host', 'device'];
/** The person who acts. */
const ACTOR = [
  'User',
  'user',
  'SubjectUserName',
  'UserId',
  'userPrincipalName',
  'UserPrincipalName',
  'userIdentity.arn',
  'userIdentity.userName',
  'user.name',
  'TargetUserName',
  'AccountName',
  'cs-username',
  'actor.alternateId',
  'ParentUser',
  'USERNAME',
  'username',
  'Security_UserName',
];
const ADDRESS = [
  'IpAddress',
  'SourceIp',
  'src_ip',
  'ClientIP',
  'sourceIPAddress',
  'c-ip',
  'id.orig_h',
  'IPAddress',
  'ipAddress',
  'src',
  'SourceAddress',
  'ClientAddress',
  'address',
];
const DOMAIN_OF: Readonly<Record<string, string>> = {
  SubjectUserName: 'SubjectDomainName',
  TargetUserName: 'TargetDomainName',
  // NXLog's, of whoever the event was written for.
  AccountName: 'Domain',
};
interface Names {
  readonly host: readonly string[];
  readonly actor: readonly string[];
  readonly address: readonly string[];
}

/** Names that only one product uses, or that mean something else in it: they are looked at first. */
const OF_PRODUCT: Readonly<Record<string, Partial<Names>>> = {
  // `Initiatedby` is whoever, person or program, changed something in Entra.
  azure: { actor: ['Initiatedby', 'caller', 'Caller'], address: ['InitiatedBy.user.ipAddress', 'callerIpAddress'] },
  gcp: {
    actor: ['protoPayload.authenticationInfo.principalEmail', 'actor.email'],
    address: ['protoPayload.requestMetadata.callerIp'],
  },
  github: { actor: ['actor'], address: ['actor_ip'] },
  kubernetes: { actor: ['user.username'] },
  ocsf: {
    host: ['device.hostname', 'device.name'],
    // `user` is whom a change is about, where both are named.
    actor: ['actor.user.name', 'actor.user.email_addr', 'actor.user.uid'],
    address: ['src_endpoint.ip'],
  },
  okta: { address: ['client.ipAddress'] },
};
/** Of the audit log of Linux: `hostname` is where somebody came from; who signed in stays, whoever they become. */
const AUDITD: Names = { host: ['Hostname', 'node'], actor: ['AUID', 'acct'], address: ['addr'] };

/** Windows events that are about the account that signs in or is changed, not about the one that asks. */
const ABOUT_TARGET = new Set([
  4624, 4625, 4634, 4647, 4648, 4768, 4769, 4770, 4771, 4772, 4773, 4776, 4740, 4767, 4778, 4779,
]);
/** A service was installed: the account that it names is the one under which the service runs, and nobody who acted. */
const SERVICE_INSTALLED = 7045;
/** Kerberos names whoever asks for or renews a service ticket `name@DOMAIN`, which is `DOMAIN\name` written otherwise. */
const NAMED_WITH_DOMAIN = new Set([4769, 4770]);
/** What stands in a field that has nothing to say. */
const NOTHING = new Set([
  '',
  '-',
  '::',
  '0.0.0.0',
  'n/a',
  'N/A',
  '(null)',
  'LOCAL',
  '%%2313',
  '?',
  'unset',
  '(unknown)',
]);

export function entitiesOf(event: EventView): Entities {
  const names = namesIn(event);
  const host = firstText(event, names.host);
  const account = accountOf(event, names.actor);
  const address = firstText(event, names.address);
  return {
    ...(host === null ? {} : { host: host.text }),
    ...(account === null ? {} : { account }),
    ...(address === null ? {} : { address: plainAddress(address.text) }),
  };
}

const USUAL: Names = { host: HOST, actor: ACTOR, address: ADDRESS };
const TARGET_FIRST: Names = { ...USUAL, actor: ['TargetUserName', ...ACTOR] };
const WITHOUT_SERVICE: Names = { ...USUAL, actor: ACTOR.filter((field) => field !== 'AccountName') };
const BY_PRODUCT: ReadonlyMap<string, Names> = new Map(
  Object.entries(OF_PRODUCT).map(([product, { host = [], actor = [], address = [] }]) => [
    product,
    { host: [...host, ...HOST], actor: [...actor, ...ACTOR], address: [...address, ...ADDRESS] },
  ]),
);

function namesIn({ channel, eventId, logSource: { product, service } }: EventView): Names {
  if (channel === 'security' && ABOUT_TARGET.has(eventId)) return TARGET_FIRST;
  if (channel === 'system' && eventId === SERVICE_INSTALLED) return WITHOUT_SERVICE;
  if (service === 'auditd') return AUDITD;
  return BY_PRODUCT.get(product ?? '') ?? USUAL;
}

/** Who opened a connection and to whom, as firewalls, proxies and network monitors name the two. */
const ENDPOINTS = [
  ['src_ip', 'dst_ip'],
  ['src_ip', 'dest_ip'],
  ['id.orig_h', 'id.resp_h'],
  ['src', 'dst'],
  ['c-ip', 'cs-host'],
] as const;

/**
 * Who and what a finding on an event is about: as the event names them, with two differences. What a firewall, a proxy
 * or a network monitor tells is about the machine of ours at one end of the connection, not about the box that tells it:
 * that one would be in every finding of the site. And an address of ours is a machine, whether its name is known or not.
 */
export function subjectsOf(event: EventView): Entities {
  const named = entitiesOf(event);
  const inside = isToldByNetwork(event) ? ownEndpoint(event) : null;
  const host =
    inside ?? named.host ?? (named.address !== undefined && isOurs(named.address) ? named.address : undefined);
  return host === undefined ? named : { ...named, host };
}

function isToldByNetwork({ logSource: { category, product } }: EventView): boolean {
  return category === 'firewall' || category === 'proxy' || product === 'zeek' || product === 'suricata';
}

/** `null`: it tells of no connection, or neither end is ours. */
function ownEndpoint(event: EventView): string | null {
  for (const [from, to] of ENDPOINTS) {
    const [source, target] = [textAt(event, from), textAt(event, to)];
    if (source === null || target === null) continue;
    return isOurs(source) ? source : isOurs(target) ? target : null;
  }
  return null;
}

/** The host that an event names, in lower case; '' if none. */
export function hostOf(event: EventView): string {
  return firstText(event, namesIn(event).host)?.text.toLowerCase() ?? '';
}

/** The number that Windows gave the event; `null` if it has none. */
export function recordIdOf(event: EventView): number | null {
  const id = Number(textAt(event, 'EventRecordID') ?? Number.NaN);
  return Number.isSafeInteger(id) ? id : null;
}

function accountOf(event: EventView, order: readonly string[]): string | null {
  const found = firstText(event, order);
  if (found === null) return null;
  const domainField = DOMAIN_OF[found.field];
  const domain = domainField === undefined ? null : textAt(event, domainField);
  if (domain !== null && event.channel === 'security' && NAMED_WITH_DOMAIN.has(event.eventId)) {
    const name = found.text.slice(0, -domain.length - 1);
    if (found.text.toLowerCase() === `${name}@${domain}`.toLowerCase()) return `${domain}\\${name}`;
  }
  return domain === null || found.text.includes('\\') || found.text.includes('@')
    ? found.text
    : `${domain}\\${found.text}`;
}

function firstText(event: EventView, fields: readonly string[]): { field: string; text: string } | null {
  for (const field of fields) {
    const text = textAt(event, field);
    if (text !== null) return { field, text };
  }
  return null;
}

/** Domain controllers write IPv4 as IPv6, Microsoft 365 adds a port: one address by two names would link nothing. */
function plainAddress(text: string): string {
  if (!text.includes(':')) return text;
  return (
    /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/i.exec(text)?.[1] ?? /^\[([^\]]+)\]/.exec(text)?.[1] ?? text
  );
}

const MAX_ENTITY = 256;

function textAt(event: EventView, field: string): string | null {
  const slot = event.layout.slotOf(field);
  const value: FieldValue = slot < 0 ? undefined : event.valueAt(slot);
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
  return text === null || NOTHING.has(text) ? null : text.slice(0, MAX_ENTITY);
}

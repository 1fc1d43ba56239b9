import type { EventView } from '../../core/event.ts';

/** Somebody signed in, or tried to, as far as a log says. */
export interface SignIn {
  /** In lower case, with its domain where the log has one. */
  readonly account: string;
  /** What they signed in to, in lower case: a host, or the name of a cloud. */
  readonly host: string;
  /** Where they came from; `null`: the log does not say, or it was at the machine itself. */
  readonly address: string | null;
  readonly country: string | null;
  readonly isSuccess: boolean;
}

/** Interactive, network, unlock, remote desktop, cached. Services, batches and the system itself are not people. */
const LOGON_TYPES = new Set(['2', '3', '7', '8', '9', '10', '11', '12', '13']);
const NOBODY = /^(?:|-|system|anonymous logon|local service|network service|dwm-\d+|umfd-\d+|guest)$/i;
/** Only the last `from … port …` is the server's: a name may hold another. */
const SSHD = /^(Accepted|Failed) \S{1,64} for (?:invalid user )?(.{1,256}) from ([0-9a-f.:]{2,45}) port \d/i;

/** `null` if the event is no sign-in that we know. */
export function signInOf(event: EventView): SignIn | null {
  if (event.channel === 'security') return ofWindows(event);
  const { product, service } = event.logSource;
  if (product === 'azure' || product === 'm365') return ofMicrosoftCloud(event);
  if (product === 'linux' || service === 'sshd') return ofSshd(event);
  return null;
}

function ofWindows(event: EventView): SignIn | null {
  const { eventId } = event;
  const isLogon = eventId === 4624 || eventId === 4625;
  const isKerberos = eventId === 4771 || eventId === 4768;
  if (!isLogon && !isKerberos && eventId !== 4776) return null;
  if (isLogon && !LOGON_TYPES.has(textAt(event, 'LogonType') ?? '')) return null;
  const name = textAt(event, 'TargetUserName') ?? '';
  if (NOBODY.test(name) || name.endsWith('$')) return null;
  // 0x0 is success; of 4624 and 4625 the number alone says it.
  const status = textAt(event, 'Status') ?? (eventId === 4624 ? '0x0' : '0x1');
  const isSuccess = isLogon ? eventId === 4624 : /^0x0+$/i.test(status);
  // A ticket or a check of a password that went well is followed by the sign-in itself.
  if (!isLogon && isSuccess) return null;
  const domain = textAt(event, 'TargetDomainName');
  const host = textAt(event, 'Computer');
  if (host === null) return null;
  return {
    account: (domain === null || domain === '-' || name.includes('@') ? name : `${domain}\\${name}`).toLowerCase(),
    host: host.toLowerCase(),
    address: addressOf(textAt(event, 'IpAddress') ?? textAt(event, 'Workstation')),
    country: null,
    isSuccess,
  };
}

/** Entra's sign-in log, and the sign-ins of the unified audit log. */
function ofMicrosoftCloud(event: EventView): SignIn | null {
  const operation = textAt(event, 'Operation');
  const isUnified = operation === 'UserLoggedIn' || operation === 'UserLoginFailed';
  const code = textAt(event, 'status.errorCode') ?? textAt(event, 'ResultType');
  if (!isUnified && code === null) return null;
  const account = textAt(event, 'userPrincipalName') ?? textAt(event, 'UserPrincipalName') ?? textAt(event, 'UserId');
  if (account === null) return null;
  return {
    account: account.toLowerCase(),
    host: 'microsoft 365',
    address: addressOf(textAt(event, 'ipAddress') ?? textAt(event, 'IPAddress') ?? textAt(event, 'ClientIP')),
    country: textAt(event, 'location.countryOrRegion') ?? textAt(event, 'Location'),
    isSuccess: isUnified ? operation === 'UserLoggedIn' : code === '0',
  };
}

function ofSshd(event: EventView): SignIn | null {
  const message = textAt(event, 'Message') ?? textAt(event, 'message') ?? textAt(event, 'msg');
  const host =
    textAt(event, 'Hostname') ?? textAt(event, 'hostname') ?? textAt(event, 'host.name') ?? textAt(event, 'host');
  if (message === null || host === null || message.length > 2000) return null;
  const [, outcome, account, address] = SSHD.exec(message) ?? [];
  if (outcome === undefined || account === undefined || address === undefined) return null;
  return {
    account: account.toLowerCase(),
    host: host.toLowerCase(),
    address: addressOf(address),
    country: null,
    isSuccess: outcome.toLowerCase() === 'accepted',
  };
}

function addressOf(text: string | null): string | null {
  if (text === null || text === '' || text === '-') return null;
  const address = text
    .toLowerCase()
    .replace(/^::ffff:/, '')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  return /^(?:127\.|::1$)/.test(address) ? null : address;
}

/** Where an address is, roughly, as people move about: `null` for one of our own networks. */
export function networkOf(address: string): string | null {
  const [first, second] = address.split('.');
  if (address.includes(':')) return /^(?:fe80|f[cd])/.test(address) ? null : address.split(':').slice(0, 2).join(':');
  if (first === undefined || second === undefined || !/^\d+$/.test(first)) return null;
  const isOwn =
    first === '10' ||
    (first === '192' && second === '168') ||
    (first === '172' && Number(second) >= 16 && Number(second) < 32);
  return isOwn || first === '0' ? null : `${first}.${second}`;
}

function textAt(event: EventView, field: string): string | null {
  const slot = event.layout.slotOf(field);
  const value = slot < 0 ? undefined : event.valueAt(slot);
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null;
}

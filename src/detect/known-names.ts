import type { EventView, UtcMs } from '../core/event.ts';
import type { Entities } from '../core/finding.ts';
import { forgetOldest } from './behaviour/forget-oldest.ts';
import { isOurs } from './own-network.ts';

/** What a name stands for, and since when that can be doubted. */
interface Meaning {
  readonly name: string;
  /** When it was last said. */
  readonly at: UtcMs;
  /** When something else was last said; `null`: never. */
  readonly rivalAt: UtcMs | null;
}

export interface SavedNames {
  readonly addresses: readonly (readonly [string, Meaning])[];
  readonly hosts: readonly (readonly [string, Meaning])[];
  readonly accounts: readonly (readonly [string, Meaning])[];
}

const DAY_MS = 86_400_000;
/** A machine asks for a ticket at least every ten hours; an address is given to another machine after days. */
const ADDRESS_MS = DAY_MS;
/** People and machines are renamed rarely; a name that two had in a month says nothing. */
const NAME_MS = 30 * DAY_MS;
/** Of each kind; about 200 bytes each, 20 MB in all. */
const MOST = 32_000;
/** Where Windows puts accounts that are no person's. */
const NO_DOMAIN = new Set(['', '-', 'nt authority', 'nt service', 'window manager', 'font driver host', 'workgroup']);

/**
 * Which names stand for the same machine or person: a firewall knows addresses, a VPN knows `name`, Windows knows
 * `DOMAIN\name` and `host.full.example`. Without this an intrusion falls apart into what each log calls it.
 *
 * Only what a machine proved is believed: it signed in to the domain with its own account by Kerberos (4624, 4768), or
 * told of its own connection (Sysmon 3, 5156). What anybody may type into a request, as a DHCP host name, is not. A name
 * that two things had in the time is no name: nobody may be taken for somebody else.
 */
export class KnownNames {
  readonly #addresses: Map<string, Meaning>;
  readonly #hosts: Map<string, Meaning>;
  readonly #accounts: Map<string, Meaning>;

  constructor(saved?: SavedNames) {
    this.#addresses = new Map(saved?.addresses);
    this.#hosts = new Map(saved?.hosts);
    this.#accounts = new Map(saved?.accounts);
  }

  save(): SavedNames {
    return { addresses: [...this.#addresses], hosts: [...this.#hosts], accounts: [...this.#accounts] };
  }

  learn(event: EventView, at: UtcMs): void {
    if (event.channel === 'security') {
      if (event.eventId === 4624) this.#signedIn(event, at);
      else if (event.eventId === 4768) this.#askedForTicket(event, at);
      else if (event.eventId === 5156)
        this.#connected(event, textAt(event, 'SourceAddress'), 'Direction', '%%14593', at);
    } else if (event.eventId === 3 && event.channel === 'microsoft-windows-sysmon/operational')
      this.#connected(event, textAt(event, 'SourceIp'), 'Initiated', 'true', at);
  }

  /** The same entities by the names under which most is known of them. */
  resolve(entities: Entities, at: UtcMs): Entities {
    const { host, account, address } = entities;
    const named = host === undefined ? undefined : this.#hostNamed(host, at);
    const signedIn = account === undefined ? undefined : this.#accountNamed(account, at);
    if (named === host && signedIn === account) return entities;
    return {
      ...(named === undefined ? {} : { host: named }),
      ...(signedIn === undefined ? {} : { account: signedIn }),
      ...(address === undefined ? {} : { address }),
    };
  }

  #hostNamed(host: string, at: UtcMs): string {
    const own = meaningAt(this.#addresses.get(host.toLowerCase()), at, ADDRESS_MS) ?? host;
    return meaningAt(this.#hosts.get(own.toLowerCase()), at, NAME_MS) ?? own;
  }

  #accountNamed(account: string, at: UtcMs): string {
    const { domain, name } = partsOf(account);
    const known = meaningAt(this.#accounts.get(name), at, NAME_MS);
    if (known === null) return account;
    return domain === '' || domain === partsOf(known).domain ? known : account;
  }

  #signedIn(event: EventView, at: UtcMs): void {
    const name = textAt(event, 'TargetUserName');
    const computer = textAt(event, 'Computer');
    if (computer !== null) this.#learnHost(computer, at);
    if (name === null) return;
    if (name.endsWith('$')) {
      if (textAt(event, 'AuthenticationPackageName') === 'Kerberos') this.#learnAddress(event, name, at);
      return;
    }
    const domain = firstLabel(textAt(event, 'TargetDomainName') ?? '');
    // An account of the machine itself has the machine for its domain.
    if (NO_DOMAIN.has(domain.toLowerCase()) || domain.toLowerCase() === firstLabel(computer ?? '').toLowerCase())
      return;
    set(this.#accounts, name.toLowerCase(), `${domain}\\${name}`, at);
  }

  #askedForTicket(event: EventView, at: UtcMs): void {
    const name = textAt(event, 'TargetUserName');
    if (name?.endsWith('$') === true && Number(textAt(event, 'Status') ?? 0) === 0) this.#learnAddress(event, name, at);
  }

  #learnAddress(event: EventView, account: string, at: UtcMs): void {
    const address = textAt(event, 'IpAddress')?.replace(/^::ffff:/i, '') ?? '';
    if (isOurs(address)) set(this.#addresses, address.toLowerCase(), account.slice(0, -1), at);
  }

  #connected(event: EventView, source: string | null, field: string, isOwn: string, at: UtcMs): void {
    const computer = textAt(event, 'Computer');
    if (computer === null || source === null || textAt(event, field) !== isOwn || !isOurs(source)) return;
    set(this.#addresses, source.toLowerCase(), firstLabel(computer), at);
    this.#learnHost(computer, at);
  }

  #learnHost(computer: string, at: UtcMs): void {
    const short = firstLabel(computer);
    if (short !== computer) set(this.#hosts, short.toLowerCase(), computer, at);
  }
}

function set(map: Map<string, Meaning>, key: string, name: string, at: UtcMs): void {
  const before = map.get(key);
  if (before !== undefined && before.name.toLowerCase() === name.toLowerCase()) {
    // Most events say what is known. Said again within the minute, there is nothing to keep.
    if (at - before.at > 60_000) {
      map.delete(key);
      map.set(key, { ...before, at });
    }
    return;
  }
  if (before === undefined) forgetOldest(map, MOST);
  else map.delete(key);
  map.set(key, { name, at, rivalAt: before?.at ?? null });
}

/** `null`: not known at that time, or doubtful. */
function meaningAt(meaning: Meaning | undefined, at: UtcMs, reachMs: number): string | null {
  if (meaning === undefined || Math.abs(at - meaning.at) > reachMs) return null;
  return meaning.rivalAt !== null && at - meaning.rivalAt <= reachMs ? null : meaning.name;
}

/** `domain` in lower case and without what follows its first dot, '' if there is none; `name` in lower case. */
function partsOf(account: string): { domain: string; name: string } {
  const lower = account.toLowerCase();
  const slash = lower.lastIndexOf('\\');
  if (slash >= 0) return { domain: firstLabel(lower.slice(0, slash)), name: lower.slice(slash + 1) };
  const at = lower.lastIndexOf('@');
  return at > 0 ? { domain: firstLabel(lower.slice(at + 1)), name: lower.slice(0, at) } : { domain: '', name: lower };
}

function firstLabel(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

const MAX_NAME = 256;

function textAt(event: EventView, field: string): string | null {
  const slot = event.layout.slotOf(field);
  const value = slot < 0 ? undefined : event.valueAt(slot);
  return typeof value === 'string' && value !== '' && value !== '-' && value.length <= MAX_NAME
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : null;
}

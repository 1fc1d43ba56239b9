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

type Meanings = readonly (readonly [string, Meaning])[];

export interface SavedNames {
  readonly addresses: Meanings;
  readonly hosts: Meanings;
  readonly accounts: Meanings;
  /** Absent in files of earlier releases, as the next three. */
  readonly shortDomains?: Meanings;
  readonly longDomains?: Meanings;
  readonly people?: Meanings;
  readonly principals?: Meanings;
}

/**
 * What the site's file says of its domains: by each name that stands behind an `@`, in lower case, the short name of the
 * Windows domain whose accounts have the same names before the `@`.
 */
export type DeclaredDomains = Readonly<Record<string, string>>;

const DAY_MS = 86_400_000;
/** A machine asks for a ticket at least every ten hours; an address is given to another machine after days. */
const ADDRESS_MS = DAY_MS;
/** People and machines are renamed rarely; a name that two had in a month says nothing. */
const NAME_MS = 30 * DAY_MS;
/** Security identifiers are never used again, and what Windows calls by them changes hardly ever. */
const IDENTIFIER_MS = 180 * DAY_MS;
/** Of each kind but domains; about 200 bytes each, 30 MB in all. */
const MOST = 32_000;
/** A site's own, those that it trusts, and one for each machine that has accounts of its own. */
const MOST_DOMAINS = 4000;
/** Where Windows puts accounts that are no person's. */
const NO_DOMAIN = new Set(['', '-', 'nt authority', 'nt service', 'window manager', 'font driver host', 'workgroup']);

/**
 * Which names stand for the same machine or person: a firewall knows addresses, a VPN knows `name`, Windows knows
 * `DOMAIN\name` and `host.full.example`, the cloud knows `somebody@full.example`. Without this an intrusion falls apart
 * into what each log calls it.
 *
 * Only what a machine proved is believed: it signed in to the domain with its own account by Kerberos (4624, 4768), or
 * told of its own connection (Sysmon 3, 5156). What anybody may type into a request, as a DHCP host name, is not. A name
 * that two things had in the time is no name: nobody may be taken for somebody else.
 *
 * What stands behind an `@` says nothing by itself: `jsmith@hospice.example` may be another than `HOSPICE\jsmith`. They
 * are one if Windows gave both the same security identifier (SID), or said both of one account (4720, 4738), or if the
 * site declares it. A domain's long name and its short one are one if both stood beside its SID.
 */
export class KnownNames {
  readonly #addresses: Map<string, Meaning>;
  readonly #hosts: Map<string, Meaning>;
  /** Bare name → `DOMAIN\name`. */
  readonly #accounts: Map<string, Meaning>;
  /** SID of a domain → its short name. */
  readonly #shortDomains: Map<string, Meaning>;
  /** Long name of a domain → its SID. */
  readonly #longDomains: Map<string, Meaning>;
  /** SID → `DOMAIN\name`. */
  readonly #people: Map<string, Meaning>;
  /** `somebody@full.example` → SID. */
  readonly #principals: Map<string, Meaning>;
  readonly #declared: DeclaredDomains;

  constructor(saved?: SavedNames, declared: DeclaredDomains = {}) {
    this.#addresses = new Map(saved?.addresses);
    this.#hosts = new Map(saved?.hosts);
    this.#accounts = new Map(saved?.accounts);
    this.#shortDomains = new Map(saved?.shortDomains);
    this.#longDomains = new Map(saved?.longDomains);
    this.#people = new Map(saved?.people);
    this.#principals = new Map(saved?.principals);
    this.#declared = declared;
  }

  save(): SavedNames {
    return {
      addresses: [...this.#addresses],
      hosts: [...this.#hosts],
      accounts: [...this.#accounts],
      shortDomains: [...this.#shortDomains],
      longDomains: [...this.#longDomains],
      people: [...this.#people],
      principals: [...this.#principals],
    };
  }

  learn(event: EventView, at: UtcMs): void {
    if (event.channel === 'security') {
      if (event.eventId === 4624) this.#signedIn(event, at);
      else if (event.eventId === 4768) this.#askedForTicket(event, at);
      else if (event.eventId === 4720 || event.eventId === 4738) this.#changed(event, at);
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
    if (account.includes('\\')) return this.#withShortDomain(account, at);
    const behind = account.lastIndexOf('@');
    if (behind > 0) return this.#principalNamed(account, behind, at);
    const known = meaningAt(this.#accounts.get(account.toLowerCase()), at, NAME_MS);
    return known === null ? account : this.#withShortDomain(known, at);
  }

  #principalNamed(principal: string, behind: number, at: UtcMs): string {
    const proven = this.#principals.get(principal.toLowerCase());
    // What was proved goes before what was declared, also where it is in doubt.
    if (proven !== undefined) {
      const sid = meaningAt(proven, at, IDENTIFIER_MS);
      const person = sid === null ? null : meaningAt(this.#people.get(sid), at, IDENTIFIER_MS);
      return person === null ? principal : this.#withShortDomain(person, at);
    }
    const declared = this.#declaredFor(principal.slice(behind + 1).toLowerCase());
    return declared === null ? principal : `${declared}\\${principal.slice(0, behind)}`;
  }

  /** `site.example\name` → `SITE\name`, where it was proved, or is declared, that the two are one domain. */
  #withShortDomain(account: string, at: UtcMs): string {
    const slash = account.lastIndexOf('\\');
    const domain = account.slice(0, slash).toLowerCase();
    if (!domain.includes('.')) return account;
    const sid = meaningAt(this.#longDomains.get(domain), at, IDENTIFIER_MS);
    const proven = sid === null ? null : meaningAt(this.#shortDomains.get(sid), at, IDENTIFIER_MS);
    const short = proven ?? this.#declaredFor(domain);
    return short === null ? account : short + account.slice(slash);
  }

  #declaredFor(domain: string): string | null {
    return Object.hasOwn(this.#declared, domain) ? (this.#declared[domain] ?? null) : null;
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
    const domain = textAt(event, 'TargetDomainName') ?? '';
    if (!isOfDomain(domain, computer)) return;
    const sid = personAt(event, 'TargetUserSid');
    if (sid !== null) this.#learnPerson(sid, domain, name, at);
    this.#learnAccount(domain, name, at);
  }

  #askedForTicket(event: EventView, at: UtcMs): void {
    const name = textAt(event, 'TargetUserName');
    if (name === null || Number(textAt(event, 'Status') ?? 0) !== 0) return;
    if (name.endsWith('$')) {
      this.#learnAddress(event, name, at);
      return;
    }
    const sid = personAt(event, 'TargetSid');
    if (sid === null) return;
    if (name.includes('@')) set(this.#principals, name.toLowerCase(), sid, at);
    // The long name of the domain: the short one is whatever was typed, and Windows takes either.
    const domain = textAt(event, 'TargetDomainName') ?? '';
    if (domain.includes('.')) set(this.#longDomains, domain.toLowerCase(), domainOf(sid), at, MOST_DOMAINS);
  }

  /** An account was made or changed: a domain controller says its name, its SID and how it may sign in. */
  #changed(event: EventView, at: UtcMs): void {
    const name = textAt(event, 'TargetUserName');
    const domain = textAt(event, 'TargetDomainName') ?? '';
    const sid = personAt(event, 'TargetSid');
    if (name === null || sid === null || name.endsWith('$') || !isOfDomain(domain, textAt(event, 'Computer'))) return;
    this.#learnPerson(sid, domain, name, at);
    const principal = textAt(event, 'UserPrincipalName');
    if (principal?.includes('@') === true) set(this.#principals, principal.toLowerCase(), sid, at);
  }

  #learnPerson(sid: string, domain: string, name: string, at: UtcMs): void {
    if (domain.includes('.')) set(this.#longDomains, domain.toLowerCase(), domainOf(sid), at, MOST_DOMAINS);
    else set(this.#shortDomains, domainOf(sid), domain, at, MOST_DOMAINS);
    const known = this.#withShortDomain(`${domain}\\${name}`, at);
    set(this.#people, sid, known, at, MOST, (before) => this.#withShortDomain(before, at));
  }

  #learnAccount(domain: string, name: string, at: UtcMs): void {
    const known = this.#withShortDomain(`${domain}\\${name}`, at);
    set(this.#accounts, name.toLowerCase(), known, at, MOST, (before) => this.#withShortDomain(before, at));
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

/** @param today what was said before, as it would be said now */
function set(
  map: Map<string, Meaning>,
  key: string,
  name: string,
  at: UtcMs,
  most = MOST,
  today: (before: string) => string = (before) => before,
): void {
  const before = map.get(key);
  const now = before === undefined ? '' : today(before.name);
  if (before !== undefined && now.toLowerCase() === name.toLowerCase()) {
    // Most events say what is known. Said again within the minute, there is nothing to keep.
    if (at - before.at > 60_000 || now !== before.name) {
      map.delete(key);
      map.set(key, { ...before, name: now, at: Math.max(at, before.at) });
    }
    return;
  }
  if (before === undefined) forgetOldest(map, most);
  else map.delete(key);
  map.set(key, { name, at, rivalAt: before?.at ?? null });
}

/** `null`: not known at that time, or doubtful. */
function meaningAt(meaning: Meaning | undefined, at: UtcMs, reachMs: number): string | null {
  if (meaning === undefined || Math.abs(at - meaning.at) > reachMs) return null;
  const isDoubtful = meaning.rivalAt !== null && at - meaning.rivalAt <= Math.min(reachMs, NAME_MS);
  return isDoubtful ? null : meaning.name;
}

/** An account of the machine itself has the machine for its domain; some are no person's. */
function isOfDomain(domain: string, computer: string | null): boolean {
  const lower = domain.toLowerCase();
  return !NO_DOMAIN.has(lower) && firstLabel(lower) !== firstLabel(computer ?? '').toLowerCase();
}

/** Of a domain or a machine, and an account in it that somebody made: those below 1000 (guests) may take any name. */
const PERSON = /^S-1-5-21-\d{1,10}-\d{1,10}-\d{1,10}-\d{4,10}$/;

function personAt(event: EventView, field: string): string | null {
  const sid = textAt(event, field)?.toUpperCase() ?? '';
  return PERSON.test(sid) ? sid : null;
}

function domainOf(sid: string): string {
  return sid.slice(0, sid.lastIndexOf('-'));
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

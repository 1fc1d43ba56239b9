import type { UtcMs } from '../../core/event.ts';
import { forgetOldest } from './forget-oldest.ts';
import { networkOf, type SignIn } from './sign-in.ts';

/** What can be unusual about a sign-in. Each is a signal whose rhythm is learned. */
export type SignInSignal =
  /** An account signs in to a machine that it has not used before, and that few others use. */
  | 'new-host'
  /** From a network, outside our own, that the account has not come from before. */
  | 'new-network'
  /** From a country that the account has not come from before. */
  | 'new-country'
  /** An account signs in that has not for long. */
  | 'woken-account'
  /** At a time of day at which the account hardly ever signs in. */
  | 'odd-hours'
  /** It worked after several failures. */
  | 'failures-then-success'
  /** One more account whose sign-in failed from one address within the hour: guessing a password for many. */
  | 'spraying'
  /** One more failure of an account. */
  | 'failures';

export interface SignInMark {
  readonly signal: SignInSignal;
  /** The account, or for `spraying` the address. */
  readonly subject: string;
}

interface Account {
  hosts: string[];
  networks: string[];
  countries: string[];
  lastAt: UtcMs;
  /** Sign-ins per hour of the day, UTC. */
  readonly hours: number[];
  count: number;
  failures: { readonly at: UtcMs; readonly address: string | null }[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_ACCOUNTS = 50_000;
const MAX_REMEMBERED = 200;
const MAX_HOSTS = 50_000;
const MAX_ADDRESSES = 20_000;
/** So many accounts make a machine one that everybody goes to: a first time there says nothing. */
const COMMON_ACCOUNTS = 20;
const DORMANT_MS = 30 * DAY_MS;
/** An account whose day is not known yet has no odd hours. */
const MIN_COUNT_FOR_HOURS = 40;
const MAX_SHARE_OF_ODD_HOURS = 0.01;
const FAILURES_MS = 0.5 * HOUR_MS;
const MIN_FAILURES = 5;

/** Remembers where and when each account signs in, in bounded memory (about 1 kB an account: 50 MB). */
export class SignIns {
  readonly #accounts = new Map<string, Account>();
  /** How many accounts use a machine. */
  readonly #usersOfHost = new Map<string, number>();
  /** Accounts that failed from an address in this hour. */
  readonly #failing = new Map<string, { hour: number; accounts: Set<string> }>();

  /** What is notable about it. It is remembered, but for an attempt that failed. */
  see(signIn: SignIn, at: UtcMs): SignInMark[] {
    return signIn.isSuccess ? this.#success(signIn, at) : this.#failure(signIn, at);
  }

  #success({ account: name, host, address, country }: SignIn, at: UtcMs): SignInMark[] {
    const marks: SignInMark[] = [];
    const mark = (signal: SignInSignal) => marks.push({ signal, subject: name });
    const account = this.#accountOf(name, at);
    const isKnown = account.count > 0;
    if (isKnown && at - account.lastAt > DORMANT_MS) mark('woken-account');
    const hour = new Date(at).getUTCHours();
    if (isOddHour(account, hour)) mark('odd-hours');
    if (remember(account, 'hosts', host)) {
      const users = (this.#usersOfHost.get(host) ?? 0) + 1;
      if (users > 1 || this.#usersOfHost.size < MAX_HOSTS) this.#usersOfHost.set(host, users);
      if (users <= COMMON_ACCOUNTS) mark('new-host');
    }
    const network = address === null ? null : networkOf(address);
    if (network !== null && remember(account, 'networks', network)) mark('new-network');
    if (country !== null && remember(account, 'countries', country)) mark('new-country');
    const failed = account.failures.filter((each) => at - each.at <= FAILURES_MS && each.address === address);
    if (failed.length >= MIN_FAILURES) mark('failures-then-success');
    account.failures = [];
    account.hours[hour] = (account.hours[hour] ?? 0) + 1;
    account.count++;
    account.lastAt = Math.max(account.lastAt, at);
    return marks;
  }

  #failure({ account: name, address }: SignIn, at: UtcMs): SignInMark[] {
    const marks: SignInMark[] = [{ signal: 'failures', subject: name }];
    const account = this.#accountOf(name, at);
    account.failures.push({ at, address });
    if (account.failures.length > 50) account.failures.shift();
    if (address === null) return marks;
    const hour = Math.floor(at / HOUR_MS);
    let failing = this.#failing.get(address);
    if (failing === undefined || failing.hour < hour) {
      failing = { hour, accounts: new Set() };
      this.#failing.delete(address);
      forgetOldest(this.#failing, MAX_ADDRESSES);
      this.#failing.set(address, failing);
    }
    if (failing.accounts.has(name) || failing.accounts.size >= MAX_REMEMBERED) return marks;
    failing.accounts.add(name);
    // One account that fails is somebody who forgot a password.
    if (failing.accounts.size > 1) marks.push({ signal: 'spraying', subject: address });
    return marks;
  }

  #accountOf(name: string, at: UtcMs): Account {
    let account = this.#accounts.get(name);
    if (account === undefined) {
      forgetOldest(this.#accounts, MAX_ACCOUNTS);
      account = {
        hosts: [],
        networks: [],
        countries: [],
        lastAt: at,
        hours: new Array<number>(24).fill(0),
        count: 0,
        failures: [],
      };
    } else this.#accounts.delete(name);
    // The map's order is that of last use.
    this.#accounts.set(name, account);
    return account;
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    for (const account of this.#accounts.values()) {
      account.lastAt = Math.min(account.lastAt, to);
      account.failures = account.failures.filter(({ at }) => at <= to);
    }
    for (const [address, { hour }] of this.#failing) if (hour * HOUR_MS > to) this.#failing.delete(address);
  }

  save(): SavedSignIns {
    return {
      accounts: [...this.#accounts],
      hosts: [...this.#usersOfHost],
    };
  }

  static from({ accounts, hosts }: SavedSignIns): SignIns {
    const signIns = new SignIns();
    for (const [name, account] of accounts) signIns.#accounts.set(name, account);
    for (const [host, users] of hosts) signIns.#usersOfHost.set(host, users);
    return signIns;
  }
}

export interface SavedSignIns {
  readonly accounts: readonly (readonly [name: string, account: Account])[];
  readonly hosts: readonly (readonly [host: string, users: number])[];
}

/** True if it is new. The oldest are forgotten first. */
function remember(account: Account, kind: 'hosts' | 'networks' | 'countries', value: string): boolean {
  const known = account[kind];
  if (known.includes(value)) return false;
  known.push(value);
  if (known.length > MAX_REMEMBERED) known.shift();
  return true;
}

/** The hour before and the hour after count too: nobody keeps to the clock. */
function isOddHour({ hours, count }: Account, hour: number): boolean {
  if (count < MIN_COUNT_FOR_HOURS) return false;
  const near = [hour + 23, hour, hour + 1].reduce((sum, each) => sum + (hours[each % 24] ?? 0), 0);
  return near / count <= MAX_SHARE_OF_ODD_HOURS;
}

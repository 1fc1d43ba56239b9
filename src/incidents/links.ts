import type { Entities, Finding } from '../core/finding.ts';
import { levelRank } from '../core/level.ts';
import { isStrong } from '../core/rarity.ts';

/** Something by which findings belong together. */
export interface Link {
  readonly kind: 'host' | 'account' | 'address';
  /** In lower case. */
  readonly value: string;
}

/** Accounts that every machine has: they say nothing about who did it. */
const EVERYWHERE = new Set([
  'system',
  'localsystem',
  'local service',
  'network service',
  'localservice',
  'networkservice',
  'anonymous logon',
  'root',
  'guest',
  'administrator',
  'nt authority\\system',
  'nt authority\\local service',
  'nt authority\\network service',
  'nt authority\\anonymous logon',
]);

/** What links a finding to others. Accounts that are everywhere, machines' own accounts and loopback link nothing. */
export function linksOf({ host, account, address }: Entities): Link[] {
  const links: Link[] = [];
  if (host !== undefined && host !== '') links.push({ kind: 'host', value: host.toLowerCase() });
  if (account !== undefined && isOnesOwn(account.toLowerCase()))
    links.push({ kind: 'account', value: account.toLowerCase() });
  if (address !== undefined && !/^(?:127\.|::1$|0\.0\.0\.0$|fe80:)/i.test(address))
    links.push({ kind: 'address', value: address.toLowerCase() });
  return links;
}

function isOnesOwn(account: string): boolean {
  if (account.endsWith('$') || account === '') return false;
  return !EVERYWHERE.has(account) && !EVERYWHERE.has(account.slice(account.lastIndexOf('\\') + 1));
}

/**
 * Those that do not, join an incident that is there. Behaviour must be unusual enough; so must what a rule of medium
 * level says, once it is known how often it says so here. What is high or critical always does.
 */
export function opensIncident({ level, rarity }: Finding): boolean {
  if (levelRank(level) >= levelRank('high')) return true;
  return levelRank(level) >= levelRank('medium') && (rarity === undefined || isStrong(rarity));
}

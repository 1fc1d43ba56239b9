/**
 * Whether an account that somebody asks for is the one that an event names. Systems write one person as `RX1\jsmith`,
 * `jsmith@rx1.nhs.uk`, `Practitioner/jsmith` or `jsmith`; letters' case says nothing.
 *
 * @returns `same`; `perhaps` if only one of them has a domain, or their domains differ: none is missed, and none passes
 *   for certain; `null`: another account
 */
export function compareAccounts(asked: string, found: string): 'same' | 'perhaps' | null {
  const [one, other] = [partsOf(asked), partsOf(found)];
  if (one.name !== other.name) return null;
  // Asked for without a domain, it is meant in every one.
  return one.domain === other.domain || one.domain === '' ? 'same' : 'perhaps';
}

/** Two accounts that `compareAccounts` does not tell apart for certain have one key. */
export function accountKey(account: string): string {
  return partsOf(account).name;
}

/** A machine in the log that is one that was asked for has one of these for its short name, in small letters. */
export function hostKeys(asked: string): string[] {
  const plain = asked.trim();
  return [...new Set([plain, withoutType(plain)].map((name) => name.toLowerCase().split('.')[0] ?? ''))];
}

/** Whether a machine that somebody asks for is the one that an event names: with its domain or without. */
export function isSameHost(asked: string, found: string): boolean {
  const one = asked.trim().toLowerCase();
  const other = withoutType(found.trim()).toLowerCase();
  if (one === other) return true;
  // Two full names that differ are two machines; so are two addresses.
  if (/^[\d.]+$|:/.test(one) || /^[\d.]+$|:/.test(other)) return false;
  if (one.includes('.') && other.includes('.')) return false;
  return (one.split('.')[0] ?? '') === (other.split('.')[0] ?? '');
}

function partsOf(text: string): { readonly name: string; readonly domain: string } {
  const plain = withoutType(text.trim()).toLowerCase();
  const [, domain, name] = /^([^\\]+)\\(.+)$/.exec(plain) ?? [];
  if (domain !== undefined && name !== undefined) return { name, domain };
  const [, local, mail] = /^([^@]+)@(.+)$/.exec(plain) ?? [];
  if (local !== undefined && mail !== undefined) return { name: local, domain: mail };
  return { name: plain, domain: '' };
}

/** `Device/ws-12` is the device ws-12. */
export function withoutType(reference: string): string {
  return /^[A-Z][A-Za-z]+\/(.+)$/.exec(reference)?.[1] ?? reference;
}

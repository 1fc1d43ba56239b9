import { isIPv6 } from 'node:net';

/**
 * Whom tries from an address are counted for: an IPv4 address by itself; of IPv6 the network (/64), of which a single
 * machine has as many addresses as it likes.
 *
 * @param address as Node gives it; '' if it is not known
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address) || address === '::1') return address;
  const [front = '', back] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, behind] = [groupsOf(front), groupsOf(back ?? '')];
  // Those that “::” stands for.
  const zeros = Array<string>(Math.max(0, 8 - before.length - behind.length)).fill('0');
  const all = back === undefined ? before : [...before, ...zeros, ...behind];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** This machine itself, or a proxy on it that does not say for whom it asks. */
export function isThisMachine(network: string): boolean {
  return network === '' || network === '::1' || network.startsWith('127.');
}

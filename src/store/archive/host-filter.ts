import type { Predicate } from './predicate.ts';

/**
 * Which hosts a segment may hold: a Bloom filter of their short names, 1 kB whatever comes. It says yes wrongly for one
 * host in forty where a segment holds a thousand of them, and never no wrongly: a search for a host that was seldom heard
 * of opens few segments instead of all.
 */
export class HostFilter {
  readonly #bits: Buffer;

  private constructor(bits: Buffer) {
    this.#bits = bits;
  }

  static of(hosts: Iterable<string>): HostFilter {
    const filter = new HostFilter(Buffer.alloc(BYTES));
    for (const host of hosts)
      for (const bit of bitsOf(host)) filter.#bits[bit >> 3] = (filter.#bits[bit >> 3] ?? 0) | (1 << (bit & 7));
    return filter;
  }

  /** `null` if the text is no filter of ours: then nothing is known. */
  static read(text: string): HostFilter | null {
    const bits = Buffer.from(text, 'base64');
    return bits.length === BYTES ? new HostFilter(bits) : null;
  }

  write(): string {
    return this.#bits.toString('base64');
  }

  mayHold(host: string): boolean {
    return bitsOf(host).every((bit) => ((this.#bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0);
  }

  /** False if no event of these hosts can fulfil the predicate. */
  mayFulfil(predicate: Predicate): boolean {
    switch (predicate.kind) {
      case 'and':
        return predicate.of.every((part) => this.mayFulfil(part));
      case 'or':
        return predicate.of.some((part) => this.mayFulfil(part));
      case 'equals':
        return predicate.field !== 'host' || this.mayHold(String(predicate.value));
      default:
        return true;
    }
  }
}

const BYTES = 1024;
const HASHES = 4;

/** Of `DC1.rx1.nhs.uk` those of `dc1`, as a search for the short name finds the long one. */
function bitsOf(host: string): number[] {
  const name = host.toLowerCase().split('.')[0] ?? '';
  let [one, two] = [0x811c_9dc5, 0x9747_b28c];
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    one = Math.imul(one ^ code, 0x0100_0193);
    two = Math.imul(two ^ (code + index), 0x85eb_ca6b) ^ (two >>> 13);
  }
  return Array.from({ length: HASHES }, (_, round) => ((one + Math.imul(round, two)) >>> 0) % (BYTES * 8));
}

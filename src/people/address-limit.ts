import { isThisMachine } from './network.ts';

/** Wrong tries from one address before it has to wait, whatever names they are for; a ward shares one, and mistypes. */
const MAX_WRONG = 30;
const WITHIN_MS = 15 * 60_000;
/** Addresses that are counted at once; the oldest goes. */
const MAX_ADDRESSES = 10_000;

/**
 * Who tries one password with many names is locked out by none of them. In memory: a restart forgets it, and does not
 * come often. This machine itself is not counted: a proxy on it that does not say for whom it asks stands for everybody.
 * Addresses are those of `networkOf`.
 */
export class AddressLimit {
  readonly #now: () => number;
  readonly #wrong = new Map<string, { count: number; since: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  isOver(address: string): boolean {
    const found = this.#wrong.get(address);
    if (found === undefined) return false;
    if (this.#now() - found.since >= WITHIN_MS) {
      this.#wrong.delete(address);
      return false;
    }
    return found.count >= MAX_WRONG;
  }

  wrong(address: string): void {
    if (isThisMachine(address) || this.isOver(address)) return;
    const found = this.#wrong.get(address);
    if (found !== undefined) {
      found.count++;
      return;
    }
    const [oldest] = this.#wrong.keys();
    if (this.#wrong.size >= MAX_ADDRESSES && oldest !== undefined) this.#wrong.delete(oldest);
    this.#wrong.set(address, { count: 1, since: this.#now() });
  }
}

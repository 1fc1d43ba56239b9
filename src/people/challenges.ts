import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../store/seal.ts';

const CHALLENGE_MS = 5 * 60_000;
const NONCE_BYTES = 16;
const TIME_BYTES = 8;
const BYTES = NONCE_BYTES + TIME_BYTES + 32;
/** Answers that are remembered so that none counts twice; each was signed by a passkey that is known here. */
const MAX_ANSWERED = 10_000;

/**
 * What a device is asked to sign. A challenge says itself for whom, where and when it was made, under a key of ours: nothing
 * is kept of those who only ask, so that no stranger who asks a thousand times has anybody else's forgotten.
 */
export class Challenges {
  readonly #keys: Keyring;
  readonly #now: () => number;
  /** Until when each is remembered. */
  readonly #answered = new Map<string, number>();

  constructor(keys: Keyring, now: () => number) {
    this.#keys = keys;
    this.#now = now;
  }

  /** @param person `null`: whoever can answer signs in */
  make(person: string | null, site: string): Uint8Array<ArrayBuffer> {
    const at = Buffer.alloc(TIME_BYTES);
    at.writeBigUInt64BE(BigInt(this.#now()));
    const head = Buffer.concat([randomBytes(NONCE_BYTES), at]);
    return new Uint8Array(Buffer.concat([head, this.#mac(head, person, site)]));
  }

  /** True if it was made here for them, not long ago, and has not been answered. @param challenge base64url */
  isOpen(challenge: string, person: string | null, site: string): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== BYTES || this.#answered.has(challenge)) return false;
    const head = bytes.subarray(0, NONCE_BYTES + TIME_BYTES);
    if (!timingSafeEqual(bytes.subarray(head.length), this.#mac(head, person, site))) return false;
    const age = this.#now() - Number(head.readBigUInt64BE(NONCE_BYTES));
    return age >= 0 && age <= CHALLENGE_MS;
  }

  /** It has been answered rightly. @returns false if it had been before */
  answer(challenge: string): boolean {
    if (this.#answered.has(challenge)) return false;
    for (const [old, until] of this.#answered) {
      if (until > this.#now() && this.#answered.size < MAX_ANSWERED) break;
      this.#answered.delete(old);
    }
    this.#answered.set(challenge, this.#now() + CHALLENGE_MS);
    return true;
  }

  #mac(head: Buffer, person: string | null, site: string): Buffer {
    return this.#keys.mac(JSON.stringify([head.toString('hex'), person, site]), 'passkey-challenge');
  }
}

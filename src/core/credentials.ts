import { createHash, randomBytes } from 'node:crypto';

/** A new token: 256 random bits, shown once and kept only as its hash. */
export function newToken(): string {
  return `ww_${randomBytes(32).toString('base64url')}`;
}

/** What is kept of a token. It is random, so a plain hash cannot be guessed back, and is looked up as a whole. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function newId<Prefix extends string>(prefix: Prefix): `${Prefix}_${string}` {
  return `${prefix}_${randomBytes(9).toString('hex')}`;
}

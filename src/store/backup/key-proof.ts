import { existsSync, readdirSync } from 'node:fs';
import { Refusal } from '../../core/refusal.ts';
import { type KeyPurpose, openKeyring } from '../seal.ts';

/** Files of keys. The TLS key is made anew. */
export const KEY_FILE = /^(?:pseudonym|seal)-\d{1,9}\.key$/;
const PURPOSES = ['pseudonym', 'seal'] as const satisfies readonly KeyPurpose[];

/** @throws Refusal `keys/missing` if there is none of one purpose: then the folder is not the service's */
export function keyFilesIn(keys: string): string[] {
  const files = existsSync(keys) ? readdirSync(keys).filter((name) => KEY_FILE.test(name)) : [];
  for (const purpose of PURPOSES)
    if (!files.some((name) => name.startsWith(`${purpose}-`)))
      throw new Refusal('keys/missing', `${keys} holds no ${purpose} key`);
  return files;
}

/**
 * What only somebody with the keys that are in use can say: shown by a restore, and believed by `doctor` of the first
 * machine. Makes no key.
 *
 * @throws Refusal `keys/missing`, `keys/exposed`, `keys/inside-data`
 */
export async function proofOf(keys: string, data: string): Promise<string> {
  keyFilesIn(keys);
  let proof = 'escrow';
  for (const purpose of PURPOSES)
    proof = (await openKeyring(keys, purpose, data)).mac(proof, 'escrow-proof').toString('hex', 0, 10);
  return proof;
}

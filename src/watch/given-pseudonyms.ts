import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Refusal } from '../core/refusal.ts';
import { publish } from '../store/durable.ts';
import type { Keyring } from '../store/seal.ts';
import type { Identities } from './identities.ts';

/** The first eight bytes of a pseudonym's hash: enough to know it again among ten million, wrongly once in 10¹². */
const BYTES = 8;
const DIGITS = 2 * BYTES;

/**
 * Writes down which pseudonyms have been given, sorted, so that persons who have one keep it when the key changes. It
 * says no more than the archive, where they stand.
 */
export async function writeGiven(identities: Identities, file: string): Promise<void> {
  const given: string[] = [];
  for await (const pseudonym of identities.all()) given.push(pseudonym.slice(3, 3 + DIGITS));
  given.sort();
  await writeFile(`${file}.new`, Buffer.from(given.join(''), 'hex'), { mode: 0o640 });
  await publish(`${file}.new`, file);
}

/**
 * The keyed hash that pseudonyms are made of: that of the key with which somebody's pseudonym was first given, and of the
 * newest key for whoever has none yet. So the same person keeps the same pseudonym, and a key that others may have read
 * says nothing of those who come later.
 *
 * @throws Refusal `keys/given-missing` if there are older keys, and no file says what they have given
 */
export function pseudonymMac(keyring: Keyring, givenFile: string): (text: string) => Buffer {
  const older = keyring.keyIds.slice(0, -1);
  const newest = keyring.keyId;
  if (older.length === 0) return (text) => keyring.mac(text, 'patient', newest);
  if (!existsSync(givenFile))
    throw new Refusal(
      'keys/given-missing',
      `there are older keys, and no ${givenFile} says which pseudonyms are theirs`,
    );
  const given = readFileSync(givenFile);
  return (text) => {
    for (const id of older) {
      const mac = keyring.mac(text, 'patient', id);
      if (isIn(given, mac)) return mac;
    }
    return keyring.mac(text, 'patient', newest);
  };
}

function isIn(sorted: Buffer, mac: Buffer): boolean {
  let [from, to] = [0, Math.floor(sorted.length / BYTES)];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = sorted.compare(mac, 0, BYTES, middle * BYTES, (middle + 1) * BYTES);
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { Decrypter, Encrypter } from 'age-encryption';
import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { syncFolder } from '../durable.ts';
import { KEY_FILE, keyFilesIn, proofOf } from './key-proof.ts';

const ESCROW = z.object({
  schema: z.literal('wardwatch.key-escrow/1'),
  keys: z.record(z.string().regex(KEY_FILE), z.string().max(10_000)),
});
const MAX_ESCROW = 1 << 20;

/**
 * Writes the keys apart, sealed to a passphrase (the age format). Without them pseudonyms cannot be made again and what
 * was set aside cannot be read, by anybody.
 *
 * @throws Refusal `backup/exists`, `keys/missing`
 */
export async function writeEscrow(keys: string, to: string, passphrase: string, workFactor?: number): Promise<void> {
  if (existsSync(to)) throw new Refusal('backup/exists', `${to} is there already`);
  const files = keyFilesIn(keys);
  const held = Object.fromEntries(files.map((name) => [name, readFileSync(path.join(keys, name)).toString('base64')]));
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  if (workFactor !== undefined) encrypter.setScryptWorkFactor(workFactor);
  const sealed = await encrypter.encrypt(JSON.stringify({ schema: 'wardwatch.key-escrow/1', keys: held }));
  const handle = await open(to, 'wx', 0o600);
  try {
    await handle.writeFile(sealed);
    await handle.sync();
  } catch (error) {
    // Half an escrow is none.
    await rm(to, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await syncFolder(path.dirname(path.resolve(to)));
}

/**
 * Opens an escrow into a folder that is not there or empty.
 *
 * @returns the proof that it was opened: see `proofOf`
 * @throws Refusal `input/not-found`, `backup/not-empty`, `backup/wrong-passphrase`, `backup/damaged`, `keys/missing`
 */
export async function openEscrow(from: string, passphrase: string, keys: string, data: string): Promise<string> {
  if (!existsSync(from)) throw new Refusal('input/not-found', `there is no ${from}`);
  if (existsSync(keys) && readdirSync(keys).length > 0)
    throw new Refusal('backup/not-empty', `${keys} is not empty: no key is written over another`);
  if (statSync(from).size > MAX_ESCROW) throw new Refusal('backup/damaged', `${from} is larger than any escrow`);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let text: string;
  try {
    text = await decrypter.decrypt(readFileSync(from), 'text');
  } catch (error) {
    throw new Refusal('backup/wrong-passphrase', 'it does not open with this passphrase, or is no escrow', {
      cause: error,
    });
  }
  const escrow = ESCROW.safeParse(parsed(text));
  if (!escrow.success) throw new Refusal('backup/damaged', `${from} is no escrow of keys`);
  await mkdir(keys, { recursive: true, mode: 0o700 });
  for (const [name, secret] of Object.entries(escrow.data.keys)) {
    const handle = await open(path.join(keys, name), 'wx', 0o600);
    await handle.writeFile(Buffer.from(secret, 'base64'));
    await handle.sync();
    await handle.close();
  }
  await syncFolder(keys);
  return proofOf(keys, data);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

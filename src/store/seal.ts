import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { link, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { makeFolder, syncFolder } from './durable.ts';

/** What a set of keys is for. Each has keys of its own, rotated by themselves. */
export type KeyPurpose = 'seal' | 'pseudonym';

/**
 * Keys of one purpose. The newest is used for what is new, the older ones still open what they sealed.
 *
 * `context` says what a thing is and whose (`set-aside/asd_1`): sealed in one context, it does not open in another, so
 * that nobody who can write to the data folder can pass one thing off as another.
 */
export interface Keyring {
  /** Of the newest key. */
  readonly keyId: string;
  /** Of all keys, the oldest first. */
  readonly keyIds: readonly string[];
  /** AES-256-GCM under the newest key; the key's id stands in front. 40 bytes longer than what goes in. */
  seal(bytes: Uint8Array, context: string): Buffer;
  /** @throws Refusal `keys/unknown` if the key is not here, `keys/broken` if anything about it was changed */
  open(sealed: Uint8Array, context: string): Buffer;
  /** HMAC-SHA-256: the same for the same text, as long as the key is. @throws Refusal `keys/unknown` */
  mac(text: string, context: string, keyId?: string): Buffer;
  /** Makes a new key and uses it from here on. */
  rotate(): Promise<{ readonly from: string; readonly to: string }>;
}

interface Key {
  readonly number: number;
  /** 16 hex digits; tells nothing about the key. */
  readonly id: string;
  readonly secret: Buffer;
}

const VERSION = 1;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + 3 + ID_BYTES;

/**
 * Opens the keys of a folder, which no one but the service's account may read; makes it, with a first key, if it is not
 * there.
 *
 * @param outside the data folder: keys that lie in it would be stolen, or backed up, with what they protect
 * @throws Refusal `keys/inside-data`, `keys/exposed`
 */
export async function openKeyring(folder: string, purpose: KeyPurpose, outside: string): Promise<Keyring> {
  await makeFolder(folder, 0o700);
  const relative = path.relative(realPath(outside), realPath(folder));
  if (relative === '' || !(relative.startsWith('..') || path.isAbsolute(relative)))
    throw new Refusal('keys/inside-data', `the keys’ folder ${folder} lies in the data folder ${outside}`);
  if (readKeys(folder, purpose).length === 0) await makeKey(folder, purpose, 1);
  return new FolderKeyring(folder, purpose, readKeys(folder, purpose));
}

/**
 * As `openKeyring`, of keys that are in use: a key made here and now would open nothing and know nobody.
 *
 * @throws Refusal `keys/missing`, `keys/inside-data`, `keys/exposed`
 */
export async function openKeyringInUse(folder: string, purpose: KeyPurpose, outside: string): Promise<Keyring> {
  if (!existsSync(folder) || readKeys(folder, purpose).length === 0)
    throw new Refusal('keys/missing', `${folder} holds no ${purpose} key`);
  return openKeyring(folder, purpose, outside);
}

class FolderKeyring implements Keyring {
  readonly #folder: string;
  readonly #purpose: KeyPurpose;
  readonly #keys = new Map<string, Key>();
  #newest: Key;

  constructor(folder: string, purpose: KeyPurpose, keys: readonly Key[]) {
    this.#folder = folder;
    this.#purpose = purpose;
    for (const key of keys) this.#keys.set(key.id, key);
    this.#newest = newestOf(keys);
  }

  get keyId(): string {
    return this.#newest.id;
  }

  get keyIds(): readonly string[] {
    return [...this.#keys.values()].sort((a, b) => a.number - b.number).map(({ id }) => id);
  }

  seal(bytes: Uint8Array, context: string): Buffer {
    const { id, secret } = this.#newest;
    const head = Buffer.alloc(HEAD_BYTES);
    head[0] = VERSION;
    head.write(id, HEAD_BYTES - ID_BYTES, 'hex');
    // Drawn at random: safe for four thousand million things under one key, which is more than anybody sets aside.
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', subkey(secret, 'seal'), nonce);
    cipher.setAAD(Buffer.concat([head, Buffer.from(context, 'utf8')]));
    return Buffer.concat([head, nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  open(sealed: Uint8Array, context: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw broken(context);
    const head = bytes.subarray(0, HEAD_BYTES);
    const key = this.#keyOf(head.toString('hex', HEAD_BYTES - ID_BYTES));
    const nonce = bytes.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', subkey(key.secret, 'seal'), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.concat([head, Buffer.from(context, 'utf8')]));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const opened = decipher.update(bytes.subarray(HEAD_BYTES + NONCE_BYTES, -TAG_BYTES));
    try {
      return Buffer.concat([opened, decipher.final()]);
    } catch (error) {
      throw broken(context, error);
    }
  }

  mac(text: string, context: string, keyId = this.#newest.id): Buffer {
    return createHmac('sha256', subkey(this.#keyOf(keyId).secret, `mac/${context}`))
      .update(text)
      .digest();
  }

  async rotate(): Promise<{ readonly from: string; readonly to: string }> {
    const from = this.#newest.id;
    await makeKey(this.#folder, this.#purpose, this.#newest.number + 1);
    const keys = readKeys(this.#folder, this.#purpose);
    for (const key of keys) this.#keys.set(key.id, key);
    this.#newest = newestOf(keys);
    return { from, to: this.#newest.id };
  }

  #keyOf(id: string): Key {
    const key = this.#keys.get(id);
    if (key === undefined)
      throw new Refusal('keys/unknown', `there is no ${this.#purpose} key ${id} in ${this.#folder}`);
    return key;
  }
}

/** The id of the key that something is sealed with. */
export function sealKeyIdOf(sealed: Uint8Array): string {
  return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).toString(
    'hex',
    HEAD_BYTES - ID_BYTES,
    HEAD_BYTES,
  );
}

const subkeys = new Map<string, Buffer>();

/** One key for one use: what one use gives away says nothing about another. */
function subkey(secret: Buffer, use: string): Buffer {
  const name = `${secret.toString('base64')} ${use}`;
  let key = subkeys.get(name);
  if (key === undefined) {
    key = Buffer.from(hkdfSync('sha256', secret, '', `wardwatch/${use}`, 32));
    if (subkeys.size < 1000) subkeys.set(name, key);
  }
  return key;
}

function newestOf(keys: readonly Key[]): Key {
  const newest = keys.reduce<Key | null>((best, key) => (best === null || key.number > best.number ? key : best), null);
  if (newest === null) throw new Error('a keyring has at least one key');
  return newest;
}

/** A key's file: `seal-1.key`, holding its id and the secret in base64. */
function readKeys(folder: string, purpose: KeyPurpose): Key[] {
  const keys: Key[] = [];
  for (const name of readdirSync(folder)) {
    const [, of, number] = /^([a-z]+)-(\d+)\.key$/.exec(name) ?? [];
    if (of !== purpose) continue;
    const file = path.join(folder, name);
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
      throw new Refusal('keys/exposed', `others than its owner may read ${file}`);
    const [id = '', secret = ''] = readFileSync(file, 'utf8').trim().split(' ');
    const bytes = Buffer.from(secret, 'base64');
    if (!/^[0-9a-f]{16}$/.test(id) || bytes.length !== 32) throw new Refusal('keys/broken', `${file} holds no key`);
    keys.push({ number: Number(number), id, secret: bytes });
  }
  return keys;
}

/** Makes a key of that number, unless another process was quicker: then its key is the one. */
async function makeKey(folder: string, purpose: KeyPurpose, number: number): Promise<void> {
  const file = path.join(folder, `${purpose}-${number}.key`);
  const part = `${file}.${randomBytes(6).toString('hex')}.part`;
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.writeFile(`${randomBytes(ID_BYTES).toString('hex')} ${randomBytes(32).toString('base64')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    // Unlike a rename, a link never puts a key in another one's place.
    await link(part, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await unlink(part);
  }
  await syncFolder(folder);
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    // Not there yet.
    return path.resolve(folder);
  }
}

function broken(context: string, cause?: unknown): Refusal {
  return new Refusal('keys/broken', `what was sealed as ${context} was changed, or was sealed as something else`, {
    cause,
  });
}

import { createCipheriv, randomBytes, webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
// The certificate library asks for it, before it is loaded itself.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** What the service needs to know and nobody else may: kept outside the data folder, so that a stolen backup is blind. */
export interface Keys {
  /** 32 bytes: makes pseudonyms. */
  readonly pseudonym: Buffer;
  /** Seals what nobody may read by accident. */
  readonly seal: (bytes: Buffer) => Buffer;
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
}

/** Reads the keys, making those that are not there yet. The folder and its files are for this account alone. */
export async function openKeys(folder: string, hostNames: readonly string[]): Promise<Keys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const pseudonym = await kept(path.join(folder, 'pseudonym.key'), () =>
    Promise.resolve(`${randomBytes(32).toString('hex')}\n`),
  );
  const sealing = await kept(path.join(folder, 'seal.key'), () =>
    Promise.resolve(`${randomBytes(32).toString('hex')}\n`),
  );
  const certFile = path.join(folder, 'tls.crt');
  const keyFile = path.join(folder, 'tls.key');
  if (!existsSync(certFile) || !existsSync(keyFile)) {
    const made = await selfSigned(hostNames);
    await secretFile(keyFile, made.key);
    await secretFile(certFile, made.cert);
  }
  return {
    seal: (bytes) => seal(bytes, Buffer.from(sealing.trim(), 'hex')),
    pseudonym: Buffer.from(pseudonym.trim(), 'hex'),
    tls: { key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') },
  };
}

/** AES-256-GCM: 12 bytes of nonce, 16 of tag, then what was sealed. */
function seal(bytes: Buffer, key: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

async function kept(file: string, make: () => Promise<string>): Promise<string> {
  if (!existsSync(file)) await secretFile(file, await make());
  return readFile(file, 'utf8');
}

/** Written beside and renamed: a crash leaves no half of a key. */
async function secretFile(file: string, text: string): Promise<void> {
  const beside = `${file}.tmp`;
  await writeFile(beside, text, { mode: 0o600 });
  await rename(beside, file);
}

const VALID_DAYS = 825;
const DAY_MS = 86_400_000;

/** A certificate of our own for first steps; an organisation puts its own in its place. */
async function selfSigned(hostNames: readonly string[]): Promise<{ key: string; cert: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const provider = webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0];
  x509.cryptoProvider.set(provider);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const names = hostNames.map(
    (name): x509.JsonGeneralName =>
      /^[\d.]+$|:/.test(name) ? { type: 'ip', value: name } : { type: 'dns', value: name },
  );
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString('hex'),
    name: 'CN=Wardwatch',
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + VALID_DAYS * DAY_MS),
    signingAlgorithm: algorithm,
    keys: keys as unknown as x509.X509CertificateCreateSelfSignedParams['keys'],
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${(pkcs8.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
  return { key, cert: `${cert.toString('pem')}\n` };
}

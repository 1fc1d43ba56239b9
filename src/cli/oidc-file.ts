import { readFileSync, statSync } from 'node:fs';
import { load } from 'js-yaml';
import { z } from 'zod';
import { Refusal } from '../core/refusal.ts';
import { ROLES } from '../core/role.ts';
import type { OidcSettings } from '../people/oidc.ts';

const FILE = z.strictObject({
  issuer: z.url().refine(isSafe, 'is https://…, or http:// on this machine'),
  client_id: z.string().min(1).max(500),
  client_secret: z.string().min(1).max(1000).optional(),
  public_url: z.url().refine(isSafe, 'is https://…, or http:// on this machine'),
  label: z.string().min(1).max(40).default('your organisation'),
  name_claim: z.string().min(1).max(100).default('preferred_username'),
  roles_claim: z.string().min(1).max(100).default('roles'),
  roles: z.record(z.string().max(200), z.array(z.enum(ROLES))).optional(),
});

/**
 * The organisation's identity provider: the file of `--oidc` (docs/running.md).
 *
 * @throws Refusal `oidc/invalid`, which says all that is wrong with it; `keys/exposed` if others may read it
 */
export function readOidc(file: string): OidcSettings {
  let doc: unknown;
  try {
    // It holds a secret.
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
      throw new Refusal('keys/exposed', `others may read ${file}, which holds a secret`);
    doc = load(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // What js-yaml says repeats the line, which may hold the secret.
    throw new Refusal('oidc/invalid', `${file} cannot be read, or is no YAML`);
  }
  const parsed = FILE.safeParse(doc);
  if (!parsed.success) {
    const all = parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`);
    throw new Refusal('oidc/invalid', `${file}: ${all.join('; ')}`);
  }
  const { issuer, client_id, client_secret, public_url, label, name_claim, roles_claim, roles } = parsed.data;
  return {
    issuer,
    clientId: client_id,
    clientSecret: client_secret ?? null,
    publicUrl: public_url.replace(/\/+$/, ''),
    label,
    nameClaim: name_claim,
    roles: roles === undefined ? null : { claim: roles_claim, of: roles },
  };
}

function isSafe(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));
}

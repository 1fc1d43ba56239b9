import { randomBytes, timingSafeEqual } from 'node:crypto';
import * as client from 'openid-client';
import { z } from 'zod';
import { Refusal } from '../core/refusal.ts';
import { type Role, ROLES } from '../core/role.ts';
import type { Keyring } from '../store/seal.ts';

/** The organisation's identity provider: Entra ID, NHS CIS2, Keycloak, … */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** `null`: a public client. */
  readonly clientSecret: string | null;
  /** Where people open the page, without a slash at its end. */
  readonly publicUrl: string;
  /** On the button: “Sign in with …”. */
  readonly label: string;
  readonly nameClaim: string;
  /** Which roles those have of whom the provider says, in this claim, that they are in a group; `null`: an administrator says. */
  readonly roles: { readonly claim: string; readonly of: Readonly<Record<string, readonly Role[]>> } | null;
}

/** Whom the provider vouched for. */
export interface Vouched {
  /** The provider and its own, lasting name of the person. */
  readonly subject: string;
  readonly name: string;
  /** `null`: the provider does not say. */
  readonly roles: readonly Role[] | null;
}

/** What the browser carries from the begin to the end, sealed: nothing is kept of those who only begin. */
const BEGUN = z.object({ state: z.string(), verifier: z.string(), nonce: z.string(), at: z.number() });
type Begun = z.infer<typeof BEGUN>;

const BEGUN_MS = 10 * 60_000;
const CONTEXT = 'oidc-begun';

/**
 * Sign-in through an identity provider: authorization code with PKCE, state and nonce; the ID token's signature is checked.
 * Source: OpenID Connect Core 1.0, section 3.1; RFC 9700 (best current practice).
 */
export class Oidc {
  readonly settings: OidcSettings;
  readonly #keys: Keyring;
  readonly #now: () => number;
  #provider: Promise<client.Configuration> | null = null;

  constructor(settings: OidcSettings, keys: Keyring, now: () => number) {
    this.settings = settings;
    this.#keys = keys;
    this.#now = now;
  }

  /**
   * @returns where to send the browser, and what it has to bring back in its cookie: nobody can make another finish what they
   *   began
   * @throws Refusal `sign-in/provider`
   */
  async begin(): Promise<{ readonly to: string; readonly begun: string }> {
    const provider = await this.#discovered();
    const state = randomBytes(32).toString('base64url');
    const verifier = client.randomPKCECodeVerifier();
    const nonce = client.randomNonce();
    const begun: Begun = { state, verifier, nonce, at: this.#now() };
    const to = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#callback,
      scope: 'openid profile email',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return { to: to.href, begun: this.#keys.seal(Buffer.from(JSON.stringify(begun)), CONTEXT).toString('base64url') };
  }

  /**
   * @param query what the provider sent back, without `?`
   * @param cookie what the browser brought back in its cookie; `null`: nothing
   * @throws Refusal `sign-in/provider`
   */
  async finish(query: string, cookie: string | null): Promise<Vouched> {
    const refused = (why: string, cause?: unknown) =>
      new Refusal('sign-in/provider', `${this.settings.label} did not sign anybody in: ${why}`, { cause });
    const given = new URLSearchParams(query).get('state') ?? '';
    const begun = this.#opened(cookie);
    if (begun === null || !isSame(begun.state, given)) throw refused('it was begun in another browser, or elsewhere');
    if (this.#now() - begun.at > BEGUN_MS) throw refused('it took too long');
    const provider = await this.#discovered();
    let claims: client.IDToken | undefined;
    try {
      const tokens = await client.authorizationCodeGrant(provider, new URL(`${this.#callback}?${query}`), {
        pkceCodeVerifier: begun.verifier,
        expectedState: given,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      claims = tokens.claims();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
      throw refused(code, error);
    }
    if (claims === undefined) throw refused('no ID token');
    return vouchedOf(claims, this.settings);
  }

  #opened(cookie: string | null): Begun | null {
    if (cookie === null) return null;
    try {
      return BEGUN.parse(JSON.parse(this.#keys.open(Buffer.from(cookie, 'base64url'), CONTEXT).toString('utf8')));
    } catch {
      // Not ours, or changed: as good as none.
      return null;
    }
  }

  get #callback(): string {
    return `${this.settings.publicUrl}/api/v1/oidc/callback`;
  }

  /** Asked for at the first sign-in, not at the start: the watch does not wait for a provider. */
  async #discovered(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret, label } = this.settings;
    const url = new URL(issuer);
    // The file of settings allows plain HTTP to this machine only.
    const execute = url.protocol === 'http:' ? [client.allowInsecureRequests] : [];
    this.#provider ??= client
      .discovery(url, clientId, clientSecret ?? undefined, clientSecret === null ? client.None() : undefined, {
        execute: [...execute, client.enableNonRepudiationChecks],
        timeout: 10,
      })
      .catch((error: unknown) => {
        this.#provider = null;
        throw new Refusal('sign-in/provider', `${label} does not answer`, { cause: error });
      });
    return this.#provider;
  }
}

/** @throws Refusal `sign-in/provider` if it does not say who it is */
function vouchedOf(claims: client.IDToken, { nameClaim, roles, label }: OidcSettings): Vouched {
  const name = claims[nameClaim];
  if (typeof name !== 'string' || name === '')
    throw new Refusal('sign-in/provider', `${label} does not say who it is: there is no “${nameClaim}”`);
  return {
    subject: JSON.stringify([claims.iss, claims.sub]),
    name,
    roles: roles === null ? null : rolesOf(claims[roles.claim], roles.of),
  };
}

function rolesOf(claim: unknown, of: Readonly<Record<string, readonly Role[]>>): readonly Role[] {
  const groups: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const given = groups.flatMap((group) =>
    typeof group === 'string' && Object.hasOwn(of, group) ? (of[group] ?? []) : [],
  );
  return ROLES.filter((role) => given.includes(role));
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

import { z } from 'zod';
import { isPressure, type DoorServices, type Source } from './door.ts';

/** How Microsoft 365 is asked: an app registration with ActivityFeed.Read and AuditLog.Read.All, and its secret. */
export const MICROSOFT_SETTINGS = z.strictObject({
  tenant: z.string().regex(/^[\w.-]{1,100}$/),
  clientId: z.string().regex(/^[\w-]{1,100}$/),
  clientSecret: z.string().min(1).max(1000),
  /** Another cloud, or a recorded server: https, or this machine. */
  loginUrl: z.url().default('https://login.microsoftonline.com'),
  manageUrl: z.url().default('https://manage.office.com'),
  graphUrl: z.url().default('https://graph.microsoft.com'),
});
export type MicrosoftSettings = z.infer<typeof MICROSOFT_SETTINGS>;

/** How far each feed was read. Plain data. */
export interface MicrosoftPosition {
  /** ISO times; by content type, and `signIns`. */
  readonly to: Readonly<Record<string, string>>;
  /** Of windows that are being read, behind the name of the feed: blobs and pages that are kept. */
  readonly done: readonly string[];
  /** The windows that are being read, by feed: asked again after a failure, each is the same. */
  readonly windows?: Readonly<Record<string, Window>>;
}

/** ISO times. */
interface Window {
  readonly from: string;
  readonly to: string;
}

export interface MicrosoftParts {
  readonly source: Source;
  readonly settings: MicrosoftSettings;
  readonly services: DoorServices;
  readonly position: MicrosoftPosition | null;
  readonly save: (position: MicrosoftPosition) => Promise<void>;
  readonly now: () => number;
  /** By default the platform's. */
  readonly fetch: typeof fetch;
}

/** The feeds of the Office 365 Management Activity API, less DLP, which needs a licence of its own. */
const CONTENT_TYPES = ['Audit.AzureActiveDirectory', 'Audit.Exchange', 'Audit.SharePoint', 'Audit.General'] as const;
const SIGN_INS = 'signIns';
const HOUR_MS = 3_600_000;
/** What is newer may still be being written there. */
const LAG_MS = 2 * 60_000;
/** Graph’s sign-ins come minutes late. */
const SIGN_IN_LAG_MS = 10 * 60_000;
/** The API keeps content for seven days, and lists a day at a time. */
const MAX_BACK_MS = 7 * 24 * HOUR_MS - HOUR_MS;
const MAX_WINDOW_MS = 24 * HOUR_MS;
const FIRST_BACK_MS = 24 * HOUR_MS;
const TIMEOUT_MS = 60_000;
const MAX_BYTES = 64 << 20;
const MAX_PAGES = 10_000;

/** It said no: what it said, without what it was told. */
export class MicrosoftRefusal extends Error {
  readonly status: number;
  /** Seconds that it asked us to wait; `null`: it did not say. */
  readonly retryAfter: number | null;

  constructor(what: string, status: number, retryAfter: number | null) {
    super(`${what}: ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const CONTENT = z.array(z.looseObject({ contentUri: z.url(), contentId: z.string().max(1000) }));
const SIGN_IN_PAGE = z.looseObject({ value: z.array(z.looseObject({})), '@odata.nextLink': z.url().optional() });
const TOKEN = z.looseObject({ access_token: z.string(), expires_in: z.coerce.number() });

/**
 * Asks Microsoft 365 for what has happened since the last time. What it hands over is kept before the position moves, so
 * nothing is lost; a crash costs at most one blob twice.
 *
 * **Source:** Office 365 Management Activity API reference; Microsoft Graph, List signIns.
 */
export class MicrosoftPoll {
  readonly #parts: MicrosoftParts;
  #position: { to: Record<string, string>; done: string[]; windows: Record<string, Window> };
  readonly #tokens = new Map<string, { readonly token: string; readonly until: number }>();
  #isSubscribed = false;

  constructor(parts: MicrosoftParts) {
    this.#parts = parts;
    const { to, done = [], windows } = parts.position ?? {};
    this.#position = { to: { ...to }, done: [...done], windows: { ...windows } };
  }

  /** @throws MicrosoftRefusal; Refusal `store/busy` when there is no room */
  async poll(): Promise<void> {
    if (!this.#isSubscribed) await this.#subscribe();
    const feeds = [...CONTENT_TYPES.map((type) => () => this.#readContent(type)), () => this.#readSignIns()];
    let trouble: unknown = null;
    for (const read of feeds)
      try {
        await read();
      } catch (error) {
        // Of one feed alone: the others go on. Whoever asks us to wait means all of them.
        if (!(error instanceof MicrosoftRefusal) || error.retryAfter !== null) throw error;
        trouble ??= error;
      }
    if (trouble !== null) throw trouble as MicrosoftRefusal;
  }

  async #subscribe(): Promise<void> {
    for (const type of CONTENT_TYPES) {
      const answer = await this.#ask('manage', this.#feed(`start?contentType=${type}`), 'POST');
      // It says 400 (AF20024) of a subscription that is there already.
      if (!answer.ok && answer.status !== 400) throw refusalOf(`subscription to ${type}`, answer);
      await answer.body?.cancel();
    }
    this.#isSubscribed = true;
  }

  async #readContent(type: string): Promise<void> {
    const window = this.#windowOf(type, LAG_MS, MAX_BACK_MS);
    if (window === null) return;
    const { from, to } = window;
    let next: string | null = this.#feed(
      `content?contentType=${type}&startTime=${from.slice(0, 19)}&endTime=${to.slice(0, 19)}`,
    );
    for (let page = 0; next !== null && page < MAX_PAGES; page++) {
      const answer: Response = await this.#ask('manage', next, 'GET');
      if (!answer.ok) throw refusalOf(`list of ${type}`, answer);
      const blobs = CONTENT.parse(await jsonOf(answer));
      const following = answer.headers.get('nextpageuri');
      next = following === null ? null : this.#trusted('manage', following);
      for (const { contentUri, contentId } of blobs) {
        const key = `${type} ${contentId}`;
        if (this.#position.done.includes(key)) continue;
        const blob = await this.#ask('manage', this.#trusted('manage', contentUri), 'GET');
        if (!blob.ok) throw refusalOf(`content of ${type}`, blob);
        await this.#keep(z.array(z.looseObject({})).parse(await jsonOf(blob)));
        this.#position.done.push(key);
        await this.#save();
      }
    }
    await this.#moveTo(type, to);
  }

  async #readSignIns(): Promise<void> {
    const window = this.#windowOf(SIGN_INS, SIGN_IN_LAG_MS, MAX_BACK_MS);
    if (window === null) return;
    const { from, to } = window;
    const filter = encodeURIComponent(`createdDateTime ge ${from} and createdDateTime lt ${to}`);
    let next: string | null =
      `${this.#parts.settings.graphUrl}/v1.0/auditLogs/signIns?$filter=${filter}&$orderby=createdDateTime&$top=500`;
    for (let page = 0; next !== null && page < MAX_PAGES; page++) {
      const answer: Response = await this.#ask('graph', next, 'GET');
      // Without a premium licence there are no sign-ins to be read: the audit feed has them too, in less detail.
      if (answer.status === 403) {
        await answer.body?.cancel();
        return;
      }
      if (!answer.ok) throw refusalOf('sign-ins', answer);
      const { value, '@odata.nextLink': following } = SIGN_IN_PAGE.parse(await jsonOf(answer));
      const key = `${SIGN_INS} ${page}`;
      if (!this.#position.done.includes(key)) {
        await this.#keep(value);
        this.#position.done.push(key);
        await this.#save();
      }
      next = following === undefined ? null : this.#trusted('graph', following);
    }
    await this.#moveTo(SIGN_INS, to);
  }

  async #keep(events: readonly object[]): Promise<void> {
    if (events.length === 0) return;
    await this.#parts.services.accept(
      this.#parts.source,
      events.map((object) => ({ kind: 'object', object })),
    );
  }

  /** What to ask for next; `null`: it is too early. The window stays the same until it has been read whole. */
  #windowOf(feed: string, lagMs: number, maxBackMs: number): Window | null {
    const now = this.#parts.now();
    const begun = this.#position.windows[feed];
    if (begun !== undefined && Date.parse(begun.from) >= now - maxBackMs) return begun;
    const known = this.#position.to[feed];
    const from = Math.max(known === undefined ? now - FIRST_BACK_MS : Date.parse(known), now - maxBackMs);
    const to = Math.floor(Math.min(from + MAX_WINDOW_MS, now - lagMs) / 60_000) * 60_000;
    if (to <= from) return null;
    const window = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    this.#position.windows[feed] = window;
    return window;
  }

  async #moveTo(feed: string, to: string): Promise<void> {
    const { [feed]: _read, ...windows } = this.#position.windows;
    const done = this.#position.done.filter((key) => !key.startsWith(`${feed} `));
    this.#position = { to: { ...this.#position.to, [feed]: to }, done, windows };
    await this.#save();
  }

  async #save(): Promise<void> {
    await this.#parts.save(structuredClone(this.#position));
  }

  #feed(rest: string): string {
    const { manageUrl, tenant } = this.#parts.settings;
    return `${manageUrl}/api/v1.0/${tenant}/activity/feed/subscriptions/${rest}&PublisherIdentifier=${tenant}`;
  }

  /** An address out of an answer gets our token only if it is of the same place. */
  #trusted(api: 'manage' | 'graph', url: string): string {
    const { manageUrl, graphUrl } = this.#parts.settings;
    if (new URL(url).origin !== new URL(api === 'manage' ? manageUrl : graphUrl).origin)
      throw new MicrosoftRefusal('it points to another place', 0, null);
    return url;
  }

  async #ask(api: 'manage' | 'graph', url: string, method: 'GET' | 'POST'): Promise<Response> {
    return this.#parts.fetch(url, {
      method,
      headers: { authorization: `Bearer ${await this.#token(api)}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  async #token(api: 'manage' | 'graph'): Promise<string> {
    const { now, settings } = this.#parts;
    const known = this.#tokens.get(api);
    if (known !== undefined && known.until > now()) return known.token;
    const { tenant, clientId, clientSecret, loginUrl, manageUrl, graphUrl } = settings;
    const answer = await this.#parts.fetch(`${loginUrl}/${tenant}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${api === 'manage' ? manageUrl : graphUrl}/.default`,
      }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw refusalOf('sign-in of the app', answer);
    const { access_token: token, expires_in: seconds } = TOKEN.parse(await jsonOf(answer));
    this.#tokens.set(api, { token, until: now() + (seconds - 120) * 1000 });
    return token;
  }
}

/** Seconds to wait after an error. */
export function waitAfter(error: unknown): number {
  if (error instanceof MicrosoftRefusal && error.retryAfter !== null) return Math.min(3600, error.retryAfter);
  return isPressure(error) ? 5 : 300;
}

function refusalOf(what: string, { status, headers }: Response): MicrosoftRefusal {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return new MicrosoftRefusal(what, status, Number.isFinite(seconds) ? seconds : null);
}

/** @throws MicrosoftRefusal for an answer that is too large or no JSON */
async function jsonOf(answer: Response): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += (piece as Uint8Array).length;
    if (bytes > MAX_BYTES) throw new MicrosoftRefusal('an answer over 64 MiB', answer.status, null);
    pieces.push(piece as Uint8Array);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown;
  } catch {
    throw new MicrosoftRefusal('an answer that is no JSON', answer.status, null);
  }
}

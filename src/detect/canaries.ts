import type { EventView } from '../core/event.ts';
import { signInOf } from './behaviour/sign-in.ts';
import { hostOf } from './entities.ts';

export const CANARY_KINDS = ['accounts', 'hosts', 'shares', 'files', 'patients'] as const;
export type CanaryKind = (typeof CANARY_KINDS)[number];

/** Things that nobody has a reason to touch, by name. Patients are pseudonyms, as in the events. */
export type CanaryNames = Readonly<Record<CanaryKind, readonly string[]>>;

/** A canary that an event touches. */
export interface Touch {
  readonly kind: CanaryKind;
  readonly name: string;
}

/** Finds the events that touch a canary. */
export class Canaries {
  readonly #byValue = new Map<string, Touch>();
  readonly #hosts = new Map<string, Touch>();
  /** `server\share`, the server without its domain. */
  readonly #shares = new Map<string, Touch>();
  readonly #within: RegExp | null;
  readonly #byText = new Map<string, Touch>();

  constructor(names: CanaryNames) {
    for (const kind of CANARY_KINDS)
      for (const name of names[kind]) {
        const touch = { kind, name };
        const lower = name.toLowerCase();
        if (kind === 'hosts') this.#hosts.set(lower, touch);
        else if (kind === 'accounts') this.#byValue.set(lower, touch);
        else this.#byText.set(lower, touch);
        const share = kind === 'shares' ? shareOf(lower, '') : null;
        if (share !== null) this.#shares.set(share, touch);
      }
    const texts = [...this.#byText.keys()].sort((a, b) => b.length - a.length);
    this.#within =
      texts.length === 0
        ? null
        : new RegExp(texts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)).join('|'), 'i');
  }

  get isEmpty(): boolean {
    return this.#byValue.size + this.#hosts.size + this.#byText.size === 0;
  }

  /** `null`: the event touches none. */
  touchedBy(event: EventView): Touch | null {
    const own = hostOf(event);
    for (const text of event.texts(true)) {
      if (text.length <= MAX_NAME) {
        const touch = this.#named(text.toLowerCase(), own);
        if (touch !== undefined) return touch;
      }
      const share = this.#shares.size === 0 ? null : shareOf(text.slice(0, MAX_NAME).toLowerCase(), own);
      const shared = share === null ? undefined : this.#shares.get(share);
      if (shared !== undefined) return shared;
      const found = this.#within?.exec(text)?.[0];
      if (found !== undefined) return this.#byText.get(found.toLowerCase()) ?? null;
    }
    // What a canary host says of itself is no touch; somebody who signs in to it is.
    const signIn = this.#hosts.size === 0 ? null : signInOf(event);
    return signIn === null ? null : (this.#host(signIn.host) ?? null);
  }

  #named(text: string, own: string): Touch | undefined {
    // `RX1\name`, `name@rx1.example` and `name` are one account.
    const account =
      this.#byValue.get(text) ?? this.#byValue.get(text.slice(text.lastIndexOf('\\') + 1).split('@')[0] ?? '');
    if (account !== undefined || text === own) return account;
    return this.#host(text.replace(/^\\\\/, ''));
  }

  /** With its domain or without. */
  #host(text: string): Touch | undefined {
    return this.#hosts.get(text) ?? this.#hosts.get(text.split('.')[0] ?? '');
  }
}

/** `server\share` of a path; Windows calls its own server `*` (5140, 5145). `null`: it begins with no server. */
function shareOf(path: string, own: string): string | null {
  const [, server, share] = /^\\\\([^\\]+)\\([^\\]+)/.exec(path) ?? [];
  if (server === undefined || share === undefined) return null;
  return `${(server === '*' ? own : server).split('.')[0] ?? ''}\\${share}`;
}

/** A longer text is no name. */
const MAX_NAME = 256;

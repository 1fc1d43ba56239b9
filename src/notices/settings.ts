import type { Band } from '../core/observation.ts';

/**
 * Somebody who is told. Step 1 first, then 2, and so on, until one of them has looked; the last is the named executive. Step 0
 * is a privacy officer: told what waits for privacy officers, and of deadlines that have passed, and not of incidents.
 */
export interface Person {
  readonly name: string;
  readonly mail: string;
  readonly step: number;
}

export interface Smtp {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise it is asked for with STARTTLS, and needed unless the server is this machine. */
  readonly isTlsFromStart: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly from: string;
}

export interface Webhook {
  readonly url: string;
  readonly form: 'generic' | 'teams' | 'slack';
  /** With which it is signed; `null`: it is not. */
  readonly secret: string | null;
}

/** Minutes of the local day; `from` may be after `to`: through midnight. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

export interface NoticeSettings {
  /** `null`: nobody is told by mail. */
  readonly smtp: Smtp | null;
  readonly people: readonly Person[];
  readonly webhooks: readonly Webhook[];
  /** What is not an emergency waits for their end. `null`: there are none. */
  readonly quiet: QuietHours | null;
  /** Minute of the local day at which the digest is sent; `null`: never. */
  readonly digestAt: number | null;
  /** Where people reach the service; `null`: not said. */
  readonly serviceUrl: string | null;
  readonly timeZone: string;
}

const MINUTE_MS = 60_000;

/**
 * Within what time somebody has to have looked at an incident of that band. `null`: the digest is enough. As with NEWS2,
 * each band has its prescribed response.
 */
export const LOOK_WITHIN_MS: Readonly<Record<Band, number | null>> = {
  routine: null,
  low: null,
  urgent: 60 * MINUTE_MS,
  emergency: 15 * MINUTE_MS,
};

export const BAND_RANK: Readonly<Record<Band, number>> = { routine: 0, low: 1, urgent: 2, emergency: 3 };

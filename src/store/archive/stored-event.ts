import type { UtcMs } from '../../core/event.ts';

/** An event as it is kept: parsed and pseudonymised. */
export interface StoredEvent {
  /** Unlike any other event's. Chosen by who writes it, so that a replay gives the same. */
  readonly id: string;
  readonly receivedAt: UtcMs;
  /** `null` if the event has no time of its own. */
  readonly at: UtcMs | null;
  readonly sourceId: string;
  readonly product: string | null;
  readonly category: string | null;
  readonly service: string | null;
  /** The Windows channel. */
  readonly channel: string | null;
  /** A whole number of 32 bits; `null` if the event has none. */
  readonly eventId: number | null;
  readonly host: string | null;
  readonly account: string | null;
  readonly address: string | null;
  /** Everything the event says, as JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The raw line, where the fields are not all there is. */
  readonly text: string | null;
}

/** When it happened; where it does not say, when we received it. What searches go by. */
export function timeOf({ at, receivedAt }: Pick<StoredEvent, 'at' | 'receivedAt'>): UtcMs {
  return at ?? receivedAt;
}

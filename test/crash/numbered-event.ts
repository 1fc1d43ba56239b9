import type { StoredEvent } from '../../src/store/archive/stored-event.ts';

/** An event that can be told from all others. */
export function numberedEvent(run: string, number: number): StoredEvent {
  const receivedAt = Date.parse('2026-11-20T23:59:00Z') + number * 10;
  return {
    id: `run${run}-${number}`,
    receivedAt,
    at: receivedAt - 250,
    sourceId: `src_${number % 3}`,
    product: number % 3 === 0 ? 'zeek' : 'windows',
    category: null,
    service: null,
    channel: null,
    eventId: number % 5,
    host: `host-${number % 17}`,
    account: `user${number % 29}`,
    address: null,
    fields: { number, filler: 'x'.repeat((number * 37) % 400) },
    text: null,
  };
}

/** Events come out of payloads as they were written, in order, however large they are and whatever is in them. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEvents, encodeEvents, PayloadWriter } from './payload.ts';
import type { StoredEvent } from './stored-event.ts';

function event(number: number, filling: string): StoredEvent {
  return {
    id: `evt_${number}`,
    receivedAt: 1_793_612_940_000,
    at: number % 2 === 0 ? null : 1_793_612_939_000,
    sourceId: 'src_1',
    product: 'windows',
    category: null,
    service: 'security',
    channel: 'Security',
    eventId: 4624,
    host: 'dc1',
    account: null,
    address: null,
    fields: { number, filling, lines: 'a\nb\r\n' },
    text: number % 3 === 0 ? filling : null,
  };
}

const fillings = ['', 'é€😀', 'x'.repeat(200), '€'.repeat(30_000), 'ab\n'.repeat(50_000)];

for (const expected of [0, 100_000_000])
  test(`what was written comes out again, ${expected} bytes being expected`, () => {
    const events = Array.from({ length: 200 }, (_, i) => event(i, fillings[i % fillings.length] ?? ''));
    const writer = new PayloadWriter(expected);
    for (const each of events) ok(writer.add(each));
    deepEqual(writer.end().flatMap(decodeEvents), events);
    deepEqual(decodeEvents(encodeEvents(events)), events);
  });

test('a payload is no larger than it may be, unless one event alone is', () => {
  const events = [event(1, 'small'), event(2, 'x'.repeat(5000)), event(4, 'small'), event(5, 'small')];
  const writer = new PayloadWriter(0, 1000, 100_000);
  for (const each of events) ok(writer.add(each));
  const payloads = writer.end();
  deepEqual(
    payloads.map((payload) => decodeEvents(payload).map(({ id }) => id)),
    [['evt_1'], ['evt_2'], ['evt_4', 'evt_5']],
  );
});

test('an event that is too large is left out, and the others are not touched by it', () => {
  const writer = new PayloadWriter(0, 1000, 10_000);
  ok(writer.add(event(1, 'a')));
  equal(writer.add(event(2, 'x'.repeat(20_000))), false);
  ok(writer.add(event(4, 'b')));
  deepEqual(
    writer.end().flatMap((payload) => decodeEvents(payload).map(({ id }) => id)),
    ['evt_1', 'evt_4'],
  );
});

test('nothing written is no payload, and another kind of payload holds no events', () => {
  deepEqual(new PayloadWriter().end(), []);
  deepEqual(decodeEvents(encodeEvents([])), []);
  deepEqual(decodeEvents(Buffer.from('something else\n')), []);
});

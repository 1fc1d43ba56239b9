import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Refusal } from '../../core/refusal.ts';
import { allCounts, type CountedSoFar, cursorOf, type EventStore, type SearchRequest } from './event-store.ts';
import { ANYTHING, type Predicate } from './predicate.ts';
import { type StoredEvent, timeOf } from './stored-event.ts';

/** A store to be tried, and how events come into it. */
export interface TriedStore {
  readonly store: EventStore;
  /** Resolves when they are kept, though perhaps not found yet. */
  readonly keep: (events: readonly StoredEvent[]) => Promise<void>;
  /** Moves what was kept to where it stays, if the store has such a place. */
  readonly settle: () => Promise<void>;
}

const T0 = Date.parse('2026-11-20T10:00:00Z');

/** An event of the n-th second. */
export function sampleEvent(number: number, changes: Partial<StoredEvent> = {}): StoredEvent {
  return {
    id: `evt_${String(number).padStart(6, '0')}`,
    receivedAt: T0 + number * 1000 + 500,
    at: T0 + number * 1000,
    sourceId: 'src_dc1',
    product: 'windows',
    category: null,
    service: 'security',
    channel: 'Security',
    eventId: 4624,
    host: 'dc1.rx1.nhs.uk',
    account: 'RX1\\jsmith',
    address: '10.1.2.3',
    fields: { Channel: 'Security', EventID: 4624, LogonType: 3 },
    text: null,
    ...changes,
  };
}

export const EVENTS: readonly StoredEvent[] = [
  sampleEvent(0),
  sampleEvent(1, { host: 'DC1', account: 'asmith@rx1.nhs.uk', address: '10.1.200.3' }),
  sampleEvent(2, { host: 'dc10', account: 'svc_backup', eventId: 4688, fields: { Image: 'C:\\Tools\\PsExec64.exe' } }),
  sampleEvent(3, { host: 'ws-7', at: null, fields: { Image: 'C:\\Windows\\explorer.exe', User: 'svc_x' } }),
  sampleEvent(4, {
    host: null,
    account: null,
    address: '2001:db8:7::9',
    eventId: null,
    channel: null,
    product: 'linux',
    fields: {
      'user.name': 'flat',
      nested: { name: 'deep' },
      list: ['first', 'Second "quoted"'],
      bytes: 2048,
      src_ip: '2001:db8:7::9',
      no: null,
    },
    text: 'Nov 20 10:00:04 ws sshd[1]: Failed password for root (50% of 100_000) from C:\\x',
  }),
  sampleEvent(5, {
    fields: {
      "it's": 'a "quote" \u0000 and ß',
      "'; drop table hot_1; --": 'x',
      '/a~b': 'pointer',
      ends: 'ſKY, \u212aelvin',
    },
    host: 'straße',
  }),
];

/** What each search finds of `EVENTS`, by their numbers. */
export const CASES: readonly (readonly [what: string, where: Predicate, found: readonly number[]])[] = [
  ['everything', ANYTHING, [0, 1, 2, 3, 4, 5]],
  ['nothing, of no alternatives', { kind: 'or', of: [] }, []],
  ['a host by its short name, in any case', { kind: 'equals', field: 'host', value: 'dC1' }, [0, 1]],
  ['a host by its long name', { kind: 'equals', field: 'host', value: 'dc1.rx1.nhs.uk' }, [0]],
  ['a host beyond ASCII', { kind: 'equals', field: 'host', value: 'STRAßE' }, [5]],
  ['an account in any domain or realm', { kind: 'equals', field: 'account', value: 'JSmith' }, [0, 3, 5]],
  ['an account by its realm', { kind: 'equals', field: 'account', value: 'asmith' }, [1]],
  ['a number', { kind: 'equals', field: 'eventId', value: '4688' }, [2]],
  ['what is not', { kind: 'not', of: { kind: 'equals', field: 'eventId', value: 4624 } }, [2, 4]],
  ['a beginning', { kind: 'startsWith', field: 'account', value: 'SVC_' }, [2]],
  ['an underscore is only an underscore', { kind: 'startsWith', field: 'host', value: 'dc_' }, []],
  ['a piece of a field', { kind: 'contains', field: 'Image', value: 'psexec' }, [2]],
  ['a percent sign is only a percent sign', { kind: 'contains', field: 'text', value: '50% of' }, [4]],
  ['wildcards', { kind: 'wildcard', field: 'Image', pattern: '*\\ps?xec*.exe' }, [2]],
  ['wildcards hold to both ends', { kind: 'wildcard', field: 'Image', pattern: 'ps*exe' }, []],
  ['a range of addresses', { kind: 'cidr', field: 'address', range: '10.1.2.0/24' }, [0, 2, 3, 5]],
  ['a range off its border', { kind: 'cidr', field: 'address', range: '10.1.129.9/17' }, [1]],
  ['every IPv4 address', { kind: 'cidr', field: 'address', range: '0.0.0.0/0' }, [0, 1, 2, 3, 5]],
  ['a range in a number', { kind: 'cidr', field: 'eventId', range: '10.1.2.0/24' }, []],
  ['a range of IPv6', { kind: 'cidr', field: 'address', range: '2001:0DB8::/32' }, [4]],
  ['a range of IPv6 in a field', { kind: 'cidr', field: 'src_ip', range: '2001:db8::/32' }, [4]],
  ['numbers in fields', { kind: 'compare', field: 'bytes', operator: '>=', value: 2048 }, [4]],
  ['numbers in columns', { kind: 'compare', field: 'eventId', operator: '>', value: 4624 }, [2]],
  ['a text does not compare as a number', { kind: 'compare', field: 'Image', operator: '>', value: 0 }, []],
  ['a field that is there', { kind: 'exists', field: 'LogonType' }, [0, 1]],
  ['a column that is there', { kind: 'exists', field: 'host' }, [0, 1, 2, 3, 5]],
  ['a time of its own', { kind: 'exists', field: 'at' }, [0, 1, 2, 4, 5]],
  ['a field without a value is not there', { kind: 'exists', field: 'no' }, []],
  ['a name with a dot', { kind: 'equals', field: 'user.name', value: 'FLAT' }, [4]],
  ['a path', { kind: 'equals', field: 'nested.name', value: 'deep' }, [4]],
  ['an entry of a list', { kind: 'equals', field: 'list', value: 'second "quoted"' }, [4]],
  ['not a piece of an entry', { kind: 'equals', field: 'list', value: 'second' }, []],
  ['a text anywhere', { kind: 'anywhere', value: 'FAILED password' }, [4]],
  ['a text with backslashes anywhere', { kind: 'anywhere', value: 'tools\\psexec' }, [2]],
  ['a text that begins with a long s', { kind: 'anywhere', value: 'sky' }, [5]],
  ['a text asked for with a long s', { kind: 'anywhere', value: 'ſky' }, [5]],
  ['a piece that begins with a Kelvin sign', { kind: 'contains', field: 'ends', value: 'kelvin' }, [5]],
  ['a letter', { kind: 'contains', field: 'ends', value: 'S' }, [5]],
  ['backslashes in the raw line', { kind: 'anywhere', value: 'from c:\\X' }, [4]],
  ['not a text anywhere', { kind: 'not', of: { kind: 'anywhere', value: 'security' } }, [2, 3, 4, 5]],
  ['a field named with a quote', { kind: 'contains', field: "it's", value: 'quote' }, [5]],
  ['a field named as an attack', { kind: 'equals', field: "'; drop table hot_1; --", value: 'x' }, [5]],
  ['a field named as a pointer', { kind: 'equals', field: '/a~b', value: 'pointer' }, [5]],
  ['an attack as a value', { kind: 'equals', field: 'host', value: "x' or true --" }, []],
  ['a field of that name only', { kind: 'exists', field: '__proto__' }, []],
  ['a column of ours is no field', { kind: 'exists', field: 'host_key' }, []],
  [
    'all of several',
    {
      kind: 'and',
      of: [
        { kind: 'equals', field: 'channel', value: 'security' },
        {
          kind: 'or',
          of: [
            { kind: 'equals', field: 'host', value: 'ws-7' },
            { kind: 'equals', field: 'host', value: 'dc10' },
          ],
        },
      ],
    },
    [2, 3],
  ],
];

const REFUSED: readonly (readonly [what: string, where: Predicate])[] = [
  ['a range that is none', { kind: 'cidr', field: 'address', range: '10.1.2.3' }],
  ['a range too long', { kind: 'cidr', field: 'address', range: '10.1.2.0/33' }],
  ['a range by name', { kind: 'cidr', field: 'address', range: 'dc1/8' }],
  ['an event id that is no number', { kind: 'equals', field: 'eventId', value: 'many' }],
  ['a number that is none', { kind: 'compare', field: 'bytes', operator: '>', value: Number.NaN }],
  ['an operator that is none', { kind: 'compare', field: 'bytes', operator: '> 0 or 1 =' as '>', value: 1 }],
  ['a text too long', { kind: 'anywhere', value: 'x'.repeat(20_000) }],
  ['too many conditions', { kind: 'or', of: Array.from({ length: 1000 }, () => ANYTHING) }],
];

/** What every event store owes those who ask. `make` gives an empty one. Call it from the store's test. */
export function eventStoreContract(name: string, make: (t: TestContext) => Promise<TriedStore>): void {
  void describe(`${name} as an event store`, () => {
    for (const place of ['fresh', 'settled', 'both'] as const) {
      void test(`finds what is asked for, ${place}`, async (t) => {
        const tried = await make(t);
        await tried.keep(EVENTS.slice(0, 3));
        if (place === 'both') await tried.settle();
        await tried.keep(EVENTS.slice(3));
        if (place === 'settled') await tried.settle();
        await tried.store.caughtUp();
        deepEqual(await all(tried.store, { order: 'oldest' }), EVENTS, 'events come back as they went in');
        for (const [what, where, found] of CASES)
          deepEqual(
            (await all(tried.store, { where, order: 'oldest' })).map(({ id }) => id),
            found.map((number) => EVENTS[number]?.id),
            what,
          );
        for (const [what, where] of REFUSED)
          await rejects(all(tried.store, { where }), refusal('search/bad-request'), what);
      });
    }

    void test('keeps to the time, the order, the limit and the cursor, with many events at one time', async (t) => {
      const { store, keep, settle } = await make(t);
      const events = Array.from({ length: 5000 }, (_, number) =>
        sampleEvent(number, { at: T0 + Math.floor(((number * 7919) % 5000) / 50) * 1000, receivedAt: T0 + number }),
      );
      for (let from = 0; from < events.length; from += 500) {
        await keep(events.slice(from, from + 500));
        if (from % 1000 === 0) await settle();
      }
      await store.caughtUp();
      const oldest = [...events].sort((a, b) => timeOf(a) - timeOf(b) || (a.id < b.id ? -1 : 1));
      deepEqual(ids(await all(store, { order: 'oldest' })), ids(oldest));
      deepEqual(ids(await all(store, { order: 'newest' })), ids(oldest.toReversed()));
      const [from, to] = [T0 + 10_000, T0 + 20_000];
      const within = oldest.filter((event) => timeOf(event) >= from && timeOf(event) < to);
      deepEqual(
        ids(await all(store, { from, to, order: 'newest', limit: 120 })),
        ids(within.toReversed().slice(0, 120)),
      );
      for (const order of ['newest', 'oldest'] as const) {
        const pages: StoredEvent[] = [];
        let cursor: string | null = null;
        for (;;) {
          const page: StoredEvent[] = await all(store, { order, limit: 77, cursor, from, to });
          pages.push(...page);
          const last = page.at(-1);
          if (last === undefined) break;
          cursor = cursorOf(last);
        }
        deepEqual(ids(pages), ids(order === 'oldest' ? within : within.toReversed()));
      }
      await rejects(all(store, { cursor: 'x' }), refusal('search/bad-request'));
    });

    void test('counts over time', async (t) => {
      const { store, keep, settle } = await make(t);
      await keep([sampleEvent(0), sampleEvent(1), sampleEvent(7)]);
      await settle();
      await keep([sampleEvent(8), sampleEvent(30, { host: 'other' })]);
      await store.caughtUp();
      const where: Predicate = { kind: 'equals', field: 'host', value: 'dc1' };
      deepEqual(await allCounts(store, { where, from: T0, to: T0 + 60_000, bucketMs: 5000 }), [
        { from: T0, count: 2 },
        { from: T0 + 5000, count: 2 },
      ]);
      const tooMany = allCounts(store, { where, from: 0, to: T0, bucketMs: 1 });
      await rejects(tooMany, refusal('search/bad-request'));
    });

    void test('counts are told as they grow, from the newest back, each saying from where on it has all', async (t) => {
      const { store, keep, settle } = await make(t);
      // Many pieces, each an hour older than the one before it, and one that reaches far back.
      const hour = 3600;
      for (let piece = 0; piece < 12; piece++) {
        await keep([0, 1, 2].map((number) => sampleEvent((12 - piece) * hour + number)));
        if (piece === 5) await keep([sampleEvent(1)]);
        await settle();
      }
      const [from, to] = [T0, T0 + 13 * hour * 1000];
      const told: CountedSoFar[] = [];
      for await (const soFar of store.counts({ where: ANYTHING, from, to, bucketMs: 1 + hour * 1000 * 13 }))
        told.push(soFar);
      ok(told.length > 1, 'something is told before all is counted');
      equal(told.at(-1)?.wholeFrom, from);
      equal(told.at(-1)?.buckets[0]?.count, 37);
      for (const [at, { wholeFrom, buckets }] of told.entries()) {
        ok(wholeFrom <= (told[at - 1]?.wholeFrom ?? to), 'it goes back');
        const sure = await allCounts(store, { where: ANYTHING, from: wholeFrom, to, bucketMs: to });
        ok((buckets[0]?.count ?? 0) >= (sure[0]?.count ?? 0), 'what it says is whole is whole');
      }
    });

    void test('stops when it is told to, and goes on answering others', async (t) => {
      const { store, keep } = await make(t);
      await keep(Array.from({ length: 3000 }, (_, number) => sampleEvent(number)));
      await store.caughtUp();
      const stopped = AbortSignal.abort();
      await rejects(all(store, {}, stopped), refusal('search/cancelled'));
      const stop = new AbortController();
      const some: StoredEvent[] = [];
      const reading = (async () => {
        for await (const event of store.search(request({}), stop.signal)) {
          some.push(event);
          if (some.length === 10) stop.abort();
        }
      })();
      await rejects(reading, refusal('search/cancelled'));
      ok(some.length < 3000);
      for await (const event of store.search(request({}))) {
        equal(event.id, 'evt_002999');
        break;
      }
      equal((await all(store, { limit: 5 })).length, 5);
    });
  });
}

function request(changes: Partial<SearchRequest>): SearchRequest {
  return { where: ANYTHING, from: null, to: null, order: 'newest', limit: null, cursor: null, ...changes };
}

export async function all(
  store: Pick<EventStore, 'search'>,
  changes: Partial<SearchRequest> = {},
  signal?: AbortSignal,
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of store.search(request(changes), signal)) found.push(event);
  return found;
}

function ids(events: readonly StoredEvent[]): string[] {
  return events.map(({ id }) => id);
}

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code;
}

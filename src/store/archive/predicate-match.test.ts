import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openJournal } from '../journal.ts';
import { CASES, EVENTS, sampleEvent } from './event-store-contract.ts';
import { openArchive } from './open-archive.ts';
import { encodeEvents } from './payload.ts';
import type { Predicate } from './predicate.ts';
import { lookAt, matcherOf } from './predicate-match.ts';
import type { StoredEvent } from './stored-event.ts';

const numberOf = ({ id }: StoredEvent) => Number(id.split('_')[1]);

for (const [what, where, found] of CASES)
  test(`as it comes, an event is what a search finds: ${what}`, () => {
    const isWanted = matcherOf(where);
    deepEqual(EVENTS.filter((event) => isWanted(lookAt(event))).map(numberOf), found);
  });

test('what no search could ask is refused', () => {
  throws(() => matcherOf({ kind: 'cidr', field: 'address', range: 'nonsense' }), { code: 'search/bad-request' });
});

test('a pattern that is made to be slow is not', () => {
  const isWanted = matcherOf({ kind: 'wildcard', field: 'Image', pattern: `${'*a'.repeat(200)}*b` });
  equal(isWanted(lookAt(sampleEvent(0, { fields: { Image: 'a'.repeat(20_000) } }))), false);
});

const FIELDS = ['host', 'account', 'address', 'eventId', 'channel', 'text', 'Image', 'n', 'list', 'deep.name', 'no'];
const TEXTS = [
  '',
  'a',
  'A',
  'dc1',
  'DC1.rx1',
  'RX1\\kim',
  'kim',
  'kim@rx1',
  '10.1.2.3',
  '10.1.200.3',
  '4624',
  '07',
  '1e3',
];
const VALUES = [...TEXTS, 'C:\\Tools\\PsExec.exe', 'straße', 'ΟΔΟ', '😀b', '50%_', '["a"]', '"', '2001:db8::1'];

const field = fc.constantFrom(...FIELDS);
const leaf: fc.Arbitrary<Predicate> = fc.oneof(
  fc.record({
    kind: fc.constant('equals' as const),
    field: fc.constantFrom('host', 'account', 'Image', 'n', 'list', 'deep.name'),
    value: fc.constantFrom(...VALUES),
  }),
  fc.record({
    kind: fc.constantFrom('contains' as const, 'startsWith' as const),
    field,
    value: fc.constantFrom(...VALUES),
  }),
  fc.record({
    kind: fc.constant('wildcard' as const),
    field,
    pattern: fc.string({ unit: fc.constantFrom('*', '?', 'a', 'c', '1', '.', '\\', 'X', '😀'), maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant('cidr' as const),
    field,
    range: fc.constantFrom('10.1.0.0/16', '10.1.2.3/32', '0.0.0.0/0', '2001:db8::/32'),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    field,
    operator: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
    value: fc.constantFrom(-1, 0, 7, 1000, 4624),
  }),
  fc.record({ kind: fc.constant('exists' as const), field }),
  fc.record({
    kind: fc.constant('anywhere' as const),
    value: fc.constantFrom(...VALUES.filter((value) => value !== '')),
  }),
);
const { tree } = fc.letrec<{ tree: Predicate }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), of: fc.array(tie('tree'), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('not' as const), of: tie('tree') }),
  ),
}));

const said = fc.option(fc.constantFrom(...VALUES), { nil: null });
const json = fc.oneof(
  fc.constantFrom<unknown>(...VALUES, 7, -0.5, 1000, true, null),
  fc.array(fc.constantFrom(...VALUES), { maxLength: 2 }),
);
const event = fc.record({
  host: said,
  account: said,
  address: said,
  text: said,
  eventId: fc.constantFrom(null, 7, 4624),
  Image: json,
  n: json,
  list: json,
  name: json,
});

test('for whatever is asked of whatever comes, the store and the event as it comes agree', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-match-'));
  const journal = await openJournal(path.join(dir, 'journal'));
  const store = await openArchive({ folder: path.join(dir, 'archive'), journal, minFreeBytes: 0 });
  t.after(async () => {
    await store.close();
    await journal.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const events = fc
    .sample(event, { seed: 1, numRuns: 150 })
    .map(({ host, account, address, text, eventId, Image, n, list, name }, at) =>
      sampleEvent(at, { host, account, address, text, eventId, fields: { Image, n, list, deep: { name } } }),
    );
  await journal.append(encodeEvents(events));
  await store.caughtUp();
  let found = 0;
  for (const where of fc.sample(tree, { seed: 2, numRuns: 400 })) {
    const isWanted = matcherOf(where);
    const asItComes = events.filter((each) => isWanted(lookAt(each))).map(numberOf);
    const searched: number[] = [];
    const request = { where, from: null, to: null, order: 'oldest', limit: null, cursor: null } as const;
    for await (const each of store.search(request)) searched.push(numberOf(each));
    deepEqual(asItComes, searched, JSON.stringify(where));
    found += searched.length;
  }
  ok(found > 1000, 'searches found something');
});

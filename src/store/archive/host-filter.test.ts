import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { HostFilter } from './host-filter.ts';
import type { Predicate } from './predicate.ts';

const host = (value: string): Predicate => ({ kind: 'equals', field: 'host', value });

test('never says no to a host that is there, in any case, short or long, and seldom yes to one that is not', () => {
  const hosts = Array.from({ length: 1000 }, (_, number) => `WS-${number}.rx1.nhs.uk`);
  const filter = HostFilter.read(HostFilter.of(hosts).write());
  ok(filter !== null);
  for (const name of hosts) {
    ok(filter.mayHold(name));
    ok(filter.mayHold(name.toLowerCase().split('.')[0] ?? ''));
  }
  const wrong = Array.from({ length: 10_000 }, (_, number) => `pc${number}`).filter((name) => filter.mayHold(name));
  ok(wrong.length < 600, `${wrong.length} of 10,000`);
});

test('passes over a segment only if no branch of the predicate can be fulfilled', () => {
  const filter = HostFilter.of(['dc1']);
  equal(filter.mayFulfil(host('dc1')), true);
  equal(filter.mayFulfil(host('dc2')), false);
  equal(filter.mayFulfil({ kind: 'not', of: host('dc2') }), true);
  equal(filter.mayFulfil({ kind: 'and', of: [host('dc1'), host('dc2')] }), false);
  equal(filter.mayFulfil({ kind: 'or', of: [host('dc1'), host('dc2')] }), true);
  equal(filter.mayFulfil({ kind: 'or', of: [host('dc3'), host('dc2')] }), false);
  equal(filter.mayFulfil({ kind: 'or', of: [host('dc3'), { kind: 'exists', field: 'x' }] }), true);
  equal(filter.mayFulfil({ kind: 'and', of: [] }), true);
  equal(filter.mayFulfil({ kind: 'equals', field: 'account', value: 'dc2' }), true);
  equal(HostFilter.read('nonsense'), null);
});

import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Catalog } from './catalog.ts';
import type { ChainEntry } from './chain.ts';

test('a hold that was written when a hold named one source, or none for all, still holds', () => {
  const rest = { from: 1, to: null, reason: 'police' };
  const lines = [
    { kind: 'hold', hold: { id: 'hold_1', sourceId: 'src_a', ...rest } },
    { kind: 'hold', hold: { id: 'hold_2', sourceId: null, ...rest } },
    { kind: 'hold', hold: { id: 'hold_3', sourceIds: ['src_a', 'src_b'], ...rest } },
    { kind: 'hold', hold: { id: 'hold_4', sourceId: null, ...rest } },
    { kind: 'hold-lifted', hold: 'hold_4' },
  ] as unknown as readonly ChainEntry[];
  deepEqual(
    [...new Catalog(lines).holds.values()],
    [
      { id: 'hold_1', sourceIds: ['src_a'], ...rest },
      { id: 'hold_2', sourceIds: [], ...rest },
      { id: 'hold_3', sourceIds: ['src_a', 'src_b'], ...rest },
    ],
  );
});

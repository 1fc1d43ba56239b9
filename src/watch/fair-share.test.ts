import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { FairShare } from './fair-share.ts';

/** Sends for so many seconds, a batch of each source every tenth of a second; how many of its batches each got through. */
function share(rates: Readonly<Record<string, number>>, isCrowded: boolean, seconds = 20): Record<string, number> {
  const fair = new FairShare();
  const taken: Record<string, number> = {};
  for (let tenth = 0; tenth < seconds * 10; tenth++)
    for (const [id, perSecond] of Object.entries(rates))
      if (fair.isFree(id, perSecond / 10, 1_000_000 + tenth * 100, isCrowded)) taken[id] = (taken[id] ?? 0) + 1;
  return Object.fromEntries(Object.entries(taken).map(([id, count]) => [id, count / (seconds * 10)]));
}

test('as long as there is room nobody is held back', () => {
  equal(share({ flood: 20_000, calm: 300 }, false)['flood'], 1);
});

test('when it is crowded, who floods waits and the calm do not', () => {
  const taken = share({ flood: 20_000, calm: 300, quiet: 100 }, true);
  deepClose(taken['calm'], 1);
  deepClose(taken['quiet'], 1);
  ok((taken['flood'] ?? 0) < 0.5, String(taken['flood']));
});

test('one source alone has all there is, and equals share alike', () => {
  equal(share({ only: 20_000 }, true)['only'], 1);
  const taken = share({ one: 5000, other: 5000, third: 5000 }, true);
  for (const each of Object.values(taken)) ok(each > 0.9, String(each));
});

test('what was sent is forgotten after ten seconds', () => {
  const fair = new FairShare();
  fair.isFree('calm', 10, 0, true);
  fair.isFree('flood', 1_000_000, 0, true);
  fair.isFree('calm', 10, 5000, true);
  equal(fair.isFree('flood', 10, 5000, true), false);
  fair.isFree('calm', 10, 11_000, true);
  equal(fair.isFree('flood', 10, 11_000, true), true);
});

test('a clock that is set back by a day does not make anybody wait for a day', () => {
  const fair = new FairShare();
  const day = 86_400_000;
  fair.isFree('calm', 10, day, true);
  fair.isFree('flood', 1_000_000, day, true);
  equal(fair.isFree('flood', 10, day, true), false);
  fair.isFree('calm', 10, 11_000, true);
  equal(fair.isFree('flood', 10, 11_000, true), true);
});

function deepClose(value: number | undefined, wanted: number): void {
  ok(Math.abs((value ?? 0) - wanted) < 0.01, String(value));
}

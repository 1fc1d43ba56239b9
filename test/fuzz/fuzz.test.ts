import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { mutate, randomFrom, TARGETS } from './targets.ts';

const INPUTS = 20_000;
/** A watchdog, not a measurement: a busy machine may hold any one input up for a while. */
const WATCHDOG_MS = 10_000;

for (const { name, seeds, run } of TARGETS) {
  test(`${name}: ${INPUTS} changed inputs neither throw nor hang`, () => {
    const random = randomFrom(20_261_124);
    for (let i = 0; i < INPUTS; i++) {
      const input = mutate(seeds, random);
      const begun = performance.now();
      try {
        run(input);
      } catch (error) {
        throw new Error(`input ${i} threw: ${JSON.stringify(input.slice(0, 300))}`, { cause: error });
      }
      ok(performance.now() - begun < WATCHDOG_MS, `input ${i} hung`);
    }
  });
}

/**
 * `npm run fuzz`: at least a million changed inputs over all parsers and the rule loader. Prints the seed and number
 * of any input that throws or takes longer than a second, and of the target that takes more than 1 GiB of memory; it
 * ends with exit code 1 then.
 *
 *     npm run fuzz -- 2000000 7     two million inputs, from seed 7
 */
import { mutate, randomFrom, TARGETS } from './targets.ts';

const [inputs = '1100000', seed = '1'] = process.argv.slice(2);
const each = Math.ceil(Number(inputs) / TARGETS.length);
const LIMIT_MS = 1000;
const LIMIT_BYTES = 1024 * 1024 * 1024;
let bad = 0;
for (const target of TARGETS) {
  const { name, run } = target;
  let slowest = 0;
  const random = randomFrom(Number(seed));
  const started = performance.now();
  for (let i = 0; i < each; i++) {
    const input = mutate(target, random);
    const begun = performance.now();
    try {
      await run(input);
    } catch (error) {
      bad++;
      process.stdout.write(
        `${name}: input ${i} of seed ${seed} threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${JSON.stringify(input.slice(0, 400))}\n`,
      );
    }
    const took = performance.now() - begun;
    if (took > LIMIT_MS) {
      bad++;
      process.stdout.write(`${name}: input ${i} of seed ${seed} took ${Math.round(took)} ms\n`);
    }
    slowest = Math.max(slowest, took);
    if (i % 1000 === 0 && process.memoryUsage.rss() > LIMIT_BYTES) {
      bad++;
      process.stdout.write(`${name}: at input ${i} of seed ${seed} more than 1 GiB of memory is in use\n`);
      break;
    }
  }
  process.stdout.write(
    `${name}: ${each} inputs in ${Math.round((performance.now() - started) / 1000)} s, slowest ${slowest.toFixed(1)} ms, memory ${Math.round(process.memoryUsage().rss / 1e6)} MB\n`,
  );
}
process.stdout.write(
  bad === 0 ? `${each * TARGETS.length} inputs: none threw, none was slow\n` : `${bad} inputs were bad\n`,
);
process.exitCode = bad === 0 ? 0 : 1;

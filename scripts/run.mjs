// `node scripts/run.mjs FILE.ts …`: as start.mjs, for the bench and the fuzzers.
import { runPinned } from './pinned-node.mjs';

const [file, ...rest] = process.argv.slice(2);
runPinned(file, rest);

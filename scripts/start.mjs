#!/usr/bin/env node
// `npm start -- <arguments>`: installs what is missing (once), then runs `wardwatch <arguments>` on the pinned Node.
// Everything said here goes to standard error: standard output belongs to the result.
import { runPinned } from './pinned-node.mjs';

const args = process.argv.slice(2);
// Without anything to do, it watches.
runPinned('src/main.ts', args.length === 0 ? ['serve'] : args);

#!/usr/bin/env node
// `npm start -- <arguments>`: installs what is missing (once), then runs `wardwatch <arguments>` on the pinned Node.
// Everything said here goes to standard error: standard output belongs to the result.
import { runPinned } from './pinned-node.mjs';

runPinned('src/main.ts', process.argv.slice(2));

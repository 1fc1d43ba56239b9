#!/usr/bin/env node
// `npm start -- <arguments>`: installs what is missing (once), builds the page for `serve`, then runs `wardwatch <arguments>` on the pinned Node.
// Everything said here goes to standard error: standard output belongs to the result.
import { existsSync } from 'node:fs';
import { buildPage } from './build-page.mjs';
import { installPackages, runPinned } from './pinned-node.mjs';

// npm runs it in the repository; a path is meant from where it was typed (npm run-script, INIT_CWD).
const { INIT_CWD: typedIn, npm_lifecycle_event: script } = process.env;
if (script === 'start' && typedIn !== undefined && existsSync(typedIn)) process.chdir(typedIn);

const args = process.argv.slice(2);
// Without anything to do, it watches.
const [verb = 'serve', ...rest] = args;
if (verb === 'serve' || verb === 'demo') {
  installPackages();
  // Watching matters more than showing: without a page it runs all the same, and this has been said.
  buildPage();
}
runPinned('src/main.ts', [verb, ...rest]);

// `npm run page`: builds the page if it has to be, and prints what a first visit loads.
import { buildPage, pageSizes } from './build-page.mjs';
import { installPackages } from './pinned-node.mjs';

const MAX_BYTES = 250 * 1024;

installPackages();
if (!buildPage()) process.exit(4);
const sizes = pageSizes();
for (const { name, bytes, zipped } of sizes) print(name, bytes, zipped);
const total = sizes.reduce((sum, { zipped }) => sum + zipped, 0);
print(
  `first load (must be at most ${MAX_BYTES})`,
  sizes.reduce((sum, { bytes }) => sum + bytes, 0),
  total,
);
process.exit(total <= MAX_BYTES ? 0 : 1);

function print(name, bytes, zipped) {
  process.stdout.write(`${name.padEnd(40)} ${String(bytes).padStart(8)} bytes ${String(zipped).padStart(8)} gzipped\n`);
}

// `npm test`: installs what is missing (packages, and on Debian the reference tools and the browser that tests use),
// then runs everything that must pass. `npm test -- <files>` runs those test files only.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildPage } from './build-page.mjs';
import { installPackages, pinnedNode, root } from './pinned-node.mjs';

installPackages();
if (!buildPage()) process.exit(4);
installSystemPackages();
unpackSyslogNg();

const node = pinnedNode();
const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const wanted = process.argv.slice(2);

const checks = [
  ['format', bin('biome'), 'format', '.'],
  ['types', bin('tsc'), '-p', 'tsconfig.json'],
  ['types of the page', bin('tsc'), '-p', 'src/web/tsconfig.json'],
  ['lint', bin('oxlint'), '--type-aware', '--quiet', 'src', 'test', 'rules', 'bench', 'scripts'],
  ['dead code and dependencies', bin('knip')],
];
const failed = [];
if (wanted.length === 0) {
  for (const [name = '', command = '', ...args] of checks) {
    const found = run(command, args);
    process.stdout.write(`${found === 0 ? 'ok  ' : 'FAIL'}  ${name}\n`);
    if (found !== 0) failed.push(name);
  }
}
// What tests leave behind, data folders of whole services among it, goes with this one.
const scratch = mkdtempSync(path.join(tmpdir(), 'wardwatch-tests-'));
// PostgreSQL, which does not run as root, has to get through it to its own.
chmodSync(scratch, 0o711);
const patterns = wanted.length > 0 ? wanted : ['src/**/*.test.ts', 'rules/**/*.test.ts', 'test/**/*.test.ts'];
const tests = run(
  node,
  ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2', '--test-reporter=spec', ...patterns],
  { TMPDIR: scratch, TEMP: scratch, TMP: scratch },
);
rmSync(scratch, { recursive: true, force: true });
if (failed.length > 0) process.stdout.write(`\nThese checks failed: ${failed.join(', ')}\n`);
process.exit(tests !== 0 || failed.length > 0 ? 1 : 0);

function run(command, args, env = {}) {
  // Project tools read npm's environment; none of them may colour what a log keeps.
  return (
    spawnSync(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NO_COLOR: '1', ...env },
    }).status ?? 1
  );
}

/** Reference tools and the browser, from Debian. Elsewhere, tests that need them skip with a loud line. */
function installSystemPackages() {
  const libraries = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const needed = {
    '/usr/bin/evtxexport': 'libevtx-utils',
    '/usr/bin/pdftotext': 'poppler-utils',
    '/usr/bin/chromium': 'chromium',
    '/usr/bin/xz': 'xz-utils',
    '/usr/bin/openssl': 'openssl',
    '/usr/bin/zstd': 'zstd',
    '/usr/bin/7z': 'p7zip-full',
    '/usr/sbin/rsyslogd': 'rsyslog',
    [`${libraries}/rsyslog/lmnsd_gtls.so`]: 'rsyslog-gnutls',
    [`${libraries}/rsyslog/omelasticsearch.so`]: 'rsyslog-elasticsearch',
    '/usr/lib/postgresql': 'postgresql',
  };
  const missing = Object.entries(needed)
    .filter(([file]) => !existsSync(file))
    .map(([, name]) => name);
  if (missing.length === 0 || !existsSync('/usr/bin/apt-get')) return;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  process.stderr.write(`wardwatch: installing ${missing.join(', ')} from Debian (once)…\n`);
  const apt = (...args) => {
    const [command, ...rest] = [...sudo, 'apt-get', ...args];
    return spawnSync(command, rest, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status;
  };
  apt('update', '-qq');
  if (apt('install', '-y', '-qq', '--no-install-recommends', ...missing) !== 0) {
    process.stderr.write('wardwatch: they could not be installed: the tests that need them will say so and skip.\n');
  }
}

/** Debian's syslog-ng cannot be installed beside rsyslog: its packages are unpacked below build/, and run from there. */
function unpackSyslogNg() {
  const folder = path.join(root, 'build', 'syslog-ng');
  if (existsSync(folder) || !existsSync('/usr/bin/apt-get')) return;
  const names = 'syslog-ng-core syslog-ng-mod-http syslog-ng-scl libivykis0 libnet1 libpcre3 libwrap0'.split(' ');
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  process.stderr.write('wardwatch: unpacking syslog-ng from Debian (once)…\n');
  const done = (command, ...args) => spawnSync(command, args, { cwd: part, stdio: ['ignore', 2, 2] }).status === 0;
  const isUnpacked =
    done('apt-get', 'download', '-qq', ...names) &&
    readdirSync(part)
      .filter((name) => name.endsWith('.deb'))
      .every((name) => done('dpkg-deb', '-x', name, part));
  if (isUnpacked) renameSync(part, folder);
  else process.stderr.write('wardwatch: it could not be: the test that needs it will say so and skip.\n');
}

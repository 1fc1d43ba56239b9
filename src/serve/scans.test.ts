/** What may go wrong with a dropped file ends with that file. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { Scans } from './scans.ts';

function house(t: TestContext, pseudonymise: (text: string) => string = (text) => text) {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'wardwatch-scans-'));
  const bugs: unknown[] = [];
  const scans = new Scans({
    dataFolder,
    rules: { ruleFolders: [], placeholders: {}, cacheFolder: null },
    timeZone: 'Europe/London',
    pseudonymise,
    now: () => Date.UTC(2026, 10, 26, 9),
    onBug: (error) => bugs.push(error),
  });
  t.after(async () => {
    await scans.stop();
    rmSync(dataFolder, { recursive: true });
  });
  const add = (name: string, body = 'nothing\n') => scans.add(name, 'Ann', Readable.from([Buffer.from(body)]));
  return { scans, add, bugs, dropped: path.join(dataFolder, 'dropped') };
}

test('a name may be as long as it likes, in whatever script', async (t) => {
  const { add, dropped } = house(t);
  const { name } = await add(`${'病院の記録'.repeat(50)}🏥.log`);
  ok(Buffer.byteLength(name) <= 200 && name.isWellFormed(), name);
  match(name, /🏥|_/);
  match(name, /\.log$/);
  ok(readdirSync(dropped).length <= 1);
  equal((await add(`../../${'x'.repeat(400)}`)).name, 'x'.repeat(200));
});

test('a file that never comes whole leaves nothing, and is no bug of ours', async (t) => {
  const { scans, dropped, bugs } = house(t);
  const body = new Readable({ read: () => undefined });
  const adding = scans.add('half.log', 'Ann', body);
  body.push('half of it');
  body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
  await rejects(adding, { code: 'scans/broken-off' });
  deepEqual([scans.list(), readdirSync(dropped), bugs], [[], [], []]);
});

test('a report that cannot be shown fails its file, and the next one is read', async (t) => {
  let calls = 0;
  const { scans, add, bugs } = house(t, (text) => {
    calls++;
    if (calls === 1) throw new Error('broken');
    return text;
  });
  await add('one.log');
  await add('two.log');
  for (;;) {
    const states = scans.list().map(({ state }) => state.is);
    if (states.every((is) => is === 'done' || is === 'failed')) {
      deepEqual(states, ['done', 'failed']);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  equal(bugs.length, 1);
});

test('the process that reads ends with the service, however that ended', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-orphan-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, 'in'));
  const line = `${JSON.stringify({ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', CommandLine: 'x'.repeat(200) })}\n`;
  writeFileSync(path.join(folder, 'in', 'long.ndjson'), line.repeat(300_000));
  const child = fork(path.join(import.meta.dirname, 'scan-worker.ts'), [], {
    cwd: path.join(folder, 'in'),
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const report = path.join(folder, 'report.html');
  child.send({
    file: 'long.ndjson',
    report,
    ruleFolders: [],
    placeholders: {},
    cacheFolder: null,
    timeZone: 'Europe/London',
    threads: 1,
  });
  await once(child, 'message');
  child.disconnect();
  await once(child, 'exit');
  ok(!existsSync(report), 'it read to the end for nobody');
});

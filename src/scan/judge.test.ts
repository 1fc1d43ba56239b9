import { deepEqual, equal } from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Judge } from './judge.ts';

const setup = {
  ruleFolders: [],
  placeholders: {},
  includeDeprecated: false,
  cacheFolder: null,
  timeZone: 'Europe/London',
  mappings: [],
  declared: null,
};

test('progress is counted by the size of the file, not of what an archive holds, and a clock never set is no time range', async () => {
  const bytes = gzipSync('{"Channel":"a","EventID":1,"TimeCreated":"1970-01-01T00:00:07Z"}\n'.repeat(5000));
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-judge-')), 'a.json.gz');
  writeFileSync(file, bytes);
  let read = 0;
  let events = 0;
  const judge = new Judge(setup, (more, moreEvents) => {
    read += more;
    events += moreEvents;
  });
  const { logs } = await judge.judge({ id: 0, file, given: file, size: bytes.length, part: null });
  equal(read, bytes.length);
  equal(events, 5000);
  deepEqual(
    logs.map(({ earliest, latest, clockUnset }) => [earliest, latest, clockUnset]),
    [[null, null, 5000]],
  );
});

test('a file that is gone by the time it is read is set aside, and ends nothing else', async () => {
  const judge = new Judge(setup, () => undefined);
  const file = '/nowhere/rotated.log';
  for (const part of [null, { kind: 'chunks', first: 0, count: 1 }] as const) {
    const { setAside } = await judge.judge({ id: 0, file, given: 'rotated.log', size: 1, part });
    deepEqual(
      setAside.map(({ path, reason }) => [path, reason]),
      [['rotated.log', 'not-readable']],
    );
  }
});

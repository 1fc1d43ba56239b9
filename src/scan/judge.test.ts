import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Judge } from './judge.ts';

test('a file that is gone by the time it is read is set aside, and ends nothing else', async () => {
  const judge = new Judge(
    {
      ruleFolders: [],
      placeholders: {},
      includeDeprecated: false,
      cacheFolder: null,
      timeZone: 'Europe/London',
      mappings: [],
      declared: null,
    },
    () => undefined,
  );
  const file = '/nowhere/rotated.log';
  for (const part of [null, { kind: 'chunks', first: 0, count: 1 }] as const) {
    const { setAside } = await judge.judge({ id: 0, file, given: 'rotated.log', size: 1, part });
    deepEqual(
      setAside.map(({ path, reason }) => [path, reason]),
      [['rotated.log', 'not-readable']],
    );
  }
});

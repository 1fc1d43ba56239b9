import { deepEqual, ok } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type FilePart, linePartsOf } from '../intake/read-log.ts';
import { joinParts } from './join-parts.ts';
import { Judge } from './judge.ts';
import type { JudgeSetup, ScanTask, TaskResult } from './task.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-parts-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'log');
writeFileSync(
  path.join(folder, 'rule.yml'),
  JSON.stringify({
    title: 'odd',
    id: '00000000-0000-4000-8000-000000000001',
    logsource: { product: 'test' },
    detection: { s: { odd: 1 }, condition: 's' },
  }),
);
const setup: JudgeSetup = {
  ruleFolders: [folder],
  placeholders: {},
  includeDeprecated: false,
  cacheFolder: null,
  timeZone: 'Europe/London',
  mappings: [],
  declared: { channel: '', logSource: { product: 'test' } },
};

async function read(parts: readonly (FilePart | null)[]) {
  const judge = new Judge(setup, () => undefined);
  const tasks = parts.map((part, id): ScanTask => ({ id, file, given: 'log', size: 0, part }));
  const results = new Map<number, TaskResult>();
  for (const task of tasks) results.set(task.id, await judge.judge(task));
  return joinParts(tasks, results);
}

const event = fc.record({ odd: fc.constantFrom(0, 1), at: fc.constantFrom('2026-11-20T10:00:00Z', 'soon', null) });
const line = fc.oneof(
  { weight: 6, arbitrary: event.map((object) => JSON.stringify(object)) },
  { weight: 2, arbitrary: fc.array(event, { maxLength: 4 }).map((list) => JSON.stringify({ Records: list })) },
  fc.array(fc.oneof(event, fc.constant(7)), { maxLength: 3 }).map((list) => JSON.stringify(list)),
  fc.constantFrom(
    '',
    '  ',
    '\r',
    '{"torn": ',
    'a remark',
    '\ufeff{"odd":1}',
    '\0\0\0\0\0\0\0\0{"odd":1}',
    '{"é":"ſ😀","odd":1}',
  ),
);

test('a file of JSON lines is read the same in parts as whole: events, numbers, what is set aside', async () => {
  let inParts = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 3, maxLength: 60 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.integer({ min: 1, max: 400 }),
      // Files that were put one after another bring their byte order marks along.
      fc.constantFrom('', '\ufeff', '\ufeff\ufeff'),
      async (lines, end, endsWhole, partBytes, marks) => {
        const text = Buffer.from(`${marks}${['{"odd":1}', ...lines].join(end)}${endsWhole ? end : ''}`);
        writeFileSync(file, text);
        const parts = linePartsOf(file, text.length, partBytes);
        if (parts === null) return;
        if (parts.length > 1) inParts++;
        deepEqual(await read(parts), await read([null]));
      },
    ),
    { numRuns: 150, seed: 11 },
  );
  ok(inParts > 50, 'there were parts');
});

test('a file that is gone when its parts are to be read is set aside once', async () => {
  writeFileSync(file, '{"odd":1}\n'.repeat(100));
  const parts = linePartsOf(file, 1000, 100) ?? [];
  ok(parts.length > 2);
  rmSync(file);
  deepEqual(await read(parts), await read([null]));
});

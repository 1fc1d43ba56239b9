import { deepEqual, equal, throws } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type RecordsQuestion, RecordsProcess } from './records-process.ts';

function questionOf(data: string): RecordsQuestion {
  const keys = path.join(data, '..', 'keys');
  const about = { data, keys, relationships: null, timeZone: 'Europe/London', from: 0, to: 1 };
  return { kind: 'review', budget: 1, trainDays: 1, ...about };
}

const nowhere = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-process-')), 'data');

test('what the process refuses is told with its code', async () => {
  const answer = await new RecordsProcess().ask(questionOf(nowhere));
  deepEqual(answer.kind === 'refused' ? answer.code : answer.kind, 'store/not-found');
});

test('a process that breaks gives no answer, and the next question is answered', async () => {
  const records = new RecordsProcess();
  const wrong = { ...questionOf(nowhere), data: 7 as unknown as string };
  equal((await records.ask(wrong)).kind, 'broken');
  equal((await records.ask(questionOf(nowhere))).kind, 'refused');
});

test('questions wait for each other, not for ever, and are let go when the service stops', async () => {
  const records = new RecordsProcess();
  const asked = Array.from({ length: 10 }, () => records.ask(questionOf(nowhere)));
  throws(() => records.ask(questionOf(nowhere)), { code: 'records/busy' });
  records.stop();
  deepEqual(new Set((await Promise.all(asked)).map(({ kind }) => kind)), new Set(['stopped']));
});

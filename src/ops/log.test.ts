import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Log } from './log.ts';

test('a log that nobody takes ends nothing, and says later how much was lost', () => {
  let isOpen = false;
  const lines: string[] = [];
  const log = new Log(
    (line) => {
      if (!isOpen) throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
      lines.push(line);
    },
    () => Date.UTC(2026, 10, 26),
  );
  log.say('alarm', 'space-short');
  log.bug(new Error('of ours'));
  isOpen = true;
  log.say('info', 'space-again');
  deepEqual(
    lines.map((line) => JSON.parse(line) as object),
    [
      { at: '2026-11-26T00:00:00.000Z', level: 'warning', event: 'log-lines-lost', count: 2 },
      { at: '2026-11-26T00:00:00.000Z', level: 'info', event: 'space-again' },
    ],
  );
});

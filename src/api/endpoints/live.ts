import { z } from 'zod';
import type { Finding } from '../../core/finding.ts';
import { endpoint, type Streamed } from '../endpoint.ts';

/** A listener that does not read loses the oldest: it can ask for the list. */
const MAX_WAITING = 1000;
const BEAT_MS = 15_000;

export const live = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/live',
  summary:
    'New findings as they are made, and a beat every 15 seconds: without it the connection is dead (server-sent events).',
  input: z.object({}),
  answer: 'text/event-stream',
  isRecorded: true,
  handle: (_input, services, signal): Promise<Streamed> =>
    Promise.resolve({ contentType: 'text/event-stream', pieces: listen(services.onFinding, signal) }),
});

async function* listen(
  onFinding: (heard: (finding: Finding) => void) => () => void,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const waiting: Finding[] = [];
  let wake: () => void = () => undefined;
  const stop = onFinding((finding) => {
    waiting.push(finding);
    if (waiting.length > MAX_WAITING) waiting.shift();
    wake();
  });
  const beat = setInterval(() => wake(), BEAT_MS);
  const aborted = () => wake();
  signal.addEventListener('abort', aborted);
  try {
    yield ': connected\n\n';
    while (!signal.aborted) {
      for (let finding = waiting.shift(); finding !== undefined; finding = waiting.shift())
        yield `event: finding\nid: ${finding.id}\ndata: ${JSON.stringify(finding)}\n\n`;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (waiting.length > 0 || signal.aborted) resolve();
      });
      if (waiting.length === 0 && !signal.aborted) yield 'event: beat\ndata: {}\n\n';
    }
  } finally {
    clearInterval(beat);
    signal.removeEventListener('abort', aborted);
    stop();
  }
}

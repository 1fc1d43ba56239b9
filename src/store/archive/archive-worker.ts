import { parentPort, workerData } from 'node:worker_threads';
import { Refusal } from '../../core/refusal.ts';
import { unreachable } from '../../core/result.ts';
import { Archive, type ArchiveSettings } from './archive.ts';
import type { Answer, Question } from './messages.ts';

/** The thread that owns the archive. It answers questions; what a search or counts have is asked for piece by piece. */
if (parentPort === null) throw new Error('the archive runs in a thread of its own');
const port = parentPort;
const tell = (answer: Answer) => port.postMessage(answer);

const opening = Archive.open(workerData as ArchiveSettings, {
  onSealed: (sealedTo, head) => tell({ kind: 'sealed', sealedTo, head }),
  onDamage: (damage) => tell({ kind: 'damage', damage }),
  onSealFailed: (reason) => tell({ kind: 'seal-failed', reason }),
});
opening.then(
  () => tell({ kind: 'open' }),
  (error: unknown) => tell({ kind: 'failed', id: 0, ...failure(error) }),
);

const running = new Map<number, AsyncGenerator>();
const stops = new Map<number, AbortController>();

port.on('message', (question: Question) => {
  if (question.kind === 'stop') {
    stops.get(question.id)?.abort();
    return;
  }
  answer(question).then(
    (value) => {
      if (question.kind !== 'journal-end') tell({ kind: 'done', id: question.id, value });
    },
    (error: unknown) =>
      tell({ kind: 'failed', id: question.kind === 'journal-end' ? 0 : question.id, ...failure(error) }),
  );
});

async function answer(question: Exclude<Question, { kind: 'stop' }>): Promise<unknown> {
  const archive = await opening;
  switch (question.kind) {
    case 'journal-end':
      return archive.journalReaches(question.end);
    case 'search':
      running.set(question.id, archive.search(question.request, stopOf(question.id)));
      return null;
    case 'counts':
      running.set(question.id, archive.counts(question.request, stopOf(question.id)));
      return null;
    case 'next': {
      const { value, done } = (await running.get(question.of)?.next()) ?? { value: undefined, done: true };
      return done === true ? null : value;
    }
    case 'end':
      stops.get(question.of)?.abort();
      await running.get(question.of)?.return(undefined);
      running.delete(question.of);
      stops.delete(question.of);
      return null;
    case 'caught-up':
      archive.journalReaches(question.end);
      return archive.caughtUp(question.end);
    case 'seal':
      archive.journalReaches(question.end);
      return archive.sealNow();
    case 'status':
      return archive.status;
    case 'holds':
      return archive.holds;
    case 'hold':
      return archive.hold(question.hold, Date.now());
    case 'lift-hold':
      return archive.liftHold(question.hold, question.reason, Date.now());
    case 'set-retention':
      archive.setRetention(question.retention);
      return null;
    case 'would-delete':
      return archive.wouldDelete(question.retention, question.withoutHold, question.now);
    case 'keys-rotated':
      return archive.keysRotated(question.from, question.to, Date.now());
    case 'columns-made':
      return archive.columnsMade(question.columns, Date.now());
    case 'retention':
      return archive.applyRetention(question.now);
    case 'space':
      return archive.keepSpace(question.now);
    case 'close':
      await archive.close();
      return null;
    default:
      return unreachable(question);
  }
}

function stopOf(id: number): AbortSignal {
  const stop = new AbortController();
  stops.set(id, stop);
  return stop.signal;
}

function failure(error: unknown): { readonly code: string | null; readonly message: string } {
  if (error instanceof Refusal) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

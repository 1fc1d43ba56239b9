/** One thread of a scan: loads the rules itself, then judges the tasks it is given one after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { Judge } from './judge.ts';
import type { JudgeSetup, ScanTask, TaskResult, ThreadCoverage } from './task.ts';

export type FromWorker =
  | { readonly kind: 'progress'; readonly bytes: number; readonly events: number }
  | { readonly kind: 'done'; readonly result: TaskResult }
  | { readonly kind: 'coverage'; readonly coverage: ThreadCoverage };

export type ToWorker = { readonly kind: 'task'; readonly task: ScanTask } | { readonly kind: 'finish' };

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker only');

const send = (message: FromWorker) => port.postMessage(message);
// The pool gave it: workerData is typed by nobody.
const judge = new Judge(workerData as JudgeSetup, (bytes, events) => send({ kind: 'progress', bytes, events }));

port.on('message', (message: ToWorker) => {
  if (message.kind === 'finish') {
    send({ kind: 'coverage', coverage: judge.coverage() });
    port.close();
    return;
  }
  judge.judge(message.task).then(
    (result) => send({ kind: 'done', result }),
    // A bug: it ends this thread, and the pool says so.
    (error: unknown) =>
      setImmediate(() => {
        throw error;
      }),
  );
});

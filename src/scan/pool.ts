import { Worker } from 'node:worker_threads';
import type { LoadedRules } from '../detect/sigma/index.ts';
import { Judge } from './judge.ts';
import type { JudgeSetup, ScanTask, TaskResult, ThreadCoverage } from './task.ts';
import type { FromWorker, ToWorker } from './worker.ts';

export interface PoolEvents {
  readonly onResult: (result: TaskResult) => void;
  readonly onProgress: (bytes: number, events: number) => void;
}

/**
 * Runs the tasks on `threads` threads and resolves to what each has to say at the end. One thread means this one:
 * no worker is started. Results come in any order.
 */
export async function runTasks(
  tasks: readonly ScanTask[],
  setup: JudgeSetup,
  rules: LoadedRules,
  threads: number,
  events: PoolEvents,
): Promise<ThreadCoverage[]> {
  if (threads <= 1 || tasks.length <= 1) return [await runHere(tasks, setup, rules, events)];
  // The largest first: the last to finish then keeps the others waiting least.
  const queue = [...tasks].sort((a, b) => b.size - a.size);
  const workers = Math.min(threads, tasks.length);
  return Promise.all(Array.from({ length: workers }, () => runWorker(queue, setup, events)));
}

async function runHere(
  tasks: readonly ScanTask[],
  setup: JudgeSetup,
  rules: LoadedRules,
  events: PoolEvents,
): Promise<ThreadCoverage> {
  const judge = new Judge(setup, events.onProgress, rules);
  for (const task of tasks) {
    events.onResult(await judge.judge(task));
    // Lets an interrupt through between files.
    await new Promise(setImmediate);
  }
  return judge.coverage();
}

function runWorker(queue: ScanTask[], setup: JudgeSetup, events: PoolEvents): Promise<ThreadCoverage> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: setup,
      resourceLimits: { maxYoungGenerationSizeMb: 24 },
    });
    const send = (message: ToWorker) => worker.postMessage(message);
    const next = () => {
      const task = queue.shift();
      send(task === undefined ? { kind: 'finish' } : { kind: 'task', task });
    };
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'progress') events.onProgress(message.bytes, message.events);
      else if (message.kind === 'coverage') resolve(message.coverage);
      else {
        events.onResult(message.result);
        next();
      }
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('a scanning thread ended before its work was done')));
    next();
  });
}

/** One thread of the two-worker figure: warms up, says so, and then judges all files `passes` times, or only loops. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { loadRules, SigmaEngine } from '../src/detect/sigma/index.ts';
import { EvtxReader, FILE_HEADER } from '../src/intake/evtx/reader.ts';

const { windows, cacheFolder, files, passes } = workerData as {
  windows: string;
  cacheFolder: string;
  files: string[];
  passes: number;
};
const engine = new SigmaEngine(loadRules([windows], { placeholders: {}, includeDeprecated: false, cacheFolder }).rules);
const logs = files.map((file) => readFileSync(file).subarray(FILE_HEADER));
let hits = 0;

function judgeAll(times: number): void {
  for (let pass = 0; pass < times; pass++) {
    for (const log of logs) {
      const reader = new EvtxReader({
        onRecord: (record) => engine.judge(record, () => hits++),
        onDamage: () => undefined,
      });
      reader.readChunks(log, FILE_HEADER);
    }
  }
}

judgeAll(6);
parentPort?.postMessage('warm');
parentPort?.on('message', (work: 'judge' | 'loop') => {
  if (work === 'judge') judgeAll(passes);
  else loop();
  parentPort?.postMessage(hits);
});

/** Arithmetic that needs neither memory nor the collector, for about as long as judging takes. */
function loop(): void {
  let number = 1;
  for (let i = 0; i < 200_000_000; i++) number = (Math.imul(number, 31) + i) | 0;
  hits += number & 1;
}

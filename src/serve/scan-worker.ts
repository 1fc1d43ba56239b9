/** What a process of its own does for scans.ts: it reads one file, writes its report beside it, and ends. */
import { writeFileSync } from 'node:fs';
import { Refusal } from '../core/refusal.ts';
import { diesFirst } from '../ops/dies-first.ts';
import { htmlReport } from '../report/html.ts';
import { verdictOf } from '../report/story.ts';
import { scan } from '../scan/scan.ts';
import type { ScanMessage, ScanOrder } from './scans.ts';

/** Of what the page has to be told. */
const TELL_EVERY_MS = 500;

async function read(order: ScanOrder, tell: (message: ScanMessage) => void): Promise<void> {
  let toldAt = 0;
  const result = await scan({
    paths: [order.file],
    ruleFolders: order.ruleFolders,
    placeholders: order.placeholders,
    includeDeprecated: false,
    cacheFolder: order.cacheFolder,
    timeZone: order.timeZone,
    declared: null,
    mappings: [],
    threads: order.threads,
    onProgress: ({ bytesRead, bytesInAll, events, findings }) => {
      if (Date.now() - toldAt < TELL_EVERY_MS) return;
      toldAt = Date.now();
      tell({ kind: 'progress', part: bytesInAll === 0 ? 0 : Math.min(1, bytesRead / bytesInAll), events, findings });
    },
  });
  writeFileSync(order.report, htmlReport(result, 'low', order.timeZone), { mode: 0o600 });
  const count = (level: string) => result.findings.filter((finding) => finding.level === level).length;
  tell({
    kind: 'done',
    verdict: verdictOf(result, 'low'),
    events: result.logs.reduce((sum, log) => sum + log.events, 0),
    setAside: result.setAsideInAll,
    levels: { critical: count('critical'), high: count('high'), medium: count('medium'), low: count('low') },
  });
}

diesFirst();
process.once('message', (order: ScanOrder) => {
  const tell = (message: ScanMessage) => process.send?.(message);
  // Nobody is left to read it for, and nobody who would end it when it takes too long.
  process.once('disconnect', () => process.exit());
  read(order, tell)
    .catch((error: unknown) => tell({ kind: 'failed', code: error instanceof Refusal ? error.code : null }))
    .finally(() => process.disconnect());
});

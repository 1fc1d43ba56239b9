import { writeFileSync } from 'node:fs';

/**
 * Of a process that reads much beside the watch: when the machine has no memory left, Linux ends it and not the watch.
 * Source: proc(5), oom_score_adj; anybody may raise their own.
 */
export function diesFirst(): void {
  if (process.platform !== 'linux') return;
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // A system that does not allow it: the sizes of heaps are bounded all the same.
  }
}

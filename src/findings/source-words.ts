import { readFileSync } from 'node:fs';
import type { Words } from './words.ts';

/** What is said of a source that gives no cause for trust. Ours; see src/content. */
export type SourceWords = Readonly<
  Record<
    'source-silent' | 'source-clock' | 'source-unreadable' | 'source-lacks',
    Omit<Words, 'parameter'> & { readonly title: string }
  >
>;

export function loadSourceWords(): SourceWords {
  // Our own file, tested to hold what the type says.
  return JSON.parse(readFileSync(new URL('../content/sources.json', import.meta.url), 'utf8')) as SourceWords;
}

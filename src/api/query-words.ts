import { Refusal } from '../core/refusal.ts';
import type { Predicate } from '../store/archive/predicate.ts';

const MAX_WORDS = 50;

/** `host:dc1 -user:svc_* "exact words" word`: all of it must hold. `*` and `?` stand for any text and one character. */
export function readQuery(text: string): Predicate {
  const words = text.match(/-?(?:[\w.@-]+:)?(?:"[^"]*"|\S+)/g) ?? [];
  if (words.length > MAX_WORDS) throw new Refusal('api/bad-request', `query has more than ${MAX_WORDS} words`);
  return { kind: 'and', of: words.map(readWord) };
}

function readWord(word: string): Predicate {
  if (word.startsWith('-') && word.length > 1) return { kind: 'not', of: readWord(word.slice(1)) };
  const [, field, quoted, plain] = /^(?:([\w.@-]+):)?(?:"([^"]*)"|(.*))$/.exec(word) ?? [];
  const value = quoted ?? plain ?? '';
  if (field === undefined) return { kind: 'anywhere', value };
  return quoted === undefined && /[*?]/.test(value)
    ? { kind: 'wildcard', field, pattern: value }
    : { kind: 'equals', field, value };
}

import { RE2JS } from 're2js';
import { fail, ok, type Result } from '../../core/result.ts';
import { isLinear, readRegex, requiredLiterals } from './regex-syntax.ts';

/** A rule's regular expression, ready to run in time linear in the text. */
export interface SafeRegex {
  readonly test: (text: string) => boolean;
  /** Lower-case texts of which a match contains at least one (compared without case), or `null`. */
  readonly required: readonly string[] | null;
}

const MAX_SOURCE = 4096;

/**
 * Compiles a rule's regular expression so that no value, however made, can stall it. Patterns that provably never
 * backtrack for long run on the engine built into V8; a chain of literals (`a.*b.*c`) becomes a walk with indexOf;
 * everything else runs on RE2, which is linear by construction.
 *
 * Measured on Sigma rules' `\+.*\+.*…` (fourteen of them): backtracking took 43–74 % of all matching time.
 *
 * @returns a failure in plain words for what RE2 cannot do: look-around, back-references, broken syntax
 */
export function compileRegex(source: string, flags: string): Result<SafeRegex, string> {
  if (source.length > MAX_SOURCE) return fail('the regular expression is longer than 4,096 characters');
  if (/(?:^|[^\\])(?:\\\\)*\{,\d+\}/.test(source))
    return fail('the regular expression has {,n}, which engines read unlike each other: write {0,n}');
  const { node, inlineFlags } = readRegex(source);
  const allFlags = [...new Set(flags + inlineFlags)].sort().join('');
  const bare = inlineFlags === '' ? source : source.slice(source.indexOf(')') + 1);

  let linear: RE2JS;
  try {
    linear = RE2JS.compile(bare, re2Flags(allFlags));
  } catch (error) {
    return fail(`the regular expression was refused: ${error instanceof Error ? error.message : 'bad syntax'}`);
  }
  const required = requiredLiterals(node)?.map((text) => text.toLowerCase()) ?? null;
  // Beyond ASCII we read units of UTF-16 where RE2 reads characters (`😀?`).
  const isCommon = isCommonSyntax(bare) && !BEYOND_ASCII.test(bare);
  const usable = !isCommon || required === null || required.some((text) => text.length === 0) ? null : required;

  const chain = allFlags === '' && isCommon ? literalChain(bare) : null;
  if (chain !== null) {
    // “.” does not match a line break, so only a text without one can be walked.
    return ok({ test: (text) => (text.includes('\n') ? linear.test(text) : walk(text, chain)), required: usable });
  }
  const native = isLinear(node, allFlags.includes('i')) && isCommon ? nativeRegex(bare, allFlags) : null;
  if (native !== null) {
    const unlike = readsUnlike(bare, allFlags);
    return ok({ test: (text) => (unlike.test(text) ? linear : native).test(text), required: usable });
  }
  return ok({ test: (text) => linear.test(text), required: usable });
}

const BEYOND_ASCII = /[^\0-\x7f]/;
const BEYOND_ASCII_OR_BREAK = /[^\0-\x7f]|[\r\v]/;

/**
 * What a text must hold for the two engines to differ on it. Beyond ASCII they do in what a character, a space and a
 * letter's other case is; to V8 a carriage return ends a line too, and a vertical tab is a space.
 */
function readsUnlike(source: string, flags: string): RegExp {
  return flags.includes('m') || /\.|\\s/i.test(source) ? BEYOND_ASCII_OR_BREAK : BEYOND_ASCII;
}

/** True if all of it means the same to RE2 and to V8: no `\pL`, `(?P<name>…)`, `\Q…\E`, `[[:alpha:]]`, `\x{…}`. */
function isCommonSyntax(source: string): boolean {
  return (
    !/(?:^|[^\\])(?:\\\\)*\\(?:[^\WdDwWsSbBnrtfvx_]|x(?![\da-fA-F]{2}))/.test(source) && !/\(\?(?!:)|\[\[:/.test(source)
  );
}

function nativeRegex(source: string, flags: string): RegExp | null {
  try {
    return new RegExp(source, flags);
  } catch {
    return null;
  }
}

function re2Flags(flags: string): number {
  return (
    (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.includes('m') ? RE2JS.MULTILINE : 0) |
    (flags.includes('s') ? RE2JS.DOTALL : 0)
  );
}

/** The literals of a pattern that is nothing but literals with `.*` or `.+` between them; else `null`. */
function literalChain(source: string): { literal: string; gap: number }[] | null {
  const pieces = source.split(/(\.[*+])/);
  const chain: { literal: string; gap: number }[] = [];
  let gap = 0;
  for (const piece of pieces) {
    if (piece === '.*' || piece === '.+') {
      gap += piece === '.+' ? 1 : 0;
      continue;
    }
    if (piece === '') continue;
    if (!/^(?:[A-Za-z0-9 _\-/:;,<>=!@#%&~"'`\]}]|\\[^A-Za-z0-9])+$/.test(piece)) return null;
    chain.push({ literal: piece.replace(/\\(.)/g, '$1'), gap });
    gap = 0;
  }
  // A “.+” at either end wants one more character there: leave those to RE2.
  return chain.length >= 2 && chain[0]?.gap === 0 && gap === 0 ? chain : null;
}

/** Each literal after the one before it, leftmost first: for `a.*b.*c` that finds a match if there is one. */
function walk(text: string, chain: readonly { literal: string; gap: number }[]): boolean {
  let from = 0;
  for (const { literal, gap } of chain) {
    const at = text.indexOf(literal, from + gap);
    if (at < 0) return false;
    from = at + literal.length;
  }
  return true;
}

import type { Fields } from '../../core/event.ts';

const MAX_PAIRS = 2000;

/**
 * `key=value key2="a value" key3='…'`: values in quotes may hold spaces and escaped quotes. Linear in the text.
 *
 * @returns how many pairs there were
 */
export function readPairs(text: string, into: Fields, separator = ' '): number {
  let at = 0;
  let pairs = 0;
  while (at < text.length && pairs < MAX_PAIRS) {
    while (at < text.length && isGap(text.charCodeAt(at), separator)) at++;
    const equals = text.indexOf('=', at);
    if (equals < 0) break;
    // What stands before a key on its own is no key: the last word before the sign is.
    const key = text.slice(Math.max(at, lastGap(text, at, equals, separator)), equals).trim();
    const value = readValue(text, equals + 1, separator);
    at = value.end;
    if (!/^[\w.@:/$-]{1,128}$/.test(key)) continue;
    into[key] ??= value.text;
    pairs++;
  }
  return pairs;
}

function isGap(code: number, separator: string): boolean {
  return code === 0x20 || code === 0x09 || code === 0x2c || code === 0x3b || code === separator.charCodeAt(0);
}

function lastGap(text: string, from: number, to: number, separator: string): number {
  for (let at = to - 1; at >= from; at--) if (isGap(text.charCodeAt(at), separator)) return at + 1;
  return from;
}

function readValue(text: string, from: number, separator: string): { text: string; end: number } {
  const quote = text.charAt(from);
  if (quote !== '"' && quote !== "'") {
    let end = from;
    while (end < text.length && !isEnd(text, end, separator)) end++;
    return { text: text.slice(from, end), end };
  }
  let value = '';
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && at + 1 < text.length) value += text.charAt(++at);
    else if (char === quote) return { text: value, end: at + 1 };
    else value += char;
  }
  return { text: value, end: text.length };
}

function isEnd(text: string, at: number, separator: string): boolean {
  const code = text.charCodeAt(at);
  if (separator !== ' ') return code === separator.charCodeAt(0);
  return (
    code === 0x20 || code === 0x09 || code === 0x3b || (code === 0x2c && /\s|\w+=/.test(text.slice(at + 1, at + 40)))
  );
}

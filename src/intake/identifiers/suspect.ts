import { isPatientNumber } from '../../core/patient-number.ts';

const DIGIT = 1;
/** The letters of hexadecimal numbers, and all others. */
const HEX_LETTER = 2;
const LETTER = 4;
/** What base64 has besides: in URLs, and elsewhere. */
const OF_URL = 8;
const OF_MAIL = 16;
const BASE64 = DIGIT | HEX_LETTER | LETTER | OF_URL | OF_MAIL;
/** `%`, `\`, `&`, `|` and NUL: what digits are escaped with, and HL7’s field separator. */
const ODD = 32;

const KIND = new Uint8Array(128);
for (const [chars, kind] of [
  ['0123456789', DIGIT],
  ['abcdefABCDEF', HEX_LETTER],
  ['ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ', LETTER],
  ['-_', OF_URL],
  ['+/', OF_MAIL],
  ['%\\&|\0', ODD],
] as const)
  for (const char of chars) KIND[char.charCodeAt(0)] = kind;

/** Shorter, base64 holds no ten digits. */
const LEAST_BASE64 = 14;
/** Shorter, hexadecimal holds no ten digits. */
const LEAST_HEX = 20;
/**
 * False if `replaceIdentifiers` would leave the text as it is; true may be wrong.
 *
 * Of a hospital's texts 99.7 of 100 hold nothing, and one look at each character says so: 5 µs for all of an event. The
 * patterns, one after another, were a third of what taking an event in cost (docs/decisions/0015).
 */
export function mayHoldIdentifier(text: string): boolean {
  const { length } = text;
  for (let at = 0; at < length; ) {
    let kind = kindAt(text, at);
    if ((kind & BASE64) === 0) {
      if (kind === ODD && isEscape(text, at)) return true;
      at++;
      continue;
    }
    const from = at;
    let kinds = 0;
    do {
      kinds |= kind;
      kind = ++at < length ? kindAt(text, at) : 0;
    } while ((kind & BASE64) !== 0);
    if ((kinds & DIGIT) !== 0 && at - from >= 4 && mayEndNumber(text, from, at)) return true;
    if ((kinds & DIGIT) !== 0 && at - from >= LEAST_HEX && mayBeHex(text, from, at)) return true;
    if (at - from >= LEAST_BASE64 && mayBeEncoded(text, from, at, kinds)) return true;
  }
  return false;
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (KIND[code] ?? 0) : 0;
}

/** True if some digits in a run of base64’s characters may be the last of a patient’s number. */
function mayEndNumber(text: string, from: number, to: number): boolean {
  let digits = 0;
  for (let at = from; at <= to; at++) {
    if (at < to && isDigit(text.charCodeAt(at))) digits++;
    else if (digits >= 4 && endsNumber(text, at, digits)) return true;
    else digits = 0;
  }
  return false;
}

/** True if the digits that end here may be the last of a patient’s number. */
function endsNumber(text: string, end: number, digits: number): boolean {
  if (digits === 10) return isPatientNumber(text.slice(end - 10, end));
  if (digits === 7) return /[-\u2010-\u2015]/.test(text.charAt(end - 8)) && groupBefore(text, end - 7)[0] === 3;
  if (digits !== 4) return false;
  const [middle, from] = groupBefore(text, end - 4);
  return middle === 6 || (middle === 3 && groupBefore(text, from)[0] === 3);
}

/** How many digits stand before a gap, more than six being seven, and where they begin. None: 0. */
function groupBefore(text: string, end: number): readonly [digits: number, from: number] {
  const to = end - gapBefore(text, end);
  let from = to;
  while (to - from < 7 && isDigit(text.charCodeAt(from - 1))) from--;
  return [to - from, from];
}

/** How long that is what may stand between groups of digits, as in `find.ts`. What has digits itself is an escape. */
function gapBefore(text: string, end: number): number {
  const last = text.charAt(end - 1);
  if (last === 't') return text.charAt(end - 2) === '\\' ? 2 : 0;
  if (last === ';') return text.startsWith('&nbsp;', end - 6) ? 6 : 0;
  if (last === ' ' || last === '\u00a0') {
    let spaces = 1;
    while (spaces < 4 && ' \u00a0'.includes(text.charAt(end - 1 - spaces) || '.')) spaces++;
    return spaces;
  }
  return last !== '' && ('.-_+/\u202f'.includes(last) || /[\u2000-\u200b\u2010-\u2015]/.test(last)) ? 1 : 0;
}

/** True if digits may be written so (`%39`, `\u0039`, `&#57;`, UTF-16), or may be parted so, or a patient’s segment begins. */
function isEscape(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  switch (text.charCodeAt(at)) {
    case 0x25: // %
      return next === 0x33 || (next === 0x32 && isDigit(text.charCodeAt(at - 1)));
    case 0x5c: // \
      return (next === 0x75 || next === 0x55) && text.charCodeAt(at + 2) === 0x30;
    case 0x26: // &
      return next === 0x23;
    case 0x7c: // |
      return text.startsWith('PID', at - 3) || text.startsWith('NK1', at - 3) || text.startsWith('MRG', at - 3);
    default:
      return true;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** True if ten pairs of hexadecimal digits stand for ten digits, with or without NULs and gaps between them. */
function mayBeHex(text: string, from: number, to: number): boolean {
  let even = 0;
  let odd = 0;
  for (let at = from; at + 1 < to; at++) {
    const first = text.charCodeAt(at);
    const second = text.charCodeAt(at + 1);
    const before = (at & 1) === 0 ? even : odd;
    let count = 0;
    if (first === 0x33 && isDigit(second)) count = before + 1;
    else if ((first === 0x30 && second === 0x30) || (first === 0x32 && isGapInHex(second))) count = before;
    if (count === 10) return true;
    if ((at & 1) === 0) even = count;
    else odd = count;
  }
  return false;
}

/** Of `20` and `2D`. */
function isGapInHex(second: number): boolean {
  return second === 0x30 || second === 0x44 || second === 0x64;
}

/**
 * True if a run of base64’s characters may be the base64 of a text that holds ten digits, a patient’s segment or base64
 * again. Ends at the second byte or so that no text has.
 */
function mayBeEncoded(text: string, from: number, to: number, kinds: number): boolean {
  const isHex = (kinds & (LETTER | OF_URL | OF_MAIL)) === 0;
  const isWord = (kinds & ~(LETTER | HEX_LETTER)) === 0;
  // Words and hashes do not end in the `=` that fills up.
  if ((isHex || isWord) && text.charCodeAt(to) !== 0x3d) return false;
  const isBoth = (kinds & OF_URL) !== 0 && (kinds & OF_MAIL) !== 0;
  if (isBoth) return false;
  const mostOdd = ((to - from) * 3) / 80;
  let odd = 0;
  let digits = 0;
  let run = 0;
  let bits = 0;
  let have = 0;
  for (let at = from; at < to; at++) {
    bits = ((bits << 6) | (SEXTET[text.charCodeAt(at)] ?? 0)) & 0xffff;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    const byte = (bits >> have) & 0xff;
    // Half of UTF-16's.
    if (byte === 0) continue;
    const kind = byte < 128 ? (KIND[byte] ?? 0) : 0;
    if (kind === DIGIT && ++digits === 10) return true;
    run = (kind & BASE64) === 0 ? 0 : run + 1;
    if (run === LEAST_BASE64 || byte === 0x7c) return true;
    if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13 && ++odd > mostOdd) return false;
  }
  return false;
}

const SEXTET = new Uint8Array(128);
for (const [value, char] of Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').entries())
  SEXTET[char.charCodeAt(0)] = value;
SEXTET['-'.charCodeAt(0)] = 62;
SEXTET['_'.charCodeAt(0)] = 63;

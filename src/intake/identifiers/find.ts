import { isPatientNumber } from '../../core/patient-number.ts';
import { mayHoldIdentifier } from './suspect.ts';

/** Replaces every patient's identifier in a text; `replace` gets its digits alone. */
export type Replace = (digits: string) => string;

/** Ten digits, alone or grouped 3-3-4, 6-4 or 3-7 by whatever stands between groups in a log, a URL, a letter or a mail. */
const GAP = String.raw`(?:[ \u00a0]{1,4}|[\u2000-\u200b\u202f.\-\u2010-\u2015_+/]|%20|%2[bBdDfF]|&nbsp;|\\t)`;
const NUMBERS = new RegExp(
  String.raw`(?<!\d)(?:\d{10}|\d{3}${GAP}\d{3}${GAP}\d{4}|\d{6}${GAP}\d{4}|\d{3}[-\u2010-\u2015]\d{7})(?!\d)`,
  'g',
);
/** The same with a NUL beside every character: UTF-16 that was taken for bytes. */
const WIDE_NUMBERS = /(?<!\d\0)(?:\d\0){2}\d\0(?:[ -]\0)?(?:\d\0){3}(?:[ -]\0)?(?:\d\0){3}\d(?!\0?\d)/g;
/** Digits written as `%39` or as JSON's and JavaScript's `\u0039`. */
const ESCAPED_NUMBERS = /(?:(?:%3\d|\\u003\d|&#(?:5[0-7]|4[89]|x3\d);|\d)[ -]?){10}/gi;
/** Two hexadecimal digits for each character, or four as of UTF-16. auditd writes names so that hold a space. */
const HEX_NUMBERS = /(?:3\d(?:00)?(?:(?:20|2[dD])(?:00)?)?){9}3\d/g;
const MIGHT_HOLD_DIGITS = /\d(?:[^\d]{0,5}\d){9}|%3\d|\\u003|&#/;

/** Base64 in base64 is looked into, but not for ever. */
const MAX_NESTING = 2;
const MAX_ENCODED = 256 * 1024;

export function replaceIdentifiers(text: string, replace: Replace): string {
  return mayHoldIdentifier(text) ? replaceByPatterns(text, replace) : text;
}

/** As `replaceIdentifiers`, without the look that most texts end with. */
export function replaceByPatterns(text: string, replace: Replace): string {
  return replaced(text, replace, 0);
}

function replaced(text: string, replace: Replace, nesting: number): string {
  let clean = text;
  if (MIGHT_HOLD_DIGITS.test(clean)) {
    clean = clean.replace(NUMBERS, (found, at: number) =>
      standsInHex(clean, at, found.length) || standsInDecimal(clean, at, found) || standsInTime(clean, at, found)
        ? found
        : pseudonymOf(found, found, replace),
    );
    clean = clean.replace(HEX_NUMBERS, (found) => pseudonymInHex(found, replace));
    if (clean.includes('\0')) clean = clean.replace(WIDE_NUMBERS, (found) => pseudonymOf(found, found, replace));
    if (/%3\d|\\u003|&#/i.test(clean))
      clean = clean.replace(ESCAPED_NUMBERS, (found) =>
        /[%\\&]/.test(found) ? pseudonymOf(found, unescaped(found), replace) : found,
      );
    clean = replacedInHl7(clean, replace);
  } else clean = replacedInHl7(clean, replace);
  return nesting < MAX_NESTING ? replacedInBase64(clean, replace, nesting) : clean;
}

function pseudonymOf(found: string, decoded: string, replace: Replace): string {
  const digits = decoded.replace(/%2[0bBdDfF]|\D/g, '');
  return isPatientNumber(digits) ? replace(digits) : found;
}

/** Ten digits in a row in a hash, a GUID or a security identifier are part of a longer number. */
function standsInHex(text: string, at: number, length: number): boolean {
  const before = /[0-9a-fA-F]*$/.exec(text.slice(Math.max(0, at - 64), at))?.[0] ?? '';
  const after = /^[0-9a-fA-F]*/.exec(text.slice(at + length, at + length + 64))?.[0] ?? '';
  if (before.length + after.length >= 6) return true;
  return /S-1-\d+(?:-\d+)*-$/.test(text.slice(Math.max(0, at - 80), at));
}

/** A measure such as `0.4123456789`, or seconds since 1970 with their fraction. A file’s name has more dots or letters. */
function standsInDecimal(text: string, at: number, found: string): boolean {
  if (found.length !== 10) return false;
  if (/(?:^|[^\w.])\d{1,2}\.$/.test(text.slice(Math.max(0, at - 4), at))) return true;
  return found.startsWith('1') && /^\.\d{2,9}(?![\w.])/.test(text.slice(at + 10, at + 22));
}

/** `09:49:00.123456+0000`, and the date of a build of Windows: `6.1.7600.16385 (win7_rtm.090713-1255)`. */
function standsInTime(text: string, at: number, found: string): boolean {
  if (!/^\d{6}[-+]\d{4}$/.test(found)) return false;
  return /(?::\d\d[.,]|[a-z]\.)$/i.test(text.slice(Math.max(0, at - 4), at));
}

function pseudonymInHex(found: string, replace: Replace): string {
  const isWide = found.startsWith('00', 2);
  const text = Buffer.from(found, 'hex').toString('latin1');
  const pseudonym = pseudonymOf(found, text, replace);
  if (pseudonym === found) return found;
  const hex = Buffer.from(pseudonym, isWide ? 'utf16le' : 'latin1')
    .toString('hex')
    .toUpperCase();
  return isWide ? hex.slice(0, -2) : hex;
}

function unescaped(text: string): string {
  return text
    .replace(/%3(\d)|\\u003(\d)|&#x3(\d);/gi, (_, a?: string, b?: string, c?: string) => a ?? b ?? c ?? '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

/** Shorter, base64 holds no ten digits. */
const LEAST_BASE64 = 14;
const IS_BASE64 = new Uint8Array(128);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-')
  IS_BASE64[char.charCodeAt(0)] = 1;

/**
 * Base64 keeps its form: what is inside is replaced, and encoded again.
 *
 * One of every fourteen characters is looked at, because every run of fourteen has one of them: a pattern that finds the
 * runs takes a tenth of all that keeping an event costs, this a hundredth.
 */
function replacedInBase64(text: string, replace: Replace, nesting: number): string {
  let result = '';
  let done = 0;
  for (let at = LEAST_BASE64 - 1; at < text.length; at += LEAST_BASE64) {
    if (IS_BASE64[text.charCodeAt(at)] !== 1) continue;
    let from = at;
    while (from > 0 && IS_BASE64[text.charCodeAt(from - 1)] === 1) from--;
    let to = at + 1;
    while (to < text.length && IS_BASE64[text.charCodeAt(to)] === 1) to++;
    if (to - from < LEAST_BASE64) continue;
    at = to;
    while (to < text.length && to < at + 2 && text.charCodeAt(to) === 0x3d) to++;
    const encoded = text.slice(from, to);
    const clean = replacedInRun(encoded, replace, nesting);
    if (clean === encoded) continue;
    result += text.slice(done, from) + clean;
    done = to;
  }
  return done === 0 ? text : result + text.slice(done);
}

function replacedInRun(encoded: string, replace: Replace, nesting: number): string {
  if (encoded.length > MAX_ENCODED || /^[0-9a-fA-F]+$/.test(encoded) || /^[a-zA-Z]+$/.test(encoded)) return encoded;
  const isUrl = /[-_]/.test(encoded);
  if (isUrl && /[+/]/.test(encoded)) return encoded;
  const bytes = Buffer.from(encoded, isUrl ? 'base64url' : 'base64');
  const encoding = encodingOf(bytes);
  if (encoding === null) return encoded;
  const inner = bytes.toString(encoding);
  const clean = replaced(inner, replace, nesting + 1);
  return clean === inner ? encoded : Buffer.from(clean, encoding).toString(isUrl ? 'base64url' : 'base64');
}

/** The encoding in which the bytes are readable text; `null`: in none. */
function encodingOf(bytes: Buffer): 'utf8' | 'utf16le' | null {
  let zeros = 0;
  let odd = 0;
  for (const byte of bytes) {
    if (byte === 0) zeros++;
    else if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) odd++;
  }
  if (odd > bytes.length / 20) return null;
  return zeros > bytes.length / 3 ? 'utf16le' : zeros === 0 ? 'utf8' : null;
}

/**
 * The fields, from 1, that name the person, next of kin, or the person before two records became one.
 * Source: HL7 v2.5.1 chapters 3.4.2, 3.4.5 and 3.4.9.
 */
const NAMING_FIELDS: Readonly<Record<string, readonly number[]>> = {
  PID: [2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 18, 19, 20, 21],
  NK1: [2, 4, 5, 6, 12, 16, 26, 30, 31, 32, 33],
  MRG: [1, 2, 3, 4, 5, 6, 7],
};
/** How programs write the end of a segment into a log; rsyslog `#015`. */
const ESCAPED_END = String.raw`\\[rn]|#01[25]|\\01[25]|\\x0[adAD]|\\u000[adAD]|%0[adAD]|&#1[03];|&#x[adAD];`;
const HL7_SEGMENT = new RegExp(
  String.raw`(?:(?<![A-Za-z0-9])|(?<=${ESCAPED_END}))(PID|NK1|MRG)\|(?:(?!${ESCAPED_END})[^\r\n"])*`,
  'g',
);

/** HL7 v2's segments that say who somebody is: ids, names, birth date, address and telephone numbers. */
function replacedInHl7(text: string, replace: Replace): string {
  if (!/(?:PID|NK1|MRG)\|/.test(text)) return text;
  return text.replace(HL7_SEGMENT, (segment, name: string) => {
    const fields = segment.split('|');
    for (const field of NAMING_FIELDS[name] ?? []) {
      const value = fields[field];
      if (value !== undefined && value !== '' && value !== '""') fields[field] = replace(`hl7:${value}`);
    }
    return fields.join('|');
  });
}

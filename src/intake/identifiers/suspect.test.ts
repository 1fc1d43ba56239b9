/** The look that most texts end with finds everything that the patterns would have found. Numbers are from the 999 range. */
import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replaceByPatterns } from './find.ts';
import { mayHoldIdentifier } from './suspect.ts';

/** Two that have their check digits, one that has not, and one that begins with a birth date as in Scotland. */
const NUMBERS = ['9990000018', '9990000026', '9990000019', '0101700009'];
const number = fc.constantFrom(...NUMBERS);
const gap = fc.constantFrom(
  '',
  ' ',
  '-',
  '.',
  '_',
  '+',
  '/',
  '\u00a0',
  '%20',
  '%2d',
  '%2D',
  '&nbsp;',
  '  ',
  '    ',
  '\u2009',
  '\u2011',
  '–',
  '\u200b',
  '%2F',
  '%2B',
  '\\t',
  '\t',
  ':',
);
const digitAs = fc.constantFrom<((digit: string) => string)[]>(
  (digit) => digit,
  (digit) => `%3${digit}`,
  (digit) => `\\u003${digit}`,
  (digit) => `\\U003${digit}`,
  (digit) => `&#5${digit};`,
  (digit) => `&#${48 + Number(digit)};`,
  (digit) => `&#x3${digit};`,
  (digit) => `${digit}\0`,
);
/** A number as somebody might write it. */
const written = fc.oneof(
  fc.tuple(number, gap, gap).map(([n, a, b]) => n.slice(0, 3) + a + n.slice(3, 6) + b + n.slice(6)),
  fc.tuple(number, gap).map(([n, a]) => n.slice(0, 6) + a + n.slice(6)),
  fc.tuple(number, gap).map(([n, a]) => n.slice(0, 3) + a + n.slice(3)),
  fc.tuple(number, fc.constantFrom('.0', '.001.tif', '.25')).map(([n, end]) => n + end),
  fc.tuple(number, fc.constantFrom('1.', '2026.', '0.')).map(([n, begin]) => begin + n),
  fc
    .tuple(number, gap, fc.constantFrom<BufferEncoding[]>('latin1', 'utf16le'), fc.boolean())
    .map(([n, a, as, isUpper]) => {
      const hex = Buffer.from(`f ${n.slice(0, 3)}${a}${n.slice(3, 6)}${a}${n.slice(6)}.pdf`, as).toString('hex');
      return isUpper ? hex.toUpperCase() : hex;
    }),
  fc.tuple(number, digitAs).map(([n, as]) => Array.from(n, as).join('')),
);
const hl7 = fc.constantFrom('PID|1||x', '#015PID|1||x', '\\rNK1|1|x|', 'MRG|a', 'PID|', 'xPID|1||a^b', '\rPID|1|7|');
const filler = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom('A', '=', ' ', '-', '"', '0', '12', 'é', '\0', '|', '{', 'S-1-5-21-', 'abcdef', 'Microsoft-Windows-'),
  fc.string({ unit: fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '+', '/', '-', '_'), maxLength: 40 }),
);
const plain = fc.array(fc.oneof(written, hl7, filler), { maxLength: 6 }).map((pieces) => pieces.join(''));
const encoded = (inner: fc.Arbitrary<string>) =>
  fc
    .tuple(
      inner,
      fc.constantFrom<BufferEncoding[]>('utf8', 'utf16le'),
      fc.constantFrom<BufferEncoding[]>('base64', 'base64url'),
      fc.nat(3),
    )
    .map(([text, as, form, cut]) => {
      const all = Buffer.from(text, as).toString(form);
      return all.slice(0, all.length - cut);
    });
const text = fc
  .array(fc.oneof(plain, encoded(plain), encoded(fc.tuple(plain, encoded(plain)).map((both) => both.join(' ')))), {
    maxLength: 4,
  })
  .map((pieces) => pieces.join(''));

test('whatever the patterns replace, the first look has suspected', () => {
  let replaced = 0;
  fc.assert(
    fc.property(text, (text) => {
      const clean = replaceByPatterns(text, () => '#');
      if (clean !== text) {
        replaced++;
        ok(mayHoldIdentifier(text), JSON.stringify(text));
      }
    }),
    { numRuns: 30_000 },
  );
  ok(replaced > 3000, `only ${replaced} texts held anything`);
});

const harmless: readonly string[] = [
  'Microsoft-Windows-Security-Auditing',
  '{54849625-5478-4994-A5BA-3E3B0328C30D}',
  'C:\\Program Files\\Common\\WINWORD.EXE',
  'S-1-5-21-3623811015-3361044348-30300820-1013',
  '2026-11-25T22:25:47.6393Z',
  'from 10.1.200.31 port 51022 to 203.0.113.7:443',
  'SHA256=E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
  '%%1833 %%1842',
];
for (const text of harmless)
  test(`asks no pattern about “${text.slice(0, 40)}”`, () => equal(mayHoldIdentifier(text), false));

/** The filters before a full look may say yes too often. They must never say no where the full look would say yes. */
import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Automaton } from './automaton.ts';
import { KeywordSearch } from './keywords.ts';
import { LEAST_WINDOW } from './prefilter.ts';
import { Triggers } from './triggers.ts';

const letter = fc.constantFrom(
  'a',
  'B',
  'k',
  'K',
  '-',
  '/',
  ' ',
  '.',
  '\\',
  '=',
  '7',
  'f',
  '\u212a',
  '\u0130',
  'é',
  '–',
  '\0',
  '😀',
);
const text = fc.array(letter, { maxLength: 40 }).map((letters) => letters.join(''));
const literal = fc
  .array(fc.constantFrom('a', 'b', 'K', '-', '/', ' ', '.', '\\', '=', '7', 'f'), { minLength: 1, maxLength: 20 })
  .map((letters) => letters.join(''));
/** A text that is likely to hold one of the literals. */
const pair = fc
  .tuple(fc.array(literal, { minLength: 1, maxLength: 8 }), text, text, fc.nat())
  .map(([literals, before, after, pick]) => {
    const chosen = literals[pick % literals.length] ?? '';
    return {
      literals,
      text:
        before +
        (pick % 3 === 0 ? '' : pick % 2 === 0 ? chosen.toUpperCase() : chosen.replaceAll('k', '\u212a')) +
        after,
    };
  });
const holds = (whole: string, part: string) => whole.toLowerCase().includes(part.toLowerCase());

test('the automaton finds every literal that a text holds, wherever it is tied', () => {
  fc.assert(
    fc.property(pair, ({ literals, text: whole }) => {
      const lower = whole.toLowerCase();
      const all = literals.flatMap((part, i) => [
        { text: part, atStart: false, atEnd: false, output: i * 3 },
        { text: part, atStart: true, atEnd: false, output: i * 3 + 1 },
        { text: part, atStart: false, atEnd: true, output: i * 3 + 2 },
      ]);
      const found = new Set<number>();
      for (const scanner of [new Automaton(all), new Triggers(all)])
        scanner.scan(whole, (outputs) => outputs.forEach((output) => found.add(output)));
      literals.forEach((part, i) => {
        ok(!holds(whole, part) || found.has(i * 3));
        ok(!lower.startsWith(part.toLowerCase()) || found.has(i * 3 + 1));
        ok(!lower.endsWith(part.toLowerCase()) || found.has(i * 3 + 2));
      });
    }),
    { numRuns: 5000, seed: 7 },
  );
});

test('a search for keywords passes every text that holds one, as text, as UTF-16 and in JSON', () => {
  fc.assert(
    fc.property(pair, ({ literals, text: whole }) => {
      const usable = literals.filter((part) => part.length >= LEAST_WINDOW);
      const search = KeywordSearch.of(
        usable.map((part, output) => ({ text: part, atStart: false, atEnd: false, output })),
      );
      if (search === null || !usable.some((part) => holds(whole, part))) return;
      const bytes = Buffer.from(whole, 'utf16le');
      ok(search.mayBeIn(whole));
      ok(search.mayBeInUtf16(bytes, 0, bytes.length));
      ok(search.mayBeInJson(JSON.stringify({ CommandLine: whole })));
    }),
    { numRuns: 5000, seed: 7 },
  );
});

test('a keyword is found though one of its letters is written as the Kelvin sign or its dash as a long one', () => {
  for (const keyword of ['kerb', 'berk', 'bakery-net', 'privilege::backup', 'key\\-\\kiwi'])
    for (const [plain, odd] of [
      ['k', '\u212a'],
      ['-', '\u2013'],
    ] as const)
      for (let at = keyword.indexOf(plain); at >= 0; at = keyword.indexOf(plain, at + 1))
        for (let before = 0; before < 12; before++) {
          const search = KeywordSearch.of([{ text: keyword, atStart: false, atEnd: false, output: 0 }]);
          const whole = `${'x'.repeat(before)}${keyword.slice(0, at)}${odd}${keyword.slice(at + 1)}xyz`;
          const bytes = Buffer.from(whole, 'utf16le');
          ok(search?.mayBeIn(whole), whole);
          ok(search?.mayBeInUtf16(bytes, 0, bytes.length), whole);
          ok(search?.mayBeInJson(JSON.stringify({ CommandLine: whole })), whole);
        }
});

test('hashes are found after any equals sign, among hundreds', () => {
  const hash = (i: number) => i.toString(16).padStart(8, '0').repeat(4);
  const triggers = new Triggers(
    Array.from({ length: 500 }, (_, i) => ({ text: `imphash=${hash(i)}`, atStart: false, atEnd: false, output: i })),
  );
  const found: number[] = [];
  triggers.scan(`SHA256=ff,IMPHASH=${hash(321).toUpperCase()},MD5=${hash(9)}`, (outputs) => found.push(...outputs));
  ok(found.includes(321));
});

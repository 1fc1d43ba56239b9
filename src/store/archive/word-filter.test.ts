/** A filter of words never says no wrongly, and says it where it can. */
import { equal, notEqual, ok } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { sampleEvent } from './event-store-contract.ts';
import { encodeEvents } from './payload.ts';
import type { Predicate } from './predicate.ts';
import type { StoredEvent } from './stored-event.ts';
import { mayFulfil, needOf, readWords, Words, writeWords } from './word-filter.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-words-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function maybe(events: readonly StoredEvent[], where: Predicate): boolean {
  const words = new Words();
  words.add(encodeEvents(events));
  const need = needOf(where);
  return need === null || mayFulfil(inflateRawSync(words.write()), need);
}

const event = sampleEvent(1, {
  host: 'Theatre-PC.site.example',
  account: 'SITE\\AnnaBell',
  fields: { CommandLine: 'C:\\Tools\\Mimikatz64.exe\n"privilege::debug"', nested: { list: ['Überwachung', true] } },
  text: 'Straße: \u212aelvin, waſhing, İstanbul\tzebra4711',
});

const anywhere = (value: string): Predicate => ({ kind: 'anywhere', value });
const field = (kind: 'equals' | 'contains' | 'startsWith', name: string, value: string): Predicate => ({
  kind,
  field: name,
  value,
});
const wildcard = (pattern: string): Predicate => ({ kind: 'wildcard', field: 'CommandLine', pattern });
const and = (...of: readonly Predicate[]): Predicate => ({ kind: 'and', of });
const or = (...of: readonly Predicate[]): Predicate => ({ kind: 'or', of });

const cases: readonly (readonly [what: string, where: Predicate, maybe: boolean])[] = [
  ['a word', anywhere('mimikatz'), true],
  ['in another case', anywhere('MIMIKATZ'), true],
  ['a piece of a word', anywhere('imikat'), true],
  ['another word', anywhere('bloodhound'), false],
  ['a word that shares all but one letter', anywhere('mimikate'), false],
  ['a word that begins alike', anywhere('mimikatzen'), false],
  ['fewer than four letters', anywhere('xyz'), true],
  ['digits alone', anywhere('99999'), true],
  ['letters of which only three stand together', anywhere('xyz1xyz'), true],
  ['words with something between', anywhere('privilege::debug'), true],
  ['a word that a line break in JSON makes longer', anywhere('\n"privilege'), true],
  ['a raw word with a tab before it', anywhere('\tzebra'), true],
  ['a Kelvin sign for a k', anywhere('kelvin'), true],
  ['a long s', anywhere('washing'), true],
  ['a dotted I', anywhere('istanbul'), true],
  ['letters that are not ours, beside a word', anywhere('Überwachung'), true],
  ['and beside another', anywhere('Überraschung'), false],
  ['a host', field('equals', 'host', 'theatre-pc'), true],
  ['another host', field('equals', 'host', 'pharmacy-pc'), false],
  ['an account without its domain', field('equals', 'account', 'annabell'), true],
  ['a field that begins with another word', field('startsWith', 'CommandLine', 'D:\\Games'), false],
  ['a field that contains it', field('contains', 'CommandLine', 'tools\\mimi'), true],
  ['a truth', { kind: 'equals', field: 'nested.list', value: true }, true],
  ['a pattern', wildcard('*\\mimi*.exe*'), true],
  ['a pattern of another word', wildcard('*\\mimi*.dllhost'), false],
  ['both', and(anywhere('mimikatz'), anywhere('bloodhound')), false],
  ['either', or(anywhere('mimikatz'), anywhere('bloodhound')), true],
  ['neither', or(anywhere('rubeus'), anywhere('bloodhound')), false],
  ['either, one of which says nothing', or(anywhere('99'), anywhere('bloodhound')), true],
  ['not', { kind: 'not', of: anywhere('bloodhound') }, true],
  ['a word, and something that says nothing', and(anywhere('bloodhound'), { kind: 'exists', field: 'host' }), false],
  ['nothing', and(), true],
];
for (const [what, where, expected] of cases)
  test(`${expected ? 'may hold' : 'cannot hold'} ${what}`, () => {
    equal(maybe([event], where), expected);
  });

const HOSTILE = fc.string({
  unit: fc.constantFrom(
    'a',
    'B',
    'k',
    'S',
    'i',
    'z',
    '7',
    '\\',
    '"',
    '\n',
    '/',
    ' ',
    'é',
    'ſ',
    '\u212a',
    'İ',
    '😀',
    '\0',
  ),
  minLength: 4,
  maxLength: 40,
});

test('whatever stands in an event is never said to be absent, in any case and with its look-alikes', () => {
  fc.assert(
    fc.property(HOSTILE, HOSTILE, fc.nat(), fc.nat(), fc.boolean(), (text, value, from, length, isUpper) => {
      const source = isUpper ? text : value;
      const start = from % source.length;
      const piece = source.slice(start, start + 4 + (length % 20)).toWellFormed();
      const plain = piece.replaceAll('ſ', 's').replaceAll('\u212a', 'k').replaceAll('İ', 'i');
      const typed = isUpper ? plain.toUpperCase().replaceAll('É', 'é') : plain;
      const events = [sampleEvent(1), sampleEvent(2, { fields: { Image: value }, text })];
      ok(maybe(events, anywhere(typed)), JSON.stringify([text, value, typed]));
      if (!isUpper) ok(maybe(events, field('contains', 'Image', typed)));
    }),
    { numRuns: 300 },
  );
});

test('a payload that lies at an odd place in memory is read as well', () => {
  const payload = encodeEvents([event]);
  for (const offset of [0, 1, 2, 3]) {
    const words = new Words();
    words.add(Buffer.concat([Buffer.alloc(offset), payload]).subarray(offset));
    const whole = new Words();
    whole.add(payload);
    ok(words.write().equals(whole.write()));
  }
});

test('a file that is gone or is another is not believed', async () => {
  const words = new Words();
  words.add(encodeEvents([event]));
  const sha256 = await writeWords(dir, 8, words);
  notEqual(readWords(dir, 8, sha256), null);
  equal(readWords(dir, 9, sha256), null);
  writeFileSync(path.join(dir, '8.words'), new Words().write());
  equal(readWords(dir, 8, sha256), null);
});

import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { conditionOf } from '../archive/predicate-sql.ts';
import { ANYTHING, type Predicate } from '../archive/predicate.ts';
import { parseQuery, problemText } from './query.ts';

const NOW = Date.parse('2026-11-25T10:30:00Z');
const clock = { now: NOW, timeZone: 'Europe/London' };
const DAY = 86_400_000;

const equals = (field: string, value: string): Predicate => ({ kind: 'equals', field, value });
const and = (...of: Predicate[]): Predicate => ({ kind: 'and', of });
const or = (...of: Predicate[]): Predicate => ({ kind: 'or', of });
const not = (of: Predicate): Predicate => ({ kind: 'not', of });
const anywhere = (value: string): Predicate => ({ kind: 'anywhere', value });
const wildcard = (field: string, pattern: string): Predicate => ({ kind: 'wildcard', field, pattern });
const PROCESS = ['Image', 'NewProcessName', 'ProcessName', 'exe', 'process.executable'];

const MEANS: readonly (readonly [query: string, where: Predicate])[] = [
  ['', ANYTHING],
  ['host:dc1', equals('host', 'dc1')],
  ['HOST:dc1 Computer:dc2', and(equals('host', 'dc1'), equals('host', 'dc2'))],
  ['host=dc1', equals('host', 'dc1')],
  ['-user:svc_*', not(wildcard('account', 'svc_*'))],
  ['NOT user:svc', not(equals('account', 'svc'))],
  ['process:*psexec*', or(...PROCESS.map((field) => wildcard(field, '*psexec*')))],
  [
    'parent:winword.exe',
    or(
      ...['ParentImage', 'ParentProcessName', 'process.parent.executable'].map((field) =>
        or(wildcard(field, 'winword.exe'), wildcard(field, '*\\winword.exe'), wildcard(field, '*/winword.exe')),
      ),
    ),
  ],
  ['"exact words"', anywhere('exact words')],
  ['“exact words”', anywhere('exact words')],
  ['psexec -"not this"', and(anywhere('psexec'), not(anywhere('not this')))],
  ['*psexec*', anywhere('psexec')],
  ['event:4688', equals('eventId', '4688')],
  ['event:4688,4689', or(equals('eventId', '4688'), equals('eventId', '4689'))],
  ['event>4600', { kind: 'compare', field: 'eventId', operator: '>', value: 4600 }],
  ['LogonType:>=3', { kind: 'compare', field: 'LogonType', operator: '>=', value: 3 }],
  ['address:10.1.0.0/16', { kind: 'cidr', field: 'address', range: '10.1.0.0/16' }],
  ['logontype:3', equals('LogonType', '3')],
  ['userIdentity.type:Root', equals('userIdentity.type', 'Root')],
  ['MyField:x', equals('MyField', 'x')],
  ['MyField:*', { kind: 'exists', field: 'MyField' }],
  ['MyField:"*"', equals('MyField', '*')],
  ['MyField:""', equals('MyField', '')],
  ['text:10,000', { kind: 'contains', field: 'text', value: '10,000' }],
  ['host:dc1 OR host:dc2', or(equals('host', 'dc1'), equals('host', 'dc2'))],
  ['a (b or c) d', and(anywhere('a'), or(anywhere('b'), anywhere('c')), anywhere('d'))],
  ['a AND b', and(anywhere('a'), anywhere('b'))],
  ['-(a or b)', not(or(anywhere('a'), anywhere('b')))],
  ['"or"', anywhere('or')],
  ['C:\\Windows\\Temp', anywhere('C:\\Windows\\Temp')],
  ['https://example.com/x', anywhere('https://example.com/x')],
  ['fe80::1', anywhere('fe80::1')],
  ['00:1a:2b:3c:4d:5e', anywhere('00:1a:2b:3c:4d:5e')],
  ['ws-7', anywhere('ws-7')],
  ['last', anywhere('last')],
  ["host:x'--", equals('host', "x'--")],
];

for (const [query, where] of MEANS) {
  test(`“${query}” means what a person means by it`, () => {
    const parsed = parseQuery(query, clock);
    deepEqual(parsed, { ok: true, value: { where, from: null, to: null } });
    conditionOf(where);
  });
}

const TIMES: readonly (readonly [query: string, from: number | null, to: number | null])[] = [
  ['x last 7d', NOW - 7 * DAY, null],
  ['last 90m', NOW - 90 * 60_000, null],
  ['last:24h', NOW - DAY, null],
  ['from:2026-11-01', Date.parse('2026-11-01T00:00:00Z'), null],
  ['from:2026-07-01', Date.parse('2026-06-30T23:00:00Z'), null],
  ['to:2026-11-01', null, Date.parse('2026-11-02T00:00:00Z')],
  ['from:2026-10-25 to:2026-10-25', Date.parse('2026-10-24T23:00:00Z'), Date.parse('2026-10-26T00:00:00Z')],
  ['from:2026-11-01T09:30 to:2026-11-01T10:00Z', Date.parse('2026-11-01T09:30Z'), Date.parse('2026-11-01T10:00Z')],
  ['from:2026-07-01T09:30', Date.parse('2026-07-01T08:30Z'), null],
  ['from:yesterday to:today', Date.parse('2026-11-24T00:00Z'), Date.parse('2026-11-26T00:00Z')],
  ['(a or b) last 1w', NOW - 7 * DAY, null],
];

for (const [query, from, to] of TIMES) {
  test(`“${query}” is that time`, () => {
    const parsed = parseQuery(query, clock);
    ok(parsed.ok);
    deepEqual([parsed.value.from, parsed.value.to], [from, to]);
  });
}

const REFUSED: readonly (readonly [query: string, text: string])[] = [
  [
    'host:',
    'nothing stands behind “host:”, at “host:” (character 1). Write the value right behind it, without a space: host:value, or host:"several words".',
  ],
  [
    'a host: dc1',
    'nothing stands behind “host:”, at “host:” (character 3). Write the value right behind it, without a space: host:value, or host:"several words".',
  ],
  [
    'x "never closed',
    'a quotation mark is not closed, at “"never closed” (character 3). Put a " at the end of the words.',
  ],
  [
    'last -1d',
    '“-1d” is not a length of time, at “last -1d” (character 1). Write last 30m, last 24h, last 7d or last 4w.',
  ],
  [
    'x from 2026-11-01',
    'a time stands right behind “from:”, at “from 2026-11-01” (character 3). Write from:2026-11-01, or "from" to look for the word.',
  ],
  [
    'x TO 2026-11-01T09:30',
    'a time stands right behind “to:”, at “TO 2026-11-01T09:30” (character 3). Write to:2026-11-01T09:30, or "TO" to look for the word.',
  ],
  ['(a or b', 'a bracket is not closed, at “(” (character 1). Put a ) behind the last of its terms.'],
  ['a)', 'a bracket is closed that was not opened, at “)” (character 2). Take this ) away.'],
  ['()', 'there is nothing between the brackets, at “(” (character 1). Take them away.'],
  ['a OR', 'OR needs a term on both sides, at “OR” (character 3). Write: host:dc1 OR host:dc2'],
  ['OR a', 'OR needs a term on both sides, at “OR” (character 1). Write: host:dc1 OR host:dc2'],
  ['a NOT', 'nothing stands behind “not”, at “NOT” (character 3). Write: -user:svc_* or NOT user:svc_*'],
  ['event:many', 'event is a number, and “many” is none, at “event:many” (character 1). Write for example event:4688.'],
  ['port>high', '> compares numbers, and “high” is none, at “port>high” (character 1). Write for example port>1024.'],
  [
    'ip:10.0.0.0/40',
    '“10.0.0.0/40” is not a range of addresses such as 10.1.0.0/16, at “ip:10.0.0.0/40” (character 1). Ask for less, or in another way.',
  ],
  [
    'last 7x',
    '“7x” is not a length of time, at “last 7x” (character 1). Write last 30m, last 24h, last 7d or last 4w.',
  ],
  [
    'from:2026-02-30',
    '“2026-02-30” is not a time, at “from:2026-02-30” (character 1). Write from:2026-11-01, from:2026-11-01T09:30, from:today or from:yesterday.',
  ],
  [
    'a OR b last 7d',
    'a time is for the whole query, at “last 7d” (character 8). Put the alternatives in brackets and the time outside: (a OR b) last 7d',
  ],
  [
    '-from:today',
    'a time is for the whole query, at “from:today” (character 2). Put the alternatives in brackets and the time outside: (a OR b) last 7d',
  ],
  [
    'from:today to:yesterday',
    'the time ends before it begins, at “from:today to:yesterday” (character 1). Put the earlier time behind from:.',
  ],
  [
    'ps*exec',
    '* in the middle works behind a field only, at “ps*exec” (character 1). Write command:*ps*exec* for example, or the words without it.',
  ],
];

for (const [query, text] of REFUSED) {
  test(`“${query}” is refused with what, where and how to mend it`, () => {
    const parsed = parseQuery(query, clock);
    equal(!parsed.ok && problemText(query, parsed.error), text);
  });
}

test('no query, however odd, makes the parser throw, hang, or give what cannot be searched', () => {
  const pieces = [
    'host:',
    'a',
    '"',
    '(',
    ')',
    ' ',
    'OR ',
    '-',
    '*',
    '\\',
    "'",
    ';',
    '--',
    '\0',
    'last 7d',
    '10.0.0.0/8',
    ':',
    '>',
    '𝒳',
    '\ud800',
  ];
  let state = 7;
  for (let round = 0; round < 20_000; round++) {
    let query = '';
    for (let count = 0; count < 12; count++) {
      state = (state * 48_271) % 2_147_483_647;
      query += pieces[state % pieces.length] ?? '';
    }
    const parsed = parseQuery(query, clock);
    if (parsed.ok) {
      const { sql } = conditionOf(parsed.value.where);
      ok(/^[\w\s$"().,=<>'\\[\]{}*+|-]*$/.test(sql) && !sql.includes(';') && !sql.includes('--'), sql);
    }
  }
  equal(parseQuery('('.repeat(4000), clock).ok, false);
  equal(parseQuery('x'.repeat(5000), clock).ok, false);
});

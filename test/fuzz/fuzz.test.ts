import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { FORMATS } from '../../src/intake/formats/index.ts';
import { mutate, randomFrom, TARGETS } from './targets.ts';

const INPUTS = 20_000;
/** A watchdog, not a measurement: a busy machine may hold any one input up for a while. */
const WATCHDOG_MS = 10_000;
const LIMIT_BYTES = 1024 * 1024 * 1024;

for (const target of TARGETS) {
  const inputs = INPUTS / (target.cost ?? 1);
  test(`${target.name}: ${inputs} changed inputs neither throw nor hang, in bounded memory`, async () => {
    const random = randomFrom(20_261_124);
    for (let i = 0; i < inputs; i++) {
      const input = mutate(target, random);
      const begun = performance.now();
      try {
        await target.run(input);
      } catch (error) {
        throw new Error(`input ${i} threw: ${JSON.stringify(input.slice(0, 300))}`, { cause: error });
      }
      ok(performance.now() - begun < WATCHDOG_MS, `input ${i} hung`);
    }
    ok(process.memoryUsage.rss() < LIMIT_BYTES, 'more than 1 GiB of memory is in use');
  });
}

/** What a hostile sender would repeat: the beginnings of what readers look for, without the end that they look for. */
const FRAGMENTS = [
  'a',
  '=',
  ' ',
  '"',
  '\\',
  '[',
  '{',
  '(',
  '<',
  'a=b ',
  'a=b|',
  'IN= ',
  'IN=eth0 SRC= ',
  'devname= ',
  '%ASA-6-302013: ',
  'for a:192.0.2.1/1 ',
  'from 192.0.2.1/1 ',
  ', a=b',
  '- [192.0.2.1] a(b)[c] - ',
  'AAA LOGIN 1 1 : ',
  '1,2,3,4,match,',
  'CEF:0|',
  'MSWinEventLog\t',
  'Account Name: x  ',
  'A-1-B: ',
  '<34>1 ',
  'Nov  2 09:49:00 ',
  'type=A msg=audit(1.1:1): ',
  "msg='",
  '; COMMAND=',
  'user ',
  'IP ',
  '[user: ',
  '<Event ',
  '</Event>',
  '{"a":',
  '[1,',
  '\0',
  '""',
  'a,',
  '#Fields: a ',
  '" 200 12 ',
];
const PREFIXES = ['', '<34>Nov  2 09:49:00 ward7 su[1]: ', '192.0.2.1 - - [02/Nov/2026:09:49:00 +0000] "GET '];
const LONG = 256 * 1024;

for (const format of FORMATS) {
  test(`${format.name}: a line that repeats something a quarter of a million times does not hang it`, () => {
    for (const prefix of PREFIXES)
      for (const fragment of FRAGMENTS) {
        const text = `${prefix}${fragment.repeat(Math.ceil(LONG / fragment.length))}\n`;
        const begun = performance.now();
        format.claims({ text: text.slice(0, 65_536), lines: [text.slice(0, 65_536)] });
        const reader = format.open({
          timeZone: 'Europe/London',
          referenceTime: 1_790_000_000_000,
          mappings: [],
          emit: () => undefined,
          setAside: () => undefined,
        });
        reader.push(text);
        reader.end();
        ok(performance.now() - begun < WATCHDOG_MS, `“${fragment}” after “${prefix}” hung`);
      }
  });
}

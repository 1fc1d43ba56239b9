import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { isNhsNumber } from './nhs-number.ts';

// All from the 999 range, which is never issued; the last two have a wrong check digit.
const cases: [text: string, valid: boolean][] = [
  ['9990000018', true],
  ['999 000 0018', true],
  ['999-000-0018', true],
  ['999.000.0018', true],
  [' 9990000018\t', true],
  ['9990000019', false],
  ['9991234560', false],
  ['p9990000018', false],
  ['', false],
  ['999000001', false],
];
for (const [text, valid] of cases)
  test(`“${text}” ${valid ? 'is' : 'is not'} a valid NHS number`, () => equal(isNhsNumber(text), valid));

import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { isNhsNumber, isRounded, nhsNumberIn } from './nhs-number.ts';

// All from the 999 range, which is never issued; the last two have a wrong check digit.
const cases: [text: string, valid: boolean][] = [
  ['9990000018', true],
  ['999 000 0018', true],
  ['999-000-0018', true],
  ['999.000.0018', true],
  [' 9990000018\t', true],
  ['="9990000018"', true],
  ["'9990000018", true],
  ['9990000018.0', true],
  ['999\u00a0000\u00a00018', true],
  ['9990000018^^^NHS', true],
  ['NHS No: 999 000 0018 (F)', true],
  ['4f2c9990000018a1', false],
  ['RX1-9990000019', false],
  ['9990000019', false],
  ['9991234560', false],
  ['p9990000018', false],
  ['', false],
  ['999000001', false],
];
for (const [text, valid] of cases)
  test(`“${text}” ${valid ? 'is' : 'is not'} a valid NHS number`, () => equal(isNhsNumber(text), valid));

test('however it is written, it is one number', () => {
  for (const [text, valid] of cases) equal(nhsNumberIn(text), valid ? '9990000018' : null);
});

for (const [text, rounded] of [
  ['9.99E+09', true],
  ['9,99E+09', true],
  ['1E+10', true],
  ['5e12', false],
  ['p1E+10', false],
] as const)
  test(`“${text}” ${rounded ? 'is' : 'is not'} a number that a spreadsheet has rounded`, () =>
    equal(isRounded(text), rounded));

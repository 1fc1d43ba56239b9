import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { withoutRepetitions } from './scan.ts';

const SYSMON_3 = 'microsoft-windows-sysmon/operational/3';
const sysmon = { rule: 1, standsInFor: null, entities: { host: 'WARD7' }, at: 100_000 };
const windows = { ...sysmon, standsInFor: SYSMON_3, entities: { host: 'ward7' }, at: 102_000 };
const cases: readonly (readonly [what: string, other: Partial<typeof windows>, isLeftOut: boolean])[] = [
  ['what Sysmon said of the same moment is left out', {}, true],
  ['after Sysmon was stopped it is kept', { at: 600_000 }, false],
  ['what another rule saw is kept', { rule: 2 }, false],
  ['what happened on another machine is kept', { entities: { host: 'ward8' } }, false],
];
for (const [what, other, isLeftOut] of cases)
  test(`of what Windows logged beside Sysmon, ${what}`, () => {
    const twin = { ...windows, ...other };
    deepEqual(withoutRepetitions([twin, sysmon]), isLeftOut ? [sysmon] : [twin, sysmon]);
  });

test('without a time it cannot be told, and nothing is left out', () => {
  const timeless = { ...windows, at: null };
  deepEqual(withoutRepetitions([timeless, sysmon]), [timeless, sysmon]);
});

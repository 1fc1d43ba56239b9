import { deepEqual, equal, rejects } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AccessCase } from '../records/case.ts';
import { openKeyring } from '../store/seal.ts';
import { openState, statePlace } from '../store/state.ts';
import { RecordCases } from './record-cases.ts';

function accessCase(user: string, day: string, more: Partial<AccessCase> = {}): AccessCase {
  return {
    schema: 'wardwatch.access-case/1',
    user,
    day,
    alert: true,
    p: 0.0001,
    score: 4,
    kinds: ['unexplained'],
    patients: [],
    plain: 'A look.',
    innocentIf: [],
    missing: [],
    ...more,
  };
}

/** Everything has been reviewed. */
const UNTIL = '2026-12-01';

async function emptyCases(t: TestContext): Promise<{ cases: RecordCases; pass: () => void }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-cases-'));
  const data = path.join(folder, 'data');
  const state = await openState(statePlace(null, data));
  t.after(() => state.close());
  const seals = await openKeyring(path.join(folder, 'keys'), 'seal', data);
  let now = Date.UTC(2026, 10, 2);
  const mac = (text: string) => createHmac('sha256', 'k').update(text).digest();
  return { cases: new RecordCases(state, seals, mac, () => now), pass: () => (now += 24 * 3_600_000) };
}

test('what a later review no longer finds is explained since then; what it finds again is not', async (t) => {
  const { cases, pass } = await emptyCases(t);
  const [kim, ash] = [accessCase('kim', '2026-11-01'), accessCase('ash', '2026-11-01')];
  equal((await cases.keep([kim, ash], '2026-10-20', UNTIL, true)).length, 2);
  pass();
  equal((await cases.keep([kim], '2026-10-21', UNTIL, true)).length, 1);
  const state = async () =>
    (await cases.page(true, null, 10)).map(({ one }) => ['user' in one.case ? one.case.user : '', one.explainedAt]);
  deepEqual(new Map((await state()) as [string, number | null][]).get('kim'), null);
  deepEqual(new Map((await state()) as [string, number | null][]).get('ash'), Date.UTC(2026, 10, 3));
  pass();
  await cases.keep([kim, ash], '2026-10-22', UNTIL, true);
  deepEqual(new Map((await state()) as [string, number | null][]).get('ash'), null);
});

test('what is not found because it could not be read is not explained', async (t) => {
  const { cases, pass } = await emptyCases(t);
  await cases.keep([accessCase('kim', '2026-11-01')], '2026-10-20', UNTIL, true);
  pass();
  await cases.keep([], '2026-10-21', UNTIL, false);
  equal((await cases.page(false, null, 10))[0]?.one.explainedAt, null);
});

test('what was told once stays in the list, though a later night ranks it beneath the budget', async (t) => {
  const { cases, pass } = await emptyCases(t);
  await cases.keep([accessCase('kim', '2026-11-01')], '2026-10-20', UNTIL, true);
  pass();
  equal((await cases.keep([accessCase('kim', '2026-11-01', { alert: false })], '2026-10-21', UNTIL, true)).length, 0);
  const [row] = await cases.page(false, null, 10);
  deepEqual([row?.one.case.alert, row?.one.explainedAt], [false, null]);
});

test('days that are no longer reviewed stay as they were', async (t) => {
  const { cases, pass } = await emptyCases(t);
  await cases.keep([accessCase('kim', '2026-11-01')], '2026-10-20', UNTIL, true);
  pass();
  equal((await cases.keep([accessCase('kim', '2026-11-01', { alert: false })], '2026-11-02', UNTIL, true)).length, 0);
  const [row] = await cases.page(false, null, 10);
  deepEqual([row?.one.case.alert, row?.one.explainedAt], [true, null]);
});

test('what a person decided stays as that person saw it, and is told no more', async (t) => {
  const { cases, pass } = await emptyCases(t);
  const [alert] = await cases.keep([accessCase('kim', '2026-11-01')], '2026-10-20', UNTIL, true);
  const id = alert?.id ?? '';
  await cases.decide(id, { verdict: 'not-explained', reason: 'Asked; no reason given.', by: 'Privacy' });
  pass();
  deepEqual(await cases.keep([accessCase('kim', '2026-11-01', { plain: 'Another.' })], '2026-10-20', UNTIL, true), []);
  const [row] = await cases.page(false, null, 10);
  deepEqual(
    [row?.one.case.plain, row?.one.decision?.verdict, row?.one.explainedAt],
    ['A look.', 'not-explained', null],
  );
  await rejects(cases.decide('rac_x', { verdict: 'undecided', reason: 'There is none.', by: 'Privacy' }), {
    code: 'records/no-such-case',
  });
});

test('those beneath the budget are shown when they are asked for, page by page', async (t) => {
  const { cases } = await emptyCases(t);
  const days = Array.from({ length: 5 }, (_, n) => accessCase(`user${n}`, `2026-11-0${n + 1}`, { alert: n % 2 === 0 }));
  equal((await cases.keep(days, '2026-10-20', UNTIL, true)).length, 3);
  equal((await cases.page(false, null, 10)).length, 3);
  const first = await cases.page(true, null, 3);
  const rest = await cases.page(true, first.at(-1)?.cursor ?? null, 3);
  equal(new Set([...first, ...rest].map(({ one }) => one.id)).size, 5);
});

/** What is said of one person's day. */
async function ofDay(cases: RecordCases, day: string) {
  const one = (await cases.page(true, null, 10))
    .map((each) => each.one)
    .find((each) => 'day' in each.case && each.case.day === day);
  return { ...one, said: one?.history.map(({ said }) => said) };
}

const nights: readonly [what: string, found: readonly AccessCase[], said: string, isExplained: boolean][] = [
  ['finds it too', [accessCase('kim', '2026-11-01')], 'confirmed', false],
  ['ranks it beneath the budget', [accessCase('kim', '2026-11-01', { alert: false })], 'lowered', false],
  [
    'finds it a further day of an open case',
    [accessCase('kim', '2026-11-01', { alert: false, joins: '2026-10-30' })],
    'confirmed',
    false,
  ],
  ['does not find it', [], 'withdrawn', true],
];
for (const [what, found, said, isExplained] of nights)
  test(`a first look of which the night ${what} is ${said}, and one case`, async (t) => {
    const { cases, pass } = await emptyCases(t);
    const first = await cases.firstLook(accessCase('kim', '2026-11-01', { plain: 'Some.' }), '2026-11-01');
    equal(await cases.firstLook(accessCase('kim', '2026-11-01', { plain: 'More.' }), '2026-11-01'), first);
    const early = await ofDay(cases, '2026-11-01');
    deepEqual([early.isProvisional, early.said, early.case?.plain], [true, ['first-look'], 'More.']);
    pass();
    const alerts = await cases.keep(found, '2026-10-20', '2026-11-02', true);
    deepEqual(
      alerts.map(({ id }) => id),
      found.some(({ alert }) => alert) ? [first] : [],
    );
    const late = await ofDay(cases, '2026-11-01');
    deepEqual([late.isProvisional, late.said, late.explainedAt != null], [false, ['first-look', said], isExplained]);
    equal((await cases.page(true, null, 10)).length, 1);
    // The night has spoken: a process that still looks at that day changes nothing.
    equal(await cases.firstLook(accessCase('kim', '2026-11-01', { plain: 'Late.' }), '2026-11-02'), null);
    deepEqual((await ofDay(cases, '2026-11-01')).said, ['first-look', said]);
  });

test('the night leaves first looks of the day that goes on as they are', async (t) => {
  const { cases, pass } = await emptyCases(t);
  await cases.firstLook(accessCase('kim', '2026-11-02'), '2026-11-01');
  pass();
  await cases.keep([], '2026-10-20', '2026-11-02', true);
  const { isProvisional, explainedAt, said } = await ofDay(cases, '2026-11-02');
  deepEqual([isProvisional, explainedAt, said], [true, null, ['first-look']]);
});

test('a first look that late relationships explain is withdrawn, and comes back if more is found', async (t) => {
  const { cases } = await emptyCases(t);
  const kim = accessCase('kim', '2026-11-01');
  await cases.firstLook(kim, '2026-11-01');
  await cases.withdraw(kim);
  const withdrawn = await ofDay(cases, '2026-11-01');
  deepEqual([withdrawn.said, withdrawn.explainedAt != null], [['first-look', 'withdrawn'], true]);
  await cases.firstLook(kim, '2026-11-01');
  const again = await ofDay(cases, '2026-11-01');
  deepEqual([again.said, again.explainedAt], [['first-look', 'withdrawn', 'first-look'], null]);
});

test('whoever is asked about is not told of again for a week, nor once a person has decided', async (t) => {
  const { cases } = await emptyCases(t);
  const [alert] = await cases.keep([accessCase('kim', '2026-11-01')], '2026-10-20', UNTIL, true);
  equal(await cases.firstLook(accessCase('kim', '2026-11-08'), '2026-11-08'), null);
  equal(typeof (await cases.firstLook(accessCase('kim', '2026-11-09'), '2026-11-08')), 'string');
  equal(typeof (await cases.firstLook(accessCase('ash', '2026-11-08'), '2026-11-08')), 'string');
  await cases.decide(alert?.id ?? '', { verdict: 'explained', reason: 'Covered that night.', by: 'Privacy' });
  equal(await cases.firstLook(accessCase('kim', '2026-11-01'), '2026-11-01'), null);
});

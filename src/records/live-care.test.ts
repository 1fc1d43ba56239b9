import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Care, StayStep } from '../core/care.ts';
import { type CareEvent, CareBook, type LiveCare } from './live-care.ts';
import { mergeSteps, type Step } from './stay-steps.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** `in W7 @1` `out @5`: hours. */
function steps(...words: readonly string[]): Step[] {
  return words.map((word) => {
    const [, step = '', department = '', at = '', days] = /^([\w-]+) ?(\w*) @(\d+)(?: (\d)d)?$/.exec(word) ?? [];
    return {
      at: Number(at) * HOUR,
      receivedAt: 0,
      step: step as StayStep,
      department,
      since: null,
      days: days === undefined ? null : Number(days),
    };
  });
}

function told(...words: readonly string[]): string[] {
  return mergeSteps(steps(...words)).map(
    ({ department, from, to }) => `${department} ${from / HOUR}–${to === null ? '' : to / HOUR}`,
  );
}

for (const [what, words, stays] of [
  ['an admission goes on', ['in W7 @1'], ['W7 1–']],
  ['a transfer ends one stay and begins the next', ['in W7 @1', 'in W8 @5'], ['W7 1–5', 'W8 5–']],
  ['a discharge ends it', ['in W7 @1', 'out W7 @9'], ['W7 1–9']],
  ['messages in the wrong order make the same', ['out W8 @9', 'in W8 @5', 'in W7 @1'], ['W7 1–5', 'W8 5–9']],
  ['messages that come twice count once', ['in W7 @1', 'in W7 @1', 'out W7 @9', 'out W7 @9'], ['W7 1–9']],
  ['an update elsewhere is a move that nobody told', ['in W7 @1', 'still W8 @5'], ['W7 1–5', 'W8 5–']],
  ['an update after the discharge opens nothing', ['in W7 @1', 'out W7 @9', 'still W7 @12'], ['W7 1–9']],
  ['an update is enough to know of a stay', ['still W7 @5'], ['W7 5–']],
  ['a discharge that was none opens the stay again', ['in W7 @1', 'out W7 @9', 'not-out W7 @10'], ['W7 1–']],
  ['an admission that was none leaves nothing', ['in W7 @1', 'in W8 @3', 'never W8 @4'], []],
  [
    'an admission that was none leaves the one before',
    ['in W7 @1', 'out W7 @2', 'in W8 @3', 'never W8 @4'],
    ['W7 1–2'],
  ],
  ['a discharge alone is nothing', ['out @9'], []],
  ['after a day an outpatient is not there any more', ['in C1 @1 1d', 'in W7 @99'], ['C1 1–', 'W7 99–']],
  ['an outpatient comes again', ['in C1 @1 1d', 'in C1 @99 1d'], ['C1 1–', 'C1 99–']],
] as const)
  test(what, () => deepEqual(told(...words), stays));

test('the stay begins when the visit did, if we hear of it late', () => {
  const [first, second] = [steps('still W7 @30')[0], steps('in W8 @40')[0]].map((step) => ({
    ...(step as Step),
    since: 10 * HOUR,
  }));
  deepEqual(
    mergeSteps([first as Step, second as Step]).map(({ from }) => from / HOUR),
    [10, 40],
  );
});

test('the order in which messages come makes no difference', () => {
  const words = ['in W7 @1', 'still W7 @2', 'in W8 @5', 'still W8 @6', 'out W8 @9', 'not-out W8 @10', 'out W8 @20'];
  const all = steps(...words);
  const expected = mergeSteps(all);
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
      deepEqual(mergeSteps(shuffled), expected);
    }),
  );
});

function note(at: number, patient: readonly string[], fields: Record<string, unknown> = {}): CareEvent {
  return { at, receivedAt: at, fields: { patient, ...fields } };
}

const inWard = (key: string, step: StayStep = 'in', department = 'W7'): { care: Care[] } => ({
  care: [{ is: 'step', key, step, department, since: null, days: null }],
});

const booked = (
  key: string,
  from: number | null,
  department = 'C1',
  kind: 'appointment' | 'order' = 'appointment',
) => ({
  care: [{ is: 'state', kind, key, places: from === null ? [] : [{ department, from, to: null }] }],
});

function book(...events: readonly CareEvent[]): LiveCare {
  const all = new CareBook();
  for (const event of events) all.add(event);
  return all.close();
}

const relationsOf = ({ relations }: LiveCare) =>
  relations
    .map(({ kind, patient, department, from, to }) => `${kind} ${patient} ${department} ${from}–${to ?? ''}`)
    .sort();

test('local id and NHS number of one message are one patient, whichever a later one names', () => {
  const care = book(note(1, ['pt_1', 'pi_1'], inWard('v')), note(9, ['pi_1'], inWard('v', 'out')));
  deepEqual(relationsOf(care), ['stay pt_1 W7 1–9']);
  equal(care.nameOf('pi_1'), 'pt_1');
  equal(care.ambiguousIds, 0);
});

test('a local id that came with two NHS numbers is nobody’s for certain: no two patients are made one', () => {
  const care = book(note(1, ['pt_1', 'pi_1'], inWard('v')), note(2, ['pt_2', 'pi_1'], inWard('w')));
  deepEqual([care.nameOf('pi_1'), care.nameOf('pt_1'), care.nameOf('pt_2')], ['pi_1', 'pt_1', 'pt_2']);
  equal(care.ambiguousIds, 1);
});

test('ids without a number are not made one, and the care counts for each', () => {
  const care = book(note(1, ['pi_1', 'pi_2'], inWard('v')));
  deepEqual(relationsOf(care), ['stay pi_1 W7 1–', 'stay pi_2 W7 1–']);
  equal(care.nameOf('pi_2'), 'pi_2');
});

test('a merge gives the care of one record to the other, also what is told of it later under the old id', () => {
  const care = book(
    note(1, ['pi_1'], inWard('v')),
    note(2, ['pt_2', 'pi_2'], { former: ['pi_1'] }),
    note(3, ['pi_1'], booked('a', 50)),
    note(4, ['pt_2'], inWard('v', 'out')),
  );
  deepEqual(relationsOf(care), ['appointment pt_2 C1 50–', 'stay pt_2 W7 1–4']);
});

test('merges follow one another, and in a circle they end', () => {
  const care = book(
    note(1, ['pi_2'], { former: ['pi_1'] }),
    note(2, ['pi_3'], { former: ['pi_2'] }),
    note(3, ['pi_1'], { former: ['pi_3'] }),
    note(4, ['pi_9'], { former: ['pi_9'] }),
  );
  equal(new Set(['pi_1', 'pi_2', 'pi_3'].map((id) => care.nameOf(id))).size, 1);
  equal(care.nameOf('pi_9'), 'pi_9');
});

test('a hundred thousand records, each merged into the next, are one in seconds', { timeout: 120_000 }, () => {
  const book = new CareBook();
  const care: Care = { is: 'step', key: '', step: 'in', department: 'W7', since: null, days: null };
  for (let i = 0; i < 100_000; i++)
    book.add({ at: i, receivedAt: i, fields: { patient: [`pl_${i + 1}`], former: [`pl_${i}`], care: [care] } });
  const { relations, nameOf } = book.close();
  deepEqual([relations.length, nameOf('pl_0')], [1, 'pl_100000']);
});

test('no merges whatever make a circle that is walked for ever', () => {
  const id = fc.constantFrom('pt_1', 'pt_2', 'pi_1', 'pi_2', 'pi_3', 'pi_4');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uniqueArray(id, { minLength: 1 }), fc.array(id)), { maxLength: 12 }), (merges) => {
      const care = book(...merges.map(([patient, former], i) => note(i, patient, { former })));
      for (const one of ['pt_1', 'pi_1', 'pi_4']) equal(care.nameOf(care.nameOf(one)), care.nameOf(one));
    }),
  );
});

test('of an appointment the last word counts: moved, and cancelled, in whatever order it is heard', () => {
  deepEqual(relationsOf(book(note(2, ['pt_1'], booked('a', 70)), note(1, ['pt_1'], booked('a', 50)))), [
    'appointment pt_1 C1 70–',
  ]);
  deepEqual(relationsOf(book(note(2, ['pt_1'], booked('a', null)), note(1, ['pt_1'], booked('a', 50)))), []);
});

test('two appointments without numbers of their own are two', () => {
  const care = book(note(1, ['pt_1'], booked('', 50)), note(2, ['pt_1'], booked('', 70)));
  equal(care.relations.length, 2);
});

test('an order that is told again began when it was first told', () => {
  const care = book(
    note(1, ['pt_1'], booked('o', 10, 'RAD', 'order')),
    note(5, ['pt_1'], booked('o', 5 * DAY, 'RAD', 'order')),
  );
  deepEqual(relationsOf(care), ['order pt_1 RAD 10–']);
});

test('the newest of what is known of a person counts, and what it leaves out stays', () => {
  const care = book(
    note(2, ['pt_1'], { surname_key: 'k_b', household_key: 'k_h' }),
    note(1, ['pt_1', 'pi_1'], { surname_key: 'k_a', postcode_key: 'k_p', deceased_at: 7 }),
  );
  const { at: _, ...person } = care.persons.get('pt_1') as unknown as Record<string, unknown>;
  deepEqual(person, { surname: 'k_b', household: 'k_h', postcode: 'k_p', deceasedAt: 7 });
});

test('a thousand updates of one visit are one stay', () => {
  const updates = Array.from({ length: 1000 }, (_, i) => note(10 + i, ['pt_1'], inWard('v', 'still')));
  deepEqual(relationsOf(book(note(1, ['pt_1'], inWard('v')), ...updates, note(5000, ['pt_1'], inWard('v', 'out')))), [
    'stay pt_1 W7 1–5000',
  ]);
});

test('what is no note is no relationship', () => {
  for (const fields of [{}, { patient: 'pt_1' }, { patient: [] }, { patient: ['pt_1'], care: 'x' }])
    equal(book({ at: 1, receivedAt: 1, fields }).relations.length, 0);
});

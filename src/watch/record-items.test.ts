/** Why somebody broke the glass is told with the use of it, to whoever reads the items, and stands nowhere in the clear. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { ReviewItem } from '../records/review-items.ts';
import { openKeyring } from '../store/seal.ts';
import { openState } from '../store/state.ts';
import { RecordItems } from './record-items.ts';

// Summer: half past midnight on the site.
const AT = Date.parse('2026-07-01T23:30:00Z');
const ITEM: ReviewItem = {
  schema: 'wardwatch.review-item/1',
  kind: 'break-glass',
  user: 'kim',
  day: '2026-07-02',
  at: '2026-07-02 00:30',
  patient: 'pi_1',
  reason: null,
  times: 1,
  outcome: 'success',
  explained: false,
};

test('what was typed is told with its use', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-items-'));
  const state = await openState({ kind: 'sqlite', file: path.join(folder, 'state.db') });
  t.after(() => state.close());
  const seals = await openKeyring(path.join(folder, 'keys'), 'seal', path.join(folder, 'data'));
  const mac = (text: string) => createHmac('sha256', 'k').update(text).digest();
  let now = AT;
  const items = new RecordItems(state, seals, mac, () => now++, 'Europe/London');
  const typed = { user: 'Practitioner/Kim', patient: 'pi_1', at: AT, reason: 'Jane Doe collapsed' };
  await items.keepReasons([typed, typed, { ...typed, patient: 'pi_2', at: AT + 3_600_000, reason: 'her mother' }]);
  await items.keepReasons([typed, { ...typed, user: 'ash', reason: 'somebody else’s' }]);
  await items.keep([
    ITEM,
    // Known by her NHS number by now: found by the minute.
    { ...ITEM, patient: 'pt_2', at: '2026-07-02 01:30' },
    { ...ITEM, patient: 'pi_3', at: '2026-07-02 05:00' },
    { ...ITEM, patient: 'pi_4', reason: 'as the log has it' },
    { ...ITEM, kind: 'sealed', patient: 'pi_1' },
  ]);
  const page = await items.page(null, 100);
  deepEqual(
    page
      .map(({ one: { item } }) => `${item.kind} ${item.patient} ${item.reason ?? '-'}`)
      .sort((a, b) => (a < b ? -1 : 1)),
    [
      'break-glass pi_1 Jane Doe collapsed',
      'break-glass pi_3 -',
      'break-glass pi_4 as the log has it',
      'break-glass pt_2 her mother',
      'sealed pi_1 -',
    ],
    'and reasons are no items',
  );
  const rows = await state.db.selectFrom('record_items').selectAll().execute();
  ok(rows.every(({ id, sealed }) => !`${id}${sealed.toString('latin1')}`.includes('Jane')));
  equal(rows.length, 7);
});

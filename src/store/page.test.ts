import { deepEqual } from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { behind, type Cursor } from './page.ts';
import { openState } from './state.ts';

test('pages follow each other without a gap or a repeat, ties of time included', async (t) => {
  const state = await openState({
    kind: 'sqlite',
    file: path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-page-')), 's.db'),
  });
  t.after(() => state.close());
  const rows = Array.from({ length: 23 }, (_, i) => ({
    id: `aud_${String(i).padStart(3, '0')}` as const,
    at: Math.floor(i / 5),
    actor: 'a',
    action: 'b',
    subject: null,
    detail: '{}',
  }));
  await state.db.insertInto('audit').values(rows).execute();
  const seen: string[] = [];
  let cursor: Cursor | null = null;
  for (;;) {
    const page: Cursor[] = await state.db
      .selectFrom('audit')
      .select(['id', 'at'])
      .where(behind(cursor, 'at'))
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(4)
      .execute();
    if (page.length === 0) break;
    seen.push(...page.map(({ id }) => id));
    cursor = page.at(-1) ?? null;
  }
  deepEqual(seen, rows.map(({ id }) => id).toReversed());
});

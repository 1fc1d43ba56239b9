/**
 * Scope over many accesses, from columns and from memory: 1 million here, 10 million by `npm run scope:large`, which takes
 * some minutes and up to 16 GB, nearly all of them in memory.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { dayOfRegion, loadWeek, WEEK } from '../bench/region.ts';
import { type ScopeQuestion } from '../src/records/scope-answer.ts';
import { scopeOf } from '../src/records/scope.ts';
import { judgeColumns } from '../src/records/scope-columns.ts';
import { type AccessPart, columnTables, partOf, writeColumns } from '../src/store/archive/access-columns.ts';
import { AccessStage } from '../src/store/archive/access-rows.ts';
import { AccessSearch } from '../src/store/archive/access-search.ts';
import { quoted } from '../src/store/archive/database.ts';
import { ACCESS_READER } from '../src/watch/access-reader.ts';

const ACCESSES = Number(process.env['WARDWATCH_SCOPE_ACCESSES'] ?? 1e6);
const DAY_MS = 86_400_000;
const ZONE = 'Europe/London';

test(`over ${ACCESSES.toLocaleString('en-GB')} accesses, columns and memory say the same, and nobody who was touched is missed`, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-large-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const database = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: '1024MB',
    temp_directory: path.join(folder, 'tmp'),
  });
  const connection = await database.connect();
  const week = await loadWeek(connection, folder, ACCESSES / WEEK);
  const stage = await AccessStage.make(connection, 'staged', ACCESS_READER);
  for (let index = 0; index < WEEK; index++)
    await connection.run(`insert into ${stage.table} ${dayOfRegion(week.firstDay + index, week)}`);

  const parts: AccessPart[] = [];
  for (let index = 0; index < WEEK; index++) {
    const day = week.firstDay + index;
    const part = await columnTables(connection, 'made', stage.table, day, ACCESS_READER.believed, parts);
    parts.push(partOf(await writeColumns(connection, part, [], folder, index), folder));
  }
  const from = (week.firstDay + 2) * DAY_MS + 7 * 3_600_000;
  const question: ScopeQuestion = {
    accounts: ['u00017-0', 'u00722-1'],
    hosts: ['S1-ward-9-pc0-2'],
    addresses: ['10.0.35.3.1'],
    from,
    to: from + 2.5 * DAY_MS,
  };
  const fast = (await judgeColumns(await AccessSearch.make(connection, parts), question, ZONE))([]);

  // The slow and obvious way, of what is certain.
  const touched = await connection.runAndReadAll(
    `select distinct patient from ${stage.table} where t >= ${question.from} and t < ${question.to}
      and (account in ('u00017-0', 'u00722-1') or host = 'S1-ward-9-pc0-2' or address = '10.0.35.3.1') order by patient`,
  );
  const certain = fast.patients.filter(({ certainty }) => certainty === 'certain').map(({ patient }) => patient);
  deepEqual(
    certain,
    touched.getRows().map(([patient]) => patient),
  );
  ok(certain.length > 20, `${certain.length} patients`);

  const csv = path.join(folder, 'csv');
  mkdirSync(csv);
  await connection.run(
    `copy (select strftime(make_timestamp(t * 1000), '%Y-%m-%dT%H:%M:%SZ') as time, account as user, patient, action, resource, device,
        location, purpose, glass as break_glass, host, address, session, sequence, outcome from ${stage.table} order by t)
      to ${quoted(path.join(csv, 'accesses.csv'))} (format csv, header)`,
  );
  connection.closeSync();
  database.closeSync();
  const slow = scopeOf(csv, question, { zone: ZONE, pseudonymKey: null });
  equal(fast.total.hash, slow.total.hash);
  deepEqual(fast.patients, slow.patients);
  deepEqual(fast.total, slow.total);
});

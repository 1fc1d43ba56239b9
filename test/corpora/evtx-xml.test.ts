/** The same events as XML that Windows itself wrote, and in the binary log: every value must agree. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { FieldValue } from '../../src/core/event.ts';
import { EvtxReader } from '../../src/intake/evtx/reader.ts';
import { corpusDir } from '../corpus.ts';
import { type Failure, readAll, report } from './suites.ts';

/** As XML writes it; there a line ends with LF alone. */
function written(value: FieldValue): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(written).join('|');
  return typeof value === 'object' ? JSON.stringify(value) : String(value).replaceAll('\r\n', '\n').trim();
}

test('event logs say what Windows’ own XML of them says', (t) => {
  const base = corpusDir('ts-evtx-fixtures');
  if (base === null) return t.skip();
  const failures: Failure[] = [];
  let values = 0;
  let records = 0;
  for (const name of ['Application', 'Security', 'System']) {
    const folder = path.join(base, 'test', 'fixtures');
    const byId = new Map(
      readAll(readFileSync(path.join(folder, `${name}.xml`), 'utf8').replace(/^\uFEFF/, '')).events.map((event) => [
        written(event.fields['EventRecordID']),
        event,
      ]),
    );
    const bytes = readFileSync(path.join(folder, `${name}.evtx`));
    new EvtxReader({
      onRecord: (record) => {
        const id = written(record.valueAt(record.layout.slotOf('EventRecordID')));
        const event = byId.get(id);
        if (event === undefined) return;
        records++;
        byId.delete(id);
        for (const [field, value] of Object.entries(event.fields)) {
          // Times differ in their last digits, which a number of milliseconds does not have.
          if (/SystemTime/.test(field)) continue;
          values++;
          const ours = record.valueAt(record.layout.slotOf(field));
          if (written(ours) !== written(value))
            failures.push({
              of: `${name} ${id} ${field}`,
              said: `“${written(value).slice(0, 80)}” read as “${written(ours).slice(0, 80)}”`,
            });
        }
      },
      onDamage: () => undefined,
    }).readChunks(bytes.subarray(4096), 4096);
    for (const id of byId.keys()) failures.push({ of: `${name} ${id}`, said: 'there is no such record' });
  }
  process.stdout.write(`${records} records compared\n`);
  report('Windows’ XML values', values, failures, {});
});

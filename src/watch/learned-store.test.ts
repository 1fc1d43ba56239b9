import { deepEqual, equal } from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Behaviour } from '../detect/behaviour/behaviour.ts';
import { KnownNames } from '../detect/known-names.ts';
import { readLearned, writeLearned } from './learned-store.ts';

const noDamage = () => {
  throw new Error('it is not damaged');
};

test('what was learned is read back as it was written', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-learned-')), 'learned', 'behaviour.json');
  equal(readLearned(file, noDamage), null);
  const behaviour = new Behaviour();
  behaviour.rarityOf('rule', { host: 'ws1' }, Date.UTC(2026, 10, 2));
  const names = new KnownNames(undefined).save();
  const said = ['ann@hospice.example', { name: 'S-1-5-21-1-2-3-1105', at: 1, rivalAt: null }] as const;
  const kept = { ...names, people: [said], principals: [said], shortDomains: [said], longDomains: [said] };
  await writeLearned(file, { to: 4711, behaviour: behaviour.save(), names: kept });
  const learned = readLearned(file, noDamage);
  equal(learned?.to, 4711);
  deepEqual(learned.names, kept);
  deepEqual(Behaviour.from(learned.behaviour).save(), behaviour.save());
});

for (const text of ['', '{', '{"schema":"wardwatch.learned/2","to":1}', 'null']) {
  test(`a file that holds “${text}” is told of, and learning begins again`, () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'wardwatch-learned-')), 'behaviour.json');
    writeFileSync(file, text);
    let damaged = 0;
    equal(
      readLearned(file, () => damaged++),
      null,
    );
    equal(damaged, 1);
  });
}

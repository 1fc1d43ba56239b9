/** Audit events of FHIR and IHE that nobody here wrote, as accesses: who, which patient, did what, when. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { corpusDir } from '../corpus.ts';
import { type Failure, filesOf, readAll, report } from './suites.ts';

const SUITES: readonly (readonly [corpus: string, known: Readonly<Record<string, readonly string[]>>])[] = [
  ['fhir-auditevent-radwf', {}],
  ['fhir-test-cases', {}],
  ['ukcore-examples', {}],
];

for (const [corpus, known] of SUITES)
  test(`FHIR’s audit events in ${corpus} are accesses`, (t) => {
    const base = corpusDir(corpus);
    if (base === null) return t.skip();
    const failures: Failure[] = [];
    let all = 0;
    for (const file of filesOf(base)) {
      if (!/\.(?:json|xml)$/.test(file)) continue;
      const text = readFileSync(file, 'utf8');
      const written = (text.match(/"resourceType" *: *"AuditEvent"|<AuditEvent[\s>]/g) ?? []).length;
      if (written === 0) continue;
      all++;
      const { events } = readAll(text);
      const recorded = (text.match(/"recorded" *:|<recorded /g) ?? []).length;
      const whole = events.filter(
        ({ logSource, fields }) =>
          logSource.category === 'record_access' && fields['action'] !== undefined && fields['user'] !== undefined,
      );
      const timed = events.filter(({ at }) => at !== null).length;
      if (whole.length !== written || timed < recorded)
        failures.push({
          of: path.relative(base, file),
          said: `${whole.length} accesses of ${written}, ${timed} with a time of ${recorded}`,
        });
    }
    report(`FHIR AuditEvent (${corpus})`, all, failures, known);
  });

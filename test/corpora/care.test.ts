/** HL7 v2 messages and FHIR resources that nobody here wrote: what they say of who is cared for where. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { careOfResource, finderIn, isCareResource } from '../../src/intake/fhir/care.ts';
import { isObject } from '../../src/intake/formats/shape.ts';
import { careOf } from '../../src/intake/hl7/care.ts';
import { readHl7, segmentOf, textOf } from '../../src/intake/hl7/message.ts';
import { corpusDir } from '../corpus.ts';
import { type Failure, filesOf, report } from './suites.ts';

const CONTEXT = { timeZone: 'Europe/London', receivedAt: Date.parse('2026-11-24') };
const RELATIONSHIP = /^MSH\|(?:[^|]*\|){7}(?:ADT|SIU|ORM|OMG|OML|OMI|REF)\^/;

const HL7: readonly (readonly [corpus: string, known: Readonly<Record<string, readonly string[]>>])[] = [
  ['ipf-atna', { 'it has no PID': ['platform-camel/ihe/mllp/src/test/resources/iti8/iti8-a01-incomplete.hl7'] }],
  ['hl7v2-lfh', { 'its MSH-2 has the escape character twice': ['src/test/resources/sample_unix.hl7'] }],
];

for (const [corpus, known] of HL7)
  test(`HL7’s messages about care in ${corpus} are read`, (t) => {
    const base = corpusDir(corpus);
    if (base === null) return t.skip();
    const failures: Failure[] = [];
    let all = 0;
    for (const file of filesOf(base)) {
      const text = readFileSync(file, 'latin1').trimStart();
      if (!RELATIONSHIP.test(text)) continue;
      all++;
      // Made for tests, many say so; what is asked here is whether they can be read.
      const bytes = Buffer.from(text.replace(/^(MSH\|(?:[^|]*\|){9})[TD](?=[|^\r\n])/, '$1P'), 'latin1');
      const said = hl7Problem(bytes);
      if (said !== null) failures.push({ of: path.relative(base, file), said });
    }
    report(`HL7 v2 about care (${corpus})`, all, failures, known);
  });

/** `null`: all that it says of care was read. */
function hl7Problem(bytes: Buffer): string | null {
  const message = readHl7(bytes);
  if (!message.ok) return message.error.reason;
  const notes = careOf(message.value, CONTEXT);
  if (!notes.ok) return notes.error.reason;
  const { separators, segments } = message.value;
  const patients = segments.filter(([name]) => name === 'PID').length;
  if (notes.value.length !== patients) return `${notes.value.length} notes of ${patients} patients`;
  const isPlaced = textOf(segmentOf(message.value, 'PV1'), 3, 1, separators) !== '';
  const isMove = /^A0[1-8]$/.test(textOf(segmentOf(message.value, 'MSH'), 9, 2, separators));
  return isPlaced && isMove && notes.value.every(({ care }) => care.length === 0) ? 'no care' : null;
}

const FHIR: readonly (readonly [corpus: string, known: Readonly<Record<string, readonly string[]>>])[] = [
  ['fhir-test-cases', { 'it names neither a place nor a service': ['r4/examples/encounter-example.json 0'] }],
  ['synthea-hiv-fhir', {}],
];

for (const [corpus, known] of FHIR)
  test(`FHIR’s resources about care in ${corpus} are read`, (t) => {
    const base = corpusDir(corpus);
    if (base === null) return t.skip();
    const failures: Failure[] = [];
    let all = 0;
    for (const file of filesOf(base)) {
      const resource = file.endsWith('.json') ? parsed(readFileSync(file, 'utf8')) : null;
      if (!isObject(resource)) continue;
      const isBundle = resource['resourceType'] === 'Bundle';
      const entries: readonly unknown[] = !isBundle
        ? [{ resource }]
        : Array.isArray(resource['entry'])
          ? resource['entry']
          : [];
      for (const [index, entry] of entries.entries()) {
        const one = isObject(entry) ? entry['resource'] : null;
        if (!isObject(one) || !isCareResource(one)) continue;
        all++;
        const notes = careOfResource(one, { ...CONTEXT, find: finderIn(entries) });
        const isSaid =
          notes.ok && (one['resourceType'] === 'Patient' || notes.value.some(({ care }) => care.length > 0));
        const of = `${path.relative(base, file)} ${index}`;
        if (!isSaid) failures.push({ of, said: notes.ok ? 'no care' : notes.error.reason });
      }
    }
    report(`FHIR about care (${corpus})`, all, failures, known);
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

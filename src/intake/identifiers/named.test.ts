/** What a patient is called by a name that a system gives it goes too: in fields, in text, in texts within texts. */
import { equal, match, ok } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FieldRecord } from '../../core/event.ts';
import { mayName, replaceNamed } from './named.ts';
import { Pseudonymiser } from './pseudonyms.ts';

const pseudonymiser = new Pseudonymiser((text) => createHmac('sha256', 'a').update(text).digest());

function cleaned(fields: FieldRecord, text: string | null = null) {
  const event = { record: 1, at: null, atText: null, zoneAssumed: false, logSource: {}, text };
  return pseudonymiser.event({ ...event, fields });
}

/** The text as it is kept, in a field and as the whole. */
function kept(text: string): string {
  const clean = cleaned({ Message: text }, text);
  equal(clean.fields['Message'], clean.text);
  return clean.text ?? '';
}

/** Nothing of these may be left. */
const PERSON = /Dawkinsx|Ermintrude|1950|1234567|H1722/i;

const fields: readonly [what: string, fields: FieldRecord][] = [
  ['a local number that is a number', { user: 'kim', mrn: 1234567, note: 'opened 1234567 now' }],
  ['the same, in a nested object', { data: { patient_id: 1234567 } }],
  ['a list of them', { patientIds: [1234567, 'H1722'] }],
  ['a patient as an object', { patient: { id: 'H1722', name: { family: 'Dawkinsx', given: ['Ermintrude'] } } }],
  ['a patient deeper down', { patient: { demographics: { surname: 'Dawkinsx', date_of_birth: '1950-02-03' } } }],
  ['parts of a name', { patient_surname: 'Dawkinsx', patientFirstName: 'Ermintrude', PatientFullName: 'E Dawkinsx' }],
  ['a birth date', { patient_date_of_birth: '1950-02-03', patientBirthDate: '1950-02-03' }],
  ['the patient of a selection', { selectedPatientId: 'H1722', inpatient_mrn: '1234567', patientNhsNumber: '1234567' }],
  ['a name beside a birth date', { surname: 'Dawkinsx', forename: 'Ermintrude', dob: '1950-02-03' }],
  [
    'JSON as text',
    { message: JSON.stringify({ patient: { id: 'H1722', name: 'Ermintrude Dawkinsx' }, mrn: 1234567 }) },
  ],
  ['JSON within JSON as text', { m: JSON.stringify({ body: JSON.stringify({ patientName: 'Ermintrude Dawkinsx' }) }) }],
];
for (const [what, given] of fields)
  test(`${what} is replaced`, () => {
    ok(PERSON.test(JSON.stringify(given)));
    ok(!PERSON.test(JSON.stringify(cleaned(given).fields)), JSON.stringify(cleaned(given).fields));
  });

const texts: readonly string[] = [
  'Opened record PatientID=H1722 DOB: 03/02/1950',
  'Patient Name: Ermintrude Dawkinsx, DOB 3 Feb 1950, MRN 1234567',
  "patientName='Dawkinsx, Ermintrude' dob=1950-02-03 ward=W3",
  'patientName=DAWKINSX, ERMINTRUDE dob=19500203',
  'GET /epr/search?mrn=1234567&dob=1950-02-03&surname=Dawkinsx&forename=Ermintrude HTTP/1.1',
  'GET /fhir/Patient?family=Dawkinsx&given=Ermintrude&birthdate=1950-02-03 HTTP/1.1',
  'GET /fhir/Patient/H1722/$everything HTTP/1.1',
  '<log><PatientName>Ermintrude Dawkinsx</PatientName><ns:PatientID use="x">H1722</ns:PatientID><DOB>1950-02-03</DOB></log>',
  '<open patientName="Ermintrude Dawkinsx" mrn="1234567"/>',
  'saved {"patientName":"Ermintrude O\'Dawkinsx","mrn":1234567} in 3 ms',
  'saved "{\\"patientName\\":\\"Ermintrude Dawkinsx\\",\\"mrn\\":1234567}" in 3 ms',
  "SELECT name FROM episodes WHERE patient_id = 1234567 AND dob = '1950-02-03'",
  'Hospital number: H1722',
  '<13>1 2026-11-26T12:50:00Z epr1 epr - - - {"patient": {"id": "H1722", "name": "Ermintrude Dawkinsx"}, "ok": true} in 3 ms',
  'opened [{"patient": {"family": "Dawkinsx"}}] and PatientID=H1722',
  '<PID.5><PID.5.1>Dawkinsx</PID.5.1><PID.5.2>Ermintrude</PID.5.2></PID.5><PID.7.1>19500203</PID.7.1>',
];
for (const text of texts)
  test(`“${text.slice(0, 60)}” tells nobody who it was`, () => {
    ok(PERSON.test(text));
    ok(!PERSON.test(kept(text)), kept(text));
  });

test('the same person is one pseudonym, by whichever name', () => {
  const pseudonym = pseudonymiser.of('H1722');
  for (const text of ['GET /fhir/Patient/H1722', 'PatientID=H1722', '{"mrn":"H1722"}', 'MRN: H1722'])
    match(kept(text), new RegExp(pseudonym), text);
  equal(cleaned({ mrn: 1234567 }).fields['mrn'], pseudonymiser.of('1234567'));
});

const harmless: readonly string[] = [
  'Account Name: SYSTEM, Workstation Name: WS-17',
  'GET /patients/search?page=2 HTTP/1.1',
  'GET /outpatient/2/clinics HTTP/1.1',
  '/srv/patients/list2019.xlsx was read',
  'Patient: record opened by kim',
  'Exported patients: 1250 in 3 s, patients=1250',
  '{"patients":1250,"of_patients":7}',
  'patient_count=42 patientClass=I hospital=RX1',
  'SELECT * FROM patient WHERE patient_id = @p0',
  'the child process of chi.exe: 17',
  'surname=Shah user=kim',
  '{"patient":null,"patientId":"","mrn":null}',
];
for (const text of harmless) test(`leaves “${text}” as it is`, () => equal(kept(text), text));

test('a short number is replaced where it stands, and the rest of the event keeps its own', () => {
  const { fields, text } = cleaned({ patient_id: 2026, at: '2026-11-26' }, 'patient_id=2026 at 2026-11-26');
  equal(fields['at'], '2026-11-26');
  equal(text, `patient_id=${pseudonymiser.of('2026')} at 2026-11-26`);
});

test('a hostile text costs no more than its length', () => {
  for (const piece of [
    'patient',
    'patientName=A ',
    'dob"',
    'mrn "\\',
    '<PatientName ',
    'Patient Name: Aa ',
    '{"mrn":[',
    'PID.5>',
  ])
    for (const text of [piece.repeat(Math.ceil(300_000 / piece.length))]) {
      const started = performance.now();
      cleaned({ m: text });
      ok(performance.now() - started < 5000, piece);
    }
});

test('one look at each character takes no text for one that names nobody if its words name somebody', () => {
  const pieces = fc.constantFrom(
    'patient',
    'Patients',
    'PATIENT',
    'nhs',
    'NHS',
    'no',
    'num',
    'number',
    'name',
    'id',
    'mrn',
    'MRN',
    'dob',
    'DOB',
    'date',
    'of',
    'birth',
    'hospital',
    'chi',
    'CHI',
    'hc',
    'pat',
    '<PID.',
    '5',
    '.',
    '_',
    ' ',
    '-',
    '=',
    ':',
    '": "',
    '>',
    '</PID.5>',
    'Shah',
    '4711',
    'x',
    'pa',
    'é',
    '?',
    '/',
    'family',
    'given',
    '&',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (some) => {
      const text = some.join('');
      ok(replaceNamed(text, () => '#') === text || mayName(text), text);
    }),
    { numRuns: 20_000, seed: 20_261_126 },
  );
});

test('what most texts hold is not looked at twice', () => {
  for (const text of [
    'C:\\Windows\\System32\\svchost.exe',
    'ws-17.trust.nhs.uk',
    'The machine adopts properties, virtually.',
  ])
    equal(mayName(text), false, text);
});

test('machines and programs that are called by patients keep their names', () => {
  for (const text of [
    'PATIENT-PC12345',
    'patient-tv101.trust.nhs.uk',
    'Computer PATIENT-WS0012 started',
    'C:\\Program Files\\Patient 360\\app.exe',
    'patient portal 2.4.1',
    '\\\\fs1\\patients\\2026\\list.xlsx',
  ])
    equal(kept(text), text);
  for (const text of ['patient 12345 opened', 'Patient: H1722345', 'patient-1234567 opened', 'patient #12345'])
    ok(!/\d{5}/.test(kept(text).replaceAll(/pi_[0-9a-f]{20}/g, '')), text);
});

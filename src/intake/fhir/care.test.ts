import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Care, CareNote } from '../../core/care.ts';
import type { JsonObject } from '../formats/shape.ts';
import { careOfResource, finderIn } from './care.ts';

const at = (text: string) => Date.parse(text);
const RECEIVED = at('2026-11-02T12:00:00Z');
const SUBJECT = { subject: { reference: 'Patient/17' } };
const META = { meta: { lastUpdated: '2026-11-02T10:00:00Z' } };
const UPDATED = at('2026-11-02T10:00:00Z');

function notes(resource: JsonObject, entries: readonly unknown[] = []): readonly CareNote[] {
  const read = careOfResource(resource, { timeZone: 'Europe/London', receivedAt: RECEIVED, find: finderIn(entries) });
  ok(read.ok, JSON.stringify(read));
  return read.value;
}

/** `stay W7 08:00–`, in hours of the day. */
function said(care: readonly Care[] | undefined): string[] {
  const clock = (time: number | null) => (time === null ? '' : new Date(time).toISOString().slice(5, 16));
  return (care ?? []).flatMap((one) =>
    one.is === 'step'
      ? [`${one.step} ${one.department} since ${clock(one.since)}${one.days === null ? '' : ` for ${one.days}`}`]
      : one.places.length === 0
        ? [`no ${one.kind}`]
        : one.places.map(({ department, from, to }) => `${one.kind} ${department} ${clock(from)}–${clock(to)}`),
  );
}

const encounter = (more: object): JsonObject => ({
  resourceType: 'Encounter',
  id: 'e1',
  status: 'in-progress',
  class: { code: 'IMP' },
  ...SUBJECT,
  ...META,
  period: { start: '2026-11-01T08:00:00Z' },
  ...more,
});
const place = (id: string, more: object = {}) => ({ location: { reference: `Location/${id}` }, ...more });

for (const [what, more, expected] of [
  [
    'of which every place says since when',
    {
      location: [
        place('w7', { status: 'completed', period: { start: '2026-11-01T08:00:00Z', end: '2026-11-02T09:00:00Z' } }),
        place('w8', { status: 'active', period: { start: '2026-11-02T09:00:00Z' } }),
        place('w9', { status: 'planned', period: { start: '2026-11-03T09:00:00Z' } }),
      ],
    },
    ['stay w7 11-01T08:00–11-02T09:00', 'stay w8 11-02T09:00–'],
  ],
  [
    'that says only where the patient is now',
    { location: [place('w7', { status: 'active' })] },
    ['in w7 since 11-01T08:00'],
  ],
  ['of an outpatient', { class: { code: 'AMB' }, location: [place('c1')] }, ['in c1 since 11-01T08:00 for 1']],
  [
    'of R5, with several classes and other names',
    {
      class: [{ coding: [{ code: 'EMER' }] }],
      period: undefined,
      actualPeriod: { start: '2026-11-01T08:00:00Z' },
      location: [place('ed')],
    },
    ['in ed since 11-01T08:00 for 3'],
  ],
  [
    'that is planned',
    { status: 'planned', location: [place('w7', { status: 'planned' })] },
    ['appointment w7 11-01T08:00–'],
  ],
  ['that was cancelled', { status: 'cancelled' }, ['no stay', 'no appointment', 'never  since ']],
  [
    'without a place, with a service',
    { serviceType: { coding: [{ code: 'cardio' }] } },
    ['in cardio since 11-01T08:00'],
  ],
  ['without either', {}, []],
] as const)
  test(`an encounter ${what} is told as it is`, () => {
    const [note] = notes(encounter(more));
    equal(note?.at, UPDATED);
    deepEqual(note?.patient, ['Patient/17']);
    deepEqual(said(note?.care), expected);
  });

test('an encounter that is over ended when its period did', () => {
  const end = '2026-11-01T20:00:00Z';
  const period = { start: '2026-11-01T08:00:00Z', end };
  const [note] = notes(encounter({ status: 'finished', period, location: [place('w7')] }));
  equal(note?.at, at(end));
  deepEqual(said(note?.care), ['out w7 since 11-01T08:00']);
  const whole = encounter({
    status: 'completed',
    period,
    location: [place('w7', { period: { start: period.start } })],
  });
  deepEqual(said(notes(whole)[0]?.care), ['stay w7 11-01T08:00–11-01T20:00']);
});

const appointment = (more: object): JsonObject => ({
  resourceType: 'Appointment',
  id: 'a1',
  status: 'booked',
  start: '2026-11-09T10:00:00Z',
  participant: [
    { actor: { reference: 'Patient/17' } },
    { actor: { reference: 'Location/c1' } },
    { actor: { reference: 'Practitioner/x' } },
  ],
  ...META,
  ...more,
});

for (const [what, more, expected] of [
  ['that is booked', {}, ['appointment c1 11-09T10:00–']],
  ['that nobody came to', { status: 'noshow' }, ['appointment c1 11-09T10:00–']],
  ['that was cancelled', { status: 'cancelled' }, ['no appointment']],
  [
    'without a room, with a service',
    {
      participant: [{ actor: { reference: 'Patient/17' } }],
      serviceType: [{ concept: { coding: [{ code: 'derm' }] } }],
    },
    ['appointment derm 11-09T10:00–'],
  ],
] as const)
  test(`an appointment ${what} is told as it is`, () => deepEqual(said(notes(appointment(more))[0]?.care), expected));

test('an appointment of a group is one for each patient', () => {
  const participant = ['Patient/17', 'Patient/18', 'Location/c1'].map((reference) => ({ actor: { reference } }));
  deepEqual(
    notes(appointment({ participant })).map(({ patient }) => patient),
    [['Patient/17'], ['Patient/18']],
  );
});

const request = (more: object): JsonObject => ({
  resourceType: 'ServiceRequest',
  id: 's1',
  status: 'active',
  intent: 'order',
  authoredOn: '2026-11-02T09:00:00Z',
  ...SUBJECT,
  ...META,
  ...more,
});

for (const [what, more, expected] of [
  [
    'to a service',
    { performer: [{ reference: 'Practitioner/x' }, { reference: 'HealthcareService/rad' }] },
    ['order rad 11-02T09:00–'],
  ],
  [
    'of a kind',
    { category: [{ coding: [{ code: 'imaging' }] }], code: { coding: [{ code: 'chest' }] } },
    ['order imaging 11-02T09:00–'],
  ],
  [
    'for a later day',
    { code: { concept: { coding: [{ code: 'mri' }] } }, occurrenceDateTime: '2026-11-20T09:00:00Z' },
    ['order mri 11-02T09:00–11-27T09:00'],
  ],
  [
    'that is a referral',
    { category: [{ coding: [{ code: '3457005' }] }], performer: [{ reference: 'Organization/cardio' }] },
    ['referral cardio 11-02T09:00–'],
  ],
  ['that was taken back', { status: 'revoked', performer: [{ reference: 'Organization/cardio' }] }, ['no order']],
] as const)
  test(`a request ${what} is told as it is`, () => deepEqual(said(notes(request(more))[0]?.care), expected));

test('a care team’s organisations care for the patient as long as it is there', () => {
  const team = (more: object): JsonObject => ({
    resourceType: 'CareTeam',
    id: 't1',
    status: 'active',
    period: { start: '2026-11-01' },
    managingOrganization: [{ reference: 'Organization/cmht' }],
    participant: [{ member: { reference: 'Practitioner/x' }, onBehalfOf: { reference: 'Organization/crisis' } }],
    ...SUBJECT,
    ...META,
    ...more,
  });
  deepEqual(said(notes(team({}))[0]?.care), [
    'referral cmht 11-01T00:00–03-08T10:00',
    'referral crisis 11-01T00:00–03-08T10:00',
  ]);
  deepEqual(said(notes(team({ status: 'inactive' }))[0]?.care)[0], 'referral cmht 11-01T00:00–11-02T10:00');
  deepEqual(said(notes(team({ status: 'entered-in-error' }))[0]?.care), ['no referral']);
});

test('a patient’s resource joins its ids, says who lives where, and which record it replaces', () => {
  const patient = {
    resourceType: 'Patient',
    id: '17',
    ...META,
    identifier: [
      { system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000018' },
      { value: 'V1', type: { coding: [{ code: 'VN' }] } },
      { value: 'H-old', use: 'old' },
    ],
    name: [{ use: 'maiden', family: 'Old' }, { family: 'Doe' }],
    address: [{ line: ['1 High St'], postalCode: 'LS1 4AB' }],
    deceasedDateTime: '2026-10-01',
    link: [
      { type: 'replaces', other: { reference: 'Patient/16' } },
      { type: 'replaced-by', other: { reference: 'Patient/18' } },
      { type: 'seealso', other: { reference: 'Patient/19' } },
    ],
  };
  const [own, replaces, replaced, ...more] = notes(patient);
  deepEqual(own, {
    at: UPDATED,
    messageType: 'Patient',
    patient: ['9990000018', 'Patient/17'],
    former: [],
    person: { surname: 'Doe', household: '1 High St LS1 4AB', postcode: 'LS1 4AB' },
    deceasedAt: at('2026-10-01T23:00:00Z'),
    care: [],
  });
  deepEqual([replaces?.patient, replaces?.former], [['9990000018', 'Patient/17'], ['Patient/16']]);
  deepEqual([replaced?.patient, replaced?.former], [['Patient/18'], ['9990000018', 'Patient/17']]);
  deepEqual(more, []);
});

test('a reference is followed within its bundle, and one to another server names the same patient', () => {
  const entries = [
    { fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient', identifier: [{ value: '9990000018' }] } },
    { fullUrl: 'urn:uuid:2', resource: { resourceType: 'Location', identifier: [{ value: 'WARD7' }] } },
  ];
  const [note] = notes(
    encounter({ subject: { reference: 'urn:uuid:1' }, location: [{ location: { reference: 'urn:uuid:2' } }] }),
    entries,
  );
  deepEqual(note?.patient, ['9990000018']);
  deepEqual(said(note?.care), ['in WARD7 since 11-01T08:00']);
  const abroad = { subject: { reference: 'https://epr/fhir/Patient/17/_history/2' } };
  deepEqual(notes(encounter(abroad))[0]?.patient, ['Patient/17']);
});

for (const [what, resource, why] of [
  ['an encounter of nobody', { resourceType: 'Encounter' }, 'no-patient'],
  ['an appointment of nobody', appointment({ participant: [] }), 'no-patient'],
  ['an appointment at no time', appointment({ start: 'soon' }), 'bad-time'],
  ['a patient without an id', { resourceType: 'Patient' }, 'no-patient'],
  ['lists that are none', { resourceType: 'Encounter', subject: 5, location: 'x', class: [[[]]] }, 'no-patient'],
] as const)
  test(`refuses ${what}`, () => {
    const read = careOfResource(resource, { timeZone: 'UTC', receivedAt: RECEIVED, find: () => undefined });
    equal(read.ok ? 'taken' : read.error.reason, why);
  });

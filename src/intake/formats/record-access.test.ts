/** Whose record an audit message says was opened, and by whom. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { readPieces } from './format-contract.ts';
import { MessageReader } from '../message-reader.ts';
import { json } from './json.ts';
import { syslog } from './syslog-format.ts';
import { parseSyslog } from './syslog.ts';
import { xml } from './xml.ts';

const AT = '2026-07-02T09:49:00Z';

function auditEvent(more: object): string {
  return JSON.stringify({
    resourceType: 'AuditEvent',
    action: 'R',
    recorded: AT,
    agent: [{ requestor: true, who: { identifier: { value: 'kim' } } }],
    ...more,
  });
}

function fieldsOf(text: string) {
  return readPieces(text.startsWith('<') ? xml : json, [`${text}\n`]).events.map(({ fields }) => fields);
}

for (const [what, entities, patients] of [
  ['an address on a server', [{ what: { reference: 'https://epr/fhir/Patient/17' } }], ['Patient/17']],
  ['one version of her', [{ what: { reference: 'Patient/17/_history/3' } }], ['Patient/17']],
  [
    'an NHS number beside an id of the server',
    [{ what: { reference: 'Patient/17', identifier: { value: '999 000 0018' } } }],
    ['999 000 0018'],
  ],
  [
    'an id that is no NHS number beside an id of the server',
    [{ what: { reference: 'Patient/17', identifier: { value: 'H-17' } } }],
    ['Patient/17'],
  ],
  ['a reference that names no kind', [{ what: { reference: 'urn:uuid:1' }, role: { code: '1' } }], ['urn:uuid:1']],
  ['a person without a role', [{ what: { identifier: { value: 'H-17' } }, type: { code: '1' } }], ['H-17']],
  [
    'the same patient three times over',
    [
      { what: { reference: 'https://epr/fhir/Patient/17' }, role: { code: '1' } },
      { what: { reference: 'Patient/17/_history/1' } },
      { what: { reference: 'Patient/17' } },
    ],
    ['Patient/17'],
  ],
] as const)
  test(`whose record: ${what}`, () => deepEqual(fieldsOf(auditEvent({ entity: entities }))[0]?.['patient'], patients));

test('a person who is the doctor or the user in question is no patient', () => {
  for (const role of ['5', '6', '8'])
    equal(
      fieldsOf(
        auditEvent({
          entity: [{ what: { reference: 'Practitioner/5' }, type: { code: '1' }, role: { code: role } }],
        }),
      )[0]?.['patient'],
      undefined,
    );
});

test('of an export of thousands of records every patient is told, however many entities and entries there are', () => {
  const entity = Array.from({ length: 2500 }, (_, i) => ({ what: { reference: `Patient/${i}` } }));
  const request = { type: { code: 'XrequestId' }, what: { identifier: { value: 'r1' } } };
  const events = fieldsOf(auditEvent({ entity: [...entity, request], patient: { reference: 'Patient/own' } }));
  equal(events.flatMap(({ patient }) => patient).length, 2501);
  deepEqual([...new Set(events.map(({ request_id: id }) => id))], ['r1']);
  const entry = Array.from({ length: 2500 }, () => ({ resource: JSON.parse(auditEvent({})) as object }));
  equal(fieldsOf(JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry })).length, 2500);
});

test('the person who asked is the user, and not the program that asked for them', () => {
  const agent = [
    { type: { coding: [{ code: '110153' }] }, requestor: true, who: { reference: 'Device/portal' } },
    { type: { coding: [{ code: 'humanuser' }] }, requestor: true, who: { identifier: { value: 'kim' } } },
  ];
  equal(fieldsOf(auditEvent({ agent }))[0]?.['user'], 'kim');
  equal(fieldsOf(auditEvent({ agent: agent.slice(0, 1) }))[0]?.['user'], 'Device/portal');
});

function atna(participants: string, objects: string): string {
  return `<AuditMessage><EventIdentification EventActionCode="E" EventDateTime="${AT}" EventOutcomeIndicator="0"><EventID csd-code="110112"/></EventIdentification>${participants}${objects}</AuditMessage>`;
}
const PROGRAM =
  '<ActiveParticipant UserID="http://portal/reply" UserIsRequestor="true"><RoleIDCode csd-code="110153"/></ActiveParticipant>';
const PERSON =
  '<ActiveParticipant UserID="kim" UserIsRequestor="true"><RoleIDCode csd-code="HCP"/></ActiveParticipant>';
const patient = (id: string) =>
  `<ParticipantObjectIdentification ParticipantObjectID="${id}" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"/>`;

test('of ATNA’s two requestors the person is the user: the program asks for them', () => {
  equal(fieldsOf(atna(PROGRAM + PERSON, patient('H-17')))[0]?.['user'], 'kim');
  equal(fieldsOf(atna(PROGRAM, patient('H-17')))[0]?.['user'], 'http://portal/reply');
});

test('a patient’s id in ATNA is the id alone, as HL7 gives it, without who assigned it', () => {
  const [fields] = fieldsOf(
    atna(PERSON, patient('H-17^^^&amp;2.16.840.1&amp;ISO') + patient('H-17^^^HOSP&amp;2.16.840.1&amp;ISO^PI')),
  );
  deepEqual(fields?.['patient'], ['H-17']);
});

test('an access was when its audit message says, however late syslog sent it', () => {
  const context = {
    timeZone: 'Europe/London',
    referenceTime: Date.parse(AT),
    mappings: [],
    emit: () => undefined,
    setAside: () => undefined,
  };
  const timeOf = (message: string) => {
    const read = parseSyslog(`<85>1 2026-07-02T15:00:00Z ws-12 app - IHE+RFC-3881 - ${message}`, context);
    return read === null || 'reason' in read || read.time === null ? null : new Date(read.time.at).toISOString();
  };
  equal(timeOf(atna(PERSON, patient('H-17'))), '2026-07-02T09:49:00.000Z');
  equal(timeOf(atna(PERSON, patient('H-17')).replace(AT, 'yesterday')), '2026-07-02T15:00:00.000Z');
});

test('of an audit message over syslog nothing is kept but its fields: it spells out who the patient is', () => {
  const named = patient('H-17').replace(
    '/>',
    '><ParticipantObjectName>DOE^JANE</ParticipantObjectName></ParticipantObjectIdentification>',
  );
  const line = `<85>1 2026-07-02T15:00:00Z ws-12 app - IHE+RFC-3881 - ${atna(PERSON, named)}`;
  const live = new MessageReader('Europe/London').read({ kind: 'text', text: line }, Date.parse(AT)).events;
  const { events } = readPieces(syslog, [`${line}\n`]);
  for (const all of [live, events]) {
    equal(all.length, 1);
    ok(!JSON.stringify(all).includes('JANE'), JSON.stringify(all));
  }
  const broken = line.replace('</AuditMessage>', '');
  const cut = new MessageReader('Europe/London').read({ kind: 'text', text: broken }, Date.parse(AT));
  equal(cut.events.length, 0);
  deepEqual(
    cut.setAside.map(({ reason }) => reason),
    ['bad-audit-message'],
  );
});

test('why somebody broke the glass is beside the fields, and in none of them', () => {
  const base64 = Buffer.from('Jane Doe collapsed').toString('base64');
  const BTG = { coding: [{ code: 'BTG' }] };
  const detail = (more: object) => ({ entity: [{ what: { reference: 'Patient/17' }, detail: [more] }] });
  const glass = (more: object) => auditEvent({ purposeOfEvent: [BTG], ...more });
  const typed = patient('H-17').replace(
    '/>',
    `><ParticipantObjectDetail type="reason" value="${base64}"/></ParticipantObjectIdentification>`,
  );
  const person = PERSON.replace('</ActiveParticipant>', '<PurposeOfUse csd-code="BTG"/></ActiveParticipant>');
  for (const [text, reason] of [
    [auditEvent({ purposeOfEvent: [{ ...BTG, text: 'Jane Doe collapsed' }] }), 'Jane Doe collapsed'],
    [glass(detail({ type: 'Reason for access', valueString: 'Jane Doe collapsed' })), 'Jane Doe collapsed'],
    [glass(detail({ type: { text: 'justification' }, valueBase64Binary: base64 })), 'Jane Doe collapsed'],
    [glass(detail({ type: 'Reason', valueString: `Jane ${'x'.repeat(9000)}` })), `Jane ${'x'.repeat(495)}`],
    [glass(detail({ type: 'traceparent', valueString: 'Jane Doe collapsed' })), undefined],
    [glass({}), undefined],
    [auditEvent(detail({ type: 'reason', valueString: 'Jane, and no glass was broken' })), undefined],
    [atna(person, typed), 'Jane Doe collapsed'],
    [atna(PERSON, typed), undefined],
  ] as const) {
    const { events } = readPieces(text.startsWith('<') ? xml : json, [`${text}\n`]);
    deepEqual(
      events.map(({ glassReason }) => glassReason),
      [reason],
    );
    ok(!JSON.stringify(events.map(({ fields, text: line }) => [fields, line])).includes('Jane'), text);
  }
});

test('an audit message that a shipper carries in JSON is an access, and the envelope is not kept', () => {
  const named = patient('H-17').replace(
    '/>',
    '><ParticipantObjectName>DOE^JANE</ParticipantObjectName></ParticipantObjectIdentification>',
  );
  const message = atna(PERSON, named);
  const line = `<85>1 2026-07-02T15:00:00Z ws-12 app - IHE+RFC-3881 - ${message}`;
  const read = (object: object) => new MessageReader('Europe/London').read({ kind: 'object', object }, Date.parse(AT));
  for (const object of [
    { message: line, host: { name: 'relay' } },
    { Message: line, index: 'main' },
    { message, '@timestamp': '2026-07-02T15:00:00Z', event: { original: message } },
    { _raw: `<?xml version="1.0"?>\n${message.replaceAll('><', '>\n<')}`, host: 'relay' },
  ]) {
    const { events, setAside } = read(object);
    deepEqual(
      [events.map(({ fields, at }) => [fields['user'], fields['patient'], at]), setAside],
      [[['kim', ['H-17'], Date.parse(AT)]], []],
    );
    ok(!JSON.stringify(events).includes('JANE'), JSON.stringify(events));
  }
  // One that cannot be read is sealed, however it came: no text of it is kept, fields beside it or not, and however long it is.
  const broken = line.replace('</AuditMessage>', '');
  const reader = new MessageReader('Europe/London');
  for (const { events, setAside } of [
    read({ message: broken }),
    read({ Message: broken }),
    read({ message: `${broken}${' '.repeat(1 << 20)}x` }),
    reader.read({ kind: 'text', text: broken, besides: { index: 'main' } }, Date.parse(AT)),
    reader.read({ kind: 'text', text: broken, besides: {} }, Date.parse(AT)),
  ])
    deepEqual([events.length, setAside.map(({ reason }) => reason)], [0, ['bad-audit-message']]);
});

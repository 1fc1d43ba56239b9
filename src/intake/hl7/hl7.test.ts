import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { CareNote } from '../../core/care.ts';
import { acknowledgementsFor, type Verdict } from './acknowledge.ts';
import { careOf } from './care.ts';
import { componentOf, readHl7, repetitionsOf, segmentOf, textOf } from './message.ts';
import { hl7Time } from './time.ts';

const RECEIVED = Date.parse('2026-11-02T12:00:00Z');
const PID =
  'PID|1||999 000 0018^^^NHS^NH~H17^^^RX1^PI~V99^^^RX1^VN||O\\T\\Neill^Ann||19700101|F|||1 High St^^Leeds^^LS1 4AB';

function message(type: string, ...segments: readonly string[]): Buffer {
  const msh = `MSH|^~\\&|PAS|RX1|WW|RX1|20261102093000||${type}|M-1|P|2.4`;
  return Buffer.from(`${[msh, 'EVN||20261102092900', ...segments].join('\r')}\r`);
}

function notes(bytes: Buffer): readonly CareNote[] {
  const read = readHl7(bytes);
  ok(read.ok, JSON.stringify(read));
  const care = careOf(read.value, { timeZone: 'Europe/London', receivedAt: RECEIVED });
  ok(care.ok, JSON.stringify(care));
  return care.value;
}

function refused(bytes: Buffer): string {
  const read = readHl7(bytes);
  if (!read.ok) return read.error.reason;
  const care = careOf(read.value, { timeZone: 'Europe/London', receivedAt: RECEIVED });
  return care.ok ? 'taken' : care.error.reason;
}

const at = (text: string) => Date.parse(text);

test('a message is read by the separators, the character set and the line ends that it has', () => {
  for (const text of [
    'MSH|^~\\&|A|B|||||ADT^A01|1|P|2.4\rPID|1||1~2^^^NHS^NH||M\\S\\N^\\X41\\nn\r',
    'MSH|^~\\&|A|B|||||ADT^A01|1|P|2.4\r\nPID|1||1~2^^^NHS^NH||M\\S\\N^\\X41\\nn\r\n',
    'MSH#!*?@#A#B#####ADT!A01#1#P#2.4\nPID#1##1*2!!!NHS!NH##M^N!?X41?nn',
  ]) {
    const read = readHl7(Buffer.from(text));
    ok(read.ok, text);
    const { separators } = read.value;
    const pid = segmentOf(read.value, 'PID');
    equal(textOf(segmentOf(read.value, 'MSH'), 9, 2, separators), 'A01');
    deepEqual(
      repetitionsOf(pid?.[3], separators).map((one) => componentOf(one, 1, separators)),
      ['1', '2'],
    );
    equal(textOf(pid, 5, 1, separators), 'M^N');
    equal(textOf(pid, 5, 2, separators), 'Ann');
  }
});

test('names survive UTF-8, Latin-1, and Latin-1 that says it is UTF-8', () => {
  for (const [said, encoding] of [
    ['UNICODE UTF-8', 'utf8'],
    ['8859/1', 'latin1'],
    ['', 'utf8'],
    ['', 'latin1'],
    ['UNICODE UTF-8', 'latin1'],
  ] as const) {
    const text = `MSH|^~\\&|A|B|||||ADT^A28|1|P|2.4||||||${said}\rPID|1||7||Müller`;
    const read = readHl7(Buffer.from(text, encoding));
    ok(read.ok);
    equal(textOf(segmentOf(read.value, 'PID'), 5, 1, read.value.separators), 'Müller', `${said} ${encoding}`);
  }
});

for (const [what, bytes, why] of [
  ['what is no HL7', Buffer.from('GET / HTTP/1.1\r\n'), 'no-msh'],
  ['an MSH alone', Buffer.from('MSH'), 'bad-separators'],
  ['separators that are letters', Buffer.from('MSHabcde'), 'bad-separators'],
  ['separators that are all the same', Buffer.from('MSH|||||'), 'bad-separators'],
  [
    'a character set that we cannot read',
    Buffer.from('MSH|^~\\&|||||||ADT^A01|1|P|2.4||||||ISO IR87'),
    'unknown-charset',
  ],
  ['ten thousand segments', Buffer.from(`MSH|^~\\&|A\r${'NTE|1\r'.repeat(10_000)}`), 'too-many-segments'],
  ['a batch', Buffer.from('FHS|^~\\&|PAS\rBHS|^~\\&|PAS\rMSH|^~\\&|A'), 'batch'],
  [
    'a message in another, whose patient would be taken for one of the first',
    Buffer.concat([message('ADT^A08', PID, 'PV1|1|I|W7'), message('ADT^A03', 'PID|1||H18', 'PV1|1|I|W7')]),
    'several-messages',
  ],
  ['a patient without an id', message('ADT^A01', 'PID|1||||Doe', 'PV1|1|I|W7'), 'no-patient'],
  ['an admission of nobody', message('ADT^A01', 'PV1|1|I|W7'), 'no-patient'],
  ['a merge of nothing', message('ADT^A40', PID), 'no-merge'],
  ['an appointment at no time', message('SIU^S12', 'SCH|1|F1', PID, 'AIL|1||CLIN1'), 'bad-time'],
  ['results, which are no relationship', message('ORU^R01', PID, 'OBX|1|TX|||secret'), 'not-needed'],
  ['a message without a type', message('', PID), 'not-needed'],
] as const)
  test(`refuses ${what}`, () => equal(refused(bytes), why));

test('a test message explains no access', () => {
  equal(refused(Buffer.from('MSH|^~\\&|A|B|||||ADT^A01|1|T|2.4\rPID|1||7\rPV1|1|I|W7')), 'not-production');
});

for (const [what, text, expected] of [
  ['in summer, local', '20260702093000', '2026-07-02T08:30:00Z'],
  ['with a zone', '20260702093000+0000', '2026-07-02T09:30:00Z'],
  ['with a fraction', '20261102093000.1234', '2026-11-02T09:30:00Z'],
  ['to the minute', '202611020930', '2026-11-02T09:30:00Z'],
  ['a date', '20260702', '2026-07-01T23:00:00Z'],
  ['a month', '202607', null],
  ['the 31st of June', '20260631', null],
  ['words', 'yesterday', null],
] as const)
  test(`reads a time ${what}`, () => {
    equal(hl7Time(text, 'Europe/London')?.at ?? null, expected === null ? null : at(expected));
  });

test('a date alone counts to the end of that day, also of one with 25 hours', () => {
  equal(hl7Time('20261025', 'Europe/London')?.endsAt, at('2026-10-26T00:00:00Z'));
});

test('an admission names the patient by number and local id, and not by the visit’s', () => {
  const [note, ...more] = notes(
    message('ADT^A01', PID, `PV1|1|I|WARD7^BAY2^3^RX1${'|'.repeat(16)}V123${'|'.repeat(25)}20261102080000`),
  );
  deepEqual(more, []);
  deepEqual(note, {
    at: at('2026-11-02T09:29:00Z'),
    messageType: 'ADT^A01',
    patient: ['999 000 0018', 'H17'],
    former: [],
    person: { surname: 'O&Neill', household: '1 High St LS1 4AB', postcode: 'LS1 4AB' },
    deceasedAt: null,
    care: [{ is: 'step', key: 'V123', step: 'in', department: 'WARD7', since: at('2026-11-02T08:00:00Z'), days: null }],
  });
});

for (const [event, step, days] of [
  ['ADT^A01', 'in', null],
  ['ADT^A02', 'in', null],
  ['ADT^A03', 'out', null],
  ['ADT^A04', 'in', null],
  ['ADT^A06', 'in', null],
  ['ADT^A08', 'still', null],
  ['ADT^A11', 'never', null],
  ['ADT^A12', 'in', null],
  ['ADT^A13', 'not-out', null],
] as const)
  test(`${event} is the step “${step}” of a stay`, () => {
    const [note] = notes(message(event, PID, 'PV1|1|I|W7'));
    const [care] = note?.care ?? [];
    equal(care?.is === 'step' ? care.step : null, step);
    equal(care?.is === 'step' ? care.days : 'none', days);
  });

test('an outpatient’s visit lasts a day if nobody ends it; an event that is about no place says none', () => {
  const [visit] = notes(message('ADT^A04', PID, 'PV1|1|O|CLIN1'))[0]?.care ?? [];
  equal(visit?.is === 'step' ? visit.days : null, 1);
  for (const event of ['ADT^A28', 'ADT^A31', 'ADT^A60'])
    deepEqual(notes(message(event, PID, 'PV1|1|I|W7'))[0]?.care, []);
  deepEqual(notes(message('ADT^A20', 'NPU|W7^1')), []);
});

test('a discharge that is entered late counts from when it was', () => {
  const pv1 = (out: string) => `PV1|1|I|W7${'|'.repeat(42)}${out}`;
  equal(notes(message('ADT^A03', PID, pv1('202611011500')))[0]?.at, at('2026-11-01T15:00:00Z'));
  equal(notes(message('ADT^A03', PID, pv1('20261101')))[0]?.at, at('2026-11-02T00:00:00Z'));
  equal(notes(message('ADT^A03', PID, pv1('20261102')))[0]?.at, at('2026-11-02T09:29:00Z'));
});

test('a pre-admission is an appointment, and its cancellation ends it', () => {
  const expected = `PV2|1${'|'.repeat(7)}20261109080000`;
  const [booked] = notes(message('ADT^A05', PID, 'PV1|1|P|W7', expected))[0]?.care ?? [];
  deepEqual(booked?.is === 'state' ? booked.places : [], [
    { department: 'W7', from: at('2026-11-09T08:00:00Z'), to: null },
  ]);
  const [cancelled] = notes(message('ADT^A38', PID, 'PV1|1|P|W7', expected))[0]?.care ?? [];
  deepEqual(cancelled?.is === 'state' ? cancelled.places : null, []);
});

test('a merge gives the ids that are this patient’s from now on, of each pair that it holds', () => {
  const other = 'PID|2||H20^^^RX1^PI';
  const merged = notes(message('ADT^A40', PID, 'MRG|H16^^^RX1^PI~H17^^^RX1^PI', other, 'MRG|H21'));
  deepEqual(
    merged.map(({ patient, former }) => ({ patient, former })),
    [
      { patient: ['999 000 0018', 'H17'], former: ['H16'] },
      { patient: ['H20'], former: ['H21'] },
    ],
  );
});

const BOOKING = ['SCH|P1|F1|||||||||^^^20261109100000', PID, 'AIL|1||CLIN1^R2', 'AIL|2||CLIN2', 'AIL|3||CLIN1'];

for (const [event, departments] of [
  ['SIU^S12', ['CLIN1', 'CLIN2']],
  ['SIU^S13', ['CLIN1', 'CLIN2']],
  ['SIU^S14', ['CLIN1', 'CLIN2']],
  ['SIU^S26', ['CLIN1', 'CLIN2']],
  ['SIU^S15', []],
  ['SIU^S17', []],
] as const)
  test(`${event} says with whom the appointment is: ${departments.join(', ') || 'nobody'}`, () => {
    const [care] = notes(message(event, ...BOOKING))[0]?.care ?? [];
    deepEqual(care, {
      is: 'state',
      kind: 'appointment',
      key: 'F1',
      places: departments.map((department) => ({ department, from: at('2026-11-09T10:00:00Z'), to: null })),
    });
  });

test('an appointment without a room is with its clinic or service', () => {
  const sch = 'SCH|P1|F1|||||||||^^^202611091000';
  const departmentOf = (...segments: readonly string[]) => {
    const [care] = notes(message('SIU^S12', sch, PID, ...segments))[0]?.care ?? [];
    return care?.is === 'state' ? care.places[0]?.department : null;
  };
  equal(departmentOf('PV1|1|O|CLIN3', 'AIS|1||DERM'), 'CLIN3');
  equal(departmentOf('AIS|1||DERM^Dermatology'), 'DERM');
});

test('each order is with the section that does it, until it is cancelled', () => {
  const orders = [
    'ORC|NW|O1|||||||20261102090000',
    `OBR|1|O1||CHEST^Chest X-ray${'|'.repeat(20)}RAD`,
    'ORC|CA|O2',
    'OBR|2|O2||FBC',
    'ORC|NW|O3',
    `OBR|3|O3||MRI${'|'.repeat(32)}20261120090000`,
  ];
  for (const type of ['ORM^O01', 'OMG^O19', 'OML^O21'])
    deepEqual(notes(message(type, PID, ...orders))[0]?.care, [
      {
        is: 'state',
        kind: 'order',
        key: 'O1',
        places: [{ department: 'RAD', from: at('2026-11-02T09:00:00Z'), to: null }],
      },
      { is: 'state', kind: 'order', key: 'O2', places: [] },
      {
        is: 'state',
        kind: 'order',
        key: 'O3',
        places: [{ department: 'MRI', from: at('2026-11-02T09:29:00Z'), to: at('2026-11-27T09:00:00Z') }],
      },
    ]);
});

test('a referral is to whom it refers, and I14 takes it back', () => {
  const segments = ['RF1|P||||| R1 |20261101|20270131', 'PRD|RP|Dr A||GP1', 'PRD|RT|Dr B||CARDIO', PID];
  deepEqual(notes(message('REF^I12', ...segments))[0]?.care, [
    {
      is: 'state',
      kind: 'referral',
      key: 'R1',
      places: [{ department: 'CARDIO', from: at('2026-11-01T00:00:00Z'), to: at('2027-02-01T00:00:00Z') }],
    },
  ]);
  const [care] = notes(message('REF^I14', ...segments))[0]?.care ?? [];
  deepEqual(care?.is === 'state' ? care.places : null, []);
});

const ACCEPTED: Verdict = { kind: 'accepted', code: 0, text: '' };
const WRONG: Verdict = { kind: 'error', code: 101, text: 'PID-3 names no patient' };

function answers(text: string, verdict: Verdict): string[] {
  const read = readHl7(Buffer.from(text));
  ok(read.ok);
  return acknowledgementsFor(read.value, verdict, RECEIVED, 'a1').map((bytes) => bytes.toString());
}

test('the answer goes back to whom it came from, in the separators that they use, with the message’s own id', () => {
  deepEqual(answers('MSH|^~\\&|PAS|RX1|WW|RX2|20261102||ADT^A01^ADT_A01|M^1|P|2.4', ACCEPTED), [
    'MSH|^~\\&|WARDWATCH|RX2|PAS|RX1|20261102120000+0000||ACK^A01^ACK|a1|P|2.4\rMSA|AA|M^1\r',
  ]);
  deepEqual(answers('MSH#!*?@#PAS#RX1#####ADT!A01#M1#P#2.5', WRONG), [
    'MSH#!*?@#WARDWATCH##PAS#RX1#20261102120000+0000##ACK!A01!ACK#a1#P#2.5\rMSA#AE#M1#PID-3 names no patient\rERR###101!!HL70357#E####PID-3 names no patient\r',
  ]);
});

for (const [accept, application, verdict, codes] of [
  ['', '', ACCEPTED, ['AA']],
  ['', '', WRONG, ['AE']],
  ['', '', { ...WRONG, kind: 'rejected' }, ['AR']],
  ['AL', 'NE', ACCEPTED, ['CA']],
  ['AL', 'AL', ACCEPTED, ['CA', 'AA']],
  ['NE', 'AL', WRONG, ['AE']],
  ['ER', 'NE', ACCEPTED, []],
  ['ER', 'NE', WRONG, ['CE']],
  ['SU', 'ER', WRONG, ['AE']],
  ['__proto__', 'what?', ACCEPTED, ['AA']],
] as const)
  test(`MSH-15 “${accept}” and MSH-16 “${application}” ask for ${codes.join(', ') || 'nothing'} when it is ${verdict.kind}`, () => {
    const text = `MSH|^~\\&|A|B|||||ADT^A01|M1|P|2.5|||${accept}|${application}`;
    deepEqual(
      answers(text, verdict).map((answer) => /MSA\|(\w\w)\|M1/.exec(answer)?.[1]),
      codes,
    );
  });

test('what could not be read at all is answered too', () => {
  const [answer] = acknowledgementsFor(null, { ...WRONG, code: 102 }, RECEIVED, 'a1');
  match(answer?.toString() ?? '', /^MSH\|\^~\\&\|WARDWATCH\|.*\rMSA\|AE\|\|/);
});

/** No patient's number passes, wherever it hides; what is none stays as it was. Numbers are synthetic: the 999 range. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Fields, LogEvent } from '../../core/event.ts';
import { isPatientNumber } from '../../core/patient-number.ts';
import { Pseudonymiser } from './pseudonyms.ts';

function pseudonymiserWith(key: string): Pseudonymiser {
  return new Pseudonymiser((text) => createHmac('sha256', key).update(text).digest());
}

const pseudonymiser = pseudonymiserWith('a');

/** The nth synthetic number that has a check digit. */
function syntheticNumber(n: number): string {
  for (let last = 0; last < 10; last++) {
    const digits = `999${String(n).padStart(6, '0')}${last}`;
    if (isPatientNumber(digits)) return digits;
  }
  return syntheticNumber(n + 1_000_000 > 999_999 ? (n + 1) % 1_000_000 : n + 1);
}

function grouped(digits: string, gap: string): string {
  return [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)].join(gap);
}

function b64(text: string, encoding: 'utf8' | 'utf16le' = 'utf8'): string {
  return Buffer.from(text, encoding).toString('base64');
}

function hex(text: string, encoding: 'utf8' | 'utf16le' = 'utf8'): string {
  return Buffer.from(text, encoding).toString('hex').toUpperCase();
}

/** Where numbers hide: how it is written, and how one would look for it afterwards. */
const PLACES: Readonly<Record<string, (digits: string) => string>> = {
  'a URL parameter': (n) => `GET /patient?nhs=${n}&x=1`,
  'a URL parameter, grouped': (n) => `GET /patient?nhs=${grouped(n, '%20')}&x=1`,
  'a URL, percent-encoded': (n) =>
    `GET /p?n=${Array.from(n)
      .map((digit) => `%3${digit}`)
      .join('')}`,
  base64: (n) => `blob=${b64(`patient ${n} was here`)} end`,
  'base64 in base64': (n) => b64(`data: ${b64(`id ${n} of ward`)}`),
  'base64 of UTF-16, as PowerShell takes it': (n) => `powershell -enc ${b64(`Get-Patient ${n} | Export`, 'utf16le')}`,
  'UTF-16 taken for bytes': (n) => Array.from(`id ${n}.`).join('\0'),
  'HL7 v2': (n) => `MSH|^~\\&|PAS|RX1\rPID|1||${n}^^^NHS^NH||DOE^JANE||19700101|F|||1 High St^^Leeds\rPV1|1|I`,
  XML: (n) => `<patient><id extension="${n}"/><name>x</name></patient>`,
  'JSON in JSON': (n) => JSON.stringify({ body: JSON.stringify({ nhsNumber: n, n: Number(n) }) }),
  'JSON escapes': (n) =>
    `{"n":"${Array.from(n)
      .map((digit) => `\\u003${digit}`)
      .join('')}"}`,
  CSV: (n) => `17,${n},Smith\n18,${grouped(n, ' ')},Jones`,
  'a file name': (n) => `C:\\scans\\letter_${n}_final.pdf`,
  'a mail header': (n) => `Subject: results for ${grouped(n, '-')} (urgent)`,
  'SQL text': (n) => `SELECT * FROM patients WHERE nhs_no='${n}' OR id=${n}`,
  'a command line': (n) => `robocopy \\\\fs1\\p\\${n} D:\\out /e`,
  'an error message': (n) => `No record for NHS${n}: not found`,
  'a number with no-break spaces': (n) => `NHS No: ${grouped(n, '\u00a0')}.`,
  'a number with thin spaces': (n) => `NHS No: ${grouped(n, '\u2009')}.`,
  'a number with dashes of a word processor': (n) => `NHS No: ${grouped(n, '–')} or ${grouped(n, '\u2011')}`,
  'columns of fixed width': (n) => `SMITH      ${grouped(n, '  ')}     F`,
  'a number in two groups': (n) => `NHS ${n.slice(0, 3)}-${n.slice(3)}`,
  'a URL, with escaped slashes': (n) => `GET /p?n=${grouped(n, '%2F')}`,
  'a file name with a page': (n) => `stored ${n}.001.tif`,
  'a file name with a year': (n) => `stored scan.2026.${n}.pdf`,
  'an object identifier': (n) => `urn:oid:2.16.840.1.113883.2.1.4.1.${n}`,
  'a number out of a spreadsheet': (n) => `17;${n}.0;x`,
  'hexadecimal, as auditd writes it': (n) => `proctitle=${hex(`cat\0/scans/letter ${n}.pdf`)}`,
  'hexadecimal of UTF-16': (n) => `<Binary>${hex(`id ${grouped(n, ' ')}`, 'utf16le')}</Binary>`,
};

/** All the ways in which the digits could still be read out of a text. */
function readable(text: string): string {
  const decoded: string[] = [text];
  for (const candidate of text.match(/[A-Za-z0-9+/]{12,}={0,2}/g) ?? []) {
    const bytes = Buffer.from(candidate, 'base64');
    decoded.push(bytes.toString('latin1'), bytes.toString('utf16le'));
    for (const inner of bytes.toString('latin1').match(/[A-Za-z0-9+/]{12,}={0,2}/g) ?? [])
      decoded.push(Buffer.from(inner, 'base64').toString('latin1'));
  }
  for (const candidate of text.match(/(?:[0-9A-F]{2}){10,}/g) ?? [])
    decoded.push(Buffer.from(candidate, 'hex').toString('latin1'));
  return decoded
    .join('\n')
    .replace(/%2[0F]/g, '')
    .replace(/(?:%|\\u00)3(\d)/g, '$1')
    .replace(/[\0 \u00a0\u2009\u2011–-]/g, '');
}

for (const [place, write] of Object.entries(PLACES)) {
  test(`numbers in ${place} are replaced, each person by one pseudonym`, () => {
    for (let i = 0; i < 300; i++) {
      const digits = syntheticNumber(i * 3331);
      const text = write(digits);
      ok(readable(text).includes(digits), 'the number can be found before');
      const clean = pseudonymiser.text(text);
      ok(!readable(clean).includes(digits), `${place}: ${i}`);
      ok(
        place.startsWith('hexadecimal') ||
          place === 'HL7 v2' ||
          readable(clean).includes(pseudonymiser.of(digits)) ||
          place.startsWith('base64'),
      );
    }
  });
}

test('names, birth dates and addresses of HL7 go too, the rest stays', () => {
  const clean = pseudonymiser.text(PLACES['HL7 v2']?.('9990000018') ?? '');
  ok(!/DOE|JANE|19700101|High St/.test(clean), clean);
  match(clean, /^MSH\|\^~\\&\|PAS\|RX1\rPID\|1\|\|pi_[0-9a-f]{20}\|\|.*\|F\|.*\rPV1\|1\|I$/);
});

for (const [what, line] of Object.entries({
  'as it is sent': '\r',
  'as rsyslog escapes it': '#015',
  'as a program escapes it': '\\r',
  'in octal': '\\015',
  'in hexadecimal': '\\x0d',
}))
  test(`of HL7 in a log, ${what}, nobody’s name is left: the patient’s, next of kin’s, or a former number`, () => {
    const message = [
      'MSH|^~\\&|PAS|RX1|||2026||ADT^A40',
      'PID|1||H1722^^^RX1||DAWKINSX^ERM||19500203|F',
      'NK1|1|DAWKINSX^BOB|SPO|5 Low St|01134960000',
      'MRG|H1733^^^RX1||||||DAWKINSX^OLD',
      'PV1|1|I|W3^2^1',
    ];
    const clean = pseudonymiser.text(message.join(line));
    ok(!/DAWKINSX|H1722|H1733|1950|Low St|0113/.test(clean), clean);
    ok(clean.endsWith(`${line}PV1|1|I|W3^2^1`), clean);
    ok(clean.includes('|F') && clean.includes('|SPO|'), clean);
  });

test('a number of an object identifier, a time or a measure is not taken for one of a patient', () => {
  for (const text of [
    'at 1801000018.25 s',
    'lat 51.4000000004',
    '-0.4000000004',
    'took 0.4000000004',
    '1801000018.123456',
  ])
    equal(pseudonymiser.text(text), text);
});

const kept: readonly string[] = [
  'no numbers at all',
  'call 0113 496 0000 or 01134960000',
  '2026-11-02 09:49:00,123 and 1793612940.123',
  'SHA256=9990000018ABCDEF0123456789ABCDEF',
  'S-1-5-21-9990000018-4094495170-529757618-1106',
  'order 9990000019 has no check digit',
  'powershell -enc SQBFAFgA',
  '{"a":"QUJDREVGR0hJSktMTU5PUA=="}',
  '12345678901234567890',
];
for (const text of kept) test(`leaves “${text.slice(0, 40)}” as it is`, () => equal(pseudonymiser.text(text), text));

function event(fields: Fields, text: string | null = null): LogEvent {
  return { record: 1, at: null, atText: null, zoneAssumed: false, logSource: {}, fields, text };
}

test('a field that names a patient is replaced whole, and its value wherever else it stands', () => {
  const clean = pseudonymiser.event(
    event(
      { patient: 'Patient/abc-17', user: 'kim', note: 'opened Patient/abc-17', nested: { birthDate: '1970-01-01' } },
      'kim opened Patient/abc-17 (1970-01-01)',
    ),
  );
  equal(clean.fields['user'], 'kim');
  const pseudonym = clean.fields['patient'] as string;
  match(pseudonym, /^pi_/);
  equal(clean.fields['note'], `opened ${pseudonym}`);
  ok(!JSON.stringify(clean).includes('1970-01-01') && !JSON.stringify(clean).includes('abc-17'));
});

test('every patient of a list is replaced, however short the id, and each by the pseudonym that is theirs alone', () => {
  const short = ['7', '17', '318', 'H-1'];
  // Many a pseudonym has four digits in a row that are another patient’s id.
  const digits = Array.from({ length: 1000 }, (_, i) => String(1000 + 7 * i));
  const ids = [...short, ...digits];
  const { fields } = pseudonymiser.event(event({ patient: ids, nested: { 'patient.id': [ids] }, user: 'kim 17' }));
  const expected = ids.map((id) => pseudonymiser.of(id));
  deepEqual(fields['patient'], expected);
  deepEqual({ ...(fields['nested'] as Fields) }, { 'patient.id': [expected] });
  equal(fields['user'], 'kim 17', 'too short to be looked for elsewhere');
});

test('elsewhere the longest id that stands there counts, and pseudonyms that are there already stay', () => {
  const known = pseudonymiser.of('b');
  const part = known.slice(5, 9);
  const { fields } = pseudonymiser.event(
    event({ patient: ['H-1', 'H-1234', 'H-12345', part], note: `${known} H-12345; H-12349` }),
  );
  equal(fields['note'], `${known} ${pseudonymiser.of('H-12345')}; ${pseudonymiser.of('H-1234')}9`);
});

test('an event that names twenty thousand patients costs what twenty events of a thousand cost', () => {
  const ids = (count: number) => Array.from({ length: count }, (_, i) => `H-${100_000 + i}`);
  const named = (count: number) =>
    event({ patient: ids(count), resource: ids(count).map((id) => `Observation/${id}`) });
  let looks = 0;
  const counting = new Pseudonymiser((text) => {
    looks++;
    return createHmac('sha256', 'a').update(text).digest();
  });
  const { fields } = counting.event(named(20_000));
  equal(looks, 20_000, 'each is hashed once');
  equal((fields['resource'] as readonly string[])[19_999], `Observation/${counting.of('H-119999')}`);
});

test('the same person is the same pseudonym in every spelling, another person or key another', () => {
  const [a, b] = [syntheticNumber(1), syntheticNumber(2)];
  equal(pseudonymiser.of(a), pseudonymiser.of(grouped(a, ' ')));
  equal(pseudonymiser.of(a), pseudonymiser.of(`Patient/${a}`));
  equal(pseudonymiser.of('Patient/H-17'), pseudonymiser.of('h-17'), 'a local id, as FHIR and as a table write it');
  equal(pseudonymiser.of(pseudonymiser.of('h-17')), pseudonymiser.of('h-17'));
  equal(pseudonymiser.text(`x ${a}`), `x ${pseudonymiser.of(a)}`);
  notEqual(pseudonymiser.of(a), pseudonymiser.of(b));
  notEqual(pseudonymiser.of(a), pseudonymiserWith('b').of(a));
});

test('times that are numbers stay, numbers that name a patient do not', () => {
  const digits = Number(syntheticNumber(5));
  const { fields } = pseudonymiser.event(event({ ts: 1_801_000_003, n: digits, lookup_time: digits }));
  deepEqual([fields['ts'], typeof fields['n']], [1_801_000_003, 'string']);
  equal(typeof fields['lookup_time'], 'string', 'no clock shows the year 2286');
});

test('a hostile text costs no more than its length', () => {
  for (const text of [
    '9'.repeat(200_000),
    '99 '.repeat(70_000),
    'PID|'.repeat(50_000),
    '%39'.repeat(70_000),
    `${'A'.repeat(13)} `.repeat(15_000),
  ]) {
    const started = performance.now();
    pseudonymiser.text(text);
    ok(performance.now() - started < 5000, text.slice(0, 10));
  }
});

test('base64 is found at any place in a text, among runs that are too short', () => {
  const encoded = b64(`id ${syntheticNumber(1)} x`);
  for (let before = 0; before < 40; before++) {
    const text = `${'ab '.repeat(before)}${' '.repeat(before % 14)}${encoded}${' cd'.repeat(before % 5)}`;
    const found = pseudonymiser.text(text);
    ok(!found.includes(encoded), String(before));
  }
});

test('runs of base64 are found as the pattern for them says, whatever stands around them', () => {
  const pattern = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{14,}={0,2}/g;
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom(' ', '=', '==', '.', '"', 'ab', 'é'),
          fc.string({ unit: fc.constantFrom('A', 'b', '-', '_', '+', '/'), maxLength: 30 }),
          fc.integer({ min: 0, max: 999 }).map((n) => b64(`id ${syntheticNumber(n)}${' '.repeat(n % 3)}`)),
        ),
        { maxLength: 12 },
      ),
      (pieces) => {
        const text = pieces.join('');
        equal(
          pseudonymiser.text(text),
          text.replace(pattern, (run) => pseudonymiser.text(run)),
        );
      },
    ),
    { numRuns: 2000 },
  );
});

test('the fraction and zone of a time, and the date of a build, are no numbers of patients', () => {
  const fractions = Array.from({ length: 10_000 }, (_, i) => String(430_000 + i)).filter((each) =>
    isPatientNumber(`${each}0000`),
  );
  ok(fractions.length > 100);
  for (const fraction of fractions) {
    const text = `{"timestamp":"2026-11-02T09:49:00.${fraction}+0000"} at 09:49:00,${fraction}+0000`;
    equal(pseudonymiser.text(text), text);
  }
  const build = Array.from({ length: 2400 }, (_, i) => `090713-${String(i).padStart(4, '0')}`).filter((each) =>
    isPatientNumber(each.replace('-', '')),
  );
  ok(build.length > 100);
  for (const date of build) {
    const version = `6.1.7600.16385 (win7_rtm.${date})`;
    equal(pseudonymiser.text(version), version);
    match(pseudonymiser.text(`CHI ${date}`), /p[ti]_/);
  }
});

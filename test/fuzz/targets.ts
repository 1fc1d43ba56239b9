/** What the fuzzers drive: everything that reads what a stranger wrote. Each target must take any bytes in bounded time. */
import { Buffer } from 'node:buffer';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import { parseMapping, parsePlaceholders } from '../../src/cli/site.ts';
import { FieldsView } from '../../src/core/fields-view.ts';
import { Correlator, loadRuleTexts, SigmaEngine } from '../../src/detect/sigma/index.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { membersOf } from '../../src/intake/archives/index.ts';
import { toJson } from '../../src/intake/evtx/json.ts';
import { EvtxReader } from '../../src/intake/evtx/reader.ts';
import { MllpFraming } from '../../src/intake/doors/mllp-framing.ts';
import { FORMATS } from '../../src/intake/formats/index.ts';
import { SHAPE_SAMPLES } from '../../src/intake/formats/shape-samples.ts';
import { VENDOR_SAMPLES } from '../../src/intake/formats/vendors/vendor-samples.ts';
import { acknowledgementsFor } from '../../src/intake/hl7/acknowledge.ts';
import { careOf } from '../../src/intake/hl7/care.ts';
import { readHl7 } from '../../src/intake/hl7/message.ts';
import { corpusDir } from '../corpus.ts';

export interface Target {
  readonly name: string;
  /** Honest inputs, to be changed. Of a binary format: a character for each byte. */
  readonly seeds: readonly string[];
  /** Binary inputs are changed in place, so that the rest of their structure stays where it was. */
  readonly isBinary?: boolean;
  /** How many times the usual an input takes: `npm test` gives it so many times fewer, `npm run fuzz` as many. */
  readonly cost?: number;
  readonly run: (input: string) => void | Promise<void>;
}

const JSON_SEEDS = [
  '{"Channel":"Security","EventID":4688,"Computer":"pc1","NewProcessName":"C:\\\\a.exe"}\n{"EventID":1}\n',
  '[{"Event":{"System":{"EventID":{"#text":1},"Channel":"X"},"EventData":{"Data":[{"Name":"a","#text":"b"}]}}}]',
  '{"resourceType":"AuditEvent","type":{"code":"rest"},"action":"R","recorded":"2026-11-02T09:49:00Z","agent":[{"requestor":true,"who":{"reference":"Practitioner/1"}}],"entity":[{"what":{"reference":"Patient/1"},"role":{"code":"1"}}]}',
  '{"Records":[{"eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-2"}]}',
];
const SEEDS: Readonly<Record<string, readonly string[]>> = {
  json: JSON_SEEDS,
  syslog: [
    '<34>1 2026-10-11T22:14:15.003Z host su 12 ID47 [a@1 b="c\\"d"] failed\n',
    '<13>Feb  5 17:32:18 10.0.0.99 sshd[12]: Failed password\n',
    '<189>12: *Mar  1 18:46:11: %SYS-5-CONFIG_I: x\n',
  ],
  'security-lines': [
    'CEF:0|V|P|1|100|name|5|src=1.2.3.4 msg=a b c cs1=x cs1Label=Rule\n',
    'LEEF:2.0|V|P|1|x|^|src=1.2.3.4^dst=2.3.4.5\n',
    'date=2026-11-02 time=09:49:00 devid="FGT1" type="traffic" srcip=1.2.3.4\n',
  ],
  auditd: [
    'type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e syscall=2 a0=7f exe="/bin/cat"\ntype=EXECVE msg=audit(1364481363.243:24287): argc=2 a0="cat" a1=2F62\n',
  ],
  w3c: [
    '#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-uri-stem cs(User-Agent)\n2026-11-02 09:49:00 1.2.3.4 /a Mozilla+5\n',
  ],
  'access-log': ['1.2.3.4 - - [10/Oct/2026:13:55:36 -0700] "GET /a?b HTTP/1.0" 200 12 "-" "x\\"y"\n'],
  squid: ['1286536309.586    921 192.168.0.68 TCP_MISS/200 507 POST http://a.b/c - DIRECT/1.2.3.4 text/xml\n'],
  'zeek-tsv': [
    '#separator \\x09\n#path\tconn\n#fields\tts\tuid\ttags\n#types\ttime\tstring\tset[string]\n1.5\tC1\ta,b\n',
  ],
  csv: ['Name,Time,Text\n"a ""b""",2026-11-02,"x\ny"\n'],
  xml: [
    '<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-11-02T09:49:00Z" EventOutcomeIndicator="0"><EventID csd-code="110110"/></EventIdentification></AuditMessage>',
    '<Event xmlns="x"><System><EventID>1</EventID></System></Event>',
  ],
};

/** The samples of the formats' own tests. */
function samplesOf(format: string): string[] {
  const shapes = SHAPE_SAMPLES.filter((sample) => sample.format === format).map(({ text }) => text);
  if (format !== 'syslog' && format !== 'security-lines') return shapes;
  const lines = VENDOR_SAMPLES.filter(({ line }) => line.startsWith('<') === (format === 'syslog'));
  return [...shapes, ...lines.map(({ line }) => `${line}\n`)];
}

const engine = new SigmaEngine(
  loadRuleTexts(
    [
      {
        path: 'r',
        text: JSON.stringify({
          title: 'r',
          id: 'r',
          logsource: { product: 'linux' },
          detection: { a: ['failed', 'x*y'], b: { 'F|re': '(a+)+b', 'G|contains': 'q' }, condition: 'a or b' },
        }),
      },
    ],
    { placeholders: {}, includeDeprecated: false, cacheFolder: null },
  ).rules,
);

const formats: Target[] = FORMATS.map((format) => ({
  name: format.name,
  seeds: [...(SEEDS[format.name] ?? []), ...samplesOf(format.name)],
  run: (input) => {
    format.claims({ text: input.slice(0, 65_536), lines: input.slice(0, 65_536).split('\n').slice(0, 200) });
    const view = new FieldsView();
    const reader = format.open({
      timeZone: 'Europe/London',
      referenceTime: 1_790_000_000_000,
      mappings: [],
      emit: (event) => engine.judge(view.show(event), () => undefined),
      setAside: () => undefined,
    });
    // In two pieces: a reader must not depend on where its input breaks.
    reader.push(input.slice(0, input.length >> 1));
    reader.push(input.slice(input.length >> 1));
    reader.end();
  },
}));

/** Event logs of one chunk, where the material for tests is there: a real chunk has every kind of structure. */
function smallLogs(): string[] {
  const folder = corpusDir('evtx-attack-samples');
  if (folder === null) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.evtx') && statSync(path.join(folder, name)).size === 4096 + 65_536)
    .sort()
    .slice(0, 4)
    .map((name) => readFileSync(path.join(folder, name)).toString('latin1', 4096));
}

const evtx: Target = {
  name: 'evtx',
  isBinary: true,
  seeds: [
    `ElfChnk\0${'\0'.repeat(504)}**\0\0\u0080\0\0\0\u0001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u000f\u0001\u0001\0\u000c\u0001\u0001\0\0\0\u0026\u0002\0\0${'\0'.repeat(400)}`,
    ...smallLogs(),
  ],
  run: (input) => {
    new EvtxReader({
      onRecord: (record) => {
        record.texts(false);
        // All of a record in all of them would take most of the time.
        if (record.record === 1) toJson(record);
      },
      onDamage: () => undefined,
    }).readChunks(Buffer.from(input, 'latin1'), 4096);
  },
};

const folder = mkdtempSync(path.join(tmpdir(), 'wardwatch-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const archives: Target = {
  name: 'archives',
  isBinary: true,
  // Each is a file on disk.
  cost: 10,
  seeds: [
    gzipSync(JSON_SEEDS[0] ?? '').toString('latin1'),
    Buffer.concat([gzipSync('one\n'), gzipSync('two\n')]).toString('latin1'),
    zstdCompressSync(JSON_SEEDS[1] ?? '').toString('latin1'),
    zip('a.json', JSON_SEEDS[0] ?? ''),
    tar('a.json', JSON_SEEDS[0] ?? ''),
    gzipSync(Buffer.from(tar('a.json', JSON_SEEDS[0] ?? ''), 'latin1')).toString('latin1'),
    // “hello\n” by xz.
    Buffer.from(
      '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFaGVsbG8KAAAAhbmZBtKjjCEAAR4GxS+BDx+2830BAAAAAARZWg==',
      'base64',
    ).toString('latin1'),
  ],
  run: async (input) => {
    const file = path.join(folder, 'input');
    writeFileSync(file, Buffer.from(input, 'latin1'));
    for await (const { bytes } of membersOf(file, 'input', () => undefined)) {
      try {
        for await (const piece of bytes) if (piece.length < 0) return;
      } catch {
        // Damage is said by the reader of the member; here only that it ends matters.
      }
    }
  },
};

/** A zip of one member that is stored. */
function zip(name: string, content: string): string {
  const body = Buffer.from(content);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt32LE(crc32(body), 10);
  common.writeUInt32LE(body.length, 14);
  common.writeUInt32LE(body.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), body]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]).toString('latin1');
}

/** A tar of one member. */
function tar(name: string, content: string): string {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\x000000000\x000000000\x00', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\x00', 136);
  header.write('0ustar\x0000', 156);
  header.fill(0x20, 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512 + 1024);
  body.write(content);
  return Buffer.concat([header, body]).toString('latin1');
}

/** Files that a person writes. What is wrong in them is refused, with words; anything else that is thrown is a fault. */
function refusing(run: (text: string) => void): (text: string) => void {
  return (text) => {
    try {
      run(text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  };
}

const mapping: Target = {
  name: 'csv-mapping',
  seeds: [
    'columns: [When, Who]\nproduct: clinical\ncategory: record_access\ntime: When\nfields:\n  Who: user\n  How: action\n',
    'a: &a [x, x]\nb: &b [*a, *a]\ncolumns: [*b, *b]\nfields:\n  Who: *b\n',
  ],
  run: refusing((text) => void parseMapping(text, 'mapping.yml')),
};

const site: Target = {
  name: 'site-file',
  seeds: ['placeholders:\n  approved_tools: [a.exe, "b.exe"]\n  countries: GB\n', 'placeholders: &a {b: [*a]}\n'],
  run: refusing((text) => void parsePlaceholders(text, 'site.yml')),
};

const BASE = 'logsource: {category: t}\ndetection: {s: {F: x}, condition: s}';

const rules: Target = {
  name: 'rule-loader',
  seeds: [
    'title: a\nid: b\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  s:\n    Image|endswith: \\a.exe\n    CommandLine|re: (a|b)+c{2,5}\n  condition: s and not 1 of s*\n',
    'title: a\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition:\n    gte: 5\n',
    ...[
      'correlation: {type: temporal_ordered, rules: [a, b, a], group-by: [u], timespan: 10s}',
      'correlation: {type: temporal, rules: [a, r2], timespan: 10s, condition: "a and not (b or r1)"}',
      'correlation: {type: value_count, rules: [a, b], group-by: [w], aliases: {w: {a: u, r2: v}}, timespan: 1m, condition: {field: v, gte: 2}}',
      'correlation: {type: value_median, rules: [b], timespan: 1h, condition: {field: v, gt: 1, lte: 9}}',
      'filter: {rules: [r1], s: {F: x}, condition: not s}',
      'action: repeat\ndetection: {s: {F|windash|contains|all: [" -a", "/b"]}}',
      'detection: {s: {F|wide|base64offset|contains: abc, G|cidr: "10.0.0.0/8"}, k: [x, y], condition: 1 of s* or 2 of them}\nlogsource: {category: t}',
    ].map(
      (more) =>
        `title: a\nid: r1\nname: a\n${BASE}\n---\ntitle: b\nid: r2\nname: b\n${BASE}\n---\ntitle: c\nid: c\n${more}\n`,
    ),
  ],
  run: (input) => {
    const loaded = loadRuleTexts([{ path: 'f', text: input }], {
      placeholders: {},
      includeDeprecated: true,
      cacheFolder: null,
    });
    const view = new FieldsView().show({
      record: 1,
      at: null,
      atText: null,
      zoneAssumed: false,
      logSource: {},
      fields: {
        Channel: 'Microsoft-Windows-Sysmon/Operational',
        EventID: 1,
        Image: 'C:\\a.exe',
        CommandLine: 'ababcccc',
      },
      text: null,
    });
    new SigmaEngine(loaded.rules).judge(view, ({ matched }) => matched());
    const correlator = new Correlator<number>(loaded.correlations, () => undefined);
    for (let i = 0; i < 30; i++)
      for (const { id, name } of loaded.rules) {
        // Every fifth comes late.
        const at = (i - (i % 5 === 4 ? 3 : 0)) * 2000;
        correlator.advance(at - 5000);
        correlator.push({ ruleId: id, ruleName: name, at, event: i, fields: { u: 'x', v: `${i % 7}` }, reference: i });
      }
    correlator.end();
  },
};

const HL7_SEED =
  'MSH|^~\\&|PAS|RX1|WW|RX1|20261102093000||ADT^A01|M1|P|2.4||||||8859/1\rEVN||20261102092900\rPID|1||999 000 0018^^^NHS^NH~H1||O\\T\\N^A||||||1 High St^^^^LS1\rPV1|1|I|W7^B1\r';

/** What comes over MLLP: cut, read, answered. */
const hl7: Target = {
  name: 'hl7',
  seeds: [
    `\x0b${HL7_SEED}\x1c\r\x0b${HL7_SEED.replace('A01', 'A40')}MRG|H2~H3\x1c\r`,
    `\x0b${HL7_SEED.replace('ADT^A01', 'SIU^S12')}SCH|1|2|||||||||^^^20261109100000\rAIL|1||C1\x1c\r`,
    `\x0b${HL7_SEED.replace('ADT^A01', 'ORM^O01')}ORC|NW|1\rOBR|1|1||CHEST\rRF1|A\rPRD|RT|||C1\x1c\r`,
  ],
  run: (input) => {
    const framing = new MllpFraming((frame) => {
      if (frame.kind === 'stray') return;
      const message = readHl7(frame.bytes);
      if (message.ok) careOf(message.value, { timeZone: 'Europe/London', receivedAt: 0 });
      acknowledgementsFor(message.ok ? message.value : null, { kind: 'error', code: 102, text: '' }, 0, 'a');
    });
    framing.push(Buffer.from(input, 'latin1'));
  },
};

export const TARGETS: readonly Target[] = [...formats, evtx, archives, mapping, site, rules, hl7];

/** A generator of numbers below a bound, the same for the same seed (Park & Miller). */
export function randomFrom(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const PIECES = [
  '\0',
  '\n',
  '\r\n',
  '"',
  "'",
  '\\',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  '<',
  '>',
  '=',
  '|',
  ',',
  ';',
  ':',
  '-',
  '*',
  '?',
  '+',
  '%',
  '&',
  '0',
  '9999999999',
  'a',
  '\u00ff',
  '\ud83d',
  '\ufeff',
  'type=',
  '#',
  '__proto__',
  'null',
  '1e999',
  '-1',
];
const LONGEST = 6000;

/** One of a target's seeds, changed in a few places. */
export function mutate(
  { seeds, isBinary = false }: Pick<Target, 'seeds' | 'isBinary'>,
  random: (below: number) => number,
): string {
  let text = seeds.length === 0 ? '' : (seeds[random(seeds.length)] ?? '');
  if (isBinary && random(4) > 0) return overwritten(text, random);
  for (let changes = 1 + random(8); changes > 0; changes--) {
    const at = random(text.length + 1);
    const length = random(8);
    const kind = random(6);
    const piece = PIECES[random(PIECES.length)] ?? '';
    if (kind === 0) text = text.slice(0, at) + text.slice(at + length);
    else if (kind === 1) text = text.slice(0, at) + piece + text.slice(at);
    else if (kind === 2) text = text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
    else if (kind === 3) text = text.slice(0, at) + text.slice(at, at + 40).repeat(1 + random(20)) + text.slice(at);
    else if (kind === 4) text = text.slice(0, at) + piece.repeat(1 + random(300)) + text.slice(at);
    else text = text.slice(at) + text.slice(0, at);
    text = text.slice(0, isBinary ? 2 * 65_536 : LONGEST);
  }
  return text;
}

/** Numbers at which sizes, counts and offsets go wrong. */
const EDGES = [0, 1, 4, 0x7f, 0x80, 0xff, 0x100, 0x200, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff];

/** Bytes, words and long words replaced; sometimes the end is cut off. */
function overwritten(text: string, random: (below: number) => number): string {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 8) return text;
  for (let changes = 1 + random(12); changes > 0; changes--) {
    // Half of the changes near the beginning, where the structure is.
    const at = random(2) === 0 ? random(bytes.length - 4) : random(Math.min(bytes.length - 4, 2048));
    const edge = EDGES[random(EDGES.length)] ?? 0;
    const kind = random(4);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (kind === 2) bytes.writeUInt16LE(edge & 0xffff, at);
    else bytes.writeUInt32LE(edge, at);
  }
  return bytes.subarray(0, random(10) === 0 ? random(bytes.length) : bytes.length).toString('latin1');
}

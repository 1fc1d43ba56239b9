/** What the fuzzers drive: everything that reads what a stranger wrote. Each target must take any bytes in bounded time. */
import { Buffer } from 'node:buffer';
import { FieldsView } from '../../src/core/fields-view.ts';
import { loadRuleTexts, SigmaEngine } from '../../src/detect/sigma/index.ts';
import { EvtxReader } from '../../src/intake/evtx/reader.ts';
import { FORMATS } from '../../src/intake/formats/index.ts';

export interface Target {
  readonly name: string;
  /** Honest inputs, to be changed. */
  readonly seeds: readonly string[];
  readonly run: (input: string) => void;
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
  seeds: SEEDS[format.name] ?? [],
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

const evtx: Target = {
  name: 'evtx',
  seeds: [
    `ElfChnk\0${'\0'.repeat(504)}**\0\0\u0080\0\0\0\u0001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u000f\u0001\u0001\0\u000c\u0001\u0001\0\0\0\u0026\u0002\0\0${'\0'.repeat(400)}`,
  ],
  run: (input) => {
    new EvtxReader({ onRecord: (record) => void record.texts(false), onDamage: () => undefined }).readChunks(
      Buffer.from(input, 'latin1'),
      4096,
    );
  },
};

const rules: Target = {
  name: 'rule-loader',
  seeds: [
    'title: a\nid: b\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  s:\n    Image|endswith: \\a.exe\n    CommandLine|re: (a|b)+c{2,5}\n  condition: s and not 1 of s*\n',
    'title: a\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition:\n    gte: 5\n',
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
  },
};

export const TARGETS: readonly Target[] = [...formats, evtx, rules];

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

/** One of the seeds, changed in a few places. */
export function mutate(seeds: readonly string[], random: (below: number) => number): string {
  let text = seeds.length === 0 ? '' : (seeds[random(seeds.length)] ?? '');
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
    text = text.slice(0, LONGEST);
  }
  return text;
}

/** Every format keeps the contract, on a small file of each kind. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { formatContract, readPieces } from './format-contract.ts';
import { FORMATS, formatOf } from './index.ts';

/** By format: whole files, each small enough to be torn at every character. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  'zeek-tsv': [
    '#separator \\x09\n#set_separator\t,\n#path\tconn\n#fields\tts\tuid\tid.orig_h\ttags\n#types\ttime\tstring\taddr\tset[string]\n1793612940.5\tC1\t10.1.2.3\ta,b\n1793612941.5\tC2\t10.1.2.4\t-\n',
  ],
  auditd: [
    'type=SYSCALL msg=audit(1793612940.243:24287): arch=c000003e syscall=59 success=yes exit=0 pid=812 auid=1000 exe="/bin/cat"\ntype=EXECVE msg=audit(1793612940.243:24287): argc=2 a0="cat" a1=2F6574632F736861646F77\ntype=USER_LOGIN msg=audit(1793612950.000:24288): pid=9 uid=0 res=failed\n',
  ],
  w3c: [
    '#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)\r\n2026-11-02 09:49:00 10.1.2.3 GET /ward 200 Mozilla+5\r\n2026-11-02 09:49:01 10.1.2.3 GET\r\n',
  ],
  'access-log': [
    '10.1.2.3 - kim [02/Nov/2026:09:49:00 +0000] "GET /a?b=c HTTP/1.1" 200 12 "-" "x\\"y"\n10.1.2.3 - - [02/Nov/2026:09:49:01 +0000] "POST /a HTTP/1.1" 403 -\n',
  ],
  squid: ['1793612940.586    921 10.1.2.3 TCP_MISS/200 507 POST http://a.example/c - HIER_DIRECT/192.0.2.4 text/xml\n'],
  xml: [
    '<?xml version="1.0"?>\n<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-11-02T09:49:00Z" EventOutcomeIndicator="0"><EventID csd-code="110110" codeSystemName="DCM" originalText="Patient Record"/></EventIdentification><ActiveParticipant UserID="kim" UserIsRequestor="true"/></AuditMessage>\n<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><EventID>1</EventID><Channel>Security</Channel></System></Event>',
  ],
  json: [
    '{"Channel":"Security","EventID":4688,"Computer":"pc1","NewProcessName":"C:\\\\a.exe","EventTime":"2026-11-02T09:49:00Z"}\n\n{"EventID":1,\n{"Channel":"System","EventID":7045}\n',
    '[{"Event":{"System":{"EventID":{"#text":1},"Channel":"X"},"EventData":{"Data":[{"@Name":"a","#text":"]b}"}]}}},\n 5, {"a":"\\"}"}]',
    '{\n  "Records": [{"eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-2"}]\n}\n{\n "Channel": "Security",\n "EventID": 1102\n}',
  ],
  syslog: [
    '<34>1 2026-11-02T09:49:00.003Z ward7 su 12 ID47 [a@1 b="c\\"d\\]"] failed for kim\n<13>Nov  2 09:49:01 ward7 sshd[12]: Failed password for root from 10.1.2.3 port 22 ssh2\n',
  ],
  'security-lines': [
    'CEF:0|V|P|1|100|name|5|src=10.1.2.3 msg=a b c cs1=x cs1Label=Rule\n',
    'LEEF:2.0|V|P|1|x|^|src=10.1.2.3^dst=10.1.2.4\n',
    'date=2026-11-02 time=09:49:00 devid="FGT1" logid="0000000013" type="traffic" srcip=10.1.2.3\n',
  ],
  csv: ['Name,Time,Text\r\n"a ""b""",2026-11-02 09:49:00,"x\r\ny"\r\nc,,\r\n1,2,3,4\r\n', 'Name;Time;Text\na;b;c'],
};

test('every format has a sample', () => {
  for (const { name } of FORMATS) ok(SAMPLES[name] !== undefined, name);
});

for (const format of FORMATS) {
  const samples = SAMPLES[format.name] ?? [];
  formatContract(format, samples);
  samples.forEach((text, i) => {
    test(`sample ${i + 1} of ${format.name} is taken for no other format`, () => {
      equal(formatOf({ text, lines: text.split(/\r?\n/) })?.name, format.name);
      ok(readPieces(format, [text]).events.length > 0);
    });
  });
}

test('an element that is no object counts as one, and is set aside', () => {
  const json = FORMATS.find(({ name }) => name === 'json');
  if (json === undefined) throw new Error('there is no JSON');
  const { events, aside } = readPieces(json, ['[{"a":1}, 5, "x, {y}", null, {"b":2}] trailing']);
  deepEqual(
    events.map(({ record }) => record),
    [1, 5],
  );
  deepEqual(
    aside.map(({ record, reason }) => [record, reason]),
    [2, 3, 4, 6].map((record) => [record, 'not-an-object']),
  );
});

/** syslog-ng's own tests of its message parser, its timestamps and its parser for Cisco, read out of their sources. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { LineResult } from '../../src/intake/formats/line-format.ts';
import { parseSyslog } from '../../src/intake/formats/syslog.ts';
import { corpusDir } from '../corpus.ts';
import { type Failure, report } from './suites.ts';

const STRING = String.raw`"(?:[^"\\]|\\[^])*"`;

/** A C string, or several that the compiler puts together. */
function fromC(literal: string): string {
  return [...literal.matchAll(new RegExp(STRING, 'g'))]
    .map(([text]) =>
      text
        .slice(1, -1)
        .replace(/\\x([\da-fA-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
        .replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))
        .replace(/\\n/g, '\n')
        .replace(/\\t/g, '\t')
        .replace(/\\(["\\'])/g, '$1'),
    )
    .join('');
}

/** @param now for times without a year */
function read(line: string, now = Date.parse('2019-12-30T12:00:00Z')): LineResult {
  return parseSyslog(line, {
    timeZone: 'Europe/Budapest',
    referenceTime: now,
    mappings: [],
    emit: () => undefined,
    setAside: () => undefined,
  });
}

function textOf(result: LineResult, name: string): string {
  const value = result !== null && 'fields' in result ? result.fields[name] : undefined;
  return typeof value === 'string' ? value : '';
}

const MESSAGE = new RegExp(
  String.raw`\{\s*(${STRING}(?:\s*${STRING})*)\s*,\s*([A-Z_| 0-9]+?)\s*,\s*(?:NULL|${STRING})\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(-?\d+)\s*,\s*(${STRING})\s*,\s*(${STRING})\s*,\s*(${STRING}(?:\s*${STRING})*)\s*,`,
  'g',
);

test('syslog-ng’s messages have the parts that syslog-ng reads in them', (t) => {
  const base = corpusDir('syslog-ng-tests');
  if (base === null) return t.skip();
  const source = readFileSync(path.join(base, 'lib/tests/test_msgparse.c'), 'utf8').replace(/,\s*\/\/[^\n]*$/gm, ',');
  const failures: Failure[] = [];
  let all = 0;
  const seen = new Set<string>();
  for (const [
    ,
    literal = '',
    flags = '',
    ,
    seconds = '0',
    micros = '0',
    ,
    host = '',
    program = '',
    message = '',
  ] of source.matchAll(MESSAGE)) {
    // Without the flag it is told to take the first word for the program, host or not.
    if (!/LP_EXPECT_HOSTNAME|LP_SYSLOG_PROTOCOL/.test(flags) || /LP_NO_PARSE_DATE/.test(flags)) continue;
    // The bytes are UTF-8.
    const line = Buffer.from(fromC(literal), 'latin1').toString('utf8');
    const expected = {
      host: fromC(host),
      program: fromC(program),
      message: fromC(message),
      at: Number(seconds) * 1000 + Math.floor(Number(micros) / 1000),
    };
    const key = JSON.stringify([line, expected]);
    if (seen.has(key)) continue;
    seen.add(key);
    all++;
    const result = read(line);
    const got = {
      host: textOf(result, 'Hostname'),
      program: textOf(result, 'ProcessName'),
      message: textOf(result, 'Message'),
      at: result !== null && 'time' in result ? (result.time?.at ?? 0) : 0,
    };
    const wrong = (['host', 'program', 'message', 'at'] as const).filter(
      (name) =>
        String(got[name]).trim() !== String(expected[name]).trim() &&
        // A year that is not asked about.
        !(name === 'at' && expected.at < 86_400_000),
    );
    if (wrong.length > 0)
      failures.push({
        of: line.slice(0, 60),
        said: wrong.map((name) => `${name}: ${expected[name]} read as ${got[name]}`).join('; '),
      });
  }
  report('syslog-ng messages', all, failures, {
    'its own error message takes the place of a damaged one; here what can be read is read, the rest set aside': [
      '<132>1 2006-10-29T01:59:59.156+01:00 mymachine evntslog - - ',
      '<7>1 2006-10-29T01:59:59.156Z mymachine.example.com evntslog',
      '<132>1 2006-10-29T01:59:59.156+01:00 aaaaaaaaaaaaaaaaaaaaaaa',
    ],
    'it cuts a program’s name after 48 characters': ['<132>1 2006-10-29T01:59:59.156+01:00 mymachine aaaaaaaaaaaaa'],
    'a message without a time has none; it takes the time of arrival': [
      '<7>1 - bzorp openvpn 2499 - - PTHREAD support initialized',
    ],
    'it was told that “ctld” is no host': [
      '<7>2006-10-29T02:00:00.156+01:00 ctld snmpd[2499]: PTHREAD s',
      '<7> Aug 29 02:00:00.156 ctld snmpd[2499]: PTHREAD support in',
      '<7> Aug 29 02:00:00.156789 ctld snmpd[2499]: PTHREAD support',
      '<7> Aug 29 02:00:00. ctld snmpd[2499]: PTHREAD support initi',
      '<7> Aug 29 02:00:00 ctld snmpd[2499]: PTHREAD support initia',
    ],
    'Cisco’s code stays in the message, by which Cisco is known': [
      '<7>2006-10-29T02:00:00.156+01:00 %bzorp openvpn[2499]: PTHRE',
      '<190>Apr 15 2007 21:28:13: %PIX-6-302014: Teardown TCP conne',
      '<190>.Apr 15 2007 21:28:13: %PIX-6-302014: Teardown TCP conn',
      '<190>Apr 15 2007 21:28:13 %ASA: this is a Cisco ASA timestam',
    ],
    'without priority and time it is no syslog: it is set aside': ['some message'],
  });
});

test('syslog-ng’s timestamps are the times that syslog-ng reads in them', (t) => {
  const base = corpusDir('syslog-ng-tests');
  if (base === null) return t.skip();
  const source = readFileSync(path.join(base, 'lib/timeutils/tests/test_scan-timestamp.c'), 'utf8');
  const failures: Failure[] = [];
  let all = 0;
  for (const [, rfc = '', literal = '', expected = ''] of source.matchAll(
    new RegExp(String.raw`_expect_rfc(3164|5424)_timestamp_eq\((${STRING}),\s*(${STRING})\)`, 'g'),
  )) {
    all++;
    const time = fromC(literal);
    const wanted = Date.parse(fromC(expected));
    const line = rfc === '5424' ? `<13>1 ${time} host prog - - - m` : `<13>${time} host prog: m`;
    const result = read(line, wanted + 3_600_000);
    const at = result !== null && 'time' in result ? (result.time?.at ?? 0) : 0;
    if (at !== wanted)
      failures.push({ of: `${rfc} ${time}`, said: `${fromC(expected)} read as ${new Date(at).toISOString()}` });
  }
  report('syslog-ng timestamps', all, failures, {
    'in the hour that spring skips, the clock not yet changed is believed': [
      '3164 Mar 25 02:00:00',
      '3164 Mar 25 02:59:59',
    ],
    'AM and PM before a fraction: no device of ours writes so': ['3164 Jun 14 11:57:27 PM.685 UTC:'],
  });
});

test('syslog-ng’s messages of Cisco devices have their host, code and text', (t) => {
  const base = corpusDir('syslog-ng-tests');
  if (base === null) return t.skip();
  const source = readFileSync(
    path.join(base, 'tests/light/functional_tests/parsers/cisco-parser/test_cisco_parser.py'),
    'utf8',
  );
  const failures: Failure[] = [];
  let all = 0;
  const entry = /r"(<[^"]*)",\s*\{([^]*?)\n {8}\},\n/g;
  for (const [, line = '', body = ''] of source.matchAll(entry)) {
    all++;
    const value = (name: string) => new RegExp(`"${name}": r?"([^"]*)"`).exec(body)?.[1] ?? '';
    const result = read(line);
    const code = `${value('facility')}-${value('severity')}-${value('mnemonic')}`;
    const wrong = [
      textOf(result, 'Hostname') === value('HOST') ? '' : `host ${value('HOST')} read as ${textOf(result, 'Hostname')}`,
      textOf(result, 'Message').includes(value('MSG'))
        ? ''
        : `message read as ${textOf(result, 'Message').slice(0, 60)}`,
      textOf(result, 'Message').includes(`%${code}`) ? '' : `no code ${code}`,
    ].filter((text) => text !== '');
    if (wrong.length > 0) failures.push({ of: line.slice(0, 50), said: wrong.join('; ') });
  }
  report('syslog-ng Cisco messages', all, failures, {});
});

/**
 * The messages that rsyslog's own test suite sends, against what it expects of them. Our fields are the parts without
 * the blanks and colons between them, so parts are compared trimmed.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Fields } from '../../src/core/event.ts';
import { corpusDir } from '../corpus.ts';
import { type Failure, filesOf, readAll, report } from './suites.ts';

interface Vector {
  readonly message: string;
  /** rsyslog's property → its value. */
  readonly expected: Readonly<Record<string, string>>;
}

/** What a script sends and expects; `null` if it does not say so line by line. */
function vectorsOf(script: string): Vector[] | null {
  const messages = [
    ...script.matchAll(/^tcpflood .*-M "\\"((?:[^"\\]|\\[^])*)\\""$/gm),
    ...script.matchAll(/^injectmsg[_ ]literal "((?:[^"\\]|\\[^])*)"$/gm),
    ...script.matchAll(/^injectmsg[_ ]literal '([^']*)'$/gm),
    ...script.matchAll(/^echo '(<[^']*)' > \$RSYSLOG_DYNNAME\.input$/gm),
  ]
    .sort((a, b) => a.index - b.index)
    // The shell takes the quoting away twice.
    .map(([line, text = '']) => (line.startsWith('tcpflood') ? unquote(unquote(text)) : unquote(text)));
  const [, template] = /template\([^)]*string="((?:[^"\\]|\\.)*)\\n"\)/.exec(script) ?? [];
  const expected =
    /EXPECTED='([^']*)'/.exec(script)?.[1] ??
    /EXPECTED="((?:[^"\\]|\\.)*)"/.exec(script)?.[1] ??
    /^echo ['"]([^'"]*(?:"[^']*)?)['"] \| cmp/m.exec(script)?.[1];
  const lines = expected?.split('\n') ?? [];
  if (template === undefined || messages.length === 0 || lines.length !== messages.length) return null;
  const names: string[] = [];
  const pattern = template.split(/(%[^%]+%)/).map((piece) => {
    if (!piece.startsWith('%')) return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    names.push(piece.slice(1, -1).replace(/:::(?:csv|space-cc|date-rfc3164.*)$|:(?!::).*$/, ''));
    return '(.*?)';
  });
  const reader = new RegExp(`^${pattern.join('')}$`);
  return messages.map((message, i) => {
    const values = reader.exec(lines[i] ?? '') ?? [];
    return {
      message,
      expected: Object.fromEntries(names.map((name, n) => [name.toLowerCase(), values[n + 1] ?? '?'])),
    };
  });
}

function unquote(text: string): string {
  return text.replace(/\\([\\"$`])/g, '$1');
}

/** What we read, in rsyslog's words. */
function ours(fields: Fields, at: number | null): Readonly<Record<string, string>> {
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === 'string' ? value : '';
  };
  const when = at === null ? '' : new Date(at).toISOString();
  const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  const bsd =
    at === null
      ? ''
      : `${months[new Date(at).getUTCMonth()] ?? ''} ${String(new Date(at).getUTCDate()).padStart(2)} ${when.slice(11, 19)}`;
  const id = text('ProcessID');
  return {
    'syslogfacility-text': text('Facility'),
    'syslogseverity-text': text('Severity'),
    timestamp: bsd,
    timereported: when.slice(0, 19),
    'timestamp:::date-rfc3339': when,
    'timestamp:::date-mysql': when.slice(0, 19).replace(/\D/g, ''),
    'timestamp:::date-pgsql': when.slice(0, 19).replace('T', ' '),
    hostname: text('Hostname'),
    programname: text('ProcessName'),
    syslogtag: text('ProcessName') + (id === '' ? '' : `[${id}]`),
    msg: text('Message'),
  };
}

/** The receiver's own name, which rsyslog takes where a message names no host. */
const OWN = new Set(['$RS_HOSTNAME', 'localhost']);

function plain(property: string, value: string): string {
  const bare = value.replace(/^"|"$/g, '').trim();
  if (property === 'hostname' && OWN.has(bare)) return '';
  if (property === 'timestamp:::date-rfc3339') return String(Date.parse(bare));
  if (property === 'syslogtag') return bare.replace(/:$/, '');
  // Control characters are written in one of four ways there, and kept as they are here; this suite has only tabs.
  if (property === 'msg') return bare.replace(/#011|\\011|\\t|\s+/g, ' ');
  return bare.replace(/ 0(\d) /, '  $1 ');
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'a word without a colon or a number after it is the message’s first, not a program': [
    'parsertest-parse1-udp 5',
    'parsertest-parse1-udp 11',
    'parsertest-parse1-udp 12',
    'parsertest-parse1-udp 13',
    'parsertest-parse1-udp 22',
    'parsertest-parse1-udp 27',
    'parsertest-parse3-udp 1',
    'parsertest-parse_8bit_escape-udp 1',
    'parsertest-parse_invld_regex-udp 1',
    'pmlastmsg-udp 7',
  ],
  'without a time there is no header, so no host (RFC 3164 section 4.3.3)': [
    'pmlastmsg-udp 3',
    'pmlastmsg-udp 4',
    'pmlastmsg-udp 5',
  ],
  'without priority and time it is no syslog: it is set aside, or another format reads it': [
    'parsertest-parse-nodate-udp 2',
    'parsertest-snare_ccoff_udp2 1',
    'parsertest-snare_ccoff_udp2 2',
    'pmrfc3164-json 1',
    'pmrfc3164-json 2',
    'pmrfc3164-json 3',
  ],
  'Cisco’s code stays in the message, by which Cisco is known': [
    'parsertest-parse1-udp 1',
    'pmsnare-ccdefault-udp 3',
    'pmsnare-default-udp 4',
  ],
  'NetScaler’s time and host are read as such': ['pmsnare-ccbackslash-udp 1'],
  'the number, host and time that Cisco writes before its code are read as such': ['pmsnare-ccdefault-udp 2'],
  'the part of PAM in brackets is not of the program’s name': ['parsertest-parse1-udp 2', 'parsertest-parse1-udp 3'],
  'a year after the clock is a year, not the host': ['parsertest-parse1-udp 21'],
  'rsyslog prints the time in the sender’s zone; ours is UTC': ['parsertest-parse1-udp 18'],
  'that script expects the process id alone': ['parsertest-parse3-udp 2'],
  'rsyslog writes “-” for what is not there': [
    'pmrfc3164-defaultTag 1',
    'pmrfc3164-defaultTag 2',
    'pmrfc3164-defaultTag 3',
  ],
  'an event that Snare sent becomes the Windows event that it is, its message without the parts before it': [
    'parsertest-parse2-udp 1',
    'parsertest-snare_ccoff_udp 1',
    'parsertest-snare_ccoff_udp2 3',
    'pmsnare-ccbackslash-udp 4',
    'pmsnare-ccdefault-udp 6',
    'pmsnare-ccoff-udp 3',
    'pmsnare-modoverride-udp 4',
  ],
  'Snare’s form without an event id is plain text': ['pmsnare-default-udp 8'],
};

test('rsyslog’s own messages have the parts that rsyslog reads in them', (t) => {
  const base = corpusDir('rsyslog-tests');
  if (base === null) return t.skip();
  const failures: Failure[] = [];
  let all = 0;
  const seen = new Set<string>();
  for (const file of filesOf(base).filter((name) => name.endsWith('.sh'))) {
    const vectors = vectorsOf(readFileSync(file, 'utf8')) ?? [];
    vectors.forEach(({ message, expected }, i) => {
      // Most scripts come twice, for TCP and for UDP.
      const key = JSON.stringify([message, expected]);
      // pmnormalize reads by rules that each of its scripts brings along.
      if (seen.has(key) || path.basename(file).startsWith('pmnormalize')) return;
      seen.add(key);
      all++;
      const [event] = readAll(`${message}\n`).events;
      const got = ours(event?.fields ?? {}, event?.at ?? null);
      const wrong = Object.entries(expected).filter(
        ([name, value]) => got[name] !== undefined && plain(name, value) !== plain(name, got[name]),
      );
      if (wrong.length > 0)
        failures.push({
          of: `${path.basename(file, '.sh')} ${i + 1}`,
          said: `${message.slice(0, 120)}: ${wrong.map(([name, value]) => `${name} is “${value}”, read as “${got[name] ?? ''}”`).join('; ')}`,
        });
    });
  }
  report('rsyslog messages', all, failures, KNOWN);
});

/** Headers as devices write them. */
import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { parseSyslog } from './syslog.ts';

const context = {
  timeZone: 'UTC',
  referenceTime: Date.parse('2026-11-24T12:00:00Z'),
  mappings: [],
  emit: () => undefined,
  setAside: () => undefined,
};

/** `[when, host, program, message]`, or the reason why it was set aside. */
function read(line: string): readonly (string | null)[] | string {
  const result = parseSyslog(line, context);
  if (result === null) return 'nothing';
  if ('reason' in result) return result.reason;
  const text = (name: string) => {
    const value = result.fields[name];
    return typeof value === 'string' ? value : null;
  };
  return [
    result.time === null ? null : new Date(result.time.at).toISOString(),
    text('Hostname'),
    text('ProcessName'),
    text('Message'),
  ];
}

const AT = '2026-11-02T09:49:00.000Z';
const lines: readonly (readonly [what: string, line: string, parts: readonly (string | null)[] | string])[] = [
  ['the old form', '<38>Nov  2 09:49:00 ward7 sshd[12]: hello', [AT, 'ward7', 'sshd', 'hello']],
  ['the new form', '<38>1 2026-11-02T09:49:00Z ward7 sshd 12 - - hello', [AT, 'ward7', 'sshd', 'hello']],
  ['a month in capitals', '<38>NOV  2 09:49:00 ward7 sshd[12]: hello', [AT, 'ward7', 'sshd', 'hello']],
  ['a host in capitals, which is no zone', 'Nov  2 09:49:00 MAIL sshd[12]: hello', [AT, 'MAIL', 'sshd', 'hello']],
  ['a zone after the clock', 'Nov  2 10:49:00 CET ward7 sshd[12]: hello', [AT, 'ward7', 'sshd', 'hello']],
  ['no blank after the tag', '<38>Nov  2 09:49:00 ward7 sshd:hello', [AT, 'ward7', 'sshd', 'hello']],
  ['a path, which is no tag', '<38>Nov  2 09:49:00 ward7 C:\\x', [AT, 'ward7', null, 'C:\\x']],
  ['a host alone', '<38>Nov  2 09:49:00 ward7', [AT, 'ward7', null, '']],
  ['no time and no host', '<38>last message repeated 5 times', [null, null, null, 'last message repeated 5 times']],
  ['no time but a host', '<38>ward7 sshd[12]: hello', [null, 'ward7', 'sshd', 'hello']],
  [
    'a version and an old header',
    '<38>1 2026-11-02T09:49:00Z ward7 CEF:0|V|P|1|1|n|1|a=b',
    [AT, 'ward7', null, 'CEF:0|V|P|1|1|n|1|a=b'],
  ],
  [
    'Meraki’s seconds',
    '<38>1 1793612940.5 mx84 urls src=10.1.2.3',
    ['2026-11-02T09:49:00.500Z', 'mx84', null, 'urls src=10.1.2.3'],
  ],
  ['Cisco’s number and origin', '<38>77: sw1: Nov  2 09:49:00.000 UTC: %SYS-5-X: y', [AT, 'sw1', null, '%SYS-5-X: y']],
  ['Cisco’s time since start', '<38>sw1: 00:01:01: %SYS-5-X: y', [null, 'sw1', null, '00:01:01: %SYS-5-X: y']],
  ['NetScaler’s time', '<38> 11/02/2026:09:49:00 GMT ns1 0-PPE-0 : x', [AT, 'ns1', null, '0-PPE-0 : x']],
  ['a zone spelled after an ISO time', '<38> 2026-11-02T09:49:00 GMT ns1 x y', [AT, 'ns1', null, 'x y']],
  [
    'a blank in structured data',
    '<38>1 2026-11-02T09:49:00Z ward7 su - - [a b= "c"] hello',
    [AT, 'ward7', 'su', 'hello'],
  ],
  [
    'the blank that rsyslog leaves before the message',
    '<38>1 2026-11-02T09:49:00Z ward7 sshd 812 - -  hello',
    [AT, 'ward7', 'sshd', 'hello'],
  ],
  ['a time that means nothing', '<34>1 yesterday ward7-pc sshd 812 - - hello', 'bad-time'],
  ['a priority above 191', '<192>Nov  2 09:49:00 ward7 sshd[12]: hello', 'bad-priority'],
  ['structured data that do not close', '<34>1 - h p 1 - [a x="', 'bad-structured-data'],
  ['words', 'nothing to see here', 'no-header'],
];
for (const [what, line, parts] of lines) test(`syslog: ${what}`, () => deepEqual(read(line), parts));
